"""Lines that PAM's modules write through any program: sessions, failures, unknown users."""

# Patterns are long; a broken one can't be read.
# ruff: noqa: E501

from __future__ import annotations

from ocsf.mappers.syslog_parts import FAILURE, HERE, MESSAGE, PROGRAM, SUCCESS, on
from ocsf.mapping import Expression, First, Ip, Lookup, Match, NotIp, Rule, Tree, c, f

MODULE = r"^(?:(?P<module>pam_\w+)\((?P<service>[^):]*)(?::(?P<step>\w+))?\)(?:\[\d+\])?: )?"

PATTERNS: tuple[tuple[str, str], ...] = (
    (
        "session_opened",
        MODULE + r"session opened for user (?P<user>[^\s(]+)(?:\(uid=(?P<uid>\d+)\))?"
        r"(?: by (?P<by>[^\s(]*)\(uid=(?P<by_uid>\d+)\))?",
    ),
    ("session_closed", MODULE + r"session closed for user (?P<user>\S+)"),
    (
        "authentication_failure",
        MODULE + r"authentication failure; logname=(?P<by>\S*) +uid=(?P<by_uid>\d*) euid=\d*"
        r" tty=(?P<tty>\S*) ruser=(?P<ruser>\S*) rhost=(?P<ip>\S*)(?:\s+user=(?P<user>.*\S))?",
    ),
    ("unknown_user", MODULE + r"check pass; user unknown"),
    ("account_locked", MODULE + r"user (?P<user>\S+) (?:\(\d+\) )?(?P<reason>has been locked|tally \d+.*)"),
    ("account_locked", MODULE + r"Consecutive login failures for user (?P<user>\S+) (?P<reason>account temporarily locked)"),
    (
        "access_denied",
        MODULE + r"(?P<reason>access denied|account expired|password expired|requirement .* not met)"
        r"(?: (?:for|by) user [`'\"]?(?P<user>[^\s'\"]+))?.*",
    ),
    ("password_changed", MODULE + r"password changed for (?P<user>\S+)"),
)  # fmt: skip
"""For the layouts of programs that use PAM; the module's mark is missing where the tag has it."""

EVENTS = tuple(dict.fromkeys(event for event, _ in PATTERNS))
APP: Expression = First((f("service"), Match(f("syslog.app"), r"^([^(\]]+)"), c("PAM")))
NEW_LOGON_TYPES = {
    "sshd": 3, "ssh": 3, "vsftpd": 3, "ftp": 3, "dovecot": 3, "rlogin": 3, "remote": 3, "rexec": 3, "xrdp-sesman": 10,
    "cron": 4, "crond": 4, "atd": 4, "login": 2, "gdm": 2, "gdm-password": 2, "gdm3": 2, "lightdm": 2, "sddm": 2,
    "kdm": 2, "systemd-user": 5, "systemd": 5,
}  # fmt: skip
SWITCHES = frozenset({"sudo", "sudo-i", "su", "su-l", "runuser", "runuser-l", "doas", "polkit-1"})

WHO: Tree = {
    "user.name": f("user"),
    "user.uid": f("uid"),
    "actor.user.name": First((f("ruser"), f("by"))),
    "actor.user.uid": f("by_uid"),
    "actor.session.terminal": f("tty"),
}


def _authentication(tree: Tree) -> Tree:
    return {
        **PROGRAM,
        **HERE,
        **WHO,
        **MESSAGE,
        "service.name": APP,
        "src_endpoint.ip": Ip(f("ip")),
        "src_endpoint.hostname": NotIp(f("ip")),
        "logon_type_id": Lookup(APP, NEW_LOGON_TYPES, default=0),
        "unmapped.pam_module": f("module"),
        **tree,
    }


ACTIVITY: Expression = Lookup(APP, dict.fromkeys(SWITCHES, 7), default=1)
NAMELESS: Tree = {"user.name": Lookup(f("body"), {}, other="unknown")}

RULES: tuple[Rule, ...] = (
    Rule(
        name="PAM session opened",
        class_uid=3002,
        activity_id=ACTIVITY,
        when=on("session_opened"),
        tree=_authentication(SUCCESS),
    ),
    Rule(
        name="PAM session closed",
        class_uid=3002,
        activity_id=2,
        when=on("session_closed"),
        tree=_authentication(SUCCESS),
    ),
    Rule(
        name="PAM failure of a user",
        class_uid=3002,
        activity_id=ACTIVITY,
        severity_id=2,
        when=(*on("authentication_failure", "account_locked", "access_denied"), ("user", frozenset())),
        tree=_authentication({**FAILURE, "status_detail": First((f("reason"), c("authentication failure")))}),
    ),
    Rule(
        name="PAM failure of somebody",
        class_uid=3002,
        activity_id=ACTIVITY,
        severity_id=2,
        when=on("authentication_failure", "unknown_user", "access_denied"),
        tree=_authentication(
            {
                **FAILURE,
                **NAMELESS,
                "status_detail": Lookup(
                    f("event"), {"unknown_user": "user unknown"}, default="authentication failure"
                ),
            }
        ),
    ),
    Rule(
        name="PAM password change",
        class_uid=3001,
        activity_id=3,
        when=on("password_changed"),
        tree={**PROGRAM, **MESSAGE, **SUCCESS, "user.name": f("user")},
    ),
)  # fmt: skip
