"""Finds input files and gives their content as blocks of bytes, however it was packed.

The bytes are text in UTF-8, or a binary Windows log (EVTX) where the reader knows the format.
"""

from __future__ import annotations

import codecs
import glob
import hashlib
import os
import stat
import sys
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple

import zstandard

BLOCK = 4 * 1024 * 1024
# A compressed byte may stand for thousands: small bites keep a bomb's output bounded.
ZSTD_BITE = 2 * 1024
STDIN = "-"

GZIP_MAGIC = b"\x1f\x8b"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
EVTX_MAGIC = b"ElfFile\x00"
BINARY_MAGICS = (
    (EVTX_MAGIC, "Windows event log (EVTX)"),
    (b"PK\x03\x04", "zip archive"),
    (b"7z\xbc\xaf\x27\x1c", "7z archive"),
    (b"BZh", "bzip2 file"),
    (b"\xfd7zXZ\x00", "xz file"),
    (b"PAR1", "Parquet file"),
    (b"SQLite format 3\x00", "SQLite database"),
    (b"%PDF-", "PDF document"),
    (b"\x89PNG\r\n", "PNG picture"),
    (b"\x7fELF", "program"),
    (b"MZ\x90\x00", "program"),
    (b"\xd4\xc3\xb2\xa1", "packet capture"),
    (b"\x0a\x0d\x0d\x0a", "packet capture"),
)
TAR_MAGIC_END = 262
BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


class BrokenStreamError(Exception):
    """The content ends before its packing says so; what came before it is good."""


class NotTextError(Exception):
    """The content is no text that holds log records; says what it is."""


class Input(NamedTuple):
    """A file to read, or why a path can't be read."""

    path: str
    error: str | None = None


def find_inputs(paths: Sequence[str | Path], *, without: Path | None = None) -> list[Input]:
    """List the files of files, folders (recursive), globs and `-`, each once, in a fixed order.

    Hidden files of a folder are left out, and so is what is no regular file there.

    Args:
        paths: what the user named.
        without: a folder whose files are left out (the lake must not load itself).
    """
    own = f"{without.resolve()}{os.sep}" if without else None
    found: dict[str, Input] = {}
    for given in paths:
        for each in _expand(str(given)):
            if own is None or not os.path.realpath(each.path).startswith(own):
                found.setdefault(each.path, each)
    return list(found.values())


def _expand(given: str) -> Iterator[Input]:
    if given == STDIN:
        yield Input(STDIN)
        return
    try:
        mode = os.stat(given).st_mode
    except OSError as error:
        if isinstance(error, FileNotFoundError) and glob.has_magic(given):
            matches = sorted(glob.glob(given, recursive=True))
            if matches:
                for match in matches:
                    yield from _expand(match)
                return
        yield Input(given, _reason(error))
        return
    if stat.S_ISDIR(mode):
        yield from _walk(given)
    else:
        yield Input(given)


def _walk(folder: str) -> Iterator[Input]:
    try:
        with os.scandir(folder) as scan:
            entries = sorted(scan, key=lambda entry: entry.name)
    except OSError as error:
        yield Input(folder, _reason(error))
        return
    for entry in entries:
        if entry.name.startswith("."):
            continue
        try:
            if entry.is_dir(follow_symlinks=False):
                yield from _walk(entry.path)
            elif entry.is_file():
                yield Input(entry.path)
        except OSError as error:
            yield Input(entry.path, _reason(error))


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


@dataclass(slots=True)
class ByteSource:
    """One input being read. `sha256` and `bytes_read` cover what came, as it came."""

    path: str
    on_read: Callable[[int], None] | None = None
    bytes_read: int = 0
    bytes_total: int | None = None
    sha256: str = hashlib.sha256().hexdigest()

    def digest(self) -> str | None:
        """Hash a regular file's content before it is read; None for a pipe, which has no before."""
        if self.path == STDIN or not stat.S_ISREG(os.stat(self.path).st_mode):
            return None
        self.bytes_total = os.stat(self.path).st_size
        with open(self.path, "rb") as handle:
            return hashlib.file_digest(handle, "sha256").hexdigest()

    def blocks(self, *, with_evtx: bool = False) -> Iterator[bytes]:
        """Give the content as blocks of bytes, unpacked; text without byte order mark, in UTF-8.

        Bytes that are no UTF-8 are left to the framing, which knows the record they stand in.

        Args:
            with_evtx: give a binary Windows log as it is, for a reader that knows the format.

        Raises:
            BrokenStreamError: the packing is cut or damaged; every good byte came before.
            NotTextError: the content is a known binary format.
            OSError: it can't be read.
        """
        if self.path == STDIN:
            yield from _decoded(_unpacked(self._raw(sys.stdin.buffer), with_evtx))
            return
        with open(self.path, "rb", buffering=0) as handle:
            yield from _decoded(_unpacked(self._raw(handle), with_evtx))

    def _raw(self, handle: BinaryIO) -> Iterator[bytes]:
        digest = hashlib.sha256()
        read: Callable[[int], bytes] = getattr(handle, "read1", handle.read)
        while block := read(BLOCK):
            digest.update(block)
            self.bytes_read += len(block)
            self.sha256 = digest.hexdigest()
            if self.on_read:
                self.on_read(self.bytes_read)
            yield block


def peeked(blocks: Iterator[bytes], size: int) -> tuple[bytes, Iterator[bytes]]:
    """Read at least `size` bytes ahead; give them, and the blocks with nothing taken away."""
    head = bytearray()
    taken: list[bytes] = []
    broken: BrokenStreamError | None = None
    try:
        while len(head) < size and (block := next(blocks, None)) is not None:
            taken.append(block)
            head += block
    except BrokenStreamError as error:
        broken = error

    def again() -> Iterator[bytes]:
        yield from taken
        if broken:
            raise broken
        yield from blocks

    return bytes(head[:size]), again()


def _unpacked(blocks: Iterator[bytes], with_evtx: bool) -> Iterator[bytes]:
    head, blocks = peeked(blocks, TAR_MAGIC_END)
    if head.startswith(GZIP_MAGIC):
        return _unpacked(_gunzipped(blocks), with_evtx)
    if head.startswith(ZSTD_MAGIC):
        return _unpacked(_unzstd(blocks), with_evtx)
    if with_evtx and head.startswith(EVTX_MAGIC):
        return blocks
    for magic, name in BINARY_MAGICS:
        if head.startswith(magic):
            raise NotTextError(f"{name}: not a log in text form")
    if head.endswith(b"ustar") and len(head) == TAR_MAGIC_END:
        raise NotTextError("tar archive: not a log in text form")
    return blocks


def _gunzipped(blocks: Iterator[bytes]) -> Iterator[bytes]:
    member = zlib.decompressobj(31)
    begun = False
    for block in blocks:
        rest = block
        while rest:
            if member.eof:
                if not rest.strip(b"\x00"):
                    break
                if not rest.startswith(GZIP_MAGIC[: len(rest)]):
                    raise BrokenStreamError("damaged gzip")
                member, begun = zlib.decompressobj(31), False
            try:
                begun = True
                text = member.decompress(rest, BLOCK)
                rest = member.unconsumed_tail or member.unused_data
            except zlib.error:
                raise BrokenStreamError("damaged gzip") from None
            if text:
                yield text
    if begun and not member.eof:
        # The decompressor may hold back what fits no block any more.
        if text := member.flush():
            yield text
        if not member.eof:
            raise BrokenStreamError("truncated gzip")


def _unzstd(blocks: Iterator[bytes]) -> Iterator[bytes]:
    frame = zstandard.ZstdDecompressor().decompressobj()
    begun = False
    for block in blocks:
        for start in range(0, len(block), ZSTD_BITE):
            rest = block[start : start + ZSTD_BITE]
            while rest:
                if frame.eof:
                    frame, begun = zstandard.ZstdDecompressor().decompressobj(), False
                try:
                    begun = True
                    text = frame.decompress(rest)
                except zstandard.ZstdError:
                    raise BrokenStreamError("damaged zstd") from None
                rest = frame.unused_data if frame.eof else b""
                if text:
                    yield text
    if begun and not frame.eof:
        raise BrokenStreamError("truncated zstd")


def _decoded(blocks: Iterator[bytes]) -> Iterator[bytes]:
    head, blocks = peeked(blocks, 4)
    for mark, encoding in BYTE_ORDER_MARKS:
        if head.startswith(mark):
            return _transcoded(_without(blocks, len(mark)), encoding)
    # Windows tools write UTF-16 without a mark, too; `{` or `[` or a letter, then a zero byte.
    if len(head) == 4 and head[1] == head[3] == 0 and head[0] and head[2]:
        return _transcoded(blocks, "utf-16-le")
    if len(head) == 4 and head[0] == head[2] == 0 and head[1] and head[3]:
        return _transcoded(blocks, "utf-16-be")
    return blocks


def _without(blocks: Iterator[bytes], count: int) -> Iterator[bytes]:
    for block in blocks:
        yield block[count:]
        count = max(0, count - len(block))


def _transcoded(blocks: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    if encoding == "utf-8":
        yield from blocks
        return
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    for block in blocks:
        yield decoder.decode(block).encode()
    yield decoder.decode(b"", final=True).encode()
