"""The agent: a model drives a sandboxed session over a context until it submits an answer.

Only tool calls count: no text ends a run. What a session prints and what readers answer is data.
Every way to end gives a typed answer whose claims have been checked.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, Protocol, cast

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
from schemas.result import LimitHit
from schemas.sandbox import CellOutput
from schemas.trajectory import NodeKind, NodeRecord
from sentree.engine.fence import Fence
from sentree.engine.handles import Handles
from sentree.engine.parts import Part
from sentree.engine.prompt_files import fill, prompt_hash, prompt_text
from sentree.engine.reader import ModelCalls
from sentree.engine.verify import verify_claims
from sentree.errors import LimitReachedError, ModelError, SentreeError

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
MOST_REFUSED = 3
AFTER_REFUSAL = "That answer was withheld. Go on with the analysis: run_python, or submit."
MOST_QUESTION = 20_000


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
    """Which model, and the limits of one node's conversation."""

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
    refused: int = 0
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
        parent_uid: str | None = None,
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
        self._parent_uid = parent_uid
        self._depth = depth
        self._parts_read: list[str] = []
        self._open_session = open_session
        self._session: Session | None = None

    def run(self, question: str, whole: Part) -> AgentAnswer:
        """Work on the question until an answer is submitted, or a limit ends the work."""
        progress = _Progress([opening_message(question, whole)])
        answer = self._work(progress, whole)
        return answer.model_copy(update={"records": self._records(answer, progress)})

    def _work(self, progress: _Progress, whole: Part) -> AgentAnswer:
        for turn in range(1, self._settings.turns + 1):
            started = perf_counter()
            try:
                reply = self._gate.call(self._request(progress.messages), self._turn_uid(turn))
            except (LimitReachedError, ModelError) as error:
                self._note(progress, turn, "no answer", started, error=str(error)[:500])
                limit = error if isinstance(error, LimitReachedError) else None
                ending = "failed" if limit is None else "budget"
                return self._end(progress, ending, str(error)[:500], turn - 1, limit=limit)
            if reply.stop_reason == "refusal":
                self._note(progress, turn, "refused", started, error="the model refused")
                progress.refused += 1
                if progress.refused >= MOST_REFUSED:
                    return self._end(progress, "refused", "the model refused", turn)
                _add_to_last(progress.messages, TextBlock(text=AFTER_REFUSAL))
                continue
            try:
                answer = self._take(reply, progress, whole, turn, started)
            except SentreeError as error:
                self._note(progress, turn, "failed", started, error=str(error)[:500])
                return self._end(progress, "failed", str(error)[:500], turn)
            if answer is not None:
                return answer
            if progress.silent >= MOST_SILENT:
                return self._end(progress, "failed", "the model used no tool", turn)
        return self._end(progress, "turns", "no turn is left", self._settings.turns)

    def _request(self, messages: Sequence[Message]) -> ModelRequest:
        return agent_request(self._settings, self._fence, messages)

    def _take(
        self, reply: ModelReply, progress: _Progress, whole: Part, turn: int, started: float
    ) -> AgentAnswer | None:
        """Carry out the tool calls of one reply; gives the answer if one was accepted."""
        progress.messages.append(Message(role="assistant", content=_said(reply)))
        if not reply.tool_uses:
            progress.silent += 1
            self._note(progress, turn, "no tool", started, output=reply.text)
            progress.messages.append(_user(TextBlock(text=self._nudge(reply, turn))))
            return None
        progress.silent = 0
        results: list[Block] = []
        for use in reply.tool_uses:
            if use.error:
                results.append(_failure(use, self._fence.line(use.error, 500)))
            elif use.name == SUBMIT.name:
                outcome = self._submit(use, progress, whole, turn)
                if isinstance(outcome, AgentAnswer):
                    self._note_use(progress, turn, use, started, outcome.answer)
                    return outcome
                results.append(outcome)
            else:
                results.append(self._tool(use))
            self._note_use(progress, turn, use, started, results[-1])
            started = perf_counter()
        if turn == self._settings.turns - 1:
            results.append(TextBlock(text="One turn is left: submit now, with what you have."))
        progress.messages.append(Message(role="user", content=tuple(results)))
        return None

    def _tool(self, use: ToolUseBlock) -> ToolResultBlock:
        if use.name != RUN_PYTHON.name:
            name = self._fence.line(use.name, 60)
            return _failure(use, f"there is no tool '{name}': run_python and submit are all")
        code = use.input.get("code")
        if not isinstance(code, str):
            return _failure(use, "run_python takes {'code': text}")
        # A node that has no budget for its first turn takes no interpreter either.
        if self._session is None:
            self._session = self._open_session(self._functions())
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
        answer = self._checked(submission, whole, turn)
        failed = answer.verification.dropped
        last_chance = progress.rejected >= MOST_REJECTED or turn >= self._settings.turns
        if failed and not last_chance:
            progress.rejected += 1
            progress.last = answer
            reasons = "\n".join(f"- {one.claim.text[:200]}: {one.reason}" for one in failed[:20])
            return _failure(
                use,
                f"{len(failed)} of {answer.verification.checked} claims fail their check:\n"
                f"{self._fence.wrap('claims', reasons)}\n"
                "Mend or leave out these claims, and submit again.",
            )
        return answer

    def _checked(self, submission: Submission, whole: Part, turn: int) -> AgentAnswer:
        claims = as_claims(submission, self._node_uid)
        kept, verification = verify_claims(self._context, claims, whole.predicate)
        return self._answer(
            submission.answer,
            "submitted",
            "",
            turn,
            claims=kept,
            verification=verification,
            ruled_out=tuple(submission.ruled_out),
        )

    def _end(
        self,
        progress: _Progress,
        ending: Ending,
        reason: str,
        turns: int,
        *,
        limit: LimitReachedError | None = None,
    ) -> AgentAnswer:
        """End without an accepted submission: with what had been checked so far, if anything."""
        hit = None
        if limit is not None:
            hit = LimitHit(limit=limit.limit, allowed=limit.allowed, spent=limit.spent)
        elif ending == "turns":
            hit = LimitHit(limit="turns", allowed=turns, spent=turns)
        update = {"ending": ending, "reason": reason, "turns": turns, "limit": hit}
        if progress.last is not None:
            return progress.last.model_copy(update=update)
        text = f"No answer was submitted ({reason})."
        return self._answer(text, ending, reason, turns, limit=hit)

    def _answer(
        self, text: str, ending: Ending, reason: str, turns: int, **more: Any
    ) -> AgentAnswer:
        return AgentAnswer(
            answer=text,
            ending=ending,
            reason=reason,
            turns=turns,
            parts_read=tuple(dict.fromkeys(self._parts_read)),
            **more,
        )

    def _records(self, answer: AgentAnswer, progress: _Progress) -> tuple[NodeRecord, ...]:
        ending, reason = answer.ending, answer.reason
        below = (*progress.records, *self._readings.records())
        own = NodeRecord(
            node_uid=self._node_uid,
            parent_uid=self._parent_uid,
            kind=NodeKind.AGENT,
            depth=self._depth,
            label="agent",
            state="completed" if ending == "submitted" else "failed",
            children=tuple(record.node_uid for record in below),
            evidence_seen=len(self._handles.seen),
            limit_hit=answer.limit.limit if answer.limit else None,
            error=reason if ending in ("failed", "refused") else None,
            prompt_hash=prompt_hash(*PROMPTS),
        )
        return (own, *below)

    def _functions(self) -> Mapping[str, Callable[..., Any]]:
        working = {
            **self._handles.functions(),
            "query": self._query,
            "map_query": self._map_query,
        }
        return {
            **{name: self._within_time(function) for name, function in working.items()},
            "budget": lambda: self._remaining().model_dump(),
        }

    def _within_time(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Refuse work after the run's time is over: one cell can call a thousand times."""

        def call(*arguments: Any, **keywords: Any) -> Any:
            if self._remaining().seconds == 0:
                raise TimeoutError("the run's time is over: submit what you have")
            return function(*arguments, **keywords)

        return call

    def _query(self, part: object, question: str, schema: object = None) -> dict[str, Any]:
        return self._map_query([part], question, schema)[0]

    def _map_query(
        self, parts: object, question: str, schema: object = None
    ) -> list[dict[str, Any]]:
        if not isinstance(parts, list | tuple):
            raise ValueError("map_query takes a list of parts")
        chosen = [self._handles.part(one) for one in parts]
        self._parts_read += [part.label for part in chosen]
        # Question and schema are the model's own, but may repeat what a record told it to ask.
        asked = self._fence.tame(str(question)[:MOST_QUESTION])
        answers = self._readings.ask(chosen, asked, self._tamed(schema), self._node_uid)
        for answer in answers:
            self._handles.seen.update(ev["event_uid"] for ev in answer.get("evidence", ()))
        return answers

    def _tamed(self, value: object) -> object:
        match value:
            case str():
                return self._fence.tame(value)
            case list():
                return [self._tamed(item) for item in cast("list[object]", value)]
            case dict():
                pairs = cast("dict[str, object]", value).items()
                return {self._fence.tame(key): self._tamed(item) for key, item in pairs}
            case _:
                return value

    def _nudge(self, reply: ModelReply, turn: int) -> str:
        cut = " Your message was cut off at its limit." if reply.stop_reason == "max_tokens" else ""
        left = self._settings.turns - turn
        return f"Nothing was run: only tool calls count.{cut} {left} turns are left."

    def _turn_uid(self, turn: int) -> str:
        return f"{self._node_uid}/t{turn:02d}"

    def _note_use(
        self,
        progress: _Progress,
        turn: int,
        use: ToolUseBlock,
        started: float,
        result: Block | str,
    ) -> None:
        output = result.content if isinstance(result, ToolResultBlock) else str(result)
        code = str(use.input.get("code", "")) or json.dumps(use.input)
        self._note(progress, turn, use.name[:60], started, code=code, output=output)

    def _note(
        self,
        progress: _Progress,
        turn: int,
        label: str,
        started: float,
        *,
        code: str | None = None,
        output: str = "",
        error: str | None = None,
    ) -> None:
        """Write a turn down: once, and once more for every further tool call in it."""
        uid = self._turn_uid(turn)
        again = sum(record.node_uid.split(".t")[0] == uid for record in progress.records)
        progress.records.append(
            NodeRecord(
                node_uid=f"{uid}.t{again + 1}" if again else uid,
                parent_uid=self._node_uid,
                kind=NodeKind.TURN,
                depth=self._depth,
                label=f"turn {turn} {label}",
                state="failed" if error else "completed",
                milliseconds=round((perf_counter() - started) * 1000, 3),
                error=error,
                prompt_hash=prompt_hash(*PROMPTS),
                code=None if code is None else _encodable(code),
                output=_encodable(output),
                evidence_seen=len(self._handles.seen),
            )
        )


def opening_message(question: str, whole: Part) -> Message:
    """Give the message that a conversation begins with."""
    text = (
        f"Question: {question}\n\nThe context holds {whole.events:,} events, "
        f"{whole.characters:,} characters. You have not looked at it yet."
    )
    return _user(TextBlock(text=text))


def agent_request(
    settings: AgentSettings, fence: Fence, messages: Sequence[Message]
) -> ModelRequest:
    """Give the call of one turn: instructions and tools, and the conversation so far."""
    system = [
        SystemPart(text=fill("root", marker=fence.marker)),
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


def _encodable(text: str) -> str:
    return text[:20_000].encode("utf-8", "replace").decode("utf-8")


def _said(reply: ModelReply) -> tuple[Block, ...]:
    """Give a reply as a turn of the conversation that a server takes: with something in it."""
    kept = tuple(b for b in reply.content if not isinstance(b, TextBlock) or b.text.strip())
    spoken = any(isinstance(block, TextBlock | ToolUseBlock) for block in kept)
    return kept if spoken else (*kept, TextBlock(text="(no answer)"))


def _add_to_last(messages: list[Message], block: Block) -> None:
    last = messages[-1]
    messages[-1] = last.model_copy(update={"content": (*last.content, block)})


def _user(block: Block) -> Message:
    return Message(role="user", content=(block,))


def _failure(use: ToolUseBlock, text: str) -> ToolResultBlock:
    return ToolResultBlock(tool_use_id=use.id, content=text, is_error=True)
