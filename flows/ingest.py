"""Loading on a schedule: what is new of watched folders goes into the lake."""

from __future__ import annotations

from typing import cast

from prefect import flow
from prefect.states import Completed
from pydantic.json_schema import SkipJsonSchema

from schemas.digest import WatchReport, WatchRequest
from sentree.settings import Settings, load_settings
from tasks.ingest import load_watched
from tasks.run_tags import tag_flow_run


@flow(name="ingest", flow_run_name="ingest", validate_parameters=True)
def ingest(request: WatchRequest, settings: SkipJsonSchema[Settings | None] = None) -> WatchReport:
    """Load new files of watched folders; gives the counts.

    The flow run's state is `Unchanged` when nothing was loaded, and `Degraded` when something
    could not be read.
    """
    settings = settings or load_settings()
    tag_flow_run("kind:ingest")
    report = load_watched(settings, request)
    name = "Degraded" if report.unreadable else "Completed" if report.loaded else "Unchanged"
    message = f"{report.loaded} of {report.found} files loaded, {report.accepted} new events"
    # Prefect takes the state as the run's, and gives its data to the caller.
    return cast(WatchReport, Completed(name=name, data=report, message=message))
