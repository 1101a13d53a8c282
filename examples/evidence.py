"""Judge a control catalogue by a scanner's findings, and see which controls have no evidence.

Runs offline on a case it makes itself: `python examples/evidence.py`.
"""

from __future__ import annotations

import json
import tempfile
from datetime import timedelta
from pathlib import Path

from schemas.evidence import EvidenceReport, EvidenceRequest
from schemas.evidence_truth import ComplianceSpec
from schemas.window import Window
from sentree.analysis.evidence import run
from sentree.evals.evidence import wrong_statuses
from sentree.evals.generate.compliance import generate_compliance
from sentree.report.oscal import render_oscal
from sentree.settings import Settings


def main() -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        truth = generate_compliance(folder / "case", ComplianceSpec(seed=7))
        result = run(
            Settings(home=folder / "home"),
            EvidenceRequest(
                catalog=str(folder / "case" / truth.catalogue),
                evidence=(str(folder / "case" / truth.findings),),
                window=Window(
                    start=truth.spec.end - timedelta(days=truth.spec.days), end=truth.spec.end
                ),
            ),
        )
        report = EvidenceReport.model_validate(result.data)
        print(result.title)
        for number, claim in enumerate(result.summary, start=1):
            print(f"{number}. {claim.text} [{len(claim.evidence)} records cited]")
        print("\nSome verdicts:")
        for one in report.verdicts[:6]:
            print(f"- {one.control.label}: {one.status}: {one.reason}")
        for left_out in result.coverage.not_searched:
            print(f"  ({left_out})")
        wrong = wrong_statuses(report, truth)
        document = json.loads(render_oscal(result))["assessment-results"]
        findings = len(document["results"][0]["findings"])
        print(f"\n{len(wrong)} of {len(report.verdicts)} statuses differ from the truth")
        believed = {link.check for one in report.verdicts for link in one.links} & {*truth.hostile}
        print(f"OSCAL out: {findings} findings, one per control")
        print(
            f"{len(believed)} of {len(truth.hostile)} findings that claim a control were believed"
        )


if __name__ == "__main__":
    main()
