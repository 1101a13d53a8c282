"""Runs a load's statements on the lake's connection, over Arrow tables that they name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import duckdb

from sentree.errors import LakeError
from sentree.lake.db import first_line
from sentree.lake.records import Table

BATCH_ROWS = 2048


class Session:
    """The statements of one load."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def run(
        self, sql: str, values: Mapping[str, Any] | None = None, **tables: Table
    ) -> duckdb.DuckDBPyConnection:
        """Run one statement; `tables` are those it names.

        Raises:
            LakeError: it failed; the cause is DuckDB's error.
        """
        try:
            return _execute(self._connection, sql, values, **tables)
        except duckdb.Error as error:
            raise LakeError(f"loading failed: {first_line(error)}") from error

    def table(self, sql: str, values: Mapping[str, Any] | None = None, **tables: Table) -> Table:
        """Run a SELECT and give its rows as an Arrow table of small batches."""
        result = self.run(sql, values, **tables)
        try:
            return result.to_arrow_table(BATCH_ROWS)
        except duckdb.Error as error:
            raise LakeError(f"loading failed: {first_line(error)}") from error


def _execute(
    connection: duckdb.DuckDBPyConnection,
    sql: str,
    values: Mapping[str, Any] | None,
    *,
    framed: Table = None,
    staged_records: Table = None,
    staged_events: Table = None,
    written: Table = None,
) -> duckdb.DuckDBPyConnection:
    # DuckDB finds a table that it does not know among the arguments of this function. To register
    # it would keep its memory until the end of the transaction, which is the end of the file.
    return connection.execute(sql, values)
