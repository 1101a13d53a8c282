"""The lake on a Postgres catalogue: what holds on the embedded one, for writers at once."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from lake_logs import lines, record, records
from postgres_server import PASSWORD, PostgresServer
from whole_way import Told, whole_way

from schemas.upkeep import Entity, ForgetRequest
from sentree.cli import run
from sentree.errors import ConfigurationError, LakeError
from sentree.lake.catalog import LOCK_KEY, NoLakeError
from sentree.lake.compact import compact
from sentree.lake.db import Lake, engine_config
from sentree.lake.engines import take
from sentree.lake.expire import expire
from sentree.lake.forget import forget
from sentree.lake.ingest import ingest
from sentree.lake.migrations import Migration, migrations, newest_version
from sentree.lake.soundness import check
from sentree.postgres_address import read_address
from sentree.settings import Settings

WRITERS = 4
FILES = 2
ROWS = 30
PAUSE = 0.2
WRITER = """
import sys
from pathlib import Path
from sentree.lake.db import Lake
from sentree.lake.ingest import ingest
from sentree.postgres_address import read_address
from sentree.settings import Settings

settings = Settings(home=Path(sys.argv[1]))
for path in sys.argv[2:]:
    with Lake.open(settings) as lake:
        ingest(lake, [path], settings=settings)
"""
HOLDER = """
import sys
from pathlib import Path
from sentree.lake.db import Lake
from sentree.postgres_address import read_address
from sentree.settings import Settings

with Lake.open(Settings(home=Path(sys.argv[1]))) as lake, lake.transaction():
    lake.execute("INSERT INTO rejects VALUES ('s', 1, 'r', 'x', 1)")
    print("holds", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def settings(tmp_path: Path, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A new lake's settings; processes that a test starts have them from the environment."""
    monkeypatch.setenv("SENTREE_CATALOG", postgres.database())
    return Settings(home=tmp_path / "home")


def database_of(settings: Settings) -> str:
    assert settings.catalog is not None
    return dict(read_address(settings.catalog.get_secret_value()).options)["dbname"]


def child(code: str, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_writers_and_readers_at_once_lose_and_double_nothing(
    tmp_path: Path, settings: Settings
) -> None:
    """Each file begins with what another one ends with."""
    processes: list[subprocess.Popen[str]] = []
    for number in range(WRITERS):
        paths = [tmp_path / f"{number}-{file}.jsonl" for file in range(FILES)]
        for file, path in enumerate(paths):
            first = (number * FILES + file) * ROWS
            path.write_text(lines(records(ROWS + ROWS // 3, first)))
        processes.append(child(WRITER, str(settings.home), *map(str, paths)))
    seen, reader = [0], None
    while running := [process for process in processes if process.poll() is None]:
        # Reads again and again would keep the writers from their work.
        with suppress(subprocess.TimeoutExpired):
            running[0].wait(PAUSE)
        if reader is None:
            with suppress(NoLakeError):
                reader = Lake.open(settings, create=False)
        else:
            [row] = reader.query("SELECT count(*) AS n, count(DISTINCT event_uid) AS u FROM events")
            assert row["n"] == row["u"] >= seen[-1]
            seen.append(row["n"])
    for process in processes:
        _, error = process.communicate(timeout=60)
        assert process.returncode == 0, error
    total = WRITERS * FILES * ROWS + ROWS // 3
    assert reader is not None and len(set(seen)) > 1
    with reader as lake:
        info = lake.info()
        assert lake.check() == []
        [sums] = lake.query("SELECT sum(accepted) AS a, sum(delivered) AS d FROM sources")
    assert (info.tables["events"], info.tables["sources"]) == (total, WRITERS * FILES)
    assert (sums["a"], sums["d"]) == (total, WRITERS * FILES * (ROWS + ROWS // 3))


def test_a_lake_on_postgres_answers_as_the_embedded_one(
    settings: Settings, told_on_disk: tuple[Path, Told]
) -> None:
    logs, told = told_on_disk
    assert whole_way(settings, logs) == told
    assert told.detections > 5 and told.timeline


def test_a_closed_lake_leaves_no_key_to_the_next_one_of_the_process(settings: Settings) -> None:
    """Their DuckDB instance is the same, since its extensions are dear to load."""
    with Lake.open(settings) as lake:
        first = lake.query("SELECT name FROM duckdb_secrets()")
    assert [row["name"] for row in first] == ["catalog_login"]
    engine = take(engine_config(settings, settings.lake_dir), ("postgres_scanner", "ducklake"))
    left = engine.connection.execute("SELECT name FROM duckdb_secrets()").fetchall()
    engine.close()
    assert left == []


def test_upkeep_does_on_postgres_what_it_does_on_the_embedded_one(
    tmp_path: Path, settings: Settings, postgres: PostgresServer
) -> None:
    with Lake.open(settings) as lake:
        for number in range(2):
            several = [*records(20, number * 20), record(900 + number, SubjectUserName="zacharias")]
            (tmp_path / f"{number}.jsonl").write_text(lines(several))
            ingest(lake, [tmp_path / f"{number}.jsonl"], settings=settings)
        stray = lake.folder / "data" / "main" / "events" / "left.parquet"
        stray.write_bytes(b"half a file")
        assert check(lake, repair=True).orphans == (str(stray),)
        with Lake.open(settings, create=False) as reader:
            counts = "SELECT (SELECT count(*) FROM events), (SELECT count(*) FROM sources)"
            reader.execute("BEGIN TRANSACTION")
            reader.snapshot_id()
            compact(lake)
            [seen] = reader.query(counts)
            assert tuple(seen.values()) == (42, 2)
        now = datetime.now(UTC)
        expire(lake, settings.runs_dir, older_than=timedelta(0), now=now)
        forget(lake, settings, ForgetRequest(entity=Entity(kind="user", value="zacharias")), now)
        assert check(lake).is_sound and check(lake).events == 40
        files = list((lake.folder / "data").rglob("*.parquet"))
    held = "SELECT count(*) FROM ducklake_file_column_stats WHERE max_value = 'zacharias'"
    told = "SELECT count(*) FROM ducklake_table_column_stats WHERE max_value = 'zacharias'"
    assert [postgres.run(database_of(settings), sql) for sql in (held, told)] == ["0", "0"]
    for file in files:
        found = duckdb.sql(
            f"SELECT count(*) FROM '{file}' AS t WHERE contains(t::VARCHAR, 'zacharias')"
        )
        assert found.fetchall() == [(0,)]


def test_a_writer_that_is_killed_leaves_nothing_and_frees_the_lock(
    settings: Settings, postgres: PostgresServer
) -> None:
    with Lake.open(settings) as lake, child(HOLDER, str(settings.home)) as process:
        assert process.stdout and process.stdout.readline() == "holds\n"
        held = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted"
        assert postgres.run("postgres", held) == "1"
        process.kill()
        process.wait()
        with lake.transaction():
            lake.execute("INSERT INTO rejects VALUES ('t', 1, 'r', 'y', 1)")
        assert lake.query("SELECT raw FROM rejects") == [{"raw": "y"}]


def test_a_writer_whose_lock_was_lost_commits_nothing(
    settings: Settings, postgres: PostgresServer
) -> None:
    lost = (
        "SELECT pg_terminate_backend(pid) FROM pg_locks"
        f" WHERE locktype = 'advisory' AND objid = {LOCK_KEY & 0xFFFFFFFF}"
    )
    with Lake.open(settings) as lake:
        with pytest.raises(LakeError, match="lock was lost"), lake.transaction():
            lake.execute("INSERT INTO rejects VALUES ('s', 1, 'r', 'x', 1)")
            assert postgres.run("postgres", lost) == "t"
        assert lake.query("SELECT count(*) AS n FROM rejects") == [{"n": 0}]
        with lake.transaction():
            lake.execute("INSERT INTO rejects VALUES ('s', 1, 'r', 'x', 1)")
        assert lake.query("SELECT count(*) AS n FROM rejects") == [{"n": 1}]


def test_a_server_that_went_away_is_one_line(settings: Settings, postgres: PostgresServer) -> None:
    name = database_of(settings)
    with Lake.open(settings) as lake:
        postgres.run("postgres", f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        left = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        postgres.run("postgres", left)
        with pytest.raises(LakeError, match="can't be") as error, lake.transaction():
            lake.execute("DELETE FROM rejects")
        assert "\n" not in str(error.value) and PASSWORD not in str(error.value)
    with pytest.raises(LakeError, match=r"can't be opened.*not currently accepting connections"):
        Lake.open(settings)


def test_bytes_that_postgres_text_cannot_hold_are_kept(tmp_path: Path, settings: Settings) -> None:
    texts = ["plain \0 text", "quote ' and \\ and ü", "\0"]
    (tmp_path / "few.log").write_text("\n".join(texts) + "\n", "utf-8")
    (tmp_path / "few.jsonl").write_text(json.dumps({"a": "\0'", "b": ["\0"]}) + "\n")
    with Lake.open(settings) as lake:
        ingest(lake, [tmp_path / "few.log", tmp_path / "few.jsonl"], settings=settings)
        raw = {row["raw"] for row in lake.query("SELECT raw FROM events")}
        assert lake.check() == []
    assert {"plain \0 text", "quote ' and \\ and ü"} <= raw and len(raw) >= 3


def test_a_lake_goes_every_step_of_its_schema_or_none(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Lake.open(settings):
        pass
    further = Migration(newest_version() + 1, "further", "CREATE TABLE more (a INT)")
    broken = Migration(newest_version() + 2, "broken", "CREATE TABLE x (a INT); SELECT * FROM nil")
    steps = (*migrations(), further, broken)
    with monkeypatch.context() as patched:
        patched.setattr("sentree.lake.migrations.migrations", lambda: steps)
        with pytest.raises(LakeError, match="nil"):
            Lake.open(settings)
        patched.setattr("sentree.lake.migrations.migrations", lambda: steps[:-1])
        with Lake.open(settings) as lake:
            assert lake.info().schema_version == further.version
            names = lake.query("SELECT table_name AS n FROM duckdb_tables() ORDER BY n")
    assert {"more", "events"} <= {row["n"] for row in names}
    assert "x" not in {row["n"] for row in names}
    with pytest.raises(LakeError, match="newer Sentree"):
        Lake.open(settings)


def test_a_catalogue_of_another_home_and_a_folder_that_is_not_mounted_are_refused(
    tmp_path: Path, settings: Settings, postgres: PostgresServer
) -> None:
    with pytest.raises(LakeError, match="no lake"):
        Lake.open(settings, create=False)
    assert not settings.home.exists()
    with Lake.open(settings):
        pass
    other = settings.model_copy(update={"home": tmp_path / "other"})
    with pytest.raises(LakeError, match="another lake"):
        Lake.open(other)
    assert not other.home.exists()
    settings.home.rename(tmp_path / "away")
    with pytest.raises(LakeError, match="mount"):
        Lake.open(settings)
    assert not settings.lake_dir.exists()
    moved = settings.model_copy(update={"home": tmp_path / "away"})
    path = f"UPDATE ducklake_metadata SET value = '{moved.lake_dir}/data/' WHERE key = 'data_path'"
    postgres.run(database_of(settings), path)
    with Lake.open(moved, create=False) as lake:
        assert lake.check() == []


def test_a_database_that_cannot_hold_any_character_is_refused(
    settings: Settings, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    latin = postgres.database("ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    monkeypatch.setenv("SENTREE_CATALOG", latin)
    with pytest.raises(ConfigurationError, match="LATIN1"):
        Lake.open(Settings(home=settings.home))


def test_no_command_shows_the_password(
    tmp_path: Path,
    settings: Settings,
    postgres: PostgresServer,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    home = ["--home", str(settings.home)]
    (tmp_path / "a.jsonl").write_text(lines(records(3)))
    assert run(["ingest", str(tmp_path / "a.jsonl"), *home]) == 0
    for words in (["lake", "info"], ["lake", "check"], ["config", "show"], ["doctor"]):
        assert run([*words, *home]) == 0
    for port, password in ((postgres.port, "falsch"), (1, PASSWORD)):
        wrong = f"postgresql://sentree:{password.replace(' ', '%20')}@127.0.0.1:{port}/lake_1"
        monkeypatch.setenv("SENTREE_CATALOG", wrong)
        for words in (["lake", "info", "--verbose"], ["doctor"]):
            assert run([*words, *home]) == 3
    monkeypatch.setenv("SENTREE_CATALOG", "mysql://sentree:falsch@db/lake")
    assert run(["doctor", *home]) == 3
    out, err = capfd.readouterr()
    assert f"port={postgres.port}" in out and "password=********" in out
    assert "password authentication failed" in err and "refused" in err
    for secret in (PASSWORD, PASSWORD.replace(" ", "%20"), "pa'ss", "falsch"):
        assert secret not in out + err
    assert PASSWORD not in repr(settings) + settings.model_dump_json()
