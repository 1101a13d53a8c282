"""Linux's tools for accounts in syslog: users and groups made, changed, removed, passwords set."""

# Patterns are long; a broken one can't be read.
# ruff: noqa: E501

from __future__ import annotations

from ocsf.layout import Layout
from ocsf.mappers import pam_parts
from ocsf.mappers.syslog_parts import (
    FAILURE,
    MESSAGE,
    PROGRAM,
    SUCCESS,
    fallback,
    on,
    program_log,
)
from ocsf.mapping import Rule, Tree, f

Q = r"[`'\"]?"
NAME = rf"{Q}(?P<user>[^\s,`'\"]+){Q}"
GROUP = rf"{Q}(?P<group>[^\s,`'\"]+){Q}"

PATTERNS: tuple[tuple[str, str], ...] = (
    ("user_created", r"^new user: name=(?P<user>[^,]+), UID=(?P<uid>\d+), GID=(?P<gid>\d+), home=(?P<home>[^,]*), shell=(?P<shell>[^,]*)(?:, from=(?P<tty>.*))?"),
    ("user_created", r"^(?:new account added - )?account=(?P<user>[^,]+), uid=(?P<uid>\d+)"),
    ("user_deleted", rf"^delete user {NAME}"),
    ("group_created", r"^new group: name=(?P<group>[^,]+), GID=(?P<gid>\d+)"),
    ("group_created", r"^group added to (?P<file>[^:]+): name=(?P<group>[^,\s]+)(?:, GID=(?P<gid>\d+))?"),
    ("group_deleted", rf"^(?:group {GROUP} removed(?: from (?P<file>\S+))?|removed (?:shadow )?group {Q}(?P<group2>[^\s`'\"]+){Q})"),
    ("group_changed", r"^group changed in (?P<file>\S+) \(group (?P<group>[^/,)]+)"),
    ("member_added", rf"^add(?:ed)? {NAME} to (?:shadow )?group {GROUP}"),
    ("member_added", rf"^(?:user|members?) {NAME} (?:was )?added (?:by (?P<by>\S+) )?to group {GROUP}"),
    ("member_removed", rf"^(?:delete|removed?) {NAME} from (?:shadow )?group {GROUP}"),
    ("member_removed", rf"^user {NAME} removed (?:by (?P<by>\S+) )?from group {GROUP}"),
    ("password_set", rf"^change user {NAME} password"),
    ("password_set", rf"^password (?:for {NAME} changed(?: by {Q}(?P<by>[^\s`'\"]+){Q})?|changed for user {Q}(?P<user2>[^\s`'\"]+){Q})"),
    ("user_locked", rf"^lock user {NAME} password"),
    ("user_unlocked", rf"^unlock user {NAME} password"),
    ("user_changed", rf"^change(?:d)? user {NAME} (?P<what>.*)$"),
    ("user_changed", rf"^change user name {NAME} to {Q}(?P<new_name>[^\s`'\"]+)"),
    ("failed", rf"^failed (?P<what>adding|deleting|changing|to change|to add|to delete) (?:user|group) {NAME}.*"),
    *pam_parts.PATTERNS,
)  # fmt: skip

CHANGE: Tree = {
    **PROGRAM,
    **MESSAGE,
    **SUCCESS,
    "user.name": f("user", "user2"),
    "user.uid": f("uid"),
    "actor.user.name": f("by"),
    "unmapped.change": f("what"),
    "unmapped.new_name": f("new_name"),
    "unmapped.home": f("home"),
    "unmapped.shell": f("shell"),
    "unmapped.gid": f("gid"),
    "unmapped.terminal": f("tty"),
}
MEMBER: Tree = {
    **PROGRAM,
    **MESSAGE,
    **SUCCESS,
    "group.name": f("group", "group2"),
    "group.uid": f("gid"),
    "user.name": f("user"),
    "actor.user.name": f("by"),
    "unmapped.file": f("file"),
}
ACTIVITIES = {
    "user_created": 1,
    "user_deleted": 6,
    "password_set": 3,
    "user_locked": 9,
    "user_unlocked": 12,
    "user_changed": 99,
}
GROUPS = {
    "group_created": 6,
    "group_deleted": 5,
    "group_changed": 99,
    "member_added": 3,
    "member_removed": 4,
}

MAPPER = program_log(
    name="accounts",
    title="useradd, usermod, groupadd, passwd in syslog",
    made_by=("Linux", "Linux"),
    layouts=(
        Layout(
            name="accounts",
            apps=frozenset(
                {
                    *(
                        "useradd",
                        "usermod",
                        "userdel",
                        "adduser",
                        "deluser",
                        "groupadd",
                        "groupmod",
                    ),
                    *(
                        "groupdel",
                        "gpasswd",
                        "passwd",
                        "chpasswd",
                        "chage",
                        "chsh",
                        "chfn",
                        "newusers",
                    ),
                    *("shadow", "pw", "vipw"),
                }
            ),
            patterns=PATTERNS,
        ),
    ),
    linux=True,
    rules=(
        *(
            Rule(name=event, class_uid=3001, activity_id=activity, when=on(event), tree=CHANGE)
            for event, activity in ACTIVITIES.items()
        ),
        *(
            Rule(name=event, class_uid=3006, activity_id=activity, when=on(event), tree=MEMBER)
            for event, activity in GROUPS.items()
        ),
        Rule(
            name="failed",
            class_uid=3001,
            activity_id=0,
            severity_id=2,
            when=on("failed"),
            tree={**CHANGE, **FAILURE, "status_detail": f("body")},
        ),
        *pam_parts.RULES,
        fallback({"actor.user.name": f("by")}),
    ),
)
