"""Accounts are read whatever their form, and what can't be read is told with its place."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentree.analysis.chain.prose import prose_units, stated_time, without_ids
from sentree.analysis.chain.sources import read_prose, read_source

REPORT = """# Incident 12

Acme was attacked in May.

## Initial Access

1. **Spearphishing Attachment:** m.novak received
   an email with invoice.docm (T1566.001).
2. The document was opened on WS-101.

## Exfiltration

3. On 3 May 2024 at 10:15 the archive left over FTP.
"""


def test_numbered_items_are_steps_with_names_tactics_ids_and_times() -> None:
    units, ordered = prose_units(REPORT)
    assert ordered
    assert [one.line for one in units] == [7, 9, 13]
    assert units[0].name == "Spearphishing Attachment"
    assert units[0].technique == "T1566.001"
    assert [one.tactic for one in units] == ["initial-access", "initial-access", "exfiltration"]
    assert str(units[2].time) == "2024-05-03 10:15:00+00:00"


def test_an_item_goes_on_over_its_indented_lines() -> None:
    (first, *_), _ = prose_units(REPORT)
    assert first.description == "m.novak received an email with invoice.docm (T1566.001)."


def test_ids_are_taken_out_of_what_is_judged_and_kept_in_what_is_cited() -> None:
    step = read_prose("- The intruders ran PowerShell [T1059.001] on WS-1.").accounts[0].steps[0]
    assert "T1059" not in step.text
    assert "T1059.001" in step.raw
    assert step.technique == "T1059.001"


def test_a_long_paragraph_is_cut_into_sentences_at_their_own_lines() -> None:
    sentences = [f"The attackers did thing number {n} on host WS-{n} at night." for n in range(9)]
    units, _ = prose_units("\n".join(sentences))
    assert [one.description for one in units] == sentences
    assert [one.line for one in units] == list(range(1, 10))


STORY = (
    "On Monday an employee opened the attachment of a mail. A hidden script fetched a library from "
    "a server and started it with rundll32. The operators dumped LSASS memory, and used the "
    "password to reach the file server. They packed the shares with 7-Zip and copied the archives "
    "to a cloud store; then shadow copies were deleted and the servers were encrypted.\n"
)


def test_a_story_is_cut_into_deeds_and_keeps_its_order() -> None:
    before, after = "## Summary\n\nAcme was hit.\n", "## Recovery\n\nAll was restored.\n"
    text = f"# Case\n\n{before}\n## What happened\n\n{STORY}\n{after}"
    units, ordered = prose_units(text)
    assert ordered
    assert [one.description for one in units] == [
        "On Monday an employee opened the attachment of a mail.",
        "A hidden script fetched a library from a server",
        "started it with rundll32.",
        "The operators dumped LSASS memory",
        "used the password to reach the file server.",
        "They packed the shares with 7-Zip",
        "copied the archives to a cloud store",
        "then shadow copies were deleted and the servers were encrypted.",
    ]


def test_paragraphs_without_a_list_are_steps() -> None:
    units, ordered = prose_units("A mail was opened by m.novak.\n\nThen LSASS was dumped.\n")
    assert [one.description for one in units] == [
        "A mail was opened by m.novak.",
        "Then LSASS was dumped.",
    ]
    assert not ordered


@given(st.text(max_size=400))
def test_any_text_is_read_without_an_error(text: str) -> None:
    units, _ = prose_units(text)
    lines = text.splitlines()
    assert all(1 <= one.line <= max(len(lines), 1) for one in units)
    assert all(one.raw and one.description for one in units)
    without_ids(text)
    stated_time(text)


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("On 2023-01-05 09:07:01 it began", "2023-01-05 09:07:01+00:00"),
        ("It was the 5th of January 2023", "2023-01-05 00:00:00+00:00"),
        ("January 5, 2023 at 9:07 they came", "2023-01-05 09:07:00+00:00"),
        ("on 2023-02-31 nothing happened", "None"),
        ("version 10.12.2023 of it", "None"),
    ],
)
def test_dates_in_prose_are_read(text: str, time: str) -> None:
    assert str(stated_time(text)) == time


def test_json_lines_of_steps_make_one_account_and_bad_lines_are_set_aside(tmp_path: Path) -> None:
    file = tmp_path / "steps.jsonl"
    file.write_text('{"name": "PowerShell"}\n{"name": 3}\n{"broken\n{"text": "A step as text"}\n')
    read = read_source(str(file))
    assert [one.text for one in read.accounts[0].steps] == ["PowerShell", "A step as text"]
    assert [one.line for one in read.rejected] == [3, 2]


def test_an_account_keeps_links_between_its_steps_only(tmp_path: Path) -> None:
    file = tmp_path / "flow.json"
    actions = [{"id": "a", "name": "Phishing"}, {"id": "b", "name": "PowerShell"}]
    links = [["a", "b"], ["a", "a"], ["b", "nowhere"]]
    file.write_text(json.dumps({"name": "X", "actions": actions, "edges": links}))
    account = read_source(str(file)).accounts[0]
    assert account.links == ((account.steps[0].step_uid, account.steps[1].step_uid),)


def test_a_builder_file_gives_actions_and_links_through_operators(tmp_path: Path) -> None:
    def line(source: str, target: str) -> dict[str, object]:
        return {"id": "dynamic_line", "source": source, "target": target}

    def node(kind: str, key: str, **properties: str) -> list[dict[str, object]]:
        return [
            {
                "id": kind,
                "instance": key,
                "properties": [list(pair) for pair in properties.items()],
                "anchors": {"0": f"anchor-{key}"},
            },
            {"id": "anchor", "instance": f"anchor-{key}", "latches": [f"{key}-in", f"{key}-out"]},
        ]

    objects = [
        {"id": "flow", "instance": "f", "properties": [["name", "Small"]]},
        *node("action", "one", name="Phishing", technique_id="T1566"),
        *node("AND_operator", "and"),
        *node("action", "two", name="PowerShell", technique_id="T1059.001"),
        line("one-out", "and-in"),
        line("and-out", "two-in"),
    ]
    file = tmp_path / "small.afb.gz"
    file.write_bytes(
        gzip.compress(json.dumps({"schema": "attack_flow_v2", "objects": objects}).encode())
    )
    read = read_source(str(file))
    account = read.accounts[0]
    assert (read.format, account.name) == ("Attack Flow Builder", "Small")
    assert [one.technique for one in account.steps] == ["T1566", "T1059.001"]
    assert len(account.links) == 1


@pytest.mark.parametrize("content", [b"", b"\x00\x01\x02" * 90, b"{}", b"[]", b"...\n--\n"])
def test_what_holds_no_step_is_told_not_raised(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "odd.txt"
    file.write_bytes(content)
    read = read_source(str(file))
    assert not any(one.steps for one in read.accounts)
    assert read.rejected


@pytest.mark.realdata
def test_every_flow_of_the_corpus_is_read_with_the_links_its_truth_has(shared_data: Path) -> None:
    truth = read_source(str(shared_data / "attack-flow" / "flows.jsonl"))
    sizes = {one.name: (len(one.steps), len(one.links)) for one in truth.accounts}
    for path in sorted((shared_data / "attack-flow" / "afb").iterdir()):
        (account,) = read_source(str(path)).accounts
        assert sizes[account.name] == (len(account.steps), len(account.links))
