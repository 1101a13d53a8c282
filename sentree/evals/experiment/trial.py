"""One trial: a case on a path with a model, measured."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

from models.prices import load_prices
from models.simulated import SimulatedModel
from schemas.ask import EMBEDDED, AskRequest
from schemas.budget import Usage
from schemas.calls import StoredCall
from schemas.experiment import EvalOutcome, EvalPath, Trial
from schemas.experiment_plan import Conditions, TrialSpec
from schemas.model import Model
from schemas.query import Path as RoutePath
from schemas.query import Query
from schemas.redaction import OFF
from schemas.simulated import SimulatedProfile
from sentree.analysis.model_choice import open_model
from sentree.analysis.redaction import open_redactor
from sentree.analysis.run_clock import RunClock
from sentree.analysis.scope import decide_route
from sentree.analysis.secret import installation_secret
from sentree.engine.budget import Budget
from sentree.engine.gate import Gate, RetryPolicy
from sentree.engine.redaction import Redactor
from sentree.errors import ModelError
from sentree.evals.experiment.case import Case
from sentree.evals.experiment.memory import forget_peak, peak_bytes
from sentree.evals.experiment.put import Put, Putting, behaviour
from sentree.evals.experiment.spending import TrialBudget
from sentree.lake.calls import SqliteCallStore
from sentree.lake.context import Context
from sentree.settings import Settings

CALLS = "calls.sqlite"
OUTAGE = (
    "(given up after",
    "(asked to wait",
    "(check the key)",
    "answered 404",
    "can't be reached",
)
DECOMPOSED = (EvalPath.RLM_PLANNED, EvalPath.RLM_AGENT)


class Bench(NamedTuple):
    """Where trials are made: settings, the experiment's folder, conditions and budget.

    `routes` are what the router said of cases so far. `alone`: trials are made one after the
    other, so that memory can be laid to one of them.
    """

    settings: Settings
    folder: Path
    conditions: Conditions
    budget: Budget
    routes: dict[str, EvalPath]
    alone: bool = True
    retry: RetryPolicy | None = None


def run_trial(bench: Bench, spec: TrialSpec, case: Case) -> Trial:
    """Make a trial and measure it; the caller stores it.

    A trial that was cut off goes on: its answered calls are found in the experiment's store.

    Raises:
        LimitReachedError: the experiment's budget has no place for a call of it.
        ModelError: the model can't be reached, or refuses whoever asks: no measure of a path.
        ConfigurationError: no key for the model.
    """
    if spec.model == EMBEDDED:
        return _computed(bench, spec, case)
    folder = bench.folder / "trials" / spec.trial_uid
    folder.mkdir(parents=True, exist_ok=True)
    watched = bench.alone and forget_peak()
    with (
        SqliteCallStore(bench.folder / CALLS) as store,
        RunClock(folder) as clock,
    ):
        started = perf_counter()
        budget = TrialBudget(bench.conditions.caps, bench.budget, elapsed=clock.elapsed)
        gate = Gate(
            _model(bench, spec, case),
            budget,
            store,
            run_uid=spec.trial_uid,
            concurrency=bench.conditions.workers,
            retry=bench.retry,
            # An answer that another trial paid for would make this one look cheap.
            reuse_other_runs=False,
            redactor=(redactor := _redactor(bench, spec, case)),
        )
        secret = installation_secret(bench.settings.home)
        putting = Putting(case, gate, spec.model, bench.conditions, secret, folder, redactor)
        put = putting.on(spec.path)
        if budget.cut_short is not None:
            raise budget.cut_short
        _refuse_outage(gate)
        wall = clock.elapsed + perf_counter() - started
        calls = list(store.calls(spec.trial_uid))
        spent = store.spent(spec.trial_uid)
    made = _trial(bench, spec, case, put).model_copy(
        update={
            **_spent(bench, spec, spent, calls),
            "peak_memory_bytes": peak_bytes() if watched else None,
            "seconds": wall,
        }
    )
    if spec.profile is not None:
        seconds = simulated_seconds(spec.profile, calls, bench.conditions.workers)
        metrics = {**made.metrics, "wall_seconds": round(wall, 3)}
        made = made.model_copy(update={"seconds": seconds, "metrics": metrics})
    return made


def simulated_seconds(
    profile: SimulatedProfile, calls: Sequence[StoredCall], workers: int
) -> float:
    """Give how long a trial would have taken: turns one by one, readings so many at a time."""
    turns = [profile.seconds(one.reply.usage) for one in calls if ".q" not in one.node_uid]
    lanes = [0.0] * workers
    for one in sorted(calls, key=lambda call: call.node_uid):
        if ".q" in one.node_uid:
            free = lanes.index(min(lanes))
            lanes[free] += profile.seconds(one.reply.usage)
    return round(sum(turns) + max(lanes), 3)


def _redactor(bench: Bench, spec: TrialSpec, case: Case) -> Redactor:
    """Give what a real model's prompts are redacted with; of a simulated one nothing leaves."""
    if spec.profile is not None:
        return Redactor(OFF)
    with Context.open(Path(case.info.path)) as context:
        return open_redactor(bench.settings, spec.model, context=context)


def _refuse_outage(gate: Gate) -> None:
    for record in gate.records():
        if record.state == "failed" and any(sign in (record.error or "") for sign in OUTAGE):
            text = (record.error or "").partition(": ")[2]
            raise ModelError(f"{text}; what was measured is kept: the same command goes on")


def _model(bench: Bench, spec: TrialSpec, case: Case) -> Model:
    if spec.profile is not None:
        return SimulatedModel(
            spec.profile,
            case.truth(bench.conditions),
            seed=f"{spec.model}:{spec.case.uid}:{spec.path}",
            decomposed=spec.path in DECOMPOSED,
        )
    request = AskRequest(query=Query(text=case.topic), model=spec.model, caps=bench.conditions.caps)
    return open_model(bench.settings, request)


def _computed(bench: Bench, spec: TrialSpec, case: Case) -> Trial:
    """Let the embedded analyst answer: nothing is spent, all is looked at."""
    watched = bench.alone and forget_peak()
    started = perf_counter()
    scored = case.embedded()
    seconds = perf_counter() - started
    put = Put(scored, coverage=1.0 if scored.outcome is EvalOutcome.ANSWERED else 0.0)
    return _trial(bench, spec, case, put).model_copy(
        update={
            "seconds": seconds,
            "usd": 0.0,
            "language_model": False,
            "peak_memory_bytes": peak_bytes() if watched else None,
        }
    )


def _trial(bench: Bench, spec: TrialSpec, case: Case, put: Put) -> Trial:
    peeked, grepped, partitioned = behaviour(put.cells)
    metrics = dict(put.scored.metrics)
    return Trial(
        experiment=spec.experiment,
        task=spec.case.kind,
        case_uid=spec.case.uid,
        size_tokens=spec.case.size_tokens,
        context_tokens=case.info.characters // 4,
        path=spec.path,
        model=spec.model,
        seed=spec.case.seed,
        score=min(1.0, max(0.0, put.scored.score)),
        metrics=metrics,
        outcome=put.scored.outcome,
        failure=put.failure,
        seconds=0.0,
        sub_calls=put.sub_calls,
        turns=put.turns,
        citations_valid=put.citations_valid,
        coverage=None if put.coverage is None else min(1.0, put.coverage),
        peeked=peeked,
        grepped=grepped,
        partitioned=partitioned or (spec.path is EvalPath.RLM_PLANNED and put.sub_calls > 0),
        router_path=_routed(bench, spec, case),
        simulated=spec.profile is not None,
        run_uid=spec.trial_uid,
        trial_uid=spec.trial_uid,
        answer=put.scored.answer[:2_000],
    )


def _spent(
    bench: Bench, spec: TrialSpec, spent: Usage, calls: Sequence[StoredCall]
) -> dict[str, object]:
    priced = (
        spec.profile is not None or load_prices(bench.settings.prices).find(spec.model) is not None
    )
    prompts = (
        one.reply.usage.input_tokens
        + one.reply.usage.cache_read_tokens
        + one.reply.usage.cache_write_tokens
        for one in calls
    )
    return {
        "input_tokens": spent.input_tokens + spent.cache_write_tokens,
        "output_tokens": spent.output_tokens,
        "cached_tokens": spent.cache_read_tokens,
        "usd": spent.usd if priced else None,
        "calls": spent.calls,
        "peak_context_tokens": max(prompts, default=0),
    }


def router_path(settings: Settings, case: Case) -> EvalPath:
    """Give the path that the product's router takes for this question and context."""
    query = Query(text=case.topic)
    decided = decide_route(query, None, case.info, settings.leaf_characters, settings.router_dir)
    if decided.path is RoutePath.DIRECT:
        return EvalPath.DIRECT
    return EvalPath.RLM_PLANNED if case.typed else EvalPath.RLM_AGENT


def _routed(bench: Bench, spec: TrialSpec, case: Case) -> EvalPath:
    """Ask the router once for all trials of a case."""
    uid = spec.case.uid
    if uid not in bench.routes:
        bench.routes[uid] = router_path(bench.settings, case)
    return bench.routes[uid]
