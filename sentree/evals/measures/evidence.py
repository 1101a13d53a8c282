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
    within,
    wrong_statuses,
)
from sentree.evals.generate.compliance import generate_compliance
from sentree.evals.measures.measure import Measure
from sentree.evals.metrics import bootstrap, pooled
from sentree.evals.train_evidence import left_out, read_checks, train_head

BASELINE_CHECKS = 16
"""About as many checks as the head proposes for a control."""

FIRST = (1, 5)
CHANCES = (0.0, 0.1, 0.27, 0.5, 0.7)
"""Trade-off: from which chance of any evidence a control gets proposals; 0.27 is what is used."""


def rows(data: Path) -> list[Measure]:
    """Train on each framework of the sample and measure on each other one; baselines beside it."""
    folder = data / "compliance"
    checks_file = folder / "checks.jsonl"
    checks = read_checks(checks_file)
    catalogues = [read_catalogue(str(path)) for path in sorted((folder / "frameworks").iterdir())]
    wholes = [
        read_catalogue(str(path)) for path in sorted((data / "oscal").glob("*catalog-min.json*"))
    ]
    encoder = Encoder.load()
    found: list[Measure] = []
    for tested in catalogues:
        evidence = read_files([str(checks_file)], tested.controls)
        truth = {one.control_uid: one.checks or () for one in tested.controls}
        for trained in catalogues:
            if trained is tested:
                continue
            name = f"evidence: trained on {trained.names[0]}, tested on {tested.names[0]}"
            head = train_head([trained], checks, encoder, wholes=wholes)
            claimed = found_checks(propose(tested, evidence, head, encoder))
            found += measures(name, score_mapping(truth, claimed))
            found += first_proposals(name, truth, claimed)
            found += trade_off(name, tested, wholes, evidence, head, encoder)
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


def first_proposals(
    task: str, truth: Mapping[str, Sequence[str]], claimed: Mapping[str, Sequence[str]]
) -> list[Measure]:
    """Say how many of the first proposals are right, of controls with evidence that got any."""
    found: list[Measure] = []
    for most in FIRST:
        scored = score_mapping(truth, within(claimed, most))
        asked = [one for one in scored if one.has_evidence and one.pairs.hits + one.pairs.wrong]
        figure = bootstrap(asked, lambda drawn: pooled(one.pairs for one in drawn).precision)
        found.append(Measure(task, f"precision of the first {most}", *figure, len(asked)))
    return found


def trade_off(
    task: str,
    tested: Catalogue,
    wholes: Sequence[Catalogue],
    evidence: Evidence,
    head: Head,
    encoder: Encoder,
) -> list[Measure]:
    """Give both sides of abstaining, for several bars: controls mapped and evidence invented.

    Controls of the framework's whole catalogue that its mapping leaves out count as without any.
    """
    empty = [
        one.model_copy(update={"checks": ()}) for all_ in wholes for one in left_out(tested, all_)
    ]
    wider = tested.model_copy(update={"controls": (*tested.controls, *empty)})
    truth = {one.control_uid: one.checks or () for one in wider.controls}
    found: list[Measure] = []
    for chance in CHANCES:
        policy = head.policy.model_copy(update={"scannable_from": chance})
        barred = head.model_copy(update={"policy": policy})
        scored = score_mapping(truth, found_checks(propose(wider, evidence, barred, encoder)))
        name = f"{task}, with what it leaves out, proposals from a chance of {chance}"
        with_evidence = [one for one in scored if one.has_evidence]
        invented, without = sum(one.invented for one in scored), len(scored) - len(with_evidence)
        found += [
            Measure(name, "controls mapped", *bootstrap(scored, mapped_share), len(scored)),
            Measure(
                name,
                "controls mapped, of those with evidence",
                *bootstrap(with_evidence, mapped_share),
                len(with_evidence),
            ),
            Measure(name, "controls with invented evidence", invented, None, None, without),
        ]
    return found


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
