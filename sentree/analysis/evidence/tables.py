"""Lays the verdicts out as sections: coverage, matrix, each control, gaps, what was read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from schemas.evidence import ControlVerdict, EvidenceReport
from schemas.matrix import Matrix, MatrixCell, MatrixRow
from schemas.section import Column, Row, Section, Table
from schemas.window import iso
from sentree.analysis.records import claim

STATUSES = ("satisfied", "failed", "to review", "no evidence")
MAX_EVIDENCE = 40
MAX_ROWS = 2_000
MAX_FAILED_CLAIMS = 12
NO_FAMILY = "(no family)"


def sections(report: EvidenceReport) -> list[Section]:
    """Arrange the answer in the order in which a reader asks."""
    failed = [one for one in report.verdicts if one.status == "failed"]
    notes: list[str] = []
    if report.proposals:
        notes.append(
            "A status with * rests on proposed mappings alone: control and check are about the "
            "same thing by their wording. Most proposals of a control are not in an official "
            "mapping; confirm them before you rely on the status."
        )
    found = [
        Section(
            key="coverage",
            title="Coverage by family",
            tables=(_families(report),),
            matrix=matrix(report),
            notes=tuple(notes),
        ),
        Section(
            key="failed",
            title="Failed controls",
            claims=tuple(
                claim(
                    _failure(one),
                    one.records[:8],
                )
                for one in failed[:MAX_FAILED_CLAIMS]
            ),
        ),
        Section(key="controls", title="Controls", tables=(_controls(report),)),
        Section(key="evidence", title="Evidence by control", tables=(_evidence(report),)),
        Section(key="gaps", title="Controls without evidence", tables=(_gaps(report),)),
        Section(key="read", title="What was read", tables=tuple(_read(report))),
    ]
    return [one for one in found if one.claims or any(table.rows for table in one.tables)]


def matrix(report: EvidenceReport) -> Matrix:
    """Give a row of cells per family, a cell per control."""
    rows: dict[str, list[MatrixCell]] = {}
    for one in report.verdicts:
        rows.setdefault(one.control.family or NO_FAMILY, []).append(
            MatrixCell(
                label=one.control.control_uid,
                status=one.status,
                mark="*" if one.proposed else "",
                note=f"{one.control.label}: {shown_status(one)}; {one.reason}",
            )
        )
    return Matrix(
        title="Every control, by family",
        rows=tuple(MatrixRow(name=name, cells=tuple(cells)) for name, cells in rows.items()),
        legend=STATUSES,
    )


def shown_status(one: ControlVerdict) -> str:
    """Give the status as tables show it: with a star when it rests on proposals alone."""
    return f"{one.status}*" if one.proposed else one.status


def _families(report: EvidenceReport) -> Table:
    by_family: dict[str, Counter[str]] = {}
    for one in report.verdicts:
        by_family.setdefault(one.control.family or NO_FAMILY, Counter())[one.status] += 1
    return Table(
        key="families",
        title="Controls by family and status",
        columns=(
            Column(name="Family"),
            Column(name="Controls", kind="number"),
            *(Column(name=status.capitalize(), kind="number") for status in STATUSES),
            Column(name="With evidence", kind="share"),
        ),
        rows=tuple(
            Row(
                cells=(
                    name,
                    counts.total(),
                    *(counts[status] for status in STATUSES),
                    1 - counts["no evidence"] / counts.total(),
                )
            )
            for name, counts in by_family.items()
        ),
    )


def _controls(report: EvidenceReport) -> Table:
    rows = [
        Row(
            cells=(
                one.control.control_uid,
                one.control.title if one.control.title != one.control.control_uid else "",
                shown_status(one),
                one.reason,
                len(one.links),
                iso(one.newest) if one.newest else None,
            ),
            evidence=one.records[:MAX_EVIDENCE],
        )
        for one in report.verdicts
    ]
    return Table(
        key="controls",
        title="Status of every control",
        columns=(
            Column(name="Control", kind="id"),
            Column(name="Title"),
            Column(name="Status", kind="verdict"),
            Column(name="Why"),
            Column(name="Checks", kind="number"),
            Column(name="Newest", kind="time"),
        ),
        rows=tuple(rows[:MAX_ROWS]),
        note=_cut(len(rows)),
    )


def _evidence(report: EvidenceReport) -> Table:
    outcomes = {"pass": "satisfied", "fail": "failed", "none": "to review"}
    rows = [
        Row(
            cells=(
                one.control.control_uid,
                link.check,
                outcomes[link.outcome],
                link.basis,
                link.score if link.basis == "proposed" else None,
                link.passed,
                link.failed,
                link.other,
                link.reason,
            ),
            evidence=link.records[:MAX_EVIDENCE],
        )
        for one in report.verdicts
        for link in one.links
    ]
    return Table(
        key="evidence",
        title="Checks that count for each control",
        columns=(
            Column(name="Control", kind="id"),
            Column(name="Check"),
            Column(name="Says", kind="verdict"),
            Column(name="Basis"),
            Column(name="Probability", kind="share", note="of a proposed mapping"),
            Column(name="Pass", kind="number"),
            Column(name="Fail", kind="number"),
            Column(name="Other", kind="number"),
            Column(name="Why it counts"),
        ),
        rows=tuple(rows[:MAX_ROWS]),
        note=_cut(len(rows)),
    )


def _gaps(report: EvidenceReport) -> Table:
    rows = [
        Row(
            cells=(
                one.control.control_uid,
                one.control.title if one.control.title != one.control.control_uid else "",
                one.control.family,
                one.reason,
            )
        )
        for one in report.verdicts
        if one.status == "no evidence"
    ]
    return Table(
        key="gaps",
        title="No evidence",
        columns=(
            Column(name="Control", kind="id"),
            Column(name="Title"),
            Column(name="Family"),
            Column(name="Why"),
        ),
        rows=tuple(rows[:MAX_ROWS]),
        note=_cut(len(rows)),
    )


def _read(report: EvidenceReport) -> list[Table]:
    counts = report.counts
    lines: Sequence[tuple[str, int]] = (
        ("records read", counts.records),
        ("in scope", counts.used),
        ("outside the window", counts.outside_window),
        ("without a time", counts.without_time),
        ("older results of the same check on the same resource", counts.superseded),
        ("records that could not be used", counts.rejected),
        ("different checks in scope", counts.checks),
        ("checks that count for no control", len(report.unused_checks)),
    )
    columns = (Column(name="What"), Column(name="Number", kind="number"))
    tables = [
        Table(
            key="account",
            title="Evidence read",
            columns=columns,
            rows=tuple(Row(cells=line) for line in lines),
        )
    ]
    rejected = report.catalogue.rejected
    if rejected:
        tables.append(
            Table(
                key="rejected",
                title="Entries of the catalogue set aside",
                columns=(Column(name="Where"), Column(name="Reason")),
                rows=tuple(Row(cells=(one.where, one.reason)) for one in rejected[:MAX_ROWS]),
            )
        )
    return tables


def _cut(rows: int) -> str:
    if rows <= MAX_ROWS:
        return ""
    return f"The first {MAX_ROWS:,} of {rows:,}; the JSON report has all under data."


def _failure(one: ControlVerdict) -> str:
    fails = "may fail" if one.proposed else "fails"
    return f"{one.control.label[:200]} {fails}: {one.reason}."
