"""Compacting, expiring and checking a lake: the same answers from fewer files, nothing lost."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from lake_logs import Load, lines, record, records

from sentree.cli import run
from sentree.errors import LakeError
from sentree.lake.added_rows import added_rows, mark_rows
from sentree.lake.catalog import METADATA
from sentree.lake.compact import compact
from sentree.lake.db import Lake
from sentree.lake.erasing import erase_deleted
from sentree.lake.expire import expire
from sentree.lake.ingest import ingest
from sentree.lake.retention import rules, set_rule
from sentree.lake.soundness import check
from sentree.settings import Settings

NOW = datetime(2026, 1, 6, tzinfo=UTC)
LATER = datetime.now(UTC) + timedelta(days=400)
FILES = 3
ROWS = 20


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a lake of several small loads; tests get a copy."""
    folder = tmp_path_factory.mktemp("made")
    settings = Settings(home=folder / "home")
    with Lake.open(settings) as lake:
        for number in range(FILES):
            path = folder / f"{number}.jsonl"
            path.write_text(lines(records(ROWS, number * ROWS)))
            ingest(lake, [path], settings=settings)
    return folder


@pytest.fixture
def loaded(made: Path, settings: Settings) -> Iterator[Lake]:
    """A lake of several small loads."""
    shutil.copytree(made / "home", settings.home)
    with Lake.open(settings) as lake:
        yield lake


def uids(lake: Lake, snapshot: int | None = None) -> list[str]:
    at = "" if snapshot is None else f" AT (VERSION => {snapshot})"
    return [row["u"] for row in lake.query(f"SELECT event_uid AS u FROM events{at} ORDER BY ALL")]


def data_files(lake: Lake) -> set[Path]:
    return set((lake.folder / "data").rglob("*.parquet"))


def test_compacting_makes_one_file_of_many_and_old_snapshots_answer_as_before(
    loaded: Lake,
) -> None:
    before, half = uids(loaded), uids(loaded, loaded.snapshot_id() - 1)
    snapshot = loaded.snapshot_id() - 1
    report = compact(loaded)
    [events] = [one for one in report.tables if one.table == "events"]
    assert (events.files_before, events.files_after) == (FILES, 1)
    assert uids(loaded) == before and uids(loaded, snapshot) == half
    assert len(half) < len(before)
    assert check(loaded).is_sound


FIRST_READ = (
    "SELECT id AS n FROM lake.current_snapshot()",
    "SELECT count(*) AS n FROM sources",
    "SELECT count(*) AS n FROM events",
)


def test_readers_that_began_before_upkeep_see_all_rows_until_their_transactions_end(
    loaded: Lake, settings: Settings
) -> None:
    """Files and rows kept in the catalogue are written anew between two of its statements."""
    everything = (
        "SELECT (SELECT count(*) FROM events) AS events, (SELECT count(*) FROM sources) AS sources,"
        " (SELECT count(*) FROM lake_version) > 0 AS has_version"
    )
    [whole] = loaded.query(everything)
    # With one thread DuckDB reads a catalogue in SQLite differently.
    several = settings.model_copy(update={"threads": 2})
    with ExitStack() as opened:
        readers = {
            first: opened.enter_context(Lake.open(several, create=False)) for first in FIRST_READ
        }
        for first, reader in readers.items():
            reader.execute("BEGIN TRANSACTION")
            reader.query(first)
        compact(loaded)
        loaded.execute("DELETE FROM events WHERE rowid % 2 = 0")
        compact(loaded)
        expire(loaded, settings.runs_dir, older_than=timedelta(0), now=datetime.now(UTC))
        for first, reader in readers.items():
            assert reader.query(everything) == [whole], first
            reader.execute("COMMIT")
            assert reader.query("SELECT count(*) AS n FROM events") == [{"n": FILES * ROWS // 2}]


def test_expiring_keeps_what_is_young_pinned_or_new_and_removes_files(
    loaded: Lake, settings: Settings
) -> None:
    before, pinned = uids(loaded), loaded.snapshot_id() - 1
    run_dir = settings.runs_dir / "20260101T000000-aaaaaa"
    run_dir.mkdir(parents=True)
    (run_dir / "result.json").write_text(json.dumps({"coverage": {"snapshot_id": pinned}}))
    (settings.runs_dir / "broken").mkdir()
    (settings.runs_dir / "broken" / "result.json").write_text("{")
    compact(loaded)
    files = data_files(loaded)
    week = timedelta(days=7)
    young = expire(loaded, settings.runs_dir, older_than=week, now=datetime.now(UTC))
    assert (young.snapshots_expired, young.files_removed, data_files(loaded)) == (0, 0, files)
    planned = expire(loaded, settings.runs_dir, older_than=week, now=LATER, dry_run=True)
    done = expire(loaded, settings.runs_dir, older_than=week, now=LATER)
    assert planned.snapshots_expired == done.snapshots_expired > 0
    assert done.pinned == (pinned,)
    assert len(uids(loaded, pinned)) == (FILES - 1) * ROWS
    last = expire(loaded, settings.runs_dir, older_than=week, now=LATER, unpin=True)
    assert (last.snapshots_kept, last.pinned) == (1, ())
    with pytest.raises(LakeError):
        uids(loaded, pinned)
    assert uids(loaded) == before
    assert len(data_files(loaded)) < len(files)
    assert check(loaded).is_sound


def test_rows_that_came_after_a_snapshot_are_found_after_files_were_written_anew(
    loaded: Lake,
) -> None:
    """What is new since a digest must not be told twice, nor be left out."""
    until = loaded.snapshot_id()
    first = loaded.query(
        "SELECT snapshot_id AS s, count(*) AS n FROM events GROUP BY ALL ORDER BY s"
    )
    after = first[1]["s"]

    def new(lake: Lake) -> list[str]:
        rows = added_rows(lake, "events", after, lake.snapshot_id())
        return [row["u"] for row in lake.query(f"SELECT event_uid AS u FROM {rows} ORDER BY u")]

    assert until >= after
    expected = new(loaded)
    assert len(expected) == (FILES - 2) * ROWS
    loaded.execute(
        "INSERT INTO digests (run_uid, tenant_uid, events_to, detections_to)"
        " VALUES ('r', 't', ?, ?)",
        [after, after],
    )
    mark_rows(loaded)
    loaded.execute("DELETE FROM events WHERE source_line % 5 = 0")
    erase_deleted(loaded)
    kept = set(uids(loaded))
    assert 0 < len(kept) < FILES * ROWS
    assert new(loaded) == [uid for uid in expected if uid in kept]


def test_retention_removes_what_is_older_of_its_tenant_only(
    tmp_path: Path, lake: Lake, load: Load, settings: Settings
) -> None:
    for tenant in ("acme", "other"):
        (tmp_path / f"{tenant}.jsonl").write_text(
            lines(
                [record(n, TimeCreated=f"2026-01-0{1 + n}T00:00:00Z", who=tenant) for n in range(6)]
            )
        )
        load(tmp_path / f"{tenant}.jsonl", tenant=tenant)
    set_rule(lake, "acme", timedelta(days=2), NOW)
    set_rule(lake, "acme", timedelta(days=3), NOW)
    assert [rule.keep_hours for rule in rules(lake)] == [72]
    planned = expire(lake, settings.runs_dir, older_than=timedelta(0), now=NOW, dry_run=True)
    done = expire(lake, settings.runs_dir, older_than=timedelta(0), now=NOW)
    assert planned.retention == done.retention
    assert {one.table: one.rows for one in done.retention[0].removed}["events"] == 2
    assert lake.info().tenants == {"acme": 4, "other": 6}
    report = check(lake)
    assert report.is_sound and report.removed_events == 2
    # The file was loaded once: what was removed of it does not come back.
    assert load(tmp_path / "acme.jsonl", tenant="acme").accepted == 0
    set_rule(lake, "acme", None, NOW)
    assert rules(lake) == ()


def test_a_file_that_no_table_knows_is_told_and_removed(
    loaded: Lake, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    stray = loaded.folder / "data" / "main" / "events" / "left.parquet"
    stray.write_bytes(b"half a file")
    before = uids(loaded)
    home = ["--home", str(settings.home)]
    assert run(["lake", "check", *home]) == 3
    assert str(stray) in capsys.readouterr().out and stray.exists()
    assert run(["lake", "check", "--repair", *home]) == 0
    assert not stray.exists()
    assert run(["lake", "check", *home]) == 0
    assert "the lake is sound" in capsys.readouterr().out
    assert uids(loaded) == before


def test_a_clock_that_was_set_back_loses_nothing(
    loaded: Lake, made: Path, tmp_path: Path, settings: Settings
) -> None:
    loaded.execute(
        f"UPDATE {METADATA}.ducklake_snapshot SET snapshot_time ="
        " CAST(CAST(snapshot_time AS TIMESTAMPTZ) + INTERVAL 10 DAY AS VARCHAR)"
    )
    (tmp_path / "next.jsonl").write_text(lines(records(ROWS, FILES * ROWS)))
    assert ingest(loaded, [tmp_path / "next.jsonl"], settings=settings).accepted == ROWS
    assert ingest(loaded, [made / "0.jsonl"], settings=settings).accepted == 0
    compact(loaded)
    expire(loaded, settings.runs_dir, older_than=timedelta(days=1), now=datetime.now(UTC))
    assert len(set(uids(loaded))) == len(uids(loaded)) == (FILES + 1) * ROWS
    assert check(loaded).is_sound


@pytest.mark.parametrize("words", [["expire", "--older-than", "soon"], ["retain", "--keep", "-3d"]])
def test_a_length_of_time_that_is_none_is_a_usage_error(loaded: Lake, words: list[str]) -> None:
    assert run(["lake", *words, "--home", str(loaded.folder.parent)]) == 2
