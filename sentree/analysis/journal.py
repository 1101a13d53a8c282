"""What `budget()` told the cells of a run, kept: a run that goes on shows them the same again.

Everything else that a cell can see follows from the context and from stored answers. So a run
that was cut off makes the same requests again and finds them answered, also where the state of a
session can't be loaded.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Any, cast

from schemas.budget import Remaining


class BudgetJournal:
    """Tells what is left, by node and by how often it has asked; without a path, only live."""

    def __init__(self, path: Path | None, remaining: Callable[[], Remaining]) -> None:
        self._path = path
        self._remaining = remaining
        self._lock = Lock()
        self._asked: Counter[str] = Counter()
        self._told = {} if path is None else _read(path)

    def tell(self, node_uid: str) -> dict[str, Any]:
        """Give what is left, or what a run before was told at this place."""
        with self._lock:
            key = f"{node_uid}#{self._asked[node_uid]}"
            self._asked[node_uid] += 1
            if key not in self._told:
                self._told[key] = self._remaining().model_dump()
                self._keep(key)
            return self._told[key]

    def asked(self, node_uid: str) -> int:
        """Give how often a node has asked."""
        with self._lock:
            return self._asked[node_uid]

    def resume(self, node_uid: str, asked: int) -> None:
        """Go on after a node had asked so often."""
        with self._lock:
            self._asked[node_uid] = asked

    def _keep(self, key: str) -> None:
        """Append before the cell sees it; what a killed process wrote outlives it."""
        if self._path is not None:
            with self._path.open("a", encoding="utf-8") as file:
                # The break comes first, so that a line cut off by a kill spoils no later one.
                file.write("\n" + json.dumps([key, self._told[key]]))


def _read(path: Path) -> dict[str, dict[str, Any]]:
    told: dict[str, dict[str, Any]] = {}
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return told
    for line in lines:
        try:
            found: object = json.loads(line)
        except ValueError:
            # Cut off as it was written; no cell has seen it.
            continue
        match found:
            case [str(key), dict() as remaining]:
                told[key] = cast("dict[str, Any]", remaining)
            case _:
                continue
    return told
