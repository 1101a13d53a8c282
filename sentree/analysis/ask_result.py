"""From an answer to the result document of a question: who answered, and what was covered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import sentree
from models.embedded import EmbeddedAnalyst
from schemas.agent import AgentAnswer
from schemas.budget import Usage
from schemas.claim import Claim, Verification
from schemas.coverage import Coverage, SliceCoverage
from schemas.questions import EmbeddedAnswer
from schemas.result import AnalystInfo, LimitHit, Result
from schemas.section import Column, Kind, Row, Section, Table
from schemas.trajectory import NodeKind, NodeRecord
from sentree.analysis.ask_scope import Prepared
from sentree.analysis.questions.tables import capital
from sentree.engine.looked_at import RowSet
from sentree.engine.readings import TOO_BIG
from sentree.lake.context import Context

KINDS: dict[str, Kind] = {
    "count": "number",
    "event": "id",
    "first": "time",
    "last": "time",
    "level": "level",
    "time": "time",
}
"""How the columns of an answer's table read, by their names."""

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
    read_as = answer.interpreted_as
    behind = answer.rows.evidence if answer.rows else ()
    result = _result(context, prepared, claims, answer.ruled_out, verification, behind)
    return result.model_copy(
        update={
            "analyst": AnalystInfo(
                name=analyst.name, is_language_model=False, version=analyst.version
            ),
            "coverage": _all_looked_at(_coverage(prepared, ())),
            "sections": _sections(answer),
            "notes": _notes(
                prepared, _beyond(answer.answer, claims), f"Read as: {read_as}", computed
            ),
        }
    )


def _beyond(answer: str, claims: tuple[Claim, ...]) -> str:
    """Give what an answer says beside its claims, which are told with their evidence."""
    for claim in claims:
        answer = answer.replace(claim.text, "", 1)
    left = " ".join(answer.split())
    return "" if left in ("", "Yes.") else left


def _sections(answer: EmbeddedAnswer) -> tuple[Section, ...]:
    """Give the rows behind an answer as the part of the result that every report shows."""
    found = answer.rows
    if found is None or not found.rows:
        return ()
    left = found.total - len(found.rows)
    table = Table(
        key="rows",
        title=capital(answer.interpreted_as) or "Rows",
        columns=tuple(Column(name=name, kind=KINDS.get(name, "text")) for name in found.columns),
        rows=tuple(
            Row(cells=cells, evidence=tuple(found.evidence[place : place + 1]))
            for place, cells in enumerate(found.rows)
        ),
        note=f"The first {len(found.rows):,} of {found.total:,} rows." if left > 0 else "",
    )
    return (Section(key="answer", title="Rows behind the answer", tables=(table,)),)


def model_result(
    context: Context, prepared: Prepared, answer: AgentAnswer, model: str, *, simulated: bool
) -> Result:
    """Make the result of a question answered by a model; `simulated` if it only pretended."""
    result = _result(context, prepared, answer.claims, answer.ruled_out, answer.verification)
    failed = answer.ending in ("failed", "refused")
    coverage = _coverage(prepared, answer.records)
    shown = RowSet.load(answer.shown)
    return result.model_copy(
        update={
            "simulated": simulated,
            "analyst": AnalystInfo(
                name=f"scripted replay of {model}" if simulated else model,
                is_language_model=not simulated,
                version=model,
            ),
            "coverage": coverage.model_copy(
                update={
                    "events_looked_at": len(shown),
                    "by_source": _less(coverage.by_source, shown.by(context, "source_path")),
                    "by_class": _less(coverage.by_class, shown.by(context, "class_uid")),
                }
            ),
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
    more: tuple[str, ...] = (),
) -> Result:
    request = prepared.request
    cited = {ev.event_uid for claim in claims for ev in (*claim.evidence, *claim.against)}
    cited.update(more)
    return Result(
        run_uid=prepared.run_dir.name,
        scenario="ask",
        title=request.query.text.strip()[:200],
        created_at=datetime.now(UTC),
        sentree_version=sentree.__version__,
        query=request.query,
        route=prepared.route,
        analyst=AnalystInfo(name="", is_language_model=False, version=""),
        coverage=_coverage(prepared, ()),
        summary=claims,
        ruled_out=ruled_out,
        verification=verification,
        cited_events=tuple(context.cited(sorted(cited))),
    )


def _all_looked_at(coverage: Coverage) -> Coverage:
    """Say that SQL ran over all there is."""

    def whole(slices: Sequence[SliceCoverage]) -> tuple[SliceCoverage, ...]:
        return tuple(
            one.model_copy(update={"events_looked_at": one.events_in_scope}) for one in slices
        )

    return coverage.model_copy(
        update={
            "events_looked_at": coverage.events_in_scope,
            "by_source": whole(coverage.by_source),
            "by_class": whole(coverage.by_class),
        }
    )


def _coverage(prepared: Prepared, records: tuple[NodeRecord, ...]) -> Coverage:
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
        events_looked_at=0,
        events_outside_window=info.events_outside_window,
        events_without_time=info.events_without_time,
        partitions_total=len(read | unread),
        partitions_failed=len(unread),
        by_source=info.by_source,
        by_class=info.by_class,
        not_searched=tuple(f"Part '{label}' could not be read." for label in sorted(unread)),
    )


def _less(slices: Sequence[SliceCoverage], looked: Mapping[str, int]) -> tuple[SliceCoverage, ...]:
    """Say of each slice how much of it was looked at; a name that ends in `/` is of a folder."""

    def count(name: str) -> int:
        if name.endswith("/"):
            return sum(n for path, n in looked.items() if path.startswith(name))
        # A class is named by its uid and caption.
        return looked.get(name, looked.get(name.partition(" ")[0], 0))

    return tuple(
        one.model_copy(update={"events_looked_at": min(one.events_in_scope, count(one.name))})
        for one in slices
    )


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
