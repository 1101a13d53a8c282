"""One question, from scope to checked answer: embedded, direct, or the agent path."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from models.prices import load_prices
from schemas.ask import EMBEDDED, AskEstimate, AskRequest
from schemas.calls import StoredCall
from schemas.model import Model
from schemas.query import Path as RoutePath
from schemas.result import Result
from sentree.analysis.agent_run import AgentRun
from sentree.analysis.answer import save_trajectory
from sentree.analysis.ask_result import embedded_result, model_result
from sentree.analysis.ask_scope import Prepared, prepare
from sentree.analysis.estimate import estimate_ask
from sentree.analysis.model_choice import (
    RECORDING,
    RecordingHead,
    open_model,
    replay_of,
    write_recording,
)
from sentree.analysis.questions import answer_question
from sentree.analysis.redaction import context_redactor, redaction_policy
from sentree.analysis.redaction_note import with_redaction
from sentree.analysis.run_clock import RunClock
from sentree.analysis.secret import installation_secret
from sentree.engine.budget import Budget
from sentree.engine.gate import Gate, RetryPolicy
from sentree.engine.readings import RunAll
from sentree.engine.redaction import Redactor
from sentree.engine.verify import verify_claims
from sentree.errors import ConfigurationError
from sentree.lake.calls import SqliteCallStore
from sentree.lake.context import Context
from sentree.lake.node_states import NodeStates
from sentree.settings import Settings

OpenModel = Callable[[], Model]


def ask(
    settings: Settings,
    request: AskRequest,
    open_with: OpenModel | None = None,
    *,
    resume: str | None = None,
) -> Result:
    """Answer a question in this process; the caller saves the result.

    A question that was cut off before goes on where it stopped, see `ask_scope`.

    Args:
        settings: The installation's settings.
        request: What is asked, and with which model and caps.
        open_with: Opens the model; by default the one that request and settings name.
        resume: The run to take up.

    Raises:
        UsageError: the question is empty.
        ConfigurationError: no key, price or recording for the model; or the question needs a
            language model and none is configured.
    """
    model = None if request.model == EMBEDDED else _opened(settings, request, open_with)
    with prepare(settings, request, resume) as prepared:
        return answer(settings, prepared, model)


def answer(
    settings: Settings,
    prepared: Prepared,
    model: Model | None,
    *,
    run_all: RunAll | None = None,
    retry: RetryPolicy | None = None,
) -> Result:
    """Answer a question whose context is ready; without a model by SQL alone."""
    if model is None:
        result = _embedded(prepared)
    else:
        result = _with_model(settings, prepared, model, run_all, retry)
    save_trajectory(result, prepared.run_dir)
    return result


def dry_run(settings: Settings, request: AskRequest) -> AskEstimate:
    """Say what a question would cost; nothing leaves this machine, and no key is needed.

    Raises:
        ConfigurationError: a cap in dollars on a model without a price.
    """
    prices = load_prices(settings.prices)
    asked = replay_of(request.model_copy(update={"fresh": True})).request
    if request.model != EMBEDDED:
        prices.require((asked.model, asked.leaf_model or asked.model), asked.caps)
    with prepare(settings, asked) as prepared:
        estimate = estimate_ask(prepared, prices, installation_secret(settings.home))
        if request.model != EMBEDDED:
            policy = redaction_policy(settings).summary()
            estimate = estimate.model_copy(update={"redaction": policy})
        path = prepared.run_dir / "estimate.json"
        path.write_text(estimate.model_dump_json(indent=1), "utf-8")
        return estimate


def _opened(settings: Settings, request: AskRequest, open_with: OpenModel | None) -> Model:
    return open_model(settings, request) if open_with is None else open_with()


def _embedded(prepared: Prepared) -> Result:
    with Context.open(Path(prepared.info.path)) as context:
        found = answer_question(context, prepared.request.query)
        if found.declined:
            raise ConfigurationError(found.declined)
        claims, verification = verify_claims(context, found.claims)
        return embedded_result(context, prepared, found, claims, verification)


def _with_model(
    settings: Settings,
    prepared: Prepared,
    model: Model,
    run_all: RunAll | None,
    retry: RetryPolicy | None,
) -> Result:
    info, run_dir = prepared.info, prepared.run_dir
    replay = replay_of(prepared.request)
    redactor = context_redactor(settings, prepared.request.model, Path(info.path))
    request = _masked(replay.request, redactor)
    with SqliteCallStore(settings.home / "calls.sqlite") as store, RunClock(run_dir) as clock:
        gate = Gate(
            model,
            Budget(request.caps, elapsed=clock.elapsed),
            store,
            run_uid=run_dir.name,
            concurrency=request.workers,
            retry=retry,
            reuse_other_runs=not request.fresh,
            redactor=redactor,
        )
        with AgentRun(
            info,
            request,
            gate,
            installation_secret(settings.home),
            folder=run_dir,
            marker=replay.marker,
            run_all=run_all,
            states=NodeStates(store, run_dir),
            redactor=redactor,
        ) as run:
            found = run.direct() if prepared.route.path is RoutePath.DIRECT else run.agent()
        head = RecordingHead(asked=request, marker=run.marker)
        write_recording(run_dir / RECORDING, head, _calls(store, gate, run, run_dir.name))
    with Context.open(Path(info.path)) as context:
        result = model_result(context, prepared, found, request.model, simulated=model.simulated)
    return with_redaction(result, redactor)


def _masked(request: AskRequest, redactor: Redactor) -> AskRequest:
    """Give a question without the secrets that its wording holds."""
    text = redactor.masked(request.query.text)
    return request.model_copy(update={"query": request.query.model_copy(update={"text": text})})


def _calls(store: SqliteCallStore, gate: Gate, run: AgentRun, run_uid: str) -> list[StoredCall]:
    """Give the calls that made up a run, those that another run had paid for among them."""
    calls = {call.key: call for call in store.calls(run_uid)}
    for key in sorted(run.reused - set(calls)):
        found = store.find(key, run_uid, simulated=gate.simulated)
        calls |= {key: found} if found is not None else {}
    return list(calls.values())
