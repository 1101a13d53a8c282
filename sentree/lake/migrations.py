"""The schema of the lake over releases: numbered SQL files, each applied once, in order.

Version 1 is `sql/schema.sql`; `sql/migrations/NNNN_name.sql` leads from the version before to NNNN.
A new lake is made as version 1 and goes the same way, so that every migration runs in every test.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import NamedTuple

FIRST = 1


class Migration(NamedTuple):
    """A step to `version`, which is applied whole or not at all."""

    version: int
    name: str
    sql: str


@cache
def migrations() -> tuple[Migration, ...]:
    """Give all steps, in order; a version has one at most."""
    folder = resources.files("sentree.lake") / "sql" / "migrations"
    found: list[Migration] = []
    for file in folder.iterdir():
        number, _, name = file.name.removesuffix(".sql").partition("_")
        if file.name.endswith(".sql"):
            found.append(Migration(int(number), name, file.read_text("utf-8")))
    found.sort()
    versions = [one.version for one in found]
    assert versions == sorted(set(versions)) and versions[0] > FIRST
    return tuple(found)


def newest_version() -> int:
    """Give the version of the schema that this release reads and writes."""
    return migrations()[-1].version


def pending(version: int) -> tuple[Migration, ...]:
    """Give the steps that a lake of `version` still has to go."""
    return tuple(one for one in migrations() if one.version > version)
