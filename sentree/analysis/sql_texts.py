"""The analysis's own SQL over a context, read from the `.sql` files beside this module."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def sql_text(name: str) -> str:
    """Give the text of `sql/NAME.sql`."""
    return files("sentree.analysis").joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")
