"""Rank generated CVEs against generated assets, with EPSS and without, and see what it costs.

Runs offline on records it makes itself: `python examples/triage.py`.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from schemas.triage import TriageReport, TriageRequest
from schemas.triage_truth import TriageSpec
from sentree.analysis.triage import run
from sentree.evals.generate.vulnerabilities import generate_vulnerabilities
from sentree.evals.triage import compare_report
from sentree.settings import Settings


def main() -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        truth = generate_vulnerabilities(folder / "in", TriageSpec(cves=300, assets=30))
        request = TriageRequest(
            paths=tuple(str(folder / "in" / name) for name in truth.records),
            assets=tuple(str(folder / "in" / name) for name in truth.assets),
            epss=tuple(str(folder / "in" / name) for name in truth.epss),
            kev=tuple(str(folder / "in" / name) for name in truth.kev),
        )
        settings = Settings(home=folder / "home")
        result = run(settings, request)
        report = TriageReport.model_validate(result.data)
        print(result.title)
        for number, claim in enumerate(result.summary, start=1):
            print(f"{number}. {claim.text} [{len(claim.evidence)} records cited]")
        first = report.ranked[0]
        print(f"\nWhy {first.cve} comes first (score {first.score}, {first.decision}):")
        for point in first.points:
            print(f"- {point.point}: {point.value} ({point.basis}): {'; '.join(point.reasons)}")
        print("\nAgreement with the true order of the generated CVEs (Kendall's tau-b):")
        for name, hidden in (
            ("with EPSS and KEV", request),
            ("without EPSS", request.model_copy(update={"use_epss": False})),
            (
                "without EPSS and KEV",
                request.model_copy(update={"use_epss": False, "use_kev": False}),
            ),
        ):
            ranked = TriageReport.model_validate(run(settings, hidden).data)
            print(f"- {name}: {compare_report(ranked, truth).tau_b.value:.3f}")
        check = result.verification
        print(f"\n{check.kept} of {check.checked} statements hold")


if __name__ == "__main__":
    main()
