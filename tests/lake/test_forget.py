"""Forgetting: no file of the home holds what was forgotten, and all else is there as before."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lake_logs import lines, record

from schemas.upkeep import Entity, ForgetReport, ForgetRequest
from sentree.cli import run
from sentree.errors import UsageError
from sentree.lake.calls import SqliteCallStore
from sentree.lake.context import export_context
from sentree.lake.db import Lake
from sentree.lake.entity_pattern import pattern_of, read_entity
from sentree.lake.forget import forget, plan
from sentree.lake.ingest import ingest
from sentree.lake.soundness import check
from sentree.settings import Settings

NOW = datetime(2026, 2, 1, tzinfo=UTC)
SECRET = "Zoë.Quastel"
OTHER = "zoë.quastelbauer"
ALSO = "PC-17"
TENANTS = ("acme", "other")


def log_lines(tenant: str) -> str:
    """Records, some of which name the person: as a field, in a path, escaped, only in the text."""
    several = [
        record(1, SubjectUserName=SECRET, who=tenant),
        record(2, CommandLine=f"type C:\\Users\\{SECRET}\\notes.txt", who=tenant),
        record(3, Note=f"first line\n{SECRET.upper()}: second", who=tenant),
        record(4, SubjectUserName=OTHER, who=tenant),
        *(record(number, Hostname=ALSO, who=tenant) for number in range(5, 20)),
    ]
    return lines(several) + json.dumps(several[0])[:-12] + "\n"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a lake of two tenants, with a run and a stored call of each."""
    folder = tmp_path_factory.mktemp("made")
    settings = Settings(home=folder / "home")
    with Lake.open(settings) as lake:
        for tenant in TENANTS:
            path = folder / f"{tenant}-{SECRET}.jsonl"
            path.write_text(log_lines(tenant), "utf-8")
            ingest(lake, [path], settings=settings, tenant=tenant)
            run_dir = settings.runs_dir / f"20260101T000000-{tenant}"
            run_dir.mkdir(parents=True)
            export_context(lake, run_dir, tenant=tenant)
            (run_dir / "result.json").write_text(json.dumps({"query": {"tenant_uid": tenant}}))
            lake.execute(
                "INSERT INTO detections (detection_uid, event_uid, tenant_uid, rule_title)"
                " SELECT event_uid, event_uid, tenant_uid, 'r' FROM events WHERE tenant_uid = ?",
                [tenant],
            )
    with SqliteCallStore(settings.home / "calls.sqlite") as store, store.writing() as calls:
        for tenant in TENANTS:
            calls.execute(
                "INSERT INTO model_calls (key, run_uid, node_uid, model, request, reply, attempts,"
                " milliseconds, simulated, stored_at) VALUES (?, ?, 'n', 'm', ?, 'r', 1, 1, 0, '')",
                (tenant, f"20260101T000000-{tenant}", f"{tenant} asks of {SECRET}"),
            )
        calls.execute(
            "INSERT INTO model_calls (key, run_uid, node_uid, model, request, reply, attempts,"
            " milliseconds, simulated, stored_at) VALUES"
            " ('k', 'r', 'n', 'm', 'q', 'r', 1, 1, 0, '')"
        )
    return folder


@pytest.fixture
def settings(made: Path, tmp_path: Path) -> Settings:
    shutil.copytree(made / "home", tmp_path / "home")
    return Settings(home=tmp_path / "home")


@pytest.fixture
def lake(settings: Settings) -> Iterator[Lake]:
    with Lake.open(settings) as opened:
        yield opened


def texts(home: Path) -> Iterator[tuple[Path, str]]:
    """Everything that a home's files hold: their bytes as text, and the rows of packed ones."""
    for path in home.rglob("*"):
        if not path.is_file():
            continue
        content = path.read_bytes()
        yield path, content.decode("utf-8", "replace")
        yield path, content.decode("utf-16-le", "replace")
        if path.suffix == ".parquet":
            found = duckdb.sql(f"SELECT CAST(t AS VARCHAR) FROM read_parquet('{path}') AS t")
            yield path, "\n".join(str(row[0]) for row in found.fetchall())
        elif path.suffix == ".duckdb":
            with duckdb.connect(str(path), read_only=True) as context:
                rows = context.execute("SELECT CAST(events AS VARCHAR) FROM events").fetchall()
            yield path, "\n".join(str(row[0]) for row in rows)


def holders(home: Path, value: str) -> set[str]:
    """The files that hold a value, in plain writing or as JSON escapes."""
    low = {value.lower(), json.dumps(value.lower())[1:-1]}
    for_other = OTHER.lower(), json.dumps(OTHER.lower())[1:-1]
    found: set[str] = set()
    for path, text in texts(home):
        text = text.lower()
        for other in for_other:
            text = text.replace(other, "")
        if any(writing in text for writing in low):
            found.add(path.name)
    return found


def rows(report: ForgetReport) -> dict[str, int]:
    return {one.table: one.rows for one in report.removed if one.rows}


def test_a_person_who_is_forgotten_is_in_no_byte_of_the_home(
    lake: Lake, settings: Settings
) -> None:
    request = ForgetRequest(entity=read_entity(f"user={SECRET.lower()}"))
    assert len(holders(settings.home, SECRET)) > 3
    planned = plan(lake, settings, request)
    assert lake.info().tables["events"] == 38
    done = forget(lake, settings, request, NOW)
    assert rows(planned) == rows(done) == {"events": 6, "detections": 6, "rejects": 2}
    assert planned.runs == done.runs and len(done.runs) == 2
    assert planned.model_calls == done.model_calls == 2
    assert done.remaining == ()
    assert holders(settings.home, SECRET) == set()
    assert holders(settings.home, ALSO)
    others = lake.query("SELECT count(*) AS n FROM events WHERE actor_user = ?", [OTHER])
    assert others == [{"n": 2}] and lake.info().tables["events"] == 32
    assert check(lake).is_sound


def test_a_tenant_that_is_forgotten_leaves_the_other_as_it_was(
    lake: Lake, settings: Settings, made: Path
) -> None:
    before = lake.query("FROM events WHERE tenant_uid = 'other' ORDER BY event_uid")
    done = forget(lake, settings, ForgetRequest(tenant_uid="acme"), NOW)
    assert rows(done) == {"events": 19, "detections": 19, "rejects": 1, "sources": 1}
    assert done.runs == ("20260101T000000-acme",) and done.model_calls == 1
    assert holders(settings.home, "acme") == set()
    assert lake.query("FROM events WHERE tenant_uid = 'other' ORDER BY event_uid") == before
    assert check(lake).is_sound
    again = ingest(lake, [made / f"acme-{SECRET}.jsonl"], settings=settings, tenant="acme")
    assert again.accepted == 19


def test_forgetting_asks_and_tells_before_it_removes(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    home = ["--home", str(settings.home), "--tenant", "other", "--entity", f"host={ALSO}"]
    assert run(["lake", "forget", "--home", str(settings.home)]) == 2
    assert run(["lake", "forget", *home]) == 0
    out, err = capsys.readouterr()
    assert "15 events" in out and "--yes" in err
    with Lake.open(settings) as lake:
        assert lake.info().tenants == {"acme": 19, "other": 19}
    assert run(["lake", "forget", *home, "--yes"]) == 0
    out, _ = capsys.readouterr()
    # It is in the other tenant's records still, and that is said.
    assert "remains: table events: 15 rows of other tenants" in out
    with Lake.open(settings) as lake:
        assert lake.info().tenants == {"acme": 19, "other": 4}
    with sqlite3.connect(settings.home / "calls.sqlite") as calls:
        assert calls.execute("SELECT count(*) FROM model_calls").fetchone() == (2,)


@pytest.mark.parametrize(
    ("entity", "text", "found"),
    [
        ("user=maria", r'{"a":"CORP\\maria"}', True),
        ("user=maria", r'{"a":"x\nMaria said"}', True),
        ("user=maria", r'{"a":"C:\\nmaria"}', False),
        ("user=maria", "maria@corp.example", True),
        ("user=maria", "mariana, ana-maria, maria_2", False),
        ("user=zoë", r'{"a":"zo\u00eb"}', True),
        ("host=ws01", "ws01.corp.example", True),
        ("host=ws01", "ws01-backup aws01 ws011", False),
        ("ip=10.0.0.5", "from 10.0.0.5:443", True),
        ("ip=10.0.0.5", "from 10.0.0.5.", True),
        ("ip=10.0.0.5", "10.0.0.55 110.0.0.5 10.0.0.5.7 v10x10.0.0.5a", False),
        ("ip=2001:db8::5", "[2001:0DB8:0000:0000:0000:0000:0000:0005]:443", True),
        ("ip=2001:db8::5", "2001:db8::55 2001:db8::5:1", False),
        ("text=a.b(c", "xxA.B(Cxx", True),
        ("text=a.b(c", "aXb(c", False),
    ],
)
def test_an_entity_is_found_as_a_whole_name(entity: str, text: str, found: bool) -> None:
    pattern = pattern_of(read_entity(entity))
    [(matched,)] = duckdb.execute("SELECT regexp_matches(?, ?)", [text, pattern.regex]).fetchall()
    assert matched is found


@given(
    value=st.text(st.characters(exclude_categories=("Cs", "Cc", "Z")), min_size=2, max_size=12),
    before=st.sampled_from(["", " ", "\n", "\\", '"', "@"]),
)
def test_any_name_is_found_in_the_text_and_in_json_of_it(value: str, before: str) -> None:
    pattern = pattern_of(Entity(kind="user", value=value))
    text = f"x {before}{value} y"
    for written in (text, json.dumps(text), json.dumps(text, ensure_ascii=False)):
        sql = "SELECT regexp_matches(?, ?)"
        assert duckdb.execute(sql, [written, pattern.regex]).fetchall() == [(True,)]


@pytest.mark.parametrize("text", ["maria", "mail=x@y", "user=", "user=x", "ip=10.0.0", "ip=x::y"])
def test_an_entity_that_is_none_is_a_usage_error(text: str) -> None:
    with pytest.raises(UsageError, match="--entity"):
        read_entity(text)
