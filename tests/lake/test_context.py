import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from shutil import copytree

import pytest
from lake_logs import START, Load, lines, record, records

from schemas.context import ContextInfo
from schemas.window import Window
from sentree.errors import LakeError, NotFoundError, UsageError
from sentree.lake.context import Context, export_context
from sentree.lake.db import Lake
from sentree.lake.ingest import ingest
from sentree.settings import Settings

OTHERS = [
    record(100, Hostname="DC01.corp.example", SubjectUserName="CORP\\Admin"),
    record(101, Hostname="192.0.2.7"),
    record(102, Hostname="ws01.other.example"),
    record(103, TimeCreated="soon"),
]


@pytest.fixture(scope="module")
def laden_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose lake has fourteen events of one tenant and one of another."""
    place = tmp_path_factory.mktemp("laden")
    (place / "logs").mkdir()
    (place / "logs" / "a.log").write_text(lines(records(10)))
    (place / "logs" / "b.log").write_text(lines(OTHERS))
    (place / "c.log").write_text(lines(records(1)))
    settings = Settings(home=place / "home")
    with Lake.open(settings) as lake:
        ingest(lake, [place / "logs"], settings=settings)
        ingest(lake, [place / "c.log"], settings=settings, tenant="other")
    return settings.home


@pytest.fixture
def lake(settings: Settings, laden_home: Path) -> Iterator[Lake]:
    copytree(laden_home, settings.home)
    with Lake.open(settings) as opened:
        yield opened


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder to export to."""
    return tmp_path


def rows(info: ContextInfo, sql: str) -> list[dict[str, object]]:
    with Context.open(Path(info.path)) as context:
        return context.query(sql)


def test_a_context_holds_the_tenants_events_in_order_with_what_leaves_need(
    folder: Path, lake: Lake
) -> None:
    info = export_context(lake, folder, tenant="default")
    assert (info.events, info.events_without_time, info.events_outside_window) == (13, 1, 0)
    assert info.window.start == START.replace(tzinfo=UTC)
    assert info.window.end == datetime(2026, 1, 5, 9, 1, 42, 1, tzinfo=UTC)
    found = rows(info, "SELECT *, length(raw) AS n FROM events")
    assert [row["time"] for row in found] == sorted(row["time"] for row in found)  # type: ignore[type-var]
    assert {row["host"] for row in found} == {"ws01", "dc01", "192.0.2.7"}
    assert all(row["shard_key"] == int(str(row["event_uid"])[:8], 16) for row in found)
    assert sum(int(str(row["n"])) for row in found) == info.characters
    assert {Path(str(row["source_path"])).name for row in found} == {"a.log", "b.log"}
    assert [(Path(s.name).name, s.events_in_scope) for s in info.by_source] == [
        ("a.log", 10),
        ("b.log", 3),
    ]
    assert [s.name for s in info.by_class] == ["1007 Process Activity"]


@pytest.mark.parametrize(
    ("entity", "events"),
    [
        ("ws01", 11),
        ("WS01.corp.example", 10),
        ("dc01", 1),
        ("192.0.2.7", 1),
        ("192", 0),
        ("admin", 1),
        ("corp\\admin", 1),
        ("MARIA", 12),
        ("mari", 0),
    ],
)
def test_an_entity_is_a_host_by_short_or_full_name_an_address_or_a_user(
    entity: str, events: int, folder: Path, lake: Lake
) -> None:
    if events:
        assert export_context(lake, folder, tenant="default", entity=entity).events == events
    else:
        with pytest.raises(NotFoundError):
            export_context(lake, folder, tenant="default", entity=entity)


def test_a_window_is_half_open_and_what_lies_outside_is_counted(folder: Path, lake: Lake) -> None:
    window = Window.parse("2026-01-05T09:00:02..2026-01-05T09:00:05")
    info = export_context(lake, folder, tenant="default", window=window)
    assert (info.events, info.events_outside_window, info.events_without_time) == (3, 10, 1)
    assert info.window == window


def test_the_pinned_snapshot_gives_the_same_context_after_more_was_loaded(
    folder: Path, lake: Lake, load: Load
) -> None:
    first = export_context(lake, folder, tenant="default")
    (folder / "d.log").write_text(lines(records(5, first=500)))
    load(folder / "d.log")
    again = export_context(lake, folder, tenant="default", snapshot_id=first.snapshot_id)
    newest = export_context(lake, folder, tenant="default")
    assert again == first
    assert newest.content_hash != first.content_hash
    assert newest.events == first.events + 5


def test_a_condition_narrows_and_may_end_in_a_comment(folder: Path, lake: Lake) -> None:
    info = export_context(lake, folder, tenant="default", where="host = 'dc01' -- only this")
    assert info.events == 1


@pytest.mark.parametrize(
    "where",
    [
        "1 = 1; DROP TABLE events",
        "1 = 1) UNION ALL SELECT * FROM (SELECT 1",
        "no_such_column = 1",
        "raw::INTEGER > 5",
        "((",
        "sum(chars) > 1",
    ],
)
def test_a_bad_condition_is_one_line_for_the_user(where: str, folder: Path, lake: Lake) -> None:
    with pytest.raises(UsageError) as error:
        export_context(lake, folder, tenant="default", where=where)
    assert "\n" not in str(error.value)
    assert not (folder / "context.duckdb").exists()


def test_an_empty_scope_says_what_the_lake_has_instead(folder: Path, lake: Lake) -> None:
    with pytest.raises(NotFoundError, match=r"14 events of tenant 'default' .*1 events of tenant"):
        export_context(lake, folder, tenant="nobody")
    with pytest.raises(NotFoundError, match=r"matching events are of 2026-01-05T09:00:00"):
        export_context(
            lake, folder, tenant="default", window=Window.parse("2020-01-01..2020-01-02")
        )


def test_a_context_can_reach_nothing_and_change_nothing(folder: Path, lake: Lake) -> None:
    info = export_context(lake, folder, tenant="default")
    (folder / "secret.txt").write_text("x")
    with Context.open(Path(info.path)) as context:
        for sql in (
            f"SELECT * FROM read_text('{folder}/secret.txt')",
            f"ATTACH '{folder}/other.duckdb'",
            "SET enable_external_access = true",
            "CREATE TEMP VIEW events AS SELECT 1",
            "DELETE FROM events",
            "SELECT 1; SELECT 2",
            "",
        ):
            with pytest.raises(LakeError):
                context.query(sql)


def test_many_threads_read_one_context(folder: Path, lake: Lake) -> None:
    info = export_context(lake, folder, tenant="default")
    with Context.open(Path(info.path)) as context, ThreadPoolExecutor(8) as pool:

        def count(second: int) -> int:
            sql = "SELECT count(*) AS n FROM events WHERE second(time) = ?"
            return context.query(sql, [second])[0]["n"]

        assert sum(pool.map(count, range(60))) == 13


def test_a_cited_event_stands_alone_and_its_raw_text_is_capped(
    folder: Path, lake: Lake, load: Load
) -> None:
    (folder / "d.log").write_text(lines([record(7000, Message="é" * 40_000)]))
    load(folder / "d.log")
    info = export_context(lake, folder, tenant="default")
    with Context.open(Path(info.path)) as context:
        uids = [row["event_uid"] for row in context.query("SELECT event_uid FROM events")]
        found = context.cited([uids[-1], "unknown", uids[0], uids[-1]])
    assert [each.event_uid for each in found] == [uids[-1], uids[0]]
    assert len(found[0].raw) == 32_768 < found[0].raw_length
    assert json.loads(found[1].raw) == record(0)
    assert (found[1].line, found[1].host, found[1].class_name) == (1, "ws01", "Process Activity")
    assert found[1].source.endswith("a.log")


def test_a_missing_or_damaged_context_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        Context.open(tmp_path / "none.duckdb")
    (tmp_path / "bad.duckdb").write_bytes(b"x" * 5000)
    with pytest.raises(LakeError):
        Context.open(tmp_path / "bad.duckdb")
