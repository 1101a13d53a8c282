"""What a reading of rules looks at, and the ways in which engines are known to read otherwise."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, cast


class Way(Enum):
    """How an engine may read what Sentree reads otherwise."""

    LISTS = "a list is one text, not its values"
    EMPTY = "an empty text is not null"
    LETTERS = "case counts outside ASCII"
    NUMBERS = "numbers are equal as text only"
    ORDER = "numbers are in the order of texts"
    NETWORKS = "networks are patterns of text"
    KEYWORDS = "keywords are searched in values, not in the record"
    TIMES = "times are read by SQLite's strftime"
    NAMES = "field names that differ in case are one"
    REGEXES = "regexes are read by Python's re, not by RE2"
    BOOLEANS = "true and false are 1 and 0, too"


Ways = frozenset[Way]
SPECIFIED: Ways = frozenset()


@dataclass(slots=True)
class Record:
    """An event's fields as text, the text of the record, and that of its values alone."""

    fields: Mapping[str, str | None]
    text: str = ""
    values: str = ""
    _merged: dict[str, str | None] = field(default_factory=dict[str, "str | None"])

    def get(self, name: str, ways: Ways) -> str | None:
        """Give a field's text, None where it is absent."""
        if Way.NAMES not in ways:
            return self.fields.get(name)
        if not self._merged:
            for one in sorted(self.fields):
                self._merged.setdefault(one.lower(), None)
                if self._merged[one.lower()] is None:
                    self._merged[one.lower()] = self.fields[one]
        return self._merged.get(name.lower())


Matches = Callable[[Record, Ways], bool]


def values_of(text: str | None, ways: Ways) -> Iterator[str]:
    """Give a field's text and, of a list, each value."""
    if text is None:
        return
    yield text
    if text.startswith("[") and Way.LISTS not in ways:
        try:
            items = json.loads(text, parse_int=str, parse_float=str)
        except ValueError:
            return
        for item in cast(list[Any], items) if isinstance(items, list) else []:
            if item is not None:
                yield as_text(item)


def as_text(value: Any) -> str:
    """Write a JSON value as the text of a field."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
