"""Questions about somebody else's logs: their truth comes from the raw records alone."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from schemas.question_truth import AnswerKind
from sentree.evals.asked import cloudtrail, windows, zeek
from sentree.evals.asked.records import RealQuestion, read_records
from sentree.evals.measures.ask import opened, put
from sentree.evals.questions import Outcome


def answer_to(asked: list[RealQuestion], text: str) -> tuple[str, ...]:
    return next(one.answer for one in asked if one.text == text)


def test_records_are_unwrapped_and_counted_once(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl.gz"
    path.write_bytes(gzip.compress(b'{"a":1}\n{"a":1}\n\n{"id":"x","raw":{"a":2}}\n'))
    assert read_records([path]) == [{"a": 1}, {"a": 2}]


def call(name: str, user: str, time: str, **more: Any) -> dict[str, Any]:
    return {
        "eventName": name,
        "eventSource": "iam.amazonaws.com",
        "eventTime": f"2023-07-10T{time}Z",
        "awsRegion": "eu-west-1",
        "sourceIPAddress": "192.0.2.7",
        "userIdentity": {"type": "IAMUser", "userName": user},
        **more,
    }


def test_cloudtrail_truth_is_what_the_records_say() -> None:
    asked = cloudtrail.questions(
        [
            call("ListUsers", "ana", "11:55:00"),
            call("ListUsers", "bo", "12:01:00", errorCode="AccessDenied"),
            call("GetUser", "ana", "12:02:00", sourceIPAddress="AWS Internal"),
        ]
    )
    assert answer_to(asked, "how many API calls failed") == ("1",)
    assert answer_to(asked, "who called ListUsers?") == ("ana", "bo")
    assert answer_to(asked, "from which addresses did ana make API calls") == ("192.0.2.7",)
    assert answer_to(asked, "how many events between 12:00 and 12:10") == ("2",)


def test_zeek_fields_are_read_with_dots_and_with_underscores() -> None:
    one = {"_path": "conn", "ts": 1_588_205_199.5, "id.orig_h": "10.0.0.1", "id.resp_h": "10.0.0.2"}
    other = {
        "@stream": "conn",
        "ts": 1_588_205_200.5,
        "id_orig_h": "10.0.0.1",
        "id_resp_h": "10.0.0.2",
    }
    asked = zeek.questions([one | {"id.resp_p": 443}, other | {"id_resp_p": 443}])
    assert answer_to(asked, "how many connections from 10.0.0.1 to 10.0.0.2") == ("2",)
    assert answer_to(asked, "which hosts connected to port 443") == ("10.0.0.1",)
    first = "first connection from 10.0.0.1 to 10.0.0.2"
    assert answer_to(asked, first) == ("2020-04-30T00:06:39.500000+00:00",)


def test_a_windows_question_put_to_the_analyst_agrees_with_the_raw_records(tmp_path: Path) -> None:
    records = [
        {
            "EventID": 4625 if n % 3 else 4624,
            "Channel": "Security",
            "SourceName": "Microsoft-Windows-Security-Auditing",
            "Hostname": f"PC{n % 2}.corp.example",
            "@timestamp": f"2026-03-02T10:00:{n:02d}.000Z",
            "TargetUserName": f"user{n % 4}",
            "IpAddress": "192.0.2.9",
            "LogonType": "3",
            "RecordNumber": n,
        }
        for n in range(24)
    ]
    path = tmp_path / "security.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in records), "utf-8")
    asked = windows.questions(read_records([path]))
    assert answer_to(asked, "how many failed logons") == ("16",)
    with opened(tmp_path / "home", [path]) as context:
        cases = [put(context, one.text, one.kind, one.answer, "windows") for one in asked]
    assert len(cases) > 12
    assert [case.text for case in cases if case.score.outcome is not Outcome.RIGHT] == []


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("cloudtrail-attack/events.jsonl.gz", cloudtrail.questions),
        ("ocsf-raw-windows/events.jsonl", windows.questions),
    ],
)
def test_no_question_about_real_logs_is_answered_wrongly(
    shared_data: Path, tmp_path: Path, name: str, make: Any
) -> None:
    path = shared_data / name
    asked = make(read_records([path]))
    assert len(asked) > 40 and {one.kind for one in asked} >= {AnswerKind.NUMBER, AnswerKind.SET}
    with opened(tmp_path / "home", [path]) as context:
        cases = [put(context, one.text, one.kind, one.answer, name) for one in asked]
    assert [case.text for case in cases if case.score.outcome is Outcome.WRONG] == []
    assert sum(case.dropped for case in cases) == 0
