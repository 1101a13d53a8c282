"""Which rows stand close in time to another: an index, so that long timelines stay quick."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator

from schemas.timeline import TimelineEntry


def account_of(entry: TimelineEntry) -> str | None:
    """Give the bare name of a row's account: sensors write it with a domain, or a cloud's path."""
    user = (entry.user or "").casefold()
    if user.startswith("arn:aws"):
        path = user.rpartition(":")[2].split("/")
        return path[1] if path[0] == "assumed-role" and len(path) > 1 else path[-1]
    return user.partition("@")[0] or None


class Company:
    """Rows by a key of theirs, each key's in order of time."""

    def __init__(
        self, entries: Iterable[TimelineEntry], key: Callable[[TimelineEntry], str | None]
    ) -> None:
        self._key = key
        self._rows: dict[str | None, list[TimelineEntry]] = defaultdict(list)
        for entry in sorted(entries, key=lambda one: one.time):
            self._rows[key(entry)].append(entry)
        self._moments = {
            name: [one.time.timestamp() for one in rows] for name, rows in self._rows.items()
        }

    def beside(self, entry: TimelineEntry, seconds: float) -> Iterator[TimelineEntry]:
        """Give the rows of the same key within that many seconds, before or after."""
        name = self._key(entry)
        moments = self._moments.get(name, [])
        moment = entry.time.timestamp()
        low, high = bisect_left(moments, moment - seconds), bisect_right(moments, moment + seconds)
        return (self._rows[name][place] for place in range(low, high))
