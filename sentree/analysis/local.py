"""The timeline without a workflow engine: the same steps, the same engine, threads."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from models.embedded import EmbeddedAnalyst
from schemas.query import Path as RoutePath
from schemas.request import TimelineRequest
from schemas.result import Result
from sentree.analysis.answer import conclude_timeline, save_trajectory
from sentree.analysis.plan import plan_tree
from sentree.analysis.program import TimelineProgram
from sentree.analysis.scope import decide_route, export_scope, new_run_dir, store_route
from sentree.engine.threads import ThreadExecutor
from sentree.engine.tree import run_tree
from sentree.lake.context import Context
from sentree.settings import Settings


def run_timeline(
    settings: Settings,
    request: TimelineRequest,
    progress: Callable[[int, int], None] | None = None,
) -> Result:
    """Build the cited timeline of one case in this process; the caller saves the result."""
    run_dir = new_run_dir(settings, request, datetime.now(UTC))
    info = export_scope(settings, request.query, run_dir)
    route = decide_route(
        request.query, request.route, info, settings.leaf_characters, settings.router_dir
    )
    store_route(route, run_dir)
    root, limits = plan_tree(info, route.path is RoutePath.DIRECT, settings)
    with Context.open(Path(info.path)) as context:
        program = TimelineProgram(context, EmbeddedAnalyst(), limits.leaf_characters)
        with ThreadExecutor(program, settings.threads, progress) as executor:
            run = run_tree(root, executor, limits, run_dir.name)
        result = conclude_timeline(
            context,
            info,
            request,
            route,
            run,
            run_uid=run_dir.name,
            created_at=datetime.now(UTC),
        )
    save_trajectory(result, run_dir)
    return result
