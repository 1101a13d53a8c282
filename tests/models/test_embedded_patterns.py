"""Each pattern takes the events it should, and leaves alone those that only look like them."""

from __future__ import annotations

import re
import time
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml
from embedded_context import context_of, event, whole
from test_source_patterns import SOURCE_FAMILIES

from models.embedded import EmbeddedAnalyst, finding_uid
from models.patterns.vocabulary import load_patterns
from schemas.finding import Finding
from sentree.intel import attack

CASES: list[dict[str, Any]] = yaml.safe_load(
    (Path(__file__).parent / "data" / "pattern_cases.yml").read_text(encoding="utf-8")
)


def _events() -> list[tuple[str, bool, dict[str, Any]]]:
    found: list[tuple[str, bool, dict[str, Any]]] = []
    for case in CASES:
        for expected, key in ((True, "shows"), (False, "shows_not")):
            for fields in case[key]:
                # A host of its own keeps each case from being a repetition of another.
                number = len(found)
                found.append(
                    (case["pattern"], expected, event(number, **fields | {"host": f"h{number}"}))
                )
    return found


EVENTS = _events()


@pytest.fixture(scope="module")
def findings() -> dict[str, Finding]:
    context = context_of(row for _, _, row in EVENTS)
    result = EmbeddedAnalyst().read(context, whole())
    return {each.finding_uid: each for each in result.findings}


@pytest.mark.parametrize("number", range(len(EVENTS)), ids=lambda n: f"{n}-{EVENTS[n][0]}")
def test_a_pattern_takes_what_shows_it_and_nothing_else(
    number: int, findings: dict[str, Finding]
) -> None:
    pattern, expected, row = EVENTS[number]
    uid = finding_uid(f"pattern {pattern}", row["event_uid"])
    assert (uid in findings) is expected


def test_every_case_names_a_pattern_and_every_family_has_cases() -> None:
    families = {pattern.name: pattern.family for pattern in load_patterns()}
    assert {case["pattern"] for case in CASES} <= set(families)
    cased = {families[case["pattern"]] for case in CASES}
    assert cased | SOURCE_FAMILIES == set(families.values())


def test_every_quote_stands_in_its_event(findings: dict[str, Finding]) -> None:
    rows = {row["event_uid"]: row for _, _, row in EVENTS}
    assert findings
    for finding in findings.values():
        for evidence in finding.evidence:
            row = rows[evidence.event_uid]
            assert evidence.quote
            assert evidence.quote in row["raw"] or evidence.quote in row["event"]


def test_pattern_names_are_unique_and_their_techniques_are_in_attack() -> None:
    patterns = load_patterns()
    assert len({pattern.name for pattern in patterns}) == len(patterns)
    unknown = {
        uid
        for pattern in patterns
        for uid in pattern.techniques
        if not attack.technique(uid).known or attack.technique(uid).uid != uid
    }
    assert unknown == set()
    assert all(0 < pattern.score <= 100 for pattern in patterns)


def test_statements_are_one_sentence_with_the_fields_an_analyst_wants(
    findings: dict[str, Finding],
) -> None:
    row = next(row for name, shows, row in EVENTS if name == "office-starts-shell" and shows)
    finding = findings[finding_uid("pattern office-starts-shell", row["event_uid"])]
    assert finding.statement.startswith(f"{row['host']}: cmd.exe (pid 4312) started by WINWORD.EXE")
    assert finding.statement.endswith("a document program started a shell or script host.")
    assert finding.fact == f"process|{row['host']}|4312|c:\\windows\\system32\\cmd.exe"


def _expressions() -> list[str]:
    """Every regular expression of the pattern files."""
    found: list[str] = []

    def walk(node: Any) -> None:
        if isinstance(node, dict):
            for each in node.values():
                walk(each)
        elif isinstance(node, list):
            for each in node:
                walk(each)
        elif isinstance(node, str) and node.startswith("~"):
            found.append(node[1:])

    for entry in files("models.patterns").iterdir():
        if entry.name.endswith(".yml"):
            walk(yaml.safe_load(entry.read_text(encoding="utf-8")))
    return found


def test_no_expression_is_slow_on_hostile_repetition() -> None:
    slowest = 0.0
    for expression in _expressions():
        compiled = re.compile(expression)
        words = set(re.findall(r"[a-z$_]{2,}", re.sub(r"\\[a-z]", " ", expression)))
        for word in (*sorted(words), " ", "a", "\\a", "a" * 21 + "."):
            text = f"{word}" * (4_096 // len(word))
            started = time.perf_counter()
            compiled.search(text)
            slowest = max(slowest, time.perf_counter() - started)
    # A bounded repetition costs milliseconds here; an unbounded one costs seconds.
    assert slowest < 0.5
