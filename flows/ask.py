"""A question on demand: scope, route, then SQL, one direct call or the agent; publish."""

from __future__ import annotations

from typing import Any, cast

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Completed, Failed
from pydantic.json_schema import SkipJsonSchema

from schemas.ask import EMBEDDED, AskRequest
from sentree.analysis.ask import answer
from sentree.analysis.model_choice import open_model
from sentree.report.document import save_result
from sentree.settings import Settings, load_settings
from tasks.ask import PrefectSubCalls, printable, route_question, scope_question
from tasks.run_tags import tag_flow_run
from tasks.timeline import publish_result


def _run_name() -> str:
    request = cast(Any, flow_run).parameters["request"]
    return f"ask {printable(request.query.text)}"


@flow(name="ask", flow_run_name=_run_name, validate_parameters=True)
def ask(
    request: AskRequest, settings: SkipJsonSchema[Settings | None] = None, resume: str | None = None
) -> str:
    """Answer one question; gives the run's uid.

    The agent works in the flow's own thread, and each reading is a task run. The flow run's
    state is `Degraded` when a limit ended the work or a part could not be read, and it fails
    when the model refused or can't be reached; the run's result is there all the same.
    """
    settings = settings or load_settings()
    title = printable(request.query.text)
    model = None if request.model == EMBEDDED else open_model(settings, request)
    with route_question(scope_question(settings, request, resume, title), title) as prepared:
        path = "embedded" if model is None else prepared.route.path
        tag_flow_run("kind:ask", f"route:{path}", f"model:{printable(request.model)}")
        readings = PrefectSubCalls(request.workers)
        result = answer(settings, prepared, model, run_all=readings)
        save_result(result, prepared.run_dir)
        publish_result(result, prepared.run_dir, request.formats)
    if result.failure:
        state: State[str] = Failed(
            data=result.run_uid, message=f"run {result.run_uid}: {result.failure}"
        )
    else:
        whole = result.limit_hit is None and not result.coverage.partitions_failed
        name = "Completed" if whole else "Degraded"
        state = Completed(name=name, data=result.run_uid, message=f"run {result.run_uid}")
    # Prefect takes the state as the run's, and gives its data to the caller.
    return cast(str, state)
