"""Windows events rendered as XML are loaded as the same events from their binary log are."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lake_logs import Load

from sentree.lake.db import Lake
from sentree.lake.records import Record, Reject
from sentree.lake.windows_xml import event_json, is_windows_xml, windows_xml_records

XMLNS = "http://schemas.microsoft.com/win/2004/08/events/event"


def event(number: int, data: str = "", head: str = "") -> str:
    return (
        f"<Event xmlns='{XMLNS}'><System><Provider Name='Microsoft-Windows-Security-Auditing'/>"
        "<EventID Qualifiers='0'>4624</EventID><Level>0</Level>"
        f"<TimeCreated SystemTime='2026-01-05T09:00:0{number % 10}.123456700Z'/>"
        f"<EventRecordID>{number}</EventRecordID><Channel>Security</Channel>"
        f"<Computer>dc01.corp.example</Computer></System><EventData>{head}"
        f"<Data Name='TargetUserName'>user{number}</Data><Data Name='LogonType'>3</Data>{data}"
        "</EventData></Event>"
    )


def read(text: str, block: int = 1000) -> list[Record | Reject]:
    raw = text.encode()
    parts = [raw[at : at + block] for at in range(0, len(raw), block)]
    return list(windows_xml_records(parts, 100_000))


def test_events_of_every_layout_are_loaded_with_their_fields(
    tmp_path: Path, load: Load, lake: Lake
) -> None:
    one_a_line = "\n".join(event(number) for number in range(3))
    document = (
        '<?xml version="1.0" encoding="utf-8"?>\r\n<Events>\r\n'
        + event(3).replace("><", ">\r\n  <")
        + event(4)
        + "\r\n</Events>\r\n"
    )
    relayed = f"<13>Jan  5 09:00:05 relay WinEvt: {event(5)}\n"
    for name, text in (("a", one_a_line), ("b", document), ("c", relayed)):
        (tmp_path / f"{name}.xml").write_text(text)
    report = load(tmp_path)
    assert (report.accepted, report.rejected) == (6, 0)
    assert {each.format for each in report.sources} == {"windows"}
    rows = lake.connection.execute(
        "SELECT DISTINCT class_uid, device_host, json_extract_string(event, '$.user.name')"
        " FROM events ORDER BY ALL"
    ).fetchall()
    assert rows == [(3002, "dc01.corp.example", f"user{number}") for number in range(6)]
    assert load(tmp_path).accepted == 0


def test_an_event_in_utf_16_is_read(tmp_path: Path, load: Load) -> None:
    (tmp_path / "a.xml").write_text(event(1), encoding="utf-16")
    assert load(tmp_path).sources[0].format == "windows"


def test_xml_becomes_the_json_that_evtx_dump_writes() -> None:
    text = event(7, "<Data>first</Data><Data>second</Data><Binary>00FF</Binary>")
    found = json.loads(event_json(text) or "")["Event"]
    assert found["System"]["EventID"] == {"#attributes": {"Qualifiers": "0"}, "#text": 4624}
    assert found["System"]["EventRecordID"] == 7
    assert found["System"]["Provider"]["#attributes"]["Name"].startswith("Microsoft-Windows")
    assert found["EventData"] == {
        "TargetUserName": "user7",
        "LogonType": "3",
        "Binary": "00FF",
        "Data": {"#text": ["first", "second"]},
    }


def test_what_stands_beside_events_is_kept_and_a_cut_event_is_quarantined() -> None:
    found = read(f"# exported\n{event(1)}\nodd line\n{event(2)}{event(3)[:200]}")
    kinds = [
        (each.line, each.reason) if isinstance(each, Reject) else (each.line, bool(each.doc))
        for each in found
    ]
    assert kinds == [(1, False), (2, True), (3, False), (4, True), (4, "cut off in an XML event")]


@pytest.mark.parametrize(
    "bad",
    [
        "<!DOCTYPE x [<!ENTITY a 'b'>]>",
        "<Data Name='x'>&undefined;</Data>",
        "<Data Name='x'>\x01</Data>",
        "<Data>" * 10_000,
    ],
)
def test_an_event_that_is_no_clean_xml_stays_text(bad: str) -> None:
    [found] = read(event(1, bad))
    assert isinstance(found, Record)
    assert found.doc is None


def test_json_that_carries_an_event_as_text_is_json() -> None:
    assert is_windows_xml(event(1).encode())
    assert not is_windows_xml(json.dumps({"xml": event(1)}).encode())
    assert not is_windows_xml(b"<Event>some other format</Event>")


@settings(max_examples=60, deadline=None)
@given(
    parts=st.lists(
        st.sampled_from([event(1), event(2), "\n", "text", "<Event ", "</Event>", "<Events>", "<"]),
        max_size=12,
    ),
    block=st.integers(1, 700),
)
def test_blocks_never_change_what_is_read(parts: list[str], block: int) -> None:
    text = "".join(parts)
    assert read(text, block) == read(text, 100_000)
