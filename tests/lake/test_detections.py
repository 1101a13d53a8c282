"""Detections in the lake: stored once, with what a reader needs of the rule."""

from datetime import datetime
from typing import Any

import pytest

from schemas.detection import RuleRecord
from sentree.lake.db import Lake
from sentree.lake.detections import begin_hits, store_hits
from sentree.settings import Settings

RULE = RuleRecord(
    rule_uid="r1",
    title="It's a rule; --",
    author="A. Person",
    level="high",
    path="rules/a.yml",
    content_sha256="00",
    techniques=("T1033", "T1059.001"),
    tactics=("discovery",),
)
TIME = datetime(2026, 3, 1, 8)


@pytest.fixture
def lake(settings: Settings) -> Any:
    with Lake.open(settings) as opened:
        yield opened


def hit(lake: Lake, *event_uids: str, rule_uid: str = "r1") -> None:
    begin_hits(lake)
    for uid in event_uids:
        lake.execute("INSERT INTO rule_hits VALUES (?, ?, ?)", [rule_uid, uid, TIME])


def test_a_hit_is_stored_with_the_rules_author_level_and_techniques(lake: Lake) -> None:
    hit(lake, "e1")
    assert store_hits(lake, [RULE], "default") == 1
    (row,) = lake.query("SELECT * FROM detections")
    assert row["rule_author"] == "A. Person"
    assert (row["rule_title"], row["level"]) == ("It's a rule; --", "high")
    assert row["techniques"] == ["T1033", "T1059.001"]
    assert (row["event_uid"], row["time"], row["tenant_uid"]) == ("e1", TIME, "default")
    assert lake.query("SELECT title, tactics FROM rules") == [
        {"title": "It's a rule; --", "tactics": ["discovery"]}
    ]


def test_the_same_hit_is_stored_once_and_nothing_new_makes_no_snapshot(lake: Lake) -> None:
    hit(lake, "e1", "e2", "e1")
    assert store_hits(lake, [RULE], "default") == 2
    snapshot = lake.snapshot_id()
    hit(lake, "e2", "e1")
    assert store_hits(lake, [RULE], "default") == 0
    assert lake.snapshot_id() == snapshot
    hit(lake, "e2", "e3")
    assert store_hits(lake, [RULE], "default") == 1
    assert lake.query("SELECT count(*) AS n FROM detections") == [{"n": 3}]


def test_a_changed_rule_replaces_its_older_self(lake: Lake) -> None:
    hit(lake)
    store_hits(lake, [RULE], "default")
    store_hits(lake, [RULE.model_copy(update={"title": "newer"})], "default")
    assert lake.query("SELECT title FROM rules") == [{"title": "newer"}]


def test_nothing_is_stored_when_the_lake_cannot_be_written(lake: Lake) -> None:
    hit(lake, "e1")
    lake.execute("ALTER TABLE detections DROP COLUMN tactics")
    with pytest.raises(Exception):  # noqa: B017
        store_hits(lake, [RULE], "default")
    assert lake.query("SELECT count(*) AS n FROM rules") == [{"n": 0}]
