"""Judges each control by its evidence, and merges judgements made on parts of the evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from datetime import datetime

from schemas.control import Catalogue, Control
from schemas.evidence import (
    ControlVerdict,
    EvidenceLeaf,
    EvidenceLink,
    EvidenceRecord,
    Outcome,
    Status,
)
from sentree.analysis.evidence.mapping import Links, Why

MAX_RECORDS = 60
"""Records cited for one check of one control; failing ones first. The counts are of all."""

DECIDES = 0.5
"""The share of the best proposal's probability from which a proposal counts for the status."""

ASKS_FOR_PAPERS = (
    "by its wording it asks for papers, people or places, which no check of a system shows; "
    "a document whose heading begins with its id counts for it"
)

_ORDER = {"fail": 0, "pass": 1, "none": 2}


def judge(
    catalogue: Catalogue,
    links: Links,
    groups: Mapping[str, Sequence[EvidenceRecord]],
    beyond_checks: Set[str] = frozenset(),
) -> tuple[ControlVerdict, ...]:
    """Give a verdict for every control, in the catalogue's order.

    Args:
        catalogue: the controls.
        links: which checks count for each control, and why.
        groups: the records of each check.
        beyond_checks: controls that no check can be evidence for; a reader is told to bring papers.
    """
    made: dict[tuple[str, Why], EvidenceLink] = {}
    verdicts: list[ControlVerdict] = []
    for control in catalogue.controls:
        own: list[EvidenceLink] = []
        for check, why in links.get(control.control_uid, {}).items():
            if (check, why) not in made:
                made[check, why] = _link(check, why, groups[check])
            own.append(made[check, why])
        own.sort(key=lambda one: (_ORDER[one.outcome], -one.score, one.check))
        verdict = _verdict(control, own)
        if not own and control.control_uid in beyond_checks:
            verdict = verdict.model_copy(update={"reason": ASKS_FOR_PAPERS})
        verdicts.append(verdict)
    return tuple(verdicts)


def merge_leaves(leaves: Sequence[EvidenceLeaf]) -> dict[str, dict[str, Why]]:
    """Unite what was found in parts; the result does not depend on how the parts were cut.

    A control is without evidence only when no part found any; of several reasons for one pair the
    first in the order of the alphabet is kept.
    """
    found: dict[str, dict[str, Why]] = {}
    for leaf in leaves:
        for one in leaf.links:
            links = found.setdefault(one.control_uid, {})
            known = links.get(one.check)
            if known is None or one.reason < known.reason:
                links[one.check] = Why("proposed", 1.0, one.reason)
    return {control: dict(sorted(links.items())) for control, links in sorted(found.items())}


def newest_of(records: Sequence[EvidenceRecord]) -> datetime | None:
    """Give the time of the newest record that has one."""
    return max((one.time for one in records if one.time), default=None)


def _link(check: str, why: Why, records: Sequence[EvidenceRecord]) -> EvidenceLink:
    ordered = sorted(records, key=lambda one: (_ORDER[one.outcome], one.record_uid))
    passed = sum(one.outcome == "pass" for one in records)
    failed = sum(one.outcome == "fail" for one in records)
    outcome: Outcome = "fail" if failed else "pass" if passed else "none"
    return EvidenceLink(
        check=check,
        title=records[0].title,
        basis=why.basis,
        score=why.score,
        outcome=outcome,
        passed=passed,
        failed=failed,
        other=len(records) - passed - failed,
        records=tuple(one.record_uid for one in ordered[:MAX_RECORDS]),
        reason=why.reason,
        newest=newest_of(records),
    )


def _verdict(control: Control, links: Sequence[EvidenceLink]) -> ControlVerdict:
    proposed = bool(links) and all(one.basis == "proposed" for one in links)
    deciding = _deciding(links) if proposed else links
    failing = [one for one in deciding if one.outcome == "fail"]
    passing = [one for one in deciding if one.outcome == "pass"]
    status: Status = (
        "failed" if failing else "satisfied" if passing else "to review" if links else "no evidence"
    )
    seen = {one.check.casefold() for one in links}
    missing = tuple(one for one in control.checks or () if one.casefold() not in seen)
    return ControlVerdict(
        control=control,
        status=status,
        proposed=proposed,
        reason=_reason(control, deciding, len(failing), len(passing), missing),
        links=tuple(links),
        newest=max((one.newest for one in links if one.newest), default=None),
        not_seen=missing,
    )


def _deciding(links: Sequence[EvidenceLink]) -> list[EvidenceLink]:
    """Give the likelier half of what was proposed: an unlikely proposal must not fail a control."""
    best = max(one.score for one in links)
    return [one for one in links if one.score >= DECIDES * best]


def _reason(
    control: Control,
    links: Sequence[EvidenceLink],
    failing: int,
    passing: int,
    missing: Sequence[str],
) -> str:
    total = len(links)
    if not links:
        if control.checks:
            return f"none of the {len(control.checks)} checks assigned to it has a result"
        if control.checks is not None:
            return "the catalogue assigns no check to it, and no record names it"
        return "nothing that was read is about it"
    resources = sum(one.failed for one in links)
    if failing:
        said = f"{failing} of {_checks(total)} fail (failing results: {resources:,})"
        said += f"; {passing} pass" if passing else ""
    elif passing:
        undecided = total - passing
        said = f"{_checks(passing)} pass and none fails"
        said += f"; {undecided} without a result" if undecided else ""
    else:
        said = f"{total} found, none says pass or fail"
    if missing:
        have = "check has" if len(missing) == 1 else "checks have"
        said += f"; {len(missing)} assigned {have} no result"
    return said


def _checks(number: int) -> str:
    return f"{number} {'check' if number == 1 else 'checks'}"
