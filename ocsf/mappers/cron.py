"""cron, anacron and at in syslog: jobs started, tables edited."""

# Patterns are long; a broken one can't be read.
# ruff: noqa: E501

from __future__ import annotations

from ocsf.layout import Layout
from ocsf.mappers import pam_parts
from ocsf.mappers.syslog_parts import (
    MESSAGE,
    PROGRAM,
    fallback,
    on,
    program_log,
)
from ocsf.mapping import Cut, Rule, Tree, f

PATTERNS: tuple[tuple[str, str], ...] = (
    ("started", r"^\((?P<user>[^)]+)\) CMD \(\s*(?:\[\d+\] )?(?P<job>.*?)\s*\)$"),
    ("finished", r"^\((?P<user>[^)]+)\) CMDEND \(\s*(?P<job>.*?)\s*\)$"),
    ("edited", r"^\((?P<by>[^)]+)\) (?P<what>REPLACE|END EDIT|RELOAD) \((?P<job>[^)]*)\)$"),
    ("removed", r"^\((?P<by>[^)]+)\) DELETE \((?P<job>[^)]*)\)$"),
    ("started", r"^Job [`'](?P<job>[^']+)' started"),
    ("finished", r"^Job [`'](?P<job>[^']+)' terminated"),
    *pam_parts.PATTERNS,
)
JOB: Tree = {
    **PROGRAM,
    **MESSAGE,
    "job.name": Cut(f("job"), 256),
    "job.cmd_line": f("job"),
    "job.user.name": f("user"),
    "actor.user.name": f("by", "user"),
}
TABLE: Tree = {
    **PROGRAM,
    **MESSAGE,
    "job.name": f("job"),
    "job.user.name": f("job"),
    "actor.user.name": f("by", "user"),
    "unmapped.action": f("what"),
}


MAPPER = program_log(
    name="cron",
    title="cron in syslog",
    made_by=("cron", "Linux"),
    layouts=(
        Layout(
            name="cron",
            apps=frozenset({"cron", "crond", "/usr/sbin/cron", "crontab", "anacron", "atd", "fcron", "/usr/sbin/crond"}),
            patterns=PATTERNS,
        ),
    ),
    linux=True,
    rules=(
        Rule(name="started", class_uid=1006, activity_id=6, when=on("started"), tree=JOB),
        Rule(name="finished", class_uid=1006, activity_id=99, when=on("finished"), tree=JOB),
        Rule(name="edited", class_uid=1006, activity_id=2, when=on("edited"), tree=TABLE),
        Rule(name="removed", class_uid=1006, activity_id=3, when=on("removed"), tree=TABLE),
        *pam_parts.RULES,
        fallback({"actor.user.name": f("by")}),
    ),
)  # fmt: skip
