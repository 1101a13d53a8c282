"""A reader: one model call over one whole part, with a typed and checked answer."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Protocol, cast

import jsonschema_rs
from pydantic import ValidationError

from schemas.agent import LeafAnswer
from schemas.claim import Evidence
from schemas.model import Message, ModelReply, ModelRequest, SystemPart, TextBlock
from schemas.ports import ContextReader
from sentree.engine.fence import Fence
from sentree.engine.parts import Part
from sentree.engine.prompt_files import fill
from sentree.engine.shown import Shown
from sentree.errors import ModelError

EVIDENCE_SCHEMA: dict[str, Any] = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {"event_uid": {"type": "string"}, "quote": {"type": "string"}},
        "required": ["event_uid", "quote"],
        "additionalProperties": False,
    },
}
MOST_SCHEMA_CHARACTERS = 10_000
REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef", "$schema", "$id", "$vocabulary")
_IN_A_BLOCK = re.compile(r"```(?:json)?\s*\n(.*)\n\s*```", re.DOTALL)


class ModelCalls(Protocol):
    """The gate: the one place where model calls leave."""

    def call(self, request: ModelRequest, node_uid: str) -> ModelReply:
        """Make a call within the budget, or find it among those already paid for."""
        ...


def leaf_schema(data_schema: dict[str, Any] | None) -> dict[str, Any]:
    """Give the schema of a leaf's answer; `data` has the caller's own, if it gave one."""
    properties: dict[str, Any] = {"answer": {"type": "string"}, "evidence": EVIDENCE_SCHEMA}
    if data_schema is not None:
        properties["data"] = data_schema
    return {
        "type": "object",
        "properties": properties,
        "required": sorted(properties),
        "additionalProperties": False,
    }


def check_schema(schema: object) -> dict[str, Any] | None:
    """Take a schema that came out of a sandbox.

    Raises:
        ValueError: it is no JSON Schema of an acceptable size.
    """
    if schema is None:
        return None
    if not isinstance(schema, dict) or len(json.dumps(schema)) > MOST_SCHEMA_CHARACTERS:
        raise ValueError("schema must be a JSON Schema: a dictionary of moderate size")
    given = cast("dict[str, Any]", schema)
    if found := next((key for key in _keys(given) if key in REFERENCES), None):
        raise ValueError(f"schema must be whole in itself: leave out {found}")
    try:
        _validator(given)
    except ValueError as error:
        raise ValueError(f"schema is no JSON Schema: {str(error)[:200]}") from None
    return given


def _keys(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in cast("dict[str, Any]", value).items():
            yield key
            yield from _keys(item)
    elif isinstance(value, list):
        for item in cast("list[Any]", value):
            yield from _keys(item)


def _validator(schema: dict[str, Any]) -> jsonschema_rs.Draft202012Validator:
    """Make a validator that follows no reference: by default files and addresses are opened."""
    return jsonschema_rs.Draft202012Validator(schema, retriever=_refuse)


def _refuse(uri: str) -> Any:
    raise ValueError(f"nothing is fetched for a schema: {uri[:100]}")


class Reader:
    """Answers questions about parts with one model; a scenario adds what its records are."""

    def __init__(
        self,
        context: ContextReader,
        gate: ModelCalls,
        fence: Fence,
        model: str,
        max_tokens: int,
        scenario: str | None = None,
    ) -> None:
        self._context = context
        self._gate = gate
        self._fence = fence
        self._model = model
        self._max_tokens = max_tokens
        self._prompts = ("leaf",) if scenario is None else ("leaf", f"scenarios/{scenario}")

    @property
    def prompts(self) -> tuple[str, ...]:
        """The prompt files that its calls are made with."""
        return self._prompts

    def request(
        self, part: Part, question: str, data_schema: dict[str, Any] | None
    ) -> ModelRequest:
        """Give the call that reading a part makes."""
        return self._request(self._shown(part), part, question, data_schema)

    def read(
        self, part: Part, question: str, data_schema: dict[str, Any] | None, node_uid: str
    ) -> dict[str, Any]:
        """Read a part; the answer holds only citations that have been checked.

        Raises:
            LimitReachedError: the budget has no place for the call.
            ModelError: the model could not be reached.
        """
        shown = self._shown(part)
        request = self._request(shown, part, question, data_schema)
        return _checked(self._gate.call(request, node_uid), shown, data_schema)

    def take(
        self, reply: ModelReply, part: Part, data_schema: dict[str, Any] | None
    ) -> dict[str, Any]:
        """Give the checked answer that a reply about a part holds, or an `error`."""
        return _checked(reply, self._shown(part), data_schema)

    def _shown(self, part: Part) -> Shown:
        return Shown(self._context, part.predicate)

    def _request(
        self, shown: Shown, part: Part, question: str, data_schema: dict[str, Any] | None
    ) -> ModelRequest:
        texts = [fill(name, marker=self._fence.marker) for name in self._prompts]
        body = f"{shown.text(self._fence, part.label)}\n\nQuestion: {question}"
        return ModelRequest(
            model=self._model,
            system=tuple(SystemPart(text=text, cached=text is texts[-1]) for text in texts),
            messages=(Message(role="user", content=(TextBlock(text=body),)),),
            max_tokens=self._max_tokens,
            output_schema=leaf_schema(data_schema),
        )


def _checked(reply: ModelReply, shown: Shown, data_schema: dict[str, Any] | None) -> dict[str, Any]:
    if reply.stop_reason == "refusal":
        return {"error": "the reader refused to answer"}
    try:
        answer = parse_answer(reply.text, data_schema)
    except ValueError as error:
        return {"error": f"the reader's answer can't be used: {error}"}
    cited = [Evidence(event_uid=one.event_uid, quote=one.quote or None) for one in answer.evidence]
    kept = shown.that_hold(cited)
    result: dict[str, Any] = {
        "answer": shown.in_prose(answer.answer),
        "evidence": [one.model_dump() for one in kept],
        "dropped": len(answer.evidence) - len(kept),
    }
    if data_schema is not None:
        result["data"] = shown.in_data(answer.data)
    return result


def parse_answer(text: str, data_schema: dict[str, Any] | None) -> LeafAnswer:
    """Parse and validate a leaf's JSON answer.

    Raises:
        ValueError: it is cut, no JSON, or not of the schema.
    """
    try:
        value = json.loads(unfenced(text))
        answer = LeafAnswer.model_validate(value)
    except ValidationError as error:
        raise ValueError(f"not of the schema ({error.error_count()} problems)") from None
    except (ValueError, RecursionError):
        raise ValueError("no JSON, or cut off") from None
    if data_schema is not None and not _validator(data_schema).is_valid(answer.data):
        raise ValueError("data is not of the schema")
    return answer


def unfenced(text: str) -> str:
    """Take an answer out of the code block that models like to put JSON in."""
    found = _IN_A_BLOCK.fullmatch(text.strip())
    return found[1] if found else text


def failed_reading(error: Exception) -> dict[str, Any]:
    """Give what a reader that could not be reached says to the program that asked."""
    text = str(error) if isinstance(error, ModelError) else type(error).__name__
    return {"error": text[:300]}
