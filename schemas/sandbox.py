"""What goes into and comes out of the two sandboxes: limits, the output of a cell, rows of SQL."""

from __future__ import annotations

from pydantic import Field, JsonValue

from schemas.base import Frozen


class SandboxLimits(Frozen):
    """Limits of a Python session; there is no way to run without them.

    `seconds` is shorter than the five in which the host must have answered: native loops are
    stopped by killing the worker, `grace` later. `memory` bounds the host as well: a value that
    crosses the boundary costs it up to twice its size before it can be refused.
    """

    seconds: float = Field(default=4.0, gt=0)
    grace: float = Field(default=0.5, gt=0)
    memory: int = Field(default=128 * 1024 * 1024, ge=4 * 1024 * 1024)
    recursion: int = Field(default=200, ge=10)
    code_characters: int = 100_000
    output_characters: int = 8_192
    error_characters: int = 2_000
    argument_characters: int = 1_000_000
    result_characters: int = 8_000_000
    nodes: int = 200_000
    lookups: int = 1_000


class CellOutput(Frozen):
    """What running one cell gave: bounded text with control characters made visible.

    `true_length` counts the characters that were printed, shown or not. After `killed` the
    session is a fresh one: the variables are gone, and `error` says so.
    """

    text: str
    error: str | None = None
    true_length: int = 0
    killed: bool = False
    calls: int = 0


class SqlLimits(Frozen):
    """Limits of the SQL sandbox."""

    seconds: float = Field(default=3.0, gt=0)
    address_space: int = 1_200 * 1024 * 1024
    memory: int = 400 * 1024 * 1024
    sql_characters: int = 20_000
    rows: int = Field(default=500, ge=1)
    characters: int = 400_000
    text_characters: int = 4_000
    nodes: int = 50_000


class SqlResult(Frozen):
    """Rows of one SELECT, JSON-safe; when truncated, there are more than `len(rows)` rows.

    A text longer than the limit ends with its true length; times are UTC in ISO form.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[JsonValue, ...], ...]
    truncated: bool = False
    milliseconds: float = 0.0

    @property
    def at_least(self) -> int:
        """How many rows the query has at least."""
        return len(self.rows) + (1 if self.truncated else 0)
