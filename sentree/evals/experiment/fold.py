"""From what readers found in parts to one answer: code, so that it does not matter how it was cut.

The function `fold` is also what a simulated model runs in its sandbox, so it stays within the
Python of that sandbox, and takes and gives plain values.
"""

from __future__ import annotations

import inspect
from typing import Any


def fold(shape: str, within: int, items: list[dict[str, Any]]) -> list[str]:
    """Give the answer in the words of the truth; an item counts once however often it is listed.

    Args:
        shape: how the answer follows, a `Shape`.
        within: of pairs, the seconds that two values may lie apart.
        items: dictionaries of event_uid, value, place and time.
    """

    def seconds(text: str) -> float:
        # Days need no calendar here: instants of one day or of neighbouring days are compared.
        year, month, day = int(text[0:4]), int(text[5:7]), int(text[8:10])
        past = year - 1 if month < 3 else year
        shifted = month + 9 if month < 3 else month - 3
        days = 365 * past + past // 4 - past // 100 + past // 400 + (153 * shifted + 2) // 5 + day
        clock = int(text[11:13]) * 3600 + int(text[14:16]) * 60
        return days * 86400.0 + clock + float(text[17:].rstrip("Z") or "0")

    found = {}
    for item in items:
        values = [str(item.get(name) or "") for name in ("event_uid", "value", "place", "time")]
        found[tuple(values)] = True
    rows = sorted(found)
    if shape == "count":
        return [str(len({row[0] for row in rows}))]
    values = sorted({row[1].lower() for row in rows if row[1]})
    if shape == "distinct":
        return [str(len(values))]
    if shape == "union":
        return values
    if shape == "top":
        tally: dict[str, int] = {}
        for row in rows:
            tally[row[1].lower()] = tally.get(row[1].lower(), 0) + 1
        most = max(tally.values()) if tally else 0
        return sorted([value for value, n in tally.items() if n == most])[:1]
    if shape in ("first", "last"):
        timed = sorted([(row[3], row[1]) for row in rows if row[3]])
        if not timed:
            return []
        return [timed[0][1] if shape == "first" else timed[-1][1]]
    if shape == "both":
        sides = [{row[1].lower() for row in rows if row[2] == side} for side in ("1", "2")]
        return sorted(sides[0] & sides[1])
    there: dict[str, list[Any]] = {}
    for row in rows:
        if len(row[3]) >= 19:
            there.setdefault(row[2], []).append((seconds(row[3]), row[1].lower()))
    pairs: dict[str, bool] = {}
    for met in there.values():
        met = sorted(met)
        for place, (time, value) in enumerate(met):
            for later, other in met[place + 1 :]:
                if later - time > within:
                    break
                if other != value:
                    pairs[" & ".join(sorted([value, other]))] = True
    return sorted(pairs)


def fold_source() -> str:
    """Give the function as the text of a cell."""
    return inspect.getsource(fold).replace('"""', "'''")
