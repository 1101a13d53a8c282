"""One event as analysis code sees it: promoted columns, the normalised event and the raw record."""

from __future__ import annotations

from schemas.base import Frozen, UtcTime


class CitedEvent(Frozen):
    """An event cited by a result, complete enough to be read without the lake.

    `source` is the file the record came from, `line` its 1-based line there; `raw` is the text
    as it came, capped at 32,768 characters (`raw_length` is its true length).
    """

    event_uid: str
    time: UtcTime | None
    class_uid: int
    class_name: str
    host: str | None
    user: str | None
    source: str
    line: int
    mapper: str
    event: str
    raw: str
    raw_length: int
