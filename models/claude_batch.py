"""Message Batches: many calls handed in at once, answered within a day at a lower price."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from models.claude_errors import model_error, of_kind
from models.claude_wire import reply_from
from models.prices import PriceBook
from schemas.model import ModelReply, ModelRequest
from sentree.errors import ModelError, TransientModelError

if TYPE_CHECKING:
    import anthropic

Outcome = ModelReply | ModelError

_T = TypeVar("_T")

_POLL: Final = 5.0
_LONGEST_POLL: Final = 60.0
_FAILURES: Final = 8
_LISTED: Final = 100
_SKEW: Final = timedelta(minutes=10)


class BatchResults:
    """Hands in batches and waits for them; polling outlives passing faults."""

    def __init__(
        self, client: anthropic.Anthropic, prices: PriceBook, sleep: Callable[[float], None]
    ) -> None:
        self._client = client
        self._prices = prices
        self._sleep = sleep

    def submit(self, params: Mapping[str, dict[str, Any]]) -> str:
        """Hand in named requests; nothing is retried, for a second batch would be paid twice.

        Raises:
            ModelError: the batch was not taken.
        """
        import anthropic

        requests = [{"custom_id": name, "params": given} for name, given in params.items()]
        try:
            batch: object = self._client.messages.batches.create(requests=cast(Any, requests))
        except anthropic.AnthropicError as error:
            raise model_error(error) from error
        uid = getattr(batch, "id", None)
        if not isinstance(uid, str) or not uid:
            raise ModelError("the server gave the batch no id")
        return uid

    def find(
        self, names: Collection[str], since: datetime, seconds: float | None = None
    ) -> str | None:
        """Find a batch of exactly these requests, handed in by a process that never saw its id.

        Only results name the requests of a batch, so a batch of as many is waited for.

        Raises:
            TransientModelError: such a batch has not ended after that many seconds.
        """
        try:
            candidates = self._persistently(lambda: self._candidates(len(names), since))
        except TransientModelError:
            raise
        except ModelError:
            # A server that lists no batches can't be asked.
            return None
        for uid in candidates:
            self._await_end(uid, seconds)
            if self._persistently(lambda uid=uid: self._names(uid)) == set(names):
                return uid
        return None

    def collect(
        self, uid: str, requests: Mapping[str, ModelRequest], seconds: float | None = None
    ) -> dict[str, Outcome]:
        """Wait until the batch has ended and read its results.

        Raises:
            TransientModelError: it has not ended after that many seconds of waiting.
            ModelError: the batch can't be found, or the server failed again and again.
        """
        self._await_end(uid, seconds)
        found = self._persistently(lambda: self._results(uid, requests))
        missing = TransientModelError("the batch has no result for this request")
        return {name: found.get(name, missing) for name in requests}

    def _await_end(self, uid: str, seconds: float | None) -> None:
        wait, waited = _POLL, 0.0
        while not self._persistently(lambda: self._ended(uid)):
            if seconds is not None and waited + wait > seconds:
                raise TransientModelError(f"batch {uid} has not ended; it can be collected later")
            waited += wait
            self._sleep(wait)
            wait = min(wait * 1.5, _LONGEST_POLL)

    def _candidates(self, size: int, since: datetime) -> list[str]:
        """List the batches of that many requests, those made well before `since` left out."""
        found: list[str] = []
        for batch in islice(self._client.messages.batches.list(limit=_LISTED), _LISTED):
            counts = batch.request_counts.to_dict().values()
            if sum(int(cast(Any, one)) for one in counts) == size and (
                batch.created_at >= since - _SKEW
            ):
                found.append(batch.id)
        return found

    def _names(self, uid: str) -> set[str]:
        return {line.custom_id for line in self._client.messages.batches.results(uid)}

    def _ended(self, uid: str) -> bool:
        return self._client.messages.batches.retrieve(uid).processing_status == "ended"

    def _results(self, uid: str, requests: Mapping[str, ModelRequest]) -> dict[str, Outcome]:
        found: dict[str, Outcome] = {}
        for line in self._client.messages.batches.results(uid):
            item = line.to_dict(warnings=False)
            name, result = item.get("custom_id"), item.get("result")
            if isinstance(name, str) and name in requests and isinstance(result, dict):
                found[name] = self._outcome(cast(dict[str, Any], result), requests[name])
        return found

    def _outcome(self, result: dict[str, Any], request: ModelRequest) -> Outcome:
        kind = result.get("type")
        if kind == "succeeded":
            try:
                return reply_from(result.get("message"), request, self._prices, batch=True)
            except TransientModelError as error:
                return error
        if kind == "errored":
            error = (result.get("error") or {}).get("error") or {}
            return of_kind(str(error.get("type")), str(error.get("message")))
        return TransientModelError(f"the batch left this request {kind}")

    def _persistently(self, ask: Callable[[], _T]) -> _T:
        import anthropic

        for attempt in range(_FAILURES):
            try:
                return ask()
            except Exception as error:
                # Reading is free and harmless to repeat, and the transport's errors are many.
                known = isinstance(error, anthropic.AnthropicError | ModelError)
                failure = model_error(error) if known else TransientModelError(repr(error)[:200])
                if not isinstance(failure, TransientModelError) or attempt == _FAILURES - 1:
                    raise failure from error
                self._sleep(failure.retry_after or _POLL)
        raise AssertionError("unreachable")
