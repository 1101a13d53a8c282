"""Cases of `evidence`: controls, and which checks an assessor would take as evidence for each."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from models.evidence_features import Encoder
from schemas.evidence import EvidenceLeaf, EvidenceRequest
from schemas.evidence_truth import ComplianceSpec
from schemas.experiment_plan import CHARACTERS_A_TOKEN, CaseSpec
from schemas.simulated import LeafItem
from sentree.analysis.evidence import assess
from sentree.analysis.evidence.catalogue import read_catalogue
from sentree.analysis.evidence.reading_task import reading_task
from sentree.analysis.evidence.sources import read_files
from sentree.evals.evidence import found_checks, mapped_share, score_mapping
from sentree.evals.experiment.case import Case, Scored, Task
from sentree.evals.experiment.readings import (
    UNASKED,
    Items,
    Told,
    as_many,
    reading_case,
    scored,
)
from sentree.evals.experiment.records import scratch
from sentree.evals.generate.compliance import generate_compliance
from sentree.evals.metrics import pooled
from sentree.settings import Settings

FEWEST_CHARACTERS = 50
CHECKS = 16
"""A few checks a control: what lists dozens does not fit into a model's answer at any size."""


def _make(spec: CaseSpec, folder: Path) -> Case:
    files = scratch(folder)
    controls = min(5_000, max(4, spec.size_tokens * CHARACTERS_A_TOKEN // FEWEST_CHARACTERS))
    truth = generate_compliance(
        files, ComplianceSpec(seed=spec.seed, controls=controls, checks=CHECKS)
    )
    catalogue, findings = str(files / truth.unmapped_catalogue), str(files / truth.findings)
    request = EvidenceRequest(catalog=catalogue, evidence=(findings,))
    task = reading_task(Settings(home=files / "home"), request)
    records = as_many(spec.size_tokens, task.records)
    labels = {one.control_uid: one.checks for one in truth.controls if one.control_uid in records}
    facts = {uid: _facts(uid, labels.get(uid, ())) for uid in records}

    def embedded() -> Scored:
        read = read_catalogue(catalogue)
        report = assess(
            request, read, [], read_files([findings], read.controls), encoder=Encoder(None)
        )
        return _scored(labels, found_checks(report))

    return reading_case(
        folder,
        Told(
            name="evidence",
            question=task.question,
            leaf=EvidenceLeaf,
            records=records,
            facts=facts,
            score=lambda items: _score(items, labels),
            embedded=embedded,
            beside=task.beside,
        ),
    )


def _facts(control: str, checks: Sequence[str]) -> list[LeafItem]:
    return [
        LeafItem(
            of="links",
            fields={
                "control_uid": control,
                "check": check,
                "reason": "told",
                "record_uids": ["@"],
            },
        )
        for check in checks
    ]


def _score(items: Items, labels: Mapping[str, Sequence[str]]) -> Scored:
    found: dict[str, set[str]] = {}
    for item in items.get("links", ()):
        found.setdefault(str(item.get("control_uid")), set()).add(str(item.get("check")))
    return _scored(labels, found)


def _scored(labels: Mapping[str, Sequence[str]], found: Mapping[str, Collection[str]]) -> Scored:
    every = score_mapping(labels, found)
    pairs = pooled(one.pairs for one in every)
    metrics = {
        "controls_mapped": mapped_share(every),
        "controls_with_invented_evidence": float(sum(one.invented for one in every)),
    }
    return scored(pairs.f1, metrics, f"{pairs.hits} of {pairs.hits + pairs.missed} pairs")


TASK = Task(
    name="evidence",
    about="controls and checks: which check is evidence for which control; F1 of the pairs",
    records="evidence",
    make=_make,
    unasked=UNASKED,
    largest=80_000,
)
