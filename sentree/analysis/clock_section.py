"""The section of a report on wrong clocks: what is claimed of each, and on which records."""

from __future__ import annotations

from collections.abc import Sequence

from schemas.claim import Claim, Verification
from schemas.clocks import ClockEstimate
from schemas.section import Column, Row, Section, Table
from sentree.engine.verify import verify_claims
from sentree.lake.context import Context

_COLUMNS = (
    Column(name="clock", kind="id"),
    Column(name="ahead, s", kind="number", note="at the first record; negative: behind"),
    Column(name="zone, s", kind="number", note="local time written as UTC"),
    Column(name="drift, ppm", kind="number"),
    Column(name="spread, s", kind="number", note="median absolute deviation"),
    Column(name="pairs", kind="number"),
    Column(name="of", note="what the pairs are records of"),
    Column(name="confidence", kind="share"),
    Column(name="corrected"),
)


def clock_sections(
    context: Context, clocks: Sequence[ClockEstimate]
) -> tuple[tuple[Section, ...], Verification]:
    """Give the section, or none where every clock that can be compared agrees."""
    wrong = [one for one in clocks if one.evidence]
    if not wrong:
        return (), Verification()
    claims, verification = verify_claims(
        context,
        [
            Claim(claim_uid=f"clock-{one.clock}", text=one.statement, evidence=one.evidence)
            for one in wrong
        ],
    )
    right = len(clocks) - len(wrong)
    table = Table(
        key="clocks",
        title="Clocks that are wrong",
        columns=_COLUMNS,
        rows=tuple(_row(one) for one in wrong),
        note="Rows show corrected times and say what was recorded; no record is changed.",
    )
    note = f"{right} other clock{'s' if right != 1 else ''} agree within 3 s." if right else ""
    section = Section(
        key="clocks",
        title="Clocks",
        claims=claims,
        tables=(table,),
        notes=(note,) if note else (),
    )
    return (section,), verification


def _row(one: ClockEstimate) -> Row:
    return Row(
        cells=(
            one.clock,
            one.offset_s,
            one.zone_s,
            one.drift_ppm,
            one.spread_s,
            one.pairs,
            ", ".join(one.kinds),
            one.confidence,
            "yes" if one.applied else "no",
        ),
        evidence=tuple(ev.event_uid for ev in one.evidence),
    )
