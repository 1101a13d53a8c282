"""Reads one file of any kind as chunks of text: plain, HTML or PDF, packed or not."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from pathlib import PurePath

from sentree.lake.html_text import html_text
from sentree.lake.pdf_text import pdf_pages
from sentree.lake.readers import STDIN, ByteSource, NotTextError, peeked
from sentree.lake.text_chunks import Chunk, chunked

HEAD = 64 * 1024
PDF_MAGIC = b"%PDF-"
PACKED = (".gz", ".zst")
HTML_SUFFIXES = (".html", ".htm", ".xhtml")
HTML_HEAD = re.compile(rb"\s*(<\?xml[^>]{0,200}>\s*)?<(!doctype html|html[\s>])", re.IGNORECASE)
# Control characters that text has: backspace to carriage return, and escape.
CONTROLS = bytes({*range(32), 127} - {*range(8, 14), 27})
MOST_CONTROLS = 0.3
MOST_CONTROLS_OUTSIDE_UTF8 = 0.02


def read_chunks(path: str) -> Iterator[Chunk]:
    """Read a file; the line of a PDF's chunk is its page.

    Raises:
        BrokenStreamError: it ends too early; what came before was given.
        NotTextError: it holds no text.
        OSError: it can't be read.
    """
    if path != STDIN:
        mode = os.stat(path).st_mode
        if not (stat.S_ISREG(mode) or stat.S_ISFIFO(mode)):
            raise NotTextError("no regular file")
        if stat.S_ISREG(mode) and _is_pdf(path):
            yield from _pdf_chunks(path)
            return
    head, blocks = peeked(ByteSource(path).blocks(), HEAD)
    if is_binary(head):
        raise NotTextError("binary file")
    yield from chunked(html_text(blocks) if _is_html(path, head) else blocks)


def is_binary(head: bytes) -> bool:
    """Tell from the first bytes whether a file is no text; text in a legacy encoding is text."""
    if not head:
        return False
    controls = 1 - len(head.translate(None, CONTROLS)) / len(head)
    if controls > MOST_CONTROLS:
        return True
    return controls > MOST_CONTROLS_OUTSIDE_UTF8 and not _is_utf8(head)


def _is_utf8(head: bytes) -> bool:
    try:
        head.decode()
    except UnicodeDecodeError as error:
        # The head may end in the middle of a character.
        return error.start >= len(head) - 3
    return True


def _is_pdf(path: str) -> bool:
    with open(path, "rb") as handle:
        return handle.read(len(PDF_MAGIC)) == PDF_MAGIC


def _pdf_chunks(path: str) -> Iterator[Chunk]:
    for number, page in enumerate(pdf_pages(path), 1):
        for chunk in chunked([page]):
            yield Chunk(number, chunk.text)


def _is_html(path: str, head: bytes) -> bool:
    name = PurePath(path.lower())
    if name.suffix in PACKED:
        name = name.with_suffix("")
    return name.suffix in HTML_SUFFIXES or HTML_HEAD.match(head) is not None
