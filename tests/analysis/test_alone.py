"""Rows that administration leaves as well, with and without company."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.claim import Evidence
from schemas.timeline import TimelineEntry
from sentree.analysis.alone import standing_alone, weigh_alone
from sentree.analysis.fold import level_of
from sentree.analysis.transitions import attack_chain

START = datetime(2026, 1, 5, 8, tzinfo=UTC)


def row(hours: float, host: str, user: str, score: int, *techniques: str) -> TimelineEntry:
    uid = f"{hours}-{host}-{user}-{score}-{techniques}"
    return TimelineEntry(
        entry_uid=uid,
        time=START + timedelta(hours=hours),
        last_time=START + timedelta(hours=hours),
        host=host,
        user=user,
        statement=f"{host}: {user} did {techniques}.",
        kinds=("discovery",),
        level=level_of(score),
        score=score,
        techniques=tuple(sorted(techniques)),
        technique_shares=tuple((uid, 1 / len(techniques)) for uid in techniques),
        evidence=(Evidence(event_uid=uid),),
    )


GROUP = row(2, "dc01", "adm.lee", 50, "T1069.002")


def test_a_lookup_by_itself_is_of_low_level_and_says_why() -> None:
    [found] = weigh_alone([GROUP])
    assert (found.score, found.level) == (30, "low")
    assert "nothing else points at an intruder" in found.details[-1]
    assert found.evidence == GROUP.evidence and found.techniques == GROUP.techniques


@pytest.mark.parametrize(
    "company",
    [
        row(4, "dc01", "bob", 75, "T1003.001"),
        row(4, "ws01", "ADM.LEE", 50, "T1053.005"),
    ],
    ids=["a row of the host", "a row of the account"],
)
def test_the_same_lookup_in_company_keeps_its_weight(company: TimelineEntry) -> None:
    assert weigh_alone([GROUP, company]) == (GROUP, company)


def test_company_of_the_day_before_is_none() -> None:
    late = row(22, "dc01", "adm.lee", 75, "T1003.001")
    assert [entry.score for entry in weigh_alone([GROUP, late])] == [30, 75]


def test_a_program_put_on_a_share_is_no_company_for_other_administration() -> None:
    copied = row(3, "dc01", "adm.lee", 75, "T1021.002", "T1570")
    assert [entry.score for entry in weigh_alone([GROUP, copied])] == [30, 75]


def test_a_session_and_a_share_are_a_chore_and_a_survey_is_none() -> None:
    chore = [row(1, "ws01", "adm.lee", 45, "T1021.001"), row(1, "ws01", "adm.lee", 50, "T1021.002")]
    assert {entry.level for entry in weigh_alone(chore)} == {"low"}
    survey = [
        row(1 + n / 10, "ws01", "adm.lee", 50, uid)
        for n, uid in enumerate(("T1033", "T1482", "T1018"))
    ]
    assert weigh_alone(survey) == tuple(survey)


def test_a_program_put_on_a_share_stays_high_and_out_of_the_chain_when_nothing_follows() -> None:
    copied = row(30, "dc01", "adm.lee", 75, "T1021.002", "T1570")
    story = [row(1, "ws01", "bob", 75, "T1204.002"), row(2, "ws01", "bob", 90, "T1003.001")]
    rows = weigh_alone([*story, copied])
    assert rows[-1] == copied
    assert [step.technique for step in attack_chain(rows)[0]] == ["T1204.002", "T1003.001"]
    ran = row(30.1, "dc01", "adm.lee", 85, "T1569.002")
    steps = [step.technique for step in attack_chain([*rows, ran])[0]]
    assert steps == ["T1204.002", "T1003.001", "T1021.002", "T1569.002"]


SCORES = st.integers(20, 64)
TECHNIQUES = st.sampled_from(["T1033", "T1021.001", "T1003.001", "T1078"])


@given(st.lists(st.tuples(st.integers(0, 60), SCORES, TECHNIQUES), max_size=8))
def test_scores_never_rise_nor_fall_below_low_and_a_second_look_finds_nothing_new(
    drawn: list[tuple[int, int, str]],
) -> None:
    rows = [
        row(n + hours, "ws01", "bob", score, uid) for n, (hours, score, uid) in enumerate(drawn)
    ]
    before = sorted(rows, key=lambda one: one.time)
    after = weigh_alone(before)
    for old, new in zip(before, after, strict=True):
        assert 20 <= new.score <= old.score
        assert new.score == old.score or old.entry_uid in standing_alone(before)
