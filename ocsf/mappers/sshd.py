"""OpenSSH's server in syslog: logons and their failures, connections, sessions, scans."""

# Patterns are long; a broken one can't be read.
# ruff: noqa: E501

from __future__ import annotations

from ocsf.layout import Layout
from ocsf.mappers import pam_parts
from ocsf.mappers.syslog_parts import (
    FAILURE,
    HERE,
    MESSAGE,
    PROGRAM,
    SOURCE,
    SUCCESS,
    fallback,
    on,
    program_log,
)
from ocsf.mapping import PRESENT, Expression, First, Lookup, Rule, Tree, When, c, f, num

# A user's name may be anything, ` from 192.0.2.1 port 22` too: what counts is the line's end.
PEER = r"(?P<ip>\S+)(?: port (?P<port>\d+))?"
END = r"(?: (?P<proto>ssh\d?))?(?: \[preauth\])?"
BAD = r"(?P<invalid>invalid user |illegal user )?"
PREAUTH = r"(?: \[preauth\])?$"
STATE = r"(?:(?:authenticating |invalid )?user (?P<user>.*?) )?"

PATTERNS: tuple[tuple[str, str], ...] = (
    (
        "failed",
        rf"^Failed (?P<method>\S+) for {BAD}(?P<user>.*) from {PEER}{END}(?:: (?P<key>[A-Z]\S+ .*))?$",
    ),
    (
        "accepted",
        rf"^Accepted (?P<method>\S+) for (?P<user>.*) from {PEER}{END}(?:: (?P<key>[A-Z]\S+ .*))?$",
    ),
    ("invalid_user", rf"^(?:Invalid|Illegal) user (?P<user>.*) from {PEER}{PREAUTH}"),
    *pam_parts.PATTERNS,
    (
        "too_many_attempts",
        rf"^(?:error: )?[Mm]aximum authentication attempts exceeded for {BAD}(?P<user>.*) from {PEER}{END}$",
    ),
    (
        "too_many_attempts",
        rf"^(?:error: )?Disconnecting (?:(?:authenticating|invalid) user )(?P<user>.*) {PEER}: (?P<reason>.*?){PREAUTH}",
    ),
    (
        "too_many_attempts",
        rf"^(?:error: )?Disconnecting: (?P<reason>Too many authentication failures) for {BAD}(?P<user>.*?){PREAUTH}",
    ),
    ("pam_failure", rf"^(?:error: )?PAM: (?P<reason>.*) for {BAD}(?P<user>.*) from (?P<ip>\S+?)(?: via \S+)?$"),
    (
        "more_failures",
        r"^(?:error: )?PAM (?P<more>\d+) more authentication failures?; logname=\S* uid=\d* euid=\d* tty=\S*"
        r" ruser=\S* rhost=(?P<ip>\S*)(?:\s+user=(?P<user>.*\S))?",
    ),
    (
        "not_allowed",
        r"^(?:error: )?User (?P<user>.*) from (?P<ip>\S+) not allowed because (?P<reason>.*)$",
    ),
    ("not_allowed", r"^User (?P<user>\S+) not allowed because (?P<reason>.*)$"),
    ("not_allowed", rf"^(?P<reason>ROOT LOGIN REFUSED) FROM {PEER}$"),
    ("postponed", rf"^(?:Postponed|Partial) (?P<method>\S+) for {BAD}(?P<user>.*) from {PEER}{END}$"),
    ("unknown_user_asked", rf"^input_userauth_request: (?:invalid|illegal) user (?P<user>.*?){PREAUTH}"),
    ("closed", rf"^(?:error: )?Received disconnect from (?P<ip>\S+?)(?: port (?P<port>\d+))?: ?(?:(?P<code>\d+): ?)?(?P<reason>.*?){PREAUTH}"),
    ("closed", rf"^Disconnected from {STATE}{PEER}{PREAUTH}"),
    ("closed", rf"^Connection closed by {STATE}{PEER}{PREAUTH}"),
    ("closed", rf"^(?:Disconnecting|Closing connection to|Close session: user (?P<user>.*) from) {PEER}(?: id \d+)?(?:: (?P<reason>.*?))?{PREAUTH}"),
    ("reset", rf"^(?:error: )?Connection reset by {STATE}{PEER}{PREAUTH}"),
    ("opened", rf"^Connection from {PEER}(?: on (?P<dst_ip>\S+) port (?P<dst_port>\d+))?"),
    ("session", rf"^Starting session: (?P<session>.*?)(?: on (?P<tty>\S+))? for (?P<user>.*) from {PEER}(?: id \d+)?$"),
    ("session", r"^subsystem request for (?P<session>\S+)(?: by user (?P<user>.*))?$"),
    ("scan", rf"^(?:error: )?(?P<reason>Did not receive identification string) from {PEER}"),
    ("scan", rf"^(?:error: )?(?P<reason>Bad protocol version identification '.*') from {PEER}$"),
    ("scan", r"^(?:error: |fatal: )?(?P<reason>(?:Unable to negotiate|no matching|Protocol major versions differ|Bad remote protocol version|banner exchange: |ssh_dispatch_run_fatal: |kex_\w+: |Timeout before authentication|drop connection|Unable|Bad packet|Could not write ident|Read error|Write failed|client_loop|packet_write\w*).*?)(?:(?: with| from| for| to)?(?: connection)?(?: from| to)?(?: user \S+)?) \[?(?P<ip>[\w-]*[.:][\w.:%-]*)(?: port (?P<port>\d+))?\]?(?:[: ].*)?$"),
    ("name_mismatch", r"^reverse mapping checking getaddrinfo for (?P<name>\S+) (?:\[(?P<ip>[^\]]+)\] )?failed.*"),
    ("name_mismatch", r"^Address (?P<ip>\S+) maps to (?P<name>\S+), but this does not map back.*"),
    ("listening", r"^Server listening on (?P<dst_ip>\S+) port (?P<dst_port>\d+)"),
)  # fmt: skip

LOGON: Tree = {
    **PROGRAM,
    **HERE,
    **SOURCE,
    **MESSAGE,
    "user.name": First(
        (f("user"), When(f("reason"), frozenset({"root login refused"}), c("root")))
    ),
    "service.name": c("sshd"),
    "auth_protocol_id": c(99),
    "auth_protocol": First((f("method"), c("ssh"))),
    "logon_type_id": c(3),
    "is_remote": c(True),
    "unmapped.key": f("key"),
    "unmapped.protocol": f("proto"),
}
NO_SUCH_USER: Expression = Lookup(
    f("invalid"), {"invalid user ": "invalid user", "illegal user ": "invalid user"}
)
DETAIL: Expression = First(
    (
        NO_SUCH_USER,
        f("reason"),
        Lookup(
            f("event"),
            {
                "invalid_user": "invalid user",
                "unknown_user_asked": "invalid user",
                "too_many_attempts": "maximum authentication attempts exceeded",
                "failed": "wrong credentials",
            },
            default="authentication failure",
        ),
    )
)

CONNECTION: Tree = {
    **PROGRAM,
    **HERE,
    **SOURCE,
    **MESSAGE,
    "dst_endpoint.ip": f("dst_ip"),
    "dst_endpoint.port": num("dst_port", maximum=65_535),
    "actor.user.name": f("user"),
    "connection_info.protocol_name": c("tcp"),
    "connection_info.direction_id": c(1),
    "status_detail": f("reason"),
    "status_code": f("code"),
    "unmapped.session": f("session"),
    "unmapped.terminal": f("tty"),
}

MAPPER = program_log(
    name="sshd",
    title="OpenSSH server in syslog",
    made_by=("OpenSSH", "OpenBSD"),
    layouts=(
        Layout(
            name="sshd",
            apps=frozenset({"sshd", "sshd-session", "sshd-auth", "openssh", "ssh"}),
            patterns=PATTERNS,
        ),
    ),
    rules=(
        Rule(
            name="accepted",
            class_uid=3002,
            activity_id=1,
            when=(*on("accepted"), ("user", PRESENT)),
            tree={**LOGON, **SUCCESS},
        ),
        Rule(
            name="refused",
            class_uid=3002,
            activity_id=1,
            severity_id=2,
            when=(
                *on("failed", "invalid_user", "too_many_attempts", "pam_failure", "more_failures", "not_allowed"),
                ("user", PRESENT),
            ),
            tree={**LOGON, **FAILURE, "status_detail": DETAIL, "unmapped.more": num("more")},
        ),
        Rule(
            name="refused root or an empty name",
            class_uid=3002,
            activity_id=1,
            severity_id=2,
            when=on("failed", "invalid_user", "too_many_attempts", "pam_failure", "more_failures", "not_allowed"),
            tree={
                **LOGON,
                **FAILURE,
                "user.name": Lookup(
                    First((f("reason"), f("body"))), {"root login refused": "root"}, other="unknown"
                ),
                "status_detail": DETAIL,
                "unmapped.more": num("more"),
            },
        ),
        Rule(
            name="on the way",
            class_uid=3002,
            activity_id=6,
            when=(*on("postponed", "unknown_user_asked"), ("user", PRESENT)),
            tree={**LOGON, "status_id": Lookup(f("event"), {"unknown_user_asked": 2}, default=0), "status_detail": NO_SUCH_USER},
        ),
        *pam_parts.RULES,
        Rule(name="closed", class_uid=4007, activity_id=2, when=on("closed"), tree=CONNECTION),
        Rule(name="reset", class_uid=4007, activity_id=3, when=on("reset"), tree=CONNECTION),
        Rule(name="opened", class_uid=4007, activity_id=1, when=on("opened"), tree=CONNECTION),
        Rule(name="session", class_uid=4007, activity_id=6, when=on("session"), tree=CONNECTION),
        Rule(
            name="scan",
            class_uid=4007,
            activity_id=4,
            severity_id=2,
            when=on("scan"),
            tree={**CONNECTION, **FAILURE},
        ),
        Rule(
            name="name mismatch",
            class_uid=4007,
            activity_id=99,
            severity_id=2,
            when=on("name_mismatch"),
            tree={**CONNECTION, "src_endpoint.hostname": f("name")},
        ),
        Rule(
            name="listening",
            class_uid=4007,
            activity_id=7,
            when=on("listening"),
            tree={**CONNECTION, "connection_info.direction_id": c(0)},
        ),
        fallback(),
    ),
)  # fmt: skip
