"""The records of one audit event are put together; each stays a record that rules can find."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from mapped_records import map_lines

from sentree.lake.db import Lake
from sentree.lake.ingest import ingest
from sentree.rules.detect import detect
from sentree.rules.load import load_rules
from sentree.settings import Settings


def run(serial: int, *arguments: str, items: int = 1, folder: str = "/srv") -> list[str]:
    """The records that audit writes for a program that is run."""

    def written(text: str) -> str:
        plain = all("!" <= char <= "~" and char != '"' for char in text) and text
        return f'"{text}"' if plain else text.encode().hex().upper()

    head = f"msg=audit(1767607200.{serial:03d}:{serial}):"
    listed = " ".join(f"a{n}={written(each)}" for n, each in enumerate(arguments))
    return [
        f"type=SYSCALL {head} arch=c000003e syscall=59 success=yes exit=0 a0=55d1 a1=4444 a2=c0de"
        f' items={items} ppid=1 pid={serial} auid=1000 uid=1000 euid=0 comm="x"'
        f' exe="/usr/bin/x" key="exec"',
        f"type=EXECVE {head} argc={len(arguments)} {listed}",
        f'type=CWD {head} cwd="{folder}"',
        f'type=PATH {head} item=0 name="/usr/bin/x" inode=1 mode=0100755 ouid=0 nametype=NORMAL',
        f"type=PROCTITLE {head} proctitle={chr(0).join(arguments).encode().hex().upper()}",
    ]


def launches(lines: list[str]) -> dict[str, str | None]:
    """The command lines of the programs run, by audit's event."""
    found = [line.mapped.event for line in map_lines("\n".join(lines))]
    return {
        each["metadata"]["correlation_uid"].split(":")[1]: each["process"].get("cmd_line")
        for each in found
        if each["type_uid"] == 100701
    }


ARGUMENT = st.text(st.characters(min_codepoint=1, exclude_categories=["Cs"]), min_size=1)


@given(events=st.lists(st.lists(ARGUMENT, min_size=1, max_size=30), min_size=20, max_size=60))
@settings(max_examples=2, deadline=None, database=None)
def test_any_arguments_come_back_in_their_order(events: list[list[str]]) -> None:
    lines = [line for n, arguments in enumerate(events) for line in run(n, *arguments)]
    assert launches(lines) == {str(n): " ".join(each) for n, each in enumerate(events)}


def test_events_whose_records_are_mixed_up_are_told_apart() -> None:
    events = [run(serial, "cat", f"/etc/file {serial}") for serial in range(1, 30)]
    mixed = [line for event in events for line in event]
    random.Random(3).shuffle(mixed)
    assert launches(mixed) == {str(n): f"cat /etc/file {n}" for n in range(1, 30)}


def test_an_event_is_told_once_and_its_other_records_are_base_events() -> None:
    found = [line.mapped for line in map_lines("\n".join(run(1, "ls", "-l") * 2))]
    classes = [each.event["class_uid"] for each in found]
    assert classes == [1007, 0, 0, 0, 0] * 2
    process = found[0].event["process"]
    assert (process["cmd_line"], process["working_directory"]) == ("ls -l", "/srv")
    assert all(each.issues == [] for each in found)


def test_what_is_cut_at_the_end_of_a_file_is_kept_and_told() -> None:
    whole, cut = run(1, "id"), run(2, "cat", "/etc/shadow")
    first = [line.mapped for line in map_lines("\n".join([*whole, *cut[:3]]))]
    assert [each.issues for each in first] == [[]] * 5 + [["event_incomplete"], [], []]
    rest = [line.mapped for line in map_lines("\n".join(cut[1:]))]
    assert [each.issues for each in rest] == [["event_incomplete"]] * 4
    assert rest[0].event["process"]["cmd_line"] == "cat /etc/shadow"
    assert rest[0].event["type_uid"] == 100701


def test_a_line_can_not_say_itself_that_it_is_a_part() -> None:
    forged = 'type=EXECVE msg=audit(1767607200.1:9): argc=1 a0="nc" gathered=part parts=x'
    (found,) = (line.mapped.event for line in map_lines(forged))
    assert found["process"]["cmd_line"] == "nc"


def matched(lake: Lake, folder: Path, **selection: Any) -> list[str]:
    (folder / "rule.yml").write_text(
        "title: r\nlogsource: {product: linux, service: auditd}\n"
        f"detection: {{selection: {selection}, condition: selection}}\n".replace("__", "|")
    )
    detect(lake, load_rules([folder / "rule.yml"]), tenant="default")
    rows = lake.query(
        "SELECT e.raw AS raw FROM detections d JOIN events e USING (event_uid) ORDER BY raw"
    )
    lake.execute("DELETE FROM detections")
    return [row["raw"].split()[0].removeprefix("type=") for row in rows]


def test_rules_for_audit_see_each_record_as_it_was_written(
    settings: Settings, tmp_path: Path
) -> None:
    log = tmp_path / "audit.log"
    log.write_text("\n".join(run(1, "chmod", "a b", "/tmp/x")))
    with Lake.open(settings) as lake:
        ingest(lake, [log], settings=settings)
        assert matched(lake, tmp_path, type="EXECVE", a0="chmod", a1="a b") == ["EXECVE"]
        assert matched(lake, tmp_path, type="SYSCALL", a0="55d1", key="exec") == ["SYSCALL"]
        assert matched(lake, tmp_path, type="PATH", name="/usr/bin/x") == ["PATH"]
        assert matched(lake, tmp_path, type="SYSCALL", a0="chmod") == []
        assert matched(lake, tmp_path, type="EXECVE", exe="/usr/bin/x") == []
        assert matched(lake, tmp_path, proctitle__contains="chmod a b") == ["PROCTITLE"]
