"""How `sentree evidence` maps checks to controls of a framework that it was not trained on."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from time import process_time

from models.evidence_cues import CheckText
from models.evidence_features import Encoder, word_overlap
from models.evidence_head import Head
from schemas.control import Catalogue
from schemas.evidence import EvidenceReport, EvidenceRequest
from schemas.evidence_truth import ComplianceSpec
from schemas.window import Window
from sentree.analysis.evidence import assess
from sentree.analysis.evidence.catalogue import read_catalogue
from sentree.analysis.evidence.proposals import control_text
from sentree.analysis.evidence.sources import Evidence, read_files
from sentree.evals.evidence import (
    ControlScore,
    found_checks,
    mapped_share,
    score_mapping,
    wrong_statuses,
)
from sentree.evals.generate.compliance import generate_compliance
from sentree.evals.measures.measure import Measure
from sentree.evals.metrics import bootstrap, pooled
from sentree.evals.train_evidence import read_checks, train_head

BASELINE_CHECKS = 16
"""About as many checks as the head proposes for a control."""


def rows(data: Path) -> list[Measure]:
    """Train on each framework of the sample and measure on each other one; baselines beside it."""
    folder = data / "compliance"
    checks_file = folder / "checks.jsonl"
    checks = read_checks(checks_file)
    catalogues = [read_catalogue(str(path)) for path in sorted((folder / "frameworks").iterdir())]
    encoder = Encoder.load()
    found: list[Measure] = []
    for tested in catalogues:
        evidence = read_files([str(checks_file)], tested.controls)
        truth = {one.control_uid: one.checks or () for one in tested.controls}
        for trained in catalogues:
            if trained is tested:
                continue
            name = f"evidence: trained on {trained.names[0]}, tested on {tested.names[0]}"
            head = train_head([trained], checks, encoder)
            report = propose(tested, evidence, head, encoder)
            found += measures(name, score_mapping(truth, found_checks(report)))
            without = propose(tested, evidence, head, Encoder(None))
            found += measures(f"{name}, words only", score_mapping(truth, found_checks(without)))
            majority = _majority(trained, tested)
            found += measures(f"{name}, majority checks", score_mapping(truth, majority))
        found += measures(
            f"evidence: TF-IDF only, tested on {tested.names[0]}",
            score_mapping(truth, _alike(tested, checks)),
        )
    return found


def generated_rows() -> list[Measure]:
    """Measure statuses and proposals on generated cases, one unit a seed, and reading at size."""
    scored: list[ControlScore] = []
    wrong = controls = 0
    with tempfile.TemporaryDirectory() as place:
        for seed in range(10):
            folder = Path(place) / str(seed)
            truth = generate_compliance(folder, ComplianceSpec(seed=seed))
            window = Window(
                start=truth.spec.end - timedelta(days=truth.spec.days), end=truth.spec.end
            )
            mapped = read_catalogue(str(folder / truth.catalogue))
            bare = read_catalogue(str(folder / truth.unmapped_catalogue))
            evidence = read_files([str(folder / truth.findings)], mapped.controls)
            request = EvidenceRequest(catalog=truth.catalogue, window=window)
            wrong += len(wrong_statuses(assess(request, mapped, [], evidence), truth))
            controls += len(truth.controls)
            report = assess(request, bare, [], evidence, encoder=Encoder(None))
            labels = {one.control_uid: one.checks for one in truth.controls}
            scored += score_mapping(labels, found_checks(report))
        speed = _speed(Path(place) / "large")
    return [
        Measure(
            "evidence: generated, mapping stated", "wrong statuses", wrong, None, None, controls
        ),
        *measures("evidence: generated, mapping proposed", scored),
        speed,
    ]


def propose(
    catalogue: Catalogue, evidence: Evidence, head: Head, encoder: Encoder
) -> EvidenceReport:
    """Map evidence to a catalogue whose own mapping is hidden."""
    request = EvidenceRequest(catalog=catalogue.path, mapping="propose")
    return assess(request, catalogue, [], evidence, head=head, encoder=encoder)


def measures(task: str, scored: Sequence[ControlScore]) -> list[Measure]:
    """Give the figures of one test; the intervals draw controls again."""
    pairs = pooled(one.pairs for one in scored)
    note = f"{pairs.hits} found, {pairs.missed} missed, {pairs.wrong} wrong"
    with_evidence = [one for one in scored if one.has_evidence]
    figures: Mapping[str, tuple[Sequence[ControlScore], Callable[[Sequence[ControlScore]], float]]]
    figures = {
        "controls mapped": (scored, mapped_share),
        "controls mapped, of those with evidence": (with_evidence, mapped_share),
        "pairs F1": (scored, lambda drawn: pooled(one.pairs for one in drawn).f1),
        "pairs precision": (scored, lambda drawn: pooled(one.pairs for one in drawn).precision),
        "pairs recall": (scored, lambda drawn: pooled(one.pairs for one in drawn).recall),
    }
    found = [
        Measure(task, name, *bootstrap(units, figure), len(units), note)
        for name, (units, figure) in figures.items()
    ]
    empty = len(scored) - len(with_evidence)
    invented = sum(one.invented for one in scored)
    found.append(Measure(task, "controls with invented evidence", invented, None, None, empty))
    return found


def _majority(trained: Catalogue, tested: Catalogue) -> dict[str, list[str]]:
    counted = Counter(check for one in trained.controls for check in one.checks or ())
    often = [check for check, _ in counted.most_common(BASELINE_CHECKS)]
    return {one.control_uid: often for one in tested.controls}


def _alike(tested: Catalogue, checks: Sequence[CheckText]) -> dict[str, list[str]]:
    alike = word_overlap(
        [control_text(one).whole for one in tested.controls],
        [f"{one.heading} {one.text}" for one in checks],
    )
    nearest = (-alike).argsort(axis=1, kind="stable")[:, :BASELINE_CHECKS]
    return {
        one.control_uid: [checks[int(at)].name for at in line]
        for one, line in zip(tested.controls, nearest, strict=True)
    }


def _speed(folder: Path) -> Measure:
    spec = ComplianceSpec(controls=200, checks=200, resources=100)
    truth = generate_compliance(folder, spec)
    catalogue = read_catalogue(str(folder / truth.catalogue))
    start = process_time()
    evidence = read_files([str(folder / truth.findings)], catalogue.controls)
    assess(EvidenceRequest(catalog=truth.catalogue), catalogue, [], evidence)
    rate = len(evidence.records) / (process_time() - start)
    return Measure(
        "evidence: reading and judging", "findings per second", rate, None, None, truth.delivered
    )
