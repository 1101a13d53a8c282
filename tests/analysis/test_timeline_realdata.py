"""Timelines of real data: in order, and each row resolves to the raw record, file and line."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from schemas.request import TimelineRequest
from schemas.result import Result
from sentree.analysis.local import run_timeline
from sentree.evals.metrics import ordered_pairs
from sentree.lake.db import Lake
from sentree.lake.ingest import ingest
from sentree.settings import Settings

pytestmark = pytest.mark.realdata


def timeline_over(paths: list[Path], settings: Settings) -> Result:
    with Lake.open(settings) as lake:
        report = ingest(lake, paths, settings=settings, tenant=settings.tenant)
        assert report.delivered == report.accepted + report.duplicate + report.rejected
        assert lake.check() == []
    return run_timeline(settings, TimelineRequest(case="real"))


def check_rows(result: Result, folder: Path) -> None:
    assert result.timeline is not None
    entries = result.timeline.entries
    assert entries
    cited = {event.event_uid: event for event in result.cited_events}
    times = [cited[entry.evidence[0].event_uid].time for entry in entries]
    assert all(time is not None for time in times)
    assert ordered_pairs([time for time in times if time]).score == 1.0
    lines: dict[str, list[str]] = {}
    for entry in entries:
        for evidence in entry.evidence:
            event = cited[evidence.event_uid]
            if event.source not in lines:
                text = gzip.decompress((folder / event.source).read_bytes()).decode()
                lines[event.source] = text.split("\n")
            line = lines[event.source][event.line - 1]
            assert event.raw == line.strip("\r")[: len(event.raw)]
    assert result.verification.dropped == ()


def test_apt29_over_two_days(shared_data: Path, settings: Settings) -> None:
    result = timeline_over(sorted((shared_data / "campaigns" / "apt29").glob("*.gz")), settings)
    check_rows(result, shared_data / "campaigns" / "apt29")
    assert result.coverage.events_in_scope > 4_000
    assert len({entry.host for entry in result.timeline.entries if entry.host}) > 2


def test_atomic_data_sets(shared_data: Path, tmp_path: Path) -> None:
    # A part of them: `bench/realdata.py` takes all.
    for path in sorted((shared_data / "mordor").glob("*.jsonl.gz"))[::4]:
        home = tmp_path / path.name.split(".")[0]
        check_rows(timeline_over([path], Settings(home=home)), path.parent)


def test_cloud_trail_in_a_wrapper(shared_data: Path, settings: Settings) -> None:
    path = shared_data / "cloudtrail-attack" / "events.jsonl.gz"
    check_rows(timeline_over([path], settings), path.parent)
