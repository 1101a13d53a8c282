"""Columns of the lake as Arrow tables, and Arrow tables as relations of the lake's connection."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any

import duckdb

from sentree.errors import LakeError
from sentree.lake.db import Lake, first_line


def read_table(lake: Lake, sql: str, parameters: Sequence[Any] = ()) -> Any:
    """Run one SELECT and give its columns as a `pyarrow.Table`.

    Raises:
        LakeError: the statement failed.
    """
    try:
        return lake.connection.execute(sql, parameters or None).to_arrow_table()
    except duckdb.Error as error:
        raise LakeError(f"the lake can't answer: {first_line(error)}") from error


@contextmanager
def lent_table(lake: Lake, name: str, table: Any) -> Generator[None]:
    """Let the connection's statements read a `pyarrow.Table` under a name, nothing copied."""
    lake.connection.register(name, table)
    try:
        yield
    finally:
        lake.connection.unregister(name)
