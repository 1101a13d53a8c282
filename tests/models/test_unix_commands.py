"""Commands on Unix systems: what the audit log, sudo and cron say is read as one command."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from embedded_context import context_of, event, whole
from hypothesis import given
from hypothesis import strategies as st

from models.embedded import EmbeddedAnalyst, matching
from models.patterns.facts import fact_of
from models.patterns.sight import Sight
from models.patterns.vocabulary import load_patterns

CASES: dict[str, dict[str, list[str]]] = yaml.safe_load(
    (Path(__file__).parent / "data" / "command_cases.yml").read_text("utf-8")
)
STAMP = "msg=audit(1772438400.123:4711)"


def audited(command: str, stamp: str = STAMP) -> str:
    """Write a command as the audit log does: an argument with blanks in it is in hex."""
    words = command.split(" ")
    if words[0].rpartition("/")[2] in {"sh", "bash", "node", "python3"} and len(words) > 2:
        words = [*words[:2], " ".join(words[2:])]
    coded = [
        word.encode().hex().upper() if set(word) & set(' "') else f'"{word}"' for word in words
    ]
    listed = " ".join(f"a{number}={word}" for number, word in enumerate(coded))
    return f"type=EXECVE {stamp}: argc={len(words)} {listed}"


def sight_of(line: str) -> Sight:
    row: dict[str, Any] = {"event_uid": "u", "scope": "text", "raw": line, "event": "{}"}
    return Sight(row)


@pytest.mark.parametrize("name", list(CASES))
def test_a_command_is_known_by_what_it_does(name: str):
    for command in CASES[name]["shows"]:
        found = {pattern.name for pattern in matching(sight_of(audited(command)))}
        assert name in found, command
    for command in CASES[name]["not"]:
        found = {pattern.name for pattern in matching(sight_of(audited(command)))}
        assert name not in found, command


def test_every_pattern_of_commands_has_cases():
    names = {one.name for one in load_patterns() if one.family == "linux_commands"}
    assert names == set(CASES) | {"command-download"}


def test_every_command_that_a_pattern_takes_passes_the_coarse_filter():
    commands = [(name, command) for name, case in CASES.items() for command in case["shows"]]
    rows = [
        event(n, log="base", raw=audited(command, f"msg=audit(1772438400.123:{n + 1})"))
        for n, (_, command) in enumerate(commands)
    ]
    result = EmbeddedAnalyst().read(context_of(rows), whole())
    found = {one.evidence[0].event_uid for one in result.findings}
    missed = [
        command for row, (_, command) in zip(rows, commands, strict=True)
        if row["event_uid"] not in found
    ]  # fmt: skip
    assert missed == []


@pytest.mark.parametrize(
    "line",
    [
        "2031-04-02T12:00:00Z web sudo[77]:  ann : PWD=/ ; USER=root ; COMMAND=/sbin/iptables -F",
        "Apr  2 12:00:00 web CRON[77]: (root) CMD (/usr/sbin/iptables -F)",
        "type=PROCTITLE msg=audit(1772438400.1:9): proctitle=69707461626C6573002D46",
    ],
)
def test_a_command_is_read_from_sudo_cron_and_process_titles(line: str):
    found = {pattern.name for pattern in matching(sight_of(line))}
    assert "command-firewall-emptied" in found


def test_records_of_one_audit_event_are_one_fact():
    call = sight_of(f'type=SYSCALL {STAMP}: syscall=59 exe="/usr/bin/lscpu"')
    line = sight_of(audited("lscpu"))
    other = sight_of(audited("lscpu", "msg=audit(1772438400.123:4712)"))
    assert fact_of(call) == fact_of(line) != fact_of(other)


@given(st.text(max_size=300))
def test_no_text_of_an_argument_breaks_the_reading(text: str):
    line = f'type=EXECVE {STAMP}: argc=2 a0="tee" a1={text}'
    assert isinstance(sight_of(line).field("ran"), str)
    matching(sight_of(line))
