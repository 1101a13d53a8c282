from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mapped_records import Line, map_lines

from ocsf.layout import Columns, Layout, Pairs
from ocsf.mapping import Mapper, Shape
from ocsf.validate import validate
from sentree.lake.source_time import written_before
from sentree.lake.text_layout import documents_select


def document(layout: Layout, *lines: str) -> list[dict[str, str]]:
    """Make documents of lines with one layout; the first of two members of a name counts."""
    mapper = Mapper("m", "m", (Shape("any"),), (), (), layouts=(layout,))
    with duckdb.connect() as connection:
        connection.execute(
            "CREATE TABLE staged_records AS SELECT 'm' AS route, '{}' AS head,"
            " NULL::INTEGER AS header, unnest($lines) AS doc",
            {"lines": list(lines)},
        )
        found = connection.execute(
            documents_select(mapper, None), {"route": "m", "header": None}
        ).fetchall()
    return [json.loads(row[-1], object_pairs_hook=_first_wins) for row in found]


def _first_wins(pairs: list[tuple[str, str]]) -> dict[str, str]:
    return dict(reversed(pairs))


KEY_VALUE = Layout("kv", pairs=Pairs())


def test_pairs_are_words_or_quoted_and_what_is_neither_is_left_out():
    text = r'a=1 b="two words" c="a \"q\" k=v" d= (e=5) f=x	g=y noise "C:\x" h="C:\dir\" i=9'
    (found,) = document(KEY_VALUE, text)
    wanted = {"a": "1", "b": "two words", "c": 'a "q" k=v', "d": "", "f": "x", "g": "y"}
    assert {name: found[name] for name in wanted} == wanted
    assert found["h"] == "C:\\dir\\"
    assert found["i"] == "9"


def test_a_pair_can_forge_neither_the_header_nor_the_event():
    (found,) = document(KEY_VALUE, 'event=x syslog="{}" body=y a=1')
    assert found["event"] == "kv"
    assert found["syslog"] == {}
    assert found["body"].startswith("event=x")


def test_values_may_run_on_to_the_next_key_with_escapes():
    cef = Layout("cef", pairs=Pairs(spaced=True, escapes=True))
    (found,) = document(cef, r'src=192.0.2.1 msg=a b\=c "q" cs1Label=My Label cs1=x')
    assert (found["src"], found["msg"]) == ("192.0.2.1", 'a b=c "q"')
    assert (found["cs1Label"], found["cs1"]) == ("My Label", "x")
    (found,) = document(cef, r"suser=dom\\ann path=C:\\Temp\\a b.exe plain=C:\Temp end=x\\")
    assert (found["suser"], found["path"]) == (r"dom\ann", r"C:\Temp\a b.exe")
    assert (found["plain"], found["end"]) == (r"C:\Temp", "x\\")


def test_columns_keep_separators_in_quotes_and_brackets():
    csv = Layout("csv", columns=Columns(("a", "b", "", "d", "e"), separator=","))
    (found,) = document(csv, '1,"x, ""y""",skipped,')
    assert (found["a"], found["b"], found["d"]) == ("1", 'x, "y"', "")
    assert "e" not in found
    web = Layout("web", columns=Columns(("ip", "time", "request", "status"), bracketed=True))
    (found,) = document(web, '192.0.2.1  [05/Jan/2026 x] "GET / \\"q\\"" 200')
    assert (found["time"], found["request"]) == ("05/Jan/2026 x", 'GET / "q"')
    assert found["status"] == "200"


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=60), min_size=1))
def test_any_text_makes_a_document_with_its_body(lines: list[str]):
    for layout in (
        KEY_VALUE,
        Layout("c", pairs=Pairs(separator=",", nested=True)),
        Layout("s", pairs=Pairs(spaced=True, escapes=True)),
        Layout("t", columns=Columns(("a", "b"), separator="\t")),
        Layout("w", columns=Columns(("a", "b"), bracketed=True)),
    ):
        assert [each["body"] for each in document(layout, *lines)] == lines


HOSTILE = 'x"},"class_uid":1,"a":{"b\\ \x1b[31m\u2028 \x00 </script> {{7*7}} \'; DROP TABLE x;--'


def of(lines: list[Line], number: int) -> Line:
    return next(line for line in lines if line.number == number)


@pytest.fixture(scope="module")
def hostile() -> list[Line]:
    peer = "from 203.0.113.9 port 22 ssh2"
    return map_lines(
        f"Jan  5 09:10:11 h sshd[1]: Failed password for invalid user {HOSTILE} {peer}\n"
        f"Jan  5 09:10:12 h sshd[1]: Failed password for a from 192.0.2.1 port 1 ssh2 {peer}\n"
        f"Jan  5 09:10:13 h sshd[1]: {'A' * 10_000_000}\n"
        "Jan  5 09:10:14 h sshd[1]: Accepted password for x from 192.0.2.1 port 1 ssh2\\nJan"
        f" 5 09:10:15 h sshd[1]: Failed password for y {peer}\n"
        f"Jan  5 09:10:16 h sshd[99999999999999999999]: Failed password for b {peer}\n"
        "Jan  5 09:10:17 h sshd[1]:\n"
        "Jan 99 99:99:99 h sshd[1]: Accepted password for c from 192.0.2.1 port 999999 ssh2\n"
    )


def test_a_hostile_name_is_text_and_nothing_else(hostile: list[Line]):
    event = of(hostile, 1).mapped.event
    assert event["user"]["name"] == HOSTILE
    assert event["class_uid"] == 3002
    assert event["status_id"] == 2


def test_an_address_in_a_name_is_not_the_peer(hostile: list[Line]):
    event = of(hostile, 2).mapped.event
    assert event["src_endpoint"]["ip"] == "203.0.113.9"
    assert event["user"]["name"] == "a from 192.0.2.1 port 1 ssh2"


def test_a_line_of_ten_megabytes_is_an_event(hostile: list[Line]):
    event = of(hostile, 3).mapped.event
    assert event["device"]["hostname"] == "h"
    assert len(event["message"]) == 4096


def test_an_escaped_line_break_does_not_make_a_second_event(hostile: list[Line]):
    assert of(hostile, 4).mapped.event["user"]["name"] != "y"
    assert [line.number for line in hostile] == [1, 2, 3, 4, 5, 6, 7]


def test_what_no_time_or_number_is_is_left_out_and_said(hostile: list[Line]):
    assert "pid" not in of(hostile, 5).mapped.event["actor"].get("process", {})
    assert of(hostile, 7).mapped.event["src_endpoint"] == {"ip": "192.0.2.1"}
    assert "time_unreadable" in of(hostile, 7).mapped.issues or of(hostile, 7).mapped.time is None


def test_hostile_lines_are_valid_ocsf(hostile: list[Line]):
    for line in hostile:
        assert [each for each in validate(line.mapped.event) if each.path != "time"] == []


def test_lines_of_several_formats_in_a_file_are_each_read_as_their_own():
    lines = map_lines(
        "Jan  5 09:10:11 h sshd[1]: Accepted password for maria from 192.0.2.1 port 1 ssh2\n"
        'type=CWD msg=audit(1767607200.123:501): cwd="/home"\n'
        '192.0.2.1 - - [05/Jan/2026:09:10:11 +0000] "GET / HTTP/1.1" 200 1\n'
        "nothing that anybody knows\n"
    )
    assert [line.mapper for line in lines] == ["sshd", "auditd", "web_access", "base"]


@pytest.mark.parametrize(
    ("written", "stamp", "wanted"),
    [
        ("2026-03-01", "Jan  5 09:10:11", "2026-01-05T09:10:11"),
        ("2026-03-01", "Dec 31 23:59:59", "2025-12-31T23:59:59"),
        ("2025-12-31", "Jan  1 00:00:00", "2026-01-01T00:00:00"),
        ("2026-03-01", "Feb 29 01:00:00", "2024-02-29T01:00:00"),
        ("2026-03-01", "Mar  3 00:00:00", "2025-03-03T00:00:00"),
    ],
)
def test_a_time_without_year_is_in_the_last_year_that_fits(written: str, stamp: str, wanted: str):
    at = datetime.fromisoformat(written).replace(tzinfo=UTC)
    (line,) = map_lines(f"{stamp} h app: text", written=at)
    assert line.mapped.time and line.mapped.time.isoformat() == wanted
    assert line.mapped.issues == ["year_inferred"]


def test_a_rotated_files_name_tells_when_it_was_written(tmp_path: Path):
    now = datetime(2026, 6, 1, tzinfo=UTC)
    assert written_before("/logs/messages-20240115", now) == datetime(2024, 1, 16, tzinfo=UTC)
    assert written_before("-", now) == now
    log = tmp_path / "auth.log"
    log.write_text("x")
    assert written_before(str(log), datetime(2100, 1, 1, tzinfo=UTC)) < datetime(
        2100, 1, 1, tzinfo=UTC
    )
