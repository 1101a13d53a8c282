"""Logs of PostgreSQL, MySQL, MariaDB, SQL Server: logons, refusals, statements, faults."""

# Patterns are long; a broken one can't be read.
# ruff: noqa: E501

from __future__ import annotations

from ocsf.layout import Layout
from ocsf.mappers.syslog_parts import (
    EVENT_CODE,
    HEADER,
    MESSAGE,
    NULLS,
    SYSLOG_TIME,
    TEXT,
    on,
    product,
)
from ocsf.mapping import (
    PRESENT,
    Cut,
    Expression,
    First,
    Ip,
    Lookup,
    Mapper,
    Match,
    NotIp,
    Obj,
    Replace,
    Rule,
    TimeField,
    Tree,
    c,
    f,
    num,
)

STAMP = (
    r"(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?(?: ?(?:[A-Z]{1,5}|[+-]\d\d(?::?\d\d)?))?)"
)
LEVEL = r"(?P<level>LOG|INFO|NOTICE|WARNING|ERROR|FATAL|PANIC|STATEMENT|DETAIL|HINT|CONTEXT|DEBUG\d?|QUERY):\s+"
# Debian, the default, RDS, and what administrators put together: `user@db`, `user=,db=,app=,client=`.
WHO = (
    r"(?:[^:]*?\buser=(?P<user>[^,\s]*),\s?db=(?P<database>[^,\s]*)(?:,\s?app=(?P<app>[^,]*))?(?:,\s?client=(?P<ip>[^\s,]*))? ?|"
    r"(?:\S* )??(?P<user2>[^\s@:\[\]]+)@(?P<database2>[^\s:\[\]]+) (?:[^:]*? )??|[^:\"]*?)"
)
RDS = r"(?P<ip2>[^\s(:]*)(?:\((?P<port2>\d+)\))?:(?P<user2>[^@:]*)@(?P<database2>[^:]*):\[(?P<pid>\d+)\]:"
HEADS = (
    rf"^{STAMP}:{RDS}{LEVEL}",
    rf"^(?:\[\d+(?:-\d+)?\] )?(?:{STAMP} )?(?:\[(?P<pid>\d+)(?:-\d+)?\]:? ?)?(?:\[\d+(?:-\d+)?\] )?{WHO}{LEVEL}",
)
REST: tuple[tuple[str, str], ...] = (
    ("connection", r"connection received: host=(?P<host>\S+)(?: port=(?P<port>\d+))?"),
    ("authorized", r"connection authorized: user=(?P<name>\S+)(?: database=(?P<base>\S+))?(?: application_name=(?P<application>.*?))?(?: SSL enabled.*)?$"),
    ("disconnected", r"disconnection: session time: (?P<duration>\S+) user=(?P<name>\S+) database=(?P<base>\S+)(?: host=(?P<host>\S+))?(?: port=(?P<port>\d+))?"),
    ("refused", r"(?P<reason>\S+ authentication failed) for user \"(?P<name>[^\"]*)\""),
    ("refused", r"(?P<reason>role \"(?P<name>[^\"]*)\" (?:does not exist|is not permitted to log in))"),
    ("refused", r"(?P<reason>(?:permission denied for )?database \"(?P<base>[^\"]*)\"(?: does not exist)?)$"),
    ("refused", r"(?P<reason>no pg_hba.conf entry|pg_hba.conf rejects connection) for (?:replication connection from )?host \"(?P<host>[^\"]*)\", user \"(?P<name>[^\"]*)\"(?:, database \"(?P<base>[^\"]*)\")?"),
    ("statement", r"(?:duration: (?P<ms>[\d.]+) ms  )?(?:statement|execute [^:]*|parse [^:]*|bind [^:]*): (?P<statement>.*)$"),
    ("audit", r"AUDIT: (?P<audit>SESSION|OBJECT),\d+,\d+,(?P<class>\w+),(?P<command>[^,]*),(?P<object_type>[^,]*),(?P<object>[^,]*),(?P<statement>.*?)(?:,<[^>]*>)?$"),
    ("message", r"(?P<text>.*)$"),
)  # fmt: skip
# The rows of `log_destination = csvlog`; in a field, quotes are doubled.
ROW = (
    rf"^{STAMP},(?:\"(?P<user>(?:[^\"]|\"\")*)\")?,(?:\"(?P<database>(?:[^\"]|\"\")*)\")?,(?P<pid>\d*)"
    r",(?:\"(?P<ip>[^\"]*?)(?::(?P<port>\d+))?\")?,[^,]*,\d*,(?:\"[^\"]*\")?,[^,]*,[^,]*,[^,]*"
    r",(?P<level>[A-Z]+\d?),(?P<code>[0-9A-Z]{5}),\""
)
FIELD = r"(?:[^\"]|\"\")*"
ROW_REST: tuple[tuple[str, str], ...] = (
    ("connection", r"connection received: host=(?P<host>\S+?)(?: port=(?P<port2>\d+))?\""),
    ("authorized", r"connection authorized: user=(?P<name>[^\s\"]+)(?: database=(?P<base>[^\s\"]+))?(?: application_name=(?P<application>[^\"]*?))?(?: SSL enabled[^\"]*)?\""),
    ("disconnected", r"disconnection: session time: (?P<duration>\S+) user=(?P<name>[^\s\"]+) database=(?P<base>[^\s\"]+)"),
    ("refused", r"(?P<reason>\S+ authentication failed) for user "),
    ("refused", rf"(?P<reason>(?:role|(?:permission denied for )?database) {FIELD})\""),
    ("refused", r"(?P<reason>no pg_hba.conf entry|pg_hba.conf rejects connection) for "),
    ("statement", rf"(?:duration: (?P<ms>[\d.]+) ms  )?(?:statement|execute [^:\"]*|parse [^:\"]*|bind [^:\"]*): (?P<quoted>{FIELD})\""),
    ("audit", rf"AUDIT: (?P<audit>SESSION|OBJECT),\d+,\d+,(?P<class>\w+),(?P<command>[^,]*),(?P<object_type>[^,]*),(?P<object>[^,]*),(?P<quoted>{FIELD}?)(?:,<[^>]*>)?\""),
    ("message", rf"(?P<text>{FIELD})"),
)  # fmt: skip
ROWS: tuple[tuple[str, str], ...] = tuple((event, ROW + rest) for event, rest in ROW_REST)
POSTGRES: tuple[tuple[str, str], ...] = tuple(
    (event, head + rest) for head in HEADS for event, rest in REST
)
MYSQL_TIME = r"^(?P<time>\d{4}-\d\d-\d\d[T ][ \d]\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)?|\d{6} [ \d]\d:\d\d:\d\d)?\s+(?P<thread>\d+) "
MYSQL: tuple[tuple[str, str], ...] = (
    ("mysql_refused", r"^(?:(?P<time>\S+(?: [ \d]\d:\d\d:\d\d)?)\s+(?P<thread>\d+) )?\[(?P<level>\w+)\](?: \[[^\]]*\])*\s+Access denied for user '(?P<name>[^']*)'@'(?P<host>[^']*)'(?: to database '(?P<base>[^']*)')?(?: \(using password: (?P<password>\w+)\))?"),
    ("mysql_refused", MYSQL_TIME + r"Connect\s+Access denied for user '(?P<name>[^']*)'@'(?P<host>[^']*)'(?: to database '(?P<base>[^']*)')?"),
    ("connected", MYSQL_TIME + r"Connect\s+(?P<name>[^@\s]*)@(?P<host>\S*) (?:as .*? )?on ?(?P<base>\S*?)(?: using (?P<transport>.*))?$"),
    ("aborted", r"^(?:(?P<time>\S+(?: [ \d]\d:\d\d:\d\d)?)\s+(?P<thread>\d+) )?\[(?P<level>\w+)\](?: \[[^\]]*\])*\s+Aborted connection \d+ to db: '(?P<base>[^']*)' user: '(?P<name>[^']*)' host: '(?P<host>[^']*)'(?: \((?P<reason>.*)\))?"),
    ("quit", MYSQL_TIME + r"Quit"),
    ("mysql_statement", MYSQL_TIME + r"(?:Query|Execute|Prepare)\s+(?P<statement>.*)$"),
    ("mysql_statement", MYSQL_TIME + r"(?P<statement>Init DB\s+.*|Field List\s+.*|Change user\s+.*)$"),
    ("mysql_message", r"^(?P<time>\S+(?: [ \d]\d:\d\d:\d\d)?)\s+(?P<thread>\d+) \[(?P<level>\w+)\](?: \[[^\]]*\])*\s+(?P<text>.*)$"),
)  # fmt: skip
MSSQL_TIME = r"^(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d\d) (?P<thread>\S+) +"
MSSQL: tuple[tuple[str, str], ...] = (
    ("mssql_refused", MSSQL_TIME + r"Login failed for user '(?P<name>[^']*)'\.(?: Reason: (?P<reason>.*?))? ?\[CLIENT: (?P<host>[^\]]*)\]"),
    ("mssql_connected", MSSQL_TIME + r"Login succeeded for user '(?P<name>[^']*)'\.(?: Connection(?: made using)?:? (?P<transport>[^.\[]*)\.?)? ?\[CLIENT: (?P<host>[^\]]*)\]"),
    ("mssql_message", MSSQL_TIME + r"(?P<text>.*)$"),
)  # fmt: skip
LEVELS = {
    "log": 1, "info": 1, "notice": 1, "note": 1, "system": 1, "warning": 3, "error": 4, "fatal": 5, "panic": 6,
}  # fmt: skip
ACTIVITIES = {
    "select": 4, "insert": 5, "update": 2, "delete": 7, "create": 6, "drop": 7, "alter": 2, "copy": 1, "truncate": 7, "show": 8,
    "merge": 2, "replace": 5, "load": 5,
}  # fmt: skip

STATEMENT: Expression = First((f("statement"), Replace(f("quoted"), '""', '"')))
NAME: Expression = First((f("name"), f("user", "user2")))
BASE: Expression = First((f("base"), f("database", "database2")))
PEER: Expression = First((f("host"), f("ip", "ip2")))
COMMON: Tree = {
    **MESSAGE,
    "metadata.log_level": f("level"),
    "status_code": f("code"),
    "unmapped.thread": f("thread"),
    "unmapped.pid": f("pid"),
    "unmapped.application": First((f("application"), f("app"))),
    "unmapped.duration": f("duration", "ms"),
}
END: Tree = {
    "src_endpoint.ip": Ip(PEER),
    "src_endpoint.hostname": First((NotIp(PEER),)),
    "src_endpoint.port": num("port", "port2", maximum=65_535),
}
ALWAYS_END: Tree = {
    **END,
    "src_endpoint.name": First((PEER, Lookup(f("body"), {}, other="unknown"))),
}
STORE: Tree = {
    **COMMON,
    **ALWAYS_END,
    "actor.user.name": NAME,
    "actor.session.uid": First((f("thread"), f("pid"), f("syslog.pid"))),
    "actor.app_name": First(
        (f("application"), f("app"), f("syslog.app"), Lookup(f("body"), {}, other="unknown"))
    ),
    "database.name": First((BASE, Lookup(f("body"), {}, other="unknown"))),
    "database.type_id": c(1),
    "type_id": c(1),
}
REFUSED: Tree = {
    **COMMON,
    **END,
    "user.name": First((NAME, Lookup(f("body"), {}, other="unknown"))),
    "service.name": Lookup(f("event"), {}, other="database"),
    "is_remote": c(True),
    "logon_type_id": c(3),
    "unmapped.database": BASE,
}
MYSQL_MARK = (
    r"^(?:\d{4}-\d\d-\d\d[T ][ \d]\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)?\s+\d+ (?:\[(?:Note|Warning|ERROR|System|Error)\]|(?:Connect|Query|Quit|Execute|Prepare|Init DB|Field List|Close stmt|Statistics|Ping|Change user)(?:\s|$))"
    r"|(?:\d{6} [ \d]\d:\d\d:\d\d)?\s+\d+ (?:Connect|Query|Quit|Init DB)\s)"
)

MAPPER = Mapper(
    name="databases",
    title="PostgreSQL, MySQL, MariaDB, SQL Server",
    limits="Letters of a time zone other than UTC (`CEST`) are not read: such times are taken as UTC.",
    shapes=(TEXT,),
    layouts=(
        Layout(name="mysql", mark=MYSQL_MARK, patterns=MYSQL),
        Layout(name="mysql program", apps=frozenset({"mysqld", "mariadbd", "mysqld_safe"}), patterns=MYSQL),
        Layout(name="postgresql program", apps=frozenset({"postgres", "postgresql"}), patterns=POSTGRES),
        Layout(
            name="sql server",
            mark=r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d\d (?:spid\d+s?|Server|Logon|Backup) {2,}\S",
            patterns=MSSQL,
        ),
        Layout(
            name="postgresql rows",
            mark=r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)? [A-Z0-9+-]{1,6},(?:\"(?:[^\"]|\"\")*\")?,(?:\"(?:[^\"]|\"\")*\")?,\d*,(?:\"[^\"]*\")?,[0-9a-f]+\.[0-9a-f]+,\d+,",
            patterns=ROWS,
        ),
        Layout(
            name="postgresql",
            mark=r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?(?: ?[A-Z]{1,5}| [+-]\d\d)?[ :][^\"]{0,400}?(?:LOG|ERROR|FATAL|PANIC|WARNING|STATEMENT|DETAIL|HINT|NOTICE|CONTEXT):\s",
            patterns=POSTGRES,
        ),
    ),
    times=(TimeField("time"), TimeField("time", unit="%Y-%m-%d %H:%M:%S.%n %Z|%Y-%m-%d %H:%M:%S %Z|%y%m%d %H:%M:%S|%Y-%m-%d  %H:%M:%S"), TimeField("time", pattern=r"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?) [A-Z]{3,5}$"), SYSLOG_TIME),
    nulls=NULLS | {"[unknown]", "[local]", "unauthenticated", "unconnected", "<local machine>", "<named pipe>"},
    defaults={**product("Database", "Unknown"), **HEADER, **EVENT_CODE, "metadata.product.name": Lookup(f("event"), {"mysql_statement": "MySQL", "connected": "MySQL", "quit": "MySQL", "mysql_refused": "MySQL", "aborted": "MySQL", "mysql_message": "MySQL", "mssql_refused": "SQL Server", "mssql_connected": "SQL Server", "mssql_message": "SQL Server"}, other="PostgreSQL", default="Database")},
    rules=(
        Rule(
            name="refused",
            class_uid=3002,
            activity_id=1,
            severity_id=2,
            when=on("mysql_refused", "mssql_refused"),
            tree={**REFUSED, "status_id": c(2), "status_detail": First((f("reason"), Lookup(f("body"), {}, other="access denied")))},
        ),
        Rule(
            # What a session asks for in vain is an ERROR.
            name="refused (PostgreSQL)",
            class_uid=3002,
            activity_id=1,
            severity_id=2,
            when=(*on("refused"), ("level", frozenset({"fatal"}))),
            tree={**REFUSED, "status_id": c(2), "status_detail": f("reason")},
        ),
        Rule(
            name="logged on",
            class_uid=3002,
            activity_id=1,
            when=on("authorized", "connected", "mssql_connected"),
            tree={**REFUSED, "status_id": c(1)},
        ),
        Rule(
            name="logged off",
            class_uid=3002,
            activity_id=2,
            when=(*on("disconnected"), ("name", PRESENT)),
            tree={**REFUSED, "status_id": c(1)},
        ),
        Rule(
            name="session aborted",
            class_uid=3002,
            activity_id=2,
            severity_id=2,
            when=(*on("aborted"), ("name", PRESENT)),
            tree={**REFUSED, "status_detail": f("reason")},
        ),
        Rule(
            name="connection aborted",
            class_uid=4001,
            activity_id=3,
            severity_id=2,
            when=on("aborted"),
            tree={**COMMON, **ALWAYS_END, "connection_info.direction_id": c(1), "status_detail": f("reason")},
        ),
        Rule(
            name="connection",
            class_uid=4001,
            activity_id=1,
            when=on("connection"),
            tree={**COMMON, **ALWAYS_END, "connection_info.direction_id": c(1)},
        ),
        *(Rule(
            name=f"statement ({held})",
            class_uid=6005,
            activity_id=Lookup(
                Match(f("command", "statement", "quoted"), r"^\s*(?:/\*.*?\*/\s*)?([A-Za-z]+)"), ACTIVITIES, other=99, default=4
            ),
            when=(*on("statement", "mysql_statement", "audit"), (held, PRESENT)),
            tree={
                **STORE,
                "query_info": Obj({"query_string": Cut(STATEMENT, 65_536), "name": f("event")}, ("query_string",)),
            },
        ) for held in ("statement", "quoted")),
        Rule(
            name="fault",
            class_uid=6008,
            activity_id=1,
            severity_id=Lookup(f("level"), LEVELS, default=1),
            when=(("level", frozenset({"error", "fatal", "panic"})),),
            tree={**COMMON, "unmapped.user": NAME, "unmapped.database": BASE, "unmapped.peer": PEER},
        ),
        Rule(
            name="other",
            class_uid=0,
            severity_id=Lookup(f("level"), LEVELS, default=1),
            tree={**COMMON, "unmapped.user": NAME, "unmapped.database": BASE, "unmapped.peer": PEER},
        ),
    ),
)  # fmt: skip
