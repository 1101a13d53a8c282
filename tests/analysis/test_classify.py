"""Every record gets a class and a reason; what is not known is said to be unknown."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from lake_logs import record

from schemas.claim import Evidence
from schemas.classify import (
    ClassFinding,
    ClassifiedRecord,
    ClassifyLeaf,
    ClassifyReport,
    ClassifyRequest,
)
from sentree.analysis.classify import classify_records, merge_leaves, run, with_findings
from sentree.cli import run as cli
from sentree.errors import UnreadableInputError, UsageError
from sentree.evals.classify import Labelled, score_by_class, score_classes
from sentree.settings import Settings

ZEEK = {
    "_path": "dns",
    "ts": 1767600000.1,
    "uid": "C1",
    "id.orig_h": "10.0.0.5",
    "id.orig_p": 5000,
    "id.resp_h": "10.0.0.1",
    "id.resp_p": 53,
    "proto": "udp",
    "query": "a.example",
}
TRAIL = {
    "eventVersion": "1.08",
    "eventID": "e",
    "eventTime": "2026-01-05T09:00:00Z",
    "eventSource": "s3.amazonaws.com",
    "eventName": "ListBuckets",
    "awsRegion": "eu-west-1",
    "userIdentity": {"type": "IAMUser", "userName": "a"},
}
OCSF = {
    "class_uid": 3002,
    "class_name": "Authentication",
    "type_uid": 300201,
    "category_uid": 3,
    "activity_id": 1,
    "time": 1767600000000,
    "metadata": {"version": "1.3.0", "product": {"name": "P"}},
}


def write(folder: Path, *lines: object) -> str:
    path = folder / "records.log"
    texts = [each if isinstance(each, str) else json.dumps(each) for each in lines]
    path.write_text("".join(text + "\n" for text in texts))
    return str(path)


def test_each_record_of_a_mixed_file_has_its_class_and_says_why(
    settings: Settings, tmp_path: Path
) -> None:
    path = write(tmp_path, record(1), ZEEK, TRAIL, OCSF, {"fan": "loud"}, "hello world")
    found = list(classify_records(settings, [path]))
    assert [(one.line, one.class_uid, one.category_uid) for one in found] == [
        (1, 1007, 1),
        (2, 4003, 4),
        (3, 6003, 6),
        (4, 3002, 3),
        (5, 0, 0),
        (6, 0, 0),
    ]
    reasons = [one.reason for one in found]
    assert "event 4688 of log Security" in reasons[0]
    assert "names class 3002 itself" in reasons[3]
    assert "first keys are: fan" in reasons[4]
    assert reasons[5].startswith("text of no known format")


def test_equal_records_are_counted_as_often_as_they_stand_there(
    settings: Settings, tmp_path: Path
) -> None:
    path = write(tmp_path, ZEEK, ZEEK, ZEEK)
    assert [one.line for one in classify_records(settings, [path])] == [1, 2, 3]


def test_an_event_that_no_rule_of_its_format_takes_is_said_to_be_unknown(
    settings: Settings, tmp_path: Path
) -> None:
    [one] = classify_records(settings, [write(tmp_path, record(1, EventID=64999, Channel="Odd"))])
    assert one.class_uid == 0
    assert one.format == "windows"
    assert "no rule of the format takes it" in one.reason


def test_every_line_is_in_the_file_beside_the_result_and_every_citation_holds(
    settings: Settings, tmp_path: Path
) -> None:
    path = write(tmp_path, record(1), ZEEK, "hello world", '{"cut": ')
    result = run(settings, ClassifyRequest(paths=(path,)))
    report = ClassifyReport.model_validate(result.data)
    assert (report.records, report.unknown, report.unused) == (3, 1, 1)
    lines = (settings.runs_dir / result.run_uid / "classes.jsonl").read_text().splitlines()
    assert [json.loads(line)["class_uid"] for line in lines] == [1007, 4003, 0]
    assert result.verification.kept == result.verification.checked > 0
    assert "stay Base Event" in result.summary[1].text


def test_unknown_records_are_no_error_and_a_broken_line_is_one_only_when_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path, "hello world", '{"cut": ')
    home = ["--home", str(tmp_path / "home")]
    assert cli(["classify", path, *home]) == 0
    assert "Base Event (class 0)" in capsys.readouterr().out
    assert cli(["classify", path, "--strict", *home]) == 5
    assert cli(["classify", *home]) == 2
    assert cli(["classify", str(tmp_path / "absent"), *home]) == 4
    assert "no such file" in capsys.readouterr().err


def test_an_empty_file_and_an_unknown_format_are_refused(
    settings: Settings, tmp_path: Path
) -> None:
    with pytest.raises(UnreadableInputError, match="no record could be read"):
        run(settings, ClassifyRequest(paths=(write(tmp_path),)))
    with pytest.raises(UsageError, match="no such format"):
        run(settings, ClassifyRequest(paths=("x",), as_format="cobol"))


def base(uid: str, class_uid: int = 0) -> ClassifiedRecord:
    return ClassifiedRecord(
        file="f",
        line=1,
        record_uid=uid,
        category_uid=0,
        category_name="Uncategorized",
        class_uid=class_uid,
        class_name="",
        format="base",
        reason="",
    )


def finding(uid: str, class_uid: int, reason: str = "r") -> ClassFinding:
    return ClassFinding(
        record_uid=uid, class_uid=class_uid, reason=reason, evidence=(Evidence(event_uid=uid),)
    )


def test_a_language_model_fills_in_what_is_unknown_and_overrules_nothing() -> None:
    leaf = ClassifyLeaf(
        findings=(
            finding("a", 3002),
            finding("b", 4001),
            finding("c", 987654),
            finding("d", 4001, "x"),
            finding("d", 3002, "y"),
            finding("d", 3002, "z"),
        )
    )
    found = with_findings((base("a"), base("b", 1007), base("c"), base("d")), leaf)
    assert [one.class_uid for one in found] == [3002, 1007, 0, 3002]
    assert found[0].category_uid == 3
    assert found[0].reason.startswith("a language model")


@hypothesis_settings(max_examples=50)
@given(
    st.lists(st.builds(finding, st.sampled_from("abc"), st.sampled_from((3002, 4001))), max_size=6)
)
def test_leaves_merge_the_same_in_any_grouping(findings: list[ClassFinding]) -> None:
    leaves = [ClassifyLeaf(findings=(one,)) for one in findings]
    whole = merge_leaves(leaves)
    assert whole == merge_leaves([merge_leaves(leaves[:2]), merge_leaves(leaves[2:])])
    assert whole == merge_leaves(reversed(leaves))


def test_the_score_counts_what_is_right_and_knows_the_class_it_missed() -> None:
    labelled = [Labelled(3002, 3002, "a"), Labelled(3002, 0, "b"), Labelled(1007, 1007, "c")]
    assert score_classes(labelled).accuracy.value == pytest.approx(2 / 3)
    assert {uid: one.accuracy.value for uid, one in score_by_class(labelled).items()} == {
        1007: 1.0,
        3002: 0.5,
    }


@pytest.mark.realdata
def test_labelled_windows_and_cloud_records_get_their_class(shared_data: Path) -> None:
    from sentree.evals.measures.classify import labelled_records

    for path, group in (
        ("ocsf-raw-windows/events.jsonl", "source"),
        ("cloudtrail-attack/events.jsonl.gz", "file"),
    ):
        labelled = list(labelled_records(shared_data / path, group))
        assert len(labelled) > 100
        assert score_classes(labelled).accuracy.value > 0.95
