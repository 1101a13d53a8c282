"""Tell the OCSF class of raw records of several formats, and what is not known.

Runs offline on logs it makes itself: `python examples/classify.py`.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path

from schemas.classify import ClassifyReport, ClassifyRequest
from schemas.scenario import IncidentSpec
from sentree.analysis.classify import run
from sentree.evals.generate.incident import generate_incident
from sentree.settings import Settings


def main() -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        generate_incident(folder / "logs", IncidentSpec(seed=7, benign_events=600))
        odd = folder / "odd.log"
        odd.write_text("the fan of rack 4 is loud again\n")
        parts = ("zeek/sensor01.log.gz", "windows/dc01.jsonl.gz", "idp/*", "syslog/*")
        paths = (*(str(folder / "logs" / part) for part in parts), str(odd))
        request = ClassifyRequest(paths=paths)
        result = run(Settings(home=folder / "home"), request)
        report = ClassifyReport.model_validate(result.data)
        print(result.title)
        for claim in result.summary:
            print(f"- {claim.text}")
        print("\nCategories:")
        by_category = Counter[str]()
        for one in report.classes:
            by_category[one.category_name] += one.records
        for name, count in by_category.most_common():
            print(f"- {name}: {count:,}")
        print("\nSome records and why:")
        for one in report.first[:3]:
            print(f"- line {one.line}: {one.class_uid} {one.class_name}: {one.reason}")


if __name__ == "__main__":
    main()
