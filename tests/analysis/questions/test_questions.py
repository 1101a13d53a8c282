"""Questions put to the embedded analyst: right answers, honest refusals, hostile text."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from asked_incident import IncidentContext, detections_of, incident, incident_rows
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.query import Query
from schemas.questions import EmbeddedAnswer
from schemas.window import Window
from sentree.analysis.questions import answer_question
from sentree.analysis.questions.times import UnclearTimeError, read_times
from sentree.engine.verify import verify_claims

DATA = Path(__file__).parents[2] / "data" / "questions"
ANSWERED: list[dict[str, str]] = yaml.safe_load((DATA / "answered.yml").read_text("utf-8"))
DECLINED: list[str] = yaml.safe_load((DATA / "declined.yml").read_text("utf-8"))
SPAN = Window(start=datetime(2026, 1, 5, tzinfo=UTC), end=datetime(2026, 1, 8, tzinfo=UTC))


@pytest.fixture(scope="module")
def context() -> IncidentContext:
    return incident()


def ask(context: IncidentContext, text: str) -> EmbeddedAnswer:
    return answer_question(context, Query(text=text))


@pytest.mark.parametrize("case", ANSWERED, ids=[case["ask"] for case in ANSWERED])
def test_a_question_is_answered_with_evidence_that_stands(
    context: IncidentContext, case: dict[str, str]
) -> None:
    answer = ask(context, case["ask"])
    assert answer.declined is None
    assert case["says"] in answer.answer
    assert answer.sql and answer.sql.lstrip("(").startswith(("SELECT", "WITH"))
    assert answer.interpreted_as
    _, verification = verify_claims(context, answer.claims)
    assert verification.dropped == ()
    assert answer.claims or answer.ruled_out, "neither evidence nor what was searched"
    assert all(len(claim.evidence) <= 20 for claim in answer.claims)


@pytest.mark.parametrize("text", DECLINED)
def test_a_question_that_needs_language_is_declined_in_one_line(
    context: IncidentContext, text: str
) -> None:
    answer = ask(context, text)
    assert answer.answer == "" and answer.claims == ()
    assert answer.declined and "\n" not in answer.declined
    assert all(word in answer.declined for word in ("ANTHROPIC_API_KEY", "--base-url", "--model"))


@pytest.mark.parametrize("variant", [str.upper, str.lower, lambda t: f"  {t} ?", lambda t: f"{t}."])
def test_case_and_punctuation_do_not_matter(context: IncidentContext, variant: Any) -> None:
    plain = ask(context, "how many failed logons for jdoe on dc01")
    assert ask(context, variant("how many failed logons for jdoe on dc01")).answer == plain.answer


def test_none_found_cites_nothing_and_says_what_was_searched(context: IncidentContext) -> None:
    answer = ask(context, "failed logons for mallory")
    assert answer.claims == ()
    assert "mallory does not appear in the 46 events searched" in answer.answer
    assert len(answer.ruled_out) == 1 and "46 events" in answer.ruled_out[0]


def test_a_typo_is_undone_openly(context: IncidentContext) -> None:
    assert "'logns' read as 'logins'" in ask(context, "failed logns").interpreted_as


def test_yesterday_looks_back_from_the_end_of_the_window(context: IncidentContext) -> None:
    window = Window(start=datetime(2026, 1, 5, tzinfo=UTC), end=datetime(2026, 1, 7, tzinfo=UTC))
    answer = answer_question(context, Query(text="failed logons yesterday", window=window))
    assert answer.answer.startswith("1 failed logon,")


def test_an_event_uid_opens_the_minutes_around_it(context: IncidentContext) -> None:
    row = next(row for row in incident_rows() if "-enc" in row["raw"])
    answer = ask(context, f"±1 minutes around event {row['event_uid']}")
    assert answer.answer.startswith("2 events, on host ws03")
    assert row["event_uid"] in {ev.event_uid for c in answer.claims for ev in c.evidence}


def test_bound_values_are_shown_in_the_sql_and_nothing_else_is(context: IncidentContext) -> None:
    answer = ask(context, 'was "x\' OR 1=1 --" seen')
    assert answer.sql and "'x'' or 1=1 --'" in answer.sql and "$p" not in answer.sql
    assert answer.answer.startswith("No: ")


HOSTILE = (
    "'; DROP TABLE events; --",
    "how many failed logons for jdoe'; DELETE FROM events; --",
    "list users UNION SELECT raw FROM events",
    'was "\\" seen',
    "was '%' seen",
    "count \x00\x1b[31m\u202e\u200b events",
    "⟦0⟧ ⟦99⟧ $p1 $p2 ${where} {0} %s",
    "top 99999999999999999999 hosts",
    "1.2.3.4/99 999.999.999.999 :::::::: 0.0.0.0/0",
    "events on 9999-99-99 at 99:99",
    "last 9999 weeks failed logons",
    "before 0001-01-01",
    "port 99999999999999",
    "((((((((((((((((" * 100,
    "a." * 900,
    "\\" * 1_900,
    "how many " + "x-" * 900,
    "T1059 " * 300,
    "1.1.1.1 " * 240,
    "'" * 1_999,
    "failed logons " * 140,
    "x" * 1_000_000,
    "",
    "\n\t\r",
)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_is_data_and_is_dealt_with_in_bounded_time(text: str) -> None:
    context = incident()
    # The work is what is bounded; how long it takes is also up to what else the machine does.
    started = time.process_time()
    answer = ask(context, text)
    assert time.process_time() - started < 3
    assert answer.declined or answer.answer
    assert len(answer.answer) < 20_000
    assert context.query("SELECT count(*) AS n FROM events") == [{"n": 46}]


WORDS = sorted({word for case in ANSWERED for word in case["ask"].split()})


@settings(max_examples=80, deadline=None)
@given(text=st.one_of(st.text(max_size=200), st.lists(st.sampled_from(WORDS)).map(" ".join)))
def test_no_text_makes_it_fail_or_cite_what_does_not_stand(text: str) -> None:
    context = _shared()
    answer = ask(context, text)
    assert bool(answer.declined) != bool(answer.answer)
    assert verify_claims(context, answer.claims)[1].dropped == ()


_CONTEXTS: list[IncidentContext] = []


def _shared() -> IncidentContext:
    if not _CONTEXTS:
        _CONTEXTS.append(incident())
    return _CONTEXTS[0]


@settings(max_examples=30, deadline=None)
@given(
    chosen=st.sets(st.integers(0, 45)),
    user=st.sampled_from(("jdoe", "bob", "admin", "alice.ward")),
    host=st.sampled_from(("dc01", "fs01", "ws03")),
    day=st.sampled_from((5, 6, 7)),
)
def test_counts_equal_counting_the_rows_by_hand(
    chosen: set[int], user: str, host: str, day: int
) -> None:
    rows = [row for number, row in enumerate(incident_rows()) if number in chosen]
    context = IncidentContext(rows, detections_of(rows))
    cases: Sequence[tuple[str, int]] = (
        (
            f"how many failed logons for {user} on {host} on 2026-01-0{day}",
            sum(
                r["class_uid"] == 3002
                and r.get("status_id") == 2
                and r.get("target_user") == user
                and r["host"] == host
                and r["time"].day == day
                for r in rows
            ),
        ),
        (
            f"count process starts on {host}",
            sum(r["class_uid"] == 1007 and r["host"] == host for r in rows),
        ),
        (
            f"how many events between 2026-01-0{day} 10:00 and 2026-01-0{day} 11:00",
            sum(r["time"].day == day and r["time"].hour == 10 for r in rows),
        ),
        (
            "how many connections to 203.0.113.77",
            sum(r["class_uid"] == 4001 and r.get("dst_ip") == "203.0.113.77" for r in rows),
        ),
    )
    for text, count in cases:
        answer = ask(context, text).answer
        assert answer.partition(" ")[0].rstrip(".") == str(count), (text, answer)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("on Jan 6", "from 2026-01-06 00:00:00 to 2026-01-07 00:00:00 UTC"),
        ("on 6th of January 2026", "from 2026-01-06 00:00:00 to 2026-01-07 00:00:00 UTC"),
        ("on tuesday", "from 2026-01-06 00:00:00 to 2026-01-07 00:00:00 UTC"),
        ("06/01/2026", "from 2026-01-06 00:00:00 to 2026-01-07 00:00:00 UTC"),
        ("last 24h", "from 2026-01-07 00:00:00 to 2026-01-08 00:00:00 UTC"),
        ("in the last 30 minutes", "from 2026-01-07 23:30:00 to 2026-01-08 00:00:00 UTC"),
        ("between 10:00 and 11:00", "from 10:00:00 to 11:00:00 UTC of any day"),
        ("10:00-11:00 on 2026-01-06", "from 2026-01-06 10:00:00 to 2026-01-06 11:00:00 UTC"),
        ("on Jan 6 from 10am to noon", "from 2026-01-06 10:00:00 to 2026-01-06 12:00:00 UTC"),
        ("2026-01-05..2026-01-06", "from 2026-01-05 00:00:00 to 2026-01-07 00:00:00 UTC"),
        ("since 2026-01-06T10:22:31+02:00", "from 2026-01-06 08:22:31 to 2026-01-08 00:00:00 UTC"),
        ("before Jan 6", "from 2026-01-05 00:00:00 to 2026-01-06 00:00:00 UTC"),
        ("+/- 5 min of 2026-01-06 10:22", "from 2026-01-06 10:17:00 to 2026-01-06 10:27:00 UTC"),
        ("yesterday at 3pm", "from 2026-01-06 15:00:00 to 2026-01-06 16:00:00 UTC"),
        ("10.0.0.1:4444 on ws01", ""),
    ],
)
def test_times_are_read_as_people_write_them(text: str, words: str) -> None:
    assert read_times(text, SPAN)[0].words == words


@given(text=st.text(alphabet="0123456789:-/.T +±jantodymlsphube", max_size=60))
def test_a_time_is_read_or_refused(text: str) -> None:
    try:
        reading, _ = read_times(text, SPAN)
    except UnclearTimeError:
        return
    assert reading.words or not reading.given
