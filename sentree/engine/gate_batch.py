"""Many calls handed in as one batch, with the gate's promises: remembered, budgeted, resumed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from schemas.calls import StoredCall, request_key, request_text
from schemas.model import ModelReply, ModelRequest
from sentree.engine.budget import Budget, Reservation
from sentree.engine.calls import BatchModel, CallStore
from sentree.errors import LimitReachedError, ModelError, TransientModelError

Outcome = ModelReply | ModelError | LimitReachedError


def call_batch(
    model: BatchModel,
    budget: Budget,
    store: CallStore,
    run_uid: str,
    requests: Sequence[tuple[ModelRequest, str]],
) -> list[Outcome]:
    """Give the outcome of each (request, node_uid), in order, waiting as long as the run may.

    The batch's id is stored as soon as it is known: a run killed while it waits collects that
    batch and hands in no other. A run killed before it knew the id looks for the batch on the
    server. Use it beside a run's gate, with the same budget and store.
    """
    named = {request_key(request): (request, node_uid) for request, node_uid in requests}
    outcomes: dict[str, Outcome] = {}
    simulated = model.simulated
    for key in named:
        if (stored := store.find(key, run_uid, simulated=simulated)) is not None:
            outcomes[key] = stored.reply
    try:
        _find_planned(model, budget, store, run_uid, set(named) - set(outcomes))
    except ModelError as error:
        return [outcomes.get(request_key(request), error) for request, _ in requests]
    for batch_uid, keys in store.open_batches(run_uid).items():
        wanted = {key: named[key] for key in keys if key in named and key not in outcomes}
        if wanted:
            outcomes |= _collect(model, budget, store, run_uid, batch_uid, wanted, {})
    missing = {key: asked for key, asked in named.items() if key not in outcomes}
    reserved: dict[str, Reservation] = {}
    for key, (request, _) in missing.items():
        try:
            reserved[key] = budget.reserve(model.estimate(request))
        except LimitReachedError as error:
            outcomes[key] = error
    if reserved:
        handed_in = {key: missing[key] for key in reserved}
        try:
            store.plan_batch(run_uid, tuple(handed_in))
            batch_uid = model.submit_batch({key: asked[0] for key, asked in handed_in.items()})
            store.open_batch(run_uid, batch_uid, tuple(handed_in))
            outcomes |= _collect(model, budget, store, run_uid, batch_uid, handed_in, reserved)
        except ModelError as error:
            # After a lost connection the server may have the batch all the same.
            if not isinstance(error, TransientModelError):
                store.drop_plan(run_uid, tuple(handed_in))
            outcomes |= dict.fromkeys(handed_in, error)
        finally:
            for reservation in reserved.values():
                budget.release(reservation)
    return [outcomes[request_key(request)] for request, _ in requests]


def _find_planned(
    model: BatchModel, budget: Budget, store: CallStore, run_uid: str, missing: Collection[str]
) -> None:
    """Give batches that were perhaps handed in their ids, where calls of theirs are missing.

    Raises:
        TransientModelError: what may be such a batch has not ended in the time the run has.
    """
    for since, keys in store.planned_batches(run_uid):
        if not set(keys) & set(missing):
            continue
        batch_uid = model.find_batch(keys, since, budget.remaining().seconds)
        if batch_uid is None:
            store.drop_plan(run_uid, keys)
        else:
            store.open_batch(run_uid, batch_uid, keys)


def _collect(
    model: BatchModel,
    budget: Budget,
    store: CallStore,
    run_uid: str,
    batch_uid: str,
    asked: Mapping[str, tuple[ModelRequest, str]],
    reserved: Mapping[str, Reservation],
) -> dict[str, Outcome]:
    requests = {key: request for key, (request, _) in asked.items()}
    try:
        found = model.collect_batch(batch_uid, requests, budget.remaining().seconds)
    except ModelError as error:
        return dict.fromkeys(asked, error)
    for key, outcome in found.items():
        if isinstance(outcome, ModelReply):
            call = StoredCall(
                key=key,
                run_uid=run_uid,
                node_uid=asked[key][1],
                reply=outcome,
                simulated=model.simulated,
            )
            store.save(call, request_text(requests[key]))
            if key in reserved:
                budget.settle(reserved[key], outcome.usage)
            else:
                budget.replay(outcome.usage)
    store.close_batch(run_uid, batch_uid)
    return dict(found)
