"""The clocks of a context: who is wrong, on what evidence, and times corrected by it.

A clock is a Windows host's or the network sensor's; the times of cloud services and products are
taken as they are. A corrected time never takes the place of the record's: both are kept.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from schemas.claim import Evidence
from schemas.clocks import ClockEstimate
from schemas.finding import Finding
from schemas.ports import ContextReader
from schemas.timeline import Gap
from sentree.analysis.gaps import gap_statement
from sentree.analysis.skew import AGREE_SECONDS, LEAST_PAIRS, Pair, Reading, read_clocks
from sentree.analysis.sql_texts import sql_text

PAIRS_A_CLOCK = 400
ZONE_RECORDS = 1_000
ZONE_STEP = 900.0
ZONE_NEAR = 5.0
LATE_SECONDS = 60.0
ZONE_SPREAD = 1.0
CITED = 3
LEAST_CONFIDENCE = 0.3
BATCH = 5_000

Clocks = Mapping[str, ClockEstimate]


class _Zone(NamedTuple):
    """A host whose headers are whole quarters of an hour off what its records say in UTC."""

    seconds: float
    records: int
    cited: tuple[str, ...]


def estimate_clocks(context: ContextReader) -> tuple[ClockEstimate, ...]:
    """Estimate every clock that has evidence, by name; right ones too, with nothing to correct."""
    zones = _zones(context)
    pairs = _pairs(context, zones)
    moments = [pair.moment for several in pairs.values() for pair in several]
    start = min(moments, default=0.0)
    shifted = {
        key: [pair._replace(moment=pair.moment - start) for pair in several]
        for key, several in pairs.items()
    }
    readings = {one.clock: one for one in read_clocks(shifted)}
    since = datetime.fromtimestamp(start, UTC)
    return tuple(
        _estimate(clock, since, readings.get(clock), zones.get(clock), pairs)
        for clock in sorted({*readings, *zones})
    )


def correct_findings(
    context: ContextReader, findings: Sequence[Finding], clocks: Sequence[ClockEstimate]
) -> tuple[Finding, ...]:
    """Move findings to when they happened; each keeps the time its record states."""
    wrong = {one.clock: one for one in clocks if one.applied}
    if not wrong:
        return tuple(findings)
    owners = _owners(context, {one.evidence[0].event_uid for one in findings})
    return tuple(
        one.model_copy(update={"time": one.time - error, "recorded_time": one.time})
        if (clock := wrong.get(owners.get(one.evidence[0].event_uid, "")))
        and (error := clock.error_at(one.time))
        else one
        for one in findings
    )


def correct_gaps(gaps: Iterable[Gap], clocks: Sequence[ClockEstimate]) -> tuple[Gap, ...]:
    """Move the gaps of wrong clocks to when they were."""
    wrong = {one.clock: one for one in clocks if one.applied}
    moved: list[Gap] = []
    for gap in gaps:
        clock = wrong.get(gap.host)
        if clock:
            start, end = gap.start - clock.error_at(gap.start), gap.end - clock.error_at(gap.end)
            told = gap_statement(gap.host, start, end)
            gap = gap.model_copy(update={"start": start, "end": end, "statement": told})
        moved.append(gap)
    return tuple(sorted(moved, key=lambda gap: (gap.start, gap.host)))


def _zones(context: ContextReader) -> dict[str, _Zone]:
    """Read what hosts say of UTC; one that says nothing has the zone of all others in its sources.

    Times are written by the exporter, so that hosts of one source err alike.
    """
    rows = context.query(sql_text("clock_zones"), (ZONE_RECORDS, CITED, LEAST_PAIRS))
    told: dict[str, _Zone | None] = {}
    for row in rows:
        steps = round(row["seconds"] / ZONE_STEP) * ZONE_STEP
        clear = abs(row["seconds"] - steps) <= ZONE_NEAR and row["spread"] <= ZONE_SPREAD
        cited = tuple(map(str, row["cited"]))
        told[str(row["host"])] = _Zone(steps, int(row["n"]), cited) if steps and clear else None
    if not any(told.values()):
        return {}
    hosts: dict[str, set[str]] = defaultdict(set)
    sources: dict[str, set[str]] = defaultdict(set)
    for row in context.query(sql_text("clock_sources")):
        hosts[str(row["source"])].add(str(row["host"]))
        sources[str(row["host"])].add(str(row["source"]))
    for silent in sources.keys() - told.keys():
        others = {one for name in sources[silent] for one in hosts[name]} & told.keys()
        zones = [told[one] for one in sorted(others)]
        if zones and len({zone.seconds if zone else 0.0 for zone in zones}) == 1:
            told[silent] = zones[0]
    return {host: zone for host, zone in told.items() if zone}


def _pairs(context: ContextReader, zones: Mapping[str, _Zone]) -> dict[tuple[str, str], list[Pair]]:
    pairs: dict[tuple[str, str], list[Pair]] = defaultdict(list)
    for row in context.query(sql_text("clock_pairs"), (PAIRS_A_CLOCK,)):
        one, other = (_moment(row, side, zones) for side in ("one", "other"))
        uids = str(row["one_uid"]), str(row["other_uid"])
        pairs[row["one"], row["other"]].append(Pair(other, one - other, uids, str(row["kind"])))
    return pairs


def _moment(row: Mapping[str, Any], side: str, zones: Mapping[str, _Zone]) -> float:
    """Give when a record's clock says that the thing was, its zone put right."""
    header: datetime = row[f"{side}_time"]
    utc: datetime | None = row[f"{side}_utc"]
    zone = zones.get(str(row[side]))
    stated = header.replace(tzinfo=UTC).timestamp() - (zone.seconds if zone else 0.0)
    said = utc.replace(tzinfo=UTC).timestamp() if utc else stated
    # What contradicts the header by more than a late record does is another matter.
    return said if abs(said - stated) <= LATE_SECONDS else stated


def _estimate(
    clock: str,
    since: datetime,
    reading: Reading | None,
    zone: _Zone | None,
    pairs: Mapping[tuple[str, str], Sequence[Pair]],
) -> ClockEstimate:
    offset = reading.line.offset if reading else 0.0
    drift = reading.line.slope if reading else 0.0
    # A clock that agrees is left alone: what remains is how late its records are written.
    off = reading is not None and not _agrees(reading, pairs)
    confidence = _confidence(reading if off else None, zone)
    offset, drift = (offset, drift) if off else (0.0, 0.0)
    mine = [(key, pair) for key, several in pairs.items() if clock in key for pair in several]
    cited = [uid for _, pair in mine[:CITED] for uid in pair.uids] if off else []
    cited += zone.cited if zone else ()
    kinds = {pair.kind for _, pair in mine} | ({"own UTC"} if zone else set[str]())
    made = ClockEstimate(
        clock=clock,
        reference=reading.reference if reading else "UTC in its own records",
        since=since,
        offset_s=round(offset, 6),
        drift_ppm=round(drift * 1e6, 3),
        zone_s=zone.seconds if zone else 0.0,
        spread_s=round(reading.line.spread, 6) if reading else 0.0,
        pairs=reading.line.pairs if reading else zone.records if zone else 0,
        kinds=tuple(sorted(kinds)),
        confidence=round(confidence, 3),
        applied=(off or zone is not None) and confidence >= LEAST_CONFIDENCE,
        statement="",
        evidence=tuple(Evidence(event_uid=uid) for uid in dict.fromkeys(cited)),
    )
    return made.model_copy(update={"statement": _statement(made)})


def _agrees(reading: Reading, pairs: Mapping[tuple[str, str], Sequence[Pair]]) -> bool:
    moments = [
        pair.moment for key, several in pairs.items() for pair in several if reading.clock in key
    ]
    first = min((pair.moment for several in pairs.values() for pair in several), default=0.0)
    ends = (min(moments) - first, max(moments) - first) if moments else (0.0, 0.0)
    return all(abs(reading.line.at(moment)) <= AGREE_SECONDS for moment in ends)


def _confidence(reading: Reading | None, zone: _Zone | None) -> float:
    """Weigh the number of pairs, their spread, and how many clocks agree on the reference."""
    least = 1.0
    if reading:
        line = reading.line
        support = line.pairs / (line.pairs + LEAST_PAIRS)
        steady = max(0.0, 1 - line.spread / max(AGREE_SECONDS, abs(line.offset)))
        least = support * steady * reading.agreeing / (reading.agreeing + 1)
    if zone:
        least = min(least, zone.records / (zone.records + LEAST_PAIRS))
    return least if reading or zone else 0.0


def _statement(made: ClockEstimate) -> str:
    if not made.offset_s and not made.zone_s and not made.drift_ppm:
        return (
            f"The clock of {made.clock} agrees with that of {made.reference} "
            f"({made.pairs:,} pairs of records)."
        )
    parts: list[str] = []
    if made.zone_s:
        hours = f"{abs(made.zone_s) / 3600:g} h {'ahead of' if made.zone_s > 0 else 'behind'}"
        parts.append(f"its records' headers are {hours} the UTC that the same records state")
    if made.offset_s or made.drift_ppm:
        way = "ahead of" if made.offset_s > 0 else "behind"
        text = f"it is {_spell(abs(made.offset_s))} {way} {made.reference}"
        if made.drift_ppm:
            text += f" at first and drifts by {made.drift_ppm * 0.0864:+.2f} s a day"
        basis = f"median of {made.pairs:,} pairs of records, spread {made.spread_s:.3g} s"
        parts.append(f"{text} ({basis})")
    done = "times are shown corrected" if made.applied else "too unsure: times are left as they are"
    return f"Clock of {made.clock}: {'; '.join(parts)}; {done} (confidence {made.confidence:.2f})."


def _spell(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.2f} s"
    minutes, rest = divmod(round(seconds), 60)
    return (
        f"{minutes // 60} h {minutes % 60:02d} min {rest:02d} s"
        if minutes >= 60
        else (f"{minutes} min {rest:02d} s")
    )


def _owners(context: ContextReader, uids: Iterable[str]) -> dict[str, str]:
    wanted = sorted(uids)
    owners: dict[str, str] = {}
    for start in range(0, len(wanted), BATCH):
        for row in context.query(sql_text("clock_owners"), (wanted[start : start + BATCH],)):
            if row["clock"]:
                owners[str(row["event_uid"])] = str(row["clock"])
    return owners
