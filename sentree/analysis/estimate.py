"""What a question would cost, estimated from its context before any call is made.

Nothing is sent: tokens are counted from the length of the very requests that would be made.
"""

from __future__ import annotations

import json
from math import ceil
from pathlib import Path as FilePath

from models.prices import PriceBook
from schemas.ask import EMBEDDED, AskEstimate, AskRequest
from schemas.budget import Usage
from schemas.model import ModelReply, ModelRequest
from schemas.query import Path
from sentree.analysis.agent_run import WHOLE, agent_settings, leaf_reader, question_fence
from sentree.analysis.ask_scope import Prepared
from sentree.engine.agent_tools import agent_request, opening_message
from sentree.engine.direct import direct_request, pick
from sentree.engine.fence import Fence
from sentree.engine.parts import Parts
from sentree.engine.verify import EVERYWHERE
from sentree.lake.context import Context

CHARACTERS_A_TOKEN = 3.5
TURNS = 5
TURN_SHOWN = 280
TURN_WRITTEN = 120
LEAF_WRITTEN = 150
DIRECT_WRITTEN = 250
QUESTION = "x" * 200
PART = 150_000
SAMPLED = 3
MOST_READ = 200

DIRECT = "one call over what fits; nothing but its answer's length is a guess"
AGENT = (
    f"low: about {TURNS} turns in which SQL and patterns find the answer; high: every part is "
    "also read once; each end is meant to be within a factor of two, prompt caching not counted"
)
NOTHING = "no language model is asked"


def estimate_ask(prepared: Prepared, prices: PriceBook, secret: bytes) -> AskEstimate:
    """Estimate calls, tokens and dollars, as low and high.

    On the direct path both ends are the one call that would be made. On the agent path `low` is
    a run that needs no readers, `high` one that also reads every part of the context once: a
    lookup ends near the one, a question about everything near the other.
    """
    request = prepared.request
    if request.model == EMBEDDED:
        return _estimate(prepared, (_Cost(), _Cost()), 0, prices, NOTHING)
    fence = question_fence(prepared.info, request, secret)
    with Context.open(FilePath(prepared.info.path)) as context:
        if prepared.route.path is Path.DIRECT:
            one = _direct(context, request, fence)
            return _estimate(prepared, (one, one), 1, prices, DIRECT)
        exploring = _exploring(context, request, fence)
        reading = _reading(context, request, fence)
    both = _Cost(exploring.turns, reading.leaves)
    return _estimate(prepared, (exploring, both), reading.leaves.calls, prices, AGENT)


class _NoCalls:
    """Stands where the gate stands; an estimate asks nobody."""

    def call(self, request: ModelRequest, node_uid: str) -> ModelReply:
        raise NotImplementedError


class _Cost:
    """What the model and the model of the leaves would use."""

    def __init__(self, turns: Usage | None = None, leaves: Usage | None = None) -> None:
        self.turns = turns or Usage()
        self.leaves = leaves or Usage()

    @property
    def all(self) -> Usage:
        return self.turns + self.leaves


def _direct(context: Context, request: AskRequest, fence: Fence) -> _Cost:
    parts = Parts(context, EVERYWHERE, WHOLE)
    text = request.query.text
    picked = pick(context, parts, text, request.direct_characters)
    call = direct_request(picked, text, fence, request.model, request.max_tokens)
    output = min(DIRECT_WRITTEN, request.max_tokens)
    return _Cost(Usage(calls=1, input_tokens=_tokens(call), output_tokens=output))


def _exploring(context: Context, request: AskRequest, fence: Fence) -> _Cost:
    """Estimate a conversation: each turn sends again all that was said and shown before."""
    whole = Parts(context, EVERYWHERE, WHOLE).whole
    opening = opening_message(request.query.text, whole)
    first = _tokens(agent_request(agent_settings(request), fence, (opening,)))
    turns = min(TURNS, request.turns)
    again = turns * (turns - 1) // 2 * (TURN_SHOWN + TURN_WRITTEN)
    return _Cost(
        Usage(calls=turns, input_tokens=turns * first + again, output_tokens=turns * TURN_WRITTEN)
    )


def _reading(context: Context, request: AskRequest, fence: Fence) -> _Cost:
    """Estimate one reading of every part, from the first, a middle and the last of them."""
    parts = Parts(context, EVERYWHERE, WHOLE)
    size = max(min(PART, request.leaf_characters), ceil(parts.whole.characters / MOST_READ))
    cut = parts.cut("size", size=size)
    reader = leaf_reader(context, request, fence, _NoCalls())
    sampled = {0, len(cut) // 2, len(cut) - 1} if len(cut) > SAMPLED else set(range(len(cut)))
    counted = [_tokens(reader.request(cut[at], QUESTION, None)) for at in sorted(sampled)]
    characters = sum(cut[at].characters for at in sampled)
    share = parts.whole.characters / max(characters, 1)
    return _Cost(
        leaves=Usage(
            calls=len(cut),
            input_tokens=ceil(sum(counted) * share),
            output_tokens=len(cut) * LEAF_WRITTEN,
        )
    )


def _estimate(
    prepared: Prepared,
    ends: tuple[_Cost, _Cost],
    partitions: int,
    prices: PriceBook,
    meaning: str,
) -> AskEstimate:
    low, high = (end.all for end in ends)
    return AskEstimate(
        path=prepared.route.path,
        reasons=prepared.route.reasons,
        events=prepared.info.events,
        characters=prepared.info.characters,
        partitions=partitions,
        calls=(low.calls, high.calls),
        input_tokens=(low.input_tokens, high.input_tokens),
        output_tokens=(low.output_tokens, high.output_tokens),
        usd=_usd(prepared.request, ends, prices),
        meaning=meaning,
    )


def _usd(
    request: AskRequest, ends: tuple[_Cost, _Cost], prices: PriceBook
) -> tuple[float, float] | None:
    if request.model == EMBEDDED:
        return (0.0, 0.0)
    names = (request.model, request.leaf_model or request.model)
    costs: list[float] = []
    for end in ends:
        for name, usage in zip(names, (end.turns, end.leaves), strict=True):
            # A long prompt has its own price, so what counts is the size of one call.
            calls = max(1, usage.calls)
            one = Usage(
                input_tokens=usage.input_tokens // calls, output_tokens=usage.output_tokens // calls
            )
            cost = prices.cost(name, one)
            if cost is None:
                return None
            costs.append(float(cost) * calls)
    return (round(costs[0] + costs[1], 6), round(costs[2] + costs[3], 6))


def _tokens(request: ModelRequest) -> int:
    shown = request.model_dump(include={"system", "messages", "tools", "output_schema"})
    text = json.dumps(shown, ensure_ascii=False)
    return ceil(len(text.encode("utf-8", "replace")) / CHARACTERS_A_TOKEN)
