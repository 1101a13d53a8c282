"""What records of mapped sources amount to: one fact, one command, a product's own techniques."""

from __future__ import annotations

import json
from typing import Any

import pytest
from embedded_context import analyse, event

from models.embedded import techniques_told
from models.patterns.facts import fact_of
from models.patterns.sight import Sight

EXECVE = 'type=EXECVE msg=audit(1767607200.123:501): argc=2 a0="cat" a1="/etc/shadow"'
SYSCALL = 'type=SYSCALL msg=audit(1767607200.123:501): syscall=59 uid=0 exe="/usr/bin/cat"'


def sight(scope: str, raw: str = "{}", **row: Any) -> Sight:
    return Sight({"event_uid": "u", "scope": scope, "raw": raw, "event": "{}", **row})


def finding(attacks: object) -> Sight:
    return sight("finding", event=json.dumps({"finding_info": {"attacks": attacks}}))


def test_the_records_of_one_audit_event_are_one_fact():
    facts = {fact_of(sight("process", raw, host="web")) for raw in (EXECVE, SYSCALL)}
    assert facts == {"audit|1767607200.123:501|web"}


@pytest.mark.parametrize(
    ("scope", "raw", "ran"),
    [
        ("process", EXECVE, "cat /etc/shadow"),
        ("process", SYSCALL, "/usr/bin/cat"),
        ("logon", 'type=USER_CMD msg=audit(1.1:2): cwd="/" cmd=6964202D75 res=success', "id -u"),
        ("logon", "Apr  2 12:00:00 w sudo: ann : PWD=/ ; USER=root ; COMMAND=/bin/sh", "/bin/sh"),
        (
            "task",
            "Apr  2 12:00:00 w CRON[7]: (root) CMD (curl -s http://a/b)",
            "curl -s http://a/b",
        ),
    ],
)
def test_a_command_is_read_wherever_the_mapper_put_its_record(scope: str, raw: str, ran: str):
    assert sight(scope, raw).show("ran") == ran


def test_a_call_that_is_repeated_is_one_fact_and_another_call_is_not():
    def call(operation: str, source: str = "198.51.100.4") -> str:
        return fact_of(
            sight("api", api_operation=operation, actor_user="ann", src_ip=source, api_service="s")
        )

    assert call("DeleteObject") == call("DeleteObject")
    assert len({call("DeleteObject"), call("GetObject"), call("GetObject", "203.0.113.4")}) == 3


def test_requests_of_one_scanner_are_one_fact_whatever_they_ask_for():
    def asked(uri: str, agent: str) -> str:
        row = {"src_ip": "203.0.113.4", "host": "web", "url": uri, "user_agent": agent}
        return fact_of(sight("http", **row))

    assert asked("/a", "Nikto/2.5") == asked("/b", "Nikto/2.5")
    assert asked("/a", "Mozilla/5.0") != asked("/b", "Mozilla/5.0")


def test_a_product_s_finding_has_the_techniques_that_the_product_names():
    named = [
        {"technique": {"uid": "T1505"}, "sub_technique": {"uid": "T1505.003"}},
        {"technique": {"uid": "T1190"}},
        {"technique": {"uid": "T1190"}},
    ]
    assert techniques_told(finding(named)) == ("T1505.003", "T1190")


@pytest.mark.parametrize(
    "attacks", [None, "T1190", 7, [], [None], ["T1190"], [{"technique": "T1"}],
                [{"technique": {"uid": "T1190; rm"}}], [{"technique": {"uid": 5}}]],
)  # fmt: skip
def test_what_is_no_technique_names_none(attacks: object):
    assert techniques_told(finding(attacks)) == ()


def test_many_refused_connections_from_inside_are_a_search_for_ports_and_from_outside_are_not():
    def told(source: str) -> str:
        rows = [
            event(n, log="fortigate", class_uid=4001, activity_id=5, host="fw", src_ip=source,
                  dst_ip=f"10.1.2.{n % 4 + 1}", dst_port=20 + n)
            for n in range(14)
        ]  # fmt: skip
        home = [
            event(100 + n, log="fortigate", class_uid=4001, activity_id=1, host="fw",
                  src_ip="10.1.2.9", dst_ip="10.1.2.8", dst_port=443)
            for n in range(25)
        ]  # fmt: skip
        return "\n".join(one.statement for one in analyse([*rows, *home]))

    assert "14 refused connections from 10.1.9.7 to 4 hosts" in told("10.1.9.7")
    assert "refused connections" not in told("203.0.113.7")


def test_a_tunnel_from_a_place_that_is_new_for_the_account_is_told_as_a_way_in_from_outside():
    rows = [
        event(n * 60, log="fortigate", class_uid=4014, activity_id=1, host="fw", target_user="ann",
              src_ip="198.51.100.9" if n < 12 else "203.0.113.9", event=json.dumps({"n": n}))
        for n in range(13)
    ]  # fmt: skip
    found = [one for one in analyse(rows) if "for the first time" in one.statement]
    assert [(one.techniques[0], "203.0.113.9" in one.statement) for one in found] == [
        ("T1133", True)
    ]


def test_a_sign_in_on_a_host_is_no_cloud_account():
    rows = [
        event(n * 60, log="sshd", class_uid=3002, activity_id=1, status_id=1, host="web",
              target_user="ann", src_ip="10.1.0.9" if n < 12 else "203.0.113.9")
        for n in range(13)
    ]  # fmt: skip
    assert not [one for one in analyse(rows) if "T1078.004" in one.techniques]
