"""Questions about findings and about Zeek's logs, on records as their producers write them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from schemas.query import Query
from sentree.analysis.questions import answer_question
from sentree.evals.measures.ask import opened
from sentree.lake.context import Context

START = 1_772_000_000


def finding(number: int, severity: int, code: str) -> dict[str, Any]:
    return {
        "class_uid": 2004,
        "class_name": "Detection Finding",
        "category_uid": 2,
        "activity_id": 1,
        "type_uid": 200401,
        "severity_id": severity,
        "status_id": 1,
        "status_code": code,
        "time": (START + number) * 1000,
        "metadata": {
            "version": "1.4.0",
            "event_code": f"check_{number % 3}",
            "product": {"name": "Prowler", "vendor_name": "Prowler"},
        },
        "finding_info": {"uid": f"f-{number}", "title": f"Title {number % 3}"},
        "resources": [{"uid": f"arn:{number % 2}"}],
    }


def flow(number: int) -> list[dict[str, Any]]:
    ends = {"id.orig_h": "10.0.0.1", "id.resp_h": f"192.0.2.{number % 3}", "id.resp_p": 443}
    same = {"ts": START + 100 + number, "uid": f"C{number}", **ends, "id.orig_p": 50_000 + number}
    return [
        {"_path": "conn", **same, "proto": "tcp", "conn_state": "SF"},
        {"_path": "ssl", **same, "version": "TLSv12", "established": True},
    ]


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Context]:
    folder = tmp_path_factory.mktemp("findings")
    rows = [finding(n, 4 if n < 2 else 3, "FAIL" if n < 5 else "PASS") for n in range(9)]
    flows = [row for n in range(6) for row in flow(n)]
    for name, records in (("prowler.jsonl", rows), ("zeek.log", flows)):
        text = "".join(json.dumps(one) + "\n" for one in records)
        (folder / name).write_text(text, "utf-8")
    paths = [folder / "prowler.jsonl", folder / "zeek.log"]
    with opened(folder / "home", paths) as found:
        yield found


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("how many findings are there?", "9 findings"),
        ("how many high severity findings", "2 findings, level high"),
        ("which checks failed", "3 checks in 5 findings, failed: check_0 (2), check_1 (2)"),
        ("how many failed checks", "3 checks in 5 findings, failed"),
        ("how many findings passed", "4 findings, successful"),
        ("findings by severity", "2 severities in 9 findings: medium (7), high (2)."),
        ("how many connections", "6 network connections"),
        ("how many ssl connections", "6 network events, event id ssl"),
        ("who talked to 192.0.2.1", "1 source in 2 network events"),
        ("who talked to whom", "3 pairs of hosts in 6 network events: 10.0.0.1 → 192.0.2.0 (2)"),
    ],
)
def test_what_is_one_thing_counts_once(context: Context, text: str, says: str) -> None:
    answer = answer_question(context, Query(text=text))
    assert answer.declined is None
    assert says in answer.answer


def test_what_failed_is_not_said_where_records_do_not_say_it(context: Context) -> None:
    answer = answer_question(context, Query(text="how many failed connections"))
    assert answer.declined and "don't record whether they failed" in answer.declined
