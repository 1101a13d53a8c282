"""Reads binary Windows event logs (EVTX) chunk by chunk as the JSON that `evtx_dump` writes.

A chunk of 64 KiB stands for itself: what is damaged in one costs no record of another, and memory
does not grow with the file. A damaged file header costs nothing.
"""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple, cast

from sentree.lake.readers import EVTX_MAGIC, BrokenStreamError
from sentree.lake.records import Record, Reject, reject

if TYPE_CHECKING:
    from evtx import PyEvtxParser

FILE_HEADER = 4096
CHUNK = 65_536
CHUNK_MAGIC = b"ElfChnk\x00"
CHUNK_HEADER = 512
# A record has 28 bytes at the least, so that no chunk holds more.
MOST_RECORDS = CHUNK // 28
CHECKSUM_DIFFERS = "evtx_checksum"
DAMAGED_RECORD = "damaged EVTX record"
DAMAGED_CHUNK = "damaged EVTX chunk"
TRUNCATED = "truncated EVTX"


class _Header(NamedTuple):
    """What a chunk says of itself."""

    first_id: int
    last_id: int
    is_sound: bool

    @property
    def ids(self) -> range:
        """The ids of the records it should hold; none where it says nothing sensible."""
        if 0 < self.first_id <= self.last_id < self.first_id + MOST_RECORDS:
            return range(self.first_id, self.last_id + 1)
        return range(0)


def evtx_records(blocks: Iterable[bytes]) -> Iterator[Record | Reject]:
    """Give the records of a log; a record's line is its place in the file.

    Records that a chunk names but that can't be read are rejected one by one. A chunk whose
    checksum differs, as in the copy of a log that is being written to, is read all the same, and
    its records say so.
    """
    line = 1
    for number, chunk, broken in _chunks(blocks):
        if not chunk.startswith(CHUNK_MAGIC):
            # Logs are laid out ahead of time: what was never written to is zeros.
            if chunk.strip(b"\x00") or broken:
                yield reject(line, broken or DAMAGED_CHUNK, f"chunk {number}".encode(), len(chunk))
                line += 1
            continue
        for found in _chunk_records(number, chunk, broken):
            yield found._replace(line=line)
            line += 1


def _chunks(blocks: Iterable[bytes]) -> Iterator[tuple[int, bytes, str | None]]:
    """Cut blocks into chunks with their numbers, and why the last one is not whole."""
    held = bytearray()
    number, skipped, broken = 0, False, None
    stream = iter(blocks)
    while True:
        try:
            block = next(stream, None)
        except BrokenStreamError as error:
            block, broken = None, str(error)
        if block is None:
            break
        held += block
        if not skipped:
            if len(held) < FILE_HEADER:
                continue
            del held[:FILE_HEADER]
            skipped = True
        whole = len(held) // CHUNK * CHUNK
        for start in range(0, whole, CHUNK):
            yield number, bytes(held[start : start + CHUNK]), None
            number += 1
        del held[:whole]
    if not skipped:
        yield number, b"", broken or TRUNCATED
    elif broken or held.strip(b"\x00"):
        yield number, bytes(held), broken or TRUNCATED


def _chunk_records(number: int, chunk: bytes, broken: str | None) -> Iterator[Record | Reject]:
    header = _header(chunk)
    note = None if header.is_sound or broken else CHECKSUM_DIFFERS
    missing = dict.fromkeys(header.ids)
    read = 0
    try:
        for uid, text in _parsed(chunk):
            missing.pop(uid, None)
            read += 1
            yield Record(0, text, None, note)
    except RuntimeError as error:
        if not missing:
            yield reject(0, broken or DAMAGED_CHUNK, f"chunk {number}: {error}".encode())
            return
    for uid in missing:
        raw = f"chunk {number}, event record {uid}".encode()
        yield reject(0, broken or DAMAGED_RECORD, raw)
    if not read and not missing:
        yield reject(0, broken or DAMAGED_CHUNK, f"chunk {number}".encode(), len(chunk))


def _header(chunk: bytes) -> _Header:
    if len(chunk) < CHUNK_HEADER:
        return _Header(0, 0, is_sound=False)
    first_id, last_id = struct.unpack_from("<QQ", chunk, 24)
    free, data_sum = struct.unpack_from("<II", chunk, 48)
    (own_sum,) = struct.unpack_from("<I", chunk, 124)
    is_sound = (
        zlib.crc32(chunk[128:CHUNK_HEADER], zlib.crc32(chunk[:120])) == own_sum
        and zlib.crc32(memoryview(chunk)[CHUNK_HEADER:free]) == data_sum
    )
    return _Header(first_id, last_id, is_sound)


def _parsed(chunk: bytes) -> Iterator[tuple[int, str]]:
    """Give id and JSON of the records of one chunk that can be read.

    Raises:
        RuntimeError: nothing further of the chunk can be read.
    """
    from evtx import PyEvtxParser

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        parser: PyEvtxParser = PyEvtxParser(
            io.BytesIO(_lone_header() + chunk.ljust(CHUNK, b"\x00")),
            number_of_threads=1,
            indent=False,
            skip_errors=True,
        )
        found = [cast(dict[str, object], each) for each in parser.records_json()]
    for each in found:
        yield cast(int, each["event_record_id"]), cast(str, each["data"])


def _lone_header() -> bytes:
    """Make the header of a file of one chunk."""
    head = struct.pack("<8sQQQIHHHH", EVTX_MAGIC, 0, 0, 1, 128, 1, 3, FILE_HEADER, 1).ljust(
        120, b"\x00"
    )
    return (head + struct.pack("<II", 0, zlib.crc32(head))).ljust(FILE_HEADER, b"\x00")
