"""Tables and sentences of a classification."""

from __future__ import annotations

from schemas.claim import Claim
from schemas.classify import ClassifyReport
from schemas.section import Row, Section
from sentree.analysis.intel.rows import names, table
from sentree.analysis.records import claim

MAX_NAMED = 6


def title(report: ClassifyReport) -> str:
    """Name the result by what was classified."""
    files = "1 file" if report.files == 1 else f"{report.files:,} files"
    return f"OCSF classes of {report.records:,} records in {files}"


def summarise(report: ClassifyReport) -> list[Claim]:
    """Say which classes there are, and what is not known."""
    known = [one for one in report.classes if one.class_uid]
    said: list[Claim] = []
    if known:
        listed = [f"{one.class_name} ({one.class_uid}) {one.records:,}" for one in known]
        count = report.records - report.unknown
        said.append(
            claim(
                f"{count:,} of {report.records:,} records belong to {len(known)} classes: "
                f"{names(listed, MAX_NAMED)}.",
                [uid for one in known[:MAX_NAMED] for uid in one.examples[:1]],
            )
        )
    if report.guessed:
        said.append(
            claim(
                f"{report.guessed:,} of {report.records:,} records are known to no rule; a "
                "trained classifier told their class, each with a probability.",
                report.guessed_examples,
            )
        )
    if report.unknown:
        reasons = [f"{one.reason} ({one.records:,})" for one in report.unknown_reasons]
        said.append(
            claim(
                f"{report.unknown:,} of {report.records:,} records are not known and stay Base "
                f"Event (class 0): {names(reasons, 3)}.",
                [uid for one in report.unknown_reasons[:3] for uid in one.examples[:1]],
            )
        )
    return said


def sections(report: ClassifyReport) -> list[Section]:
    """Arrange the answer: classes, what is unknown, what was not used, the first records."""
    classes = table(
        "classes",
        "Records by class",
        "Category Category_name Class Class_name Records# Share% Formats",
        [
            Row(
                cells=(
                    str(one.category_uid),
                    one.category_name,
                    str(one.class_uid),
                    one.class_name,
                    one.records,
                    round(one.records / report.records, 4),
                    names(one.formats),
                ),
                evidence=one.examples,
            )
            for one in report.classes
        ],
    )
    unknown = table(
        "unknown",
        "Not known: Base Event",
        "Reason Records#",
        [
            Row(cells=(one.reason, one.records), evidence=one.examples)
            for one in report.unknown_reasons
        ],
    )
    unused = table(
        "unused",
        "What was not used",
        "File Line Reason",
        [Row(cells=(one.file, str(one.line), one.reason)) for one in report.unused_lines],
    )
    first = table(
        "records",
        "The first records",
        "Line Category Class Class_uid Probability Reason",
        [
            Row(
                cells=(
                    str(one.line),
                    one.category_name,
                    one.class_name,
                    str(one.class_uid),
                    one.probability,
                    one.reason,
                )
            )
            for one in report.first
        ],
    )
    made = (("classes", "Classes", classes), ("unknown", "Not known", unknown))
    made += (("records", "Records", first), ("unused", "Not used", unused))
    return [
        Section(key=key, title=heading, tables=(each,)) for key, heading, each in made if each.rows
    ]
