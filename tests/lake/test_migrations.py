"""A lake written by an earlier release opens, holds what it held, and takes what is new."""

from __future__ import annotations

import multiprocessing
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas.request import TimelineRequest
from sentree.analysis.local import run_timeline
from sentree.errors import LakeError
from sentree.lake.db import Lake
from sentree.lake.ingest import ingest
from sentree.lake.migrations import FIRST, Migration, migrations, newest_version
from sentree.settings import Settings

STORED = Path(__file__).parents[1] / "data" / "lakes"
sys.path.append(str(STORED))

COLUMNS = """
SELECT table_name, column_name, data_type FROM duckdb_columns()
WHERE database_name = 'lake' ORDER BY table_name, column_index
"""


@pytest.fixture(params=sorted(path.name for path in STORED.glob("schema-*.tar.gz")))
def old(request: pytest.FixtureRequest, settings: Settings) -> Iterator[Settings]:
    """A home whose lake an earlier release wrote."""
    with tarfile.open(STORED / request.param) as tar:
        tar.extractall(settings.lake_dir, filter="data")
    yield settings


def test_a_lake_of_an_earlier_release_opens_with_all_it_held(old: Settings) -> None:
    with Lake.open(old, create=False) as lake:
        info = lake.info()
        assert lake.check() == []
    assert info.schema_version == newest_version()
    assert info.tables["events"] == 13 and info.tables["detections"] > 0
    result = run_timeline(old, TimelineRequest(case="old"))
    assert result.coverage.events_in_scope == 12
    assert any("vssadmin" in event.raw for event in result.cited_events)


def test_what_it_had_loaded_is_not_loaded_again(old: Settings, tmp_path: Path) -> None:
    from make import log_lines

    (tmp_path / "again.jsonl").write_text(log_lines().replace("alice", "bob") + log_lines())
    with Lake.open(old) as lake:
        report = ingest(lake, [tmp_path / "again.jsonl"], settings=old, tenant=old.tenant)
        assert (report.accepted, report.duplicate) == (12, 14)
        assert lake.info().tables["events"] == 25


def test_its_tables_are_those_of_a_new_lake(old: Settings, tmp_path: Path) -> None:
    with Lake.open(old) as first, Lake.open(Settings(home=tmp_path / "new")) as second:
        assert first.query(COLUMNS) == second.query(COLUMNS)


def test_each_step_is_taken_once_by_whoever_comes_first(old: Settings) -> None:
    context = multiprocessing.get_context("spawn")
    with context.Pool(3) as pool:
        versions = [FIRST, *(step.version for step in migrations())]
        assert pool.map(_versions, [old] * 6) == [versions] * 6


def _versions(settings: Settings) -> list[int]:
    with Lake.open(settings) as lake:
        found = lake.query("SELECT schema_version AS v FROM lake_version ORDER BY v")
    return [row["v"] for row in found]


def test_a_step_that_fails_leaves_the_lake_as_it_was(
    old: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = Migration(newest_version() + 1, "broken", "CREATE TABLE x (a INT); SELECT * FROM nil")
    steps = (*migrations(), broken)
    with monkeypatch.context() as patched:
        patched.setattr("sentree.lake.migrations.migrations", lambda: steps)
        with pytest.raises(LakeError, match="nil"):
            Lake.open(old)
    with Lake.open(old) as lake:
        assert lake.info().schema_version == newest_version()
        assert not lake.query("SELECT 1 FROM duckdb_tables() WHERE table_name = 'x'")
