"""On recorded attack simulations the analyst names the technique, and stays brief."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from models.embedded import EmbeddedAnalyst
from schemas.trajectory import Partition
from sentree.intel import attack
from sentree.lake.context import Context, export_context
from sentree.lake.db import Lake
from sentree.lake.ingest import ingest
from sentree.settings import Settings


@pytest.mark.realdata
def test_the_simulated_technique_is_among_the_findings(shared_data: Path, tmp_path: Path) -> None:
    index = (shared_data / "mordor" / "index.jsonl").read_text(encoding="utf-8")
    truth = {item["file"]: item["techniques"] for item in map(json.loads, index.splitlines())}
    settings = Settings(home=tmp_path / "home")
    with Lake.open(settings) as lake:
        ingest(lake, [shared_data / "mordor" / name for name in truth], settings=settings)
        info = export_context(lake, settings.home, tenant=settings.tenant)
    with Context.open(Path(info.path)) as context:
        found = EmbeddedAnalyst().read(context, Partition(window=info.window)).findings
        uids = [evidence.event_uid for finding in found for evidence in finding.evidence]
        events = {event.event_uid: event for event in context.cited(uids)}
    named: dict[str, set[str]] = {name: set() for name in truth}
    for finding in found:
        for evidence in finding.evidence:
            cited = events[evidence.event_uid]
            quote = evidence.quote or ""
            assert quote in cited.raw or quote in cited.event
            named[Path(cited.source).name] |= {attack.parent(uid) for uid in finding.techniques}
    assert len(found) < 30 * len(truth)
    missed = [name for name, uids in truth.items() if not {*map(attack.parent, uids)} & named[name]]
    assert missed == []
