"""Looks over the events of tenants: counted by what they are, searched, and read from findings.

Values are bound; what is compiled into a statement is SQL of ours alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from schemas.window import Window
from sentree.errors import NotFoundError
from sentree.lake.db import Lake, sql_text

RAW_CAP = 32_768
WINDOW = " AND time >= CAST($start AS TIMESTAMP) AND time < CAST($stop AS TIMESTAMP)"


class LookScope(NamedTuple):
    """The events looked at: whose, of when, as of which snapshot."""

    tenants: tuple[str, ...]
    window: Window | None
    snapshot: int

    @property
    def values(self) -> dict[str, Any]:
        """The values that the scope binds."""
        bound: dict[str, Any] = {"tenants": list(self.tenants)}
        if self.window is not None:
            bound["start"] = self.window.start.replace(tzinfo=None)
            bound["stop"] = self.window.end.replace(tzinfo=None)
        return bound

    @property
    def sql(self) -> str:
        """The SELECT of the scope's events."""
        window = WINDOW if self.window is not None else ""
        return sql_text("look_scope", snapshot=str(self.snapshot), window=window)


def look_scope(lake: Lake, tenants: Sequence[str], window: Window | None) -> LookScope:
    """Pin a scope to the lake as it is now; without tenants it has all of them.

    Raises:
        NotFoundError: nothing was ever loaded of a tenant that was named.
    """
    found = lake.query("SELECT DISTINCT tenant_uid AS name FROM sources ORDER BY name")
    known = [row["name"] for row in found]
    missing = [name for name in tenants if name not in known]
    if missing:
        there = ", ".join(known[:20]) or "no tenant at all"
        raise NotFoundError(f"nothing was loaded of tenant '{missing[0]}'; the lake has: {there}")
    return LookScope(tuple(tenants) or tuple(known), window, lake.snapshot_id())


def look(
    lake: Lake,
    scope: LookScope,
    name: str,
    values: Mapping[str, Any] | None = None,
    *,
    inside: str | None = None,
    **parts: str,
) -> list[dict[str, Any]]:
    """Run the statement `look_<name>` over a scope; times come back in UTC.

    Args:
        lake: the lake.
        scope: what is looked at.
        name: the statement.
        values: what it binds beside the scope's own.
        inside: a SELECT over the scope's own, to look at in its place.
        parts: compiled SQL for its places.
    """
    sql = sql_text(
        f"look_{name}",
        **{
            "scope": scope.sql if inside is None else inside,
            "host": sql_text("host"),
            "snapshot": str(scope.snapshot),
            **parts,
        },
    )
    rows = lake.query(sql, {**scope.values, **(values or {})})
    return [{key: _aware(value) for key, value in row.items()} for row in rows]


def _aware(value: Any) -> Any:
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) else value
