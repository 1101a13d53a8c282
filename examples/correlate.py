"""Find one campaign in three of six tenants, and see what each tenant may read of it.

Runs offline on tenants it makes itself: `python examples/correlate.py`.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from schemas.campaign_truth import CampaignSpec
from schemas.correlate import CorrelateReport, CorrelateRequest, TenantReport
from sentree.analysis.correlate import run_all
from sentree.evals.correlate import score_correlation
from sentree.evals.generate.campaign import generate_campaign
from sentree.lake.db import Lake
from sentree.lake.ingest import ingest
from sentree.settings import Settings


def main() -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        spec = CampaignSpec(seed=7, tenants=6, attacked=3, events=300)
        truth = generate_campaign(folder / "logs", spec)
        settings = Settings(home=folder / "home")
        with Lake.open(settings) as lake:
            ingest(lake, [folder / "logs"], settings=settings)
        made = run_all(settings, CorrelateRequest())
        report = CorrelateReport.model_validate(made.result.data)
        print(made.result.title)
        for number, claim in enumerate(made.result.summary, start=1):
            print(f"{number}. {claim.text} [{len(claim.evidence)} events cited]")
        print("\nWhat one of the tenants reads:")
        own = TenantReport.model_validate(made.by_tenant[truth.members[0]].data)
        for campaign in own.campaigns:
            values = [f"{one.kind} {one.value}" for one in campaign.indicators if one.shared]
            print(f"- {campaign.others} other tenants, and here: {', '.join(values[:4])}")
        print("\nAgainst the truth of the generated tenants:")
        for part, score in score_correlation(report, truth).items():
            print(f"- {part}: recall {score.recall:.3f}, precision {score.precision:.3f}")


if __name__ == "__main__":
    main()
