"""Linux audit events as Laurel writes them: one JSON object an event, its records by type."""

# Tables are read better in long lines.
# ruff: noqa: E501

from __future__ import annotations

from collections.abc import Mapping

from ocsf.mappers.auditd import FILE_CALLS
from ocsf.mappers.auditd_parts import CALLS, KINDS, NONE, RESULT
from ocsf.mappers.syslog_parts import LINUX, product
from ocsf.mapping import (
    PRESENT,
    Basename,
    Expression,
    First,
    Integer,
    Ip,
    Join,
    Listing,
    Lookup,
    Mapper,
    Match,
    NotIp,
    Raw,
    Replace,
    Rule,
    Shape,
    Texts,
    TimeField,
    Tree,
    When,
    c,
    f,
    num,
)

CALL_RECORDS = ("SYSCALL", "EXECVE", "CWD", "PATH", "SOCKADDR", "PROCTITLE")
LOGONS = {
    "USER_LOGIN": 1, "USER_AUTH": 1, "USER_START": 1, "USER_ERR": 1, "LOGIN": 1,
    "USER_END": 2, "USER_LOGOUT": 2, "CRED_DISP": 2,
    "USER_ACCT": 6, "CRED_ACQ": 6, "CRED_REFR": 6, "USER_CMD": 7, "USER_ROLE_CHANGE": 7,
}  # fmt: skip
"""OCSF authentication activities of record types."""
ACCOUNTS = {"ADD_USER": 1, "DEL_USER": 6, "USER_CHAUTHTOK": 3, "USER_MGMT": 99}
GROUPS = {"ADD_GROUP": 6, "DEL_GROUP": 5, "GRP_MGMT": 99}
SERVICES = {"SERVICE_START": 3, "SERVICE_STOP": 4, "DAEMON_START": 3, "DAEMON_END": 4}
DENIED = ("AVC", "USER_AVC", "SECCOMP")
ANOMALIES = (
    "ANOM_ABEND",
    "ANOM_PROMISCUOUS",
    "ANOM_LOGIN_FAILURES",
    "ANOM_ROOT_TRANS",
    "ANOM_LINK",
)
TYPES = (*LOGONS, *ACCOUNTS, *GROUPS, *SERVICES, *DENIED, *ANOMALIES)
PATHS = range(5)

EXE = f("exe")
COMMAND = f("comm")
FOLDER = f("/CWD.cwd")
LINE = First(
    (
        f("/EXECVE.ARGV_STR"),
        Texts("/EXECVE.ARGV"),
        f("/PROCTITLE.ARGV_STR"),
        Texts("/PROCTITLE.ARGV"),
    )
)
CALL = First(
    (
        f("/SYSCALL.SYSCALL"),
        Lookup(Join((Match(f("/SYSCALL.arch"), "^0x(.*)$"), f("/SYSCALL.syscall")), " "), CALLS),
    )
)
PEER = f("/SOCKADDR[0].SADDR")
IP = Ip(First((f("/SOCKADDR[0].SADDR.addr"), Match(PEER, r"\bladdr=([0-9A-Fa-f.:]+)"))))
PORT = Integer(First((f("/SOCKADDR[0].SADDR.port"), Match(PEER, r"\blport=(\d+)"))), 65535)


def _seen(kind: str) -> Expression:
    """Give the type of a record where the event has one of it."""
    return Lookup(f(f"/{kind}"), {}, other=kind)


SEEN = tuple(_seen(kind) for kind in CALL_RECORDS)
COMMON: Tree = {
    "unmapped.key": f("key"),
    "unmapped.session": f("ses"),
    "unmapped.tty": f("tty", "terminal"),
    # By audit's own names, for rules that are written for its records.
    "unmapped.type": Listing(SEEN),
    "unmapped.exe": EXE,
    "unmapped.comm": COMMAND,
    "unmapped.SYSCALL": CALL,
    "unmapped.syscall": f("syscall"),
    "unmapped.success": f("success"),
    "unmapped.cwd": FOLDER,
    "unmapped.name": Listing(tuple(f(f"/PATH[{place}].name") for place in PATHS)),
    "unmapped.nametype": Listing(tuple(f(f"/PATH[{place}].nametype") for place in PATHS)),
    "unmapped.labels": Raw("/SYSCALL.LABELS", "array"),
}
USER: Tree = {"actor.user.name": f("AUID"), "actor.user.uid": f("auid", "uid")}
PROCESS: Tree = {
    "name": First((COMMAND, Basename(EXE))),
    "pid": num("pid"),
    "file.path": EXE,
    "file.name": Basename(EXE),
    "file.type_id": Lookup(EXE, {}, other=1),
    "cmd_line": LINE,
    "working_directory": FOLDER,
}
PARENT: Tree = {
    "pid": num("ppid"),
    "name": f("/SYSCALL.PPID.comm", "/PARENT_INFO.comm"),
    "file.path": f("/SYSCALL.PPID.exe", "/PARENT_INFO.exe"),
    "file.name": Basename(f("/SYSCALL.PPID.exe", "/PARENT_INFO.exe")),
    "file.type_id": Lookup(f("/SYSCALL.PPID.exe", "/PARENT_INFO.exe"), {}, other=1),
    "cmd_line": Texts("/PARENT_INFO.ARGV"),
}
ACTOR: Tree = {
    **USER,
    **{f"actor.process.{path}": each for path, each in PROCESS.items()},
    **{f"actor.process.parent_process.{path}": each for path, each in PARENT.items()},
    "actor.app_name": First((COMMAND, Basename(EXE), Lookup(f("/ID"), {}, other="kernel"))),
}
LAUNCH: Tree = {
    **COMMON,
    **{f"process.{path}": each for path, each in PROCESS.items()},
    "process.uid": f("/ID"),
    "process.user.uid": f("euid", "uid"),
    "process.user.name": f("EUID", "UID"),
    **{f"process.parent_process.{path}": each for path, each in PARENT.items()},
    **USER,
    **{f"actor.process.{path}": each for path, each in PARENT.items()},
    "actor.app_name": First((COMMAND, Basename(EXE), Lookup(f("/ID"), {}, other="kernel"))),
    "status_id": RESULT,
    **{f"unmapped.a{place}": f(f"/EXECVE.ARGV[{place}]") for place in range(8)},
    "unmapped.argc": num("/EXECVE.argc"),
    "unmapped.script": f("/SYSCALL.SCRIPT"),
}  # fmt: skip


def _named(kind: str, of: str) -> Expression:
    """Give what the first path of a kind (`create`, `delete`, `normal`) holds under a name."""
    return First(
        tuple(
            When(f(f"/PATH[{place}].nametype"), frozenset({kind}), f(f"/PATH[{place}].{of}"))
            for place in PATHS
        )
    )


def _file(under: str, *kinds: str) -> Tree:
    name, mode, owner = (
        First(tuple(_named(kind, of) for kind in kinds)) for of in ("name", "mode", "ouid")
    )
    absolute = Replace(Join((FOLDER, Match(name, r"^(?:\./)?([^/].*)$")), "/"), "//", "/")
    return {
        f"{under}.path": First((absolute, name)),
        f"{under}.name": Basename(name),
        f"{under}.type_id": Lookup(Match(mode, r"^0o(\d{1,2})\d{4}$"), KINDS, default=0),
        f"{under}.owner.uid": owner,
    }


DELETED, CREATED, USED = (_named(kind, "name") for kind in ("delete", "create", "normal"))
FILE_ACTIVITY = First(
    (
        Lookup(Join((DELETED, CREATED)), {}, other=5),
        Lookup(DELETED, {}, other=4),
        Lookup(CREATED, {}, other=1),
        Lookup(CALL, FILE_CALLS, default=99),
    )
)
FILES: Tree = {
    **COMMON,
    **ACTOR,
    **_file("file", "delete", "create", "normal", "unknown", "parent"),
    **{
        path: When(Lookup(DELETED, {}, other="renamed"), frozenset({"renamed"}), each)
        for path, each in _file("file_result", "create").items()
    },
    "status_id": RESULT,
    "unmapped.system_call": CALL,
}
LOGON: Tree = {
    **COMMON,
    **{path: each for path, each in ACTOR.items() if not path.startswith("actor.user")},
    "user.name": First((f("acct", "AUID"), Join((c("uid"), f("auid", "uid")), " "))),
    "user.uid": f("auid", "id"),
    "service.name": First((Basename(EXE), Lookup(f("/ID"), {}, other="linux"))),
    "src_endpoint.ip": Ip(f("addr")),
    "src_endpoint.hostname": NotIp(f("hostname", "addr")),
    "session.uid": f("ses"),
    "session.terminal": f("terminal", "tty"),
    "status_id": RESULT,
    "unmapped.operation": f("op"),
    "unmapped.command": f("cmd"),
}
ACCOUNT: Tree = {**COMMON, **ACTOR, "status_id": RESULT, "unmapped.operation": f("op")}
CONNECTION: Tree = {
    **COMMON,
    **ACTOR,
    "dst_endpoint.ip": IP,
    "dst_endpoint.port": PORT,
    "dst_endpoint.name": First(
        (Match(PEER, r"\bpath=([^ }]+)"), Match(PEER, r"\bsaddr_fam=([a-hj-z]\w*)"))
    ),
    # A call that does not wait is no failure.
    "status_id": First((Lookup(f("exit"), {"-115": 0, "-11": 0}), RESULT)),
    "unmapped.system_call": CALL,
}


def _rules(name: str, class_uid: int, kinds: Mapping[str, int], tree: Tree) -> tuple[Rule, ...]:
    return tuple(
        Rule(
            name=f"{name} {kind}",
            class_uid=class_uid,
            activity_id=activity,
            when=((f"/{kind}", PRESENT),),
            tree={
                **tree,
                "metadata.event_code": c(kind),
                "unmapped.type": Listing((_seen(kind), *SEEN)),
            },
        )
        for kind, activity in kinds.items()
    )


def _kinds(kinds: tuple[str, ...]) -> Expression:
    return First(tuple(_seen(kind) for kind in kinds))


def _shape(kind: str) -> Shape:
    return Shape(
        name=kind,
        present=(frozenset({"ID"}), frozenset({kind})),
        roots=(f"{kind}[0]", f"{kind}[0].msg", "SYSCALL"),
    )


MAPPER = Mapper(
    name="laurel",
    title="Linux audit as JSON (Laurel)",
    shapes=(
        *(_shape(kind) for kind in TYPES),
        Shape(
            name="system call",
            present=(frozenset({"ID"}), frozenset({"SYSCALL", "EXECVE", "PROCTITLE", "SOCKADDR"})),
            roots=("SYSCALL",),
        ),
    ),
    times=(TimeField("/ID", unit="epoch", pattern=r"^(\d+\.\d+):"),),
    nulls=NONE,
    defaults={
        **product("Laurel", "Linux"),
        **LINUX,
        "metadata.profiles": Listing((c("host"),)),
        "metadata.log_provider": c("auditd"),
        "metadata.event_code": Lookup(f("/ID"), {}, other="SYSCALL"),
        "metadata.correlation_uid": f("/ID"),
        "device.hostname": f("/NODE"),
        "device.type_id": c(0),
    },
    rules=(
        *_rules("logon", 3002, LOGONS, LOGON),
        *_rules("account", 3001, ACCOUNTS, {**ACCOUNT, "user.name": f("acct"), "user.uid": f("id")}),
        *_rules("group", 3006, GROUPS, {**ACCOUNT, "group.name": f("grp", "acct"), "group.uid": f("id")}),
        *_rules("service", 6002, SERVICES, {**ACCOUNT, "app.name": First((f("unit", "op"), Lookup(f("/ID"), {}, other="auditd")))}),
        *_rules(
            "access denied",
            1003,
            dict.fromkeys(DENIED, 4),
            {
                **COMMON,
                **ACTOR,
                "kernel.name": First((f("tclass", "operation"), CALL, Lookup(f("/ID"), {}, other="access"))),
                "kernel.type_id": c(0),
                "kernel.path": f("path", "name"),
                "status_id": Lookup(f("apparmor"), {"status": 1, "allowed": 1, "audit": 1}, default=2),
                "unmapped.scontext": f("scontext"),
                "unmapped.tcontext": f("tcontext"),
                "unmapped.apparmor": f("apparmor"),
                "unmapped.permissive": f("permissive"),
            },
        ),
        *_rules(
            "anomaly",
            2004,
            dict.fromkeys(ANOMALIES, 1),
            {
                **COMMON,
                "finding_info.title": _kinds(ANOMALIES),
                "finding_info.uid": f("/ID"),
                "unmapped.pid": num("pid"),
                "unmapped.signal": num("sig"),
            },
        ),
        Rule(name="program run", class_uid=1007, activity_id=1, when=(("/EXECVE.argc", PRESENT),), tree=LAUNCH),
        Rule(name="program run, by call", class_uid=1007, activity_id=1, when=(("/SYSCALL.SYSCALL", frozenset({"execve", "execveat"})),), tree=LAUNCH),
        Rule(
            name="connection",
            class_uid=4001,
            activity_id=Lookup(CALL, {"connect": 1, "accept": 1, "accept4": 1, "bind": 7}, default=6),
            when=(("/SOCKADDR[0].SADDR", PRESENT),),
            tree=CONNECTION,
        ),
        Rule(name="file", class_uid=1001, activity_id=FILE_ACTIVITY, when=(("/PATH[0].name", PRESENT),), tree=FILES),
        Rule(
            name="system call",
            class_uid=1003,
            activity_id=4,
            when=(("/SYSCALL.syscall", PRESENT),),
            tree={
                **COMMON,
                **ACTOR,
                "kernel.name": First((CALL, Lookup(f("/ID"), {}, other="unknown"))),
                "kernel.system_call": CALL,
                "kernel.type_id": c(2),
                "status_id": RESULT,
                "unmapped.arch": f("arch"),
                "unmapped.exit": f("exit"),
                "unmapped.arguments": Raw("/SYSCALL.ARGV", "array"),
            },
        ),
        Rule(name="other event", class_uid=0, tree={**COMMON, **USER}),
    ),
)  # fmt: skip
