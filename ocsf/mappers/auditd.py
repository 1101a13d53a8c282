"""Linux audit records: programs run, system calls, files, logons, accounts, services.

The records of one audit event share `metadata.correlation_uid`. That of the system call tells the
whole event: the command line, the folder, the files or the peer come from the others, which stay
Base Events beside it, so that rules may look for a record as audit wrote it.
"""

# Patterns are long; a broken one can't be read.
# ruff: noqa: E501

from __future__ import annotations

from ocsf.gathering import Gathering, Named
from ocsf.layout import Layout, Pairs
from ocsf.mappers.auditd_parts import (
    ACCOUNT,
    ACTOR,
    ARGUMENTS,
    CALL,
    CALLS,
    COMMON,
    CONNECTION,
    EVENT_ID,
    GROUP,
    LAUNCH,
    LOGON,
    NONE,
    RESULT,
    TITLE,
    TYPE_NUMBERS,
    USER,
    WORDS,
    file_event,
    file_of,
    of,
    text,
)
from ocsf.mappers.syslog_parts import HEADER, LINUX, NULLS, SYSLOG_TIME, TEXT, product
from ocsf.mapping import (
    PRESENT,
    Basename,
    First,
    Lookup,
    Mapper,
    NotIp,
    Rule,
    Strip,
    TimeField,
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
INTERNET = RECORD[: -len("(?P<rest>.*)$")] + r"(?P<rest>.*(?:saddr=0[2A]00|saddr_fam=inet).*)$"
KERNEL = r"^(?:\[ *[\d.]+\] )?(?:audit|type=\d+ audit)(?:: type=(?P<type>\d+) audit)?\((?P<epoch>\d+(?:\.\d+)?):(?P<serial>\d+)\): ?(?P<rest>.*)$"

FILE_CALLS = {
    "open": 14, "openat": 14, "openat2": 14, "creat": 1, "truncate": 3, "ftruncate": 3,
    "chmod": 7, "fchmod": 7, "fchmodat": 7, "fchmodat2": 7, "chown": 7, "lchown": 7, "fchown": 7, "fchownat": 7,
    "setxattr": 6, "lsetxattr": 6, "fsetxattr": 6, "removexattr": 6, "utime": 6, "utimes": 6, "utimensat": 6, "futimesat": 6,
    "mount": 12, "umount2": 13,
}  # fmt: skip
"""OCSF file activities of system calls."""

MAPPER = Mapper(
    name="auditd",
    title="Linux audit",
    shapes=(TEXT,),
    layouts=(
        Layout(
            name="audit",
            mark=r"(?:type=\S+ (?:msg=)?audit\(\d+|^(?:\[ *[\d.]+\] )?audit: type=\d+ audit\(\d+)",
            patterns=(("address", INTERNET), ("record", RECORD), ("record", KERNEL), ("record", INTERPRETED)),
            pairs=Pairs(of="rest", nested=True),
        ),
    ),
    gathers=Gathering(
        key=("node", "syslog.host", "epoch", "when", "serial"),
        kind="type",
        leads=frozenset({"syscall"}),
        parts=frozenset({"execve", "cwd", "path", "proctitle", "sockaddr", "fd_pair", "obj_pid", "bprm_fcaps", "capset", "mmap", "ipc", "eoe"}),
        also=("nametype",),
        counts=("path", "items"),
        named=Named("call", "SYSCALL", ("arch", "syscall"), CALLS),
        names={**TYPE_NUMBERS, **{f"unknown[{number}]": name for number, name in TYPE_NUMBERS.items()}},
    ),
    limits="Records of one event are put together within one file and, of files of more than 96 MB, within what is read in one go; "
    "where some may be missing the event has the issue `event_incomplete`.",
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
            name="part of an event",
            class_uid=0,
            when=(("gathered", frozenset({"part"})),),
            tree={
                **COMMON,
                **WORDS,
                "unmapped.argc": num("argc"),
                "unmapped.cwd": text("cwd"),
                "unmapped.proctitle": TITLE,
                "unmapped.name": text("name"),
                "unmapped.mode": f("mode"),
                "unmapped.inode": f("inode"),
                "unmapped.nametype": f("nametype"),
                "unmapped.item": num("item"),
                "unmapped.saddr": f("saddr"),
            },
        ),
        Rule(
            name="program run",
            class_uid=1007,
            activity_id=1,
            when=(*of("syscall"), ("call", frozenset({"execve", "execveat"}))),
            tree=LAUNCH,
        ),
        Rule(
            name="program run, by number, 32 bit",
            class_uid=1007,
            activity_id=1,
            when=(*of("syscall"), ("arch", frozenset({"40000003", "40000028"})), ("syscall", frozenset({"11"}))),
            tree=LAUNCH,
        ),
        Rule(name="connection", class_uid=4001, activity_id=Lookup(CALL, {"connect": 1, "accept": 1, "accept4": 1, "bind": 7}, default=6), when=(*of("syscall"), ("parts.SOCKADDR[0].event", frozenset({"address"}))), tree=CONNECTION),
        Rule(
            name="file renamed",
            class_uid=1001,
            activity_id=5,
            when=(*of("syscall"), ("parts.PATH_DELETE[0].name", PRESENT), ("parts.PATH_CREATE[0].name", PRESENT)),
            tree={**file_event("PATH_DELETE"), **{f"file_result.{path}": each for path, each in file_of("PATH_CREATE").items()}},
        ),
        Rule(name="file deleted", class_uid=1001, activity_id=4, when=(*of("syscall"), ("parts.PATH_DELETE[0].name", PRESENT)), tree=file_event("PATH_DELETE")),
        Rule(name="file created", class_uid=1001, activity_id=1, when=(*of("syscall"), ("parts.PATH_CREATE[0].name", PRESENT)), tree=file_event("PATH_CREATE")),
        Rule(
            name="file used",
            class_uid=1001,
            activity_id=Lookup(CALL, FILE_CALLS, default=99),
            when=(*of("syscall"), ("parts.PATH_NORMAL[0].name", PRESENT)),
            tree=file_event("PATH_NORMAL"),
        ),
        Rule(
            name="system call",
            class_uid=1003,
            activity_id=4,
            when=of("syscall"),
            tree={
                **COMMON,
                **ACTOR,
                "kernel.name": First((CALL, Lookup(f("body"), {}, other="unknown"))),
                "kernel.system_call": CALL,
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
                "process.cmd_line": TITLE,
                "unmapped.proctitle": TITLE,
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
                **{f"file.{path}": each for path, each in file_of().items()},
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
        Rule(name="account made or removed", class_uid=3001, activity_id=Lookup(text("op"), {"add-user": 1, "adding user": 1, "delete-user": 6, "deleting user": 6}, default=99), when=(*of("add_user", "del_user"), ("id", PRESENT)), tree=ACCOUNT),
        Rule(name="password", class_uid=3001, activity_id=3, when=(*of("user_chauthtok"), ("acct", PRESENT)), tree=ACCOUNT),
        Rule(name="account changed", class_uid=3001, activity_id=99, when=(*of("user_mgmt", "acct_lock", "acct_unlock"), ("acct", PRESENT)), tree=ACCOUNT),
        Rule(name="group made", class_uid=3006, activity_id=6, when=(*of("add_group"), ("acct", PRESENT)), tree=GROUP),
        Rule(name="group removed", class_uid=3006, activity_id=5, when=(*of("del_group"), ("acct", PRESENT)), tree=GROUP),
        Rule(name="group changed", class_uid=3006, activity_id=Lookup(text("op"), {"add-group": 6, "adding group": 6, "delete-group": 5, "deleting group": 5, "add-user-to-group": 3, "delete-user-from-group": 4}, default=99), when=(*of("grp_mgmt", "add_group", "del_group"), ("id", PRESENT)), tree=GROUP),
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
