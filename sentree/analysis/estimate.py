"""What a question would cost, estimated from its context before any call is made."""

from __future__ import annotations

from math import ceil

from schemas.ask import EMBEDDED, AskEstimate, AskRequest
from schemas.context import ContextInfo
from schemas.model import Message, Model, ModelRequest, TextBlock
from schemas.query import Path, RouteDecision
from sentree.engine.prompt_files import prompt_text

CHARACTERS_A_TOKEN = 3.5
OVERHEAD = 120
TURNS = (4, 10)
TURN_OUTPUT = (150, 700)
TURN_SHOWN = (300, 2_400)
LEAF_OUTPUT = (80, 500)


def estimate_ask(
    info: ContextInfo, route: RouteDecision, request: AskRequest, model: Model | None
) -> AskEstimate:
    """Estimate calls, tokens and dollars, as low and high.

    The direct path is one call over what fits. The agent path is some turns, each of which sends the
    conversation so far again, and one reading of every part at most.
    """
    if request.model == EMBEDDED:
        return _estimate(info, route, (0, 0), (0, 0), (0, 0), None, 0)
    if route.path is Path.DIRECT:
        shown = min(info.characters + info.events * 60, request.direct_characters)
        tokens = _tokens(shown + len(prompt_text("direct")) + len(request.query.text))
        output = (LEAF_OUTPUT[0], min(request.max_tokens, 2_000))
        return _estimate(
            info, route, (1, 1), (tokens, tokens), output, _usd(request, model, tokens, output), 1
        )
    parts = max(1, ceil(info.characters / request.leaf_characters))
    system = _tokens(len(prompt_text("root")) + len(prompt_text("limits")) + OVERHEAD * 4)
    low, high = (
        turns * system + (turns * (turns - 1) // 2) * (shown + written)
        for turns, shown, written in zip(TURNS, TURN_SHOWN, TURN_OUTPUT, strict=True)
    )
    reading = _tokens(info.characters + info.events * 60 + parts * len(prompt_text("leaf")))
    inputs = (low, high + reading)
    outputs = (TURNS[0] * TURN_OUTPUT[0], TURNS[1] * TURN_OUTPUT[1] + parts * LEAF_OUTPUT[1])
    calls = (TURNS[0], TURNS[1] + parts)
    return _estimate(
        info, route, calls, inputs, outputs, _usd(request, model, inputs, outputs), parts
    )


def _estimate(
    info: ContextInfo,
    route: RouteDecision,
    calls: tuple[int, int],
    inputs: tuple[int, int],
    outputs: tuple[int, int],
    usd: tuple[float, float] | None,
    partitions: int,
) -> AskEstimate:
    return AskEstimate(
        path=route.path,
        reasons=route.reasons,
        events=info.events,
        characters=info.characters,
        partitions=partitions,
        calls=calls,
        input_tokens=inputs,
        output_tokens=outputs,
        usd=usd,
    )


def _usd(
    request: AskRequest,
    model: Model | None,
    inputs: int | tuple[int, int],
    outputs: tuple[int, int],
) -> tuple[float, float] | None:
    """Price tokens by what the model itself says a call of known size costs."""
    if model is None:
        return None
    low, high = (inputs, inputs) if isinstance(inputs, int) else inputs
    probe = ModelRequest(
        model=request.model,
        messages=(Message(role="user", content=(TextBlock(text="x" * 3_500),)),),
        max_tokens=1_000,
    )
    small = model.estimate(probe)
    large = model.estimate(probe.model_copy(update={"max_tokens": 2_000}))
    a_thousand_out = large.usd - small.usd
    a_token_in = max(small.usd - a_thousand_out, 0.0) / max(small.input_tokens, 1)
    return (
        round(low * a_token_in + outputs[0] * a_thousand_out / 1_000, 6),
        round(high * a_token_in + outputs[1] * a_thousand_out / 1_000, 6),
    )


def _tokens(characters: int) -> int:
    return ceil(characters / CHARACTERS_A_TOKEN)
