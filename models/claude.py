"""Claude, or any server that speaks the Messages API, behind the `Model` protocol."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from threading import Lock
from typing import Any, Final, cast

from models.claude_batch import BatchResults, Outcome
from models.claude_errors import model_error, refused_field
from models.claude_stream import MessageBuilder, StreamError, read_events
from models.claude_wire import (
    OPTIONAL_FIELDS,
    estimate_from,
    local_count,
    priced,
    reply_from,
    request_params,
    usage_from,
)
from models.prices import PriceBook, load_prices
from schemas.budget import Estimate, Usage
from schemas.model import ModelReply, ModelRequest
from sentree.errors import ConfigurationError, TransientModelError

_STREAM_ABOVE: Final = 21_333
_LARGEST_REPLY: Final = 64 * 1024 * 1024
_CANT_COUNT: Final = (404, 405, 501)


class ClaudeModel:
    """Makes calls; retries nothing, so that the gate sees and pays for every attempt.

    Args:
        api_key: The key; without one and without `base_url`, `ANTHROPIC_API_KEY` is used.
        base_url: A server other than Anthropic's; it is never sent the key of the environment.
        prices: What calls cost; by default the table that comes with Sentree.
        streaming: Stream every answer, not only those too long to wait for in silence.
        counting: Ask the server to count tokens before a call, if it can.
        timeout: Seconds for a whole call, however slowly its answer trickles in.
        idle: Seconds of silence after which a stream is given up.
    """

    simulated: bool = False

    def __init__(
        self,
        api_key: str | None = None,
        base_url: str | None = None,
        prices: PriceBook | None = None,
        *,
        streaming: bool = False,
        counting: bool = True,
        timeout: float = 600.0,
        idle: float = 120.0,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        key, url = _credentials(api_key, base_url)
        import anthropic

        self._client = anthropic.Anthropic(api_key=key, base_url=url, max_retries=0)
        self._prices = prices or load_prices()
        self._streaming = streaming
        self._timeout = timeout
        self._idle = idle
        self._clock = clock
        self._sleep = sleep
        self._lock = Lock()
        self._fields = OPTIONAL_FIELDS
        self._counts = counting
        self._notes: dict[str, None] = {}

    @property
    def prices(self) -> PriceBook:
        """What calls cost."""
        return self._prices

    @property
    def notes(self) -> tuple[str, ...]:
        """What the server turned out to lack, and what is done instead."""
        with self._lock:
            return tuple(self._notes)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def estimate(self, request: ModelRequest) -> Estimate:
        """Give the most the call can use; counted by the server where it can count."""
        return estimate_from(request, self._input_tokens(request), self._prices)

    def call(self, request: ModelRequest) -> ModelReply:
        """Make the call."""
        return self.call_within(request, self._timeout)

    def call_within(self, request: ModelRequest, seconds: float) -> ModelReply:
        """Make the call in at most that many seconds.

        Raises:
            TransientModelError: worth another try.
            ModelError: final.
        """
        import anthropic

        deadline = self._clock() + min(seconds, self._timeout)
        while True:
            try:
                return self._send(request, deadline)
            except anthropic.AnthropicError as error:
                field = refused_field(error, self._fields)
                if field is None:
                    raise model_error(error) from error
                self._without(field)

    def call_batch(self, requests: Sequence[ModelRequest]) -> list[Outcome]:
        """Make many calls at the batch price; blocks until all are answered or refused."""
        named = {f"call-{number:06d}": request for number, request in enumerate(requests)}
        if not named:
            return []
        found = self.collect_batch(self.submit_batch(named), named)
        return [found[name] for name in named]

    def submit_batch(self, requests: Mapping[str, ModelRequest]) -> str:
        """Hand in a batch of named requests and give its id."""
        return self._batches().submit(
            {name: request_params(request, self._fields) for name, request in requests.items()}
        )

    def find_batch(
        self, names: Collection[str], since: datetime, seconds: float | None = None
    ) -> str | None:
        """Find a batch of exactly these requests that was handed in after `since`."""
        return self._batches().find(names, since, seconds)

    def collect_batch(
        self, batch_uid: str, requests: Mapping[str, ModelRequest], seconds: float | None = None
    ) -> dict[str, Outcome]:
        """Wait for a batch that was handed in, and give each request's reply or error."""
        return self._batches().collect(batch_uid, requests, seconds)

    def _batches(self) -> BatchResults:
        return BatchResults(self._client, self._prices, self._sleep)

    def _send(self, request: ModelRequest, deadline: float) -> ModelReply:
        streamed = self._streaming or request.max_tokens > _STREAM_ABOVE
        params = request_params(request, self._fields)
        chunks = self._chunks(params, deadline, streamed=streamed)
        read = self._collect if streamed else self._whole
        return reply_from(read(chunks, request), request, self._prices)

    def _chunks(
        self, params: dict[str, Any], deadline: float, *, streamed: bool
    ) -> Iterator[bytes]:
        import anthropic

        left = max(0.001, deadline - self._clock())
        read = min(left, self._idle) if streamed else left
        timeout = anthropic.Timeout(left, connect=min(10.0, left), read=read)
        create = cast(Any, self._client.messages.with_streaming_response.create)
        size = 0
        with create(**params, stream=streamed, timeout=timeout) as response:
            chunks = iter(response.iter_bytes())
            while True:
                try:
                    chunk = next(chunks)
                except StopIteration:
                    return
                except Exception as error:
                    # The SDK passes on its transport's own errors here; each means a cut answer.
                    raise TransientModelError(
                        f"the answer was cut ({type(error).__name__})", uncertain=True
                    ) from error
                size += len(chunk)
                if size > _LARGEST_REPLY:
                    raise TransientModelError("the answer is too large", uncertain=True)
                if self._clock() > deadline:
                    raise TransientModelError("the answer took too long", uncertain=True)
                yield chunk

    def _collect(self, chunks: Iterator[bytes], request: ModelRequest) -> dict[str, Any]:
        builder = MessageBuilder()
        try:
            for event in read_events(chunks):
                builder.add(event)
            return builder.message()
        except (StreamError, TransientModelError) as error:
            usage = self._charged(builder.usage, builder.model, request)
            raise model_error(error, usage=usage) from error

    def _whole(self, chunks: Iterator[bytes], request: ModelRequest) -> object:
        body = b"".join(chunks)
        try:
            return json.loads(body)
        except (ValueError, RecursionError):
            start = body.rfind(b'"usage":')
            found: object = None
            if start >= 0:
                text = body[start + 8 :].decode("utf-8", "replace").lstrip()
                try:
                    found, _ = json.JSONDecoder().raw_decode(text)
                except (ValueError, RecursionError):
                    found = None
            usage = self._charged(found, None, request)
            raise TransientModelError(
                "the answer is cut or is not JSON", usage=usage, uncertain=usage is None
            ) from None

    def _charged(self, raw: object, model: object, request: ModelRequest) -> Usage | None:
        usage = usage_from(raw)
        if usage is None:
            return None
        name = model if isinstance(model, str) else request.model
        return priced(usage, name, request.model, self._prices)[0]

    def _input_tokens(self, request: ModelRequest) -> int:
        import anthropic

        params = request_params(request, self._fields)
        local = local_count(params)
        if not self._counts:
            return local
        params.pop("max_tokens")
        try:
            counted: object = self._client.messages.count_tokens(**params, timeout=30.0)
            tokens = getattr(counted, "input_tokens", None)
            if isinstance(tokens, int) and tokens > 0:
                return tokens
        except anthropic.APIStatusError as error:
            if error.status_code not in _CANT_COUNT:
                return local
        except Exception:
            # Whatever is wrong, the call itself meets it next, and says so better than counting.
            return local
        with self._lock:
            self._counts = False
            self._notes["the server can't count tokens: input is estimated from its length"] = None
        return local

    def _without(self, field: str) -> None:
        with self._lock:
            self._fields -= {field}
            self._notes[f"the server refuses {field}: requests go without it"] = None


def _credentials(api_key: str | None, base_url: str | None) -> tuple[str, str | None]:
    if api_key:
        return api_key, base_url or os.environ.get("ANTHROPIC_BASE_URL")
    if base_url:
        return "none", base_url
    key, url = os.environ.get("ANTHROPIC_API_KEY"), os.environ.get("ANTHROPIC_BASE_URL")
    if key or url:
        return key or "none", url
    raise ConfigurationError(
        "no language model is configured: set ANTHROPIC_API_KEY for Claude, or base_url for a"
        " server that speaks the Messages API"
    )


__all__ = ["ClaudeModel", "Outcome"]
