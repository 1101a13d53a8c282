"""Many calls handed in as one batch, with the gate's promises: remembered, budgeted, resumed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from schemas.calls import StoredCall, request_key
from schemas.model import ModelReply, ModelRequest
from sentree.engine.budget import Budget, Reservation
from sentree.engine.calls import BatchModel, CallStore
from sentree.errors import LimitReachedError, ModelError

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
    batch and hands in no other. Use it beside a run's gate, with the same budget and store.
    """
    named = {request_key(request): (request, node_uid) for request, node_uid in requests}
    outcomes: dict[str, Outcome] = {}
    simulated = model.simulated
    for key in named:
        if (stored := store.find(key, run_uid, simulated=simulated)) is not None:
            outcomes[key] = stored.reply
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
            batch_uid = model.submit_batch({key: asked[0] for key, asked in handed_in.items()})
            store.open_batch(run_uid, batch_uid, tuple(handed_in))
            outcomes |= _collect(model, budget, store, run_uid, batch_uid, handed_in, reserved)
        except ModelError as error:
            outcomes |= dict.fromkeys(handed_in, error)
        finally:
            for reservation in reserved.values():
                budget.release(reservation)
    return [outcomes[request_key(request)] for request, _ in requests]


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
            store.save(call, requests[key])
            if key in reserved:
                budget.settle(reserved[key], outcome.usage)
            else:
                budget.replay(outcome.usage)
    store.close_batch(run_uid, batch_uid)
    return dict(found)
