"""From an answer to the result document of a question: who answered, and what was covered."""

from __future__ import annotations

from datetime import UTC, datetime

import sentree
from models.embedded import EmbeddedAnalyst
from schemas.agent import AgentAnswer
from schemas.budget import Usage
from schemas.claim import Claim, Verification
from schemas.coverage import Coverage
from schemas.questions import EmbeddedAnswer
from schemas.result import AnalystInfo, LimitHit, Result
from schemas.trajectory import NodeKind, NodeRecord
from sentree.analysis.ask_scope import Prepared
from sentree.engine.readings import TOO_BIG
from sentree.lake.context import Context

CAPS = ("usd", "tokens", "calls", "seconds")


def embedded_result(
    context: Context,
    prepared: Prepared,
    answer: EmbeddedAnswer,
    claims: tuple[Claim, ...],
    verification: Verification,
) -> Result:
    """Make the result of a question answered by SQL."""
    analyst = EmbeddedAnalyst()
    computed = f"Computed by: {answer.sql}" if answer.sql else ""
    result = _result(context, prepared, claims, answer.ruled_out, verification)
    return result.model_copy(
        update={
            "analyst": AnalystInfo(
                name=analyst.name, is_language_model=False, version=analyst.version
            ),
            "coverage": _coverage(prepared, (), prepared.info.events),
            "notes": _notes(prepared, answer.answer, answer.interpreted_as, computed),
        }
    )


def model_result(
    context: Context, prepared: Prepared, answer: AgentAnswer, model: str, *, simulated: bool
) -> Result:
    """Make the result of a question answered by a model; `simulated` if it only pretended."""
    result = _result(context, prepared, answer.claims, answer.ruled_out, answer.verification)
    failed = answer.ending in ("failed", "refused")
    looked_at = min(prepared.info.events, _looked_at(answer))
    return result.model_copy(
        update={
            "simulated": simulated,
            "analyst": AnalystInfo(
                name=f"scripted replay of {model}" if simulated else model,
                is_language_model=not simulated,
                version=model,
            ),
            "coverage": _coverage(prepared, answer.records, looked_at),
            "trajectory": answer.records,
            "limit_hit": _limit(prepared, answer),
            "failure": answer.reason if failed else None,
            "notes": _notes(
                prepared,
                "" if answer.ending == "submitted" else _ended(answer),
                f"SQL and patterns ran over all {prepared.info.events:,} events in scope; 'looked "
                "at' counts those that were shown to the model.",
                f"Tokens: {answer.usage.tokens:,} in {answer.usage.calls:,} calls, "
                f"${answer.usage.usd:.4f}.",
            ),
        }
    )


def _result(
    context: Context,
    prepared: Prepared,
    claims: tuple[Claim, ...],
    ruled_out: tuple[str, ...],
    verification: Verification,
) -> Result:
    request = prepared.request
    cited = {ev.event_uid for claim in claims for ev in (*claim.evidence, *claim.against)}
    return Result(
        run_uid=prepared.run_dir.name,
        scenario="ask",
        title=request.query.text.strip()[:200],
        created_at=datetime.now(UTC),
        sentree_version=sentree.__version__,
        query=request.query,
        route=prepared.route,
        analyst=AnalystInfo(name="", is_language_model=False, version=""),
        coverage=_coverage(prepared, (), 0),
        summary=claims,
        ruled_out=ruled_out,
        verification=verification,
        cited_events=tuple(context.cited(sorted(cited))),
    )


def _coverage(prepared: Prepared, records: tuple[NodeRecord, ...], looked_at: int) -> Coverage:
    info = prepared.info
    readings = [one for one in records if one.kind in (NodeKind.SUBCALL, NodeKind.LEAF)]
    read = {one.label for one in readings if one.state == "completed"}
    # A part that was too big was cut, one that failed was perhaps read when asked about again.
    unread = {
        one.label for one in readings if one.state == "failed" and one.limit_hit != TOO_BIG
    } - read
    return Coverage(
        snapshot_id=info.snapshot_id,
        window=None if prepared.request.over else info.window,
        events_in_scope=info.events,
        events_looked_at=looked_at,
        events_outside_window=info.events_outside_window,
        events_without_time=info.events_without_time,
        partitions_total=len(read | unread),
        partitions_failed=len(unread),
        by_source=info.by_source,
        by_class=info.by_class,
        not_searched=tuple(f"Part '{label}' could not be read." for label in sorted(unread)),
    )


def _looked_at(answer: AgentAnswer) -> int:
    """Count events a model was shown: read whole by readers, or seen through handles.

    Parts read again count once; parts cut in different ways may overlap and count twice.
    """
    read = {(one.label, one.events_read) for one in answer.records if one.events_read}
    seen = max((record.evidence_seen for record in answer.records), default=0)
    return max(sum(events for _, events in read), seen)


def _limit(prepared: Prepared, answer: AgentAnswer) -> LimitHit | None:
    """Give the limit that ended the run, or else one that kept a reading from being made."""
    if answer.limit is not None:
        return answer.limit
    hit = next((one.limit_hit for one in answer.records if one.limit_hit in CAPS), None)
    if hit is None:
        return None
    allowed = getattr(prepared.request.caps, hit)
    return LimitHit(limit=hit, allowed=allowed or 0, spent=_spent(answer.usage, hit))


def _spent(usage: Usage, limit: str) -> float:
    return getattr(usage, limit) if limit != "seconds" else 0.0


def _ended(answer: AgentAnswer) -> str:
    return f"The run ended early ({answer.ending}): {answer.reason}."


def _notes(prepared: Prepared, *notes: str) -> tuple[str, ...]:
    return tuple(note for note in (*notes, *prepared.info.notes) if note)
