"""Folding: one row per fact, in strict order of time, whatever order the findings came in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.claim import Evidence
from schemas.finding import Finding, FindingKind, RuleRef
from sentree.analysis.episodes import number_episodes
from sentree.analysis.fold import fold_findings

START = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)


def finding(uid: str, seconds: float = 0, fact: str = "", **more: object) -> Finding:
    given_fields: dict[str, object] = {
        "finding_uid": uid,
        "kind": FindingKind.EXECUTION,
        "time": START + timedelta(seconds=seconds),
        "host": "ws01",
        "statement": f"{uid} ran.",
        "evidence": (Evidence(event_uid=f"event-{uid}"),),
        "fact": fact or uid,
        "score": 50,
    }
    return Finding.model_validate({**given_fields, **more})


def test_one_process_start_seen_by_security_and_sysmon_is_one_row() -> None:
    security = finding("a", 0.0, "process|ws01|4312", sensor="security", score=30)
    sysmon = finding("b", 0.4, "process|ws01|4312", sensor="sysmon", score=70)
    (entry,) = fold_findings([sysmon, security])
    assert entry.sensors == ("security", "sysmon")
    assert entry.statement == "b ran."
    assert entry.time == security.time
    assert [ev.event_uid for ev in entry.evidence] == ["event-a", "event-b"]


def test_the_same_fact_hours_later_is_a_row_of_its_own() -> None:
    entries = fold_findings([finding("a", 0, "logon|bob"), finding("b", 7300, "logon|bob")])
    assert len(entries) == 2


def test_a_process_id_used_again_is_a_row_of_its_own() -> None:
    again = [finding("a", 0, "process|ws01|4|x"), finding("b", 60, "process|ws01|4|x")]
    assert len(fold_findings(again)) == 2


def test_a_beacon_is_one_row_that_counts_its_connections() -> None:
    beats = [finding(f"{n:03d}", 300 * n, "connection|ws01|192.0.2.9|443") for n in range(100)]
    (entry,) = fold_findings(beats)
    assert entry.occurrences == 100
    assert len(entry.evidence) == 40
    assert entry.evidence[0].event_uid == "event-000"
    assert entry.details[0] == "100 events, 2026-01-05 10:00:00 to 2026-01-05 18:15:00 UTC."


def test_a_rule_hit_and_a_pattern_on_one_event_are_one_row_that_names_the_rule() -> None:
    rule = RuleRef(rule_uid="r1", title="Encoded PowerShell", author="A. Writer", level="high")
    cites = (Evidence(event_uid="e1"),)
    (entry,) = fold_findings(
        [
            finding("a", evidence=cites, techniques=("T1059.001",)),
            finding("b", evidence=cites, rule=rule, techniques=("T1027",)),
        ]
    )
    assert entry.rules == (rule,)
    assert entry.techniques == ("T1027", "T1059.001")


def test_a_burst_that_cites_many_events_does_not_swallow_their_own_rows() -> None:
    burst = finding("burst", 5, evidence=tuple(Evidence(event_uid=f"event-{n}") for n in "abc"))
    assert len(fold_findings([burst, finding("a"), finding("b", 1), finding("c", 2)])) == 4


findings_strategy = st.lists(
    st.builds(
        finding,
        uid=st.uuids().map(str),
        seconds=st.integers(min_value=0, max_value=30).map(lambda n: n / 2),
        fact=st.sampled_from(["f1", "f2", "f3"]),
        score=st.integers(min_value=0, max_value=100),
        techniques=st.sampled_from([(), ("T1059.001",), ("T1003.001", "T1021.002")]),
    ),
    max_size=25,
    unique_by=lambda one: one.finding_uid,
)


@settings(max_examples=60, deadline=None)
@given(findings=findings_strategy, data=st.data())
def test_entries_are_ordered_and_do_not_depend_on_the_order_of_findings(
    findings: list[Finding], data: st.DataObject
) -> None:
    entries = fold_findings(findings)
    assert fold_findings(data.draw(st.permutations(findings))) == entries
    assert [entry.time for entry in entries] == sorted(entry.time for entry in entries)
    cited = {ev.event_uid for entry in entries for ev in entry.evidence}
    assert cited == {ev.event_uid for one in findings for ev in one.evidence}


def test_half_an_hour_of_quiet_parts_two_episodes() -> None:
    entries = fold_findings([finding("a", 0), finding("b", 600), finding("c", 600 + 1801)])
    numbered, episodes = number_episodes(entries)
    assert [entry.episode for entry in numbered] == [1, 1, 2]
    assert [(episode.entries, episode.hosts) for episode in episodes] == [
        (2, ("ws01",)),
        (1, ("ws01",)),
    ]


def test_entries_below_attention_belong_to_no_episode() -> None:
    numbered, episodes = number_episodes(fold_findings([finding("a", score=5)]))
    assert (numbered[0].episode, episodes) == (None, ())
