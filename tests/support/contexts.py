"""A context in memory: the tables that leaves read, in a real DuckDB, filled by a test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from threading import Lock
from typing import Any

import duckdb

from ocsf.columns import PROMOTED


class MemoryContext:
    """Implements `schemas.ports.ContextReader` over rows given as dictionaries."""

    def __init__(self, rows: Sequence[Mapping[str, Any]] = ()) -> None:
        self._connection = duckdb.connect()
        self._lock = Lock()
        promoted = ", ".join(f"{column.name} {column.sql_type}" for column in PROMOTED)
        self._connection.execute(
            "CREATE TABLE events (event_uid VARCHAR, tenant_uid VARCHAR, time TIMESTAMP,"
            f" {promoted}"
            ", observables VARCHAR[], issues VARCHAR[], event VARCHAR, raw VARCHAR,"
            " source_uid VARCHAR, source_line BIGINT, mapper VARCHAR, host VARCHAR,"
            " shard_key UINTEGER, chars BIGINT, source_path VARCHAR)"
        )
        for row in rows:
            self.add(row)

    def add(self, row: Mapping[str, Any]) -> None:
        """Insert one event; columns that are not given are NULL."""
        names = ", ".join(row)
        marks = ", ".join("?" for _ in row)
        self._connection.execute(
            f"INSERT INTO events ({names}) VALUES ({marks})", list(row.values())
        )

    def query(
        self, sql: str, parameters: Sequence[Any] | Mapping[str, Any] = ()
    ) -> list[dict[str, Any]]:
        """Run one SELECT."""
        with self._lock:
            cursor = self._connection.execute(
                sql, dict(parameters) if isinstance(parameters, Mapping) else list(parameters)
            )
            names = [column[0] for column in cursor.description or ()]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def event_row(uid: str, time: datetime, host: str | None, chars: int = 100) -> dict[str, Any]:
    """Give a minimal event: a uid of hex digits, an instant, a host and a size."""
    return {
        "event_uid": uid,
        "time": time.replace(tzinfo=None),
        "host": host,
        "device_host": host,
        "shard_key": int(uid[:8], 16),
        "chars": chars,
        "mapper": "windows",
        "event": f'{{"uid":"{uid}"}}',
        "raw": f'{{"Image":"C:\\\\tools\\\\{uid}.exe"}}',
    }
