from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

import duckdb
import pytest
from contexts import event_row
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.trajectory import Predicate
from sentree.lake.context import Context
from sentree.lake.search_index import build_index, search, words_of

RECORDS = [
    r'{"Image":"C:\\Windows\\System32\\lsass.exe","User":"CORP\\alice"}',
    r'{"Image":"C:\\Users\\Public\\procdump64.exe","CommandLine":"procdump -ma lsass.exe out.dmp"}',
    '{"src":"10.0.0.5","dst":"110.0.0.55","query":"evil-cdn.example.co.uk"}',
    '{"src":"10.0.0.50","guid":"{8A2B44F0-1B2C-4D5E-9F00-AABBCCDDEEFF}"}',
    "Jan  1 10:00:00 web sshd[42]: Failed password for Jürgen from 2001:db8::1 port 4242",
]


def write(path: Path, records: Sequence[str]) -> Path:
    path.unlink(missing_ok=True)
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "CREATE TABLE events (event_uid VARCHAR, time TIMESTAMP, host VARCHAR,"
            " device_host VARCHAR, shard_key UINTEGER, chars BIGINT, mapper VARCHAR,"
            " event VARCHAR, raw VARCHAR)"
        )
        for number, raw in enumerate(records):
            row = event_row(f"{number:032x}", datetime(2026, 1, 1, number % 24), "ws01", len(raw))
            connection.execute(
                "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [*(row | {"raw": raw}).values()],
            )
    return path


@pytest.fixture(params=[True, False], ids=["indexed", "scanned"])
def context(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Context]:
    path = write(tmp_path / "context.duckdb", RECORDS)
    if request.param:
        assert build_index(path)
    with Context.open(path) as opened:
        yield opened


def found(context: Context, text: str, n: int = 20) -> list[int]:
    return [int(row["event_uid"], 16) for row in search(context, text, n)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"C:\\Windows\\System32\\lsass.exe", {0}),
        ("lsass", {0, 1}),
        ("LSASS.EXE", {0, 1}),
        ("system32", {0}),
        ("10.0.0.5", {2, 3}),
        ("10.0.0.50", {3}),
        ('"10.0.0.5",', {2, 3}),
        ("0.0.55", {2}),
        ("evil-cdn.example.co.uk", {2}),
        ("example", {2}),
        ("{8a2b44f0-1b2c-4d5e-9f00-aabbccddeeff}", {3}),
        ("1b2c-4d5e", {3}),
        ("sshd[42]:", {4}),
        ("2001:db8::1", {4}),
        ("jürgen", {4}),
        ("procdum", {1}),
        ("nothing", set[int]()),
        ("", set[int]()),
        ("-- :: [] a", set[int]()),
    ],
)
def test_words_are_found_whole_and_by_part(context: Context, text: str, expected: set[int]) -> None:
    assert set(found(context, text)) == expected


def test_the_event_with_the_rarer_words_comes_first(context: Context) -> None:
    assert found(context, "lsass.exe dump out.dmp")[0] == 1
    assert found(context, "lsass.exe dump out.dmp", n=1) == [1]


def test_rows_have_what_a_reader_needs(context: Context) -> None:
    [row] = search(context, "jürgen", 5)
    assert list(row) == ["event_uid", "time", "host", "score", "raw"]
    assert (row["time"], row["host"], row["raw"]) == ("2026-01-01 04:00:00", "ws01", RECORDS[4])
    assert row["score"] > 0


def test_nothing_outside_of_the_scope_is_found(context: Context) -> None:
    scope = Predicate("event_uid <> ? AND time >= ?", (f"{0:032x}", datetime(2026, 1, 1)))
    assert [int(row["event_uid"], 16) for row in search(context, "lsass", 5, scope)] == [1]


def test_sql_in_the_words_is_text(context: Context) -> None:
    assert found(context, "'; DROP TABLE events; -- $1 ?") == []
    assert len(found(context, "e")) == 0
    assert found(context, "lsass") == found(context, "lsass")


def test_a_big_context_gets_no_index_and_is_searched_all_the_same(tmp_path: Path) -> None:
    path = write(tmp_path / "context.duckdb", RECORDS)
    assert not build_index(path, most_characters=100)
    with Context.open(path) as context:
        assert found(context, "procdump64.exe") == [1]


def test_an_empty_context_needs_no_index(tmp_path: Path) -> None:
    path = write(tmp_path / "context.duckdb", [])
    assert not build_index(path)
    with Context.open(path) as context:
        assert found(context, "any") == []


def test_questions_lose_their_quotes_and_repeats() -> None:
    assert words_of('Who ran "Mimikatz.exe"? who RAN (it).') == ["who", "ran", "mimikatz.exe", "it"]


pieces = st.sampled_from(["a", "ab", "b", "0", "10", ".", "\\", "-", "é", "İ", "x", "_", "%", "K"])
tokens = st.lists(pieces, min_size=1, max_size=6).map("".join)


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(records=st.lists(st.lists(tokens, max_size=4).map(" ".join), max_size=6), word=tokens)
def test_an_index_finds_just_what_a_scan_finds(
    tmp_path: Path, records: list[str], word: str
) -> None:
    path = write(tmp_path / "context.duckdb", records)
    with Context.open(path) as context:
        scanned = found(context, word)
    build_index(path)
    with Context.open(path) as context:
        assert sorted(found(context, word)) == sorted(scanned)
