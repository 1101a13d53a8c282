"""The tables of the report on what the records share, contradict, date and leave open."""

from __future__ import annotations

from schemas.intel import IntelReport
from schemas.section import Row, Table
from sentree.analysis.intel.citing import shown_sources
from sentree.analysis.intel.rows import names, row, table, when


def actor_overlaps(report: IntelReport) -> Table:
    """What two actors share."""
    return _overlaps(report, "actors", "Actors with techniques or software in common")


def file_overlaps(report: IntelReport) -> Table:
    """What two files share."""
    return _overlaps(report, "files", "Files in common")


def same_names(report: IntelReport) -> Table:
    """Names that several things carry."""
    return table(
        "same-names",
        "Names that stand for more than one thing",
        "Name Carried_by",
        [row(one, one.name, names(one.holders)) for one in report.same_names],
    )


def contradictions(report: IntelReport) -> Table:
    """Statements that can't both hold."""
    return table(
        "contradictions",
        "Contradictions and stated doubts",
        "Kind Subject Property One_says Other_says Files Sources",
        [
            row(
                one,
                one.kind,
                one.subject,
                one.property,
                one.one,
                one.other,
                names(one.files, 4),
                shown_sources(one.references, 2),
            )
            for one in report.contradictions
        ],
        "Of two versions of an object the newest holds; a doubt is the records' own.",
    )


def moments(report: IntelReport) -> Table:
    """Everything dated."""
    return table(
        "moments",
        "Time line",
        "Time@ What Property Sources",
        [
            row(one, when(one.time), one.text, one.kind, shown_sources(one.references, 1))
            for one in report.moments
        ],
    )


def relations(report: IntelReport) -> Table:
    """Relations without a table of their own."""
    return table(
        "relations",
        "Other relations",
        "Source Relation Target Words Sources",
        [
            row(
                one,
                one.source,
                one.relation,
                one.target,
                one.text,
                shown_sources(one.references, 2),
            )
            for one in report.relations
        ],
    )


def reports(report: IntelReport) -> Table:
    """Reports, groupings and notes among the objects."""
    return table(
        "reports",
        "Reports among the objects",
        "Name Type Published@ Author Objects# Text Sources",
        [
            row(
                one,
                one.name,
                one.type,
                when(one.published),
                one.author,
                one.listed,
                one.description,
                shown_sources(one.references, 2),
            )
            for one in report.reports
        ],
    )


def types(report: IntelReport) -> Table:
    """How many objects of each type there are."""
    rows = [Row(cells=(kind, number)) for kind, number in report.counts.by_type.items()]
    return table("types", "Objects by type, after merging", "Type Objects#", rows)


def dangling(report: IntelReport) -> Table:
    """References that lead nowhere."""
    rows = [
        Row(cells=(one.object_uid, one.property, one.target), evidence=(one.object_uid,))
        for one in report.dangling
    ]
    return table(
        "dangling", "References to objects in none of the files", "Object Property Target", rows
    )


def rejected(report: IntelReport) -> Table:
    """What was set aside."""
    rows = [Row(cells=(one.file, one.line, one.object_uid, one.reason)) for one in report.rejected]
    return table("rejected", "Set aside", "File Line# Object Reason", rows)


def _overlaps(report: IntelReport, scope: str, title: str) -> Table:
    return table(
        f"overlaps-{scope}",
        title,
        "One Other Techniques# Technique_Jaccard% Software# Software_Jaccard% Indicators# "
        "Shared_software Shared_techniques",
        [
            row(
                one,
                one.one,
                one.other,
                len(one.techniques),
                one.technique_jaccard,
                len(one.software),
                one.software_jaccard,
                len(one.indicators),
                names(one.software),
                names(one.techniques, 12),
            )
            for one in report.overlaps
            if one.scope == scope
        ],
        "Jaccard: shared over united. Common techniques are no sign of a common hand; public "
        "tools are less of one still.",
    )
