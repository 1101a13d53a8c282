"""Finds the indicators to run: those of files, or the newest versions that the lake has."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from schemas.hunt import Indicator, IndicatorNote
from schemas.section import InputFile
from sentree.intel.stix import StixObject, read_time
from sentree.intel.stix_read import find_files, read_file
from sentree.lake.db import Lake
from sentree.lake.knowledge import current


def from_files(paths: Sequence[str]) -> tuple[list[Indicator], list[InputFile]]:
    """Read the indicators of STIX files; of one indicator the newest version counts.

    Raises:
        UnreadableInputError: a path names nothing.
    """
    newest: dict[str, tuple[str, Indicator]] = {}
    inputs: list[InputFile] = []
    for path in find_files(paths):
        file = read_file(path)
        found = [one for one in file.objects if one.type == "indicator"]
        for one in found:
            version = one.modified.isoformat() if one.modified else ""
            if one.uid not in newest or newest[one.uid][0] <= version:
                newest[one.uid] = (version, _indicator(one.uid, one.body, path))
        inputs.append(
            InputFile(
                path=path,
                sha256=file.sha256,
                format=file.format,
                records=len(found),
                rejected=len(file.rejected),
                note=file.rejected[0].reason if file.rejected else "",
            )
        )
    return [one for _, one in newest.values()], inputs


def from_lake(lake: Lake, tenants: Sequence[str], snapshot: int) -> list[Indicator]:
    """Read the newest version of every indicator that the lake has of the tenants."""
    newest, values = current(lake, tenants, snapshot)
    rows = lake.query(
        f"SELECT object_uid, any_value(object) AS object FROM ({newest})"
        " WHERE type = 'indicator' GROUP BY object_uid ORDER BY object_uid",
        values,
    )
    return [_indicator(row["object_uid"], json.loads(row["object"]), "lake") for row in rows]


def valid_now(
    indicators: Iterable[Indicator], as_of: datetime, *, all_of_them: bool
) -> tuple[list[Indicator], list[IndicatorNote]]:
    """Part the indicators that are to be run from those that are not, with the reason."""
    kept: list[Indicator] = []
    skipped: list[IndicatorNote] = []
    for one in indicators:
        reason = "" if all_of_them else _out_of_force(one, as_of)
        if one.pattern_type.lower() != "stix":
            reason = f"its pattern is {one.pattern_type}, no STIX pattern"
        if reason:
            skipped.append(
                IndicatorNote(indicator_uid=one.indicator_uid, name=one.name, reason=reason)
            )
        else:
            kept.append(one)
    return kept, skipped


def _out_of_force(one: Indicator, as_of: datetime) -> str:
    if one.revoked:
        return "it is revoked"
    if one.deprecated:
        return "it is deprecated"
    if one.valid_until is not None and one.valid_until <= as_of:
        return f"it was valid until {one.valid_until:%Y-%m-%d}"
    if one.valid_from is not None and one.valid_from > as_of:
        return f"it is valid from {one.valid_from:%Y-%m-%d} on"
    return ""


def _indicator(uid: str, body: dict[str, Any], source: str) -> Indicator:
    one = StixObject(uid, "indicator", body)
    confidence = body.get("confidence")
    if isinstance(confidence, bool) or not isinstance(confidence, int):
        confidence = None
    return Indicator(
        indicator_uid=uid,
        name=one.name,
        pattern=one.text("pattern"),
        pattern_type=one.text("pattern_type") or "stix",
        confidence=None if confidence is None else min(max(confidence, 0), 100),
        valid_from=read_time(body.get("valid_from")),
        valid_until=read_time(body.get("valid_until")),
        revoked=one.revoked,
        deprecated=one.deprecated,
        source=source,
    )
