"""Scenarios over files read what the lake has where no file is named: the same rows, pinned."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from schemas.evidence import EvidenceReport, EvidenceRequest
from schemas.intel import IntelReport, IntelRequest
from schemas.triage import TriageReport, TriageRequest
from sentree.analysis import intel, triage
from sentree.analysis.evidence import run as run_evidence
from sentree.analysis.knowledge import deliver
from sentree.analysis.knowledge.stored import pinned
from sentree.cli import run
from sentree.errors import ExitCode, UnreadableInputError
from sentree.lake.db import Lake
from sentree.settings import Settings

ACTOR = "intrusion-set--22222222-2222-4222-8222-222222222222"
TOOL = "tool--11111111-1111-4111-8111-111111111111"
LINK = "relationship--33333333-3333-4333-8333-333333333333"
CVSS = {"vector": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}


def stix(kind: str, uid: str, modified: str = "2024-01-01", **more: Any) -> dict[str, Any]:
    times = {"created": "2024-01-01T00:00:00Z", "modified": f"{modified}T00:00:00Z"}
    return {"type": kind, "id": uid, **times, **more}


def bundle(path: Path, *objects: dict[str, Any]) -> Path:
    uid = "bundle--0b3f1c53-0000-4000-8000-000000000000"
    path.write_text(json.dumps({"type": "bundle", "id": uid, "objects": objects}, indent=1))
    return path


@pytest.fixture
def bundles(tmp_path: Path) -> list[Path]:
    link = stix("relationship", LINK, relationship_type="uses", source_ref=ACTOR, target_ref=TOOL)
    actor = stix("intrusion-set", ACTOR, name="Quiet Fox")
    renamed = stix("intrusion-set", ACTOR, "2024-06-01", name="Loud Fox")
    return [
        bundle(tmp_path / "a.json", actor, stix("tool", TOOL, name="Spade"), link),
        bundle(tmp_path / "b.json", renamed),
    ]


@pytest.fixture
def records(tmp_path: Path) -> list[Path]:
    """CVE data in every shape: JSON lines, tables with and without a head of their own."""
    texts = {
        "nvd.json": json.dumps(
            {
                "format": "NVD_CVE",
                "vulnerabilities": [
                    {
                        "cve": {
                            "id": f"CVE-2024-000{n}",
                            "descriptions": [{"lang": "en", "value": "A flaw in Acme Box."}],
                            "vulnStatus": "Analyzed",
                            "metrics": {
                                "cvssMetricV31": [
                                    {"cvssData": {"vectorString": CVSS["vector"], "version": "3.1"}}
                                ]
                            },
                        }
                    }
                    for n in (1, 2)
                ],
            },
            indent=1,
        ),
        "kev.csv": "cveID,vendorProject,product,dateAdded,knownRansomwareCampaignUse\n"
        "CVE-2024-0002,Acme,Box,2024-02-03,Known\n",
        "epss.csv": "#model_version:v1,score_date:2024-05-06T00:00:00Z\ncve,epss,percentile\n"
        "CVE-2024-0001,0.9,0.99\nCVE-2024-0002,0.1,0.5\n",
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    return [tmp_path / name for name in texts]


def load(settings: Settings, *paths: Path, **more: Any) -> int:
    with Lake.open(settings) as lake:
        deliver(lake, paths, settings=settings, **more)
        return lake.snapshot_id()


def test_intel_reads_from_the_lake_what_it_reads_from_the_files(
    bundles: list[Path], settings: Settings
) -> None:
    snapshot = load(settings, *bundles)
    from_files = intel.run(settings, IntelRequest(paths=tuple(map(str, bundles))))
    from_lake = intel.run(settings, IntelRequest(paths=()))
    assert from_lake.data == from_files.data
    assert from_lake.sections == from_files.sections and from_lake.summary == from_files.summary
    assert from_lake.cited_events == from_files.cited_events
    assert from_lake.coverage.snapshot_id == snapshot
    assert [one.path for one in from_lake.inputs] == [str(path) for path in bundles]
    assert {one.note for one in from_lake.inputs} == {
        f"from the lake's table stix_objects, snapshot {snapshot}"
    }
    assert from_lake.verification.checked == from_lake.verification.kept > 0


def test_triage_ranks_what_the_lake_has_in_any_shape(
    records: list[Path], settings: Settings
) -> None:
    snapshot = load(settings, *records)
    made = [triage.run(settings, TriageRequest(paths=paths)) for paths in ((), named(records))]
    reports = [TriageReport.model_validate(one.data) for one in made]
    assert made[0].coverage.snapshot_id == snapshot
    assert [one.ranked[0].cve for one in reports] == ["CVE-2024-0002"] * 2
    for one in zip(*(report.ranked for report in reports), strict=True):
        ours, theirs = one
        assert (ours.cve, ours.decision, ours.epss) == (theirs.cve, theirs.decision, theirs.epss)
        assert ours.score == pytest.approx(theirs.score)
    lines = [{(one.event_uid, one.line) for one in each.cited_events} for each in made]
    assert lines[0] == lines[1] and len(lines[0]) >= 3


def named(paths: list[Path]) -> tuple[str, ...]:
    return tuple(map(str, paths))


def test_a_pinned_request_reads_the_same_rows_later_and_no_other_tenants(
    bundles: list[Path], settings: Settings
) -> None:
    load(settings, bundles[0])
    request = pinned(settings, IntelRequest(paths=()))
    first = IntelReport.model_validate(intel.run(settings, request).data)
    load(settings, bundles[1])
    load(settings, bundles[1], tenant="other")
    again = IntelReport.model_validate(intel.run(settings, request).data)
    now = IntelReport.model_validate(intel.run(settings, IntelRequest(paths=())).data)
    other = intel.run(settings, IntelRequest(paths=(), tenant_uid="other"))
    assert [one.name for one in first.actors] == [one.name for one in again.actors] == ["Quiet Fox"]
    assert [one.name for one in now.actors] == ["Loud Fox"]
    assert IntelReport.model_validate(other.data).counts.delivered == 1


def test_the_newest_record_and_score_of_a_cve_count(tmp_path: Path, settings: Settings) -> None:
    for number, (title, score) in enumerate((("Old", 0.9), ("New", 0.2))):
        record = {
            "dataType": "CVE_RECORD",
            "cveMetadata": {"cveId": "CVE-2024-0001", "state": "PUBLISHED"},
            "containers": {"cna": {"title": title}},
        }
        (tmp_path / f"{number}.json").write_text(json.dumps(record))
        (tmp_path / f"{number}.csv").write_text(
            f"#model_version:v1,score_date:2024-05-0{number + 1}T00:00:00Z\n"
            f"cve,epss,percentile\nCVE-2024-0001,{score},0.5\n"
        )
        load(settings, tmp_path / f"{number}.json", tmp_path / f"{number}.csv")
    result = triage.run(settings, TriageRequest(paths=()))
    report = TriageReport.model_validate(result.data)
    [one] = report.ranked
    assert (one.title, one.epss, report.counts.copies) == ("New", 0.2, 0)


def test_a_lake_without_such_records_is_told(settings: Settings) -> None:
    Lake.open(settings).close()
    with pytest.raises(UnreadableInputError, match="no STIX object of tenant default"):
        intel.run(settings, IntelRequest(paths=()))
    with pytest.raises(UnreadableInputError, match="no CVE record of tenant default"):
        triage.run(settings, TriageRequest(paths=()))


def test_the_commands_read_the_lake_without_paths(
    bundles: list[Path],
    records: list[Path],
    settings: Settings,
    capsys: pytest.CaptureFixture[str],
) -> None:
    home = ("--home", str(settings.home), "--executor", "local")
    for word in ("intel", "triage"):
        assert run([word, *home]) == ExitCode.USAGE
        assert "no lake" in capsys.readouterr().err
    load(settings, *bundles, *records)
    assert run(["intel", *home]) == ExitCode.DONE and "Loud Fox" in capsys.readouterr().out
    assert run(["triage", *home]) == ExitCode.DONE
    assert "CVE-2024-0002" in capsys.readouterr().out


def test_evidence_judges_by_a_catalogue_of_the_lake_as_by_its_file(
    tmp_path: Path, settings: Settings
) -> None:
    def framework(version: str, *checks: str) -> Path:
        requirements = [
            {"Id": "1.1", "Name": "Sign-in", "Description": "Sign in twice.", "Checks": checks},
            {"Id": "1.2", "Name": "Logs", "Description": "Keep logs.", "Checks": []},
        ]
        path = tmp_path / f"made_{version}.json"
        made = {"Framework": "Made", "Version": version, "Requirements": requirements}
        path.write_text(json.dumps(made))
        return path

    two, three = framework("2", "mfa_on"), framework("3", "other_check")
    findings = tmp_path / "findings.jsonl"
    findings.write_text(
        json.dumps(
            {
                "class_uid": 2003,
                "metadata": {"event_code": "mfa_on", "version": "1.5.0"},
                "finding_info": {"title": "Sign in twice", "uid": "f"},
                "status_code": "FAIL",
                "time": 1_780_000_000_000,
                "resources": [{"uid": "alice"}],
            }
        )
    )
    load(settings, two, three)

    def judged(catalog: str) -> list[tuple[str, str]]:
        request = EvidenceRequest(catalog=catalog, evidence=(str(findings),))
        report = EvidenceReport.model_validate(run_evidence(settings, request).data)
        return [(one.control.control_uid, one.status) for one in report.verdicts]

    assert judged(str(two)) == [("1.1", "failed"), ("1.2", "no evidence")]
    assert judged("lake:made 2") == judged(str(two))
    assert judged("lake:Made 3") == judged(str(three)) != judged(str(two))
    for name in ("lake", "lake:made", "lake:other"):
        with pytest.raises(UnreadableInputError, match="lake:Made 2, lake:Made 3"):
            judged(name)
