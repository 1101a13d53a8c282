"""A node that reads one part of a context can't reach the rest of it by SQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from sentree.errors import SqlRefused
from sentree.lake.sql_sandbox import SqlSandbox


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqlSandbox]:
    path: Path = tmp_path_factory.mktemp("scope") / "context.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "CREATE TABLE events AS SELECT 'e' || i AS event_uid, i % 2 AS side, "
            "'it''s ' || i AS raw FROM range(10) AS t(i)"
        )
        connection.execute("CREATE TABLE detections AS SELECT event_uid FROM events")
    with SqlSandbox(path, ("events", "detections")) as box:
        yield box


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT count(*) FROM events",
        "SELECT count(*) FROM detections",
        "SELECT count(*) FROM (SELECT * FROM events UNION SELECT * FROM events)",
        "WITH x AS (SELECT * FROM events) SELECT count(*) FROM x",
    ],
)
def test_the_tables_hold_the_scope_only(sandbox: SqlSandbox, sql: str) -> None:
    assert sandbox.select(sql, "side = 1").rows == ((5,),)
    assert sandbox.select(sql).rows == ((10,),)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT count(*) FROM main.events",
        "SELECT count(*) FROM context.main.events",
        "SELECT count(*) FROM context.events",
        "SELECT count(*) FROM temp.main.events",
        "SELECT count(*) FROM (SELECT * FROM main.events)",
        "WITH x AS (SELECT * FROM main.events) SELECT count(*) FROM x",
        "SELECT (SELECT count(*) FROM main.events)",
        "DESCRIBE main.events",
    ],
)
def test_no_other_name_goes_around_the_scope(sandbox: SqlSandbox, sql: str) -> None:
    with pytest.raises(SqlRefused):
        sandbox.select(sql, "side = 1")


def test_one_query_leaves_no_scope_behind_for_the_next(sandbox: SqlSandbox) -> None:
    assert sandbox.select("SELECT count(*) FROM events", "raw = 'it''s 3'").rows == ((1,),)
    assert sandbox.select("SELECT count(*) FROM events", "side = 0").rows == ((5,),)
