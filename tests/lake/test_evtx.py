"""Binary Windows event logs: what is whole is loaded, what is damaged is counted."""

import gzip
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import pytest
from evtx import PyEvtxParser
from hypothesis import given, settings
from hypothesis import strategies as st
from lake_logs import Load

from sentree.lake.db import Lake
from sentree.lake.evtx import CHUNK, FILE_HEADER, evtx_records
from sentree.lake.records import Record, Reject
from tests.support.evtx_files import EvtxEvent, evtx_bytes

START = datetime(2026, 1, 5, 9, tzinfo=UTC)
TEMPLATE_OF_FIRST_RECORD = 600


def logon(number: int, **data: str) -> EvtxEvent:
    return EvtxEvent(
        4624,
        "Security",
        "Microsoft-Windows-Security-Auditing",
        "dc01.corp.example",
        START + timedelta(seconds=number),
        {"TargetUserName": f"user{number}", "LogonType": "3", "IpAddress": "10.1.2.3"} | data,
    )


def log(count: int, per_chunk: int = 20) -> bytes:
    return evtx_bytes([logon(number) for number in range(count)], per_chunk=per_chunk)


WHOLE = log(60)


def dumped(path: Path) -> list[str]:
    """Give the records as evtx_dump writes them, one a line."""
    records = cast(Iterator[dict[str, str]], PyEvtxParser(str(path), indent=False).records_json())
    return [each["data"] for each in records]


def test_an_evtx_file_becomes_events_with_the_fields_of_its_records(
    tmp_path: Path, load: Load, lake: Lake
) -> None:
    (tmp_path / "Security.evtx").write_bytes(log(50))
    report = load(tmp_path)
    assert (report.accepted, report.rejected) == (50, 0)
    assert report.sources[0].format == "windows"
    rows = lake.connection.execute(
        "SELECT class_uid, time, json_extract_string(event, '$.user.name'),"
        " json_extract_string(event, '$.src_endpoint.ip'), source_line"
        " FROM events ORDER BY source_line"
    ).fetchall()
    assert rows[7] == (3002, datetime(2026, 1, 5, 9, 0, 7), "user7", "10.1.2.3", 8)


def test_a_second_delivery_packed_or_as_json_of_evtx_dump_adds_nothing(
    tmp_path: Path, load: Load
) -> None:
    path = tmp_path / "Security.evtx"
    path.write_bytes(log(50))
    assert load(path).accepted == 50
    assert load(path).sources[0].already_loaded
    (tmp_path / "Security.evtx.gz").write_bytes(gzip.compress(log(50)))
    (tmp_path / "dump.jsonl").write_text("\n".join(dumped(path)))
    again = load(tmp_path / "Security.evtx.gz", tmp_path / "dump.jsonl")
    assert [(each.accepted, each.duplicate) for each in again.sources] == [(0, 50), (0, 50)]


def test_hostile_text_in_a_record_stays_text(tmp_path: Path, load: Load, lake: Lake) -> None:
    name = '</Data><Data Name="x">\u202e"; DROP TABLE events; --\x01\n{'
    (tmp_path / "a.evtx").write_bytes(evtx_bytes([logon(1, TargetUserName=name)]))
    assert load(tmp_path).accepted == 1
    [(found,)] = lake.connection.execute(
        "SELECT json_extract_string(event, '$.user.name') FROM events"
    ).fetchall()
    assert found.replace("\x01", "") == name.replace("\x01", "")


def test_what_is_damaged_is_quarantined_with_its_place_and_the_rest_is_loaded(
    tmp_path: Path, load: Load, lake: Lake
) -> None:
    damaged = bytearray(log(60))
    damaged[FILE_HEADER + CHUNK : FILE_HEADER + CHUNK + 8] = b"overwrit"
    (tmp_path / "a.evtx").write_bytes(damaged[: FILE_HEADER + 2 * CHUNK + 4000])
    [source] = load(tmp_path).sources
    lost = 40 - source.accepted
    assert 0 < lost < 20
    assert source.reasons == {"damaged EVTX chunk": 1, "truncated EVTX": lost}
    raws = [raw for (raw,) in lake.connection.execute("SELECT raw FROM rejects").fetchall()]
    assert {"chunk 1", "chunk 2, event record 60"} <= set(raws)


def read(content: bytes, block: int = 100_000) -> tuple[list[Record], Counter[str]]:
    """Read a log; give its records, and how many were rejected for each reason."""
    parts = [content[at : at + block] for at in range(0, len(content), block)]
    found = list(evtx_records(parts))
    assert [each.line for each in found] == list(range(1, len(found) + 1))
    records = [each for each in found if isinstance(each, Record)]
    return records, Counter(each.reason for each in found if isinstance(each, Reject))


def users(records: list[Record]) -> set[str]:
    found = (re.search(r'"TargetUserName":"(\w+)"', each.text) for each in records)
    return {each[1] for each in found if each}


def test_a_damaged_template_costs_the_records_of_its_chunk_alone() -> None:
    damaged = bytearray(log(60))
    at = FILE_HEADER + CHUNK + TEMPLATE_OF_FIRST_RECORD
    damaged[at : at + 40] = b"\xff" * 40
    records, rejected = read(bytes(damaged))
    assert {f"user{number}" for number in (*range(20), *range(40, 60))} <= users(records)
    assert rejected == {"damaged EVTX record": 20}


def test_a_changed_record_is_read_and_says_that_the_checksum_differs() -> None:
    changed = log(30).replace("user7".encode("utf-16-le"), "boss7".encode("utf-16-le"))
    records, rejected = read(changed)
    assert ("boss7" in users(records), rejected) == (True, {})
    assert [each.note for each in records] == ["evtx_checksum"] * 20 + [None] * 10


def test_a_damaged_file_header_and_chunks_never_written_cost_nothing() -> None:
    whole = bytearray(log(40)) + bytes(3 * CHUNK)
    whole[16:128] = b"\xff" * 112
    records, rejected = read(bytes(whole))
    assert (len(records), rejected) == (40, {})


@pytest.mark.parametrize("size", [8, 100, FILE_HEADER - 1])
def test_a_file_that_ends_in_its_header_is_truncated(size: int) -> None:
    assert read(log(5)[:size]) == ([], {"truncated EVTX": 1})


@settings(max_examples=40, deadline=None)
@given(
    damage=st.lists(st.tuples(st.integers(0, 2 * CHUNK - 8), st.binary(min_size=1, max_size=8))),
    block=st.integers(5000, 200_000),
)
def test_no_damage_makes_reading_fail_and_a_whole_chunk_is_always_read(
    damage: list[tuple[int, bytes]], block: int
) -> None:
    whole = bytearray(WHOLE)
    for at, noise in damage:
        whole[FILE_HEADER + at : FILE_HEADER + at + len(noise)] = noise
    records, _ = read(bytes(whole), block)
    assert {f"user{number}" for number in range(40, 60)} <= users(records)
