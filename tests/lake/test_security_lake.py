"""An export in the layout of Security Lake, read again as its users read it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest
from lake_logs import Load, lines, record

from schemas.window import Window
from sentree.cli import run
from sentree.errors import NotFoundError, UsageError
from sentree.lake.db import Lake
from sentree.lake.security_lake import export
from sentree.settings import Settings

DAY = Window(start=datetime(2026, 1, 6, tzinfo=UTC), end=datetime(2026, 1, 7, tzinfo=UTC))


@pytest.fixture
def loaded(tmp_path: Path, load: Load, lake: Lake) -> Lake:
    """Two days of two classes of one tenant, an event without a time, and another tenant."""
    several = [
        record(number, TimeCreated=f"2026-01-0{5 + number % 2}T1{number}:00:00Z", EventID=code)
        for code in (4688, 4624)
        for number in range(4)
    ]
    (tmp_path / "a.jsonl").write_text(lines(several) + "text without a time\n")
    (tmp_path / "b.jsonl").write_text(lines([record(1, Hostname="theirs")]))
    load(tmp_path / "a.jsonl")
    load(tmp_path / "b.jsonl", tenant="other")
    return lake


def test_an_export_has_a_folder_a_day_and_one_class_a_file(loaded: Lake, tmp_path: Path) -> None:
    report = export(loaded, tmp_path / "out", tenant="default", region="eu-central-1")
    paths = sorted(Path(one.path).relative_to(tmp_path / "out") for one in report.files)
    assert [str(path) for path in paths] == [
        f"region=eu-central-1/accountId=external/eventDay=2026010{day}/{uid}.parquet"
        for day in (5, 6)
        for uid in (1007, 3002)
    ]
    assert (report.events, report.without_time) == (8, 1)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["region=eu-central-1"]
    rows = duckdb.sql(
        "SELECT region, accountId, eventDay, class_uid, count(*), count(DISTINCT metadata.uid),"
        " bool_and(strftime(time_dt, '%Y%m%d') = eventDay), bool_and(epoch_ms(time) = time_dt)"
        f" FROM read_parquet('{tmp_path}/out/**/*.parquet', hive_partitioning = true,"
        " hive_types = {'eventDay': VARCHAR}) GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    assert rows == [
        ("eu-central-1", "external", f"2026010{day}", uid, 2, 2, True, True)
        for day in (5, 6)
        for uid in (1007, 3002)
    ]
    kept = duckdb.sql(f"SELECT event FROM '{tmp_path}/out/**/*.parquet'").fetchall()
    mine = loaded.query("SELECT event FROM events WHERE tenant_uid = 'default' AND time NOTNULL")
    assert sorted(row[0] for row in kept) == sorted(row["event"] for row in mine)
    assert all(json.loads(row[0])["class_uid"] in (1007, 3002) for row in kept)


def test_an_export_is_narrowed_and_done_again_replaced(loaded: Lake, tmp_path: Path) -> None:
    for _ in range(2):
        report = export(loaded, tmp_path, tenant="default", window=DAY, classes=[3002])
    assert [(one.class_uid, one.events) for one in report.files] == [(3002, 2)]
    assert len(list(tmp_path.rglob("eventDay=*/*.parquet"))) == 1
    assert export(loaded, tmp_path / "o", tenant="other").events == 1


def test_what_can_not_be_exported_is_said(loaded: Lake, tmp_path: Path, settings: Settings) -> None:
    with pytest.raises(NotFoundError, match="nobody"):
        export(loaded, tmp_path / "out", tenant="nobody")
    with pytest.raises(UsageError, match="--region"):
        export(loaded, tmp_path / "out", tenant="default", region="../up")
    assert not (tmp_path / "out").exists()
    (tmp_path / "file").write_text("")
    home = ["--home", str(settings.home)]
    assert run(["lake", "export", str(tmp_path / "file"), *home]) == 3
    assert run(["lake", "export", str(tmp_path / "out"), "--class", "3002", *home]) == 0
