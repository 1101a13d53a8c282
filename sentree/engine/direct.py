"""The direct path: one call over as much of the context as fits, under the same contract."""

from __future__ import annotations

import json
from dataclasses import dataclass

from pydantic import ValidationError

from schemas.agent import AgentAnswer, Ending, Submission
from schemas.claim import Claim
from schemas.model import Message, ModelRequest, SystemPart, TextBlock
from schemas.ports import ContextReader
from schemas.result import LimitHit
from schemas.trajectory import NodeKind, NodeRecord, Predicate
from sentree.engine.agent_tools import SUBMISSION_SCHEMA
from sentree.engine.fence import Fence
from sentree.engine.looked_at import RowSet
from sentree.engine.parts import Part, Parts
from sentree.engine.prompt_files import fill, prompt_hash
from sentree.engine.reader import ModelCalls, unfenced
from sentree.engine.shown import Shown
from sentree.engine.submission import as_claims
from sentree.engine.verify import verify_claims
from sentree.errors import LimitReachedError, ModelError


@dataclass(frozen=True, slots=True)
class Picked:
    """The events a direct call is shown, and how many there were to choose from."""

    part: Part
    shown: Shown
    of_events: int

    @property
    def share(self) -> str:
        """Say in words what part of the context this is."""
        if self.part.events >= self.of_events:
            return f"all {self.of_events:,} events"
        return (
            f"{self.part.events:,} of {self.of_events:,} events, those that share the rarest words "
            "with the question"
        )


def pick(context: ContextReader, parts: Parts, question: str, characters: int) -> Picked:
    """Choose what a direct call is shown: all of it, if it fits, else what a search ranks first."""
    whole = parts.whole
    if whole.characters <= characters:
        return Picked(whole, Shown(context, whole.predicate), whole.events)
    terms = sorted({word.strip("?.,;:!\"'()").lower() for word in question.split()} - {""})
    where, values = whole.predicate
    rows = context.query(
        f"""
        WITH scoped AS (SELECT event_uid, time, chars, raw FROM events WHERE {where}),
        hits AS (
            SELECT event_uid, term FROM scoped, (SELECT unnest(?::VARCHAR[]) AS term)
            WHERE length(term) > 2 AND contains(lower(raw), term)
        ),
        weights AS (
            SELECT term, ln(1 + (SELECT count(*) FROM scoped) / count(*)) AS weight
            FROM hits GROUP BY term
        ),
        ranked AS (
            SELECT scoped.event_uid, chars, sum(chars) OVER (
                ORDER BY coalesce(score, 0) DESC, time, scoped.event_uid
                ROWS UNBOUNDED PRECEDING
            ) AS filled
            FROM scoped LEFT JOIN (
                SELECT event_uid, round(sum(weight), 6) AS score FROM hits JOIN weights USING (term)
                GROUP BY event_uid
            ) AS scores USING (event_uid)
        )
        SELECT event_uid, chars FROM ranked WHERE filled <= ?
        """,
        (*values, terms, characters),
    )
    uids = sorted(row["event_uid"] for row in rows)
    chosen = Predicate("list_contains(?::VARCHAR[], event_uid)", (uids,))
    size = sum(row["chars"] for row in rows)
    part = Part("picked", "picked by search", chosen, len(uids), size)
    return Picked(part, Shown(context, chosen), whole.events)


def direct_request(
    picked: Picked, question: str, fence: Fence, model: str, max_tokens: int
) -> ModelRequest:
    """Give the one call of the direct path."""
    body = f"{picked.shown.text(fence, picked.part.label)}\n\nQuestion: {question}"
    return ModelRequest(
        model=model,
        system=(SystemPart(text=fill("direct", marker=fence.marker, share=picked.share)),),
        messages=(Message(role="user", content=(TextBlock(text=body),)),),
        max_tokens=max_tokens,
        output_schema=SUBMISSION_SCHEMA,
    )


def answer_directly(
    context: ContextReader, gate: ModelCalls, request: ModelRequest, picked: Picked
) -> AgentAnswer:
    """Make the call and check its claims; whatever goes wrong gives a typed answer."""
    try:
        reply = gate.call(request, "n")
    except LimitReachedError as limit:
        hit = LimitHit(limit=limit.limit, allowed=limit.allowed, spent=limit.spent)
        return _ended("budget", str(limit), picked, hit)
    except ModelError as error:
        return _ended("failed", str(error)[:500], picked)
    if reply.stop_reason == "refusal":
        return _ended("refused", "the model refused", picked)
    try:
        submission = Submission.model_validate(json.loads(unfenced(reply.text)))
    except (ValueError, ValidationError, RecursionError):
        return _ended("failed", f"the answer is not of the schema ({reply.stop_reason})", picked)
    claims = [_named(claim, picked.shown) for claim in as_claims(submission, "n")]
    kept, verification = verify_claims(context, claims, picked.part.predicate)
    return AgentAnswer(
        answer=picked.shown.in_prose(submission.answer),
        claims=kept,
        ruled_out=tuple(map(picked.shown.in_prose, submission.ruled_out)),
        verification=verification,
        ending="submitted",
        turns=1,
        usage=reply.usage,
        records=(_record(picked, None),),
        parts_read=(picked.share,),
        shown=RowSet.of(context, (picked.part.predicate,)).dump(),
    )


def _named(claim: Claim, shown: Shown) -> Claim:
    """Put uids in the place of the numbers under which the call showed its records."""
    return claim.model_copy(
        update={
            "text": shown.in_prose(claim.text),
            "evidence": tuple(shown.evidence(claim.evidence)),
            "against": tuple(shown.evidence(claim.against)),
        }
    )


def _ended(
    ending: Ending, reason: str, picked: Picked, limit: LimitHit | None = None
) -> AgentAnswer:
    return AgentAnswer(
        answer=f"No answer was given ({reason}).",
        ending=ending,
        reason=reason,
        limit=limit,
        turns=1,
        records=(_record(picked, reason, limit),),
        parts_read=(),
    )


def _record(picked: Picked, error: str | None, limit: LimitHit | None = None) -> NodeRecord:
    return NodeRecord(
        node_uid="n",
        parent_uid=None,
        kind=NodeKind.LEAF,
        depth=0,
        label=f"direct: {picked.share}",
        state="failed" if error else "completed",
        events_read=0 if error else picked.part.events,
        chars_read=0 if error else picked.part.characters,
        limit_hit=limit.limit if limit else None,
        error=error,
        evidence_seen=0 if error else picked.part.events,
        prompt_hash=prompt_hash("direct"),
    )
