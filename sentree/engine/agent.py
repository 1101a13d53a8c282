"""The agent: a model drives a sandboxed session over a context until it submits an answer.

Only tool calls count: no text ends a run. What a session prints and what readers answer is data.
Every way to end gives a typed answer whose claims have been checked.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from time import perf_counter
from typing import Any, Protocol

from schemas.agent import AgentAnswer, Ending
from schemas.agent_state import NodeState
from schemas.budget import Remaining
from schemas.model import (
    Block,
    Message,
    ModelReply,
    ModelRequest,
    TextBlock,
    ToolResultBlock,
    ToolUseBlock,
)
from schemas.ports import ContextReader
from schemas.result import LimitHit
from schemas.sandbox import CellOutput
from schemas.trajectory import NodeKind, NodeRecord
from sentree.engine.agent_tools import (
    PROMPTS,
    RUN_PYTHON,
    SUBMIT,
    AgentSettings,
    agent_request,
    opening_message,
)
from sentree.engine.conversation import Conversation, failure, said
from sentree.engine.fence import Fence
from sentree.engine.handles import Handles
from sentree.engine.looked_at import RowSet
from sentree.engine.node_functions import Functions, NodeFunctions, Readings
from sentree.engine.node_memory import Kept, NodeMemory, StoredSession
from sentree.engine.parts import Part
from sentree.engine.prompt_files import prompt_hash
from sentree.engine.readings import TOO_BIG
from sentree.engine.submission import MOST_REJECTED, as_claims, read_submission, sent_back
from sentree.engine.verify import verify_claims
from sentree.errors import LakeError, LimitReachedError, ModelError, SandboxError, SentreeError

MOST_SILENT = 3
MOST_REFUSED = 3
AFTER_REFUSAL = "That answer was withheld. Go on with the analysis: run_python, or submit."


class Session(Protocol):
    """A sandboxed Python session; `calls_left` counts the calls of functions it may still make."""

    calls_left: int

    def run(self, code: str) -> CellOutput:
        """Run one cell."""
        ...

    def dump(self) -> bytes:
        """Give the variables.

        Raises:
            SandboxError: they can't be stored.
        """
        ...


class Calls(Protocol):
    """The gate, as an agent needs it."""

    def call(self, request: ModelRequest, node_uid: str) -> ModelReply:
        """Make a call within the budget, or find it among those already paid for."""
        ...

    def recall(self, request: ModelRequest) -> ModelReply | None:
        """Give the stored reply to a request, if there is one; nothing is sent."""
        ...

    def key(self, request: ModelRequest) -> str:
        """Give the key of a call."""
        ...


class Agent:
    """One node of the agent path: a conversation with a model, and a session it drives.

    With a `memory`, what the node is after each turn is kept, and a node that was cut off goes on
    from the newest state that fits the stored replies; without one it makes its turns again.
    """

    def __init__(
        self,
        context: ContextReader,
        gate: Calls,
        fence: Fence,
        handles: Handles,
        readings: Readings,
        open_session: Callable[[Functions, StoredSession | None], Session],
        remaining: Callable[[], Remaining],
        settings: AgentSettings,
        *,
        memory: NodeMemory | None = None,
        node_uid: str = "n",
        parent_uid: str | None = None,
        depth: int = 0,
    ) -> None:
        self._context = context
        self._gate = gate
        self._fence = fence
        self._handles = handles
        self._readings = readings
        self._settings = settings
        self._memory = memory
        self._node_uid = node_uid
        self._parent_uid = parent_uid
        self._depth = depth
        self._offered = NodeFunctions(handles, readings, fence, remaining, node_uid)
        self._open_session = open_session
        self._session: Session | None = None

    def run(self, question: str, whole: Part) -> AgentAnswer:
        """Work on the question until an answer is submitted, or a limit ends the work."""
        opening = opening_message(question, whole)
        talk = self._taken_up(opening) or Conversation(self._node_uid, self._depth, [opening])
        answer = self._work(talk, whole)
        update = {"records": self._records(answer, talk), "shown": self._shown()}
        return answer.model_copy(update=update)

    def _work(self, talk: Conversation, whole: Part) -> AgentAnswer:
        for turn in range(talk.turn + 1, self._settings.turns + 1):
            started = perf_counter()
            try:
                reply = self._gate.call(self._request(talk.messages), talk.turn_uid(turn))
            except (LimitReachedError, ModelError) as error:
                self._note(talk, turn, "no answer", started, error=str(error)[:500])
                limit = error if isinstance(error, LimitReachedError) else None
                ending = "failed" if limit is None else "budget"
                return self._end(talk, ending, str(error)[:500], turn - 1, limit=limit)
            if reply.stop_reason == "refusal":
                self._note(talk, turn, "refused", started, error="the model refused")
                talk.refused += 1
                if talk.refused >= MOST_REFUSED:
                    return self._end(talk, "refused", "the model refused", turn)
                talk.add_to_last(TextBlock(text=AFTER_REFUSAL))
                continue
            try:
                answer = self._take(reply, talk, whole, turn, started)
            except SentreeError as error:
                self._note(talk, turn, "failed", started, error=str(error)[:500])
                return self._end(talk, "failed", str(error)[:500], turn)
            if answer is not None:
                return answer
            if talk.silent >= MOST_SILENT:
                return self._end(talk, "failed", "the model used no tool", turn)
            talk.turn = turn
            self._keep(talk)
        return self._end(talk, "turns", "no turn is left", self._settings.turns)

    def _request(self, messages: Sequence[Message]) -> ModelRequest:
        return agent_request(self._settings, self._fence, messages)

    # One turn.

    def _take(
        self, reply: ModelReply, talk: Conversation, whole: Part, turn: int, started: float
    ) -> AgentAnswer | None:
        """Carry out the tool calls of one reply; gives the answer if one was accepted."""
        talk.messages.append(Message(role="assistant", content=said(reply)))
        if not reply.tool_uses:
            talk.silent += 1
            self._note(talk, turn, "no tool", started, output=reply.text)
            nudge = TextBlock(text=self._nudge(reply, turn))
            talk.messages.append(Message(role="user", content=(nudge,)))
            return None
        talk.silent = 0
        results: list[Block] = []
        for use in reply.tool_uses:
            if use.error:
                results.append(failure(use, self._fence.line(use.error, 500)))
            elif use.name == SUBMIT.name:
                outcome = self._submit(use, talk, whole, turn)
                if isinstance(outcome, AgentAnswer):
                    self._note_use(talk, turn, use, started, outcome.answer)
                    return outcome
                results.append(outcome)
            else:
                results.append(self._tool(use))
            self._note_use(talk, turn, use, started, results[-1])
            started = perf_counter()
        if turn == self._settings.turns - 1:
            results.append(TextBlock(text="One turn is left: submit now, with what you have."))
        talk.messages.append(Message(role="user", content=tuple(results)))
        return None

    def _nudge(self, reply: ModelReply, turn: int) -> str:
        cut = " Your message was cut off at its limit." if reply.stop_reason == "max_tokens" else ""
        left = self._settings.turns - turn
        return f"Nothing was run: only tool calls count.{cut} {left} turns are left."

    def _tool(self, use: ToolUseBlock) -> ToolResultBlock:
        if use.name != RUN_PYTHON.name:
            name = self._fence.line(use.name, 60)
            return failure(use, f"there is no tool '{name}': run_python and submit are all")
        code = use.input.get("code")
        if not isinstance(code, str):
            return failure(use, "run_python takes {'code': text}")
        # A node that has no budget for its first turn takes no interpreter either.
        if self._session is None:
            self._session = self._open_session(self._offered.functions(), None)
        output = self._session.run(code)
        text = self._fence.wrap("output", output.text or "(nothing was printed)")
        if output.true_length > len(output.text):
            text += f"\n{output.true_length:,} characters were printed in all."
        if output.error:
            text += "\n" + self._fence.wrap("error", output.error)
        return ToolResultBlock(tool_use_id=use.id, content=text, is_error=bool(output.error))

    def _submit(
        self, use: ToolUseBlock, talk: Conversation, whole: Part, turn: int
    ) -> AgentAnswer | ToolResultBlock:
        submission = read_submission(use)
        if isinstance(submission, ToolResultBlock):
            return submission
        claims = as_claims(submission, self._node_uid)
        kept, verification = verify_claims(self._context, claims, whole.predicate)
        answer = self._answer(
            submission.answer,
            "submitted",
            "",
            turn,
            claims=kept,
            verification=verification,
            ruled_out=tuple(submission.ruled_out),
        )
        last_chance = talk.rejected >= MOST_REJECTED or turn >= self._settings.turns
        if verification.dropped and not last_chance:
            talk.rejected += 1
            talk.last = answer
            return sent_back(use, verification, self._fence)
        return answer

    # Between turns.

    def _keep(self, talk: Conversation) -> None:
        """Keep what the node is now, unless making its turns again could give more than this."""
        if self._memory is None or any(was_refused(one) for one in self._readings.records()):
            return
        session = None
        try:
            if self._session is not None:
                session = StoredSession(self._session.dump(), self._session.calls_left)
        except SandboxError:
            return
        state = NodeState(
            turn=talk.turn,
            messages=tuple(talk.messages),
            records=tuple(talk.records),
            silent=talk.silent,
            refused=talk.refused,
            rejected=talk.rejected,
            last=talk.last,
            parts=self._handles.parts.saved(),
            parts_read=tuple(self._offered.parts_read),
            seen=tuple(sorted(self._handles.seen)),
            readings=tuple(self._readings.records()),
            asked=self._readings.asked,
            read=tuple(sorted(part.name for part in self._readings.read)),
            calls_left=None if session is None else session.calls_left,
        )
        self._memory.keep(Kept(self._gate.key(self._request(talk.messages)), state, session))

    def _taken_up(self, opening: Message) -> Conversation | None:
        """Go on from the newest state that is kept, fits the stored replies, and can be loaded."""
        for kept in self._memory.kept() if self._memory is not None else ():
            state = kept.state
            if not self._fits(kept, opening):
                continue
            if kept.session is not None:
                try:
                    self._session = self._open_session(self._offered.functions(), kept.session)
                except SandboxError:
                    continue
            self._handles.parts.restore(state.parts)
            self._handles.seen = set(state.seen)
            read = [self._handles.part(name) for name in state.read]
            self._readings.resume(state.asked, state.readings, read)
            self._offered.parts_read = list(state.parts_read)
            if self._memory is not None:
                self._memory.adopt(state)
            return Conversation.resumed(self._node_uid, self._depth, state)
        return None

    def _fits(self, kept: Kept, opening: Message) -> bool:
        """Tell whether a conversation is the one that making the turns again would lead to."""
        messages = kept.state.messages
        if not messages or messages[0].content[: len(opening.content)] != opening.content:
            return False
        if self._gate.key(self._request(messages)) != kept.key:
            return False
        for place, message in enumerate(messages):
            if message.role == "assistant":
                reply = self._gate.recall(self._request(messages[:place]))
                if reply is None or said(reply) != message.content:
                    return False
        return True

    # The end.

    def _end(
        self,
        talk: Conversation,
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
        if talk.last is not None:
            return talk.last.model_copy(update=update)
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
            parts_read=tuple(dict.fromkeys(self._offered.parts_read)),
            **more,
        )

    def _records(self, answer: AgentAnswer, talk: Conversation) -> tuple[NodeRecord, ...]:
        ending, reason = answer.ending, answer.reason
        below = (*talk.records, *self._readings.records())
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

    def _shown(self) -> str:
        parts = [part.predicate for part in self._readings.read]
        try:
            return RowSet.of(self._context, parts, self._handles.seen).dump()
        except LakeError:
            return ""

    def _note(
        self,
        talk: Conversation,
        turn: int,
        label: str,
        started: float,
        *,
        code: str | None = None,
        output: str = "",
        error: str | None = None,
    ) -> None:
        seen = len(self._handles.seen)
        talk.note(turn, label, started, seen, code=code, output=output, error=error)

    def _note_use(
        self, talk: Conversation, turn: int, use: ToolUseBlock, started: float, result: Block | str
    ) -> None:
        output = result.content if isinstance(result, ToolResultBlock) else str(result)
        code = str(use.input.get("code", "")) or json.dumps(use.input)
        self._note(talk, turn, use.name[:60], started, code=code, output=output)


def was_refused(record: NodeRecord) -> bool:
    """Tell whether a reading could be answered when it is asked for again."""
    return record.state == "failed" and record.limit_hit != TOO_BIG
