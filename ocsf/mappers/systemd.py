"""systemd in syslog or the journal: services started, stopped, failed."""

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
from ocsf.mapping import First, Match, Rule, Tree, f

UNIT = r"(?P<name>.+?)(?: - (?P<desc>.*?))?\.*$"
PATTERNS: tuple[tuple[str, str], ...] = (
    ("started", rf"^Started {UNIT}"),
    ("finished", rf"^Finished {UNIT}"),
    ("stopped", rf"^Stopped {UNIT}"),
    ("reloaded", rf"^Reload(?:ed|ing) {UNIT}"),
    ("start_failed", rf"^Failed to start {UNIT}"),
    ("failed", r"^(?P<name>\S+): (?P<desc>Failed with result .*|Main process exited.*|Unit entered failed state.*|Start request repeated too quickly.*|Control process exited.*)$"),
    ("restarted", r"^(?P<name>\S+): (?P<desc>(?:Scheduled restart job|Service .* over, scheduling restart).*)$"),
    ("stopped", r"^(?P<name>\S+): (?P<desc>Deactivated successfully|Succeeded|Consumed .*)\.?$"),
    *pam_parts.PATTERNS,
)  # fmt: skip
SERVICE: Tree = {
    **PROGRAM,
    **MESSAGE,
    "app.name": First((Match(f("name"), r"^(\S+\.(?:service|socket|timer|target|mount|scope))$"), f("name"))),
    "status_detail": f("desc"),
}  # fmt: skip
ACTIVITIES = {"started": 3, "finished": 99, "stopped": 4, "reloaded": 5, "restarted": 5}

MAPPER = program_log(
    name="systemd",
    title="systemd in syslog and journal",
    made_by=("systemd", "Linux"),
    layouts=(Layout(name="systemd", apps=frozenset({"systemd", "init"}), patterns=PATTERNS),),
    linux=True,
    rules=(
        *(
            Rule(
                name=event,
                class_uid=6002,
                activity_id=activity,
                when=on(event),
                tree={**SERVICE, **SUCCESS},
            )
            for event, activity in ACTIVITIES.items()
        ),
        Rule(
            name="failed",
            class_uid=6002,
            activity_id=3,
            severity_id=3,
            when=on("start_failed"),
            tree={**SERVICE, **FAILURE},
        ),
        Rule(
            name="ended with a failure",
            class_uid=6002,
            activity_id=4,
            severity_id=3,
            when=on("failed"),
            tree={**SERVICE, **FAILURE},
        ),
        *pam_parts.RULES,
        fallback(),
    ),
)
