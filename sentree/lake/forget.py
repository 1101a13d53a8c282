"""Removes a tenant's or an entity's records for good: lake, runs, stored answers, files on disk."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from schemas.upkeep import Entity, ForgetReport, ForgetRequest, Remainder, Removed
from sentree.lake.added_rows import mark_rows
from sentree.lake.db import Lake
from sentree.lake.entity_pattern import pattern_of
from sentree.lake.erasing import erase_deleted, tables
from sentree.lake.forget_runs import Traces, find_traces, remaining_files, remove_traces
from sentree.lake.removing import counted, deleted, remove
from sentree.settings import Settings

LIMITS = (
    "What was written outside of this home is not known here: reports given away, exports, backups,"
    " the log files that were loaded, and what a language model was sent.",
    "A value that stands encoded (Base64, a hash, another spelling) is not found.",
    "Disks may keep what a file system has let go of; only encryption or shredding ends that.",
)
NAMED_SOURCE = "(removed)"
OWN = {"events", "rejects", "detections", "sources", "removals", "rule_runs", "retention"}
"""Tables that are dealt with by name; the others by their column `tenant_uid`."""


class _Scope(NamedTuple):
    """Which rows are meant: conditions over tables, and the values that they name."""

    events: str
    rejects: str
    sources: str
    anything: str | None
    values: dict[str, Any]


def plan(lake: Lake, settings: Settings, request: ForgetRequest) -> ForgetReport:
    """Tell what `forget` would remove; nothing is changed.

    Raises:
        LakeError: the lake or a store can't be read.
    """
    scope = _scope(lake, request)
    removed = [*counted(lake, scope.events, scope.rejects, scope.values)]
    for table, condition in _others(lake, request, scope):
        values = {n: v for n, v in scope.values.items() if f"${n}" in condition}
        rows = lake.query(f"SELECT count(*) AS n FROM {table} WHERE {condition}", values)[0]["n"]
        removed.append(Removed(table=table, rows=rows))
    return _report(request, True, removed, find_traces(settings, request), ())


def forget(lake: Lake, settings: Settings, request: ForgetRequest, now: datetime) -> ForgetReport:
    """Remove for good what the request names. It can't be undone.

    Rows go in one transaction; then stored answers and runs that hold any of it, then files,
    earlier snapshots and the catalogue's free space. Done again, it completes what a kill
    interrupted. Let no analysis run meanwhile: it may write again what it had read.

    Raises:
        LakeError: the lake or a store could not be written.
    """
    scope = _scope(lake, request)
    removed = lake.retrying(lambda: _remove_rows(lake, request, scope, now))
    traces = find_traces(settings, request)
    remove_traces(settings, traces)
    remaining: list[Remainder] = []
    if not erase_deleted(lake):
        remaining.append(
            Remainder(
                subject=lake.info().catalog,
                reason="its log could not be emptied while another process reads; run this again",
            )
        )
    remaining += _remaining_rows(lake, request)
    remaining += remaining_files(settings, request)
    return _report(request, False, removed, traces, remaining)


def _report(
    request: ForgetRequest,
    dry_run: bool,
    removed: list[Removed],
    traces: Traces,
    remaining: list[Remainder] | tuple[()],
) -> ForgetReport:
    return ForgetReport(
        request=request,
        dry_run=dry_run,
        removed=tuple(sorted(removed, key=lambda one: one.table)),
        runs=traces.runs,
        model_calls=len(traces.calls),
        task_results=len(traces.task_results),
        remaining=tuple(remaining),
        limits=LIMITS,
    )


def _scope(lake: Lake, request: ForgetRequest) -> _Scope:
    values: dict[str, Any] = {}
    mine = "true"
    if request.tenant_uid is not None:
        values["tenant"] = request.tenant_uid
        mine = "tenant_uid = $tenant"
    sources = f"source_uid IN (SELECT source_uid FROM sources WHERE {mine})"
    if request.entity is None:
        return _Scope(mine, sources, mine, None, values)
    values["regex"] = pattern_of(request.entity).regex
    # A path is only a name: it goes also where the value is a part of a longer one.
    values["in_path"] = pattern_of(Entity(kind="text", value=request.entity.value)).regex
    text = "regexp_matches({0}, $regex)"
    whole = "concat_ws(chr(10), raw, event, CAST(observables AS VARCHAR))"
    return _Scope(
        events=f"{mine} AND {text.format(whole)}",
        rejects=f"({sources if request.tenant_uid else 'true'}) AND {text.format('raw')}",
        sources=f"{mine} AND regexp_matches(path, $in_path)",
        anything=text,
        values=values,
    )


def _others(lake: Lake, request: ForgetRequest, scope: _Scope) -> list[tuple[str, str]]:
    """Give the conditions over the tables beside those of events, in the order of removal."""
    columns = lake.query(
        "SELECT table_name AS t, column_name AS c FROM duckdb_columns()"
        " WHERE database_name = 'lake' AND schema_name = 'main' ORDER BY ALL"
    )
    owned = sorted({row["t"] for row in columns if row["c"] == "tenant_uid"} - OWN)
    if scope.anything is None:
        notices = "run_uid IN (SELECT run_uid FROM digests WHERE tenant_uid = $tenant)"
        return [
            ("digest_notices", notices),
            *((table, "tenant_uid = $tenant") for table in owned),
            ("rule_runs", "tenant_uid = $tenant"),
            ("removals", "tenant_uid = $tenant"),
            ("retention", "tenant_uid = $tenant"),
            ("sources", "tenant_uid = $tenant"),
        ]
    mine = "tenant_uid = $tenant AND " if request.tenant_uid else ""
    conditions = [
        # A digest's line is also how far its tenant was told: only its text goes.
        (table, f"{mine}({scope.anything.format(f'CAST({table} AS VARCHAR)')})")
        for table in owned
        if table != "digests"
    ]
    notice = scope.anything.format("concat_ws(chr(10), title, body, detail)")
    if request.tenant_uid:
        notice += " AND run_uid IN (SELECT run_uid FROM digests WHERE tenant_uid = $tenant)"
    return [("digest_notices", notice), *conditions]


def _remove_rows(lake: Lake, request: ForgetRequest, scope: _Scope, now: datetime) -> list[Removed]:
    mark_rows(lake)
    removed = [*remove(lake, "forget", scope.events, scope.rejects, scope.values, now)]
    for table, condition in _others(lake, request, scope):
        rows = deleted(lake, table, condition, scope.values)
        if table != "removals":
            removed.append(Removed(table=table, rows=rows))
    if scope.anything is not None:
        _blank(lake, "sources", "path", NAMED_SOURCE, scope.sources, scope)
        mine = "tenant_uid = $tenant AND " if request.tenant_uid else ""
        told = f"{mine}({scope.anything.format('campaigns')})"
        _blank(lake, "digests", "campaigns", "[]", told, scope)
    return removed


def _blank(lake: Lake, table: str, column: str, value: str, condition: str, scope: _Scope) -> None:
    values = {n: v for n, v in scope.values.items() if f"${n}" in condition}
    if lake.query(f"SELECT 1 FROM {table} WHERE {condition} LIMIT 1", values):
        lake.execute(f"UPDATE {table} SET {column} = '{value}' WHERE {condition}", values)


def _remaining_rows(lake: Lake, request: ForgetRequest) -> list[Remainder]:
    """Look for the entity in every table once more; what is not the tenant's own is told."""
    scope = _scope(lake, request)
    if scope.anything is None:
        return []
    values = {"regex": scope.values["regex"]}
    found: list[Remainder] = []
    for table in tables(lake):
        where = scope.anything.format(f"CAST({table} AS VARCHAR)")
        rows = lake.query(f"SELECT count(*) AS n FROM {table} WHERE {where}", values)[0]["n"]
        if rows:
            whose = "of other tenants" if request.tenant_uid else "that are nobody's own records"
            reason = f"{rows:,} rows {whose} name it"
            found.append(Remainder(subject=f"table {table}", reason=reason))
    return found
