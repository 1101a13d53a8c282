import gzip
import json
import os
from pathlib import Path
from typing import Any

import pytest
from lake_logs import Load, lines, record, records

from sentree.lake.db import Lake
from sentree.lake.readers import ByteSource


def test_an_empty_file_is_no_error_and_says_so(tmp_path: Path, load: Load) -> None:
    (tmp_path / "a.log").write_bytes(b"")
    (tmp_path / "b.log").write_bytes(b"\n \r\n")
    report = load(tmp_path)
    assert [(each.delivered, each.note) for each in report.sources] == [(0, "empty")] * 2


def test_a_cut_last_line_is_rejected_and_the_others_load(
    tmp_path: Path, load: Load, lake: Lake
) -> None:
    (tmp_path / "a.log").write_text(lines(records(3))[:-20])
    report = load(tmp_path / "a.log")
    assert (report.accepted, report.rejected) == (2, 1)
    [row] = lake.query("SELECT * FROM rejects")
    assert (row["source_line"], row["reason"]) == (3, "cut: the JSON value does not end")
    assert row["raw"].startswith('{"TimeCreated"')


def test_a_line_of_ten_megabytes_loads(tmp_path: Path, load: Load, lake: Lake) -> None:
    long = record(1, Message="x" * 10_000_000)
    (tmp_path / "a.log").write_text(lines([record(0), long, record(2)]))
    assert load(tmp_path / "a.log").accepted == 3
    assert lake.query("SELECT max(length(raw)) AS n FROM events")[0]["n"] > 10_000_000


@pytest.mark.parametrize("size", [20_000_000, 40_000_000])
def test_a_longer_line_than_allowed_is_rejected_with_its_length(
    tmp_path: Path, load: Load, lake: Lake, size: int
) -> None:
    path = tmp_path / "a.log"
    path.write_text(lines([record(0), record(1, Message="x" * size), record(2)]))
    report = load(path)
    assert (report.accepted, report.sources[0].reasons) == (2, {"longer than the limit": 1})
    [row] = lake.query("SELECT source_line, length(raw) AS n, raw_length FROM rejects")
    assert (row["source_line"], row["n"]) == (2, 4096)
    assert row["raw_length"] == len(lines([record(1, Message="x" * size)])) - 1
    assert [r["source_line"] for r in lake.query("FROM events ORDER BY time")] == [1, 3]


def test_a_byte_that_is_no_utf8_is_kept_and_marked_and_hides_nothing(
    tmp_path: Path, load: Load, lake: Lake
) -> None:
    text = lines([record(0), record(1, Message="caf\xe9"), record(2, Message="straße")])
    broken = text.replace("\\u00e9", "é").encode().replace("é".encode(), b"\xe9")
    (tmp_path / "a.log").write_bytes(broken)
    report = load(tmp_path / "a.log")
    assert report.accepted == 3
    assert report.sources[0].issues["invalid_utf8"] == 1
    [row] = lake.query("SELECT raw FROM events WHERE list_contains(issues, 'invalid_utf8')")
    assert json.loads(row["raw"])["Message"] == "café"


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-8"])
def test_marked_utf16_and_utf8_are_the_same_events(
    encoding: str, tmp_path: Path, load: Load, lake: Lake
) -> None:
    foreign = json.dumps(record(4, Message="ключ 鍵 🔑"), ensure_ascii=False)
    text = lines(records(3)) + foreign
    (tmp_path / "a.log").write_bytes(text.encode())
    (tmp_path / "b.log").write_bytes(("\ufeff" + text).encode(encoding))
    report = load(tmp_path)
    assert (report.accepted, report.duplicate) == (4, 4)


TIMES: list[tuple[Any, str | None]] = [
    ("2026-01-05T09:00:00Z", "2026-01-05 09:00:00"),
    ("2026-01-05T09:00:00.123456Z", "2026-01-05 09:00:00.123456"),
    (1767603600, "2026-01-05 09:00:00"),
    (1767603600.5, "2026-01-05 09:00:00.500000"),
    (1767603600123, "2026-01-05 09:00:00.123000"),
    (1767603600123456, "2026-01-05 09:00:00.123456"),
    (1767603600123456000, "2026-01-05 09:00:00.123456"),
    ("yesterday", None),
    (9e300, None),
    (-1e18, None),
    ("99999-12-31T00:00:00Z", None),
    (None, None),
    ([], None),
    ({"a": 1}, None),
    (True, None),
]


def test_a_time_of_any_kind_is_read_or_noted_and_never_stops_the_load(
    tmp_path: Path, load: Load, lake: Lake
) -> None:
    of = [
        {
            "class_uid": 1007,
            "activity_id": 1,
            "category_uid": 1,
            "type_uid": 100701,
            "severity_id": 1,
            "metadata": {"version": "1.8.0", "product": {"name": "x"}},
            "message": f"{number:02}",
            "time": value,
        }
        for number, (value, _) in enumerate(TIMES)
    ]
    (tmp_path / "a.log").write_text(lines(of))
    report = load(tmp_path / "a.log")
    assert report.accepted == len(TIMES)
    found = lake.query("SELECT time, issues, message FROM events ORDER BY message")
    assert [row["time"] and str(row["time"]) for row in found] == [text for _, text in TIMES]
    assert all(row["issues"] for row in found if row["time"] is None)


def test_an_unknown_class_and_nulls_are_kept(tmp_path: Path, load: Load, lake: Lake) -> None:
    event = {
        "class_uid": 987654,
        "category_uid": 9,
        "activity_id": 1,
        "type_uid": 98765401,
        "severity_id": 1,
        "time": 1767603600000,
        "metadata": {"version": "1.8.0", "product": None},
        "actor": {"user": {"name": None}},
        "device": None,
    }
    (tmp_path / "a.log").write_text(lines([event]))
    assert load(tmp_path / "a.log").accepted == 1
    [row] = lake.query("SELECT * FROM events")
    assert row["class_uid"] == 987654
    assert "unknown_class_uid" in row["issues"]
    assert "null" not in row["event"]
    assert "null" in row["raw"]


@pytest.mark.parametrize("framed", [lambda one: one, lambda one: f"[\n{one}\n]"])
def test_deep_nesting_crashes_nothing(framed: Any, tmp_path: Path, load: Load, lake: Lake) -> None:
    def nested(depth: int) -> str:
        return '{"EventID":1,"x":' + '{"a":' * (depth - 1) + "1" + "}" * depth

    text = [nested(200), nested(1000), nested(100_000)]
    joined = "\n".join(text) if framed("") == "" else framed(",\n".join(text))
    (tmp_path / "a.log").write_text(joined)
    report = load(tmp_path / "a.log")
    assert (report.accepted, report.sources[0].reasons) == (1, {"too deep": 2})
    json.loads(lake.query("SELECT event FROM events")[0]["event"])


def test_of_doubled_keys_the_first_counts_and_the_event_says_so(
    tmp_path: Path, load: Load, lake: Lake
) -> None:
    one = json.dumps(record(0))
    doubled = one[:-1] + ', "Hostname": "evil", "Channel": "None"}'
    (tmp_path / "a.log").write_text(f"{json.dumps(record(1))}\n{doubled}\n")
    report = load(tmp_path / "a.log")
    assert report.sources[0].issues["duplicate_keys"] == 1
    [row] = lake.query("SELECT * FROM events WHERE list_contains(issues, 'duplicate_keys')")
    assert row["device_host"].startswith("ws01")
    assert "evil" in row["raw"]


def test_control_characters_and_half_surrogates_do_not_hide_an_event(
    tmp_path: Path, load: Load, lake: Lake
) -> None:
    nul = json.dumps(record(0, Message="a?b")).replace("?", "\x00")
    tab = json.dumps(record(1, Message="a?b")).replace("?", "\t")
    half = json.dumps(record(2, Message="a?b")).replace("?", "\\ud800")
    padded = "\x00" * 300 + json.dumps(record(3))
    (tmp_path / "a.log").write_text("\n".join([nul, tab, half, padded, "\x00" * 90, ""]))
    report = load(tmp_path / "a.log")
    assert (report.delivered, report.accepted) == (4, 4)
    assert {row["class_uid"] for row in lake.query("FROM events")} == {1007}
    assert report.sources[0].issues["repaired_json"] == 3


def test_a_gzip_that_breaks_off_gives_its_whole_lines(
    tmp_path: Path, load: Load, lake: Lake
) -> None:
    of = [record(n, Message=os.urandom(200).hex()) for n in range(200)]
    packed = gzip.compress(lines(of).encode())
    (tmp_path / "a.log.gz").write_bytes(packed[: len(packed) // 2])
    report = load(tmp_path / "a.log.gz")
    assert report.sources[0].reasons == {"truncated gzip": 1}
    assert 80 < report.accepted < 120
    [row] = lake.query("SELECT source_line FROM rejects")
    assert row["source_line"] == report.accepted + 1


def test_a_broken_gzip_of_an_array_gives_its_whole_values(tmp_path: Path, load: Load) -> None:
    of = [record(n, Message=os.urandom(200).hex()) for n in range(200)]
    packed = gzip.compress(json.dumps(of).encode())
    (tmp_path / "a.json.gz").write_bytes(packed[: len(packed) // 2])
    report = load(tmp_path / "a.json.gz")
    assert report.sources[0].reasons == {"truncated gzip": 1}
    assert 80 < report.accepted < 120


def test_binary_files_among_logs_are_named_and_not_loaded(tmp_path: Path, load: Load) -> None:
    (tmp_path / "a.log").write_text(lines(records(1)))
    (tmp_path / "b.7z").write_bytes(b"7z\xbc\xaf\x27\x1c" + bytes(5000))
    report = load(tmp_path)
    assert report.accepted == 1
    assert report.sources[1].error == "7z archive: not a log in text form"


def test_a_file_that_changes_while_it_is_read_is_told(
    tmp_path: Path, load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.log"
    path.write_text(lines(records(3)))
    digest = ByteSource.digest

    def then_shrink(self: ByteSource) -> str | None:
        found = digest(self)
        path.write_text(lines(records(2)) + '{"Even')
        return found

    monkeypatch.setattr(ByteSource, "digest", then_shrink)
    report = load(path)
    assert report.sources[0].note == "changed while it was read"
    assert (report.accepted, report.rejected) == (2, 1)


def test_a_read_error_in_the_middle_keeps_the_whole_lines_before_it(
    tmp_path: Path, load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.log"
    path.write_text(lines(records(3)))
    text = path.read_bytes()

    def failing(self: ByteSource, **_: object) -> Any:
        yield text[: len(text) - 10]
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(ByteSource, "blocks", failing)
    report = load(path)
    assert (report.accepted, report.sources[0].reasons) == (
        2,
        {"read error: input/output error": 1},
    )
