"""The whole timeline, without a workflow engine, over a generated incident with known truth."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from incident import IncidentLake

from schemas.request import TimelineRequest
from schemas.result import Result
from schemas.timeline import Timeline
from sentree.analysis.local import run_timeline
from sentree.evals.incident import score_incident
from sentree.report.document import formats_of, render_json, write_reports


@pytest.fixture(scope="module")
def result(incident_timeline: Result) -> Result:
    return incident_timeline


def timeline_of(result: Result) -> Timeline:
    assert result.timeline is not None
    return result.timeline


def test_every_planted_step_is_found_and_rows_are_in_order(
    result: Result, incident_lake: IncidentLake
) -> None:
    score = score_incident(result, incident_lake.truth)
    assert score.missed == ()
    assert score.ordered_share == 1.0


def test_every_row_resolves_to_its_raw_record_file_and_line(
    result: Result, incident_lake: IncidentLake
) -> None:
    cited = {event.event_uid: event for event in result.cited_events}
    for entry in timeline_of(result).entries:
        event = cited[entry.evidence[0].event_uid]
        assert event.time == entry.time
        assert (incident_lake.logs / event.source).is_file()
        assert event.line >= 1
        assert event.raw
    plain = next(event for event in cited.values() if event.source.endswith(".log"))
    lines = (
        (incident_lake.logs / plain.source)
        .read_text(encoding="utf-8", errors="replace")
        .splitlines()
    )
    assert plain.raw == lines[plain.line - 1]


def test_all_statements_hold_and_none_lacks_evidence(result: Result) -> None:
    assert result.verification.checked > 0
    assert result.verification.dropped == ()
    assert all(claim.evidence for claim in result.summary)
    assert all(entry.evidence for entry in timeline_of(result).entries)


def test_the_silent_host_is_a_gap(result: Result, incident_lake: IncidentLake) -> None:
    (silent,) = incident_lake.truth.silent
    gaps = [gap for gap in timeline_of(result).gaps if gap.host == silent.host.lower()]
    assert any(gap.start <= silent.start and gap.end >= silent.end for gap in gaps)


def test_coverage_names_snapshot_window_sources_and_classes(result: Result) -> None:
    coverage = result.coverage
    assert coverage.snapshot_id > 0
    assert coverage.window is not None
    assert coverage.events_looked_at == coverage.events_in_scope > 2_000
    assert sum(one.events_in_scope for one in coverage.by_source) == coverage.events_in_scope
    assert sum(one.events_looked_at for one in coverage.by_class) == coverage.events_looked_at


@pytest.mark.parametrize("leaf_characters", [150_000, 30_000_000])
def test_the_timeline_does_not_depend_on_the_size_of_leaves(
    result: Result, incident_lake: IncidentLake, leaf_characters: int
) -> None:
    settings = incident_lake.settings.model_copy(update={"leaf_characters": leaf_characters})
    other = run_timeline(settings, TimelineRequest(case="test"))
    assert len(other.trajectory) != len(result.trajectory)
    assert other.timeline == result.timeline
    assert other.summary == result.summary


def test_the_same_question_on_the_same_snapshot_gives_the_same_answer(
    result: Result, incident_lake: IncidentLake
) -> None:
    again = run_timeline(incident_lake.settings, TimelineRequest(case="test"))
    assert (again.timeline, again.summary) == (result.timeline, result.summary)


def test_an_entity_narrows_the_scope(result: Result, incident_lake: IncidentLake) -> None:
    host = next(entry.host for entry in timeline_of(result).entries if entry.score >= 65)
    narrow = run_timeline(incident_lake.settings, TimelineRequest(case="test", entity=host))
    assert 0 < narrow.coverage.events_in_scope < result.coverage.events_in_scope


def test_all_formats_are_written_and_the_document_renders_again(
    result: Result, tmp_path: Path
) -> None:
    paths = write_reports(result, formats_of(result), tmp_path)
    assert all(path.stat().st_size > 500 for path in paths)
    assert Result.model_validate(json.loads(render_json(result))) == result
