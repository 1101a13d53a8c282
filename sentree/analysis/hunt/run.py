"""Hunts: reads indicators, compiles their patterns, runs them, and accounts for every one."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

from schemas.hunt import HuntReport, HuntRequest, Indicator, IndicatorNote, Sighted, Validity
from schemas.look import LEVELS, Level
from schemas.query import Scenario
from schemas.result import Result
from schemas.section import InputFile
from sentree.analysis.hunt.compile import Plan, compile_pattern
from sentree.analysis.hunt.indicators import from_files, from_lake, valid_now
from sentree.analysis.hunt.match import Match, run_plans
from sentree.analysis.hunt.tables import sections, summarise
from sentree.analysis.look.answer import answer
from sentree.analysis.records import Account
from sentree.errors import NotFoundError
from sentree.intel.pattern_parse import PatternError, parse_pattern
from sentree.lake.db import Lake
from sentree.lake.hunt import hunting
from sentree.lake.look import LookScope, look, look_scope
from sentree.settings import Settings


def hunt(lake: Lake, settings: Settings, request: HuntRequest) -> Result:
    """Run the indicators over the events of a scope.

    Raises:
        NotFoundError: there is no indicator, or a tenant is not in the lake.
        UnreadableInputError: a path names nothing.
        LakeError: the lake can't be read.
    """
    scope = look_scope(lake, request.tenants, request.window)
    inputs: list[InputFile] = []
    if request.paths:
        indicators, inputs = from_files(request.paths)
    else:
        indicators = from_lake(lake, scope.tenants, scope.snapshot)
    if not indicators:
        where = "these files have" if request.paths else "the lake has"
        raise NotFoundError(f"{where} no indicator: load some with `sentree ingest` or name files")
    report = find(lake, scope, indicators, request)
    return answer(
        lake,
        settings,
        request,
        Scenario.HUNT,
        scope,
        question="Which events do the indicators match?",
        title="Hunt with indicators",
        summary=summarise(report),
        sections=sections(report),
        account=Account(
            in_scope=report.events,
            looked_at=report.events,
            not_searched=tuple(
                f"{one.name}: {one.reason}" for one in (*report.unsearchable, *report.partly)
            )[:100],
        ),
        data=report,
        inputs=inputs,
    )


def find(
    lake: Lake, scope: LookScope, indicators: list[Indicator], request: HuntRequest
) -> HuntReport:
    """Run indicators and give the account."""
    as_of = request.as_of or datetime.now(UTC)
    kept, skipped = valid_now(indicators, as_of, all_of_them=request.include_invalid)
    plans: dict[int, Plan] = {}
    unsearchable: list[IndicatorNote] = []
    partly: list[IndicatorNote] = []
    for place, one in enumerate(kept):
        try:
            compiled = compile_pattern(parse_pattern(one.pattern))
        except PatternError as error:
            unsearchable.append(_note(one, f"its pattern is none of STIX: {error}"))
            continue
        reason = "; ".join(compiled.reasons)
        if compiled.plan is None:
            unsearchable.append(_note(one, f"can't be searched: {reason}"))
            continue
        plans[place] = compiled.plan
        if reason:
            partly.append(_note(one, f"a part can't be searched: {reason}"))
    with hunting(lake):
        outcome = run_plans(lake, scope, plans, kept, within_validity=request.within_validity)
    unsearchable += [
        _note(kept[place], f"can't be searched: {reason}")
        for place, reason in outcome.failed.items()
    ]
    partly += [_note(kept[place], reason) for place, reason in outcome.cut.items()]
    sightings = [_sighted(kept[one.place], one) for one in outcome.matches]
    sightings.sort(key=lambda one: (-LEVELS.index(one.level), -one.events, one.name, one.tenant))
    levels = Counter(one.level for one in sightings)
    return HuntReport(
        snapshot_id=scope.snapshot,
        window=scope.window,
        as_of=as_of,
        events=sum(row["events"] for row in look(lake, scope, "totals")),
        indicators=len(indicators),
        run=len(plans) - len(outcome.failed),
        skipped=tuple(skipped),
        unsearchable=tuple(unsearchable),
        partly=tuple(partly),
        sightings=tuple(sightings),
        by_level=tuple((level, levels[level]) for level in reversed(LEVELS) if levels[level]),
    )


def level_of(one: Indicator) -> Level:
    """Rate a sighting by the confidence that the producer gave (STIX 2.1 appendix A, thirds)."""
    if one.confidence is None:
        return "medium"
    return "low" if one.confidence < 30 else "medium" if one.confidence < 70 else "high"


def _note(one: Indicator, reason: str) -> IndicatorNote:
    return IndicatorNote(indicator_uid=one.indicator_uid, name=one.name, reason=reason)


def _sighted(one: Indicator, match: Match) -> Sighted:
    return Sighted(
        indicator_uid=one.indicator_uid,
        name=one.name,
        pattern=one.pattern,
        level=level_of(one),
        tenant=match.tenant,
        matches=match.matches,
        events=match.events,
        values=tuple(match.values),
        hosts=tuple(match.hosts),
        first=match.first,
        last=match.last,
        validity=_validity(one, match),
        event_uids=tuple(match.event_uids),
    )


def _validity(one: Indicator, match: Match) -> Validity:
    """Say how the times of the events lie to the time in which the indicator is valid."""
    if match.first is None or match.last is None:
        return "unknown"
    if one.valid_from is not None and match.last < one.valid_from:
        return "before"
    if one.valid_until is not None and match.first >= one.valid_until:
        return "after"
    begins = one.valid_from is None or match.first >= one.valid_from
    ends = one.valid_until is None or match.last < one.valid_until
    return "within" if begins and ends else "partly"
