"""Reads Windows events rendered as XML as the JSON that `evtx_dump` writes of the same events.

They come from `wevtutil /f:xml`, from forwarders that send one event a line, and from the event
viewer's files. What stands beside events is a record of its own: nothing is lost.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any
from xml.etree import ElementTree

from sentree.lake.readers import BrokenStreamError
from sentree.lake.records import RAW_CAP, Record, Reject, as_text, reject

HEAD = re.compile(rb"<Event\s[^>]*schemas\.microsoft\.com/win/2004/08/events/event")
BEGIN = re.compile(rb"<Event[\s>]")
END = re.compile(rb"</Event\s*>")
AROUND = re.compile(rb"<\?xml[^>]*\?>|</?Events[^>]*>|<!--.*?-->", re.DOTALL)
# Entities and document types are no part of events; whoever writes them wants something else.
FOREIGN = re.compile(r"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
TOO_LONG = "longer than the limit"
CUT = "cut off in an XML event"
NUMBERS = frozenset({"EventID", "Version", "Level", "Task", "Opcode", "EventRecordID"})
DEEPEST = 32


def is_windows_xml(head: bytes) -> bool:
    """Tell from its first part whether a text holds Windows events as XML, and no JSON."""
    return not head.lstrip().startswith((b"{", b"[")) and bool(HEAD.search(head))


def windows_xml_records(blocks: Iterable[bytes], max_line_bytes: int) -> Iterator[Record | Reject]:
    """Give the events of a text; a record's line is the one its event begins in."""
    held, line = b"", 1
    reason = CUT
    stream = iter(blocks)
    while True:
        try:
            block = next(stream, None)
        except BrokenStreamError as error:
            block, reason = None, str(error)
        if block is None:
            break
        held += block
        at = 0
        for end in END.finditer(held):
            part = held[at : end.end()]
            yield from _records(part, line, max_line_bytes)
            line += part.count(b"\n")
            at = end.end()
        held = held[at:]
        if len(held) > max_line_bytes:
            yield reject(line, TOO_LONG, held[: 4 * RAW_CAP], len(held))
            line += held.count(b"\n")
            held = b""
    begun = BEGIN.search(held)
    yield from _beside(held[: begun.start()] if begun else held, line)
    if begun:
        yield reject(line + held.count(b"\n", 0, begun.start()), reason, held[begun.start() :])
    elif reason is not CUT:
        yield reject(line, reason, b"")


def _records(part: bytes, line: int, max_line_bytes: int) -> Iterator[Record | Reject]:
    """Give the event that ends here, and what stands before it."""
    begun = BEGIN.search(part)
    if begun is None:
        yield from _beside(part, line)
        return
    # What stands before the event on its line is the header of a relay: it stays in the raw text.
    start = part.rfind(b"\n", 0, begun.start()) + 1
    yield from _beside(part[:start], line)
    line += part.count(b"\n", 0, begun.start())
    raw = AROUND.sub(b"", part[start : begun.start()]).lstrip() + part[begun.start() :]
    if len(raw) > max_line_bytes:
        yield reject(line, TOO_LONG, raw)
        return
    text, note = as_text(raw)
    yield Record(line, text, event_json(text[text.index("<Event") :]), note)


def _beside(text: bytes, line: int) -> Iterator[Record]:
    for number, row in enumerate(text.split(b"\n"), start=line):
        if left := AROUND.sub(b"", row).strip(b" \t\r\x00\xef\xbb\xbf"):
            found, note = as_text(left)
            yield Record(number, found, None, note)


def event_json(text: str) -> str | None:
    """Give an event's JSON in the shape of `evtx_dump`; None for what is no well-formed event."""
    if FOREIGN.search(text):
        return None
    try:
        root = ElementTree.fromstring(text)
        event = {
            _name(each): _data(each) if _name(each) == "EventData" else _value(each, DEEPEST)
            for each in root
        }
    except (ElementTree.ParseError, ValueError, RecursionError):
        return None
    return json.dumps({"Event": event}, ensure_ascii=False)


def _name(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def _value(element: ElementTree.Element, depth: int) -> Any:
    """Give an element as text, number or object, its attributes below `#attributes`."""
    text = (element.text or "").strip() if len(element) else element.text or ""
    shown: Any = int(text) if _name(element) in NUMBERS and text.isdecimal() else text
    found: dict[str, Any] = {}
    if element.attrib:
        found["#attributes"] = {name.rpartition("}")[2]: each for name, each in element.items()}
    if depth:
        for each in element:
            _put(found, _name(each), _value(each, depth - 1))
    if not found:
        return shown
    if text:
        found["#text"] = shown
    return found


def _data(element: ElementTree.Element) -> dict[str, Any]:
    """Give named data by name, and the others as the list `Data.#text`."""
    found: dict[str, Any] = {}
    unnamed: list[str] = []
    for each in element:
        name = each.get("Name")
        if name:
            _put(found, name, each.text or "")
        elif _name(each) == "Data":
            unnamed.append(each.text or "")
        else:
            _put(found, _name(each), _value(each, DEEPEST))
    if unnamed:
        found["Data"] = {"#text": unnamed}
    return found


def _put(found: dict[str, Any], name: str, value: Any) -> None:
    """Add a member; one of a name that stands there already gets a number, as evtx_dump does."""
    number, free = 0, name
    while free in found:
        number += 1
        free = f"{name}_{number}"
    found[free] = value
