"""Loading of watched folders as a Prefect task."""

from __future__ import annotations

from prefect import task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE

from schemas.digest import WatchReport, WatchRequest
from sentree.lake.db import Lake
from sentree.lake.watch import load_new
from sentree.report.escape import markdown
from sentree.settings import Settings


# Loading again is harmless, so a lake that was busy is tried again.
@task(name="load", task_run_name="load what is new", cache_policy=NO_CACHE, retries=2)
def load_watched(settings: Settings, request: WatchRequest) -> WatchReport:
    """Load what is new of the watched paths, and show the counts in Prefect's UI."""
    with Lake.open(settings) as lake:
        report = load_new(lake, settings, request)
    row = {
        name: markdown("; ".join(value)) if isinstance(value, tuple) else value
        for name, value in report
    }
    create_table_artifact([row], key="loaded", description="What the watched paths had")
    return report
