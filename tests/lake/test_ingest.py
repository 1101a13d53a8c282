import gzip
import io
import json
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import HealthCheck, given
from hypothesis import settings as examples_of
from hypothesis import strategies as st
from lake_logs import Load, lines, record, records

from sentree.errors import UsageError
from sentree.lake import framing
from sentree.lake.db import Lake
from sentree.lake.ingest import NothingLoadedError, PartlyLoadedError, ingest
from sentree.lake.readers import ByteSource
from sentree.settings import Settings

FRAMINGS = {
    "lines": lines,
    "no last newline": lambda of: lines(of).rstrip("\n"),
    "crlf": lambda of: lines(of).replace("\n", "\r\n"),
    "array": json.dumps,
    "pretty": lambda of: json.dumps(of, indent=2),
    "concatenated": lambda of: "".join(map(json.dumps, of)),
    "array on each line": lambda of: "".join(json.dumps([each]) + "\n" for each in of),
    "two on a line": lambda of: lines(of[:-2]) + json.dumps(of[-2]) + json.dumps(of[-1]),
}


def uids(lake: Lake, tenant: str = "%") -> list[str]:
    found = "SELECT event_uid FROM events WHERE tenant_uid LIKE ? ORDER BY ALL"
    return [row["event_uid"] for row in lake.query(found, [tenant])]


@pytest.mark.parametrize("how", FRAMINGS)
def test_the_same_records_are_the_same_events_however_they_are_framed(
    how: str, tmp_path: Path, load: Load, lake: Lake
) -> None:
    of = records(7)
    (tmp_path / "a.log").write_text(lines(of))
    load(tmp_path / "a.log")
    known = uids(lake)
    (tmp_path / "b.log").write_text(FRAMINGS[how](of))
    report = load(tmp_path / "b.log")
    assert len(known) == 7
    assert uids(lake) == known
    assert (report.delivered, report.duplicate, report.rejected) == (7, 7, 0)


def test_loading_a_file_twice_changes_nothing_not_even_the_snapshot(
    tmp_path: Path, load: Load, lake: Lake
) -> None:
    (tmp_path / "a.log").write_text(lines(records(5)))
    first = load(tmp_path / "a.log")
    again = load(tmp_path / "a.log")
    assert (first.accepted, again.accepted, again.duplicate) == (5, 0, 5)
    assert again.sources[0].already_loaded
    assert again.snapshot_id == first.snapshot_id


def test_the_same_content_under_another_name_or_packed_is_known(
    tmp_path: Path, load: Load, lake: Lake
) -> None:
    text = lines(records(5)).encode()
    (tmp_path / "a.log").write_bytes(text)
    (tmp_path / "b.log").write_bytes(text)
    (tmp_path / "c.gz").write_bytes(gzip.compress(text))
    (tmp_path / "d.zst").write_bytes(zstandard.compress(text))
    report = load(tmp_path)
    assert [each.accepted for each in report.sources] == [5, 0, 0, 0]
    assert report.duplicate == 15
    assert lake.query("SELECT count(*) AS n FROM sources")[0]["n"] == 3


def test_half_old_and_half_new_lines_are_counted_exactly(tmp_path: Path, load: Load) -> None:
    (tmp_path / "a.log").write_text(lines(records(10)))
    load(tmp_path / "a.log")
    (tmp_path / "b.log").write_text(lines(records(10, first=5) + records(2, first=14)))
    report = load(tmp_path / "b.log")
    assert (report.delivered, report.accepted, report.duplicate) == (12, 6, 6)


def test_records_without_a_time_are_known_again_too(tmp_path: Path, load: Load, lake: Lake) -> None:
    timeless = [record(n, TimeCreated="soon") for n in range(3)]
    (tmp_path / "a.log").write_text(lines(timeless))
    (tmp_path / "b.log").write_text(lines(timeless + records(1)))
    report = load(tmp_path)
    assert [each.accepted for each in report.sources] == [3, 1]
    assert lake.query("SELECT count(*) AS n FROM events WHERE time IS NULL")[0]["n"] == 3


def test_two_tenants_may_have_the_same_record(tmp_path: Path, load: Load, lake: Lake) -> None:
    (tmp_path / "a.log").write_text(lines(records(2)))
    load(tmp_path / "a.log", tenant="red")
    report = load(tmp_path / "a.log", tenant="blue")
    assert report.accepted == 2
    assert len(set(uids(lake))) == 4


def test_each_event_names_its_file_line_and_raw_text(
    tmp_path: Path, load: Load, lake: Lake
) -> None:
    of = records(3)
    path = tmp_path / "a.log"
    path.write_text("\n" + lines(of[:1]) + "\n  \n" + lines(of[1:]))
    load(path)
    found = lake.query(
        "SELECT source_line, raw, path FROM events JOIN sources USING (source_uid) ORDER BY time"
    )
    assert [row["source_line"] for row in found] == [2, 5, 6]
    assert [json.loads(row["raw"]) for row in found] == of
    assert {row["path"] for row in found} == {str(path)}
    text = path.read_text().splitlines()
    assert all(text[row["source_line"] - 1] == row["raw"] for row in found)


def test_lines_that_are_no_json_become_base_events_among_the_others(
    tmp_path: Path, load: Load, lake: Lake
) -> None:
    (tmp_path / "a.log").write_text(lines(records(2)) + 'sshd[3]: Failed password\n42\n"x"\n')
    report = load(tmp_path / "a.log")
    assert (report.accepted, report.rejected) == (5, 0)
    base = lake.query("SELECT raw, class_uid FROM events WHERE mapper = 'base' ORDER BY raw")
    assert [row["raw"] for row in base] == ['"x"', "42", "sshd[3]: Failed password"]
    assert {row["class_uid"] for row in base} == {0}


def test_a_format_that_is_asked_for_is_used_and_misfits_are_marked(
    tmp_path: Path, load: Load, lake: Lake
) -> None:
    (tmp_path / "a.log").write_text(lines(records(2)) + '{"other": 1}\n')
    report = load(tmp_path / "a.log", as_format="windows")
    assert report.sources[0].format == "windows"
    assert report.sources[0].issues["other_format"] == 1
    with pytest.raises(UsageError, match="no format 'nope'"):
        load(tmp_path / "a.log", as_format="nope")


def test_standard_input_is_loaded_once_too(
    load: Load, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = lines(records(4)).encode() + b'{"cut\n'

    def pipe() -> None:
        monkeypatch.setattr("sys.stdin", type("Pipe", (), {"buffer": io.BytesIO(text)}))

    pipe()
    first = load("-")
    pipe()
    again = load("-")
    assert (first.accepted, first.rejected) == (4, 1)
    assert (again.accepted, again.duplicate, again.sources[0].already_loaded) == (0, 5, True)
    assert lake.query("SELECT count(*) AS n FROM rejects")[0]["n"] == 1


def test_what_is_missing_is_reported_and_the_rest_is_loaded(tmp_path: Path, load: Load) -> None:
    (tmp_path / "a.log").write_text(lines(records(2)))
    report = load(tmp_path / "a.log", tmp_path / "none.log", tmp_path / "a.log" / "below")
    assert [each.error for each in report.sources] == [
        None,
        "no such file or directory",
        "not a directory",
    ]
    assert report.accepted == 2


def test_nothing_readable_is_exit_code_4_and_strict_is_5_after_the_good_part(
    tmp_path: Path, lake: Lake, settings: Settings
) -> None:
    with pytest.raises(NothingLoadedError) as nothing:
        ingest(lake, [tmp_path / "none.log"], settings=settings)
    assert nothing.value.exit_code == 4
    assert str(nothing.value).endswith("none.log: no such file or directory")
    (tmp_path / "a.log").write_text(lines(records(2)) + '{"cut')
    with pytest.raises(PartlyLoadedError) as partly:
        ingest(lake, [tmp_path / "a.log"], settings=settings, strict=True)
    assert partly.value.exit_code == 5
    assert len(uids(lake)) == 2


def test_many_small_files_are_committed_together(tmp_path: Path, load: Load, lake: Lake) -> None:
    before = lake.snapshot_id()
    for number in range(30):
        (tmp_path / f"{number:02}.json").write_text(json.dumps(record(number), indent=1))
    report = load(tmp_path)
    assert report.accepted == 30
    assert lake.snapshot_id() == before + 1


def test_a_large_file_is_staged_in_parts_and_committed_as_one(
    tmp_path: Path, load: Load, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sentree.lake.framing.CHUNK", 10_000)
    monkeypatch.setattr("sentree.lake.staging.MAP_CHARACTERS", 20_000)
    monkeypatch.setattr("sentree.lake.writing.FLUSH_ROWS", 150)
    monkeypatch.setattr("sentree.lake.readers.BLOCK", 4_000)
    before = lake.snapshot_id()
    (tmp_path / "a.log").write_text(lines(records(400) + records(50, first=100)))
    report = load(tmp_path / "a.log")
    assert (report.accepted, report.duplicate) == (400, 50)
    assert lake.snapshot_id() == before + 1


def test_progress_is_told_in_bytes(tmp_path: Path, load: Load) -> None:
    path = tmp_path / "a.log"
    path.write_text(lines(records(3)))
    told: list[Any] = []
    load(path, progress=told.append)
    assert told[-1] == (str(path), path.stat().st_size, path.stat().st_size)


def test_a_cloudtrail_file_is_a_list_of_records_in_a_wrapper(
    tmp_path: Path, load: Load, lake: Lake
) -> None:
    events = [
        {
            "eventVersion": "1.08",
            "eventTime": f"2026-01-05T10:00:0{n}Z",
            "eventSource": "iam.amazonaws.com",
            "eventName": "CreateUser",
            "awsRegion": "us-east-1",
            "eventID": f"e{n}",
            "userIdentity": {"type": "IAMUser", "accountId": "111122223333"},
        }
        for n in range(4)
    ]
    (tmp_path / "one.json").write_text(json.dumps({"Records": events}))
    (tmp_path / "two.json").write_text(lines(events[:2]))
    (tmp_path / "three.json").write_text(json.dumps({"x": 1, "Records": events}))
    report = load(tmp_path)
    assert report.accepted == 4
    assert report.delivered == 10
    assert {row["mapper"] for row in lake.query("SELECT mapper FROM events")} == {"cloudtrail"}


ZEEK = """#separator \\x09
#set_separator\t,
#empty_field\t(empty)
#unset_field\t-
#path\tdns
#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tquery\tAA\tanswers\trtt
#types\ttime\tstring\taddr\tport\taddr\tport\tenum\tstring\tbool\tvector[string]\tinterval
1694011375.990052\tCx1\t10.0.0.5\t5353\t10.0.0.1\t53\tudp\ta\\x09b\tT\tx,y\t-
1694011376.5\tCx2\t10.0.0.5\t5354\t10.0.0.1\t53\tudp\t-\tF\t(empty)\t0.25
short\trow
#close\t2023-09-06-10-42-56
"""


def test_zeek_rows_become_the_records_that_zeek_writes_as_json(
    tmp_path: Path, load: Load, lake: Lake
) -> None:
    (tmp_path / "dns.log").write_text(ZEEK)
    report = load(tmp_path / "dns.log")
    assert (report.delivered, report.accepted, report.rejected) == (3, 2, 1)
    assert report.sources[0].reasons == {"2 columns where the header names 11": 1}
    found = lake.query("SELECT * FROM events ORDER BY time")
    assert [row["source_line"] for row in found] == [8, 9]
    assert found[0]["raw"].startswith("1694011375.990052\tCx1")
    assert str(found[0]["time"]) == "2023-09-06 14:42:55.990052"
    assert {row["mapper"] for row in found} == {"zeek"}


RECORDS = st.lists(
    st.fixed_dictionaries(
        {"EventID": st.integers(1, 9), "n": st.integers(0, 5)},
        optional={"Message": st.text(max_size=20), "x": st.none() | st.lists(st.text(max_size=3))},
    ),
    min_size=1,
    max_size=8,
)
SHARED = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


@examples_of(max_examples=12, deadline=None, suppress_health_check=SHARED)
@given(of=RECORDS, how=st.sampled_from(sorted(FRAMINGS)), block=st.integers(1, 64))
def test_any_records_in_any_framing_and_block_size_give_the_same_uids(
    of: list[dict[str, Any]],
    how: str,
    block: int,
    lake: Lake,
    settings: Settings,
    tmp_path_factory: Any,
) -> None:
    folder: Path = tmp_path_factory.mktemp("framed")
    # The records of each example are those of another tenant.
    tenant = folder.name
    (folder / "a.log").write_text(lines(of))
    (folder / "b.log").write_text(FRAMINGS[how](of) if len(of) > 1 else lines(of))
    with pytest.MonkeyPatch.context() as patch:
        ingest(lake, [folder / "a.log"], settings=settings, tenant=tenant)
        known = uids(lake, tenant)
        assert known
        patch.setattr("sentree.lake.readers.BLOCK", block)
        patch.setattr("sentree.lake.framing.CHUNK", block * 3)
        report = ingest(lake, [folder / "b.log"], settings=settings, tenant=tenant)
        assert uids(lake, tenant) == known
        assert report.delivered == report.duplicate == len(of)


@examples_of(max_examples=20, deadline=None, suppress_health_check=SHARED)
@given(
    data=st.binary(max_size=400)
    | st.text(alphabet='{}[]":,\\ \n\r\x00a1\ud800é', max_size=200).map(
        lambda text: text.encode("utf-8", "surrogatepass")
    )
)
def test_counts_add_up_for_any_bytes(data: bytes, load: Load, tmp_path_factory: Any) -> None:
    path: Path = tmp_path_factory.mktemp("bytes") / "any.log"
    path.write_bytes(data)
    load(path)


def test_sources_of_the_same_bytes_have_the_same_uid(tmp_path: Path, load: Load) -> None:
    path = tmp_path / "a.log"
    path.write_text(lines(records(1)))
    first = load(path, tenant="red").sources[0].source_uid
    assert ByteSource(str(path)).digest()
    assert load(path, tenant="red").sources[0].source_uid == first
    assert framing.find_framing(path.read_bytes()) is framing.Framing.LINES
