"""Tags of the flow run itself.

Task runs get none: for a tagged one Prefect asks its server for a concurrency slot, which costs
more than most tasks do.
"""

from __future__ import annotations

from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.runtime import flow_run


def tag_flow_run(*tags: str) -> None:
    """Tag the flow run that this is called in, for the lists and filters of the UI."""
    uid = flow_run.get_id()
    if uid is None:
        return
    with get_client(sync_client=True) as client:
        client.update_flow_run(UUID(uid), tags=sorted({*flow_run.get_tags(), *tags}))
