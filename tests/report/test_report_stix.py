"""The STIX report: valid by what 2.1 requires, the same bytes for the same answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sample_report import build_result

from schemas.intel import IntelRequest
from schemas.intel_truth import IntelSpec
from schemas.result import Result
from sentree.analysis.intel import run
from sentree.evals.generate.intel import generate_intel
from sentree.intel.stix import read_time
from sentree.intel.stix_merge import merge
from sentree.intel.stix_read import read_text
from sentree.report.stix import is_stix_id, render_stix
from sentree.settings import Settings

REQUIRED = {
    "report": {"name", "published", "object_refs"},
    "note": {"content", "object_refs"},
    "identity": {"name"},
    "attack-pattern": {"name"},
}


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Result:
    folder = tmp_path_factory.mktemp("stix")
    generate_intel(folder / "bundles", IntelSpec(seed=5, bundles=5))
    return run(Settings(home=folder / "home"), IntelRequest(paths=(str(folder / "bundles"),)))


def objects(result: Result) -> list[dict[str, Any]]:
    bundle = json.loads(render_stix(result))
    assert bundle.keys() == {"type", "id", "objects"}
    assert is_stix_id(bundle["id"])
    return bundle["objects"]


@pytest.mark.parametrize("what", ["intel", "timeline"])
def test_every_object_has_what_stix_requires(result: Result, what: str) -> None:
    made = objects(result if what == "intel" else build_result())
    assert len({one["id"] for one in made}) == len(made)
    for one in made:
        assert one["spec_version"] == "2.1"
        assert is_stix_id(one["id"])
        assert one["id"].startswith(f"{one['type']}--")
        created, modified = read_time(one["created"]), read_time(one["modified"])
        assert created is not None
        assert modified is not None
        assert created <= modified
        assert REQUIRED[one["type"]] <= one.keys()
        assert one.get("object_refs", ["x"])
        for key, value in one.items():
            if key.endswith("_refs"):
                assert all(is_stix_id(uid) for uid in value)
        for ref in one.get("external_references", ()):
            assert ref["source_name"]
            assert ref.keys() & {"description", "url", "external_id"}


def test_the_report_cites_every_object_of_the_answer_and_each_sentence_its_own(
    result: Result,
) -> None:
    made = objects(result)
    (report,) = [one for one in made if one["type"] == "report"]
    assert set(report["object_refs"]) == {one.event_uid for one in result.cited_events}
    notes = {one["content"]: one for one in made if one["type"] == "note"}
    for claim in result.summary:
        assert set(notes[claim.text]["object_refs"]) == {ev.event_uid for ev in claim.evidence}


def test_equal_answers_give_equal_bytes_and_the_marking_goes_along(result: Result) -> None:
    assert render_stix(result) == render_stix(result.model_copy())
    markings = {uid for one in objects(result) for uid in one.get("object_marking_refs", ())}
    assert markings == {"marking-definition--f88d31f6-486f-44da-b317-01333bde0b82"}


def test_the_bundle_is_read_back_by_our_own_reader_without_a_fault(result: Result) -> None:
    file = read_text(render_stix(result))
    assert file.rejected == []
    assert file.flaws == []
    assert merge([file]).conflicts == []


def test_a_timeline_becomes_a_report_on_its_techniques(tmp_path: Path) -> None:
    made = objects(build_result())
    named = {
        ref["external_id"]
        for one in made
        if one["type"] == "attack-pattern"
        for ref in one["external_references"]
    }
    assert "T1059.001" in named
    (report,) = [one for one in made if one["type"] == "report"]
    assert {one["id"] for one in made if one["type"] == "attack-pattern"} == set(
        report["object_refs"]
    )
