"""Merge bundles of five producers into one report, and see what they share and where they differ.

Runs offline on bundles it makes itself: `python examples/intel.py`.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from schemas.intel import IntelReport, IntelRequest
from schemas.intel_truth import IntelSpec
from sentree.analysis.intel import run
from sentree.evals.generate.intel import generate_intel
from sentree.evals.intel import score_report
from sentree.report.stix import render_stix
from sentree.settings import Settings


def main() -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        truth = generate_intel(folder / "bundles", IntelSpec(seed=7, bundles=20))
        result = run(Settings(home=folder / "home"), IntelRequest(paths=(str(folder / "bundles"),)))
        report = IntelReport.model_validate(result.data)
        print(result.title)
        for number, claim in enumerate(result.summary, start=1):
            print(f"{number}. {claim.text} [{len(claim.evidence)} objects cited]")
        print("\nContradictions, both sides:")
        for one in report.contradictions[:4]:
            print(f"- {one.kind}: {one.subject}: {one.one[:60]} | {one.other[:60]}")
        print("\nAgainst the truth of the generated bundles:")
        for part, score in score_report(report, truth).items():
            print(f"- {part}: recall {score.recall:.3f}, precision {score.precision:.3f}")
        check = result.verification
        objects = json.loads(render_stix(result))["objects"]
        print(
            f"\n{check.kept} of {check.checked} statements hold; STIX out: {len(objects)} objects"
        )


if __name__ == "__main__":
    main()
