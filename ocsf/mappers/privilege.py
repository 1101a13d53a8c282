"""sudo, su, doas and pkexec in syslog: who acted as whom, with which command, or was refused."""

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
from ocsf.mapping import PRESENT, First, Lookup, Rule, Tree, c, f

# Fields of sudo's line come in this order; newer ones are left out where they are empty.
SUDO = (
    r"(?:HOST=(?P<on_host>\S+) ; )?(?:TTY=(?P<tty>\S+) ; )?(?:CHROOT=\S* ; )?PWD=(?P<cwd>.*?) ; USER=(?P<user>\S+) ;"
    r"(?: GROUP=(?P<group>\S+) ;)?(?: TSID=(?P<session>\S+) ;)?(?: ENV=(?P<env>.*?) ;)? COMMAND=(?P<command>.*)$"
)
BY = r"^\s*(?P<by>\S+) : "

PATTERNS: tuple[tuple[str, str], ...] = (
    ("command", BY + SUDO),
    ("refused", BY + r"(?P<reason>[^;]*[^; ]) ; " + SUDO),
    *pam_parts.PATTERNS,
    ("switched", r"^Successful su for (?P<user>\S+) by (?P<by>\S+)"),
    ("switched", r"^\(to (?P<user>\S+)\) (?P<by>\S+) on (?P<tty>\S+)"),
    ("switched", r"^\+ (?P<tty>\S+) (?P<by>[^\s:]+)[:-](?P<user>\S+)"),
    ("switched", r"^(?P<by>\S+) to (?P<user>\S+) on (?P<tty>\S+)$"),
    ("denied", r"^FAILED [sS][uU] for (?P<user>\S+) by (?P<by>\S+)"),
    ("denied", r"^FAILED [sS][uU] \(to (?P<user>\S+)\) (?P<by>\S+) on (?P<tty>\S+)"),
    ("denied", r"^- (?P<tty>\S+) (?P<by>[^\s:]+)[:-](?P<user>\S+)"),
    ("denied", r"^BAD SU (?P<by>\S+) to (?P<user>\S+) on (?P<tty>\S+)"),
    ("doas", r"^(?P<by>\S+) ran command (?P<command>.*) as (?P<user>\S+)(?: from (?P<cwd>.*))?$"),
    ("doas_refused", r"^(?:failed|command not permitted) (?:auth )?for (?P<by>[^\s:]+)(?:: (?P<command>.*))?"),
    ("pkexec", r"^(?P<by>\S+): Executing command \[USER=(?P<user>\S+)\] \[TTY=(?P<tty>[^\]]*)\] \[CWD=(?P<cwd>[^\]]*)\] \[COMMAND=(?P<command>.*)\]$"),
    ("pkexec_refused", r"^(?P<by>\S+): (?P<reason>.*?) \[USER=(?P<user>\S+)\] \[TTY=(?P<tty>[^\]]*)\] \[CWD=(?P<cwd>[^\]]*)\] \[COMMAND=(?P<command>.*)\]$"),
)  # fmt: skip

SWITCH: Tree = {
    **PROGRAM,
    **HERE,
    **MESSAGE,
    "user.name": First((f("user"), Lookup(f("body"), {}, other="root"))),
    "actor.user.name": f("by"),
    "actor.session.terminal": f("tty"),
    "account_switch_type_id": c(1),
    "service.name": f("syslog.app"),
    "logon_type_id": c(2),
    "unmapped.command": f("command"),
    "unmapped.working_directory": f("cwd"),
    "unmapped.group": f("group"),
    "unmapped.environment": f("env"),
    "unmapped.session": f("session"),
}

MAPPER = program_log(
    name="privilege",
    title="sudo, su, doas, pkexec in syslog",
    made_by=("Linux", "Linux"),
    layouts=(
        Layout(
            name="sudo",
            apps=frozenset({"sudo", "su", "doas", "pkexec", "polkit-agent-helper-1", "runuser"}),
            patterns=PATTERNS,
        ),
    ),
    linux=True,
    rules=(
        Rule(
            name="acted as another user",
            class_uid=3002,
            activity_id=7,
            when=on("command", "switched", "doas", "pkexec"),
            tree={**SWITCH, **SUCCESS},
        ),
        Rule(
            name="refused",
            class_uid=3002,
            activity_id=7,
            severity_id=3,
            when=(*on("refused", "denied", "doas_refused", "pkexec_refused"), ("by", PRESENT)),
            tree={
                **SWITCH,
                **FAILURE,
                "status_detail": First((f("reason"), c("authentication failure"))),
            },
        ),
        *pam_parts.RULES,
        fallback(),
    ),
)
