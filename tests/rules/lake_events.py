"""Puts raw records into a lake with the columns that the mappers promote, without the mappers."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sentree.lake.db import Lake

FIRST = datetime(2026, 3, 1, 8)
COLUMNS = ("class_uid", "activity_id", "original_id", "channel", "provider", "device_host")


def windows_columns(record: Mapping[str, Any]) -> dict[str, Any]:
    """The promoted columns of a Windows record in any of its shapes."""
    system = record.get("Event", {}).get("System", {})
    winlog = record.get("winlog", {})
    event_id = system.get("EventID", winlog.get("event_id", record.get("EventID")))
    if isinstance(event_id, dict):
        event_id = event_id["#text"]
    provider = system.get("Provider", {}).get("#attributes", {}).get("Name")
    return {
        "original_id": None if event_id is None else str(event_id),
        "channel": system.get("Channel", winlog.get("channel", record.get("Channel"))),
        "provider": provider or winlog.get("provider_name", record.get("SourceName")),
    }


def put(
    lake: Lake,
    records: Iterable[Mapping[str, Any] | str],
    mapper: str = "windows",
    *,
    tenant: str = "default",
    events: Iterable[Mapping[str, Any]] | None = None,
    start: datetime = FIRST,
    **columns: Any,
) -> list[str]:
    """Store records as events one second apart; give their uids in order."""
    records = list(records)
    normalised = list(events) if events is not None else [{} for _ in records]
    uids: list[str] = []
    rows: list[dict[str, Any]] = []
    for number, (record, event) in enumerate(zip(records, normalised, strict=True)):
        raw = record if isinstance(record, str) else json.dumps(record)
        uid = hashlib.sha256(f"{tenant}{mapper}{number}{raw}".encode()).hexdigest()[:32]
        row: dict[str, Any] = {
            "event_uid": uid,
            "tenant_uid": tenant,
            "time": start + timedelta(seconds=number),
            "mapper": mapper,
            "raw": raw,
            "event": json.dumps(event),
        }
        if mapper == "windows" and not isinstance(record, str):
            row |= windows_columns(record)
        for name in COLUMNS:
            if name in event:
                row[name] = event[name]
        row |= columns
        rows.append(row)
        uids.append(uid)
    names = list(dict.fromkeys(name for row in rows for name in row))
    if rows:
        with lake.transaction():
            values = ", ".join("unnest(?)" for _ in names)
            lake.execute(
                f"INSERT INTO events ({', '.join(names)}) SELECT {values}",
                [[row.get(name) for row in rows] for name in names],
            )
    return uids
