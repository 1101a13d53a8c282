"""The port to where model calls are kept, so that no answer is ever paid for twice."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import NamedTuple, Protocol, runtime_checkable

from schemas.budget import Usage
from schemas.calls import CallRecord, StoredCall
from schemas.model import Model, ModelReply, ModelRequest
from sentree.errors import ModelError


class CallStore(Protocol):
    """Keeps answered calls and what each run was charged; what returns survives a kill."""

    def find(
        self, key: str, run_uid: str, *, other_runs: bool = True, simulated: bool = False
    ) -> StoredCall | None:
        """Give the stored answer to a call: this run's own, else the oldest of another run.

        Another run's answer counts only if it was as `simulated` as this run is.
        """
        ...

    def save(self, call: StoredCall, request: str) -> None:
        """Keep an answered call, its `request_text`, and its usage as charged to its run."""
        ...

    def charge(self, run_uid: str, key: str, node_uid: str, usage: Usage, reason: str) -> None:
        """Count what a run was charged for a call that gave no answer."""
        ...

    def spent(self, run_uid: str) -> Usage:
        """Give all that a run was charged."""
        ...

    def charges(self, run_uid: str) -> Mapping[str, Usage]:
        """Give what a run was charged, by node."""
        ...

    def calls(self, run_uid: str) -> Iterator[StoredCall]:
        """Give a run's answered calls in the order in which they were stored."""
        ...

    def open_batch(self, run_uid: str, batch_uid: str, keys: tuple[str, ...]) -> None:
        """Remember a batch that was handed in and not collected, in the place of its plan."""
        ...

    def open_batches(self, run_uid: str) -> dict[str, tuple[str, ...]]:
        """Give the batches that were handed in and not collected, and the keys in each."""
        ...

    def plan_batch(self, run_uid: str, keys: tuple[str, ...]) -> None:
        """Remember that a batch of these calls is about to be handed in."""
        ...

    def planned_batches(self, run_uid: str) -> list[tuple[datetime, tuple[str, ...]]]:
        """Give the batches that may have been handed in, without an id: since when, and keys."""
        ...

    def drop_plan(self, run_uid: str, keys: tuple[str, ...]) -> None:
        """Forget a batch that was planned: it has an id now, or was never handed in."""
        ...

    def close_batch(self, run_uid: str, batch_uid: str) -> None:
        """Forget a batch whose answers have been stored."""
        ...


@runtime_checkable
class TimedModel(Model, Protocol):
    """A model whose calls can be given less time than they would take."""

    def call_within(self, request: ModelRequest, seconds: float) -> ModelReply:
        """Make the call in at most that many seconds."""
        ...


@runtime_checkable
class BatchModel(Model, Protocol):
    """A model that takes many calls at once, answers them later, and charges less for it."""

    def submit_batch(self, requests: Mapping[str, ModelRequest]) -> str:
        """Hand in a batch of named requests and give its id."""
        ...

    def find_batch(
        self, names: Collection[str], since: datetime, seconds: float | None = None
    ) -> str | None:
        """Find a batch of exactly these requests that was handed in after `since`."""
        ...

    def collect_batch(
        self, batch_uid: str, requests: Mapping[str, ModelRequest], seconds: float | None = None
    ) -> Mapping[str, ModelReply | ModelError]:
        """Wait for a batch that was handed in, and give each request's reply or error."""
        ...


class Answered(NamedTuple):
    """A reply, and the record of what it cost this time."""

    reply: ModelReply
    record: CallRecord
