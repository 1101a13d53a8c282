"""What a cell can call: handles on the context, never the whole data; every answer is bounded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from schemas.ports import ContextReader
from schemas.sandbox import SqlResult
from schemas.trajectory import Predicate
from sentree.engine.parts import WHOLE, Part, Parts, literal

ROWS = 200
EXCERPT = 400
RAW = 1_500
COLUMNS = (
    "event_uid, time, host, class_uid, coalesce(actor_user, target_user) AS user, message, raw"
)


class SelectRunner(Protocol):
    """Runs a model's SELECT somewhere safe, over the rows of one part."""

    def select(self, sql: str, scope: str | None = None) -> SqlResult:
        """Run one SELECT; `scope` is a condition that `events` is narrowed to."""
        ...


Search = Callable[[ContextReader, str, int, Predicate], list[dict[str, Any]]]
"""Ranks a scope's events by the words they share with a text; gives at most so many."""


class Handles:
    """The handles of one node. Uids of events that were shown are kept in `seen`."""

    def __init__(
        self, context: ContextReader, parts: Parts, sql: SelectRunner, search: Search
    ) -> None:
        self._context = context
        self._search = search
        self._parts = parts
        self._sql = sql
        self.seen: set[str] = set()

    @property
    def parts(self) -> Parts:
        """The parts of the node."""
        return self._parts

    def part(self, name: object) -> Part:
        """Find a part by name or by what `partition` gave."""
        return self._parts.get(name)

    def functions(self) -> Mapping[str, Callable[..., Any]]:
        """Give the functions by the names they have in the session."""
        return {
            "ctx.describe": self.describe,
            "ctx.peek": self.peek,
            "ctx.sample": self.sample,
            "ctx.grep": self.grep,
            "ctx.search": self.search,
            "ctx.sql": self.sql,
            "ctx.partition": self.partition,
        }

    def describe(self) -> dict[str, Any]:
        """Give the size, window, hosts, classes, sources and columns of the node's part."""
        whole = self._parts.whole
        where, values = whole.predicate
        span = self._context.query(
            "SELECT min(time)::VARCHAR AS first, max(time)::VARCHAR AS last FROM events "
            f"WHERE {where}",
            values,
        )[0]
        return {
            "events": whole.events,
            "characters": whole.characters,
            "first": span["first"],
            "last": span["last"],
            "hosts": self._top("host"),
            "users": self._top("coalesce(actor_user, target_user)"),
            "classes": self._top("class_uid"),
            "sources": self._top("source_path"),
            "detections": self._count_detections(),
            "tables": {
                "events": self._columns("events"),
                "detections": self._columns("detections"),
            },
        }

    def peek(self, n: int = 5, at: int = 0, part: object = WHOLE) -> list[dict[str, Any]]:
        """Give `n` events in time order, from the `at`-th on."""
        return self._rows(part, "time, rowid", _count(n), max(0, int(at)))

    def sample(self, n: int = 20, part: object = WHOLE) -> list[dict[str, Any]]:
        """Give `n` events spread over the part; the same ones each time."""
        return self._rows(part, "hash(event_uid), event_uid", _count(n), 0)

    def grep(
        self, pattern: str, n: int = 50, part: object = WHOLE, window: object = None
    ) -> list[dict[str, Any]]:
        """Give events whose raw record matches an RE2 pattern, each with what surrounds it."""
        one = self._parts.get(part)
        where, values = _windowed(one.predicate, window)
        rows = self._context.query(
            f"""
            SELECT event_uid, time::VARCHAR AS time, host,
                   regexp_extract(raw, ?) AS match, instr(raw, regexp_extract(raw, ?)) AS place, raw
            FROM events WHERE {where} AND regexp_matches(raw, ?)
            ORDER BY events.time, rowid LIMIT ?
            """,
            (pattern, pattern, *values, pattern, _count(n)),
        )
        return [
            self._shown(
                {
                    "event_uid": row["event_uid"],
                    "time": row["time"],
                    "host": row["host"],
                    "match": row["match"][:EXCERPT],
                    "excerpt": _around(row["raw"], row["place"]),
                }
            )
            for row in rows
        ]

    def search(self, text: str, n: int = 20, part: object = WHOLE) -> list[dict[str, Any]]:
        """Give events that share words with the text, those that share the rarest words first."""
        rows = self._search(self._context, str(text), _count(n), self._parts.get(part).predicate)
        return [self._shown({**row, "raw": row["raw"][:RAW]}) for row in rows]

    def sql(self, select: str) -> dict[str, Any]:
        """Run one SELECT; gives columns, rows and whether there are more."""
        whole = self._parts.whole
        result = self._sql.select(select, literal(whole.predicate))
        if "event_uid" in result.columns:
            place = result.columns.index("event_uid")
            self.seen |= self._known([str(row[place]) for row in result.rows])
        return {
            "columns": list(result.columns),
            "rows": [list(row) for row in result.rows],
            "truncated": result.truncated,
        }

    def partition(
        self, by: str = "time", part: object = WHOLE, size: int = 150_000
    ) -> list[dict[str, Any]]:
        """Cut a part; gives the new parts."""
        return [one.shown() for one in self._parts.cut(by, part, int(size))]

    def _rows(self, part: object, order: str, n: int, at: int) -> list[dict[str, Any]]:
        one: Part = self._parts.get(part)
        rows = self._context.query(
            f"SELECT {COLUMNS} FROM events WHERE {one.predicate.sql} ORDER BY {order} "
            "LIMIT ? OFFSET ?",
            (*one.predicate.parameters, n, at),
        )
        return [
            self._shown(
                {
                    **row,
                    "time": str(row["time"]) if row["time"] else None,
                    "message": (row["message"] or "")[:EXCERPT],
                    "raw": row["raw"][:RAW],
                }
            )
            for row in rows
        ]

    def _top(self, column: str) -> dict[str, int]:
        where, values = self._parts.whole.predicate
        rows = self._context.query(
            f"SELECT {column}::VARCHAR AS value, count(*) AS n FROM events WHERE {where} "
            "GROUP BY 1 ORDER BY 2 DESC, 1 NULLS LAST LIMIT 20",
            values,
        )
        return {row["value"] or "(none)": row["n"] for row in rows}

    def _count_detections(self) -> int:
        where, values = self._parts.whole.predicate
        return self._context.query(
            "SELECT count(*) AS n FROM detections WHERE event_uid IN "
            f"(SELECT event_uid FROM events WHERE {where})",
            values,
        )[0]["n"]

    def _columns(self, table: str) -> list[str]:
        rows = self._context.query(f"SELECT column_name, column_type FROM (DESCRIBE {table})")
        return [f"{row['column_name']} {row['column_type']}" for row in rows]

    def _known(self, uids: list[str]) -> set[str]:
        """Keep the uids of events of the node's part; a SELECT can make up any others."""
        where, values = self._parts.whole.predicate
        rows = self._context.query(
            "SELECT event_uid FROM (SELECT * FROM events "
            f"WHERE {where}) WHERE list_contains(?::VARCHAR[], event_uid)",
            (*values, uids),
        )
        return {row["event_uid"] for row in rows}

    def _shown(self, row: dict[str, Any]) -> dict[str, Any]:
        self.seen.add(row["event_uid"])
        return row


def _windowed(predicate: Predicate, window: object) -> Predicate:
    if window is None:
        return predicate
    if not (isinstance(window, list | tuple) and len(window) == 2):
        raise ValueError("window must be a pair of ISO 8601 times")
    start, end = window
    return Predicate(
        f"({predicate.sql}) AND time >= TRY_CAST(? AS TIMESTAMP) "
        "AND time < TRY_CAST(? AS TIMESTAMP)",
        (*predicate.parameters, str(start), str(end)),
    )


def _count(n: object) -> int:
    if not isinstance(n, int):
        raise ValueError("n must be a whole number")
    return max(1, min(n, ROWS))


def _around(raw: str, place: int) -> str:
    start = max(0, place - 1 - EXCERPT // 2)
    return raw[start : start + EXCERPT]
