"""What recurs as administration does weighs less, and the chain goes past it."""

from datetime import UTC, datetime, timedelta

import hypothesis.strategies as st
from hypothesis import given

from schemas.claim import Evidence
from schemas.finding import FindingKind
from schemas.timeline import TimelineEntry
from sentree.analysis.fold import level_of
from sentree.analysis.routine import weigh_routine
from sentree.analysis.transitions import attack_chain

START = datetime(2030, 3, 4, 9, tzinfo=UTC)


def row(hours, host, user, says, score=50, *shares):
    uid = f"{host}-{user}-{hours}-{says}"
    return TimelineEntry(
        entry_uid=uid,
        time=START + timedelta(hours=hours),
        last_time=START + timedelta(hours=hours),
        host=host,
        user=user,
        statement=f"{host}: {says} — because.",
        kinds=(FindingKind.DISCOVERY,),
        level=level_of(score),
        score=score,
        techniques=tuple(sorted(uid for uid, _ in shares)),
        technique_shares=tuple(shares),
        evidence=(Evidence(event_uid=uid),),
    )


def chores(user="adm.lee", score=50):
    says = f"nltest.exe (pid 4{score}1, user {user}) started by cmd.exe as `nltest /dsgetdc:x`"
    return [
        row(hours, host, user, says.replace("pid 4", f"pid {n}"), score, ("T1482", 1.0))
        for n, (hours, host) in enumerate([(0, "ws01"), (26, "ws02"), (49, "fs01"), (52, "ws01")])
    ]


def test_the_same_deed_of_one_account_on_several_days_loses_weight_and_says_why():
    rows = weigh_routine(chores())
    assert [(entry.score, entry.level, entry.routine) for entry in rows] == [(20, "low", True)] * 4
    assert "4 times on 3 days" in rows[0].details[-1]


def test_the_deed_of_another_account_keeps_its_weight():
    rows = weigh_routine([*chores(), row(3, "ws01", "mallory", "nltest.exe ran", 50)])
    assert rows[-1].score == 50 and not rows[-1].routine


def test_many_hosts_within_one_day_are_no_routine():
    rows = [row(n / 10, f"ws{n:02}", "mallory", "psexec.exe ran", 60) for n in range(9)]
    assert weigh_routine(rows) == tuple(rows)


def test_a_chore_beside_a_severe_row_of_the_same_account_keeps_its_weight():
    severe = row(26.5, "ws02", "adm.lee", "lsass was dumped", 90, ("T1003.001", 1.0))
    rows = weigh_routine(sorted([*chores(), severe], key=lambda one: one.time))
    kept = [entry for entry in rows if not entry.routine]
    assert [(entry.host, entry.score) for entry in kept] == [("ws02", 50), ("ws02", 90)]


@given(st.permutations(range(4)), st.integers(21, 100))
def test_a_score_never_rises_and_never_falls_below_low(order, score):
    rows = [chores(score=score)[n] for n in order]
    for before, after in zip(rows, weigh_routine(rows), strict=True):
        assert 20 <= after.score <= before.score
        assert after.evidence == before.evidence and after.time == before.time


def test_the_chain_has_each_technique_at_its_first_sighting_and_skips_routine():
    rows = weigh_routine(
        sorted(
            [
                *chores(),
                row(1, "ws01", "bob", "a", 75, ("T1566.001", 1.0)),
                row(1.1, "ws01", "bob", "b", 75, ("T1059.001", 0.9), ("T1105", 0.1)),
                row(1.2, "ws01", "bob", "c", 75, ("T1566.001", 1.0)),
                row(2, "ws01", "bob", "d", 90, ("T1003.001", 1.0)),
            ],
            key=lambda one: one.time,
        )
    )
    chain, transitions = attack_chain(rows)
    assert [step.technique for step in chain] == ["T1566.001", "T1059.001", "T1003.001"]
    sure = [(one.source, one.target) for one in transitions if one.probability == 1]
    assert sure == [("T1566.001", "T1059.001"), ("T1059.001", "T1003.001")]


def test_a_deed_that_speaks_nearly_as_much_of_another_technique_has_both_as_candidates():
    rows = [
        row(1, "ws01", "bob", "a", 75, ("T1566.001", 1.0)),
        row(1.1, "ws01", "bob", "b", 75, ("T1087.002", 0.5), ("T1069.002", 0.4), ("T1036", 0.1)),
        row(2, "ws01", "bob", "d", 90, ("T1003.001", 1.0)),
    ]
    _, transitions = attack_chain(rows)
    found = {(one.source, one.target): one.probability for one in transitions}
    assert found["T1566.001", "T1087.002"] == found["T1087.002", "T1003.001"] == 1.0
    assert found["T1566.001", "T1069.002"] == found["T1069.002", "T1003.001"] == 0.8
    assert not any("T1036" in pair for pair in found)


def test_rows_of_one_moment_are_one_deed_about_what_is_new():
    rows = [
        row(1, "web01", "pool", "shell", 75, ("T1505.003", 1.0)),
        row(1.1, "web01", "pool", "cmd", 75, ("T1505.003", 0.8), ("T1082", 0.2)),
        row(1.1 + 1 / 3600, "web01", "pool", "systeminfo", 35, ("T1082", 1.0)),
    ]
    chain, _ = attack_chain(rows)
    assert [step.technique for step in chain] == ["T1505.003", "T1082"]


def test_a_medium_row_without_an_intruder_near_is_no_link():
    lone = row(40, "ws09", "ann", "net use", 50, ("T1021.002", 1.0))
    severe = row(1, "ws01", "bob", "a", 75, ("T1566.001", 1.0))
    chain, _ = attack_chain([severe, lone])
    assert [step.technique for step in chain] == ["T1566.001"]


def test_discovery_counts_in_the_company_of_an_intruder_only():
    quiet = row(9, "ws02", "ann", "whoami", 35, ("T1033", 1.0))
    beside = row(1.1, "ws01", "bob", "systeminfo", 35, ("T1082", 1.0))
    severe = row(1, "ws01", "bob", "a", 75, ("T1566.001", 1.0))
    chain, _ = attack_chain([severe, beside, quiet])
    assert [step.technique for step in chain] == ["T1566.001", "T1082"]


def test_two_sensors_on_two_hosts_that_see_one_deed_make_one_link():
    rows = [
        row(1, "fs01", "bob", "a", 75, ("T1021.002", 1.0)),
        row(1 + 2 / 3600, "10.0.0.9", None, "b", 75, ("T1021.002", 1.0)),
        row(2, "ws01", "bob", "c", 75, ("T1021.002", 1.0)),
    ]
    chain, _ = attack_chain(rows)
    assert [step.host for step in chain] == ["fs01", "ws01"]


def test_rows_of_an_audit_log_without_hosts_are_company_for_every_host():
    unplaced = row(1, None, "33", "cat ran as cat /etc/shadow", 75, ("T1003.008", 1.0))
    added = row(1.1, "web", "svc", "an account was created", 50, ("T1136.001", 1.0))
    other = row(40, "db", "ann", "another account was created", 50, ("T1136.001", 1.0))
    chain, _ = attack_chain([unplaced, added, other])
    assert [step.technique for step in chain] == ["T1003.008", "T1136.001"]
    assert chain[1].host == "web"


def techniques_of(*rows):
    chain, _ = attack_chain(sorted(rows, key=lambda one: one.time))
    return [step.technique for step in chain]


def test_one_sentence_that_means_different_things_is_no_routine():
    said = "adm.lee changed a directory object"
    rows = [
        row(hours, host, "adm.lee", said, 50, (technique, 1.0))
        for hours, host, technique in (
            (0, "dc01", "T1098"),
            (26, "dc02", "T1484.001"),
            (49, "dc01", "T1003.006"),
        )
    ]
    assert not any(entry.routine for entry in weigh_routine(rows))


def test_a_remote_session_before_a_severe_row_of_its_host_is_no_routine():
    logons = [
        row(hours, host, "adm.lee", "adm.lee logged on", 45, ("T1021.001", 1.0))
        for hours, host in ((0, "ws01"), (26, "ws02"), (49, "fs01"), (52, "ws01"))
    ]
    severe = row(49.5, "fs01", "SYSTEM", "an archive was sent out", 80, ("T1567.002", 1.0))
    rows = weigh_routine(sorted([*logons, severe], key=lambda one: one.time))
    assert [entry.host for entry in rows if not entry.routine] == ["fs01", "fs01"]


def test_an_account_that_was_just_made_is_used_without_being_a_step_of_its_own():
    made = row(1, "vpn1", "admin", "made", 65, ("T1136.001", 1.0))
    used = row(1.05, "vpn1", "odd", "logged on", 52, ("T1078.003", 1.0))
    took = row(1.2, "vpn1", "odd", "took the configuration", 65, ("T1602.002", 1.0))
    assert techniques_of(made, used, took) == ["T1136.001", "T1602.002"]


def test_a_group_that_a_new_account_joins_may_be_a_step_or_part_of_the_making():
    made = row(1, "ws1", "bob", "made", 65, ("T1136.001", 1.0))
    joined = row(1.01, "ws1", "bob", "joined", 65, ("T1098.007", 1.0))
    off = row(1.2, "ws1", "bob", "firewall off", 75, ("T1562.004", 1.0))
    _, transitions = attack_chain([made, joined, off])
    assert {(one.source, one.target) for one in transitions} == {
        ("T1136.001", "T1098.007"),
        ("T1098.007", "T1562.004"),
        ("T1136.001", "T1562.004"),
    }


def test_a_light_row_within_two_minutes_of_a_high_one_counts_whatever_the_account():
    high = row(1, "lnx", "root", "a shell", 75, ("T1548.003", 1.0))
    soon = row(1 - 0.02, "lnx", "web", "ps ran", 35, ("T1057", 1.0))
    late = row(1 + 0.2, "lnx", "web", "uname ran", 35, ("T1082", 1.0))
    assert techniques_of(high, soon, late) == ["T1057", "T1548.003"]


def test_a_chore_of_another_account_hours_after_a_high_row_of_the_host_is_no_link():
    high = row(1, "ws1", "bob", "lsass was dumped", 90, ("T1003.001", 1.0))
    chore = row(4, "ws1", "adm.lee", "net use", 50, ("T1021.002", 1.0))
    own = row(4.5, "ws1", "bob", "net use", 50, ("T1021.002", 1.0))
    assert techniques_of(high, chore) == ["T1003.001"]
    assert techniques_of(high, own) == ["T1003.001", "T1021.002"]


def test_one_cloud_role_is_one_account_under_both_its_names():
    name = "arn:aws:sts::000011112222:assumed-role/ops/build"
    high = row(1, "ws1", "ops", "log stopped", 75, ("T1562.008", 1.0))
    read = row(1.2, "ws1", name, "objects were listed", 38, ("T1619", 1.0))
    assert techniques_of(high, read) == ["T1562.008", "T1619"]
