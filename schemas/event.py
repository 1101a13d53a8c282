"""One event as analysis code sees it: promoted columns, the normalised event and the raw record."""

from __future__ import annotations

from schemas.base import Frozen, UtcTime


class Reference(Frozen):
    """Where a record says that more can be read (STIX 2.1 §2.8 external reference, CVE 5.x)."""

    source_name: str
    external_id: str | None = None
    url: str | None = None
    description: str | None = None


class CitedEvent(Frozen):
    """An event, object or document cited by a result, complete enough to be read without the lake.

    `source` is the file the record came from, `line` its 1-based line there (0 when a file is
    one record); `raw` is the text as it came, capped at 32,768 characters (`raw_length` is its
    true length). For a record that is no event (a STIX object, a CVE, a control) `class_uid` is
    -1, `class_name` says what it is, and `event_uid` is the record's own id.
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
    references: tuple[Reference, ...] = ()
