"""Writes pivots as STIX 2.1 indicators, to be hunted for in other places."""

from __future__ import annotations

import ipaddress
from datetime import datetime
from pathlib import Path
from typing import Any

from schemas.look import Pivot, PivotReport
from sentree.report.document import write_text
from sentree.report.escape import json_text
from sentree.report.stix import author_identity, stix_text, stix_time, stix_uid

_HASHES = {32: "MD5", 40: "SHA-1", 64: "SHA-256", 128: "SHA-512"}
MAX_NAME = 250


def write_indicators(report: PivotReport, now: datetime, path: Path) -> int:
    """Write a bundle; gives how many indicators it has.

    Raises:
        ConfigurationError: the file can't be written.
    """
    author = author_identity()
    made = [
        one for pivot in report.pivots if (one := _indicator(pivot, author["id"], now)) is not None
    ]
    objects = [author, *made]
    key = "\n".join(one["id"] for one in objects)
    bundle = {"type": "bundle", "id": stix_uid("bundle", key), "objects": objects}
    write_text(path, json_text(bundle, indent=2) + "\n")
    return len(made)


def pivot_pattern(pivot: Pivot) -> str | None:
    """Give the pattern that looks for a pivot; None for what means nothing elsewhere."""
    value = "'" + pivot.value.replace("\\", "\\\\").replace("'", "\\'") + "'"
    if pivot.kind == "address" and not pivot.internal:
        version = ipaddress.ip_address(pivot.value).version
        return f"[ipv{version}-addr:value = {value}]"
    if pivot.kind == "hash" and (name := _HASHES.get(len(pivot.value))):
        return f"[file:hashes.'{name}' = {value}]"
    if pivot.kind == "domain" and "." in pivot.value:
        return f"[domain-name:value = {value}]"
    return f"[url:value = {value}]" if pivot.kind == "url" else None


def _indicator(pivot: Pivot, author: str, now: datetime) -> dict[str, Any] | None:
    pattern = pivot_pattern(pivot)
    if pattern is None:
        return None
    titles = ", ".join(one.title for one in pivot.findings[:5])
    since = min(pivot.first or now, now)
    return {
        "type": "indicator",
        "spec_version": "2.1",
        "id": stix_uid("indicator", pattern),
        "created_by_ref": author,
        "created": stix_time(now),
        "modified": stix_time(now),
        "name": stix_text(f"{pivot.kind} {pivot.value}", MAX_NAME),
        "description": stix_text(
            f"Named by {pivot.events:,} events with findings of level {pivot.level}: {titles}"
        ),
        "indicator_types": ["anomalous-activity"],
        "pattern": pattern,
        "pattern_type": "stix",
        "valid_from": stix_time(since),
    }
