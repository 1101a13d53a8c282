"""The tables of the report on who does what to whom: one function a list."""

from __future__ import annotations

from collections import Counter

from schemas.intel import IntelReport, TechniqueUse
from schemas.section import Row, Table
from sentree.analysis.intel.citing import shown_sources
from sentree.analysis.intel.rows import evidence, names, row, status, table, when
from sentree.intel import attack


def actors(report: IntelReport) -> Table:
    """Who: intrusion sets and threat actors."""
    return table(
        "actors",
        "Actors",
        "Actor Id Aliases Type Techniques# Software# Campaigns Origin Targets First_seen@ "
        "Last_seen@ Status! Sources",
        [
            row(
                one,
                one.name,
                one.external_id,
                names(one.aliases, 20),
                one.type,
                len(one.techniques),
                len(one.software),
                names(one.campaigns),
                names(one.origin),
                names(one.targets, 12),
                when(one.first_seen),
                when(one.last_seen),
                status(one.revoked, one.deprecated),
                shown_sources(one.references),
            )
            for one in report.actors
        ],
        "Techniques and software count campaigns that are attributed to the actor. Origin and "
        "targets are what the records say; see Targets for the words.",
    )


def campaigns(report: IntelReport) -> Table:
    """Campaigns with their attribution."""
    return table(
        "campaigns",
        "Campaigns",
        "Campaign Id Aliases Attributed_to First_seen@ Last_seen@ Techniques# Software Status! "
        "Sources",
        [
            row(
                one,
                one.name,
                one.external_id,
                names(one.aliases),
                names(one.attributed_to),
                when(one.first_seen),
                when(one.last_seen),
                len(one.techniques),
                names(one.software),
                status(one.revoked, one.deprecated),
                shown_sources(one.references),
            )
            for one in report.campaigns
        ],
    )


def software(report: IntelReport) -> Table:
    """Malware and tools."""
    return table(
        "software",
        "Malware and tools",
        "Name Id Type Users# Used_by Aliases Kinds Status! Sources",
        [
            row(
                one,
                one.name,
                one.external_id,
                one.type,
                len(one.used_by),
                names(one.used_by),
                names(one.aliases),
                names(one.kinds),
                status(one.revoked, one.deprecated),
                shown_sources(one.references, 2),
            )
            for one in report.software
        ],
    )


def techniques(report: IntelReport) -> Table:
    """Techniques in matrix order, each with one procedure in the records' own words."""
    return table(
        "techniques",
        "Techniques in ATT&CK order",
        "Technique* Name Tactics Users# Used_by Procedure Status! Sources",
        [
            row(
                one,
                one.technique,
                one.name,
                ", ".join(attack.tactic_title(name) for name in one.tactics),
                len(one.used_by),
                names(one.used_by),
                next((step.text for step in one.procedures if step.text), ""),
                now(one),
                shown_sources(one.references, 2),
            )
            for one in report.techniques
        ],
        "A technique stands at its first tactic. The procedure is the description of one of the "
        "relationships cited; the next table has all of them.",
    )


def tactics(report: IntelReport) -> Table:
    """How many techniques and uses each tactic has."""
    rows: list[Row] = []
    for short in attack.TACTICS:
        held = [one for one in report.techniques if short in one.tactics]
        if not held:
            continue
        users = Counter(name for one in held for name in one.used_by)
        rows.append(
            Row(
                cells=(
                    attack.tactic_title(short),
                    len(held),
                    len(users),
                    names([one.technique for one in held], 12),
                ),
                evidence=evidence(uid for one in held for uid in one.object_uids),
            )
        )
    return table("tactics", "Tactics", "Tactic Techniques# Users# Which", rows)


def procedures(report: IntelReport) -> Table:
    """Every use of a technique with its own words and sources."""
    return table(
        "procedures",
        "Procedures",
        "Technique* Name User Procedure Sources",
        [
            Row(
                cells=(
                    one.technique,
                    one.name,
                    step.user,
                    step.text,
                    shown_sources(step.references),
                ),
                evidence=evidence((*step.relationship_uids, *step.object_uids)),
            )
            for one in report.techniques
            for step in one.procedures
        ],
    )


def targets(report: IntelReport) -> Table:
    """Who is attacked, by whom, and on what that rests."""
    return table(
        "targets",
        "Targets",
        "Kind Target Attackers# Targeted_by Basis Words Sources",
        [
            row(
                one,
                one.kind,
                one.name,
                len(one.targeted_by),
                names(one.targeted_by),
                one.basis,
                next((ev.quote for ev in one.quotes), None),
                shown_sources(one.references, 2),
            )
            for one in report.targets
        ],
        "Basis: a relation, a property of an object, or prose (text), of which the words are "
        "quoted.",
    )


def indicators(report: IntelReport) -> Table:
    """Indicators with validity and what they point to."""
    return table(
        "indicators",
        "Indicators",
        "Value Kind Indicates State! Valid_from@ Valid_until@ Labels Pattern Sources",
        [
            row(
                one,
                names(one.values, 4) or one.name,
                ", ".join(one.kinds) or one.pattern_type,
                names(one.indicates),
                one.state,
                when(one.valid_from),
                when(one.valid_until),
                names(one.labels, 4),
                one.pattern[:300],
                shown_sources(one.references, 2),
            )
            for one in report.indicators
        ],
    )


def observables(report: IntelReport) -> Table:
    """Observed values that are no indicators."""
    return table(
        "observables",
        "Observables",
        "Value Kind Related_to Sources",
        [
            row(one, one.value, one.kind, names(one.related_to), shown_sources(one.references, 2))
            for one in report.observables
        ],
        "Seen, which is not the same as bad.",
    )


def vulnerabilities(report: IntelReport) -> Table:
    """Vulnerabilities and who exploits them."""
    return table(
        "vulnerabilities",
        "Vulnerabilities",
        "Vulnerability Exploited_by Basis Description Status! Sources",
        [
            row(
                one,
                one.external_id or one.name,
                names(one.exploited_by),
                one.type,
                one.description[:300],
                status(one.revoked, one.deprecated),
                shown_sources(one.references, 2),
            )
            for one in report.vulnerabilities
        ],
    )


def infrastructure(report: IntelReport) -> Table:
    """Infrastructure, its users and parts."""
    return table(
        "infrastructure",
        "Infrastructure",
        "Name Kinds Used_by Consists_of Sources",
        [
            row(
                one,
                one.name,
                names(one.kinds),
                names(one.used_by),
                names(one.consists_of),
                shown_sources(one.references, 2),
            )
            for one in report.infrastructure
        ],
    )


def now(one: TechniqueUse) -> str:
    """Say what became of a technique's id."""
    moved = f"now {one.current}" if one.current != one.technique else ""
    return "; ".join(filter(None, (one.status, moved)))
