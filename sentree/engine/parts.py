"""The parts of a context that an agent names: the whole, and what it cut from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Any, cast

from pydantic import JsonValue

from schemas.agent_state import SavedPart
from schemas.ports import ContextReader
from schemas.trajectory import Predicate

WHOLE = "all"
INSTANT = "$time"
MOST_PARTS = 500
MOST_IN_ALL = 5_000
MOST_CONDITION = 20_000
STEPS = ("minute", "hour", "day", "week")


@dataclass(frozen=True, slots=True)
class Part:
    """A named part: its rows by a condition over `events`, and its size."""

    name: str
    label: str
    predicate: Predicate
    events: int
    characters: int

    def shown(self) -> dict[str, Any]:
        """Give the part as a model sees it."""
        return {
            "part": self.name,
            "label": self.label,
            "events": self.events,
            "characters": self.characters,
        }


class Parts:
    """The parts of one node. A cut is disjoint and complete, and no part reaches outside."""

    def __init__(self, context: ContextReader, predicate: Predicate, label: str) -> None:
        self._context = context
        self._lock = Lock()
        whole = self._measure(WHOLE, label, predicate)
        self._parts: dict[str, Part] = {WHOLE: whole}

    @property
    def whole(self) -> Part:
        """The part that is everything the node may see."""
        return self._parts[WHOLE]

    def saved(self) -> tuple[SavedPart, ...]:
        """Give the parts that were cut, in order."""
        with self._lock:
            cut = [part for name, part in self._parts.items() if name != WHOLE]
        return tuple(
            SavedPart(
                name=part.name,
                label=part.label,
                sql=part.predicate.sql,
                parameters=tuple(_plain(value) for value in part.predicate.parameters),
                events=part.events,
                characters=part.characters,
            )
            for part in cut
        )

    def restore(self, saved: Sequence[SavedPart]) -> None:
        """Name again what a run before had cut from equal content."""
        with self._lock:
            for part in saved:
                values = tuple(_value(value) for value in part.parameters)
                predicate = Predicate(part.sql, values)
                self._parts[part.name] = Part(
                    part.name, part.label, predicate, part.events, part.characters
                )

    def get(self, name: object) -> Part:
        """Find a part by its name, or by the dictionary that `partition` gave.

        Raises:
            ValueError: there is no such part.
        """
        if isinstance(name, Mapping):
            name = name.get("part")
        part = self._parts.get(name) if isinstance(name, str) else None
        if part is None:
            raise ValueError("no such part: give a dictionary that ctx.partition gave, or its name")
        return part

    def cut(self, by: str, within: object = WHOLE, size: int = 150_000) -> list[Part]:
        """Cut a part.

        Args:
            by: time, host, user, class, source, tenant or size.
            within: the part to cut.
            size: characters of a part, for `by="size"`; for time, what the step is chosen for.

        Raises:
            ValueError: unknown `by`, too many parts, or a part cut too many times over.
        """
        part = self.get(within)
        if len(part.predicate.sql) > MOST_CONDITION:
            raise ValueError("this part was cut too many times over: cut a bigger one, finer")
        cutters: dict[str, Callable[[Part, int], list[tuple[str, Predicate]]]] = {
            "time": self._by_time,
            "size": self._by_size,
            **{name: self._by_column(column) for name, column in COLUMNS.items()},
        }
        if by not in cutters:
            raise ValueError(f"by must be one of {', '.join(sorted(cutters))}")
        found = cutters[by](part, max(1_000, size))
        if len(found) > MOST_PARTS:
            raise ValueError(f"{len(found):,} parts are too many (most: {MOST_PARTS}); cut coarser")
        if len(found) + len(self._parts) > MOST_IN_ALL:
            raise ValueError(f"no more than {MOST_IN_ALL:,} parts can be made: use those there are")
        parts = [self._add(label, _both(part.predicate, more)) for label, more in found]
        return [one for one in parts if one.events]

    def _by_column(self, column: str) -> Callable[[Part, int], list[tuple[str, Predicate]]]:
        def cut(part: Part, _: int) -> list[tuple[str, Predicate]]:
            rows = self._context.query(
                f"SELECT {column} AS value, count(*) AS n FROM events "
                f"WHERE {part.predicate.sql} GROUP BY 1 ORDER BY 2 DESC, 1 NULLS LAST",
                part.predicate.parameters,
            )
            return [
                (
                    str(row["value"]) if row["value"] is not None else "(none)",
                    Predicate(f"{column} IS NOT DISTINCT FROM ?", (row["value"],)),
                )
                for row in rows
            ]

        return cut

    def _by_time(self, part: Part, size: int) -> list[tuple[str, Predicate]]:
        wanted = max(1, -(-part.characters // size))
        step, starts = STEPS[0], list[datetime | None]()
        for step in reversed(STEPS):
            rows = self._context.query(
                f"SELECT DISTINCT date_trunc('{step}', time) AS start FROM events "
                f"WHERE {part.predicate.sql} ORDER BY 1 NULLS LAST",
                part.predicate.parameters,
            )
            starts = [row["start"] for row in rows]
            if len(starts) >= wanted:
                break
        return [
            (
                f"{start:%Y-%m-%dT%H:%MZ} ({step})" if start else "(no time)",
                Predicate(f"date_trunc('{step}', time) IS NOT DISTINCT FROM ?", (start,)),
            )
            for start in starts
        ]

    def _by_size(self, part: Part, size: int) -> list[tuple[str, Predicate]]:
        rows = self._context.query(
            f"""
            SELECT piece, min(event_uid) AS first, min(place) AS low, max(place) AS high FROM (
                SELECT event_uid, row_number() OVER w AS place,
                       ((sum(chars) OVER w - chars) // ?)::BIGINT AS piece
                FROM events WHERE {part.predicate.sql}
                WINDOW w AS (ORDER BY time, rowid ROWS UNBOUNDED PRECEDING)
            ) GROUP BY piece ORDER BY piece
            """,
            (size, *part.predicate.parameters),
        )
        inside, values = part.predicate
        pieces: list[tuple[str, Predicate]] = []
        for number, row in enumerate(rows, 1):
            condition = (
                "event_uid IN (SELECT event_uid FROM (SELECT event_uid, row_number() OVER "
                f"(ORDER BY time, rowid) AS place FROM events WHERE {inside}) "
                "WHERE place BETWEEN ? AND ?)"
            )
            bounds = (*values, row["low"], row["high"])
            pieces.append((f"{part.label} {number}/{len(rows)}", Predicate(condition, bounds)))
        return pieces

    def _add(self, label: str, predicate: Predicate) -> Part:
        with self._lock:
            name = f"p{len(self._parts)}"
            part = self._measure(name, label[:200], predicate)
            self._parts[name] = part
            return part

    def _measure(self, name: str, label: str, predicate: Predicate) -> Part:
        row = self._context.query(
            "SELECT count(*) AS events, coalesce(sum(chars), 0)::BIGINT AS characters "
            f"FROM events WHERE {predicate.sql}",
            predicate.parameters,
        )[0]
        return Part(name, label, predicate, row["events"], row["characters"])


COLUMNS = {
    "host": "host",
    "user": "coalesce(actor_user, target_user)",
    "class": "class_uid",
    "source": "source_path",
    "tenant": "tenant_uid",
}


def literal(predicate: Predicate) -> str:
    """Write a condition with its values in it, each quoted by type; for the SQL sandbox's scope."""
    pieces = predicate.sql.split("?")
    values = [*(_literal(value) for value in predicate.parameters), ""]
    return "".join(piece + value for piece, value in zip(pieces, values, strict=True))


def _literal(value: object) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bool | int):
        return str(value)
    if isinstance(value, datetime):
        return f"TIMESTAMP '{value.isoformat(sep=' ')}'"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_literal(one) for one in value) + "]"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    raise TypeError(f"no literal for {type(value).__name__}")


def _plain(value: object) -> JsonValue:
    """Give a bound value as JSON; an instant says that it is one."""
    if isinstance(value, datetime):
        return {INSTANT: value.isoformat()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in cast("Sequence[object]", value)]
    if value is None or isinstance(value, str | int | float | bool):
        return value
    raise TypeError(f"no JSON for {type(value).__name__}")


def _value(saved: JsonValue) -> object:
    if isinstance(saved, dict):
        return datetime.fromisoformat(str(saved[INSTANT]))
    return [_value(one) for one in saved] if isinstance(saved, list) else saved


def _both(outer: Predicate, inner: Predicate) -> Predicate:
    return Predicate(f"({outer.sql}) AND ({inner.sql})", outer.parameters + inner.parameters)
