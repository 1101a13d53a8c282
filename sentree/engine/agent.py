"""The agent: a model drives a sandboxed session over a context until it submits an answer.

Only tool calls count: no text ends a run. What a session prints and what readers answer is data.
Every way to end gives a typed answer whose claims have been checked.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from time import perf_counter
from typing import Any, Protocol

from pydantic import ValidationError

from schemas.agent import AgentAnswer, Ending, Submission, SubmittedEvidence
from schemas.budget import Remaining
from schemas.claim import Claim, Evidence
from schemas.model import (
    Block,
    Message,
    ModelReply,
    ModelRequest,
    SystemPart,
    TextBlock,
    ToolResultBlock,
    ToolSpec,
    ToolUseBlock,
)
from schemas.ports import ContextReader
from schemas.sandbox import CellOutput
from schemas.trajectory import NodeKind, NodeRecord
from sentree.engine.fence import Fence
from sentree.engine.handles import Handles
from sentree.engine.parts import Part
from sentree.engine.prompt_files import fill, prompt_hash, prompt_text
from sentree.engine.reader import ModelCalls
from sentree.engine.verify import verify_claims
from sentree.errors import LimitReachedError, ModelError

RUN_PYTHON = ToolSpec(
    name="run_python",
    description="Run one cell of Python in the session; what it prints comes back.",
    input_schema={
        "type": "object",
        "properties": {"code": {"type": "string", "description": "Python source of one cell."}},
        "required": ["code"],
        "additionalProperties": False,
    },
)
_EVIDENCE = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {"event_uid": {"type": "string"}, "quote": {"type": "string"}},
        "required": ["event_uid"],
        "additionalProperties": False,
    },
}
SUBMISSION_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "answer": {"type": "string"},
        "claims": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "text": {"type": "string"},
                    "evidence": _EVIDENCE,
                    "against": _EVIDENCE,
                    "techniques": {"type": "array", "items": {"type": "string"}},
                },
                "required": ["text", "evidence"],
                "additionalProperties": False,
            },
        },
        "ruled_out": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["answer", "claims"],
    "additionalProperties": False,
}
SUBMIT = ToolSpec(
    name="submit",
    description="Give the answer, each claim with the events it rests on. This ends the work.",
    input_schema=SUBMISSION_SCHEMA,
)
PROMPTS = ("root", "limits")
MOST_SILENT = 3
MOST_REJECTED = 2


class Session(Protocol):
    """A sandboxed Python session."""

    def run(self, code: str) -> CellOutput:
        """Run one cell."""
        ...


class Readings(Protocol):
    """Asks readers about parts, in parallel where there are several."""

    def ask(
        self, parts: Sequence[Part], question: str, schema: object, parent: str
    ) -> list[dict[str, Any]]:
        """Give one answer per part, in order; a failure is an answer with `error`."""
        ...

    def records(self) -> Sequence[NodeRecord]:
        """Give the records of all readings so far."""
        ...


@dataclass(frozen=True, slots=True)
class AgentSettings:
    """`model` and the limits of one node's conversation."""

    model: str
    turns: int = 20
    max_tokens: int = 8_000
    thinking_tokens: int | None = None
    domain: str = ""


@dataclass(slots=True)
class _Progress:
    messages: list[Message]
    records: list[NodeRecord] = field(default_factory=list[NodeRecord])
    silent: int = 0
    rejected: int = 0
    last: AgentAnswer | None = None


class Agent:
    """One node of the agent path: a conversation with a model, and a session it drives."""

    def __init__(
        self,
        context: ContextReader,
        gate: ModelCalls,
        fence: Fence,
        handles: Handles,
        readings: Readings,
        open_session: Callable[[Mapping[str, Callable[..., Any]]], Session],
        remaining: Callable[[], Remaining],
        settings: AgentSettings,
        *,
        node_uid: str = "n",
        depth: int = 0,
    ) -> None:
        self._context = context
        self._gate = gate
        self._fence = fence
        self._handles = handles
        self._readings = readings
        self._remaining = remaining
        self._settings = settings
        self._node_uid = node_uid
        self._depth = depth
        self._parts_read: list[str] = []
        self._session = open_session(self._functions())

    def run(self, question: str, whole: Part) -> AgentAnswer:
        """Work on the question until an answer is submitted, or a limit ends the work."""
        opening = (
            f"Question: {question}\n\nThe context holds {whole.events:,} events, "
            f"{whole.characters:,} characters. You have not looked at it yet."
        )
        progress = _Progress([_user(TextBlock(text=opening))])
        for turn in range(1, self._settings.turns + 1):
            try:
                reply = self._gate.call(self._request(progress.messages), self._node_uid)
            except LimitReachedError as limit:
                return self._end(progress, whole, "budget", str(limit), turn - 1)
            except ModelError as error:
                return self._end(progress, whole, "failed", str(error)[:500], turn - 1)
            if reply.stop_reason == "refusal":
                return self._end(progress, whole, "refused", "the model refused", turn)
            answer = self._take(reply, progress, whole, turn)
            if answer is not None:
                return answer
            if progress.silent >= MOST_SILENT:
                return self._end(progress, whole, "failed", "the model used no tool", turn)
        return self._end(progress, whole, "turns", "no turn is left", self._settings.turns)

    def _request(self, messages: Sequence[Message]) -> ModelRequest:
        settings = self._settings
        system = [
            SystemPart(text=fill("root", marker=self._fence.marker)),
            SystemPart(text=prompt_text("limits"), cached=not settings.domain),
        ]
        if settings.domain:
            system.append(SystemPart(text=settings.domain, cached=True))
        return ModelRequest(
            model=settings.model,
            system=tuple(system),
            messages=tuple(messages),
            tools=(RUN_PYTHON, SUBMIT),
            max_tokens=settings.max_tokens,
            thinking_tokens=settings.thinking_tokens,
        )

    def _take(
        self, reply: ModelReply, progress: _Progress, whole: Part, turn: int
    ) -> AgentAnswer | None:
        """Carry out the tool calls of one reply; gives the answer if one was accepted."""
        content = reply.content or (TextBlock(text="(no answer)"),)
        progress.messages.append(Message(role="assistant", content=content))
        if not reply.tool_uses:
            progress.silent += 1
            progress.messages.append(_user(TextBlock(text=self._nudge(reply, turn))))
            return None
        progress.silent = 0
        results: list[Block] = []
        for use in reply.tool_uses:
            started = perf_counter()
            if use.name == SUBMIT.name:
                outcome = self._submit(use, progress, whole, turn)
                if isinstance(outcome, AgentAnswer):
                    return outcome
                results.append(outcome)
            else:
                results.append(self._tool(use))
            progress.records.append(self._turn_record(use, results[-1], turn, started))
        if turn == self._settings.turns - 1:
            results.append(TextBlock(text="One turn is left: submit now, with what you have."))
        progress.messages.append(Message(role="user", content=tuple(results)))
        return None

    def _tool(self, use: ToolUseBlock) -> ToolResultBlock:
        if use.name != RUN_PYTHON.name:
            return _failure(
                use, f"there is no tool '{use.name[:60]}': run_python and submit are all"
            )
        code = use.input.get("code")
        if not isinstance(code, str):
            return _failure(use, "run_python takes {'code': text}")
        output = self._session.run(code)
        text = self._fence.wrap("output", output.text or "(nothing was printed)")
        if output.true_length > len(output.text):
            text += f"\n{output.true_length:,} characters were printed in all."
        if output.error:
            text += "\n" + self._fence.wrap("error", output.error)
        return ToolResultBlock(tool_use_id=use.id, content=text, is_error=bool(output.error))

    def _submit(
        self, use: ToolUseBlock, progress: _Progress, whole: Part, turn: int
    ) -> AgentAnswer | ToolResultBlock:
        try:
            submission = Submission.model_validate(use.input)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            return _failure(use, f"not accepted: {where}: {first['msg']}")
        answer = self._checked(submission, progress, whole, turn)
        failed = answer.verification.dropped
        last_chance = progress.rejected >= MOST_REJECTED or turn >= self._settings.turns
        if failed and not last_chance:
            progress.rejected += 1
            progress.last = answer
            reasons = "\n".join(
                f"- {self._fence.tame(one.claim.text[:200])}: {one.reason}" for one in failed[:20]
            )
            return _failure(
                use,
                f"{len(failed)} of {answer.verification.checked} claims fail their check:\n"
                f"{reasons}\nMend or leave out these claims, and submit again.",
            )
        return answer

    def _checked(
        self, submission: Submission, progress: _Progress, whole: Part, turn: int
    ) -> AgentAnswer:
        claims = as_claims(submission, self._node_uid)
        kept, verification = verify_claims(self._context, claims, whole.predicate)
        return self._answer(
            submission.answer,
            "submitted",
            "",
            turn,
            progress,
            claims=kept,
            verification=verification,
            ruled_out=tuple(submission.ruled_out),
        )

    def _end(
        self, progress: _Progress, whole: Part, ending: Ending, reason: str, turns: int
    ) -> AgentAnswer:
        """End without an accepted submission: with what had been checked so far, if anything."""
        if progress.last is not None:
            return progress.last.model_copy(
                update={"ending": ending, "reason": reason, "turns": turns}
            )
        text = f"No answer was submitted ({reason})."
        return self._answer(text, ending, reason, turns, progress)

    def _answer(
        self,
        text: str,
        ending: Ending,
        reason: str,
        turns: int,
        progress: _Progress,
        **more: Any,
    ) -> AgentAnswer:
        own = NodeRecord(
            node_uid=self._node_uid,
            parent_uid=None,
            kind=NodeKind.AGENT,
            depth=self._depth,
            label="agent",
            state="completed" if ending == "submitted" else "failed",
            children=tuple(record.node_uid for record in progress.records),
            evidence_seen=len(self._handles.seen),
            limit_hit=reason if ending in ("budget", "turns") else None,
            error=reason if ending in ("failed", "refused") else None,
            prompt_hash=prompt_hash(*PROMPTS),
        )
        return AgentAnswer(
            answer=text,
            ending=ending,
            reason=reason,
            turns=turns,
            records=(own, *progress.records, *self._readings.records()),
            parts_read=tuple(dict.fromkeys(self._parts_read)),
            **more,
        )

    def _functions(self) -> Mapping[str, Callable[..., Any]]:
        return {
            **self._handles.functions(),
            "query": self._query,
            "map_query": self._map_query,
            "budget": lambda: self._remaining().model_dump(),
        }

    def _query(self, part: object, question: str, schema: object = None) -> dict[str, Any]:
        return self._map_query([part], question, schema)[0]

    def _map_query(
        self, parts: object, question: str, schema: object = None
    ) -> list[dict[str, Any]]:
        if not isinstance(parts, list | tuple):
            raise ValueError("map_query takes a list of parts")
        chosen = [self._handles.part(one) for one in parts]
        self._parts_read += [part.label for part in chosen]
        answers = self._readings.ask(chosen, str(question)[:20_000], schema, self._node_uid)
        for answer in answers:
            self._handles.seen.update(ev["event_uid"] for ev in answer.get("evidence", ()))
        return answers

    def _nudge(self, reply: ModelReply, turn: int) -> str:
        cut = " Your message was cut off at its limit." if reply.stop_reason == "max_tokens" else ""
        left = self._settings.turns - turn
        return f"Nothing was run: only tool calls count.{cut} {left} turns are left."

    def _turn_record(
        self, use: ToolUseBlock, result: Block, turn: int, started: float
    ) -> NodeRecord:
        output = result.content if isinstance(result, ToolResultBlock) else ""
        return NodeRecord(
            node_uid=f"{self._node_uid}/t{turn:02d}-{sha256(use.id.encode()).hexdigest()[:6]}",
            parent_uid=self._node_uid,
            kind=NodeKind.TURN,
            depth=self._depth,
            label=f"turn {turn} {use.name[:60]}",
            state="completed",
            milliseconds=round((perf_counter() - started) * 1000, 3),
            code=str(use.input.get("code", ""))[:20_000] or json.dumps(use.input)[:20_000],
            output=output[:20_000],
            evidence_seen=len(self._handles.seen),
        )


def as_claims(submission: Submission, node_uid: str) -> list[Claim]:
    """Give what a model submitted as claims that can be checked."""
    return [
        Claim(
            claim_uid=f"c{number}",
            text=claim.text,
            evidence=_evidence(claim.evidence),
            against=_evidence(claim.against),
            techniques=tuple(claim.techniques),
            node_uid=node_uid,
        )
        for number, claim in enumerate(submission.claims, 1)
    ]


def _evidence(submitted: Sequence[SubmittedEvidence]) -> tuple[Evidence, ...]:
    return tuple(Evidence(event_uid=one.event_uid, quote=one.quote or None) for one in submitted)


def _user(block: Block) -> Message:
    return Message(role="user", content=(block,))


def _failure(use: ToolUseBlock, text: str) -> ToolResultBlock:
    return ToolResultBlock(tool_use_id=use.id, content=text, is_error=True)
