"""Build the timeline of a small incident on hosts with wrong clocks, and compare with its truth.

Runs offline on logs it makes itself: `python examples/timeline.py`.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from schemas.request import TimelineRequest
from schemas.scenario import HostClock, IncidentSpec, Noise, Playbook
from sentree.analysis.local import run_timeline
from sentree.evals.generate.incident import generate_incident
from sentree.evals.incident import score_incident
from sentree.lake.db import Lake
from sentree.lake.ingest import ingest
from sentree.rules.detect import detect
from sentree.rules.load import load_rules
from sentree.rules.packs import OWN_RULES
from sentree.settings import Settings


def main() -> None:
    spec = IncidentSpec(
        playbook=Playbook.RANSOMWARE,
        noise=Noise.NONE,
        benign_events=1_500,
        clocks=(HostClock(host="DC01", offset_s=-840.0), HostClock(host="FS01", zone_s=7_200.0)),
    )
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        truth = generate_incident(folder / "logs", spec)
        settings = Settings(home=folder / "home")
        with Lake.open(settings) as lake:
            ingest(lake, [folder / "logs"], settings=settings, tenant=settings.tenant)
            detect(lake, load_rules([OWN_RULES]), tenant=settings.tenant)
        result = run_timeline(settings, TimelineRequest(case="example"))
    assert result.timeline is not None
    print(result.title)
    for clock in result.timeline.clocks:
        if clock.applied:
            print(f"- {clock.statement}")
    print("\nThe chain:")
    for step in result.timeline.chain:
        print(f"- {step.time:%m-%d %H:%M:%S} {step.host or '?'}: {step.technique} {step.name}")
    score = score_incident(result, truth)
    print(
        f"\n{score.steps_found} of {score.steps} planted steps found; "
        f"{score.ordered_share:.1%} of labelled pairs of rows in true order; transitions: "
        f"recall {score.transitions.recall:.2f}, precision {score.transitions.precision:.2f}"
    )


if __name__ == "__main__":
    main()
