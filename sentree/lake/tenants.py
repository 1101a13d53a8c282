"""Reads the tenants of the lake one by one, each pinned: no slice has another's row."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from ocsf.classes import class_name
from schemas.event import CitedEvent
from schemas.tenant_slice import Sample, Sighting, TechniqueSighting, TenantSlice
from schemas.window import Window
from sentree.errors import NotFoundError
from sentree.lake.db import Lake, sql_text
from sentree.lake.detections import detections_at
from sentree.lake.source_names import source_names

RAW_CAP = 32_768
PRIVATE = r"regexp_matches({}, '^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|fe80:|f[cd])')"
TABLES = ("slice_events", "slice_hot", "slice_bins", "slice_values")


class Tenant(NamedTuple):
    """A tenant to look at.

    `tenant_uid` is the lake's tenant. Where `split`, its records name several tenants themselves,
    and this one is the records that name `owner` (None: those that name nobody).
    """

    name: str
    tenant_uid: str
    owner: str | None
    split: bool
    events: int


def list_tenants(
    lake: Lake, snapshot: int, window: Window | None = None, wanted: Sequence[str] = ()
) -> list[Tenant]:
    """List the tenants with events in the window.

    A tenant of the lake whose records name several tenants themselves (OCSF's
    `metadata.tenant_uid`) is taken apart by those names.

    Raises:
        NotFoundError: a wanted tenant has no events there; says which have.
    """
    found = lake.query(
        sql_text("tenant_list", owner=sql_text("tenant_owner"), snapshot=str(snapshot)),
        _span(window),
    )
    owners: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in found:
        owners[row["tenant_uid"]].append(row)
    tenants: list[Tenant] = []
    for uid, rows in owners.items():
        named = {row["owner"] for row in rows} - {None}
        if len(named) < 2:
            tenants.append(Tenant(uid, uid, None, False, sum(row["events"] for row in rows)))
        else:
            tenants += [
                Tenant(str(row["owner"] or uid), uid, row["owner"], True, row["events"])
                for row in rows
            ]
    tenants = _named_apart(tenants)
    known = {tenant.name for tenant in tenants}
    missing = [name for name in wanted if name not in known]
    if missing:
        there = ", ".join(sorted(known)[:20]) or "no events at all"
        raise NotFoundError(f"no events of tenant '{missing[0]}' in scope; there are: {there}")
    return [tenant for tenant in tenants if not wanted or tenant.name in wanted]


def read_slice(lake: Lake, tenant: Tenant, snapshot: int, window: Window | None) -> TenantSlice:
    """Read one tenant's indicators and techniques; nothing of another tenant is looked at."""
    with _opened(lake, tenant, snapshot, window):
        for name in ("tenant_hot", "tenant_bins", "tenant_values"):
            values = {"tenant": tenant.tenant_uid} if name == "tenant_hot" else {}
            sql = sql_text(name, snapshot=str(snapshot), now=detections_at(snapshot))
            lake.execute(sql, values)
        [total] = lake.query(
            "SELECT count(*) AS n, min(time) AS a, max(time) AS z,"
            " count(DISTINCT entity) AS machines,"
            " (SELECT count(DISTINCT event_uid) FROM slice_hot WHERE level >= 2) AS hot"
            " FROM slice_events"
        )
        sightings = tuple(
            Sighting.model_validate({**row, "sample": _samples(row["sample"])})
            for row in lake.query(sql_text("tenant_indicators"))
            if row["first"] is not None
        )
        techniques = tuple(
            TechniqueSighting.model_validate({**row, "sample": _samples(row["sample"])})
            for row in lake.query(sql_text("tenant_techniques"))
            if row["first"] is not None
        )
        names = [
            row["name"]
            for row in lake.query(sql_text("tenant_names", private=PRIVATE.format("src_ip")))
            if row["name"]
        ]
    return TenantSlice(
        name=tenant.name,
        tenant_uid=tenant.tenant_uid,
        owner=tenant.owner,
        events=total["n"],
        first=total["a"],
        last=total["z"],
        entities=total["machines"],
        hot_events=total["hot"],
        own_names=tuple(sorted(names)),
        sightings=sightings,
        techniques=techniques,
    )


def cited_events(
    lake: Lake, tenant: Tenant, snapshot: int, uids: Sequence[str]
) -> list[CitedEvent]:
    """Give the tenant's events of these uids; those of other tenants are not there."""
    if not uids:
        return []
    found = lake.query(
        sql_text("tenant_cited", owner=sql_text("tenant_owner"), snapshot=str(snapshot)),
        {
            "tenant": tenant.tenant_uid,
            "owner": tenant.owner,
            "split": tenant.split,
            "uids": list(dict.fromkeys(uids)),
            "cap": RAW_CAP,
        },
    )
    shown = source_names(row["source"] for row in found if row["source"])
    return [
        CitedEvent.model_validate(
            {
                **row,
                "source": shown.get(row["source"], ""),
                "class_name": class_name(row["class_uid"]),
            }
        )
        for row in found
    ]


@contextmanager
def _opened(lake: Lake, tenant: Tenant, snapshot: int, window: Window | None) -> Generator[None]:
    parts = {
        "owner": sql_text("tenant_owner"),
        "snapshot": str(snapshot),
        "private": PRIVATE.format("ip"),
        "private_source": PRIVATE.format("src_ip"),
        "private_target": PRIVATE.format("dst_ip"),
    }
    values = {
        **_span(window),
        "tenant": tenant.tenant_uid,
        "owner": tenant.owner,
        "split": tenant.split,
    }
    statement = sql_text("tenant_events", **parts)
    try:
        lake.execute(statement, values)
        yield
    finally:
        for table in TABLES:
            lake.execute(f"DROP TABLE IF EXISTS temp.{table}")


def _samples(listed: Sequence[Sequence[Any]]) -> tuple[Sample, ...]:
    return tuple(
        Sample.model_validate({"heat": heat, "time": time, "event_uid": uid})
        for heat, time, uid in listed
    )


def _named_apart(tenants: Sequence[Tenant]) -> list[Tenant]:
    """Put the lake's tenant before a name that two of them hold."""
    counts: dict[str, int] = defaultdict(int)
    for tenant in tenants:
        counts[tenant.name] += 1
    return sorted(
        each._replace(name=f"{each.tenant_uid}/{each.name}") if counts[each.name] > 1 else each
        for each in tenants
    )


def _span(window: Window | None) -> dict[str, Any]:
    if window is None:
        return {"start": None, "stop": None}
    return {
        "start": window.start.replace(tzinfo=None),
        "stop": window.end.replace(tzinfo=None),
    }
