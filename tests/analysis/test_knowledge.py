"""Loading what is known beside events: told apart, loaded once, versions kept, rejects counted."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from lake_logs import lines, record

from schemas.ingest import IngestReport
from sentree.analysis.knowledge import deliver
from sentree.analysis.knowledge.sniff import sniff
from sentree.errors import UsageError
from sentree.intel.stix import TLP_MARKINGS
from sentree.lake.db import Lake
from sentree.lake.ingest import NothingLoadedError
from sentree.lake.knowledge import dangling
from sentree.settings import Settings

MALWARE = "malware--11111111-1111-4111-8111-111111111111"
ACTOR = "intrusion-set--22222222-2222-4222-8222-222222222222"
LINK = "relationship--33333333-3333-4333-8333-333333333333"
GONE = "identity--44444444-4444-4444-8444-444444444444"

RULE = """title: {title}
id: {uid}
status: test
level: high
logsource: {{category: process_creation, product: windows}}
detection:
  selection: {{Image|endswith: '\\\\evil.exe'}}
  condition: selection
"""
CVE = {
    "dataType": "CVE_RECORD",
    "cveMetadata": {"cveId": "CVE-2024-1234", "state": "PUBLISHED"},
    "containers": {
        "cna": {
            "title": "Overflow",
            "metrics": [
                {
                    "cvssV3_1": {
                        "baseScore": 9.8,
                        "vectorString": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
                    }
                }
            ],
        }
    },
}
NVD = {
    "format": "NVD_CVE",
    "vulnerabilities": [
        {"cve": {"id": "CVE-2024-1234", "descriptions": [], "vulnStatus": "Rejected"}},
        {"cve": {"id": "nonsense", "descriptions": []}},
    ],
}
KEV = {
    "catalogVersion": "1",
    "vulnerabilities": [{"cveID": "CVE-2024-1234", "dateAdded": "2024-02-03"}],
}
EPSS = "#model_version:v1,score_date:2024-05-06T00:00:00Z\ncve,epss,percentile\n" + "".join(
    f"CVE-2024-{n},0.{n},0.5\n" for n in range(1000, 1100)
)
SSVC = {
    "id": "CVE-2024-1234",
    "schemaVersion": "1-0-1",
    "timestamp": "2024-02-03T00:00:00Z",
    "options": [{"Exploitation": "active"}, {"Automatable": "yes"}],
}
OSCAL = {
    "catalog": {
        "uuid": "x",
        "metadata": {"title": "House rules", "version": "2"},
        "groups": [
            {
                "id": "ac",
                "title": "Access",
                "controls": [
                    {"id": "ac-1", "title": "Policy"},
                    {
                        "id": "ac-2",
                        "title": "Old",
                        "props": [{"name": "status", "value": "withdrawn"}],
                    },
                ],
            }
        ],
    }
}
PROWLER = {
    "Framework": "CIS",
    "Version": "1.4",
    "Provider": "AWS",
    "Requirements": [
        {"Id": "1.1", "Description": "MFA", "Checks": ["iam_mfa"]},
        {"Description": "no id", "Checks": []},
    ],
}


def stix(*objects: dict[str, Any]) -> dict[str, Any]:
    uid = "bundle--0b3f1c53-0000-4000-8000-000000000000"
    return {"type": "bundle", "id": uid, "objects": list(objects)}


def malware(name: str, modified: str, **more: Any) -> dict[str, Any]:
    return {
        "type": "malware",
        "spec_version": "2.1",
        "id": MALWARE,
        "created": "2024-01-01T00:00:00.000Z",
        "modified": modified,
        "name": name,
        **more,
    }


def relation() -> dict[str, Any]:
    return {"type": "relationship", "id": LINK, "created": "2024-01-01T00:00:00Z",
            "modified": "2024-01-01T00:00:00Z", "relationship_type": "uses",
            "source_ref": ACTOR, "target_ref": MALWARE}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A file of each kind, and of events."""
    made = tmp_path / "in"
    made.mkdir()
    (made / "stix.json").write_text(json.dumps(stix(malware("Old", "2024-01-01T00:00:00Z"))))
    (made / "cve.json").write_text(json.dumps(CVE))
    (made / "nvd.json").write_text(json.dumps(NVD))
    (made / "kev.json").write_text(json.dumps(KEV))
    (made / "epss.csv.gz").write_bytes(gzip.compress(EPSS.encode()))
    (made / "ssvc.json").write_text(json.dumps(SSVC))
    (made / "oscal.json").write_text(json.dumps(OSCAL))
    (made / "prowler.json").write_text(json.dumps(PROWLER))
    rules = (RULE.format(title="A", uid="a" * 8), RULE.format(title="B", uid="b" * 8))
    (made / "rules.yml").write_text("---\n".join(rules))
    (made / "events.jsonl").write_text(lines([record(1)]))
    return made


def load(settings: Settings, *paths: Path, **more: Any) -> IngestReport:
    with Lake.open(settings) as lake:
        report = deliver(lake, paths, settings=settings, **more)
        assert lake.check() == []
    for one in report.sources:
        assert one.delivered == one.accepted + one.duplicate + one.rejected
    return report


def test_every_kind_is_told_apart_and_loaded_once(folder: Path, settings: Settings) -> None:
    report = load(settings, folder)
    by_name = {Path(one.path).name: one for one in report.sources}
    assert {name: (one.format, one.accepted, one.rejected) for name, one in by_name.items()} == {
        "stix.json": ("stix-2.1", 1, 0),
        "cve.json": ("cve", 1, 0),
        "nvd.json": ("nvd", 1, 1),
        "kev.json": ("kev", 1, 0),
        "epss.csv.gz": ("epss", 100, 0),
        "ssvc.json": ("ssvc", 1, 0),
        "oscal.json": ("oscal", 1, 1),
        "prowler.json": ("prowler", 1, 1),
        "rules.yml": ("sigma", 2, 0),
        "events.jsonl": ("windows", 1, 0),
    }
    assert by_name["oscal.json"].reasons == {"it is withdrawn": 1}
    again = load(settings, folder)
    assert again.accepted == 0 and all(one.already_loaded for one in again.sources)
    with Lake.open(settings) as lake:
        info = {one.name: one.records for one in lake.info().knowledge}
        [row] = lake.query(
            "SELECT max(cvss_score) AS score, bool_or(withdrawn) AS withdrawn,"
            " any_value(kev_added) AS kev, any_value(ssvc_exploitation) AS ssvc,"
            " any_value(epss) AS epss FROM vulnerabilities WHERE cve IN"
            " ('CVE-2024-1234', 'CVE-2024-1050')"
        )
        rejects = lake.query("SELECT count(*) AS n FROM rejects")[0]["n"]
    assert info["EPSS score"] == 100 and info["STIX malware"] == 1 and info["Sigma rule"] == 2
    assert row == {
        "score": 9.8, "withdrawn": True, "kev": "2024-02-03", "ssvc": "active", "epss": 0.1050,
    }  # fmt: skip
    assert rejects == 3


def test_an_object_of_another_bundle_is_merged_by_id_and_version(
    tmp_path: Path, settings: Settings
) -> None:
    bundles = [
        stix(malware("Old", "2024-01-01T00:00:00.000Z"), relation()),
        stix(malware("Old", "2024-01-01T00:00:00Z")),
        stix(malware("New", "2024-03-01T00:00:00Z", revoked=True)),
    ]
    accepted: list[int] = []
    for number, one in enumerate(bundles):
        path = tmp_path / f"{number}.json"
        path.write_text(json.dumps(one))
        accepted.append(load(settings, path).accepted)
    assert accepted == [2, 0, 1]
    with Lake.open(settings) as lake:
        [found] = [one for one in lake.info().knowledge if one.name == "STIX malware"]
        assert (found.records, found.versions, found.revoked) == (1, 2, 1)
        missing = dangling(lake, ["default"], list(TLP_MARKINGS))
    assert [(one["property"], one["missing"]) for one in missing] == [("source_ref", ACTOR)]


def test_what_cannot_be_used_is_counted_and_the_rest_goes_in(
    tmp_path: Path, settings: Settings
) -> None:
    kept = malware("Kept", "2024-01-01T00:00:00Z", created_by_ref=GONE)
    whole = json.dumps(stix({"type": "malware", "id": LINK}, kept, {"type": "x"}))
    (tmp_path / "cut.json").write_text(whole[: whole.index('{"type": "x"}') + 3])
    report = load(settings, tmp_path / "cut.json")
    assert report.accepted == 1 and report.rejected >= 2
    assert any("id is of type" in reason for reason in report.sources[0].reasons)
    (tmp_path / "bad.yml").write_text("title: x\ndetection: [\nlogsource:\n")
    with pytest.raises(NothingLoadedError):
        load(settings, tmp_path / "bad.yml", as_format="sigma")
    with pytest.raises(UsageError, match="name a file"), Lake.open(settings) as lake:
        deliver(lake, ["-"], settings=settings, as_format="stix")


def test_logs_are_never_taken_for_knowledge() -> None:
    assert sniff(json.dumps(record(1))) is None
    assert sniff(json.dumps({"type": "bundle-job", "id": "1", "objects": [1]})) is None
    assert sniff(json.dumps({"Records": [{"eventName": "PutObject", "id": "CVE-2024-1"}]})) is None
    assert sniff("cve of the day: none\n") is None
    assert sniff("detection: something\nfree text", "notes.txt") is None
    assert sniff("") is None and sniff("{") is None and sniff("[" * 5000) is None


def test_a_bundle_is_known_whatever_order_its_keys_have() -> None:
    first = {"objects": [malware("x", "2024-01-01T00:00:00Z")] * 3, "id": "bundle--1"}
    assert sniff(json.dumps(first)) == "stix"
    assert sniff(json.dumps(malware("x", "2024-01-01T00:00:00Z"))) == "stix"
    assert sniff("\ufeff \n" + json.dumps([malware("x", "2024-01-01T00:00:00Z")])) == "stix"


@pytest.mark.realdata
def test_the_sample_folders_load_and_load_again_as_a_no_op(
    shared_data: Path, settings: Settings
) -> None:
    paths = [shared_data / "stix" / "bundles", shared_data / "cve" / "cves.jsonl"]
    first, second = load(settings, *paths), load(settings, *paths)
    assert first.accepted > 1_500 and first.rejected == 0
    assert second.accepted == 0 and second.delivered == first.delivered
