"""One run of the agent path over a context: the shared parts, and the nodes made from them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import UTC
from hashlib import sha256
from pathlib import Path
from typing import Any, Self

from schemas.agent import AgentAnswer
from schemas.ask import AskRequest
from schemas.context import ContextInfo
from schemas.trajectory import Predicate
from sentree.engine.agent import Agent, AgentSettings
from sentree.engine.direct import answer_directly, direct_request, pick
from sentree.engine.fence import Fence
from sentree.engine.gate import Gate
from sentree.engine.handles import Handles
from sentree.engine.parts import Parts
from sentree.engine.reader import Reader
from sentree.engine.readings import Readings, SubCall
from sentree.engine.sandbox import PythonSandbox, PythonSession
from sentree.engine.verify import EVERYWHERE
from sentree.lake.context import Context
from sentree.lake.search_index import search
from sentree.lake.sql_sandbox import SqlSandbox

TABLES = ("events", "detections", "documents")
HOST_CALLS = 2_000
LEAF_TOKENS = 4_000


class AgentRun:
    """Holds what the nodes of one run share: context, gate, sandboxes, fence."""

    def __init__(self, info: ContextInfo, request: AskRequest, gate: Gate, secret: bytes) -> None:
        self._info = info
        self._request = request
        self._gate = gate
        self._fence = Fence(secret, f"{info.content_hash}:{request.query.text}")
        self._closing = ExitStack()
        self._context = self._closing.enter_context(Context.open(Path(info.path)))
        self._sql = self._closing.enter_context(SqlSandbox(Path(info.path), TABLES))
        self._python = self._closing.enter_context(PythonSandbox())
        self._extra: list[AgentAnswer] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.close()

    def agent(self) -> AgentAnswer:
        """Let the model explore the whole context."""
        answer = self._node("n", 0, EVERYWHERE, "the whole context", self._request.query.text)
        children = sorted(self._extra, key=lambda one: one.records[0].node_uid)
        records = tuple(record for one in (answer, *children) for record in one.records)
        return answer.model_copy(update={"records": records, "usage": self._gate.budget.spent})

    def direct(self) -> AgentAnswer:
        """Make one call over what fits."""
        request = self._request
        parts = Parts(self._context, EVERYWHERE, "the whole context")
        picked = pick(self._context, parts, request.query.text, request.direct_characters)
        call = direct_request(
            self._context,
            picked,
            request.query.text,
            self._fence,
            request.model,
            request.max_tokens,
        )
        answer = answer_directly(self._context, self._gate, call, picked)
        return answer.model_copy(update={"usage": self._gate.budget.spent})

    def _node(
        self, node_uid: str, depth: int, predicate: Predicate, label: str, question: str
    ) -> AgentAnswer:
        request = self._request
        parts = Parts(self._context, predicate, label)
        reader = Reader(
            self._context,
            self._gate,
            self._fence,
            request.leaf_model or request.model,
            min(LEAF_TOKENS, request.max_tokens),
        )
        readings = Readings(
            reader,
            leaf_characters=request.leaf_characters,
            workers=request.workers,
            depth=depth,
            spawn=self._child if depth < request.caps.depth else None,
        )
        with ExitStack() as closing:
            agent = Agent(
                self._context,
                self._gate,
                self._fence,
                Handles(self._context, parts, self._sql, search),
                readings,
                lambda functions: closing.enter_context(self._session(functions, node_uid)),
                self._gate.budget.remaining,
                AgentSettings(request.model, request.turns, request.max_tokens),
                node_uid=node_uid,
                depth=depth,
            )
            return agent.run(question, parts.whole)

    def _child(self, call: SubCall) -> dict[str, Any]:
        """Let a child agent, with a session of its own, read a part too big for one call."""
        answer = self._node(
            call.node_uid, call.depth, call.part.predicate, call.part.label, call.question
        )
        self._extra.append(answer)
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

    def _session(self, functions: Mapping[str, Callable[..., Any]], node_uid: str) -> PythonSession:
        seed = int.from_bytes(sha256(f"{self._info.content_hash}{node_uid}".encode()).digest()[:4])
        return self._python.session(
            functions, calls=HOST_CALLS, now=self._info.window.end.astimezone(UTC), seed=seed
        )
