"""A language model reads the records of a scenario that has been computed; adds what it found."""

from __future__ import annotations

from typing import Any, cast

from prefect import flow
from prefect.states import Completed

from schemas.reading import ModelUse
from sentree.analysis.model_reading import read_scenario
from sentree.report.document import load_result, save_result
from sentree.settings import Settings, load_settings
from tasks.ask import PrefectSubCalls
from tasks.run_tags import tag_flow_run
from tasks.timeline import publish_result


@flow(name="reading", flow_run_name="reading {name} {run_uid}", validate_parameters=False)
def reading(
    name: str, request: Any, use: ModelUse, run_uid: str, settings: Settings | None = None
) -> str:
    """Read the records of a finished run with a model, each part as a task run; gives its uid.

    The flow run's state is `Degraded` when a limit ended the reading.
    """
    settings = settings or load_settings()
    run_dir = settings.runs_dir / run_uid
    tag_flow_run(f"kind:{name}", f"model:{use.model}")
    found = load_result(run_dir / "result.json")
    result = read_scenario(
        settings, name, request, use, found, run_dir, run_all=PrefectSubCalls(use.workers)
    )
    save_result(result, run_dir)
    publish_result(result, run_dir, request.formats)
    state = "Degraded" if result.limit_hit or result.failure else "Completed"
    # Prefect takes the state as the run's, and gives its data to the caller.
    return cast(str, Completed(name=state, data=run_uid, message=f"run {run_uid}"))
