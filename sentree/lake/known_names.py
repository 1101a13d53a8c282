"""Whom and what a context names: the values that its events hold in the fields of a policy."""

from __future__ import annotations

from collections.abc import Iterable

from schemas.ports import ContextReader

MOST_NAMES = 50_000
_ENTITIES = {
    "users": ("actor_user", "target_user"),
    "hosts": ("device_host", "host", "src_host", "dst_host"),
}


def known_names(context: ContextReader, fields: Iterable[str]) -> dict[str, list[str]]:
    """Give the users and hosts of a context, and the values at OCSF paths (`actor.user.name`)."""
    found = {
        entity: _distinct(context, [f"SELECT {column} AS v FROM events" for column in columns], ())
        for entity, columns in _ENTITIES.items()
    }
    for path in fields:
        where = "$." + path.replace("[]", "[*]")
        wanted = (
            "unnest(json_extract_string(event, ?))"
            if "[*]" in where
            else ("json_extract_string(event, ?)")
        )
        found[path] = _distinct(context, [f"SELECT {wanted} AS v FROM events"], (where,))
    return found


def _distinct(context: ContextReader, selects: list[str], parameters: tuple[str, ...]) -> list[str]:
    rows = context.query(
        f"SELECT DISTINCT v FROM ({' UNION ALL '.join(selects)}) WHERE v IS NOT NULL "
        f"ORDER BY v LIMIT {MOST_NAMES}",
        parameters,
    )
    return [row["v"] for row in rows]
