"""The incident timeline on demand: scope, route, the recursive tree, verify, report."""

from __future__ import annotations

from typing import cast

from prefect import flow
from prefect.states import Completed
from pydantic.json_schema import SkipJsonSchema

from schemas.query import Path as RoutePath
from schemas.request import TimelineRequest
from sentree.analysis.plan import plan_tree
from sentree.engine.tree import run_tree
from sentree.settings import Settings, load_settings
from tasks.executor import PrefectExecutor
from tasks.programs import program_ref
from tasks.run_tags import tag_flow_run
from tasks.runners import on_workers
from tasks.timeline import conclude_request, publish_result, route_request, scope_request


@flow(
    name="timeline",
    flow_run_name="timeline {request.case}",
    validate_parameters=True,
)
def timeline(request: TimelineRequest, settings: SkipJsonSchema[Settings | None] = None) -> str:
    """Build the cited timeline of one case; gives the run's uid.

    The flow run's state is `Degraded` when a partition could not be read.
    """
    settings = settings or load_settings()
    run_dir, info = scope_request(settings, request)
    route = route_request(settings, request, run_dir, info)
    tag_flow_run(f"case:{request.case}", f"route:{route.path}", "kind:timeline")
    root, limits = plan_tree(info, route.path is RoutePath.DIRECT, settings)
    executor = PrefectExecutor(program_ref(info, limits), workers=on_workers(settings))
    run = run_tree(root, executor, limits, run_dir.name)
    result = conclude_request(request, run_dir, info, route, run)
    publish_result(result, run_dir, request.formats)
    name = "Degraded" if run.failed else "Completed"
    # Prefect takes the state as the run's, and gives its data to the caller.
    return cast(str, Completed(name=name, data=result.run_uid, message=f"run {result.run_uid}"))
