"""Keeps compiled rules by the hash of their file's content, so that they are parsed only once.

What is kept is JSON with a checksum, in an SQLite file. Whatever is wrong with the file, a kept
form or the disk, the rules are compiled again; nothing of it reaches the caller.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import fields, is_dataclass
from functools import cache
from hashlib import blake2b, sha256
from importlib import metadata, resources
from pathlib import Path
from typing import Any, Self

SECONDS_TO_WAIT = 2.0


class RuleCache:
    """The compiled forms in one file; made by this version of the compiler only.

    Args:
        path: the file; None keeps nothing.
        kinds: the dataclasses that a kept form may consist of, beside tuples, mappings
            with texts as keys and plain values.
    """

    def __init__(self, path: Path | None, kinds: Iterable[type]) -> None:
        self._kinds = {kind.__name__: kind for kind in kinds}
        self._compiler = compiler_fingerprint()
        self._new: dict[str, str] = {}
        self._path = path
        self._damaged = False
        self._connection = _opened(path) if path else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Keep what is new."""
        if self._connection is None:
            return
        rows = [(self._key(key), body, _checksum(body)) for key, body in self._new.items()]
        try:
            if rows:
                with self._connection:
                    other = "DELETE FROM compiled WHERE key NOT LIKE ? || ':%'"
                    self._connection.execute(other, [self._compiler])
                    insert = "INSERT OR REPLACE INTO compiled VALUES (?, ?, ?)"
                    self._connection.executemany(insert, rows)
        except sqlite3.OperationalError:
            pass
        except sqlite3.Error:
            self._damaged = True
        self._connection.close()
        if self._damaged and self._path:
            with suppress(OSError):
                self._path.unlink(missing_ok=True)

    def get(self, key: str) -> Any:
        """Give what was kept under a key; None when there is nothing, or nothing readable."""
        if self._connection is None:
            return None
        select = "SELECT body, checksum FROM compiled WHERE key = ?"
        try:
            row = self._connection.execute(select, [self._key(key)]).fetchone()
            if row is None or _checksum(row[0]) != row[1]:
                return None
            return decoded(json.loads(row[0]), self._kinds)
        except sqlite3.OperationalError:
            return None
        except sqlite3.Error:
            self._damaged = True
            return None
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return None

    def put(self, key: str, value: Any) -> None:
        """Keep a value, unless it holds something that has no kept form."""
        if self._connection is not None:
            with suppress(TypeError, ValueError, RecursionError):
                self._new[key] = json.dumps(encoded(value, self._kinds), allow_nan=False)

    def _key(self, key: str) -> str:
        return f"{self._compiler}:{key}"


def encoded(value: Any, kinds: Mapping[str, type]) -> Any:
    """Give the JSON form of dataclasses: a list of their name and fields; of a tuple, without name.

    A mapping is an object.

    Raises:
        TypeError: something is neither one of the kinds, nor a tuple, mapping or plain value.
    """
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, tuple):
        return ["", *(encoded(item, kinds) for item in value)]  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):  # pyright: ignore[reportUnknownVariableType]
            raise TypeError("a mapping without texts as keys has no kept form")
        return {key: encoded(item, kinds) for key, item in value.items()}  # pyright: ignore[reportUnknownVariableType]
    name = type(value).__name__
    if not is_dataclass(value) or kinds.get(name) is not type(value):
        raise TypeError(f"{name} has no kept form")
    return [name, *(encoded(getattr(value, each.name), kinds) for each in fields(value))]


def decoded(form: Any, kinds: Mapping[str, type]) -> Any:
    """Give back what a JSON form was made of.

    Raises:
        KeyError: it names an unknown kind.
        TypeError: a kind has other fields than the form.
    """
    if type(form) is dict:
        return {key: decoded(item, kinds) for key, item in form.items()}  # pyright: ignore[reportUnknownVariableType]
    if type(form) is not list:
        return form
    parts = [decoded(item, kinds) if type(item) in _NESTED else item for item in form]
    return tuple(parts[1:]) if parts[0] == "" else kinds[parts[0]](*parts[1:])


@cache
def compiler_fingerprint() -> str:
    """Give a hash that changes with all that reads and runs rules, and with pySigma's version."""
    hashed = sha256(metadata.version("pysigma").encode())
    folder = resources.files("sentree.rules")
    files = [*folder.iterdir(), *(folder / "sql").iterdir()]
    for file in sorted(files, key=lambda each: each.name):
        if file.name.endswith((".py", ".yml", ".sql")):
            hashed.update(file.read_bytes())
    return hashed.hexdigest()[:16]


_NESTED = (list, dict)


def _checksum(body: str) -> str:
    return blake2b(body.encode(), digest_size=16).hexdigest()


def _opened(path: Path) -> sqlite3.Connection | None:
    for attempt in range(2):
        connection: sqlite3.Connection | None = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(path, timeout=SECONDS_TO_WAIT)
            connection.execute(
                "CREATE TABLE IF NOT EXISTS compiled"
                " (key TEXT PRIMARY KEY, body TEXT, checksum TEXT) WITHOUT ROWID"
            )
            return connection
        except (sqlite3.Error, OSError) as error:
            if connection is not None:
                connection.close()
            # A file that is no database is made anew; one that is only busy is left alone.
            busy = isinstance(error, sqlite3.OperationalError | OSError)
            if attempt or busy:
                return None
            with suppress(OSError):
                path.unlink(missing_ok=True)
    return None
