"""Second chances for what is no JSON as it stands: several values on a line, stray characters."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from sentree.lake.json_values import CUT
from sentree.lake.records import Record, Reject, reject

SURROGATE = re.compile("[\ud800-\udfff]")
BETWEEN = re.compile(r"[\s,\x00]*")
NOT_JSON = "not valid JSON"
REPAIRED = "repaired_json"


def rescue(record: Record) -> Iterator[Record | Reject]:
    """Give the records in a broken one, or the reject that it is."""
    text = record.text
    at = _begin(text, 0)
    while at < len(text):
        if text[at] not in "{[":
            # What follows a value and begins like no other is text of its own.
            yield record._replace(text=text[at:].rstrip("\x00"))
            return
        try:
            found, end = LENIENT.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            cut = isinstance(error, json.JSONDecodeError) and error.pos >= len(text.rstrip()) - 1
            reason = CUT if cut or "Unterminated" in str(error) else NOT_JSON
            yield reject(record.line, reason, text[at:].encode("utf-8", "replace"))
            return
        for each in found if isinstance(found, list) else [found]:
            yield _repaired(record, text[at:end], each, is_whole=found is each)
        at = _begin(text, end)


def _begin(text: str, at: int) -> int:
    between = BETWEEN.match(text, at)
    return between.end() if between else at


def _repaired(record: Record, text: str, found: object, *, is_whole: bool) -> Record | Reject:
    """Give the record with JSON that a strict reader takes, where a lenient one sees some.

    Raw control characters and halves of surrogate pairs are no JSON, yet an attacker who can put
    one into a user name must not make the event disappear.
    """
    try:
        written = json.dumps(found, ensure_ascii=False, separators=(",", ":"))
    except (ValueError, RecursionError):
        return reject(record.line, NOT_JSON, text.encode("utf-8", "replace"))
    repaired = SURROGATE.sub("\ufffd", written)
    if not is_whole:
        text = repaired
    if _is_strict(text) and repaired == written:
        return record._replace(text=text)
    return record._replace(text=text, doc=repaired, note=record.note or REPAIRED)


def _is_strict(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _first_wins(pairs: list[tuple[str, object]]) -> dict[str, object]:
    return dict(reversed(pairs))


LENIENT = json.JSONDecoder(strict=False, object_pairs_hook=_first_wins)
