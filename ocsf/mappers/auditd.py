"""Linux audit records: programs run, system calls, files, logons, accounts, services.

A record is an event of its own; those of one audit event share `metadata.correlation_uid` and,
where they tell of a process, `process.uid`. They are not joined.
"""

# Patterns are long; a broken one can't be read.
# ruff: noqa: E501

from __future__ import annotations

from ocsf.layout import Layout, Pairs
from ocsf.mappers.syslog_parts import HEADER, LINUX, MESSAGE, NULLS, SYSLOG_TIME, TEXT, product
from ocsf.mapping import (
    PRESENT,
    Basename,
    Expression,
    First,
    Ip,
    Join,
    Lookup,
    Mapper,
    Match,
    NotIp,
    Rule,
    Strip,
    TimeField,
    Tree,
    Unhexed,
    Words,
    c,
    f,
    num,
)

RECORD = (
    r"^(?:node=(?P<node>\S+) )?(?:audit: )?type=(?P<type>[\w\[\]]+) (?:msg=)?audit\((?P<epoch>\d+(?:\.\d+)?):(?P<serial>\d+)\): ?"
    r"(?P<rest>.*)$"
)
# `ausearch -i` writes the time in words.
INTERPRETED = r"^(?:node=(?P<node>\S+) )?type=(?P<type>[\w\[\]]+) msg=audit\((?P<when>\d\d/\d\d/\d{2,4} \d\d:\d\d:\d\d\.\d+):(?P<serial>\d+)\) ?: (?P<rest>.*)$"
KERNEL = r"^(?:\[ *[\d.]+\] )?(?:audit|type=\d+ audit)(?:: type=(?P<type>\d+) audit)?\((?P<epoch>\d+(?:\.\d+)?):(?P<serial>\d+)\): ?(?P<rest>.*)$"

NONE = frozenset({"", "-", "?", "(none)", "unset", "4294967295"})

TYPE_NUMBERS = {
    "1300": "syscall", "1302": "path", "1307": "cwd", "1309": "execve", "1327": "proctitle", "1400": "avc",
    "1100": "user_auth", "1101": "user_acct", "1103": "cred_acq", "1104": "cred_disp", "1105": "user_start",
    "1106": "user_end", "1112": "user_login", "1130": "service_start", "1131": "service_stop",
}  # fmt: skip


def text(*names: str) -> Expression:
    """Give a field that audit may have written as hexadecimal digits, without a stray quote."""
    return Unhexed(Strip(f(*names), "'\""))


EVENT_ID = Join((f("epoch", "when"), f("serial")), ":")
USER: Tree = {"actor.user.name": text("AUID"), "actor.user.uid": f("auid", "uid")}
EXE = text("exe")
COMMAND = text("comm")
PROCESS: Tree = {
    "name": First((COMMAND, Basename(EXE))),
    "pid": num("pid"),
    "file.path": EXE,
    "file.name": Basename(EXE),
    "file.type_id": Lookup(EXE, {}, other=1),
}
COMMON: Tree = {
    **MESSAGE,
    "unmapped.key": Unhexed(Strip(f("key"), "'\"")),
    "unmapped.session": f("ses"),
    "unmapped.tty": Strip(f("tty", "terminal"), "'"),
    # By audit's own names, for rules that are written for them.
    "unmapped.type": f("type"),
    "unmapped.exe": EXE,
    "unmapped.comm": COMMAND,
    "unmapped.SYSCALL": f("SYSCALL"),
    "unmapped.syscall": f("syscall"),
}
WORDS: Tree = {f"unmapped.a{number}": text(f"a{number}") for number in range(8)}
RESULT: Expression = Lookup(
    Strip(f("res", "success"), "'"),
    {"success": 1, "1": 1, "yes": 1, "failed": 2, "0": 2, "no": 2, "fail": 2},
    default=0,
)
ACTOR: Tree = {
    **USER,
    **{f"actor.process.{path}": each for path, each in PROCESS.items()},
    "actor.process.parent_process.pid": num("ppid"),
    "actor.app_name": First((COMMAND, Basename(EXE), Lookup(f("body"), {}, other="kernel"))),
}
LAUNCH: Tree = {
    **COMMON,
    **{f"process.{path}": each for path, each in PROCESS.items()},
    "process.uid": EVENT_ID,
    "process.user.uid": f("euid", "uid"),
    "process.user.name": text("EUID", "UID"),
    "process.parent_process.pid": num("ppid"),
    "process.working_directory": text("cwd"),
    **USER,
    "actor.process.pid": num("ppid"),
    "actor.app_name": First((COMMAND, Basename(EXE), Lookup(f("body"), {}, other="kernel"))),
    "status_id": RESULT,
    "unmapped.arch": f("arch"),
    "unmapped.exit": f("exit"),
}
ARGUMENTS = Words(tuple(text(f"a{number}") for number in range(24)))
LOGON: Tree = {
    **COMMON,
    **{path: each for path, each in ACTOR.items() if not path.startswith("actor.user")},
    "user.name": First((text("acct"), text("id"), text("AUID"), Join((Lookup(f("body"), {}, other="uid"), f("auid", "uid")), " "))),
    "user.uid": f("auid", "id"),
    "service.name": First((Basename(EXE), Lookup(f("body"), {}, other="linux"))),
    "src_endpoint.ip": Ip(f("addr")),
    "src_endpoint.hostname": NotIp(f("hostname", "addr")),
    "session.uid": f("ses"),
    "session.terminal": Strip(f("terminal", "tty"), "'"),
    "status_id": RESULT,
    "logon_type_id": Lookup(Basename(EXE), {"sshd": 3, "sshd-session": 3, "vsftpd": 3, "cron": 4, "crond": 4, "login": 2, "systemd": 5}, default=0),
    "unmapped.operation": text("op"),
}  # fmt: skip
ACCOUNT: Tree = {
    **COMMON,
    **ACTOR,
    "user.name": First((text("acct"), text("id"))),
    "user.uid": f("id"),
    "status_id": RESULT,
    "unmapped.operation": text("op"),
}
GROUP: Tree = {
    **COMMON,
    **ACTOR,
    "group.name": First((text("grp"), text("acct"))),
    "group.uid": f("id"),
    "status_id": RESULT,
    "unmapped.operation": text("op"),
}


def of(*types: str) -> tuple[tuple[str, frozenset[str]], ...]:
    """Give the condition that a record is of one of these types, by name or number."""
    numbers = (number for number, name in TYPE_NUMBERS.items() if name in types)
    return (("type", frozenset({*types, *numbers, *(f"unknown[{each}]" for each in numbers)})),)


MAPPER = Mapper(
    name="auditd",
    title="Linux audit",
    shapes=(TEXT,),
    layouts=(
        Layout(
            name="audit",
            mark=r"(?:type=\S+ (?:msg=)?audit\(\d+|^(?:\[ *[\d.]+\] )?audit: type=\d+ audit\(\d+)",
            patterns=(("record", RECORD), ("record", KERNEL), ("record", INTERPRETED)),
            pairs=Pairs(of="rest", nested=True),
        ),
    ),
    times=(
        TimeField("epoch", unit="epoch"),
        TimeField("when", unit="%m/%d/%Y %H:%M:%S.%n|%m/%d/%y %H:%M:%S.%n"),
        SYSLOG_TIME),
    nulls=NULLS | NONE,
    defaults={
        **product("auditd", "Linux"),
        **HEADER,
        **LINUX,
        "device.hostname": First((f("node"), NotIp(f("syslog.host")))),
        "metadata.event_code": f("type"),
        "metadata.correlation_uid": EVENT_ID,
    },
    rules=(
        Rule(
            name="program run, by name",
            class_uid=1007,
            activity_id=1,
            when=(*of("syscall"), ("SYSCALL", frozenset({"execve", "execveat"}))),
            tree=LAUNCH,
        ),
        Rule(
            name="program run, by number",
            class_uid=1007,
            activity_id=1,
            when=(*of("syscall"), ("arch", frozenset({"c000003e"})), ("syscall", frozenset({"59", "322"}))),
            tree=LAUNCH,
        ),
        Rule(
            name="program run, by number, 32 bit",
            class_uid=1007,
            activity_id=1,
            when=(*of("syscall"), ("arch", frozenset({"40000003", "40000028"})), ("syscall", frozenset({"11"}))),
            tree=LAUNCH,
        ),
        Rule(
            name="program run, by number, ARM",
            class_uid=1007,
            activity_id=1,
            when=(*of("syscall"), ("arch", frozenset({"c00000b7", "c00000f3"})), ("syscall", frozenset({"221", "281"}))),
            tree=LAUNCH,
        ),
        Rule(
            name="program run, in words",
            class_uid=1007,
            activity_id=1,
            when=(*of("syscall"), ("syscall", frozenset({"execve", "execveat"}))),
            tree=LAUNCH,
        ),
        Rule(
            name="system call",
            class_uid=1003,
            activity_id=4,
            when=of("syscall"),
            tree={
                **COMMON,
                **ACTOR,
                "kernel.name": First((f("SYSCALL", "syscall"), Lookup(f("body"), {}, other="unknown"))),
                "kernel.system_call": f("SYSCALL", "syscall"),
                "kernel.type_id": c(2),
                "status_id": RESULT,
                "unmapped.arch": f("arch"),
                "unmapped.exit": f("exit"),
                "unmapped.a0": f("a0"),
                "unmapped.a1": f("a1"),
                "unmapped.a2": f("a2"),
            },
        ),
        Rule(
            name="arguments",
            class_uid=1007,
            activity_id=1,
            when=of("execve"),
            tree={
                **COMMON,
                "process.uid": EVENT_ID,
                "process.cmd_line": ARGUMENTS,
                "process.name": Basename(text("a0")),
                "actor.app_name": Lookup(f("body"), {}, other="kernel"),
                **WORDS,
                "unmapped.argc": num("argc"),
            },
        ),
        Rule(
            name="title",
            class_uid=1007,
            activity_id=0,
            when=of("proctitle"),
            tree={
                **COMMON,
                "process.uid": EVENT_ID,
                "process.cmd_line": text("proctitle"),
                "actor.app_name": Lookup(f("body"), {}, other="kernel"),
            },
        ),
        Rule(
            name="path",
            class_uid=1001,
            activity_id=Lookup(f("nametype"), {"create": 1, "delete": 4, "normal": 14}, default=0),
            when=(*of("path"), ("name", PRESENT)),
            tree={
                **COMMON,
                "file.path": text("name"),
                "file.name": Basename(text("name")),
                "file.type_id": Lookup(
                    Match(f("mode"), r"^0?(\d{1,2})\d{4}$"),
                    {"10": 1, "4": 2, "04": 2, "12": 7, "2": 3, "02": 3, "6": 4, "06": 4, "14": 5, "1": 6, "01": 6},
                    default=0,
                ),
                "file.owner.uid": f("ouid"),
                "actor.app_name": Lookup(f("body"), {}, other="kernel"),
                "unmapped.name": text("name"),
                "unmapped.mode": f("mode"),
                "unmapped.inode": f("inode"),
                "unmapped.nametype": f("nametype"),
                "unmapped.item": num("item"),
            },
        ),
        Rule(name="sudo", class_uid=3002, activity_id=7, when=of("user_cmd"), tree={**LOGON, "account_switch_type_id": c(1), "unmapped.command": text("cmd"), "unmapped.working_directory": text("cwd")}),
        Rule(name="role", class_uid=3002, activity_id=7, when=of("user_role_change"), tree={**LOGON, "account_switch_type_id": c(0)}),
        Rule(name="logon", class_uid=3002, activity_id=1, severity_id=Lookup(Strip(f("res"), "'"), {"failed": 2, "0": 2, "no": 2}, default=1), when=of("user_login", "user_auth", "user_start", "user_err", "login"), tree=LOGON),
        Rule(name="logoff", class_uid=3002, activity_id=2, when=of("user_end", "user_logout", "cred_disp"), tree=LOGON),
        Rule(name="account step", class_uid=3002, activity_id=6, when=of("user_acct", "cred_acq", "cred_refr"), tree=LOGON),
        Rule(name="account made", class_uid=3001, activity_id=1, when=(*of("add_user"), ("acct", PRESENT)), tree=ACCOUNT),
        Rule(name="account removed", class_uid=3001, activity_id=6, when=(*of("del_user"), ("acct", PRESENT)), tree=ACCOUNT),
        Rule(name="account made or removed", class_uid=3001, activity_id=99, when=(*of("add_user", "del_user"), ("id", PRESENT)), tree=ACCOUNT),
        Rule(name="password", class_uid=3001, activity_id=3, when=(*of("user_chauthtok"), ("acct", PRESENT)), tree=ACCOUNT),
        Rule(name="account changed", class_uid=3001, activity_id=99, when=(*of("user_mgmt", "acct_lock", "acct_unlock"), ("acct", PRESENT)), tree=ACCOUNT),
        Rule(name="group made", class_uid=3006, activity_id=6, when=(*of("add_group"), ("acct", PRESENT)), tree=GROUP),
        Rule(name="group removed", class_uid=3006, activity_id=5, when=(*of("del_group"), ("acct", PRESENT)), tree=GROUP),
        Rule(name="group changed", class_uid=3006, activity_id=99, when=(*of("grp_mgmt", "add_group", "del_group"), ("id", PRESENT)), tree=GROUP),
        *(
            Rule(
                name=f"{kind}",
                class_uid=6002,
                activity_id=activity,
                when=of(kind),
                tree={**COMMON, **ACTOR, "app.name": First((text("unit"), text("op"), Lookup(f("body"), {}, other="auditd"))), "status_id": RESULT},
            )
            for kind, activity in (("service_start", 3), ("service_stop", 4), ("daemon_start", 3), ("daemon_end", 4), ("system_boot", 3), ("system_shutdown", 4))
        ),
        Rule(
            name="access denied",
            class_uid=1003,
            activity_id=4,
            severity_id=3,
            when=of("avc", "user_avc", "seccomp", "selinux_err", "1326"),
            tree={
                **COMMON,
                **ACTOR,
                "kernel.name": First((f("SYSCALL", "syscall", "tclass", "operation"), f("type"))),
                "kernel.type_id": c(0),
                "kernel.path": text("path", "name"),
                "status_id": c(2),
                "unmapped.scontext": f("scontext"),
                "unmapped.tcontext": f("tcontext"),
                "unmapped.apparmor": f("apparmor"),
                "unmapped.permissive": f("permissive"),
            },
        ),
        Rule(
            name="anomaly",
            class_uid=2004,
            activity_id=1,
            severity_id=3,
            when=of("anom_abend", "anom_promiscuous", "anom_login_failures", "anom_root_trans", "anom_exec", "anom_mk_exec", "anom_link", "anom_creat", "anom_login_location", "anom_login_sessions", "anom_rbac_fail", "resp_acct_lock", "1701", "1700"),
            tree={**COMMON, "finding_info.title": f("type"), "finding_info.uid": EVENT_ID, "unmapped.pid": num("pid"), "unmapped.signal": num("sig")},
        ),
        Rule(name="other record", class_uid=0, tree={**COMMON, **USER, "actor.process.pid": num("pid"), "unmapped.operation": text("op"), "unmapped.directory": text("cwd"), "status_id": RESULT}),
    ),
)  # fmt: skip
