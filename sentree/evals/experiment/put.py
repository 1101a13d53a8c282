"""Putting a case on one path, through the product's own engine, gate and citation checks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, cast

from schemas.agent import AgentAnswer
from schemas.ask import AskRequest
from schemas.claim import Verification
from schemas.experiment import EvalOutcome, EvalPath
from schemas.experiment_plan import CHARACTERS_A_TOKEN, Conditions
from schemas.query import Query
from schemas.trajectory import NodeKind, Predicate
from sentree.analysis.agent_run import AgentRun, question_fence
from sentree.analysis.model_reading import check_leaf
from sentree.engine.direct import Picked, answer_directly, direct_request, pick
from sentree.engine.fence import Fence
from sentree.engine.gate import Gate
from sentree.engine.looked_at import RowSet
from sentree.engine.parts import Part, Parts
from sentree.engine.reader import Reader
from sentree.engine.readings import Readings
from sentree.engine.redaction import Redactor
from sentree.engine.shown import Shown
from sentree.engine.verify import EVERYWHERE
from sentree.evals.experiment.case import Case, Found, Scored
from sentree.lake.context import Context
from sentree.lake.search_index import search

WHOLE = "all records"
MOST_HITS = 5_000
CAPS = ("usd", "tokens", "calls", "seconds")


class Put(NamedTuple):
    """What became of a case on a path. `citations_valid` is None where nothing was cited."""

    scored: Scored
    failure: str | None = None
    coverage: float | None = None
    citations_valid: float | None = None
    turns: int = 0
    sub_calls: int = 0
    cells: tuple[str, ...] = ()


@dataclass(frozen=True)
class Putting:
    """All that putting a case takes: the gate of the trial, the model's name, the conditions."""

    case: Case
    gate: Gate
    model: str
    conditions: Conditions
    secret: bytes
    folder: Path
    redactor: Redactor

    def on(self, path: EvalPath) -> Put:
        """Put the case on a path."""
        match path:
            case EvalPath.DIRECT:
                return self._direct()
            case EvalPath.RETRIEVAL:
                return self._retrieval()
            case EvalPath.RLM_PLANNED:
                return self._planned()
            case EvalPath.RLM_AGENT:
                return self._agent()

    # One prompt.

    def _direct(self) -> Put:
        with Context.open(Path(self.case.info.path)) as context:
            parts = Parts(context, EVERYWHERE, WHOLE)
            size = self.conditions.direct_tokens * CHARACTERS_A_TOKEN
            return self._one_prompt(context, pick(context, parts, self.case.topic, size))

    def _retrieval(self) -> Put:
        """Fill a prompt with what the full-text search ranks first."""
        with Context.open(Path(self.case.info.path)) as context:
            left = self.conditions.retrieval_tokens * CHARACTERS_A_TOKEN
            chosen: list[str] = []
            for row in search(context, self.case.topic, MOST_HITS):
                left -= len(row["raw"])
                if left < 0:
                    break
                chosen.append(str(row["event_uid"]))
            where = Predicate("list_contains(?::VARCHAR[], event_uid)", (sorted(chosen),))
            size = self.conditions.retrieval_tokens * CHARACTERS_A_TOKEN - max(left, 0)
            part = Part("found", "found by search", where, len(chosen), size)
            picked = Picked(part, Shown(context, where), self.case.info.events)
            return self._one_prompt(context, picked)

    def _one_prompt(self, context: Context, picked: Picked) -> Put:
        if self.case.typed:
            return self._read(context, [picked.part])
        conditions = self.conditions
        call = direct_request(
            picked, self.case.question, self._fence(), self.model, conditions.max_tokens
        ).model_copy(update={"thinking_tokens": conditions.thinking_tokens})
        return self._worded(answer_directly(context, self.gate, call, picked))

    # Parts by plan, one call each, folded by code.

    def _planned(self) -> Put:
        with Context.open(Path(self.case.info.path)) as context:
            parts = Parts(context, EVERYWHERE, WHOLE)
            size = self.conditions.leaf_tokens * CHARACTERS_A_TOKEN
            return self._read(context, parts.cut("size", size=size))

    def _read(self, context: Context, parts: Sequence[Part]) -> Put:
        asked, fence, conditions = self.case.parts, self._fence(), self.conditions
        reader = Reader(
            context, self.gate, fence, self.model, conditions.max_tokens, asked.scenario
        )
        readings = Readings(
            reader,
            leaf_characters=max(part.characters for part in parts),
            workers=conditions.workers,
        )
        question = asked.question
        if asked.beside:
            question += "\n\n" + fence.wrap("shown with every part", asked.beside)
        answers = readings.ask(list(parts), question, asked.schema, "n")
        read = [one for one in answers if "error" not in one]
        kept = sum(len(one.get("evidence") or ()) for one in read)
        dropped = sum(int(one.get("dropped") or 0) for one in read)
        if asked.leaf is None:
            found = [cast("Found", one.get("data") or {}) for one in read]
        else:
            checked = [
                check_leaf(context, part, answer, asked.leaf)
                for part, answer in zip(parts, answers, strict=True)
            ]
            found = [one.leaf.model_dump(mode="json") for one in checked if one.leaf is not None]
            kept = sum(one.verification.kept for one in checked)
            dropped = sum(len(one.verification.dropped) for one in checked)
        scored = self.case.of_parts(found)
        records = readings.records()
        failure = next((one.error for one in records if one.error), None)
        if failure is not None:
            limited = any(one.limit_hit in CAPS for one in records)
            outcome = EvalOutcome.LIMITED if limited else scored.outcome
            if not read:
                outcome = EvalOutcome.LIMITED if limited else EvalOutcome.FAILED
                scored = scored._replace(score=0.0)
            scored = scored._replace(outcome=outcome)
        return Put(
            scored,
            failure,
            coverage=sum(part.events for part in readings.read) / max(1, self.case.info.events),
            citations_valid=kept / (kept + dropped) if kept + dropped else None,
            sub_calls=len(parts) if len(parts) > 1 else 0,
        )

    # The agent.

    def _agent(self) -> Put:
        with AgentRun(
            self.case.info,
            self._request(),
            self.gate,
            self.secret,
            folder=self.folder,
            redactor=self.redactor,
        ) as run:
            return self._worded(run.agent())

    def _request(self) -> AskRequest:
        conditions = self.conditions
        return AskRequest(
            query=Query(text=self.case.question),
            model=self.model,
            caps=conditions.caps,
            turns=conditions.turns,
            max_tokens=conditions.max_tokens,
            # A reader takes twice what the plan would give it: where to cut is the agent's choice.
            leaf_characters=2 * conditions.leaf_tokens * CHARACTERS_A_TOKEN,
            workers=conditions.workers,
            thinking_tokens=conditions.thinking_tokens,
        )

    # Both.

    def _worded(self, answer: AgentAnswer) -> Put:
        subs = [one for one in answer.records if one.kind is NodeKind.SUBCALL]
        cells = tuple(one.code for one in answer.records if one.code and one not in subs)
        check = answer.verification
        return Put(
            self._scored(answer),
            None if answer.ending == "submitted" else answer.reason,
            coverage=len(RowSet.load(answer.shown)) / max(1, self.case.info.events),
            citations_valid=valid_share(check),
            turns=answer.turns if cells or subs else 0,
            sub_calls=len(subs),
            cells=cells,
        )

    def _scored(self, answer: AgentAnswer) -> Scored:
        if answer.ending == "submitted":
            return self.case.of_text(answer.answer)
        # A limit can end the work after something had been submitted and sent back.
        given = bool(answer.claims)
        scored = self.case.of_text(answer.answer) if given else Scored(0.0, {}, answer.answer)
        limited = answer.ending in ("turns", "budget")
        outcome = EvalOutcome.LIMITED if limited else EvalOutcome.FAILED
        return scored._replace(outcome=outcome)

    def _fence(self) -> Fence:
        return question_fence(self.case.info, self._request(), self.secret)


def valid_share(check: Verification) -> float | None:
    """Give the share of claims whose citations hold; None where there was no claim."""
    return check.kept / check.checked if check.checked else None


def behaviour(cells: Sequence[str]) -> tuple[bool, bool, bool]:
    """Tell whether cells looked at events, searched them, and cut the context."""
    text = "\n".join(cells)
    return (
        "ctx.peek" in text or "ctx.sample" in text,
        "ctx.grep" in text or "ctx.search" in text,
        "ctx.partition" in text,
    )
