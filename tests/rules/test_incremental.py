"""What was searched is not searched again, and nobody can tell but by the time it takes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from schemas.detection import DetectReport
from sentree.lake.compact import compact
from sentree.lake.db import Lake
from sentree.lake.expire import expire
from sentree.rules.detect import detect
from sentree.rules.load import load_rules
from sentree.settings import Settings
from tests.rules.lake_events import put

RULE = """
title: {word}
id: 0f4a5b7e-0000-4000-8000-{number:012}
logsource: {{category: process_creation, product: windows}}
detection:
  words: {{CommandLine|contains: '{word}'}}
  condition: words
"""
WORDS = ("alpha", "beta", "gamma")


def start(text: str) -> dict[str, Any]:
    header = {"EventID": 1, "Channel": "Microsoft-Windows-Sysmon/Operational"}
    return {**header, "CommandLine": text}


def write(folder: Path, *words: str) -> Path:
    folder.mkdir(exist_ok=True)
    for path in folder.glob("*.yml"):
        path.unlink()
    for number, word in enumerate(words):
        folder.joinpath(f"{number}.yml").write_text(RULE.format(word=word, number=number))
    return folder


def run(lake: Lake, folder: Path, **options: Any) -> DetectReport:
    return detect(lake, load_rules([folder]), tenant="default", **options)


def counts(report: DetectReport) -> list[dict[str, Any]]:
    """The hits, but for what is new of them."""
    return [hit.model_dump(exclude={"new"}) for hit in report.hits]


def stored(lake: Lake) -> set[tuple[str, str]]:
    rows = lake.query("SELECT rule_uid, event_uid FROM detections")
    assert len(rows) == len({tuple(row.values()) for row in rows})
    return {(row["rule_uid"][-1], row["event_uid"]) for row in rows}


@pytest.fixture
def lake(settings: Settings) -> Any:
    with Lake.open(settings) as opened:
        yield opened


def test_a_run_over_the_same_events_searches_none_and_changes_nothing(
    lake: Lake, tmp_path: Path
) -> None:
    folder = write(tmp_path / "rules", *WORDS)
    put(lake, [start("alpha beta"), start("nothing")])
    first = run(lake, folder)
    assert (first.events_searched, first.detections, first.detections_new) == (2, 2, 2)
    before, snapshot = stored(lake), lake.snapshot_id()
    again = run(lake, folder)
    assert (again.events_searched, again.detections_new) == (0, 0)
    assert (again.events, counts(again), again.rules_run) == (2, counts(first), 3)
    assert {hit.new for hit in again.hits} == {0}
    assert (stored(lake), lake.snapshot_id()) == (before, snapshot)


def test_only_events_that_came_since_are_searched_and_all_hits_are_told(
    lake: Lake, tmp_path: Path
) -> None:
    folder = write(tmp_path / "rules", *WORDS)
    put(lake, [start(f"alpha {number}") for number in range(3)])
    run(lake, folder)
    put(lake, [start("alpha later"), start("gamma")])
    second = run(lake, folder)
    assert (second.events, second.events_searched) == (5, 2)
    assert (second.detections, second.detections_new) == (5, 2)
    assert {hit.title: hit.events for hit in second.hits} == {"alpha": 4, "gamma": 1}


def test_a_new_rule_sees_all_events_and_a_rule_left_out_meanwhile_has_not_forgotten(
    lake: Lake, tmp_path: Path
) -> None:
    put(lake, [start("alpha"), start("beta")])
    run(lake, write(tmp_path / "rules", "alpha"))
    other = write(tmp_path / "other", "gamma", "beta")
    other.joinpath("0.yml").unlink()
    assert run(lake, other).events_searched == 2
    both = run(lake, write(tmp_path / "rules", "alpha", "beta"))
    assert (both.events_searched, both.detections, both.detections_new) == (0, 2, 0)


def test_a_changed_rule_sees_all_events_and_what_it_no_longer_matches_is_gone(
    lake: Lake, tmp_path: Path
) -> None:
    uids = put(lake, [start("alpha"), start("beta"), start("alpha beta")])
    run(lake, write(tmp_path / "rules", "alpha", "alpha"))
    assert stored(lake) == {(rule, uids[event]) for rule in "01" for event in (0, 2)}
    changed = run(lake, write(tmp_path / "rules", "alpha", "beta"))
    assert (changed.events_searched, changed.detections_new) == (3, 1)
    assert stored(lake) == {("0", uids[0]), ("0", uids[2]), ("1", uids[1]), ("1", uids[2])}
    told = lake.query("SELECT detection_uid FROM detection_matches ORDER BY ALL")
    assert told == lake.query("SELECT detection_uid FROM detections ORDER BY ALL")


def test_a_rule_without_data_is_told_again_until_data_come(lake: Lake, tmp_path: Path) -> None:
    folder = write(tmp_path / "rules", "alpha")
    put(lake, [{"EventID": 1, "Channel": "Microsoft-Windows-Sysmon/Operational"}])
    first = run(lake, folder)
    assert len(first.without_data) == 1
    assert run(lake, folder).without_data == first.without_data
    put(lake, [start("something")])
    assert run(lake, folder).without_data == ()
    assert run(lake, folder).without_data == ()


def test_runs_over_a_part_of_the_events_leave_the_rest_to_be_searched(
    lake: Lake, tmp_path: Path
) -> None:
    folder = write(tmp_path / "rules", "alpha")
    put(lake, [start("alpha")])
    snapshot = lake.snapshot_id()
    put(lake, [start("alpha again")])
    assert run(lake, folder, since_snapshot=snapshot).detections == 1
    assert run(lake, folder).events_searched == 2
    assert len(stored(lake)) == 2


TWICE = """
title: twice
id: 0f4a5b7e-0000-4000-8000-000000000009
correlation:
  type: event_count
  rules: [0f4a5b7e-0000-4000-8000-000000000000]
  timespan: 1h
  condition: {{gte: 2}}
  generate: {generate}
"""


@pytest.mark.parametrize("generate", [True, False])
def test_a_correlation_finds_the_same_however_its_events_came_in(
    lake: Lake, tmp_path: Path, generate: bool
) -> None:
    folder = write(tmp_path / "rules", "alpha", "beta")
    folder.joinpath("9.yml").write_text(TWICE.format(generate=str(generate).lower()))
    put(lake, [start("alpha"), start("beta")])
    assert run(lake, folder).correlations == ()
    put(lake, [start("alpha again"), start("nothing")])
    [hit] = run(lake, folder).correlations
    assert hit.events == 2
    before, snapshot = stored(lake), lake.snapshot_id()
    # A rule that alerts is known by its detections, the hits of one that doesn't are not stored.
    again = run(lake, folder)
    assert again.events_searched == (0 if generate else 4)
    assert ([hit], 0) == (list(again.correlations), again.detections_new)
    assert (stored(lake), lake.snapshot_id()) == (before, snapshot)


def test_a_rule_that_no_correlation_silences_any_more_detects_what_it_hit_meanwhile(
    lake: Lake, tmp_path: Path
) -> None:
    folder = write(tmp_path / "rules", "alpha")
    uids = put(lake, [start("alpha")])
    run(lake, folder)
    folder.joinpath("9.yml").write_text(TWICE.format(generate="false"))
    uids += put(lake, [start("alpha later")])
    run(lake, folder)
    assert ("0", uids[0]) in stored(lake) and ("0", uids[1]) not in stored(lake)
    folder.joinpath("9.yml").unlink()
    assert run(lake, folder).detections_new == 1
    assert {("0", uid) for uid in uids} <= stored(lake)


def test_a_filter_that_is_new_makes_its_rules_see_all_events(lake: Lake, tmp_path: Path) -> None:
    folder = write(tmp_path / "rules", "alpha", "beta")
    uids = put(lake, [start("alpha"), start("alpha of ours"), start("beta")])
    run(lake, folder)
    folder.joinpath("filter.yml").write_text(FILTER)
    filtered = run(lake, folder)
    assert (filtered.events_searched, filtered.detections_new) == (3, 0)
    assert stored(lake) == {("0", uids[0]), ("1", uids[2])}
    folder.joinpath("filter.yml").unlink()
    assert run(lake, folder).detections_new == 1
    assert stored(lake) == {("0", uids[0]), ("0", uids[1]), ("1", uids[2])}


FILTER = """
title: What we start ourselves
logsource: {category: process_creation, product: windows}
filter:
  rules: [0f4a5b7e-0000-4000-8000-000000000000]
  ours: {CommandLine|contains: ours}
  condition: not ours
"""


@pytest.mark.parametrize("unpin", [False, True])
def test_after_upkeep_nothing_is_missed(
    lake: Lake, settings: Settings, tmp_path: Path, unpin: bool
) -> None:
    folder = write(tmp_path / "rules", "alpha")
    uids = put(lake, [start("alpha")])
    pinned = lake.snapshot_id()
    run(lake, folder)
    for number in range(3):
        uids += put(lake, [start(f"alpha {number}")])
    settings.runs_dir.joinpath("r").mkdir(parents=True)
    settings.runs_dir.joinpath("r", "result.json").write_text(f'{{"snapshot_id": {pinned}}}')
    compact(lake)
    uids += put(lake, [start("alpha after")])
    options: Any = {"older_than": timedelta(0), "now": datetime.now(UTC) + timedelta(hours=1)}
    expire(lake, settings.runs_dir, unpin=unpin, **options)
    run(lake, folder)
    assert stored(lake) == {("0", uid) for uid in uids}


@examples(
    max_examples=4,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    steps=st.lists(
        st.one_of(
            st.lists(st.sampled_from(WORDS), min_size=1, max_size=2).map(" ".join),
            st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map(tuple),
        ),
        min_size=2,
        max_size=5,
    )
)
def test_loads_and_rule_changes_in_any_order_end_where_one_run_ends(
    settings: Settings, tmp_path_factory: pytest.TempPathFactory, steps: list[Any]
) -> None:
    home = tmp_path_factory.mktemp("home")
    with Lake.open(settings.model_copy(update={"home": home})) as lake:
        put(lake, [start("alpha gamma")])
        for number, step in enumerate(steps):
            if isinstance(step, str):
                put(lake, [start(f"{step} {number}")])
            else:
                run(lake, write(home / "rules", *step))
        last = run(lake, write(home / "rules", *WORDS))
        found = stored(lake)
        whole = run(lake, home / "rules", again=True)
        assert stored(lake) == found
        assert (counts(last), last.detections) == (counts(whole), whole.detections)
        assert whole.detections_new == 0
