"""Agreement of `sentree triage` with SSVC, against EPSS alone and CVSS alone, cross-validated."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from time import perf_counter

from models.triage import Estimate
from models.triage_signals import Signals
from schemas.triage import TriageRequest
from schemas.triage_truth import TriageSpec
from schemas.vulnerability import SsvcPoints, Vulnerability
from sentree.analysis.triage.rank import make_report
from sentree.analysis.triage.score import likeliest, spread
from sentree.evals.generate.vulnerabilities import generate_vulnerabilities
from sentree.evals.measures.measure import Measure, existing
from sentree.evals.ranking import Agreement
from sentree.evals.train_triage import PRODUCT_KINDS, Sample, cross_validate, sample
from sentree.evals.triage import compare_by_cve, compare_report, estimate_scores, score_report
from sentree.intel.cve_merge import CveHolding, merge
from sentree.intel.cve_read import read_cve_file
from sentree.intel.ssvc import AUTOMATABLE, EXPLOITATION, TECHNICAL_IMPACT, decide


def rows(data: Path) -> list[Measure]:
    """Measure on the sample's CVEs: SSVC is always hidden, KEV and EPSS as each line says.

    "lists" are the exploit lists that the records name as their source (CISA among them). The
    "floor" leaves out the lists of products, which were written with the sample in sight.
    """
    holding = merge([read_cve_file(str(existing(data / "cve" / "cves.jsonl")))])
    every = [one for one in holding.vulnerabilities.values() if one.ssvc]
    truth = {one.cve: one.ssvc for one in every if one.ssvc}
    found: list[Measure] = []
    for name, scores in _baselines(every).items():
        found += _measures(f"triage: {name} alone", compare_by_cve(scores, truth))
    bare = [sample(one) for one in every]
    listed = [sample(one, catalogues=True) for one in every]
    for what, samples, epss in (
        ("EPSS shown, KEV and lists hidden", bare, True),
        ("EPSS, KEV and lists hidden", bare, False),
        ("EPSS and lists shown, KEV hidden", listed, True),
        ("lists shown, EPSS and KEV hidden", listed, False),
    ):
        estimates = cross_validate(samples, show_epss=epss)
        scores = dict(zip([one.cve for one in samples], estimate_scores(estimates), strict=True))
        found += _measures(f"triage: {what}", compare_by_cve(scores, truth), "5 folds by vendor")
        found.append(_accuracy(f"triage: {what}", samples, estimates, truth))
    plain = [one._replace(signals=_without(one.signals, PRODUCT_KINDS)) for one in bare]
    for what, epss in (("EPSS shown", True), ("EPSS hidden", False)):
        made = estimate_scores(cross_validate(plain, show_epss=epss))
        scores = dict(zip([one.cve for one in plain], made, strict=True))
        found += _measures(
            f"triage: {what}, no lists of products (floor)", compare_by_cve(scores, truth)
        )
    known = [sample(one, not_in_kev=one.kev is None) for one in every]
    estimates = cross_validate(known, show_epss=True)
    scores = {
        one.cve: urgency_of(made, exploited=one.kev is not None)
        for one, made in zip(every, estimates, strict=True)
    }
    found += _measures("triage: EPSS and KEV shown", compare_by_cve(scores, truth))
    return found


def generated_rows() -> list[Measure]:
    """Measure on generated CVEs and assets, and how long a large set takes."""
    found: list[Measure] = []
    with tempfile.TemporaryDirectory() as place:
        for number in (2_000, 20_000):
            folder = Path(place) / str(number)
            truth = generate_vulnerabilities(folder, TriageSpec(cves=number, assets=number // 20))
            start = perf_counter()
            holding = read(folder, truth.records, (*truth.assets, *truth.epss, *truth.kev))
            report = make_report(holding, TriageRequest(paths=("generated",), top=number))
            seconds = perf_counter() - start
            what = f"triage: generated, {number:,} CVEs"
            found.append(Measure(what, "CVEs per second", number / seconds, None, None, number))
            if number > 2_000:
                continue
            order = compare_report(report, truth)
            found.append(Measure(what, "tau-b with true urgency", *order.tau_b, order.n))
            for part, score in score_report(report, truth).items():
                note = f"{score.hits} found, {score.missed} missed, {score.wrong} wrong"
                total = score.hits + score.missed
                found.append(Measure(what, f"{part} F1", score.f1, None, None, total, note))
    return found


def urgency_of(made: Estimate, *, exploited: bool) -> float:
    """Score an estimate as the scenario does, exploitation being known if the catalogue has it."""
    return estimate_scores([made._replace(active=1.0) if exploited else made])[0]


def read(folder: Path, ranked: Sequence[str], enriching: Sequence[str]) -> CveHolding:
    """Read the files of a generated set."""
    return merge(
        [read_cve_file(str(folder / name)) for name in ranked],
        [read_cve_file(str(folder / name)) for name in enriching],
    )


def _baselines(every: Sequence[Vulnerability]) -> dict[str, dict[str, float]]:
    return {
        "EPSS": {one.cve: one.epss.score for one in every if one.epss},
        "CVSS": {one.cve: one.cvss.score or 0.0 for one in every if one.cvss},
    }


def _without(signals: Signals, names: Collection[str]) -> Signals:
    return {name: signal for name, signal in signals.items() if name not in names}


def _accuracy(
    task: str,
    samples: Sequence[Sample],
    estimates: Sequence[Estimate],
    truth: Mapping[str, SsvcPoints],
) -> Measure:
    right = 0
    for one, made in zip(samples, estimates, strict=True):
        shares = spread(made.active, made.poc, made.automatable, made.total)
        points = truth[one.cve]
        if not (points.exploitation and points.automatable and points.technical_impact):
            continue
        right += decide(
            EXPLOITATION[likeliest(shares.exploitation)],
            AUTOMATABLE[likeliest(shares.automatable)],
            TECHNICAL_IMPACT[likeliest(shares.impact)],
            "medium",
        ) == decide(points.exploitation, points.automatable, points.technical_impact, "medium")
    return Measure(task, "decision right", right / len(samples), None, None, len(samples))


def _measures(task: str, found: Mapping[str, Agreement], note: str = "") -> list[Measure]:
    return [
        Measure(task, f"{figure} with {reading}", *interval, one.n, note)
        for reading, one in found.items()
        for figure, interval in (("tau-b", one.tau_b), ("Spearman", one.rho))
    ]
