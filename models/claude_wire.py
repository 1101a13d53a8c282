"""Requests and replies in the Messages API's own terms; strict about what a server sends back."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final, cast, get_args

from models.prices import PriceBook
from schemas.budget import Estimate, Usage
from schemas.model import (
    Block,
    Message,
    ModelReply,
    ModelRequest,
    StopReason,
    TextBlock,
    ThinkingBlock,
    ToolResultBlock,
    ToolUseBlock,
)
from sentree.errors import TransientModelError

CHARACTERS_PER_TOKEN: Final = 3.5
OPTIONAL_FIELDS: Final = frozenset({"cache_control", "output_config", "thinking"})
"""Fields that a server may lack; a request goes without those it has refused."""

_EPHEMERAL: Final = {"type": "ephemeral"}
_CACHE_MARKS: Final = 4
_LEAST_THINKING: Final = 1024
_DEEPEST: Final = 60
_SCHEMA_IN_WORDS: Final = (
    "The schema of your answer, which is nothing but one JSON object, without a word around it:"
)
_MOST_TOKENS: Final = 10**12
# Newer Claude models decide themselves how long to think and refuse a number of tokens.
_THINK_BY_BUDGET: Final = (
    "claude-haiku-4",
    "claude-sonnet-4",
    "claude-opus-4-5",
    "claude-opus-4-6",
)


def request_params(
    request: ModelRequest, fields: frozenset[str] = OPTIONAL_FIELDS
) -> dict[str, Any]:
    """Give the arguments of `messages.create` for a request."""
    caching = "cache_control" in fields
    params: dict[str, Any] = {
        "model": request.model,
        "max_tokens": request.max_tokens,
        "messages": [_message(message) for message in request.messages],
    }
    system = [{"type": "text", "text": part.text} for part in request.system]
    marks = [index for index, part in enumerate(request.system) if part.cached and part.text]
    if caching and marks:
        for index in marks[-(_CACHE_MARKS - 1) :]:
            system[index]["cache_control"] = cast(Any, _EPHEMERAL)
        if len(request.messages) > 1:
            _mark_conversation(params["messages"])
    if request.output_schema is not None and "output_config" not in fields:
        # A server that can't hold a model to a schema can still be told of it.
        text = json.dumps(request.output_schema, separators=(",", ":"))
        system.append({"type": "text", "text": f"{_SCHEMA_IN_WORDS}\n{text}"})
    if system:
        params["system"] = [part for part in system if part["text"]]
    if request.tools:
        params["tools"] = [tool.model_dump() for tool in request.tools]
    if request.output_schema is not None and "output_config" in fields:
        schema = closed_schema(request.output_schema)
        params["output_config"] = {"format": {"type": "json_schema", "schema": schema}}
    if "thinking" in fields and (thinking := _thinking(request)) is not None:
        params["thinking"] = thinking
    return scrubbed(params)


def reply_from(
    raw: object, request: ModelRequest, prices: PriceBook, *, batch: bool = False
) -> ModelReply:
    """Read a server's message into a reply, noting what had to be made good.

    Raises:
        TransientModelError: it is no message at all.
    """
    if not isinstance(raw, Mapping) or not isinstance(raw.get("content"), list):
        raise TransientModelError("the server's answer is not a message of the Messages API")
    message = scrubbed(cast(dict[str, Any], raw))
    notes: list[str] = []
    stop = message.get("stop_reason")
    content = _content(message["content"], notes, cut=stop == "max_tokens")
    model = message.get("model")
    if not isinstance(model, str) or not model:
        model = request.model
        notes.append("the server named no model")
    if stop not in get_args(StopReason):
        notes.append(f"unknown stop reason {str(stop)[:40]!r}")
        stop = "tool_use" if any(isinstance(b, ToolUseBlock) for b in content) else "end_turn"
    stop_reason = cast(StopReason, stop)
    usage = usage_from(message.get("usage"))
    if usage is None:
        notes.append("the server reported no usage: it is estimated")
        length = len(json.dumps(message["content"]))
        usage = Usage(
            calls=1,
            input_tokens=local_count(request_params(request)),
            output_tokens=min(request.max_tokens, tokens_of(length)),
        )
    usage, unpriced = priced(usage, model, request.model, prices, batch=batch)
    notes += unpriced
    return ModelReply(
        model=model[:200], content=content, stop_reason=stop_reason, usage=usage, notes=tuple(notes)
    )


def usage_from(raw: object) -> Usage | None:
    """Read a usage object; None unless input and output are whole numbers of tokens."""
    if not isinstance(raw, Mapping):
        return None
    usage = cast(Mapping[str, Any], raw)
    counts = [_count(usage.get(name)) for name in ("input_tokens", "output_tokens")]
    if counts[0] is None or counts[1] is None:
        return None
    return Usage(
        calls=1,
        input_tokens=counts[0],
        output_tokens=counts[1],
        cache_read_tokens=_count(usage.get("cache_read_input_tokens")) or 0,
        cache_write_tokens=_count(usage.get("cache_creation_input_tokens")) or 0,
    )


def priced(
    usage: Usage, model: str, requested: str, prices: PriceBook, *, batch: bool = False
) -> tuple[Usage, list[str]]:
    """Add the price: of the model that answered if it is known, else of the one asked for."""
    name = model if prices.find(model) is not None else requested
    cost = prices.cost(name, usage, batch=batch)
    if cost is None:
        return usage, [f"no price is known for {requested}: cost counted as zero"]
    return usage.model_copy(update={"usd": float(cost)}), []


def estimate_from(
    request: ModelRequest, input_tokens: int, prices: PriceBook, *, batch: bool = False
) -> Estimate:
    """Give the most a call can cost: every input token at its dearest, the whole output."""
    most = Usage(input_tokens=input_tokens, output_tokens=request.max_tokens)
    costs = [prices.cost(request.model, most, batch=batch)]
    if any(part.cached for part in request.system):
        written = Usage(cache_write_tokens=input_tokens, output_tokens=request.max_tokens)
        costs.append(prices.cost(request.model, written, batch=batch))
    usd = max((cost for cost in costs if cost is not None), default=0)
    return Estimate(input_tokens=input_tokens, output_tokens=request.max_tokens, usd=float(usd))


def local_count(params: Mapping[str, Any]) -> int:
    """Estimate a request's input tokens from its length, for servers that can't count."""
    counted = {name: params[name] for name in ("system", "messages", "tools") if name in params}
    return tokens_of(len(json.dumps(counted, ensure_ascii=False).encode("utf-8", "replace")))


def tokens_of(length: int) -> int:
    """Estimate the tokens of a text of that many bytes."""
    return int(length / CHARACTERS_PER_TOKEN) + 1


def closed_schema(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Give the schema in the form the API takes: objects closed, unsupported limits as text."""
    return _closed(json.dumps(schema))


@lru_cache(maxsize=32)
def _closed(schema: str) -> dict[str, Any]:
    # All readings of a run have one schema; what is given here is written out and never changed.
    from anthropic import transform_schema

    return transform_schema(cast("dict[str, Any]", json.loads(schema)))


def scrubbed(value: dict[str, Any]) -> dict[str, Any]:
    """Replace lone surrogates, which JSON can hold and UTF-8 can't."""
    text = json.dumps(value, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        return cast(dict[str, Any], json.loads(text.encode("utf-8", "replace")))
    return value


def _message(message: Message) -> dict[str, Any]:
    # The API refuses empty text, which models do write.
    kept = [block for block in message.content if not isinstance(block, TextBlock) or block.text]
    return {"role": message.role, "content": [_block(block) for block in kept]}


def _block(block: Block) -> dict[str, Any]:
    match block:
        case ToolUseBlock():
            return block.model_dump(exclude={"error"})
        case ThinkingBlock(redacted=data) if data:
            return {"type": "redacted_thinking", "data": data}
        case ThinkingBlock():
            return block.model_dump(exclude={"redacted"})
        case TextBlock() | ToolResultBlock():
            return block.model_dump()


def _mark_conversation(messages: list[dict[str, Any]]) -> None:
    # The next turn repeats all of this one, so the prefix up to here is worth keeping.
    for block in reversed(messages[-1]["content"]):
        if block["type"] in ("text", "tool_result") and block.get("text", block.get("content")):
            block["cache_control"] = _EPHEMERAL
            return


def _thinking(request: ModelRequest) -> dict[str, Any] | None:
    wanted = request.thinking_tokens
    if wanted is None:
        return None
    if request.model.startswith("claude-") and not request.model.startswith(_THINK_BY_BUDGET):
        return {"type": "adaptive"}
    budget = min(max(wanted, _LEAST_THINKING), request.max_tokens - 1)
    return {"type": "enabled", "budget_tokens": budget} if budget >= _LEAST_THINKING else None


def _content(raw: list[Any], notes: list[str], *, cut: bool) -> tuple[Block, ...]:
    blocks: list[Block] = []
    for number, item in enumerate(raw):
        block = _read_block(item, cut=cut and number == len(raw) - 1)
        if block is None:
            kind = str(item.get("type"))[:40] if isinstance(item, Mapping) else type(item).__name__
            notes.append(f"ignored a block of kind {kind!r}")
        else:
            blocks.append(block)
    if not blocks:
        notes.append("the answer is empty")
    return tuple(blocks)


def _read_block(item: object, *, cut: bool) -> Block | None:
    match item:
        case {"type": "text", "text": str(text)}:
            return TextBlock(text=text)
        case {"type": "thinking", "thinking": str(thinking)}:
            signature = cast(Mapping[str, Any], item).get("signature")
            return ThinkingBlock(
                thinking=thinking, signature=signature if isinstance(signature, str) else ""
            )
        case {"type": "redacted_thinking", "data": str(data)}:
            return ThinkingBlock(thinking="", redacted=data)
        case {"type": "tool_use", "id": str(uid), "name": str(name)}:
            return _tool_use(uid, name, cast(Mapping[str, Any], item).get("input"), cut=cut)
        case _:
            return None


def _tool_use(uid: str, name: str, given: object, *, cut: bool) -> ToolUseBlock:
    if cut:
        # Half a program or half an answer must never be run or taken for the whole.
        return ToolUseBlock(id=uid, name=name, input={}, error="cut off by max_tokens")
    if not isinstance(given, dict):
        kind = "invalid JSON" if isinstance(given, str) else type(given).__name__
        return ToolUseBlock(
            id=uid, name=name, input={}, error=f"the input is not a JSON object ({kind})"
        )
    if (error := _unusable(given)) is not None:
        return ToolUseBlock(id=uid, name=name, input={}, error=error)
    return ToolUseBlock(id=uid, name=name, input=cast(dict[str, Any], given))


def _count(value: object) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _MOST_TOKENS:
        return value
    return None


def _unusable(given: object) -> str | None:
    level = [given]
    for _ in range(_DEEPEST):
        inner: list[object] = []
        for value in level:
            if isinstance(value, dict):
                inner += cast(dict[str, object], value).values()
            elif isinstance(value, list):
                inner += cast(list[object], value)
            elif isinstance(value, float) and not math.isfinite(value):
                return "the input holds a number that JSON has not"
        level = inner
    return "the input is nested too deeply" if level else None
