"""Detection on demand or by schedule: rules over what they have not seen, parts side by side."""

from __future__ import annotations

from collections.abc import Sequence

from prefect import flow, unmapped
from pydantic.json_schema import SkipJsonSchema

from schemas.detection import DetectReport
from schemas.rule_choice import DetectRequest
from sentree.lake.db import Lake
from sentree.lake.detections import add_hits
from sentree.rules.detect import detect as detect_events
from sentree.rules.parts import Searches
from sentree.rules.plan import Part
from sentree.rules.search import Outcome
from sentree.settings import Settings, load_settings
from tasks.detect import publish_detections, read_rules, search_events
from tasks.run_tags import tag_flow_run

EVERYTHING = DetectRequest()


@flow(name="detect", flow_run_name="{request.title}", validate_parameters=True)
def detect(
    request: DetectRequest = EVERYTHING, settings: SkipJsonSchema[Settings | None] = None
) -> DetectReport:
    """Run Sigma rules over a tenant's events and store what they detect; gives the account."""
    settings = settings or load_settings()
    tag_flow_run("kind:detect")
    library = read_rules(settings, request)

    def side_by_side(lake: Lake, searches: Searches, parts: Sequence[Part]) -> Outcome:
        outcome = Outcome()
        numbers = list(range(1, len(parts) + 1))
        found = search_events.map(unmapped(settings), unmapped(searches), list(parts), numbers)
        # In the order of the parts, whichever ended first.
        for seen, hits in found.result():
            outcome.add(seen)
            add_hits(lake, hits)
        return outcome

    with Lake.open(settings, create=False) as lake:
        report = detect_events(
            lake,
            library.loaded,
            tenant=request.tenant_uid or settings.tenant,
            window=request.window,
            again=request.again,
            chunk_events=request.chunk_events,
            search=side_by_side,
        )
    report = report.model_copy(update={"left_out": library.notes})
    publish_detections(report)
    return report
