"""Hostile and ordinary queries in the SQL sandbox."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.sandbox import SqlLimits, SqlResult
from sentree.errors import LakeError, SandboxError, SqlFailed, SqlRefused
from sentree.lake.sql_sandbox import SqlSandbox

from .cases import cases, measured
from .conftest import SECRET

MOST_GROWTH = 300 * 1024 * 1024
ATTACKS = [case.name for case in cases("attacks.sql.txt", Path())]
ORDINARY = [case.name for case in cases("ordinary.sql.txt", Path())]


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_answered_in_time_and_leaves_the_run_going(
    name: str,
    sql_sandbox: SqlSandbox,
    context_file: Path,
    canary: Path,
    record_property: pytest.RecordProperty,
) -> None:
    case = next(one for one in cases("attacks.sql.txt", canary) if one.name == name)
    with measured() as cost:
        outcome, shown = attempt(sql_sandbox, case.text)
    record_property("seconds", cost.seconds)
    record_property("growth", cost.growth)
    assert case.expected in ("any", outcome), shown[:200]
    assert cost.seconds < 5
    assert cost.growth < MOST_GROWTH
    assert SECRET not in shown
    assert "CANARY-other-tenant" not in shown
    assert sys.prefix not in shown
    if outcome != "rows":
        assert "\n" not in shown
        assert len(shown) <= 700
        assert str(context_file.parent) not in shown
    assert canary.read_text() == SECRET
    assert [path.name for path in canary.parent.iterdir()] == [canary.name]
    assert [path.name for path in context_file.parent.iterdir()] == [context_file.name]
    with measured() as cost:
        assert sql_sandbox.select("SELECT count(*) FROM events").rows == ((2000,),)
    assert cost.seconds < 5


@pytest.mark.parametrize("name", ORDINARY)
def test_an_ordinary_query_gives_rows(name: str, sql_sandbox: SqlSandbox) -> None:
    case = next(one for one in cases("ordinary.sql.txt", Path()) if one.name == name)
    result = sql_sandbox.select(case.text)
    assert result.columns
    assert result.rows
    assert SqlResult.model_validate_json(result.model_dump_json()) == result


def test_there_are_enough_attacks_and_ordinary_queries() -> None:
    assert len(set(ATTACKS)) == len(ATTACKS) >= 60
    assert len(set(ORDINARY)) == len(ORDINARY) >= 40


def test_values_come_out_json_safe_and_times_in_utc(sql_sandbox: SqlSandbox) -> None:
    row = sql_sandbox.select(
        "SELECT time, host, source_line, observables, {'a': 1}, 1.5::DECIMAL(4, 2), 'nan'::DOUBLE, "
        "NULL, true, INTERVAL 90 SECOND, DATE '2026-01-02', 'ab'::BLOB, "
        "(time AT TIME ZONE 'Europe/Paris') FROM events ORDER BY time LIMIT 1"
    ).rows[0]
    assert row == (
        "2026-01-02T00:00:00Z",
        "ws0",
        0,
        ["10.0.0.1", "evil.example"],
        {"a": 1},
        1.5,
        "nan",
        None,
        True,
        90.0,
        "2026-01-02",
        "6162",
        "2026-01-01T23:00:00Z",
    )


def test_many_rows_are_cut_and_the_result_says_so(sql_sandbox: SqlSandbox) -> None:
    result = sql_sandbox.select("SELECT * FROM events")
    assert result.truncated
    assert len(result.rows) == sql_sandbox.limits.rows
    assert result.at_least == len(result.rows) + 1
    exact = sql_sandbox.select(f"SELECT host FROM events LIMIT {sql_sandbox.limits.rows}")
    assert not exact.truncated


def test_large_rows_are_cut_by_characters(sql_sandbox: SqlSandbox) -> None:
    result = sql_sandbox.select("SELECT repeat('x', 4000) FROM events")
    assert result.truncated
    assert len(result.rows) == pytest.approx(sql_sandbox.limits.characters / 4000, abs=2)


def test_a_long_text_is_cut_and_tells_its_length(sql_sandbox: SqlSandbox) -> None:
    (text,) = sql_sandbox.select("SELECT repeat('x', 50000)").rows[0]
    assert str(text).endswith("... [50,000 characters in all]")
    assert len(str(text)) < 4_100


def test_a_refusal_names_the_tables_that_there_are(sql_sandbox: SqlSandbox) -> None:
    with pytest.raises(SqlRefused, match="there are: detections, events"):
        sql_sandbox.select("SELECT * FROM logs")


def test_a_wrong_column_is_explained(sql_sandbox: SqlSandbox) -> None:
    with pytest.raises(SqlFailed, match="hostt"):
        sql_sandbox.select("SELECT hostt FROM events")


def test_a_cte_stands_for_a_table_in_its_own_query_only(sql_sandbox: SqlSandbox) -> None:
    spoof = "WITH events AS (SELECT 'spoofed' AS host) SELECT host FROM events"
    assert sql_sandbox.select(spoof).rows == (("spoofed",),)
    assert sql_sandbox.select("SELECT min(host) FROM events").rows == (("ws0",),)


def test_nothing_of_another_tenant_is_in_reach(sql_sandbox: SqlSandbox, context_file: Path) -> None:
    """A slice holds one tenant; even a table that got into the file is on no list."""
    for name in ("other_tenant", "main.other_tenant", "context.other_tenant", '"Other_Tenant"'):
        with pytest.raises(SqlRefused):
            sql_sandbox.select(f"SELECT * FROM {name}")
    assert sql_sandbox.select("SELECT DISTINCT tenant_uid FROM events").rows == (("acme",),)
    neighbour = context_file.parent.parent / "neighbour.duckdb"
    with duckdb.connect(str(neighbour)) as connection:
        connection.execute("CREATE TABLE events AS SELECT 'CANARY-other-tenant' AS secret")
    for query in (
        f"SELECT * FROM '{neighbour}'",
        f"SELECT * FROM read_duckdb('{neighbour}')",
        f"ATTACH '{neighbour}' AS x",
    ):
        with pytest.raises(SqlRefused):
            sql_sandbox.select(query)


def test_the_locked_connection_alone_refuses_files_and_settings(context_file: Path) -> None:
    """The second wall: what the gate refuses would not have worked either."""
    from sentree.lake.sql_worker import Worker

    functions = Path(__file__).resolve().parents[2] / "sentree/lake/sql/functions.json"
    worker = Worker(
        {
            **SqlLimits().model_dump(),
            "path": str(context_file),
            "tables": [],
            "functions": str(functions),
        }
    )
    for query in (
        "SELECT * FROM read_text('/etc/hostname')",
        "SELECT * FROM '/etc/hostname.csv'",
        "SELECT * FROM worker",
        "COPY (SELECT 1) TO '/tmp/x.csv'",
        "ATTACH '/tmp/x.duckdb' AS x",
        "INSTALL httpfs",
        "LOAD '/tmp/x.duckdb_extension'",
        "SET memory_limit='100GB'",
        "SET enable_external_access=true",
        "INSERT INTO events SELECT * FROM events",
    ):
        with pytest.raises(duckdb.Error):
            worker.connection.execute(query)
    worker.connection.close()


def test_the_process_has_no_environment_and_hard_limits(sql_sandbox: SqlSandbox) -> None:
    sql_sandbox.select("SELECT 1")
    process = Path(f"/proc/{worker_pid(sql_sandbox)}")
    if not process.is_dir():
        pytest.skip("no /proc")
    assert (process / "environ").read_bytes() == b""
    limits = (process / "limits").read_text()
    assert "Max file size             0" in limits
    assert "Max core file size        0" in limits
    assert f"Max address space         {sql_sandbox.limits.address_space}" in limits


def test_a_process_that_dies_is_replaced(context_file: Path) -> None:
    with SqlSandbox(context_file, ["events"]) as sandbox:
        sandbox.select("SELECT 1")
        os.kill(worker_pid(sandbox), signal.SIGKILL)
        with pytest.raises(SqlFailed):
            sandbox.select("SELECT 1")
        assert sandbox.select("SELECT 1").rows == ((1,),)


def test_threads_share_one_sandbox(sql_sandbox: SqlSandbox) -> None:
    found: list[object] = []

    def ask(number: int) -> None:
        found.append(sql_sandbox.select(f"SELECT {number}").rows[0][0])

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, found)) == [str(n) for n in range(8)]


def test_a_missing_or_damaged_context_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(LakeError, match=r"no context file 'no\.duckdb'"):
        SqlSandbox(tmp_path / "no.duckdb", ["events"])
    (tmp_path / "bad.duckdb").write_text("not a database")
    with (
        SqlSandbox(tmp_path / "bad.duckdb", ["events"]) as sandbox,
        pytest.raises(SqlFailed, match="can't be opened"),
    ):
        sandbox.select("SELECT 1")


def test_a_long_query_is_refused(sql_sandbox: SqlSandbox) -> None:
    with pytest.raises(SqlRefused, match="the limit is"):
        sql_sandbox.select("SELECT " + "1," * 20_000 + "1")


WORDS = (
    "SELECT", "FROM", "events", "detections", "WHERE", "(", ")", ",", "*", "'", '"', ";", "--",
    "/*", "*/", "WITH", "AS", "RECURSIVE", "UNION", "ALL", "JOIN", "ON", "host", "time", "1", "$1",
    "?", "count(*)", "OVER", "ORDER BY", "LIMIT", "::", "[", "]", "{", "}", "->", "||", "lambda x:",
    "VALUES", "DESCRIBE", "PIVOT", "COPY", "TO", "'f.csv'", "read_csv", "SET", "$$", "E'", "\n",
)  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(sql=st.text(max_size=200) | st.lists(st.sampled_from(WORDS), max_size=20).map(" ".join))
def test_any_text_as_a_query_gives_rows_or_one_line(sql: str, sql_sandbox: SqlSandbox) -> None:
    outcome, shown = attempt(sql_sandbox, sql)
    assert outcome == "rows" or "\n" not in shown
    assert sql_sandbox.select("SELECT 1").rows == ((1,),)


def attempt(sandbox: SqlSandbox, sql: str) -> tuple[str, str]:
    try:
        return "rows", str(sandbox.select(sql))
    except SandboxError as error:
        return ("refused" if isinstance(error, SqlRefused) else "failed"), str(error)


def worker_pid(sandbox: SqlSandbox) -> int:
    process = sandbox._process  # pyright: ignore[reportPrivateUsage]
    assert process is not None
    return process.pid
