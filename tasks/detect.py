"""Detection as Prefect tasks: read the rules, search a part of the events, tell."""

from __future__ import annotations

from typing import Any

from prefect import task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE

from schemas.detection import DetectReport
from schemas.rule_choice import DetectRequest
from sentree.lake.db import Lake
from sentree.report.escape import markdown
from sentree.rules.library import Library, requested_library
from sentree.rules.parts import Searches, search_part
from sentree.rules.plan import Part
from sentree.rules.search import Outcome
from sentree.settings import Settings

ROWS = 200


@task(name="rules", task_run_name="read rules", cache_policy=NO_CACHE)
def read_rules(settings: Settings, request: DetectRequest) -> Library:
    """Read the rules that a request asks for; without any named, the lake's as well."""
    with Lake.open(settings, create=False) as lake:
        library = requested_library(settings, request, lake)
    library.loaded.demand(len(library.left_out))
    return library


@task(
    name="search",
    task_run_name="search part {number}",
    cache_policy=NO_CACHE,
    retries=1,
    retry_delay_seconds=1,
)
def search_events(
    settings: Settings, searches: Searches, part: Part, number: int
) -> tuple[Outcome, Any]:
    """Search one part of the events; gives what was seen, and the hits."""
    with Lake.open(settings, create=False) as lake:
        return search_part(lake, searches, part)


@task(name="publish", task_run_name="publish detections", cache_policy=NO_CACHE)
def publish_detections(report: DetectReport) -> None:
    """Show what was detected beside the flow run."""
    rows = [
        {
            "level": hit.level or "none",
            "rule": markdown(hit.title),
            "events": hit.events,
            "new": hit.new,
            "hosts": markdown(", ".join(hit.hosts[:5])),
        }
        for hit in report.hits[:ROWS]
    ]
    create_table_artifact(
        rows,
        key="detections",
        description=f"{report.detections:,} detections, {report.detections_new:,} new, in"
        f" {report.events:,} events; snapshot {report.snapshot_id}",
    )
