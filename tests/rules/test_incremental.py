"""What was searched is not searched again, and nobody can tell but by the time it takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from schemas.detection import DetectReport
from sentree.lake.db import Lake
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
    assert (again.events, again.hits, again.rules_run) == (2, first.hits, 3)
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
        assert (last.hits, last.detections) == (whole.hits, whole.detections)
        assert whole.detections_new == 0
