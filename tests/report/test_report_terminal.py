from __future__ import annotations

import re

import pytest

from schemas.event import Reference
from schemas.result import LimitHit, Result
from sentree.analysis.records import cited_record, claim
from sentree.errors import NotFoundError
from sentree.report.terminal import run_view, summary_lines
from sentree.report.terminal_views import claim_view, event_view, node_view

CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e]")


def test_the_summary_is_five_lines_with_window_counts_and_checks(sample: Result):
    lines = summary_lines(sample)
    assert len(lines) == 5
    assert "2026-03-02 00:00Z to 2026-03-06 00:00Z" in lines[0] and "412,118" in lines[0]
    assert "56 rows on 4 hosts: 5 critical, 9 high" in lines[1] and "2 gaps" in lines[1]
    assert "12 techniques: Initial Access → Execution" in lines[2]
    assert sample.summary[0].text in lines[3] and "[E1]" in lines[3]
    assert "56 of 57 statements hold" in lines[4] and "not a language model" in lines[4]


def test_the_summary_says_when_an_answer_is_simulated_or_partial(sample: Result):
    hit = LimitHit(limit="max-usd", allowed=1, spent=1.2)
    doubtful = sample.model_copy(update={"simulated": True, "limit_hit": hit})
    assert "SIMULATED: PARTIAL, a limit was reached: " in summary_lines(doubtful)[3]


def test_the_run_view_shows_every_row_and_gap_with_its_marks(sample: Result):
    text = run_view(sample)
    timeline = sample.timeline
    assert timeline is not None
    rows = [line for line in text.splitlines() if re.match(r"\d\d:\d\d:\d\d", line)]
    assert len(rows) == len(timeline.entries) + len(timeline.gaps)
    assert all("[E" in row for row in rows if " gap " not in row)
    assert all(len(row) <= 120 for row in rows if " gap " not in row)
    assert text.count("(UTC)") == 4


def test_a_claim_shows_its_evidence_by_file_and_line(sample: Result):
    text = claim_view(sample, "2")
    assert "evidence against" in text
    assert re.search(r"\[E4\]\s+[0-9a-f]{32}  ws-events/sysmon.jsonl.gz:\d+  quotes", text)
    assert claim_view(sample, sample.summary[1].claim_uid) == text


def test_a_timeline_entry_is_shown_like_a_claim(sample: Result):
    assert sample.timeline is not None
    entry = sample.timeline.entries[2]
    text = claim_view(sample, entry.entry_uid[:12])
    assert entry.statement in text and "rule      " in text


def test_a_node_is_shown_with_what_is_below_it(sample: Result):
    lines = node_view(sample, "n.02").splitlines()
    assert len(lines) == 1 + 6
    assert "failed  TimeoutError" in "\n".join(lines)
    assert len(node_view(sample, "tree").splitlines()) == 1 + len(sample.trajectory)


def test_an_event_is_found_by_mark_uid_or_start_of_uid(sample: Result):
    by_mark = event_view(sample, "e1")
    uid = sample.summary[0].evidence[0].event_uid
    assert event_view(sample, uid) == by_mark == event_view(sample, uid[:10])
    assert "claims    1" in by_mark and "normalised (OCSF)" in by_mark


@pytest.mark.parametrize("view", [claim_view, node_view, event_view])
def test_what_is_not_there_is_not_found_in_one_line(sample: Result, view):
    with pytest.raises(NotFoundError) as caught:
        view(sample, "nothing\x1b[2J")
    assert "\n" not in str(caught.value) and "\x1b" not in str(caught.value)


def test_no_view_lets_log_text_move_the_cursor(sample: Result):
    assert sample.timeline is not None
    hostile = next(one for one in sample.timeline.entries if "evil" in one.statement)
    views = [
        run_view(sample),
        claim_view(sample, hostile.entry_uid),
        node_view(sample, "tree"),
        event_view(sample, hostile.evidence[0].event_uid),
        "\n".join(summary_lines(sample)),
    ]
    assert "Ignore all previous instructions" in views[1]
    for text in views:
        assert not CONTROL.search(text)


def test_a_record_that_is_no_event_is_shown_as_what_it_is(sample: Result):
    record = cited_record(
        "malware--1f0e7d2c",
        "STIX malware",
        '{"type": "malware", "name": "Quietfox"}',
        "feeds/one.json",
        references=[Reference(source_name="mitre-attack", external_id="S9999")],
    )
    cited = claim("Quietfox is named.", [record.event_uid])
    mixed = sample.model_copy(
        update={"summary": (*sample.summary, cited), "cited_events": (*sample.cited_events, record)}
    )
    text = event_view(mixed, record.event_uid)
    assert "STIX malware, a record that is no event" in text
    assert "Quietfox" in text and "mitre-attack S9999" in text
    assert "(-1)" not in text and "OCSF" not in text and "host " not in text
