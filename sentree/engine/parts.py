"""The parts of a context that an agent names: the whole, and what it cut from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Any, NamedTuple, cast

from pydantic import JsonValue

from schemas.agent_state import SavedPart
from schemas.ports import ContextReader
from schemas.trajectory import Predicate

WHOLE = "all"
INSTANT = "$time"
MOST_PARTS = 500
BLOCKS = 16
MOST_IN_ALL = 5_000
MOST_CONDITION = 20_000
STEPS = ("minute", "hour", "day", "week")
SIZE = "count(*) AS events, coalesce(sum(chars), 0)::BIGINT AS characters"


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


class _Piece(NamedTuple):
    """What a cut gives: a condition beside that of the part which was cut, and its size."""

    label: str
    predicate: Predicate
    events: int
    characters: int


class _Stretch(NamedTuple):
    """Rows of a part from one `rowid` to another, both included."""

    low: int
    high: int
    events: int
    characters: int

    @property
    def predicate(self) -> Predicate:
        return Predicate("rowid BETWEEN ? AND ?", (self.low, self.high))

    def joined(self, after: _Stretch) -> _Stretch:
        return _Stretch(
            self.low, after.high, self.events + after.events, self.characters + after.characters
        )


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
            by: time, entity (host, else user), host, user, tenant, class, document or source, or
                size.
            within: the part to cut.
            size: characters of a part, for `by="size"`; for time, what the step is chosen for.

        Raises:
            ValueError: unknown `by`, too many parts, or a part cut too many times over.
        """
        part = self.get(within)
        if len(part.predicate.sql) > MOST_CONDITION:
            raise ValueError("this part was cut too many times over: cut a bigger one, finer")
        cutters: dict[str, Callable[[Part, int], list[_Piece]]] = {
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
        return self._add(part, found)

    def _by_column(self, column: str) -> Callable[[Part, int], list[_Piece]]:
        def cut(part: Part, _: int) -> list[_Piece]:
            rows = self._context.query(
                f"SELECT {column} AS value, {SIZE} FROM events "
                f"WHERE {part.predicate.sql} GROUP BY 1 ORDER BY events DESC, 1 NULLS LAST",
                part.predicate.parameters,
            )
            return [
                _Piece(
                    str(row["value"]) if row["value"] is not None else "(none)",
                    Predicate(f"{column} IS NOT DISTINCT FROM ?", (row["value"],)),
                    row["events"],
                    row["characters"],
                )
                for row in rows
            ]

        return cut

    def _by_time(self, part: Part, size: int) -> list[_Piece]:
        wanted = max(1, -(-part.characters // size))
        step, rows = STEPS[0], list[dict[str, Any]]()
        for step in reversed(STEPS):
            rows = self._context.query(
                f"SELECT date_trunc('{step}', time) AS start, {SIZE} FROM events "
                f"WHERE {part.predicate.sql} GROUP BY 1 ORDER BY 1 NULLS LAST",
                part.predicate.parameters,
            )
            if len(rows) >= wanted:
                break
        return [
            _Piece(
                f"{row['start']:%Y-%m-%dT%H:%MZ} ({step})" if row["start"] else "(no time)",
                Predicate(f"date_trunc('{step}', time) IS NOT DISTINCT FROM ?", (row["start"],)),
                row["events"],
                row["characters"],
            )
            for row in rows
        ]

    def _by_size(self, part: Part, size: int) -> list[_Piece]:
        """Cut into unbroken stretches of rows, none above the size unless it is one record.

        A context's rows stand in reading order, so that the engine skips all row groups outside
        a stretch. Sizes are summed by blocks of rows first: to number millions of rows took
        hundreds of megabytes.
        """
        if part.characters > size * MOST_PARTS:
            raise ValueError(
                f"more than {MOST_PARTS} parts are too many: give a larger size, or cut coarser"
            )
        rows = max(1, part.events * size // (BLOCKS * max(1, part.characters)))
        blocks = self._stretches(part.predicate, rows)
        pieces: list[_Stretch] = []
        for block in blocks:
            whole = (block,)
            if block.characters > size and block.events > 1:
                whole = self._stretches(_both(part.predicate, block.predicate), 1)
            for stretch in whole:
                if pieces and pieces[-1].characters + stretch.characters <= size:
                    pieces[-1] = pieces[-1].joined(stretch)
                else:
                    pieces.append(stretch)
        return [
            _Piece(
                f"{part.label} {number}/{len(pieces)}",
                piece.predicate,
                piece.events,
                piece.characters,
            )
            for number, piece in enumerate(pieces, 1)
        ]

    def _stretches(self, inside: Predicate, rows: int) -> tuple[_Stretch, ...]:
        found = self._context.query(
            f"SELECT min(rowid) AS low, max(rowid) AS high, {SIZE} FROM events "
            f"WHERE {inside.sql} GROUP BY rowid // ? ORDER BY low",
            (*inside.parameters, rows),
        )
        return tuple(_Stretch(**row) for row in found)

    def _add(self, whole: Part, pieces: Sequence[_Piece]) -> list[Part]:
        added: list[Part] = []
        with self._lock:
            for piece in pieces:
                predicate = _both(whole.predicate, piece.predicate)
                name = f"p{len(self._parts)}"
                part = Part(name, piece.label[:200], predicate, piece.events, piece.characters)
                self._parts[name] = part
                added.append(part)
        return added

    def _measure(self, name: str, label: str, predicate: Predicate) -> Part:
        row = self._context.query(
            f"SELECT {SIZE} FROM events WHERE {predicate.sql}", predicate.parameters
        )[0]
        return Part(name, label, predicate, row["events"], row["characters"])


COLUMNS = {
    "entity": "coalesce(host, actor_user, target_user)",
    "document": "source_path",
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
