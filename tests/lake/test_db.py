import os
from pathlib import Path

import pytest
from lake_logs import Load, lines, records

from sentree.errors import ExitCode, LakeError
from sentree.lake.db import TABLES, Lake
from sentree.lake.ingest import ingest
from sentree.settings import Settings


def test_opening_without_making_says_how_to_get_a_lake(settings: Settings) -> None:
    with pytest.raises(LakeError, match="sentree ingest") as error:
        Lake.open(settings, create=False)
    assert error.value.exit_code is ExitCode.CONFIGURATION


def test_a_new_lake_is_empty_and_sound(lake: Lake) -> None:
    info = lake.info()
    assert info.tables == dict.fromkeys(TABLES, 0) and info.knowledge == ()
    assert lake.check() == []


def test_info_counts_by_table_tenant_source_and_class(
    tmp_path: Path, lake: Lake, load: Load
) -> None:
    (tmp_path / "a.log").write_text(lines(records(3)) + "text\n")
    load(tmp_path / "a.log")
    info = lake.info()
    assert info.tables["events"] == 4
    assert info.tenants == {"default": 4}
    assert [(each.name, each.events) for each in info.by_source] == [(str(tmp_path / "a.log"), 4)]
    assert [(each.name, each.events) for each in info.by_class] == [("0", 1), ("1007", 3)]
    assert info.events_without_time == 1
    assert info.snapshot_id == lake.snapshot_id()
    assert info.bytes_on_disk > 1000


def test_a_reader_that_is_open_sees_what_another_connection_commits(
    tmp_path: Path, lake: Lake, load: Load, settings: Settings
) -> None:
    with Lake.open(settings) as reader:
        (tmp_path / "a.log").write_text(lines(records(3)))
        load(tmp_path / "a.log")
        assert reader.query("SELECT count(*) AS n FROM events") == [{"n": 3}]


def test_a_transaction_that_fails_leaves_nothing(lake: Lake) -> None:
    with pytest.raises(ZeroDivisionError), lake.transaction():
        lake.execute("INSERT INTO rejects VALUES ('s', 1, 'r', 'x', 1)")
        raise ZeroDivisionError
    assert lake.query("SELECT count(*) AS n FROM rejects") == [{"n": 0}]
    with lake.transaction():
        lake.execute("INSERT INTO rejects VALUES ('s', 1, 'r', 'x', 1)")
    assert lake.query("SELECT count(*) AS n FROM rejects") == [{"n": 1}]


def test_work_that_meets_a_conflict_is_done_again(lake: Lake) -> None:
    tries: list[int] = []

    def work() -> str:
        tries.append(1)
        if len(tries) < 3:
            raise LakeError("commit") from RuntimeError("Transaction conflict")
        return "done"

    assert lake.retrying(work) == "done"
    assert len(tries) == 3


def test_a_wrong_statement_is_one_line(lake: Lake) -> None:
    with pytest.raises(LakeError) as error:
        lake.query("SELECT nope FROM events")
    assert "\n" not in str(error.value)


def test_check_names_what_does_not_hold(tmp_path: Path, lake: Lake, settings: Settings) -> None:
    (tmp_path / "a.log").write_text(lines(records(30)))
    ingest(lake, [tmp_path / "a.log"], settings=settings)
    assert lake.check() == []
    lake.execute("UPDATE sources SET accepted = 2")
    lake.execute("INSERT INTO events SELECT * REPLACE ('ghost' AS source_uid) FROM events LIMIT 1")
    subjects = [problem.subject.split()[0] for problem in lake.check()]
    assert sorted(subjects) == sorted(["event", str(tmp_path / "a.log"), "source"])
    for found in lake.folder.rglob("*.parquet"):
        os.truncate(found, 10)
    assert "unreadable" in lake.check()[0].problem


def test_a_lake_may_be_moved_as_a_whole(tmp_path: Path, lake: Lake, settings: Settings) -> None:
    (tmp_path / "a.log").write_text(lines(records(30)))
    ingest(lake, [tmp_path / "a.log"], settings=settings)
    lake.close()
    settings.home.rename(tmp_path / "moved")
    with Lake.open(Settings(home=tmp_path / "moved")) as moved:
        assert moved.query("SELECT count(*) AS n, count(DISTINCT raw) AS r FROM events") == [
            {"n": 30, "r": 30}
        ]
        assert moved.check() == []


def test_a_lake_of_another_schema_is_refused(lake: Lake, settings: Settings) -> None:
    lake.execute("UPDATE lake_version SET schema_version = 99")
    with pytest.raises(LakeError, match="schema 99"):
        Lake.open(settings)


def test_a_damaged_catalogue_is_one_line(settings: Settings) -> None:
    settings.lake_dir.mkdir(parents=True)
    (settings.lake_dir / "catalog.sqlite").write_bytes(b"x" * 5000)
    with pytest.raises(LakeError) as error:
        Lake.open(settings)
    assert "\n" not in str(error.value)
    assert str(settings.lake_dir) in str(error.value)


def test_nothing_is_written_into_the_users_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "person"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    with Lake.open(Settings(home=tmp_path / "here")) as opened:
        opened.info()
    assert list(home.iterdir()) == []
