"""Patterns on raw records: what a source writes goes through its real mapper to the analyst."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from embedded_context import context_of

from models.embedded import matching
from models.patterns.sight import Sight
from models.patterns.vocabulary import load_patterns
from schemas.request import TimelineRequest
from sentree.analysis.scope import export_scope, new_run_dir
from sentree.lake.context import Context
from sentree.lake.db import Lake
from sentree.lake.ingest import ingest
from sentree.settings import Settings

SOURCE_FAMILIES = {
    *("identity", "forges", "clusters", "gcp", "azure", "cloud_more", "appliances", "databases"),
    *("web", "findings", "windows_more", "mac_and_hypervisor"),
}


class Case(NamedTuple):
    source: str
    pattern: str
    shows: str
    shows_not: str


def _cases() -> list[Case]:
    text = (Path(__file__).parent / "data" / "source_cases.yml").read_text(encoding="utf-8")
    found: list[Case] = []
    for group in yaml.safe_load(text):
        for pattern, shows, shows_not in group["cases"]:
            records = (
                _written(group["record"], group.get("given", {}) | words)
                for words in (shows, shows_not)
            )
            found.append(Case(group["source"], pattern, *records))
    return found


def _written(record: str, words: dict[str, Any]) -> str:
    for word in sorted(words, key=len, reverse=True):
        record = record.replace(word, str(words[word]))
    return record


CASES = _cases()


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, set[str]]]:
    """By raw record: its mapper, and the patterns that its event shows."""
    folder = tmp_path_factory.mktemp("sources")
    records = dict.fromkeys(raw for case in CASES for raw in (case.shows, case.shows_not))
    for name, is_json in (("records.jsonl", True), ("lines.log", False)):
        kept = [raw for raw in records if raw.startswith("{") is is_json]
        (folder / name).write_text("".join(f"{raw}\n" for raw in kept), encoding="utf-8")
    settings = Settings(home=folder / "home", catalog=None)
    with Lake.open(settings) as lake:
        paths = [folder / "records.jsonl", folder / "lines.log"]
        ingest(lake, paths, settings=settings, tenant=settings.tenant)
    request = TimelineRequest(case="patterns")
    run = new_run_dir(settings, request, datetime.now(UTC))
    with Context.open(Path(export_scope(settings, request.query, run).path)) as context:
        rows = context.query("SELECT * FROM events ORDER BY event_uid")
    for number, row in enumerate(rows):
        # A host of its own keeps each case from being a repetition of another.
        row["host"] = f"h{number}"
    scoped = context_of(rows).query("SELECT event_uid, sensor, scope FROM baseline_scopes")
    scopes = {row["event_uid"]: row for row in scoped}
    found: dict[str, tuple[str, set[str]]] = {}
    for row in rows:
        known = scopes.get(row["event_uid"], {"sensor": None, "scope": None})
        names = {one.name for one in matching(Sight(row | known))}
        found[row["raw"]] = (row["mapper"], names)
    return found


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.source}-{case.pattern}")
def test_a_record_of_the_source_shows_its_pattern_and_one_like_it_does_not(
    case: Case, seen: dict[str, tuple[str, set[str]]]
) -> None:
    mapper, names = seen[case.shows]
    assert mapper == case.source
    assert case.pattern in names
    assert case.pattern not in seen[case.shows_not][1]


def test_every_pattern_of_these_sources_has_a_record() -> None:
    named = {case.pattern for case in CASES}
    missing = [
        one.name
        for one in load_patterns()
        if one.family in SOURCE_FAMILIES and one.name not in named
    ]
    assert missing == []
