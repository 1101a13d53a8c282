"""The timeline's steps as Prefect tasks: scope, route, conclude, publish."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from prefect import task
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.cache_policies import NO_CACHE

from schemas.context import ContextInfo
from schemas.query import RouteDecision
from schemas.request import TimelineRequest
from schemas.result import Result
from sentree.analysis.answer import conclude_timeline, save_trajectory
from sentree.analysis.scope import decide_route, export_scope, new_run_dir, store_route
from sentree.engine.tree import TreeRun
from sentree.lake.context import Context
from sentree.report.document import FORMATS, save_result, write_reports
from sentree.settings import Settings

TREE_ROWS = 500


@task(name="scope", task_run_name="scope {request.case}", cache_policy=NO_CACHE)
def scope_request(settings: Settings, request: TimelineRequest) -> tuple[Path, ContextInfo]:
    """Export the request's slice of the lake into a new run folder."""
    run_dir = new_run_dir(settings, request, datetime.now(UTC))
    return run_dir, export_scope(settings, request.query, run_dir)


@task(name="route", task_run_name="route {request.case}", cache_policy=NO_CACHE)
def route_request(
    settings: Settings, request: TimelineRequest, run_dir: Path, info: ContextInfo
) -> RouteDecision:
    """Decide between one direct read and the recursive tree, and store the decision."""
    route = decide_route(
        request.query, request.route, info, settings.leaf_characters, settings.router_dir
    )
    store_route(route, run_dir)
    return route


@task(name="conclude", task_run_name="verify and conclude {request.case}", cache_policy=NO_CACHE)
def conclude_request(
    request: TimelineRequest, run_dir: Path, info: ContextInfo, route: RouteDecision, run: TreeRun
) -> Result:
    """Verify every finding, fold the timeline, and write the result document."""
    with Context.open(Path(info.path)) as context:
        result = conclude_timeline(
            context,
            info,
            request,
            route,
            run,
            run_uid=run_dir.name,
            created_at=datetime.now(UTC),
        )
    save_result(result, run_dir)
    save_trajectory(result, run_dir)
    return result


@task(name="publish", task_run_name="publish {result.run_uid}", cache_policy=NO_CACHE)
def publish_result(result: Result, run_dir: Path, formats: tuple[str, ...]) -> list[Path]:
    """Write the reports, and the artifacts that Prefect's UI shows."""
    paths = write_reports(result, formats, run_dir)
    create_markdown_artifact(
        FORMATS["md"].render(result), key="answer", description=f"Answer of run {result.run_uid}"
    )
    create_table_artifact(
        [
            {
                "node": record.node_uid,
                "kind": record.kind,
                "part": record.label,
                "state": record.state,
                "events": record.events_read,
                "findings": record.findings,
                "ms": round(record.milliseconds),
            }
            for record in result.trajectory[:TREE_ROWS]
        ],
        key="tree",
        description=f"The tree of run {result.run_uid}: {len(result.trajectory)} nodes",
    )
    return paths
