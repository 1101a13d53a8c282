"""Controls of OSCAL catalogues, profiles and baselines, and of scanners' frameworks, as rows."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from schemas.control import Catalogue
from sentree.analysis.evidence.catalogue import read_catalogue
from sentree.lake.knowledge import Delivery
from sentree.lake.records import Reject

COLUMNS = (
    "format",
    "framework",
    "framework_version",
    "control_uid",
    "title",
    "text",
    "family",
    "section",
    "checks",
    "source_line",
)


def control_delivery(path: str, size: int, digest: str) -> Delivery:
    """Read one catalogue.

    Raises:
        UnreadableInputError: it is none, or a profile whose catalogue does not lie beside it.
    """
    found = read_catalogue(path)
    columns: dict[str, list[Any]] = {name: [] for name in COLUMNS}
    key: list[str] = []
    for one in found.controls:
        row: dict[str, Any] = {
            **one.model_dump(include={"control_uid", "title", "text", "family", "section"}),
            "format": found.format,
            "framework": framework_name(found),
            "framework_version": found.version,
            "checks": list(one.checks) if one.checks is not None else None,
            "source_line": one.line,
        }
        for name, column in columns.items():
            column.append(row[name])
        content = one.model_dump_json(exclude={"line"})
        key.append(
            f"{row['framework']}@{found.version}@{one.control_uid}"
            f"@{sha256(content.encode(errors='replace')).hexdigest()[:16]}"
        )
    return Delivery(
        path=path,
        sha256=digest,
        size=size,
        format=found.format,
        table="controls",
        columns=columns,
        key=key,
        rejects=[Reject(0, one.reason, one.where, len(one.where)) for one in found.rejected],
    )


def framework_name(found: Catalogue) -> str:
    """Name the framework as a finding would."""
    return (found.names[0] if found.names else found.title).strip() or found.title
