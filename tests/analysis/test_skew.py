"""Clocks: a healthy lake gets no correction, a wrong clock gets the right one, the record stays."""

from __future__ import annotations

from pathlib import Path
from random import Random

import hypothesis.strategies as st
import pytest
from hypothesis import given
from hypothesis import settings as profile

from schemas.request import TimelineRequest
from schemas.result import Result
from schemas.scenario import HostClock, IncidentSpec, IncidentTruth, Noise
from sentree.analysis.local import run_timeline
from sentree.analysis.skew import SENSOR, Pair, fit_line, read_clocks
from sentree.evals.generate.incident import generate_incident
from sentree.evals.incident import score_incident
from sentree.lake.db import Lake
from sentree.lake.ingest import ingest
from sentree.settings import Settings

ERRORS = st.floats(-20_000, 20_000).filter(lambda one: abs(one) > 10)


def pairs(seconds: float, count: int = 30, drift: float = 0.0, seed: int = 1) -> list[Pair]:
    random = Random(seed)
    return [
        Pair(
            moment=n * 3600.0,
            seconds=seconds + drift * n * 3600.0 + random.uniform(-0.2, 0.2),
            uids=(f"a{n}", f"b{n}"),
            kind="connection",
        )
        for n in range(count)
    ]


@given(ERRORS, st.integers(8, 60), st.integers(0, 99))
def test_an_offset_is_found_to_a_fraction_of_a_second(
    seconds: float, count: int, seed: int
) -> None:
    line = fit_line(pairs(seconds, count, seed=seed))
    assert line is not None
    assert line.at(0) == pytest.approx(seconds, abs=0.3)


@given(ERRORS, st.floats(-300, 300), st.integers(0, 99))
def test_a_drift_is_followed(seconds: float, ppm: float, seed: int) -> None:
    line = fit_line(pairs(seconds, 60, ppm / 1e6, seed))
    assert line is not None
    for moment in (0.0, 30 * 3600.0, 59 * 3600.0):
        assert line.at(moment) == pytest.approx(seconds + ppm / 1e6 * moment, abs=1.2)


@given(st.lists(st.floats(-9e4, 9e4), max_size=12), st.integers(0, 99))
def test_a_third_of_wrong_pairs_does_not_move_it(wrong: list[float], seed: int) -> None:
    good = pairs(120.0, 30, seed=seed)
    bad = [Pair(n * 1000.0, one, ("x", "y"), "logon") for n, one in enumerate(wrong)]
    line = fit_line([*good, *bad])
    assert line is not None
    assert line.at(0) == pytest.approx(120.0, abs=1.5)


def test_few_pairs_and_pairs_that_disagree_say_nothing() -> None:
    assert fit_line(pairs(500.0, 7)) is None
    random = Random(3)
    noise = [Pair(n * 100.0, random.uniform(-50, 50), (str(n), str(n)), "logon") for n in range(40)]
    assert fit_line(noise) is None


@profile(max_examples=30)
@given(st.permutations(["a", "b", "c", "d", SENSOR]), ERRORS)
def test_the_one_that_differs_from_the_many_is_wrong_whichever_it_is(
    names: list[str], error: float
) -> None:
    wrong, *right = names
    found = read_clocks(
        {
            (one, other): pairs(error if one == wrong else -error if other == wrong else 0.0)
            for one in sorted(names)
            for other in sorted(names)
            if one < other
        }
    )
    read = {one.clock: one.line.at(0) for one in found}
    assert read[wrong] == pytest.approx(error, abs=0.5)
    assert all(abs(read[name]) < 0.5 for name in right)


def test_of_two_clocks_the_sensor_is_the_reference() -> None:
    readings = read_clocks({(SENSOR, "ws01"): pairs(60.0)})
    assert {one.clock: round(one.line.at(0)) for one in readings} == {SENSOR: 0, "ws01": -60}


def test_a_healthy_lake_gets_no_correction(incident_timeline: Result) -> None:
    result = incident_timeline
    assert result.timeline is not None
    assert len(result.timeline.clocks) >= 8
    assert not any(one.applied for one in result.timeline.clocks)
    assert not any(entry.recorded_time for entry in result.timeline.entries)
    assert result.sections == ()


CLOCKS = (
    HostClock(host="FS01", offset_s=1_325.0),
    HostClock(host="WS01", offset_s=-40.0, drift_ppm=-90.0),
    HostClock(host="APP01", zone_s=-7 * 3600.0),
)


@pytest.fixture(scope="module")
def skewed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, IncidentTruth]:
    folder = tmp_path_factory.mktemp("skewed")
    spec = IncidentSpec(seed=5, benign_events=2_600, noise=Noise.NONE, clocks=CLOCKS)
    truth = generate_incident(folder / "logs", spec)
    settings = Settings(home=folder / "home")
    with Lake.open(settings) as lake:
        ingest(lake, [folder / "logs"], settings=settings, tenant=settings.tenant)
    return run_timeline(settings, TimelineRequest(case="test")), truth


def test_wrong_clocks_are_measured_with_the_pairs_that_show_it(
    skewed: tuple[Result, IncidentTruth],
) -> None:
    result, truth = skewed
    assert result.timeline is not None
    found = {one.clock: one for one in result.timeline.clocks if one.applied}
    assert set(found) == {one.host.lower() for one in truth.clocks}
    cited = {event.event_uid for event in result.cited_events}
    for true in truth.clocks:
        one = found[true.host.lower()]
        assert one.zone_s == true.zone_s
        middle = truth.spec.days * 43_200
        wanted = true.offset_s + true.drift_ppm * middle / 1e6
        passed = middle - (one.since - truth.spec.start).total_seconds()
        assert one.offset_s + one.drift_ppm * passed / 1e6 == pytest.approx(wanted, abs=2.0)
        assert len(one.evidence) >= 2
        assert {ev.event_uid for ev in one.evidence} <= cited


def test_rows_come_in_true_order_and_keep_what_was_recorded(
    skewed: tuple[Result, IncidentTruth],
) -> None:
    result, truth = skewed
    assert result.timeline is not None
    score = score_incident(result, truth)
    assert score.ordered_share > 0.995
    times = {event.event_uid: event.time for event in result.cited_events}
    corrected = [entry for entry in result.timeline.entries if entry.recorded_time]
    assert corrected
    for entry in corrected:
        assert times[entry.evidence[0].event_uid] == entry.recorded_time
        assert entry.details[0].startswith("Recorded as ")
    assert result.verification.dropped == ()
    assert [section.key for section in result.sections] == ["clocks"]


def test_reports_show_both_times(skewed: tuple[Result, IncidentTruth], tmp_path: Path) -> None:
    from sentree.report.document import write_reports

    result, _ = skewed
    for path in write_reports(result, ("html", "md", "csv", "timesketch"), tmp_path):
        text = path.read_text(encoding="utf-8")
        assert any(word in text for word in ("Recorded as", "recorded_datetime", "(recorded ")), (
            path.name
        )
