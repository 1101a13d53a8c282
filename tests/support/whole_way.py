"""What a user does with a lake, wherever its catalogue and data are: load, detect, timeline."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import NamedTuple

from schemas.request import TimelineRequest
from schemas.scenario import IncidentSpec
from sentree.settings import Settings


class Told(NamedTuple):
    """What the commands told: counts, and the timeline's sentences with what they cite."""

    accepted: int
    detections: int
    events: int
    timeline: tuple[tuple[str, tuple[str, ...]], ...]


def incident_logs(folder: Path) -> Path:
    """Write the logs of a small incident, of two kinds only: each costs its mapper's time."""
    from sentree.evals.generate.incident import generate_incident

    generate_incident(folder, IncidentSpec(seed=5, days=1, benign_events=150))
    for other in folder.iterdir():
        if other.name not in ("windows", "cloudtrail"):
            shutil.rmtree(other) if other.is_dir() else other.unlink()
    return folder


def whole_way(settings: Settings, logs: Path) -> Told:
    """Load the logs, run the rules that come with the product, build the timeline."""
    from sentree.analysis.local import run_timeline
    from sentree.lake.db import Lake
    from sentree.lake.ingest import ingest
    from sentree.rules.detect import detect
    from sentree.rules.load import load_rules
    from sentree.rules.packs import OWN_RULES

    with Lake.open(settings) as lake:
        loaded = ingest(lake, [logs], settings=settings, tenant=settings.tenant)
        found = detect(lake, load_rules([OWN_RULES]), tenant=settings.tenant)
        again = ingest(lake, [logs], settings=settings, tenant=settings.tenant)
    assert again.accepted == 0
    result = run_timeline(settings, TimelineRequest(case="whole way"))
    return Told(
        loaded.accepted,
        found.detections_new,
        result.coverage.events_in_scope,
        tuple(
            (claim.text, tuple(sorted(each.event_uid for each in claim.evidence)))
            for claim in result.summary
        ),
    )
