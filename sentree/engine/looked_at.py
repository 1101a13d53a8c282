"""Which events a model was shown, each counted once however the parts that held it overlap."""

from __future__ import annotations

import re
import zlib
from base64 import b64decode, b64encode
from collections.abc import Iterable, Sequence
from typing import Self

from schemas.ports import ContextReader
from schemas.trajectory import Predicate

UIDS_AT_ONCE = 5_000
PARTS_AT_ONCE = 100
_ONES = re.compile("1+")
_SPANS = """
SELECT min(row) AS low, max(row) AS high
FROM (
    SELECT rowid AS row, rowid - row_number() OVER (ORDER BY rowid) AS island
    FROM events WHERE {where}
)
GROUP BY island ORDER BY low
"""


class RowSet:
    """A set of a context's rows, a bit each."""

    def __init__(self, bits: int = 0) -> None:
        self._bits = bits

    @classmethod
    def of(
        cls, context: ContextReader, parts: Iterable[Predicate], uids: Iterable[str] = ()
    ) -> Self:
        """Find the rows of parts and of single events."""
        found = cls()
        # Values of a condition may be lists, which have no hash.
        wholes = list({(one.sql, repr(one.parameters)): one for one in parts}.values())
        for at in range(0, len(wholes), PARTS_AT_ONCE):
            found.add(context, _any_of(wholes[at : at + PARTS_AT_ONCE]))
        wanted = sorted(set(uids))
        for at in range(0, len(wanted), UIDS_AT_ONCE):
            some = wanted[at : at + UIDS_AT_ONCE]
            found.add(context, Predicate("list_contains(?::VARCHAR[], event_uid)", (tuple(some),)))
        return found

    @classmethod
    def load(cls, text: str) -> Self:
        """Read what `dump` gave."""
        return cls(int.from_bytes(zlib.decompress(b64decode(text)), "little") if text else 0)

    def __len__(self) -> int:
        return self._bits.bit_count()

    def __or__(self, other: RowSet) -> RowSet:
        """Give the rows of either."""
        return RowSet(self._bits | other._bits)

    def add(self, context: ContextReader, part: Predicate) -> None:
        """Add the rows of a part."""
        values = [list(one) if isinstance(one, tuple) else one for one in part.parameters]
        spans = context.query(_SPANS.format(where=part.sql), values)
        # Digits, not shifts: each shift of a long number copies all of it.
        digits = bytearray(b"0") * (spans[-1]["high"] + 1 if spans else 1)
        for span in spans:
            low, stop = span["low"], span["high"] + 1
            digits[low:stop] = b"1" * (stop - low)
        self._bits |= int(digits[::-1], 2)

    def dump(self) -> str:
        """Give the set as text: compressed, so that long runs cost next to nothing."""
        if not self._bits:
            return ""
        raw = self._bits.to_bytes((self._bits.bit_length() + 7) // 8, "little")
        return b64encode(zlib.compress(raw)).decode("ascii")

    def spans(self) -> tuple[list[int], list[int]]:
        """Give the first and the last rows of its unbroken stretches."""
        found = [match.span() for match in _ONES.finditer(f"{self._bits:b}"[::-1])]
        return [low for low, _ in found], [stop - 1 for _, stop in found]

    def by(self, context: ContextReader, column: str) -> dict[str, int]:
        """Count the rows by the values of a column of ours."""
        lows, highs = self.spans()
        rows = context.query(
            f"""
            WITH spans AS (SELECT unnest(?::BIGINT[]) AS low, unnest(?::BIGINT[]) AS high)
            SELECT {column}::VARCHAR AS name, count(*) AS n
            FROM events JOIN spans ON events.rowid BETWEEN spans.low AND spans.high
            GROUP BY 1 ORDER BY 1
            """,
            (lows, highs),
        )
        return {str(row["name"]): row["n"] for row in rows}


def _any_of(parts: Sequence[Predicate]) -> Predicate:
    """Give the condition that a row of any of the parts fulfils."""
    sql = " OR ".join(f"({part.sql})" for part in parts)
    return Predicate(sql, tuple(value for part in parts for value in part.parameters))


def union(texts: Sequence[str]) -> RowSet:
    """Give the rows of all sets that were dumped."""
    found = RowSet()
    for text in texts:
        found |= RowSet.load(text)
    return found
