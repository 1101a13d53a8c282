"""The SOC digest on a schedule: what is new, detected, compared, told once."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import cast

from prefect import flow, unmapped
from prefect.states import Completed
from pydantic.json_schema import SkipJsonSchema

from schemas.digest import DigestOutcome, DigestRequest
from sentree.analysis.digest import opened
from sentree.lake.db import Lake
from sentree.settings import Settings, load_settings
from tasks.digest import (
    commit_digest,
    compare_news,
    conclude_digest,
    detect_tenant,
    notify_digest,
    read_tenant_news,
)
from tasks.run_tags import tag_flow_run

NAMES = {"made": "Completed", "nothing-new": "Unchanged", "being-made": "Unchanged"}
EVERYTHING_NEW = DigestRequest()


@flow(name="digest", flow_run_name="digest", validate_parameters=True)
def digest(
    request: DigestRequest = EVERYTHING_NEW, settings: SkipJsonSchema[Settings | None] = None
) -> DigestOutcome:
    """Digest what no digest has told; gives how it ended.

    The flow run's state is `Unchanged` when there was nothing to tell or another run tells it,
    and `Degraded` when a step could not be done whole.
    """
    settings = settings or load_settings()
    tag_flow_run("kind:digest")
    with (
        Lake.open(settings, create=False) as lake,
        opened(lake, settings, request, datetime.now(UTC)) as started,
    ):
        # One after the other: each may fill the memory that the settings allow a process.
        detected = [detect_tenant(settings, started, tenant) for tenant in sorted(started.marks)]
        spans = [one.span for one in detected if one.span]
        news = read_tenant_news.map(unmapped(settings), unmapped(started), spans).result()
        campaigns = compare_news(settings, started, news)
        made = conclude_digest(settings, started, detected, news, campaigns)
        ending = commit_digest(settings, started, made)
    outcome = notify_digest(settings, ending)
    name = "Degraded" if outcome.degraded else NAMES.get(outcome.state, "Unchanged")
    # Prefect takes the state as the run's, and gives its data to the caller.
    return cast(DigestOutcome, Completed(name=name, data=outcome, message=outcome.message))
