"""A timeline's chain goes out as an Attack Flow that reads in as the same steps and links."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from schemas.result import Result
from sentree.analysis.chain.tables import timeline_section
from sentree.cli import run as command
from sentree.errors import ExitCode
from sentree.intel.attack_flow import stix_flows
from sentree.report.attack_flow import EXTENSION, render_attack_flow
from sentree.report.document import save_result


def test_the_chain_of_a_timeline_is_a_flow_of_its_techniques_in_order(sample: Result) -> None:
    timeline = sample.timeline
    assert timeline is not None and timeline.chain
    objects = json.loads(render_attack_flow(sample))["objects"]
    (flow,) = stix_flows(objects)
    assert [one.technique for one in flow.actions] == [one.technique for one in timeline.chain]
    assert len({one["id"] for one in objects}) == len(objects)
    told = [one for one in objects if one["type"] in ("attack-flow", "attack-action")]
    assert all(EXTENSION in one["extensions"] for one in told)
    known = {one["id"] for one in objects}
    refs = [
        ref for one in told for key in ("start_refs", "effect_refs") for ref in one.get(key, ())
    ]
    assert refs and set(refs) <= known


def test_the_chain_of_a_timeline_is_shown_as_that_of_an_account_is(sample: Result) -> None:
    timeline = sample.timeline
    assert timeline is not None
    steps, links = timeline_section(timeline).tables
    assert len(steps.rows) == len(timeline.chain)
    assert len(links.rows) == len(timeline.transitions)
    assert all(len(row.cells) == len(steps.columns) for row in steps.rows)
    assert all(row.evidence for row in steps.rows)


def test_a_result_without_a_chain_gives_a_bundle_without_a_flow(sample: Result) -> None:
    objects = json.loads(render_attack_flow(sample.model_copy(update={"timeline": None})))[
        "objects"
    ]
    assert not any(one["type"].startswith("attack-") for one in objects)


def test_the_command_shows_the_chain_of_a_run_and_refuses_a_run_without_one(
    sample: Result, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "runs" / sample.run_uid
    folder.mkdir(parents=True)
    save_result(sample, folder)
    words = ["chain", "--run", sample.run_uid, "--home", str(tmp_path), "-q"]
    flow = tmp_path / "flow.json"
    assert command([*words, "--attack-flow", str(flow)]) == ExitCode.DONE
    assert "First sightings" in capsys.readouterr().out
    assert json.loads(flow.read_text())["type"] == "bundle"
    save_result(sample.model_copy(update={"timeline": None}), folder)
    assert command(words) == ExitCode.USAGE
    assert "has no timeline" in capsys.readouterr().err
