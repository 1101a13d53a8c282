"""Writes binary Windows event logs (EVTX): file header, chunks with their checksums, and records.

Every record is an instance of a BinXml template, as Windows writes them: the template stands with
the first record of a chunk that uses it, later ones point to it.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

FILE_HEADER = 4096
CHUNK = 65_536
CHUNK_HEADER = 512
EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
NAMESPACE = "http://schemas.microsoft.com/win/2004/08/events/event"

STRING, UINT8, UINT16, UINT32, UINT64, FILETIME = 0x01, 0x04, 0x06, 0x08, 0x0A, 0x11
PACKED = {UINT8: "<B", UINT16: "<H", UINT32: "<I", UINT64: "<Q", FILETIME: "<Q"}


class EvtxEvent(NamedTuple):
    """One event to write; `data` becomes the named fields below `EventData`."""

    event_id: int
    channel: str
    provider: str
    computer: str
    time: datetime
    data: Mapping[str, str]
    level: int = 4


@dataclass(slots=True)
class _Chunk:
    """A chunk in the making."""

    number: int
    body: bytearray = field(default_factory=lambda: bytearray(CHUNK_HEADER))
    templates: dict[tuple[str, ...], int] = field(default_factory=dict[tuple[str, ...], int])
    names: dict[str, int] = field(default_factory=dict[str, int])
    last_record: int = 0
    ids: list[int] = field(default_factory=list[int])


def evtx_bytes(events: Sequence[EvtxEvent], *, per_chunk: int = 100, first_id: int = 1) -> bytes:
    """Write events as the bytes of an EVTX file, `per_chunk` to a chunk at most."""
    chunks: list[bytes] = []
    for start in range(0, len(events), per_chunk):
        chunk = _Chunk(len(chunks))
        for number, event in enumerate(events[start : start + per_chunk], start=first_id + start):
            _append(chunk, number, event)
        chunks.append(_sealed(chunk))
    head = bytearray(FILE_HEADER)
    struct.pack_into(
        "<8sQQQIHHHH",
        head,
        0,
        b"ElfFile\x00",
        0,
        max(0, len(chunks) - 1),
        first_id + len(events),
        128,
        1,
        3,
        FILE_HEADER,
        len(chunks),
    )
    struct.pack_into("<I", head, 124, zlib.crc32(head[:120]))
    return bytes(head) + b"".join(chunks)


def _append(chunk: _Chunk, number: int, event: EvtxEvent) -> None:
    body, at = chunk.body, len(chunk.body)
    ticks = int((event.time - EPOCH).total_seconds() * 10_000_000)
    body += struct.pack("<IIQQ", 0x2A2A, 0, number, ticks)
    body += b"\x0f\x01\x01\x00"
    keys = tuple(event.data)
    known = chunk.templates.get(keys)
    body += struct.pack("<BBI", 0x0C, 1, zlib.crc32(repr(keys).encode()))
    if known is None:
        known = chunk.templates[keys] = len(body) + 4
        body += struct.pack("<I", known)
        _define_template(chunk, keys)
    else:
        body += struct.pack("<I", known)
    values: list[tuple[int, int | str]] = [
        (STRING, event.provider),
        (UINT16, event.event_id),
        (UINT8, event.level),
        (FILETIME, ticks),
        (UINT64, number),
        (STRING, event.channel),
        (STRING, event.computer),
        *((STRING, value) for value in event.data.values()),
    ]
    packed = [
        (kind, struct.pack(PACKED[kind], value) if isinstance(value, int) else _utf16(value))
        for kind, value in values
    ]
    body += struct.pack("<I", len(packed))
    for kind, raw in packed:
        body += struct.pack("<HBB", len(raw), kind, 0)
    for _, raw in packed:
        body += raw
    size = len(body) + 4 - at
    body += struct.pack("<I", size)
    struct.pack_into("<I", body, at + 4, size)
    chunk.last_record = at
    chunk.ids.append(number)


def _define_template(chunk: _Chunk, keys: tuple[str, ...]) -> None:
    body = chunk.body
    body += struct.pack("<I16sI", 0, zlib.crc32(repr(keys).encode()).to_bytes(16, "little"), 0)
    start = len(body)
    body += b"\x0f\x01\x01\x00"
    with_system = [
        ("Provider", {"Name": (0, STRING)}, None),
        ("EventID", {}, (1, UINT16)),
        ("Level", {}, (2, UINT8)),
        ("TimeCreated", {"SystemTime": (3, FILETIME)}, None),
        ("EventRecordID", {}, (4, UINT64)),
        ("Channel", {}, (5, STRING)),
        ("Computer", {}, (6, STRING)),
    ]
    event = _open(chunk, "Event", {"xmlns": NAMESPACE})
    system = _open(chunk, "System", {})
    for name, attributes, content in with_system:
        _leaf(chunk, name, attributes, content)
    _close(chunk, system)
    data = _open(chunk, "EventData", {})
    for place, key in enumerate(keys, start=7):
        _leaf(chunk, "Data", {"Name": key}, (place, STRING))
    _close(chunk, data)
    _close(chunk, event)
    body += b"\x00"
    struct.pack_into("<I", body, start - 4, len(body) - start)


def _leaf(
    chunk: _Chunk,
    name: str,
    attributes: Mapping[str, str | tuple[int, int]],
    content: tuple[int, int] | None,
) -> None:
    element = _open(chunk, name, attributes)
    if content:
        chunk.body += struct.pack("<BHB", 0x0E, *content)
    _close(chunk, element)


def _open(chunk: _Chunk, name: str, attributes: Mapping[str, str | tuple[int, int]]) -> int:
    """Write the start of an element; give where its size stands."""
    body = chunk.body
    body += struct.pack("<BHI", 0x41 if attributes else 0x01, 0xFFFF, 0)
    size_at = len(body) - 4
    _name(chunk, name)
    if attributes:
        body += struct.pack("<I", 0)
        list_at = len(body)
        for left, (key, value) in zip(
            range(len(attributes) - 1, -1, -1), attributes.items(), strict=True
        ):
            body += b"\x46" if left else b"\x06"
            _name(chunk, key)
            if isinstance(value, str):
                body += struct.pack("<BBH", 0x05, STRING, len(value)) + _utf16(value)
            else:
                body += struct.pack("<BHB", 0x0E, *value)
        struct.pack_into("<I", body, list_at - 4, len(body) - list_at)
    body += b"\x02"
    return size_at


def _close(chunk: _Chunk, size_at: int) -> None:
    chunk.body += b"\x04"
    struct.pack_into("<I", chunk.body, size_at, len(chunk.body) - size_at - 4)


def _name(chunk: _Chunk, name: str) -> None:
    known = chunk.names.get(name)
    if known is not None:
        chunk.body += struct.pack("<I", known)
        return
    at = chunk.names[name] = len(chunk.body) + 4
    hashed = 0
    for letter in name:
        hashed = (hashed * 65_599 + ord(letter)) & 0xFFFFFFFF
    chunk.body += struct.pack("<IIHH", at, 0, hashed & 0xFFFF, len(name)) + _utf16(name)
    chunk.body += b"\x00\x00"


def _utf16(text: str) -> bytes:
    return text.encode("utf-16-le")


def _sealed(chunk: _Chunk) -> bytes:
    body = chunk.body
    if len(body) > CHUNK:
        raise ValueError(f"{len(body)} bytes do not fit a chunk")
    free = len(body)
    struct.pack_into(
        "<8sQQQQIIII",
        body,
        0,
        b"ElfChnk\x00",
        chunk.ids[0],
        chunk.ids[-1],
        chunk.ids[0],
        chunk.ids[-1],
        128,
        chunk.last_record,
        free,
        zlib.crc32(body[CHUNK_HEADER:free]),
    )
    struct.pack_into("<I", body, 124, zlib.crc32(body[:120] + body[128:CHUNK_HEADER]))
    return bytes(body).ljust(CHUNK, b"\x00")
