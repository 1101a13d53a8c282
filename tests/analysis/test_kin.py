"""What belongs to a row without being remarkable: trails, further records, made accounts."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import Any

from embedded_context import START, MemoryContext, context_of, event

from schemas.claim import Evidence
from schemas.finding import FindingKind
from schemas.timeline import TimelineEntry
from sentree.analysis.fold import level_of
from sentree.analysis.further_records import with_further_records
from sentree.analysis.made_accounts import weigh_made_accounts
from sentree.analysis.trail import with_trail

OFFICE, RENTED = "198.51.100.20", "203.0.113.40"


def entry(record: dict[str, Any], technique: str, score: int, user: str = "") -> TimelineEntry:
    time = record["time"].replace(tzinfo=UTC)
    return TimelineEntry(
        entry_uid=f"row-{record['event_uid']}",
        time=time,
        last_time=time,
        host=record["host"],
        user=user or record.get("actor_user"),
        statement="Something happened.",
        kinds=(FindingKind.DISCOVERY,),
        level=level_of(score),
        score=score,
        techniques=(technique,) if technique else (),
        technique_shares=((technique, 1.0),) if technique else (),
        evidence=(Evidence(event_uid=record["event_uid"]),),
    )


def call(number: int, user: str, src: str | None, name: str, minute: float) -> dict[str, Any]:
    return event(
        number, log="cloudtrail", class_uid=6003, status_id=1, actor_user=user, src_ip=src,
        host=src, api_operation=name, api_service="s3.amazonaws.com",
        time=START + timedelta(minutes=minute),
    )  # fmt: skip


def trail_of(rows: list[dict[str, Any]], *told: TimelineEntry) -> list[TimelineEntry]:
    known = {one.entry_uid for one in told}
    return [one for one in with_trail(context_of(rows), told) if one.entry_uid not in known]


def test_what_an_account_does_around_a_severe_deed_from_the_same_address_is_told():
    severe = call(1, "ann", RENTED, "StopLogging", 60)
    rows = [
        severe,
        call(2, "ann", RENTED, "PutObject", 70),
        call(3, "ann", RENTED, "PutObject", 71),
        call(4, "ann", RENTED, "GetObject", 80),
        call(5, "ann", None, "CreateTags", 90),
        call(6, "ann", OFFICE, "PutObject", 75),
        call(7, "bob", RENTED, "PutObject", 75),
        call(8, "ann", RENTED, "PutObject", 60 * 30),
    ]
    found = trail_of(rows, entry(severe, "T1562.008", 75))
    assert [(one.occurrences, one.level) for one in found] == [
        (2, "low"),
        (1, "medium"),
        (1, "low"),
    ]
    assert found[0].statement.startswith(
        f"{RENTED}: ann called s3.amazonaws.com PutObject from {RENTED} 2 times"
    )
    assert found[1].techniques == ("T1530",)


def test_an_address_that_several_accounts_share_makes_no_trail():
    severe = call(1, "ann", OFFICE, "StopLogging", 60)
    rows = [severe, *(call(n, f"user{n}", OFFICE, "PutObject", 60 + n) for n in range(2, 6))]
    rows.append(call(9, "ann", OFFICE, "PutObject", 70))
    assert trail_of(rows, entry(severe, "T1562.008", 75)) == []


def test_a_light_deed_makes_no_trail():
    light = call(1, "ann", RENTED, "ListBuckets", 60)
    rows = [light, call(2, "ann", RENTED, "PutObject", 61)]
    assert trail_of(rows, entry(light, "T1580", 35)) == []


def test_one_role_is_one_account_in_a_trail_and_in_an_access_log():
    severe = call(1, "ops", RENTED, "StopLogging", 60)
    name = "arn:aws:sts::000011112222:assumed-role/ops/build"
    found = trail_of(
        [severe, call(2, name, RENTED, "PutObject", 61)], entry(severe, "T1562.008", 75)
    )
    assert [one.user for one in found] == ["ops"]


def further(rows: list[dict[str, Any]], told: TimelineEntry) -> set[str]:
    [row] = with_further_records(context_of(rows), (told,))
    assert row.score == told.score and row.statement == told.statement
    return {ev.event_uid for ev in row.evidence} - {ev.event_uid for ev in told.evidence}


def started(number: int, line: str) -> dict[str, Any]:
    path = r"C:\Windows\System32\curl.exe"
    return event(
        number, log="sysmon", code=1, process_path=path, process_pid=77, process_cmd=line,
    )  # fmt: skip


def looked_up(number: int, name: str, src: str, port: int) -> dict[str, Any]:
    return event(
        number, log="zeek dns", class_uid=4003, dns_query=name, src_ip=src, src_port=port, host=src
    )


def test_look_ups_of_a_name_that_a_flagged_command_holds_are_cited_with_their_connection():
    told = started(1, "curl -o a.js https://odd.example.net/a.js")
    lookup = looked_up(2, "odd.example.net", "10.0.0.5", 51_000)
    flow = event(
        2, log="zeek conn", class_uid=4001, src_ip="10.0.0.5", src_port=51_000, host="10.0.0.5",
        dst_ip="10.0.0.1", dst_port=53,
    )  # fmt: skip
    other = looked_up(3, "other.example.net", "10.0.0.5", 51_001)
    found = further([told, lookup, flow, other], entry(told, "T1105", 65))
    assert found == {lookup["event_uid"], flow["event_uid"]}


def test_look_ups_of_a_name_that_many_hosts_ask_for_are_not():
    told = started(1, "curl -o a.js https://cdn.example.net/a.js")
    asked = [looked_up(2, "cdn.example.net", f"10.0.0.{n}", 51_000 + n) for n in range(5)]
    assert further([told, *asked], entry(told, "T1105", 65)) == set()


def test_what_a_flagged_process_connects_to_is_cited_while_it_starts_only():
    told = started(1, "curl x")
    path = r"C:\Windows\System32\curl.exe"

    def connected(number: int, pid: int) -> dict[str, Any]:
        return event(
            number, log="sysmon", code=3, actor_path=path, actor_pid=pid, dst_ip="203.0.113.9"
        )

    soon, late, another = connected(5, 77), connected(500, 77), connected(6, 78)
    assert further([told, soon, late, another], entry(told, "T1105", 65)) == {soon["event_uid"]}


def test_the_file_that_a_flagged_command_runs_is_cited_as_it_was_written():
    told = started(60, r"rundll32 C:\Users\a\AppData\Local\Temp\j.dll,Start")
    wrote = event(
        5, log="sysmon", code=11, file_path=r"C:\Users\a\AppData\Local\Temp\j.dll", actor_pid=3
    )
    other = event(6, log="sysmon", code=11, file_path=r"C:\Users\a\notes.txt", actor_pid=3)
    assert further([told, wrote, other], entry(told, "T1218.011", 60)) == {wrote["event_uid"]}


def made_and_used(made_score: int) -> tuple[MemoryContext, tuple[TimelineEntry, ...]]:
    made = event(1, host="vpn1", actor_user="admin", raw='user="admin" msg="Add user.local odd"')
    tunnel = event(900, host="vpn1", actor_user="odd", raw='user="odd" tunnelip=10.9.0.7')
    asked = event(960, host="10.9.0.7", raw="refused")
    other = event(970, host="vpn1", actor_user="ann", raw='user="ann" tunnelip=10.9.0.8')
    rows = (
        entry(made, "T1136.001", made_score),
        entry(tunnel, "T1133", 20),
        entry(asked, "T1046", 50),
        entry(other, "T1133", 20),
    )
    return context_of([made, tunnel, asked, other]), rows


def test_what_a_made_account_does_weighs_more_and_so_does_the_address_of_its_tunnel():
    made, tunnel, asked, other = weigh_made_accounts(*made_and_used(65))
    assert (made.score, tunnel.score, other.score) == (65, 42, 20)
    assert tunnel.level == "medium" and "was made on" in tunnel.details[-1]
    assert (asked.score, asked.user) == (60, "odd")


def test_an_account_that_administration_makes_is_no_intruders():
    context, rows = made_and_used(50)
    assert weigh_made_accounts(context, rows) == rows


def test_who_acted_before_is_not_the_account_that_was_made():
    made = event(500, host="dc1", actor_user="admin", raw="admin made odd for clerk")
    before = event(1, host="ws1", actor_user="clerk", raw="clerk looked")
    after = event(900, host="ws1", actor_user="clerk", raw="clerk looked again")
    rows = (entry(before, "", 20), entry(made, "T1136.002", 65), entry(after, "T1087", 50))
    assert weigh_made_accounts(context_of([made, before, after]), rows) == rows
