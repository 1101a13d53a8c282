"""A run's context without secrets: what a model's own programs read can't hold what must not leave.

A secret that is no longer there can't be cut, reversed or encoded into a shape that no rule knows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import duckdb
import pyarrow as pa

from sentree.errors import LakeError
from sentree.lake.db import first_line, rows
from sentree.lake.engines import NO_BAR

BATCH = 5_000
# What may be base64: long runs of its characters that are no hash of a file.
_ENCODED = r"[a-z0-9+/]{65,}|(\s-e[a-z]*\s+|base64|echo)\W{1,4}[a-z0-9+/]{24,}"
_COLUMNS = """
    SELECT column_name AS name, data_type AS type
    FROM duckdb_columns()
    WHERE table_name = 'events' AND schema_name = 'main' AND data_type IN ('VARCHAR', 'VARCHAR[]')
        AND NOT ends_with(column_name, '_uid')
    ORDER BY column_index
"""


def mask_context(path: Path, mask: Callable[[str], str], triggers: Iterable[str]) -> int:
    """Replace the secrets in the events of a context file; gives the number of events changed.

    Args:
        path: The context, which nobody else may have open.
        mask: Gives a text without secrets, and does nothing to one that has none.
        triggers: Literals in lower case; a text that holds none of them has no secret.

    Raises:
        LakeError: the file can't be written.
    """
    wanted = "|".join((*map(_escaped, triggers), _ENCODED))
    try:
        with duckdb.connect(str(path), config={"autoload_known_extensions": "false"}) as connection:
            connection.execute(NO_BAR)
            return _mask_events(connection, mask, wanted)
    except duckdb.Error as error:
        raise LakeError(f"secrets in {path} can't be masked: {first_line(error)}") from None


def _mask_events(
    connection: duckdb.DuckDBPyConnection, mask: Callable[[str], str], wanted: str
) -> int:
    columns = {row["name"]: row["type"] for row in rows(connection.execute(_COLUMNS))}
    named = [f'"{name}"' for name in columns]
    texts = ", ".join(
        name if kind == "VARCHAR" else f"array_to_string({name}, chr(10))"
        for name, kind in zip(named, columns.values(), strict=True)
    )
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE suspect AS SELECT rowid AS place FROM events "
        f"WHERE regexp_matches(lower(concat_ws(chr(10), {texts})), ?) ORDER BY place",
        (wanted,),
    )
    [[most]] = connection.execute("SELECT count(*) FROM suspect").fetchall()
    changed = 0
    for start in range(0, most, BATCH):
        found = connection.execute(
            f"SELECT place, {', '.join(named)} FROM events JOIN (SELECT place FROM suspect "
            f"LIMIT {BATCH} OFFSET {start}) ON events.rowid = place"
        ).fetchall()
        after = [(place, *(_masked(value, mask) for value in values)) for place, *values in found]
        after = [new for new, old in zip(after, found, strict=True) if new != tuple(old)]
        if after:
            _write(connection, columns, after)
            changed += len(after)
    return changed


def _write(
    connection: duckdb.DuckDBPyConnection, columns: dict[str, str], after: list[tuple[object, ...]]
) -> None:
    types = [
        pa.string() if kind == "VARCHAR" else pa.list_(pa.string()) for kind in columns.values()
    ]
    schema = pa.schema(list(zip(("place", *columns), (pa.int64(), *types), strict=True)))
    arrays = [
        pa.array([row[at] for row in after], type=field.type) for at, field in enumerate(schema)
    ]
    connection.register("masked_rows", pa.Table.from_arrays(arrays, schema=schema))
    assigned = ", ".join(f'"{name}" = masked_rows."{name}"' for name in columns)
    connection.execute(f"UPDATE events SET {assigned} FROM masked_rows WHERE events.rowid = place")
    connection.unregister("masked_rows")


def _masked(value: object, mask: Callable[[str], str]) -> object:
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, list):
        return [mask(item) if isinstance(item, str) else item for item in value]
    return value


def _escaped(literal: str) -> str:
    return "".join(char if char.isalnum() else f"\\x{{{ord(char):x}}}" for char in literal)
