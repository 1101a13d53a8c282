"""The scenarios over records as Prefect flows: the same answers as without Prefect."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from messages_server import Answer, MessagesServer, say
from tenants import attack, load, quiet

from schemas.chain import ChainRequest
from schemas.classify import ClassifyRequest
from schemas.correlate import CorrelateRequest
from schemas.evidence import EvidenceRequest
from schemas.evidence_truth import ComplianceSpec
from schemas.intel import IntelRequest
from schemas.intel_truth import IntelSpec
from schemas.map_rules import MapRulesRequest
from schemas.reading import ModelUse
from schemas.triage import TriageRequest
from schemas.triage_truth import TriageSpec
from sentree.analysis.correlate import run_all
from sentree.evals.generate.compliance import generate_compliance
from sentree.evals.generate.intel import generate_intel
from sentree.evals.generate.vulnerabilities import generate_vulnerabilities
from sentree.report.document import load_result
from sentree.settings import Settings

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("server")]

RULE = """title: Event log cleared with wevtutil
id: 7d2d1f0a-0000-4000-8000-000000000001
logsource: {product: windows, category: process_creation}
detection: {s: {CommandLine|contains: 'wevtutil cl'}, condition: s}
"""
TOLD = "1. Phishing: a mail came.\n2. PowerShell: a script ran.\n3. LSASS Memory: was dumped.\n"
RECORDS = '{"class_uid":3002,"class_name":"A","type_uid":300201}\nplain words\n'


def intel(folder: Path) -> IntelRequest:
    generate_intel(folder / "bundles", IntelSpec(bundles=6))
    return IntelRequest(
        paths=(str(folder / "bundles"),),
        title="flow",
        as_of=datetime(2026, 1, 1, tzinfo=UTC),
        formats=("md", "navigator"),
    )


def chain(folder: Path) -> ChainRequest:
    (folder / "told.md").write_text(TOLD)
    return ChainRequest(
        paths=(str(folder / "told.md"),), title="flow", formats=("md", "attack-flow")
    )


def map_rules(folder: Path) -> MapRulesRequest:
    (folder / "rule.yml").write_text(RULE)
    return MapRulesRequest(paths=(str(folder / "rule.yml"),), title="flow", formats=("md",))


def evidence(folder: Path) -> EvidenceRequest:
    truth = generate_compliance(folder / "case", ComplianceSpec(controls=8, checks=12))
    return EvidenceRequest(
        catalog=str(folder / "case" / truth.catalogue),
        evidence=(str(folder / "case" / truth.findings),),
        formats=("md", "oscal"),
    )


def triage(folder: Path) -> TriageRequest:
    truth = generate_vulnerabilities(folder / "in", TriageSpec(cves=40, assets=10))
    return TriageRequest(
        paths=tuple(str(folder / "in" / name) for name in truth.records),
        assets=(str(folder / "in" / truth.assets[0]),),
        epss=(str(folder / "in" / truth.epss[0]),),
        title="flow",
        formats=("md", "csv"),
    )


def classify(folder: Path) -> ClassifyRequest:
    (folder / "records.log").write_text(RECORDS)
    return ClassifyRequest(paths=(str(folder / "records.log"),), formats=("md",))


@pytest.mark.parametrize("make", [intel, chain, map_rules, evidence, triage, classify])
def test_the_flow_gives_the_answer_that_the_plain_call_gives(
    make: Callable[[Path], Any], tmp_path: Path
) -> None:
    name = make.__name__
    flow = getattr(import_module(f"flows.{name}"), name)
    run = import_module(f"sentree.analysis.{name}").run
    settings, request = Settings(home=tmp_path / "home"), make(tmp_path)
    run_dir = settings.runs_dir / flow(request, settings)
    result, local = load_result(run_dir / "result.json"), run(settings, request)
    assert (result.summary, result.data) == (local.summary, local.data)
    assert [one.tables for one in result.sections] == [one.tables for one in local.sections]
    assert len(list(run_dir.glob("report.*"))) == len(request.formats)


def test_the_flow_of_tenants_gives_the_answers_that_the_plain_call_gives(tmp_path: Path) -> None:
    from flows.correlate import correlate

    settings = Settings(home=tmp_path / "home")
    events = [each for name in ("ta", "tb", "tc", "td") for each in quiet(name)]
    events += [*attack("ta", 600.0), *attack("tb", 660.0)]
    load(settings, events, tmp_path)
    request = CorrelateRequest(title="flow", formats=("md",))
    run_dir = settings.runs_dir / correlate(request, settings)
    result, local = load_result(run_dir), run_all(settings, request)
    assert (result.summary, result.sections, result.data) == (
        local.result.summary,
        local.result.sections,
        local.result.data,
    )
    assert result.summary
    own = load_result(run_dir / "tenants" / "ta")
    assert own.summary == local.by_tenant["ta"].summary
    assert (run_dir / "tenants" / "td" / "report.md").is_file()


def test_a_model_reads_the_parts_of_a_finished_run_as_task_runs(tmp_path: Path) -> None:
    from prefect.client.orchestration import get_client

    from flows.intel import intel as intel_flow
    from flows.reading import reading

    def respond(body: dict[str, Any]) -> Answer:
        said = {"statement": "It is told.", "kind": "other", "evidence": [{"event_uid": "1"}]}
        return say(json.dumps({"answer": "", "evidence": [], "data": {"findings": [said]}}))

    request, use = intel(tmp_path), ModelUse(model="stub", leaf_characters=10_000)
    with MessagesServer(respond) as messages:
        settings = Settings(home=tmp_path / "home", base_url=messages.url)
        run_uid = intel_flow(request, settings)
        assert reading("intel", request, use, run_uid, settings) == run_uid
    result = load_result(settings.runs_dir / run_uid / "result.json")
    parts = [one for one in result.trajectory if one.kind == "subcall"]
    assert len(parts) >= 3
    [table] = next(one for one in result.sections if one.key == "model").tables
    assert len(table.rows) == len(parts)
    with get_client(sync_client=True) as client:
        labels = {run.name for run in client.read_task_runs(limit=200)}
    assert {f"d1 {part.label}" for part in parts} <= labels
