"""Second chances for what is no JSON as it stands: several values on a line, stray characters."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from sentree.lake.json_values import ValueSplitter
from sentree.lake.records import Record, Reject, reject

SURROGATE = re.compile("[\ud800-\udfff]")
NOT_JSON = "not valid JSON"
REPAIRED = "repaired_json"


def rescue(record: Record) -> Iterator[Record | Reject]:
    """Give the records in a broken one, or the reject that it is."""
    splitter = ValueSplitter()
    text = record.text.encode("utf-8", "replace")
    for values in (splitter.feed(text), splitter.finish()):
        for value in values:
            line = record.line + value.line - 1
            if value.reason:
                yield reject(line, value.reason, value.text, value.length)
                continue
            yield _repaired(Record(line, value.text.decode(), None, record.note))


def _repaired(record: Record) -> Record | Reject:
    """Give the record with JSON that a strict reader takes, where a lenient one sees some.

    Raw control characters and halves of surrogate pairs are no JSON, yet an attacker who can put
    one into a user name must not make the event disappear.
    """
    if not record.text.startswith(("{", "[")):
        return record
    try:
        found: object = json.loads(record.text, strict=False, object_pairs_hook=_first_wins)
        written = json.dumps(found, ensure_ascii=False, separators=(",", ":"))
    except (ValueError, RecursionError):
        return reject(record.line, NOT_JSON, record.text.encode("utf-8", "replace"))
    if _is_strict(record.text) and not SURROGATE.search(written):
        return record
    repaired = SURROGATE.sub("\ufffd", written)
    return record._replace(doc=repaired, note=record.note or REPAIRED)


def _is_strict(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _first_wins(pairs: list[tuple[str, object]]) -> dict[str, object]:
    return dict(reversed(pairs))
