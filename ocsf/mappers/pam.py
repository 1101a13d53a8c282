"""Logons in syslog through PAM, login and systemd-logind, whatever program asked."""

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
    SUCCESS,
    fallback,
    on,
    program_log,
)
from ocsf.mapping import First, Ip, Lookup, NotIp, Rule, Tree, f

PATTERNS: tuple[tuple[str, str], ...] = (
    *pam_parts.PATTERNS,
    ("login", r"^(?:ROOT )?LOGIN ON (?P<tty>\S+) BY (?P<user>\S+?)(?: FROM (?P<ip>\S+))?$"),
    ("login", r"^(?P<root>ROOT) LOGIN +(?:\(\S*\) )?ON (?P<tty>\S+)(?: FROM (?P<ip>\S+))?"),
    ("login", r"^New session (?P<session>\S+) of user (?P<user>[^\s.]+)\.?$"),
    ("login_failed", r"^FAILED LOGIN (?:\(?\d+\)? |SESSION )?(?:ON (?P<tty>\S+) )?(?:FROM (?P<ip>\S+) )?FOR (?P<user>.*?), (?P<reason>.*)$"),
    ("login_failed", r"^(?:invalid password|TOO MANY LOGIN TRIES|REPEATED LOGIN FAILURES)(?: \(\d+\))?(?: for [`'\"]?(?P<user>[^\s'\"]+)[`'\"]?)?(?: on [`'\"]?(?P<tty>[^\s'\"]+)[`'\"]?)?(?: from [`'\"]?(?P<ip>[^\s'\"]+))?.*"),
    ("login", r"^(?:imap|pop3|submission|managesieve)-login: (?:Info: )?Login: user=<(?P<user>[^>]*)>, method=(?P<method>\S+), rip=(?P<ip>[^,\s]+)"),
    ("login_failed", r"^(?:imap|pop3|submission|managesieve)-login: (?:Info: )?(?P<reason>(?:Disconnected|Aborted login|Login aborted)[^:]*?\((?:auth failed|tried to use|no auth|disallowed).*?\)): user=<(?P<user>[^>]*)>(?:, method=(?P<method>[^,\s]+))?, rip=(?P<ip>[^,\s]+)"),
    ("login", r"^\[(?P<user>[^\]]*)\] OK LOGIN: Client \"(?:::ffff:)?(?P<ip>[^\"]+)\""),
    ("login_failed", r"^\[(?P<user>[^\]]*)\] (?P<reason>FAIL LOGIN): Client \"(?:::ffff:)?(?P<ip>[^\"]+)\""),
    ("login_failed", r"^(?P<reason>password check failed) for user \((?P<user>[^)]*)\)"),
    ("logout", r"^(?:Removed session (?P<session>[^\s.]+)|Session (?P<session2>\S+) logged out.*)\.?$"),
)  # fmt: skip

LOGIN: Tree = {
    **PROGRAM,
    **HERE,
    **MESSAGE,
    "user.name": First((f("user"), f("root"), Lookup(f("body"), {}, other="root"))),
    "session.uid": f("session", "session2"),
    "session.terminal": f("tty"),
    "src_endpoint.ip": Ip(f("ip")),
    "src_endpoint.hostname": NotIp(f("ip")),
    "service.name": f("syslog.app"),
    "auth_protocol": f("method"),
    "logon_type_id": Lookup(
        f("syslog.app"), {"dovecot": 3, "vsftpd": 3, "unix_chkpwd": 0}, default=2
    ),
}

MAPPER = program_log(
    name="pam",
    title="PAM, login and logind in syslog",
    made_by=("Linux", "Linux"),
    layouts=(
        Layout(name="pam", mark=r"^pam_\w+\([^)]*\)", headed=True, patterns=PATTERNS),
        Layout(
            name="login",
            apps=frozenset({"login", "systemd-logind", "elogind", "gdm", "gdm-password]", "lightdm", "dovecot", "vsftpd", "unix_chkpwd"}),
            patterns=PATTERNS,
        ),
        Layout(
            name="pam in the tag",
            headed=True,
            mark=r"^(?:session (?:opened|closed) for user |authentication failure; logname=|check pass; user unknown)",
            patterns=PATTERNS,
        ),
    ),
    linux=True,
    rules=(
        *pam_parts.RULES,
        Rule(name="login", class_uid=3002, activity_id=1, when=on("login"), tree={**LOGIN, **SUCCESS}),
        Rule(
            name="login failed",
            class_uid=3002,
            activity_id=1,
            severity_id=2,
            when=on("login_failed"),
            tree={
                **LOGIN,
                **FAILURE,
                "user.name": First((f("user"), Lookup(f("body"), {}, other="unknown"))),
                "status_detail": f("reason"),
            },
        ),
        Rule(
            name="logout",
            class_uid=3002,
            activity_id=2,
            when=on("logout"),
            tree={**LOGIN, **SUCCESS, "user.name": Lookup(f("body"), {}, other="unknown")},
        ),
        fallback(),
    ),
)  # fmt: skip
