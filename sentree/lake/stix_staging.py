"""Stages STIX objects for their table by statements over many of them at once.

What is not as the standard has it is handed back, to be read one by one.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa

from sentree.errors import LakeError
from sentree.lake.db import first_line, sql_text
from sentree.lake.knowledge import with_times
from sentree.lake.records import Table

TEXTS = (
    "type",
    "id",
    "spec_version",
    "created",
    "modified",
    "name",
    "relationship_type",
    "source_ref",
    "target_ref",
    "pattern",
    "pattern_type",
    "valid_from",
    "valid_until",
    "first_seen",
    "last_seen",
    "sighting_of_ref",
)
TIMES = ("created", "modified", "first_seen", "last_seen", "valid_from", "valid_until")
OTHERS = ("revoked", "extensions")
MOST_KEYS = 200
"""Objects of a batch with more referring keys than that are read one by one."""

_PLAIN_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,100}")
_TIME = r"\d{4}-\d\d-\d\dT([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?Z"
_PLAIN_LIST = r'\[("[^"\\]*"(,"[^"\\]*")*)?\]'


class Odd(NamedTuple):
    """An object that is not as the standard has it: its place, line and text."""

    place: int
    line: int
    text: str


class StixStage:
    """A temporary table of the lake's connection with the rows of one source."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, name: str, known: Collection[str]
    ) -> None:
        """Make the table.

        Args:
            connection: the lake's.
            name: the table's, one that nobody else uses.
            known: objects that all know, references to which are not kept.
        """
        self.name = name
        self._connection = connection
        self._known = sorted(known)
        self._count = 0
        self._run(f"CREATE OR REPLACE TEMP TABLE {name} AS {_compiled([])} LIMIT 0", _no_rows())

    def add(self, objects: Table) -> list[Odd]:
        """Add a batch of `line` and `text`; gives those that have to be read one by one.

        Raises:
            LakeError: DuckDB can't go on, such as for want of room.
        """
        first, self._count = self._count, self._count + objects.num_rows
        places = pa.array(range(first, self._count), pa.int64())
        given = objects.select(["line", "text"]).append_column("place", places)
        shapes = [keys for (keys,) in self._run(sql_text("stix_keys"), given).fetchall()]
        self._run(f"INSERT INTO {self.name} {_compiled(shapes)}", given)
        odd = self._run(
            f"DELETE FROM {self.name} WHERE place >= {first} AND record_uid IS NULL"
            " RETURNING place, source_line, object"
        ).fetchall()
        return [Odd(*one) for one in sorted(odd)]

    def put(self, rows: Table) -> None:
        """Add rows that have been read one by one, as `sentree.lake.knowledge.arrow_table` has."""
        columns = with_times(rows.column_names, "stix_objects")
        self._run(f"INSERT INTO {self.name} BY NAME SELECT {columns} FROM given", rows)

    def counts(self) -> dict[str, Any]:
        """Count the rows, and those that are revoked, deprecated, or of STIX 2.1 or 2.0."""
        result = self._run(
            "SELECT count(*) AS rows, count_if(revoked) AS revoked,"
            " count_if(deprecated) AS deprecated, bool_or(is_21) AS has_21,"
            f" bool_or(NOT is_21) AS has_20 FROM {self.name}"
        )
        [row] = result.fetchall()
        return dict(zip(("rows", "revoked", "deprecated", "has_21", "has_20"), row, strict=True))

    def drop(self) -> None:
        """Drop the table."""
        self._run(f"DROP TABLE IF EXISTS {self.name}")

    def _run(self, sql: str, given: Table = None) -> duckdb.DuckDBPyConnection:
        """Run a statement over the Arrow table `given`, which DuckDB finds by its name here."""
        try:
            values = {"known": self._known} if "$known" in sql else None
            return self._connection.execute(sql, values)
        except duckdb.Error as error:
            raise LakeError(f"loading failed: {first_line(error)}") from error


def _no_rows() -> Table:
    return pa.table(
        {
            "place": pa.array([], pa.int64()),
            "line": pa.array([], pa.int64()),
            "text": pa.array([], pa.string()),
        }
    )


def _compiled(shapes: Sequence[Sequence[str]]) -> str:
    """Compile the SELECT for objects of these shapes; keys are names, or their objects are odd."""
    telling: dict[str, str] = {}
    wild: list[Sequence[str]] = []
    for keys in shapes:
        own = {key.lower(): key for key in keys if key.endswith(("_ref", "_refs", "deprecated"))}
        if _is_plain(keys, own, telling):
            telling |= own
        else:
            wild.append(keys)
    single = [name for name in telling.values() if name.endswith("_ref")]
    several = [name for name in telling.values() if name.endswith("_refs")]
    ends = [name for name in telling.values() if name.endswith("deprecated")]
    names = list(dict.fromkeys((*TEXTS, *OTHERS, *telling.values())))
    texts = dict.fromkeys((*TEXTS, *single))
    return sql_text(
        "stix_stage",
        structure="'{" + ", ".join(f'"{name}": "JSON"' for name in names) + "}'",
        raws=", ".join(
            f'"{name}" AS "raw_{name}"' for name in ("name", *TIMES, *OTHERS, *several, *ends)
        ),
        texts=", ".join(f'{_text(name)} AS "{name}"' for name in texts),
        is_known=_unlike(wild),
        has_times=_all(
            f"CASE WHEN {name} IS NOT NULL THEN regexp_full_match({name}, '{_TIME}')"
            f" AND try_cast({name} AS TIMESTAMPTZ) IS NOT NULL"
            f" ELSE raw_{name} IS NULL END"
            for name in TIMES
        ),
        has_refs=_all(
            f"""("raw_{name}" IS NULL OR regexp_full_match("raw_{name}", '{_PLAIN_LIST}'))"""
            for name in several
        ),
        deprecated=" OR ".join(f"""coalesce("raw_{name}" = 'true', false)""" for name in ends)
        or "false",
        refs=_refs(single, several),
    )


def _is_plain(keys: Sequence[str], own: dict[str, str], telling: dict[str, str]) -> bool:
    """Tell whether a shape's keys are each there once and have names that may stand in SQL."""
    return (
        len(set(keys)) == len(keys)
        and all(_PLAIN_KEY.fullmatch(key) for key in own.values())
        and all(telling.get(low, key) == key for low, key in own.items())
        and len(own) == sum(key.endswith(("_ref", "_refs", "deprecated")) for key in keys)
        and len({*telling, *own}) <= MOST_KEYS
    )


def _text(name: str) -> str:
    """Compile the text in a JSON value, NULL where it is none; few have anything to unescape."""
    return (
        f"""CASE WHEN starts_with("{name}", '"') THEN CASE WHEN contains("{name}", '\\')"""
        f""" THEN json_extract_string("{name}", '$')"""
        f""" ELSE substr("{name}", 2, length("{name}") - 2) END END"""
    )


def _refs(single: Sequence[str], several: Sequence[str]) -> str:
    """Compile the list of an object's references, as `property=id`."""
    wanted = "contains({0}, '--') AND NOT list_contains(CAST($known AS VARCHAR[]), {0})"
    ones = ", ".join(
        f"""CASE WHEN {wanted.format(f'"{name}"')} THEN '{name}=' || "{name}" END"""
        for name in single
    )
    lists = ", ".join(
        f"""CASE WHEN starts_with("raw_{name}", '[') THEN list_transform(list_filter("""
        f"""CAST(from_json("raw_{name}", '["VARCHAR"]') AS VARCHAR[]),"""
        f" lambda uid: {wanted.format('uid')}), lambda uid: '{name}=' || uid) END"
        for name in several
    )
    found = f"list_filter(CAST([{ones}] AS VARCHAR[]), lambda ref: ref IS NOT NULL)"
    return f"list_concat({found}, flatten([{lists}]))" if lists else found


def _unlike(wild: Sequence[Sequence[str]]) -> str:
    """Compile the test that an object's keys are none of some lists; they are anybody's text."""
    if not wild:
        return "true"
    listed = ", ".join(
        "[" + ", ".join("'" + key.replace("'", "''") + "'" for key in keys) + "]" for keys in wild
    )
    return f"NOT list_contains([{listed}], json_keys(text))"


def _all(tests: Iterator[str] | Sequence[str]) -> str:
    return " AND ".join(tests) or "true"
