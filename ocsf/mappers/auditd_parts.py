"""What the records of Linux's audit share: their fields, who acted, calls, addresses."""

# Tables are read better in long lines.
# ruff: noqa: E501

from __future__ import annotations

from ocsf.mappers.syslog_parts import MESSAGE
from ocsf.mapping import (
    Arguments,
    Basename,
    Expression,
    First,
    Integer,
    Ip,
    Join,
    Lookup,
    Lower,
    Match,
    NotIp,
    Replace,
    Strip,
    Tree,
    Unhexed,
    When,
    Words,
    c,
    f,
    num,
)

NONE = frozenset({"", "-", "?", "(none)", "unset", "4294967295"})

TYPE_NUMBERS = {
    "1300": "syscall", "1302": "path", "1307": "cwd", "1309": "execve", "1327": "proctitle", "1400": "avc",
    "1100": "user_auth", "1101": "user_acct", "1103": "cred_acq", "1104": "cred_disp", "1105": "user_start",
    "1106": "user_end", "1112": "user_login", "1130": "service_start", "1131": "service_stop",
}  # fmt: skip


def text(*names: str) -> Expression:
    """Give a field that audit may have written as hexadecimal digits, without a stray quote."""
    return Unhexed(Strip(f(*names), "'\""))


X86_64 = {
    2: "open", 41: "socket", 42: "connect", 43: "accept", 44: "sendto", 45: "recvfrom", 46: "sendmsg", 49: "bind",
    50: "listen", 59: "execve", 62: "kill", 76: "truncate", 77: "ftruncate", 82: "rename", 83: "mkdir", 84: "rmdir",
    85: "creat", 86: "link", 87: "unlink", 88: "symlink", 90: "chmod", 91: "fchmod", 92: "chown", 93: "fchown",
    94: "lchown", 101: "ptrace", 105: "setuid", 106: "setgid", 112: "setsid", 113: "setreuid", 117: "setresuid",
    132: "utime", 133: "mknod", 155: "pivot_root", 161: "chroot", 165: "mount", 166: "umount2", 170: "sethostname",
    175: "init_module", 176: "delete_module", 188: "setxattr", 189: "lsetxattr", 190: "fsetxattr", 197: "removexattr",
    227: "clock_settime", 235: "utimes", 246: "kexec_load", 257: "openat", 258: "mkdirat", 259: "mknodat",
    260: "fchownat", 261: "futimesat", 263: "unlinkat", 264: "renameat", 265: "linkat", 266: "symlinkat",
    268: "fchmodat", 280: "utimensat", 288: "accept4", 310: "process_vm_readv", 311: "process_vm_writev",
    313: "finit_module", 316: "renameat2", 319: "memfd_create", 321: "bpf", 322: "execveat", 425: "io_uring_setup",
    437: "openat2", 452: "fchmodat2",
}  # fmt: skip
ARM_64 = {
    33: "mknodat", 34: "mkdirat", 35: "unlinkat", 36: "symlinkat", 37: "linkat", 38: "renameat", 39: "umount2",
    40: "mount", 45: "truncate", 46: "ftruncate", 51: "chroot", 52: "fchmod", 53: "fchmodat", 54: "fchownat",
    55: "fchown", 56: "openat", 88: "utimensat", 105: "init_module", 106: "delete_module", 117: "ptrace", 129: "kill",
    198: "socket", 200: "bind", 201: "listen", 202: "accept", 203: "connect", 206: "sendto", 207: "recvfrom",
    211: "sendmsg", 221: "execve", 242: "accept4", 273: "finit_module", 276: "renameat2", 279: "memfd_create",
    280: "bpf", 281: "execveat", 437: "openat2", 452: "fchmodat2",
}  # fmt: skip
CALLS = {
    **{f"c000003e {number}": name for number, name in X86_64.items()},
    **{
        f"{arch} {number}": name
        for arch in ("c00000b7", "c00000f3")
        for number, name in ARM_64.items()
    },
}
"""System calls by audit's number of the architecture (x86-64, ARM, RISC-V) and their own."""
CALL = f("call")

EVENT_ID = Join((f("epoch", "when"), f("serial")), ":")
USER: Tree = {"actor.user.name": text("AUID"), "actor.user.uid": f("auid", "uid")}
EXE = text("exe")
COMMAND = text("comm")
TITLE = Unhexed(Strip(Match(f("rest"), r"^\s*proctitle=(.*?)\s*$"), "'\""))
OTHERS_TITLE = Unhexed(
    Strip(Match(f("parts.PROCTITLE[0].rest"), r"^\s*proctitle=(.*?)\s*$"), "'\"")
)
"""What the kernel keeps of the command line, 128 bytes of it."""
FOLDER = Unhexed(Strip(Match(f("parts.CWD[0].rest"), r"^\s*cwd=(.*?)\s*$"), "'\""))
COMMAND_LINE = First(
    (
        Arguments(Words(tuple(f(f"parts.EXECVE[{number}].rest") for number in range(8)))),
        OTHERS_TITLE,
    )
)
PROCESS: Tree = {
    "name": First((COMMAND, Basename(EXE))),
    "pid": num("pid"),
    "file.path": EXE,
    "file.name": Basename(EXE),
    "file.type_id": Lookup(EXE, {}, other=1),
    "cmd_line": OTHERS_TITLE,
    "working_directory": FOLDER,
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
    "process.cmd_line": COMMAND_LINE,
    "process.working_directory": First((FOLDER, text("cwd"))),
    **USER,
    "actor.process.pid": num("ppid"),
    "actor.app_name": First((COMMAND, Basename(EXE), Lookup(f("body"), {}, other="kernel"))),
    "status_id": RESULT,
    "unmapped.arch": f("arch"),
    "unmapped.exit": f("exit"),
}
ARGUMENTS = Arguments(f("rest"))
NAMED = First((text("ID"), Unhexed(Strip(Match(f("id"), r"^(.*[^\d].*)$"), "'\""))))
NUMBERED = Join((Lookup(f("body"), {}, other="uid"), Match(f("id"), r"^(\d+)$")), " ")
"""Of whom audit names the number alone."""
LOGON: Tree = {
    **COMMON,
    **{path: each for path, each in ACTOR.items() if not path.startswith("actor.user")},
    "user.name": First((text("acct"), NAMED, NUMBERED, text("AUID"), Join((Lookup(f("body"), {}, other="uid"), f("auid", "uid")), " "))),
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
    "user.name": First((text("acct"), NAMED, NUMBERED)),
    "user.uid": f("id"),
    "status_id": RESULT,
    "unmapped.operation": text("op"),
}
GROUP: Tree = {
    **COMMON,
    **ACTOR,
    "group.name": First((text("grp"), text("acct"), text("ID"))),
    "group.uid": f("id"),
    "status_id": RESULT,
    "unmapped.operation": text("op"),
}


def of(*types: str) -> tuple[tuple[str, frozenset[str]], ...]:
    """Give the condition that a record is of one of these types, by name or number."""
    numbers = (number for number, name in TYPE_NUMBERS.items() if name in types)
    return (("type", frozenset({*types, *numbers, *(f"unknown[{each}]" for each in numbers)})),)


KINDS = {
    "10": 1, "4": 2, "04": 2, "12": 7, "2": 3, "02": 3, "6": 4, "06": 4, "14": 5, "1": 6, "01": 6,
}  # fmt: skip
"""OCSF file types by the first octal digits of a mode."""


def file_of(kind: str = "") -> Tree:
    """Give the file that a record of a path names, or the lead's first part of that kind."""
    prefix = f"parts.{kind}[0]." if kind else ""
    name = text(f"{prefix}name")
    absolute = Replace(Join((FOLDER, Match(name, r"^(?:\./)?([^/].*)$")), "/"), "//", "/")
    path = First((absolute, name)) if kind else name
    return {
        "path": path,
        "name": Basename(name),
        "type_id": Lookup(Match(f(f"{prefix}mode"), r"^0?(\d{1,2})\d{4}$"), KINDS, default=0),
        "owner.uid": f(f"{prefix}ouid"),
    }


def file_event(kind: str) -> Tree:
    """Give what a process did to the file of the lead's first part of that kind."""
    return {
        **COMMON,
        **ACTOR,
        **{f"file.{path}": each for path, each in file_of(kind).items()},
        "status_id": RESULT,
        "unmapped.exit": f("exit"),
        "unmapped.system_call": CALL,
    }


ADDRESS = "parts.SOCKADDR[0].saddr"
BYTE = "([0-9A-F]{2})"


def _number(pattern: str) -> Expression:
    return Integer(Join((c("0x"), Match(f(ADDRESS), pattern))))


def _bytes(before: str) -> Expression:
    return Join(tuple(_number(f"^{before}{'..' * place}{BYTE}") for place in range(4)), ".")


def _group(place: int) -> Expression:
    return Match(f(ADDRESS), f"^0A00.{{12}}{'.{4}' * place}([0-9A-F]{{4}})")


PEER_IP = First(
    (
        Ip(f("parts.SOCKADDR[0].laddr")),
        _bytes("0200.{4}"),
        _bytes("0A00.{12}0{20}FFFF"),
        Ip(Lower(Join(tuple(_group(place) for place in range(8)), ":"))),
    )
)
PEER_PORT = First((num("parts.SOCKADDR[0].lport", maximum=65535), _number("^0[2A]00([0-9A-F]{4})")))
SIDE = Lookup(
    CALL,
    {"accept": "from", "accept4": "from", "recvfrom": "from", "recvmsg": "from", "bind": "own"},
    other="to",
)


def _at(side: str) -> Tree:
    return {
        "ip": When(SIDE, frozenset({side}), PEER_IP),
        "port": When(SIDE, frozenset({side}), PEER_PORT),
    }


CONNECTION: Tree = {
    **COMMON,
    **ACTOR,
    **{f"dst_endpoint.{path}": First((each, _at("own")[path])) for path, each in _at("to").items()},
    **{f"src_endpoint.{path}": each for path, each in _at("from").items()},
    # A call that does not wait is no failure.
    "status_id": First((Lookup(f("exit"), {"-115": 0, "-11": 0}), RESULT)),
    "unmapped.exit": f("exit"),
    "unmapped.system_call": CALL,
}
