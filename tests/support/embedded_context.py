"""A context file in miniature: real DuckDB tables from plain rows, as the lake exports them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from importlib.resources import files
from typing import Any

import duckdb

from models.embedded import EmbeddedAnalyst
from ocsf.columns import PROMOTED
from schemas.finding import Finding, LeafResult, Tally
from schemas.trajectory import Partition
from schemas.window import Window

START = datetime(2026, 3, 2, 8, 0, 0)

CLASS_OF = {
    ("sysmon", "1"): (1007, 1),
    ("sysmon", "2"): (1001, 6),
    ("sysmon", "3"): (4001, 1),
    ("sysmon", "7"): (1005, 1),
    ("sysmon", "8"): (1007, 4),
    ("sysmon", "9"): (1001, 14),
    ("sysmon", "10"): (1007, 3),
    ("sysmon", "11"): (1001, 1),
    ("sysmon", "12"): (201001, 1),
    ("sysmon", "13"): (201002, 2),
    ("sysmon", "17"): (1001, 1),
    ("sysmon", "20"): (201003, 1),
    ("sysmon", "22"): (4003, 1),
    ("security", "1102"): (1008, 1),
    ("security", "4624"): (3002, 1),
    ("security", "4625"): (3002, 1),
    ("security", "4648"): (3002, 1),
    ("security", "4672"): (3003, 1),
    ("security", "4688"): (1007, 1),
    ("security", "4698"): (1006, 1),
    ("security", "4720"): (3001, 1),
    ("security", "4732"): (3006, 3),
    ("security", "4769"): (3002, 4),
    ("security", "5145"): (4006, 2),
    ("security", "4663"): (201003, 1),
    ("system", "7045"): (201004, 1),
    ("powershell", "4104"): (1009, 1),
}
CHANNELS = {
    "sysmon": "Microsoft-Windows-Sysmon/Operational",
    "security": "Security",
    "system": "System",
    "powershell": "Microsoft-Windows-PowerShell/Operational",
}


class MemoryContext:
    """Answers queries as the exported context file does."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def query(
        self, sql: str, parameters: Sequence[Any] | Mapping[str, Any] = ()
    ) -> list[dict[str, Any]]:
        cursor = self._connection.cursor()
        bound = dict(parameters) if isinstance(parameters, Mapping) else list(parameters)
        cursor.execute(sql, bound)
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def event(number: int, **fields: Any) -> dict[str, Any]:
    """Make a row; `log` and `code` set class, channel and code as the Windows mapper does."""
    log, code = fields.pop("log", None), str(fields.pop("code", "") or "") or None
    row: dict[str, Any] = {"time": START + timedelta(seconds=number), "host": "ws01"}
    row["mapper"] = "windows" if log in CHANNELS else (log or "ocsf").split(" ")[0]
    if log in CHANNELS:
        row["class_uid"], row["activity_id"] = CLASS_OF[log, code or ""]
        row |= {"channel": CHANNELS[log], "original_id": code}
    elif log and log.startswith("zeek "):
        row |= {"channel": log.removeprefix("zeek ")}
    row |= fields
    raw = row.pop("raw", {})
    if not isinstance(raw, str):
        shown = {key: value for key, value in row.items() if key != "time"}
        raw = json.dumps(raw | {f"x_{key}": value for key, value in shown.items()}, default=str)
    row["raw"] = raw
    row["event"] = row.get("event") or json.dumps({"class_uid": row.get("class_uid", 0)})
    row["event_uid"] = hashlib.sha256(f"{number}{raw}".encode("utf-8", "replace")).hexdigest()[:32]
    row["shard_key"] = int(row["event_uid"][:8], 16)
    row["chars"] = len(raw)
    row.setdefault("class_uid", 0)
    return row


def context_of(
    rows: Iterable[Mapping[str, Any]], detections: Iterable[Mapping[str, Any]] = ()
) -> MemoryContext:
    """Build a context from rows and run the baselines over it."""
    connection = duckdb.connect()
    columns = [("event_uid", "VARCHAR"), ("time", "TIMESTAMP"), ("host", "VARCHAR")]
    columns += [(each.name, each.sql_type) for each in PROMOTED]
    columns += [("event", "VARCHAR"), ("raw", "VARCHAR"), ("mapper", "VARCHAR")]
    columns += [("shard_key", "UINTEGER"), ("chars", "BIGINT")]
    typed = ", ".join(f"{name} {kind}" for name, kind in columns)
    connection.execute(f"CREATE TABLE events ({typed})")
    connection.execute(
        "CREATE TABLE detections (detection_uid VARCHAR, rule_uid VARCHAR, rule_title VARCHAR,"
        " rule_author VARCHAR, level VARCHAR, techniques VARCHAR[], tactics VARCHAR[],"
        " time TIMESTAMP, event_uid VARCHAR, tenant_uid VARCHAR)"
    )
    marks = ", ".join("?" for _ in columns)
    for row in rows:
        values = [row.get(name) for name, _ in columns]
        connection.execute(f"INSERT INTO events VALUES ({marks})", values)
    for hit in detections:
        names = ", ".join(hit)
        marks = ", ".join("?" for _ in hit)
        connection.execute(f"INSERT INTO detections ({names}) VALUES ({marks})", list(hit.values()))
    connection.execute((files("sentree.lake") / "sql" / "baselines.sql").read_text("utf-8"))
    return MemoryContext(connection)


def whole(days: int = 3) -> Partition:
    """The partition that holds everything."""
    return Partition(window=Window(start=START, end=START + timedelta(days=days)))


def merged(results: Sequence[LeafResult]) -> LeafResult:
    """Merge as the tree's reduce does: union of findings, sums of tallies."""
    findings = {each.finding_uid: each for result in results for each in result.findings}
    tallies: dict[tuple[str, ...], Tally] = {}
    for tally in (each for result in results for each in result.tallies):
        other = tallies.get(tally.key)
        tallies[tally.key] = (
            tally
            if other is None
            else Tally(
                key=tally.key,
                count=tally.count + other.count,
                first=min(tally.first, other.first),
                last=max(tally.last, other.last),
                sample=tuple(sorted({*tally.sample, *other.sample})[:50]),
            )
        )
    return LeafResult(
        findings=tuple(sorted(findings.values(), key=lambda each: (each.time, each.finding_uid))),
        tallies=tuple(tallies[key] for key in sorted(tallies)),
        events_read=sum(result.events_read for result in results),
        chars_read=sum(result.chars_read for result in results),
    )


def analyse(
    rows: Iterable[Mapping[str, Any]], detections: Iterable[Mapping[str, Any]] = ()
) -> tuple[Finding, ...]:
    """Read everything in one partition, and conclude."""
    context, analyst = context_of(rows, detections), EmbeddedAnalyst()
    result = analyst.read(context, whole())
    return (*result.findings, *analyst.conclude(result.tallies, context))
