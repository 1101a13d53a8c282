"""How `sentree timeline` does: generated incidents with known truth, and the real sample."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from schemas.request import TimelineRequest
from schemas.result import Result
from schemas.scenario import IncidentSpec, IncidentTruth
from sentree.analysis.local import run_timeline
from sentree.cli.common import pick_rules
from sentree.evals.generate.incident import generate_incident
from sentree.lake.db import Lake
from sentree.lake.ingest import ingest
from sentree.rules.detect import detect
from sentree.rules.load import load_rules
from sentree.settings import Settings


def analysed(spec: IncidentSpec) -> tuple[Result, IncidentTruth]:
    """Generate an incident and build its timeline, as the demonstration does."""
    with tempfile.TemporaryDirectory() as place:
        truth = generate_incident(Path(place) / "logs", spec)
        return timeline_of([Path(place) / "logs"], Path(place) / "home"), truth


def timeline_of(paths: Sequence[Path], home: Path) -> Result:
    """Ingest files into a new lake, run the product's rules, and build the timeline."""
    settings = Settings(home=home)
    with Lake.open(settings) as lake:
        ingest(lake, list(paths), settings=settings, tenant=settings.tenant)
        detect(lake, load_rules(pick_rules(())), tenant=settings.tenant)
    return run_timeline(settings, TimelineRequest(case="measure"))
