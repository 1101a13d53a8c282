"""Names of log files that say nothing of the machine they lie on."""

from __future__ import annotations

import ntpath
import posixpath
from collections import Counter
from collections.abc import Iterable
from pathlib import PurePath, PurePosixPath, PureWindowsPath

DEEP = 3
"""Parts that a common folder must have, the root among them, for all below it to be told."""


def source_names(paths: Iterable[str]) -> dict[str, str]:
    """Give each path the name it is shown under; different paths have different names.

    Files below one folder are named from there. Where what they have in common is no folder of
    theirs (`/`, `/home`), each is named by as few of its last parts as tell it from the others. A
    relative path is what the user gave, and stays, unless it leads out of where it started.
    """
    wanted = sorted(set(paths))
    whole = {path: _pure(path) for path in wanted}
    away = [path for path in wanted if whole[path].is_absolute() or ".." in whole[path].parts]
    names = {path: path for path in wanted if path not in away}
    common = _common([whole[path] for path in away])
    if common is not None:
        names |= {path: whole[path].relative_to(common).as_posix() for path in away}
    else:
        names |= _endings({path: whole[path].parts for path in away})
    return _distinct(names)


def _pure(path: str) -> PurePath:
    windows = PureWindowsPath(path)
    return windows if windows.drive else PurePosixPath(path)


def _common(paths: list[PurePath]) -> PurePath | None:
    """Find the folder that all files are below, if it is deep enough to be theirs."""
    if not paths or len({type(path) for path in paths}) > 1 or not paths[0].is_absolute():
        return None
    if any(".." in path.parts for path in paths):
        return None
    try:
        flavour = ntpath if isinstance(paths[0], PureWindowsPath) else posixpath
        common = type(paths[0])(flavour.commonpath([str(path.parent) for path in paths]))
    except ValueError:
        return None
    return common if len(common.parts) >= DEEP else None


def _endings(parts: dict[str, tuple[str, ...]]) -> dict[str, str]:
    """Name paths by their last part, and by one more for as long as two have the same."""
    length = dict.fromkeys(parts, 1)
    while True:
        names = {path: "/".join(parts[path][-length[path] :]) for path in parts}
        count = Counter(names.values())
        longer = [
            path
            for path, name in names.items()
            if count[name] > 1 and length[path] < len(parts[path]) - 1
        ]
        if not longer:
            return names
        for path in longer:
            length[path] += 1


def _distinct(names: dict[str, str]) -> dict[str, str]:
    taken: set[str] = set()
    found: dict[str, str] = {}
    for path, name in names.items():
        while name in taken:
            name += "'"
        taken.add(name)
        found[path] = name
    return found
