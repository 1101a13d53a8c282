"""Cases of `triage`: CVE records whose words decide three points of SSVC."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from schemas.experiment_plan import CHARACTERS_A_TOKEN, CaseSpec
from schemas.simulated import LeafItem
from schemas.triage import TriageLeaf, TriageRequest
from schemas.triage_truth import TriageSpec, TrueVulnerability
from sentree.analysis.triage.rank import make_report
from sentree.analysis.triage.reading_task import reading_task
from sentree.evals.experiment.case import Case, Scored, Task
from sentree.evals.experiment.readings import (
    UNASKED,
    Items,
    Told,
    as_many,
    cited,
    reading_case,
    scored,
)
from sentree.evals.experiment.records import scratch
from sentree.evals.generate.vulnerabilities import generate_vulnerabilities
from sentree.evals.metrics import compare_sets
from sentree.intel.cve_merge import merge
from sentree.intel.cve_read import read_cve_file
from sentree.settings import Settings

POINTS = ("exploitation", "automatable", "technical_impact")
FEWEST_CHARACTERS = 250
Point = tuple[str, str, str]


def _make(spec: CaseSpec, folder: Path) -> Case:
    files = scratch(folder)
    cves = max(4, spec.size_tokens * CHARACTERS_A_TOKEN // FEWEST_CHARACTERS)
    truth = generate_vulnerabilities(
        files, TriageSpec(seed=spec.seed, cves=cves, assets=0, broken=0.0)
    )
    paths = tuple(str(files / name) for name in truth.records)
    task = reading_task(Settings(home=files / "home"), TriageRequest(paths=paths))
    records = as_many(spec.size_tokens, task.records)
    true = {one.cve: one for one in truth.vulnerabilities}
    asked = {cve: true[cve] for uid in records if (cve := uid.partition("/")[0]) in true}
    facts = {
        uid: [LeafItem(of="findings", fields=_fields(asked[cve]))]
        for uid in records
        if (cve := uid.partition("/")[0]) in asked
    }
    return reading_case(
        folder,
        Told(
            name="triage",
            question=task.question,
            leaf=TriageLeaf,
            records=records,
            facts=facts,
            score=lambda items: _score(items, asked),
            embedded=lambda: _embedded(paths, asked),
        ),
    )


def _fields(one: TrueVulnerability) -> dict[str, Any]:
    points = {name: str(getattr(one, name)) for name in POINTS}
    return {"cve": one.cve, **points, "reason": "told", "evidence": cited()}


def _score(items: Items, true: Mapping[str, TrueVulnerability]) -> Scored:
    found = {
        (str(item.get("cve")), name, str(item[name]))
        for item in items.get("findings", ())
        for name in POINTS
        if item.get(name)
    }
    return _scored(found, true)


def _embedded(paths: tuple[str, ...], true: Mapping[str, TrueVulnerability]) -> Scored:
    """Let the scenario rank the files, and take the points that it gives the records asked."""
    holding = merge([read_cve_file(path) for path in paths], [])
    report = make_report(holding, TriageRequest(paths=paths, top=1_000_000))
    found = {
        (one.cve, name, str(one.points[place].value))
        for one in report.ranked
        if one.cve in true
        for place, name in enumerate(POINTS)
    }
    return _scored(found, true)


def _scored(found: set[Point], true: Mapping[str, TrueVulnerability]) -> Scored:
    wanted = {(one.cve, name, str(getattr(one, name))) for one in true.values() for name in POINTS}
    every = compare_sets(wanted, found)
    metrics = {
        f"{name}_f1": compare_sets(
            {one for one in wanted if one[1] == name}, {one for one in found if one[1] == name}
        ).f1
        for name in POINTS
    }
    return scored(every.f1, metrics, f"{every.hits} of {len(wanted)} decision points")


TASK = Task(
    name="triage",
    about="CVE records: exploitation, automatable, technical impact of each; F1 of the points",
    records="triage",
    make=_make,
    unasked=UNASKED,
    largest=5_000_000,
)
