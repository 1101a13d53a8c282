"""Records as a model is shown them: fenced, numbered, and found again by their numbers.

A uid of 32 digits costs a model about 20 tokens a record. A number costs two, says as much
inside one call, and can't name a record that the call did not show.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, cast

from schemas.claim import Evidence
from schemas.ports import ContextReader
from schemas.trajectory import Predicate
from sentree.engine.fence import Fence
from sentree.engine.verify import citations_that_hold

CITING = re.compile(r"(?:after_)?(?:event|record|object|rule|step|document)_uids?")
"""Fields that name records; OCSF's `class_uid` and its like are no names of records."""

_LIKE_A_RECORD = re.compile(r"\n(?=\[\d+\])")
_NUMBER = re.compile(r"[#\[]?(\d{1,7})\]?")
_IN_PROSE = re.compile(r"(?<![\w\]])\[(\d{1,7})\]")
_CLOCK = 19


class _Record(NamedTuple):
    place: int
    event_uid: str
    time: datetime | None
    host: str | None
    raw: str


class Shown:
    """The records of a part in time order; the first is `[1]`."""

    def __init__(self, context: ContextReader, part: Predicate) -> None:
        self._context = context
        self._part = part
        rows = context.query(
            f"SELECT rowid AS place, event_uid, time, host, raw FROM events WHERE {part.sql}",
            part.parameters,
        )
        found = (
            _Record(row["place"], row["event_uid"], row["time"], row["host"], row["raw"])
            for row in rows
        )
        self._records = sorted(found, key=_reading_order)
        self._raw = {record.event_uid: record.raw for record in self._records}

    def text(self, fence: Fence, label: str) -> str:
        """Give the records for a model's eyes."""
        lines = (
            # A record of several lines must not pass for several records.
            f"[{number}] " + one_record(_line(record))
            for number, record in enumerate(self._records, 1)
        )
        return fence.wrap(label, "\n".join(lines))

    def uid(self, name: str) -> str:
        """Give the uid of the record that a model names; what names none is given back."""
        found = _NUMBER.fullmatch(name.strip())
        if found is None:
            return name
        number = int(found[1])
        return self._records[number - 1].event_uid if 0 < number <= len(self._records) else name

    def evidence(self, named: Sequence[Evidence]) -> list[Evidence]:
        """Put uids in the place of numbers."""
        return [one.model_copy(update={"event_uid": self.uid(one.event_uid)}) for one in named]

    def that_hold(self, named: Sequence[Evidence]) -> list[Evidence]:
        """Keep the citations of records of this part that hold what is quoted, each once."""
        unique = {(one.event_uid, one.quote): one for one in self.evidence(named)}
        here = [one for one in unique.values() if one.event_uid in self._raw]
        sure = {id(one) for one in here if (one.quote or "") in self._raw[one.event_uid]}
        # What the raw record does not hold word for word may stand in its normalised form.
        open_ones = [one for one in here if id(one) not in sure]
        if open_ones:
            sure |= {id(one) for one in citations_that_hold(self._context, open_ones, self._part)}
        return [one for one in here if id(one) in sure]

    def in_prose(self, text: str) -> str:
        """Write uids for the numbers in a sentence, which mean nothing outside this call."""

        def replaced(match: re.Match[str]) -> str:
            uid = self.uid(match[1])
            return match[0] if uid == match[1] else f"[{uid}]"

        return _IN_PROSE.sub(replaced, text)

    def in_data(self, value: Any) -> Any:
        """Write uids for the numbers in the fields that name records, at any depth."""
        if isinstance(value, list):
            return [self.in_data(item) for item in cast("list[Any]", value)]
        if not isinstance(value, Mapping):
            return value
        return {
            name: self._named(item) if CITING.fullmatch(name) else self.in_data(item)
            for name, item in cast("Mapping[str, Any]", value).items()
        }

    def _named(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._named(item) for item in cast("list[Any]", value)]
        if isinstance(value, str | int) and not isinstance(value, bool):
            return self.uid(str(value))
        return self.in_data(value)


def one_record(text: str) -> str:
    """Give a record's text so that none of its lines looks like the beginning of another."""
    return _LIKE_A_RECORD.sub("\n ", text)


def _reading_order(record: _Record) -> tuple[bool, datetime, int]:
    return record.time is None, record.time or datetime.min, record.place


def _line(record: _Record) -> str:
    """Give a record after its time and host, each only where the record does not hold it."""
    known: list[str] = []
    if record.time is not None:
        time = record.time.isoformat(sep=" ")[:_CLOCK]
        if time[11:] not in record.raw:
            known.append(f"{time}Z")
    if record.host and record.host not in record.raw.lower():
        known.append(record.host)
    return " ".join((*known, record.raw))
