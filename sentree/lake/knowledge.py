"""Stores what is known beside events: sources whole or not at all, a known record only once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from typing import Any, Literal, NamedTuple

import duckdb
import pyarrow as pa

from schemas.ingest import SourceReport
from sentree.errors import LakeError
from sentree.lake.db import Lake, first_line, sql_text
from sentree.lake.ledger import new_source_uid
from sentree.lake.records import Reject, Table

KNOWLEDGE_TABLES = ("stix_objects", "vulnerabilities", "controls", "rule_documents")
_LIST = pa.list_(pa.string())
_TYPES: dict[str, Any] = {
    "place": pa.int64(),
    "is_21": pa.bool_(),
    "source_line": pa.int64(),
    "revoked": pa.bool_(),
    "deprecated": pa.bool_(),
    "withdrawn": pa.bool_(),
    "cvss_score": pa.float64(),
    "epss": pa.float64(),
    "refs": _LIST,
    "checks": _LIST,
}
_TIMES = ("created", "modified", "valid_from", "valid_until", "published")


@dataclass(slots=True)
class Delivery:
    """The records of one source on their way into one table, column by column.

    A table's columns are all given but for those that say whose and from where a row is. `key`
    holds what tells records apart; equal keys are one record, and the first one counts.
    """

    path: str
    sha256: str
    size: int
    format: str
    table: str
    columns: dict[str, list[Any]]
    key: list[str]
    rejects: list[Reject] = field(default_factory=list[Reject])
    issues: dict[str, int] = field(default_factory=dict[str, int])
    note: str | None = None
    stage: Stage | None = None

    @property
    def rows(self) -> int:
        """How many records there are, doubled ones included."""
        return self.stage.rows if self.stage else len(self.key)


class Stage(NamedTuple):
    """A temporary table with the rows of a delivery, in place of its columns and keys."""

    name: str
    rows: int


def store(
    lake: Lake, deliveries: Sequence[Delivery], tenant: str, now: datetime
) -> list[SourceReport]:
    """Write sources in one transaction with their ledger lines and rejects.

    Raises:
        LakeError: the lake could not be written; then nothing was stored.
    """
    moment = now.astimezone(UTC).replace(tzinfo=None)
    return lake.retrying(lambda: _store(lake, deliveries, tenant, moment))


def _store(
    lake: Lake, deliveries: Sequence[Delivery], tenant: str, now: datetime
) -> list[SourceReport]:
    # With the writer lock held, what another process loaded meanwhile is seen.
    found = lake.query(
        "SELECT content_sha256, path FROM sources"
        " WHERE tenant_uid = ? AND list_contains(?, content_sha256)",
        [tenant, [one.sha256 for one in deliveries]],
    )
    loaded = {row["content_sha256"]: row["path"] for row in found}
    fresh: dict[str, Delivery] = {}
    for one in deliveries:
        if one.sha256 not in loaded:
            loaded[one.sha256] = one.path
            fresh[new_source_uid(tenant, one.path, one.sha256)] = one
    for table in KNOWLEDGE_TABLES:
        _insert(lake, table, fresh, tenant, now)
    for uid, one in fresh.items():
        if one.stage:
            sql = sql_text("knowledge_staged", table=one.table, stage=one.stage.name)
            lake.execute(sql, {"tenant": tenant, "now": now, "source": uid})
    accepted = _accepted(lake, fresh)
    rejected = [(uid, *each) for uid, one in fresh.items() for each in one.rejects]
    _append(lake, "rejects", rejected)
    uids = {id(one): uid for uid, one in fresh.items()}
    reports = [
        _report(one, uids.get(id(one)), accepted, loaded[one.sha256], tenant) for one in deliveries
    ]
    lines = [
        (
            uid,
            one.path,
            one.sha256,
            one.size,
            one.format,
            tenant,
            now,
            one.rows + len(one.rejects),
            accepted.get(uid, 0),
            one.rows - accepted.get(uid, 0),
            len(one.rejects),
            one.note,
        )
        for uid, one in fresh.items()
    ]
    _append(lake, "sources", lines)
    return reports


def _report(
    one: Delivery, uid: str | None, accepted: dict[str, int], before: str, tenant: str
) -> SourceReport:
    rows, rejected = one.rows, len(one.rejects)
    if uid is None:
        return SourceReport(
            path=one.path,
            source_uid=new_source_uid(tenant, before, one.sha256),
            format=one.format,
            delivered=rows + rejected,
            duplicate=rows + rejected,
            already_loaded=True,
            note=f"loaded before as {before}",
        )
    reasons: dict[str, int] = {}
    for each in one.rejects:
        reasons[each.reason] = reasons.get(each.reason, 0) + 1
    return SourceReport(
        path=one.path,
        source_uid=uid,
        format=one.format,
        delivered=rows + rejected,
        accepted=accepted.get(uid, 0),
        duplicate=rows - accepted.get(uid, 0),
        rejected=rejected,
        reasons=dict(sorted(reasons.items())),
        issues=dict(sorted(one.issues.items())),
        note=one.note,
    )


def _insert(lake: Lake, table: str, fresh: dict[str, Delivery], tenant: str, now: datetime) -> None:
    own = {uid: one for uid, one in fresh.items() if one.table == table and one.key}
    if not own:
        return
    names = list(next(iter(own.values())).columns)
    given = arrow_table(
        {name: [value for one in own.values() for value in one.columns[name]] for name in names}
        | {
            "record_uid": [key for one in own.values() for key in one.key],
            "source_uid": [uid for uid, one in own.items() for _ in one.key],
        }
    )
    columns = with_times([*names, "record_uid", "source_uid"], table)
    places = pa.array(range(given.num_rows), pa.int64())
    _run(
        lake,
        sql_text("knowledge_insert", table=table, columns=columns),
        given.append_column("place", places),
        {"tenant": tenant, "now": now},
    )


def arrow_table(columns: Mapping[str, Sequence[Any]]) -> Table:
    """Make an Arrow table of a knowledge table's columns; times are texts there."""
    return pa.table(
        {
            name: pa.array(values, type=_TYPES.get(name, pa.string()))
            for name, values in columns.items()
        }
    )


def with_times(names: Sequence[str], table: str) -> str:
    """Compile the columns of `arrow_table` as a knowledge table has them; no time becomes NULL."""
    times = _TIMES if table != "rule_documents" else ()
    return ", ".join(
        f"CAST(try_cast({name} AS TIMESTAMPTZ) AS TIMESTAMP) AS {name}" if name in times else name
        for name in names
    )


def _accepted(lake: Lake, fresh: dict[str, Delivery]) -> dict[str, int]:
    """Count what each of the sources brought that was new."""
    tables = sorted({one.table for one in fresh.values()})
    if not tables:
        return {}
    counted = " UNION ALL ".join(
        f"SELECT source_uid, count(*) AS n FROM {table}"
        " WHERE list_contains($uids, source_uid) GROUP BY source_uid"
        for table in tables
    )
    rows = lake.query(counted, {"uids": list(fresh)})
    return {row["source_uid"]: row["n"] for row in rows}


def _append(lake: Lake, table: str, lines: Sequence[tuple[Any, ...]]) -> None:
    if lines:
        columns = [pa.array(column) for column in zip(*lines, strict=True)]
        names = [f"c{number}" for number in range(len(columns))]
        _run(lake, f"INSERT INTO {table} SELECT * FROM given", pa.table(columns, names=names))


def _run(lake: Lake, sql: str, given: Any, values: dict[str, Any] | None = None) -> None:
    """Run a statement over the Arrow table `given`, which DuckDB finds by its name here."""
    try:
        lake.connection.execute(sql, values)
    except duckdb.Error as error:
        raise LakeError(f"loading failed: {first_line(error)}") from error


def stored(
    lake: Lake, table: Literal["stix", "vulnerabilities"], tenant: str, snapshot: int
) -> list[tuple[str, list[dict[str, Any]]]]:
    """Give what a tenant has of a kind at a snapshot: the rows of each source, by its uid."""
    rows = lake.query(sql_text(f"stored_{table}", snapshot=str(int(snapshot))), {"tenant": tenant})
    return [(uid, list(own)) for uid, own in groupby(rows, key=lambda row: row["source_uid"])]


def current(lake: Lake, tenants: Sequence[str], snapshot: int) -> tuple[str, dict[str, Any]]:
    """Give the SELECT of the newest STIX objects, and what it binds."""
    return sql_text("stix_current", snapshot=str(snapshot)), {"tenants": list(tenants)}


def dangling(lake: Lake, tenants: Sequence[str], known: Sequence[str]) -> list[dict[str, Any]]:
    """List references to objects that are not there, but for those that are `known` to all."""
    newest, values = current(lake, tenants, lake.snapshot_id())
    relations = sql_text("stix_relations", current=newest)
    sql = sql_text("stix_dangling", relations=relations, current=newest)
    return lake.query(sql, {**values, "known": list(known)})
