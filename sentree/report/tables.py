"""Plain-text tables of what `ingest` and `lake info` did, for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from schemas.ingest import IngestReport
from schemas.lake import LakeInfo
from sentree.report.escape import terminal


def ingest_table(report: IngestReport) -> str:
    """Give one line per source, its rejects with reasons, and the totals, which add up."""
    rows = [
        (
            one.path,
            one.format or "-",
            f"{one.delivered:,}",
            f"{one.accepted:,}",
            f"{one.duplicate:,}",
            f"{one.rejected:,}",
        )
        for one in report.sources
    ]
    lines = table(("source", "format", "delivered", "accepted", "duplicate", "rejected"), rows)
    for one in report.sources:
        for reason, count in sorted(one.reasons.items()):
            lines.append(f"  rejected {count:,} of {one.path}: {reason}")
        for issue, count in sorted(one.issues.items()):
            lines.append(f"  noted on {count:,} of {one.path}: {issue}")
        if one.error:
            lines.append(f"  not read {one.path}: {one.error}")
    lines.append(ingest_line(report))
    return "\n".join(terminal(line) for line in lines)


def ingest_line(report: IngestReport) -> str:
    """Give the totals in one line."""
    return (
        f"{len(report.sources):,} sources: {report.delivered:,} delivered = "
        f"{report.accepted:,} accepted + {report.duplicate:,} duplicate + "
        f"{report.rejected:,} rejected"
    )


def lake_table(info: LakeInfo) -> str:
    """Give what a lake holds."""
    tables = ", ".join(f"{count:,} {name}" for name, count in info.tables.items())
    lines = [
        f"{info.path}: {tables}",
        f"snapshot {info.snapshot_id}, {info.bytes_on_disk / 1e6:,.1f} MB on disk",
        f"time {info.first or '-'} .. {info.last or '-'}; "
        f"{info.events_without_time:,} events without a time",
    ]
    for head, slices in (("class", info.by_class), ("source", info.by_source)):
        rows = [
            (one.name, f"{one.events:,}", str(one.first or "-"), str(one.last or "-"))
            for one in slices
        ]
        lines += table((head, "events", "first", "last"), rows)
    known = [
        (
            one.name,
            f"{one.records:,}",
            f"{one.versions:,}",
            f"{one.revoked:,}",
            f"{one.deprecated:,}",
        )
        for one in info.knowledge
    ]
    if known:
        lines += table(("known", "records", "versions", "revoked", "deprecated"), known)
    return "\n".join(terminal(line) for line in lines)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Lay rows out in columns; a column of numbers is set right."""
    cells = [tuple(terminal(cell) for cell in row) for row in (head, *rows)]
    widths = [max(len(row[n]) for row in cells) for n in range(len(head))]
    numeric = [all(_is_number(row[n]) for row in cells[1:]) for n in range(len(head))]
    return [
        "  ".join(
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(row, widths, numeric, strict=True)
        ).rstrip()
        for row in cells
    ]


def _is_number(text: str) -> bool:
    return text.replace(",", "").isdigit()
