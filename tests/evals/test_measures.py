"""What is measured is found by being there, and shown with interval, cases and command."""

from __future__ import annotations

import json

import pytest

from sentree.errors import UsageError
from sentree.evals.measures.ask import ask_generated
from sentree.evals.measures.measure import Measure
from sentree.evals.measures.registry import Scenario, choose, find_scenarios
from sentree.evals.measures.table import Measured, as_json, as_markdown
from sentree.evals.questions import Outcome

ROWS = [
    Measure("a: b", "recall", 0.98765, 0.9, 1.0, 20, "19 | 20"),
    Measure("a: b", "lines without a citation", 1, None, None, 1),
    Measure("a: b", "objects per second", 47_815.4, None, None, 9),
]


def test_scenarios_are_found_by_their_functions() -> None:
    found = find_scenarios()
    assert {"ask", "incident", "intel"} <= set(found)
    assert found["intel"].generated and found["intel"].real
    assert found["incident"].real is None
    assert "table" not in found


def test_an_unknown_scenario_is_refused_with_those_there_are() -> None:
    with pytest.raises(UsageError, match="no scenario 'x' is measured: there are ask,"):
        choose(["x"])


def test_seeds_reach_the_scenarios_that_take_them_and_no_others() -> None:
    def seeded(seeds: int = 3) -> list[Measure]:
        return [Measure("t", "m", seeds, None, None, seeds)]

    def plain() -> list[Measure]:
        return ROWS

    assert Scenario("x", seeded, None).measure_generated(2)[0].n == 2
    assert Scenario("x", seeded, None).measure_generated()[0].n == 3
    assert Scenario("x", plain, None).measure_generated(2) == ROWS
    assert Scenario("x", None, None).measure_generated() == []


def test_a_table_tells_shares_from_counts_and_escapes_what_would_break_it() -> None:
    text = as_markdown([Measured("run me", ROWS)])
    assert text.startswith("`run me`\n\n| task | metric |")
    assert "| a: b | recall | 0.988 | 0.900 to 1.000 | 20 | 19 \\| 20 |" in text
    assert "| a: b | lines without a citation | 1 |  | 1 |  |" in text
    assert "| 47,815 |  | 9 |" in text


def test_json_has_every_figure_unrounded_with_its_command() -> None:
    first = json.loads(as_json([Measured("run me", ROWS)]))[0]
    assert first["value"] == 0.98765 and first["command"] == "run me" and first["n"] == 20


def test_the_embedded_analyst_counts_what_is_countable_and_declines_what_needs_language() -> None:
    cases = ask_generated(seed=3, tokens=12_000)
    wrong = [case.text for case in cases if case.score.outcome is Outcome.WRONG]
    assert wrong == []
    assert all(
        case.score.outcome is (Outcome.DECLINED if case.needs_language else Outcome.RIGHT)
        for case in cases
    )
    assert sum(case.dropped for case in cases) == 0
    assert sum(case.needs_language for case in cases) >= 5
