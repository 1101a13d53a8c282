"""One run of the agent path over a context: the shared parts, and the nodes made from them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC
from hashlib import sha256
from pathlib import Path
from time import perf_counter
from typing import Any, Self

from schemas.agent import AgentAnswer
from schemas.agent_state import NodeState
from schemas.ask import AskRequest
from schemas.budget import Usage
from schemas.context import ContextInfo
from schemas.ports import ContextReader
from schemas.redaction import RedactionPolicy
from schemas.trajectory import NodeRecord, Predicate
from sentree.analysis.journal import BudgetJournal
from sentree.engine.agent import Agent, was_refused
from sentree.engine.agent_tools import AgentSettings
from sentree.engine.direct import answer_directly, direct_request, pick
from sentree.engine.fence import Fence
from sentree.engine.gate import Gate
from sentree.engine.handles import Handles
from sentree.engine.looked_at import union
from sentree.engine.node_memory import Kept, StoredSession
from sentree.engine.parts import Parts
from sentree.engine.reader import ModelCalls, Reader
from sentree.engine.readings import Batching, Readings, RunAll, SubCall
from sentree.engine.redaction import Redactor
from sentree.engine.sandbox import PythonSandbox, PythonSession
from sentree.engine.verify import EVERYWHERE
from sentree.lake.context import Context
from sentree.lake.node_states import NodeStates
from sentree.lake.search_index import search
from sentree.lake.sql_sandbox import SqlSandbox

TABLES = ("events", "detections", "documents")
HOST_CALLS = 2_000
LEAF_TOKENS = 4_000
WHOLE = "the whole context"
JOURNAL = "budget.jsonl"


class AgentRun:
    """Holds what the nodes of one run share: context, gate, sandboxes, fence.

    The marker follows from the installation's secret, the context's content and the question,
    and everything else that a request holds from the context and from earlier answers: a run
    made again makes the same requests, and the gate's store answers those it has.

    Args:
        info: The exported context.
        request: What is asked, and with which limits.
        gate: Where model calls leave.
        secret: The installation's secret.
        folder: Where the run keeps what `budget()` told its cells; without one, it does not.
        marker: A recorded marker, to replay the calls it stands in.
        run_all: How sub-calls are carried out; in threads of this process by default.
        states: Where nodes keep what they are between turns; without it, a run that was cut off
            makes its turns again, of stored answers.
        redactor: What the gate redacts with; what is kept of conversations is kept as sent.
    """

    def __init__(
        self,
        info: ContextInfo,
        request: AskRequest,
        gate: Gate,
        secret: bytes,
        *,
        folder: Path | None = None,
        marker: str | None = None,
        run_all: RunAll | None = None,
        states: NodeStates | None = None,
        redactor: Redactor | None = None,
    ) -> None:
        self._info = info
        self._request = request
        self._gate = gate
        self._fence = question_fence(info, request, secret)
        self._fence.marker = marker or self._fence.marker
        self._run_all = run_all
        journal = None if folder is None else folder / JOURNAL
        self.journal = BudgetJournal(journal, gate.budget.remaining)
        self._closing = ExitStack()
        self._context = self._closing.enter_context(Context.open(Path(info.path)))
        self._sql = self._closing.enter_context(SqlSandbox(Path(info.path), TABLES))
        self._python = self._closing.enter_context(PythonSandbox())
        self._states = states
        self.redactor = redactor or Redactor(RedactionPolicy())
        self._extra: dict[str, AgentAnswer] = {}
        self._reused: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.close()

    @property
    def marker(self) -> str:
        """What stands around the data in this run's requests."""
        return self._fence.marker

    def agent(self) -> AgentAnswer:
        """Let the model explore the whole context."""
        answer = self._node("n", None, 0, EVERYWHERE, WHOLE, self._request.query.text)
        all_answers = (answer, *self.below("n"))
        records = tuple(record for one in all_answers for record in one.records)
        shown = union([one.shown for one in all_answers]).dump()
        if self._states is not None and answer.ending == "submitted":
            self._states.clear()
        return self._accounted(answer.model_copy(update={"records": records, "shown": shown}))

    def direct(self) -> AgentAnswer:
        """Make one call over what fits."""
        request = self._request
        parts = Parts(self._context, EVERYWHERE, WHOLE)
        picked = pick(self._context, parts, request.query.text, request.direct_characters)
        call = direct_request(
            picked, request.query.text, self._fence, request.model, request.max_tokens
        )
        call = call.model_copy(update={"thinking_tokens": request.thinking_tokens})
        started = perf_counter()
        answer = answer_directly(self._context, self._gate, call, picked)
        spent = round((perf_counter() - started) * 1000, 3)
        records = [one.model_copy(update={"milliseconds": spent}) for one in answer.records]
        return self._accounted(answer.model_copy(update={"records": tuple(records)}))

    @property
    def reused(self) -> set[str]:
        """The keys of calls that another run had paid for."""
        found = {one.key for one in self._gate.records() if one.state == "reused"}
        return self._reused | found

    def below(self, node_uid: str) -> tuple[AgentAnswer, ...]:
        """Give the answers of the child agents under a node so far."""
        found = dict(self._extra)
        return tuple(found[uid] for uid in sorted(found) if uid.startswith(f"{node_uid}."))

    def take_over(self, below: Sequence[AgentAnswer], reused: Sequence[str]) -> None:
        """Take over what child agents had answered before the run was cut off."""
        self._extra |= {one.records[0].node_uid: one for one in below}
        self._reused |= set(reused)

    def _accounted(self, answer: AgentAnswer) -> AgentAnswer:
        """Add what each node was charged; together the records hold what the run spent."""
        charges = self._gate.charges()
        records = tuple(
            self.redactor.record(_charged(record, charges)) for record in answer.records
        )
        return answer.model_copy(update={"records": records, "usage": self._gate.budget.spent})

    def _node(
        self,
        node_uid: str,
        parent_uid: str | None,
        depth: int,
        predicate: Predicate,
        label: str,
        question: str,
    ) -> AgentAnswer:
        request = self._request
        parts = Parts(self._context, predicate, label)
        readings = Readings(
            leaf_reader(self._context, request, self._fence, self._gate),
            leaf_characters=request.leaf_characters,
            workers=request.workers,
            depth=depth,
            spawn=self._child if depth < request.caps.depth else None,
            run_all=self._run_all,
            batching=Batching(self._gate.call_batch, request.batch) if request.batch else None,
        )
        with ExitStack() as closing:
            agent = Agent(
                self._context,
                self._gate,
                self._fence,
                Handles(self._context, parts, self._sql, search),
                readings,
                lambda functions, stored: closing.enter_context(
                    self._session(functions, node_uid, stored)
                ),
                self._gate.budget.remaining,
                agent_settings(request),
                memory=None if self._states is None else _Memory(self, self._states, node_uid),
                node_uid=node_uid,
                parent_uid=parent_uid,
                depth=depth,
            )
            return agent.run(question, parts.whole)

    def _child(self, call: SubCall) -> dict[str, Any]:
        """Let a child agent, with a session of its own, read a part too big for one call."""
        answer = self._node(
            f"{call.node_uid}.a",
            call.node_uid,
            call.depth,
            call.part.predicate,
            call.part.label,
            call.question,
        )
        self._extra[f"{call.node_uid}.a"] = answer
        if answer.ending != "submitted":
            return {"error": answer.reason}
        evidence = {
            (ev.event_uid, ev.quote): ev for claim in answer.claims for ev in claim.evidence
        }
        return {
            "answer": answer.answer,
            "evidence": [one.model_dump() for one in evidence.values()],
            "claims": [claim.text for claim in answer.claims],
            "dropped": len(answer.verification.dropped),
        }

    def _session(
        self,
        functions: Mapping[str, Callable[..., Any]],
        node_uid: str,
        stored: StoredSession | None,
    ) -> PythonSession:
        seed = int.from_bytes(sha256(f"{self._info.content_hash}{node_uid}".encode()).digest()[:4])
        working = {**functions, "budget": lambda: self.journal.tell(node_uid)}
        now = self._info.window.end.astimezone(UTC)
        if stored is None:
            return self._python.session(working, calls=HOST_CALLS, now=now, seed=seed)
        return self._python.restore(
            stored.dump, working, calls=HOST_CALLS, left=stored.calls_left, now=now, seed=seed
        )


class _Memory:
    """What one node keeps between turns, together with what of it lies outside the node."""

    def __init__(self, run: AgentRun, states: NodeStates, node_uid: str) -> None:
        self._run = run
        self._states = states
        self._node_uid = node_uid

    def keep(self, kept: Kept) -> None:
        """Keep a state, unless a child's readings could be answered when asked for again."""
        below = self._run.below(self._node_uid)
        if any(was_refused(record) for answer in below for record in answer.records):
            return
        state = self._run.redactor.state(kept.state).model_copy(
            update={
                "told": self._run.journal.asked(self._node_uid),
                "below": below,
                "reused": tuple(sorted(self._run.reused)),
            }
        )
        session = None if kept.session is None else kept.session.dump
        self._states.keep(self._node_uid, kept.key, state, session)

    def kept(self) -> Iterator[Kept]:
        """Give what is kept, the newest first."""
        for key, state, dump in self._states.kept(self._node_uid):
            session = None
            if dump is not None:
                session = StoredSession(dump, state.calls_left or 0)
            yield Kept(key, self._run.redactor.restored_state(state), session)

    def adopt(self, state: NodeState) -> None:
        """Take over what child agents answered and what the node was told."""
        self._run.journal.resume(self._node_uid, state.told)
        self._run.take_over(state.below, state.reused)


def question_fence(info: ContextInfo, request: AskRequest, secret: bytes) -> Fence:
    """Give the fence of a question over a context: the same whenever it is asked again."""
    return Fence(secret, f"{info.content_hash}:{request.query.text}")


def leaf_reader(
    context: ContextReader, request: AskRequest, fence: Fence, gate: ModelCalls
) -> Reader:
    """Give what reads parts in the agent's stead."""
    model = request.leaf_model or request.model
    return Reader(context, gate, fence, model, min(LEAF_TOKENS, request.max_tokens))


def agent_settings(request: AskRequest) -> AgentSettings:
    """Give the limits of an agent's conversation."""
    return AgentSettings(
        request.model,
        request.turns,
        request.max_tokens,
        thinking_tokens=request.thinking_tokens,
    )


def _charged(record: NodeRecord, charges: Mapping[str, Usage]) -> NodeRecord:
    usage = charges.get(record.node_uid)
    if usage is None:
        return record
    return record.model_copy(
        update={
            "input_tokens": usage.tokens - usage.output_tokens,
            "output_tokens": usage.output_tokens,
            "usd": usage.usd,
        }
    )
