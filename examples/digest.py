"""Load three days of logs in two deliveries, and digest each: what is new, and what is known.

Runs offline on logs it makes itself: `python examples/digest.py`.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from schemas.digest import DigestReport, DigestRequest
from schemas.scenario import IncidentSpec
from sentree.analysis.digest import make
from sentree.evals.generate.incident import generate_incident
from sentree.lake.db import Lake
from sentree.lake.ingest import ingest
from sentree.report.document import save_result
from sentree.settings import Settings


def main() -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        generate_incident(folder / "logs", IncidentSpec(seed=7, days=2, benign_events=1_000))
        settings = Settings(home=folder / "home")
        with Lake.open(settings) as lake:
            for delivery in ("windows", "cloudtrail"):
                ingest(lake, [folder / "logs" / delivery], settings=settings)
                made = make(lake, settings, DigestRequest(), save_result)
                if made.result is None:
                    continue
                report = DigestReport.model_validate(made.result.data)
                print(f"\n{delivery}: {made.outcome.message}")
                for number, claim in enumerate(made.result.summary, start=1):
                    print(f"{number}. {claim.text} [{len(claim.evidence)} events cited]")
                print(f"   from snapshot {report.spans[0].events_from} of the lake on")
            again = make(lake, settings, DigestRequest(), save_result)
            print(f"\nOnce more: {again.outcome.message}")


if __name__ == "__main__":
    main()
