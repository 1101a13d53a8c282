"""One question, from scope to checked answer: embedded, direct, or the agent path."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import sentree
from models.embedded import EmbeddedAnalyst
from schemas.agent import AgentAnswer
from schemas.ask import EMBEDDED, AskEstimate, AskRequest
from schemas.claim import Verification
from schemas.context import ContextInfo
from schemas.coverage import Coverage
from schemas.model import Model
from schemas.query import Path as RoutePath
from schemas.query import RouteDecision
from schemas.questions import EmbeddedAnswer
from schemas.result import AnalystInfo, LimitHit, Result
from sentree.analysis.agent_run import AgentRun
from sentree.analysis.answer import save_trajectory
from sentree.analysis.estimate import estimate_ask
from sentree.analysis.questions import answer_question
from sentree.analysis.scope import decide_route, export_scope, new_run_dir, store_route
from sentree.analysis.secret import installation_secret
from sentree.engine.budget import Budget
from sentree.engine.gate import Gate
from sentree.engine.verify import verify_claims
from sentree.errors import ModelError, UsageError
from sentree.lake.calls import SqliteCallStore
from sentree.lake.context import Context
from sentree.lake.documents import export_documents
from sentree.settings import Settings

OpenModel = Callable[[], Model]


def ask(settings: Settings, request: AskRequest, open_model: OpenModel | None = None) -> Result:
    """Answer a question in this process; the caller saves the result.

    Raises:
        UsageError: the question is empty.
        ModelError: the question needs a language model and none is configured.
    """
    run_dir, info, route = _prepare(settings, request)
    if request.model == EMBEDDED or open_model is None:
        result = _embedded(run_dir, info, route, request)
    else:
        result = _with_model(settings, run_dir, info, route, request, open_model())
    save_trajectory(result, run_dir)
    return result


def dry_run(settings: Settings, request: AskRequest, model: Model | None) -> AskEstimate:
    """Say what a question would cost, without asking it."""
    run_dir, info, route = _prepare(settings, request)
    estimate = estimate_ask(info, route, request, model)
    (run_dir / "estimate.json").write_text(estimate.model_dump_json(indent=1), "utf-8")
    return estimate


def _prepare(settings: Settings, request: AskRequest) -> tuple[Path, ContextInfo, RouteDecision]:
    if not request.query.text.strip():
        raise UsageError("the question is empty")
    run_dir = new_run_dir(settings, request, datetime.now(UTC))
    if request.over:
        info = export_documents(request.over, run_dir, tenant=request.query.tenant_uid)
    else:
        info = export_scope(settings, request.query, run_dir)
    route = decide_route(request.query, request.route, info, request.leaf_characters)
    store_route(route, run_dir)
    return run_dir, info, route


def _embedded(
    run_dir: Path, info: ContextInfo, route: RouteDecision, request: AskRequest
) -> Result:
    with Context.open(Path(info.path)) as context:
        answer = answer_question(context, request.query)
        if answer.declined:
            raise ModelError(answer.declined)
        claims, verification = verify_claims(context, answer.claims)
        analyst = EmbeddedAnalyst()
        return _result(
            context,
            run_dir,
            info,
            route,
            request,
            answer.model_copy(update={"claims": claims}),
            AnalystInfo(name=analyst.name, is_language_model=False, version=analyst.version),
            verification,
            looked_at=info.events,
            notes=(answer.answer, answer.interpreted_as, *_sql_note(answer)),
        )


def _with_model(
    settings: Settings,
    run_dir: Path,
    info: ContextInfo,
    route: RouteDecision,
    request: AskRequest,
    model: Model,
) -> Result:
    secret = installation_secret(settings.home)
    with SqliteCallStore(settings.home / "calls.sqlite") as store:
        gate = Gate(
            model,
            Budget(request.caps),
            store,
            run_uid=run_dir.name,
            concurrency=request.workers,
        )
        with AgentRun(info, request, gate, secret) as run:
            answer = run.direct() if route.path is RoutePath.DIRECT else run.agent()
    with Context.open(Path(info.path)) as context:
        return _result(
            context,
            run_dir,
            info,
            route,
            request,
            answer,
            AnalystInfo(name=request.model, is_language_model=True, version=request.model),
            answer.verification,
            looked_at=min(info.events, _looked_at(answer)),
            notes=_model_notes(answer, info),
            simulated=model.simulated,
        )


def _result(
    context: Context,
    run_dir: Path,
    info: ContextInfo,
    route: RouteDecision,
    request: AskRequest,
    answer: AgentAnswer | EmbeddedAnswer,
    analyst: AnalystInfo,
    verification: Verification,
    *,
    looked_at: int,
    notes: tuple[str, ...],
    simulated: bool = False,
) -> Result:
    cited = {ev.event_uid for claim in answer.claims for ev in (*claim.evidence, *claim.against)}
    records = answer.records if isinstance(answer, AgentAnswer) else ()
    failed = [record for record in records if record.state == "failed"]
    return Result(
        run_uid=run_dir.name,
        scenario="ask",
        title=request.query.text.strip()[:200],
        created_at=datetime.now(UTC),
        sentree_version=sentree.__version__,
        simulated=simulated,
        query=request.query,
        route=route,
        analyst=analyst,
        coverage=Coverage(
            snapshot_id=info.snapshot_id,
            window=None if request.over else info.window,
            events_in_scope=info.events,
            events_looked_at=looked_at,
            events_outside_window=info.events_outside_window,
            events_without_time=info.events_without_time,
            partitions_total=len(records),
            partitions_failed=len(failed),
            by_source=info.by_source,
            by_class=info.by_class,
        ),
        summary=answer.claims,
        ruled_out=answer.ruled_out,
        verification=verification,
        trajectory=records,
        cited_events=tuple(context.cited(sorted(cited))),
        limit_hit=_limit(answer, request),
        notes=tuple(note for note in notes if note),
    )


def _looked_at(answer: AgentAnswer) -> int:
    """Count events a model was shown: read whole by readers, or seen through handles."""
    read = sum(record.events_read for record in answer.records)
    seen = max((record.evidence_seen for record in answer.records), default=0)
    return max(read, seen)


def _model_notes(answer: AgentAnswer, info: ContextInfo) -> tuple[str, ...]:
    ended = f"The run ended early ({answer.ending}): {answer.reason}."
    return (
        "" if answer.ending == "submitted" else ended,
        f"SQL and patterns ran over all {info.events:,} events in scope; 'looked at' counts those "
        "that were shown to the model.",
    )


def _sql_note(answer: EmbeddedAnswer) -> tuple[str, ...]:
    return (f"Computed by: {answer.sql}",) if answer.sql else ()


def _limit(answer: AgentAnswer | EmbeddedAnswer, request: AskRequest) -> LimitHit | None:
    if not isinstance(answer, AgentAnswer) or answer.ending not in ("budget", "turns"):
        return None
    if answer.ending == "turns":
        return LimitHit(limit="turns", allowed=request.turns, spent=answer.turns)
    return LimitHit(limit=answer.reason, allowed=0, spent=answer.usage.usd)
