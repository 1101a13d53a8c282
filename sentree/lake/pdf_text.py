"""The text of PDF pages, read in a process of its own: a hostile PDF costs its limits, no more."""

from __future__ import annotations

import resource
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Timer
from typing import IO

from sentree.lake.readers import BrokenStreamError

SECONDS = 60
MEMORY = 1024 * 1024 * 1024
LONGEST_PAGE = 8 * 1024 * 1024
COMMAND = (sys.executable, "-I", "-B", "-m", "sentree.lake.pdf_text")
DONE, FAILED = 0xFFFFFFFF, 0xFFFFFFFE


def pdf_pages(path: str, seconds: float = SECONDS) -> Iterator[bytes]:
    """Give the text of each page, as far as it can be read; a page may have none.

    Raises:
        BrokenStreamError: not all could be read; the pages before were given.
    """
    reader = subprocess.Popen(
        (*COMMAND, str(Path(path).absolute())),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={},
        start_new_session=True,
    )
    timer = Timer(seconds, reader.kill)
    timer.start()
    try:
        assert reader.stdout
        while (length := _number(reader.stdout)) is not None and length <= LONGEST_PAGE:
            yield reader.stdout.read(length)
        if length == FAILED:
            raise BrokenStreamError("damaged or encrypted PDF")
        if length != DONE:
            raise BrokenStreamError("PDF took too much time or memory")
    finally:
        timer.cancel()
        reader.kill()
        if reader.stdout:
            reader.stdout.close()
        reader.wait()


def _number(stream: IO[bytes]) -> int | None:
    head = stream.read(4)
    return struct.unpack(">I", head)[0] if len(head) == 4 else None


def main() -> None:
    """Write the pages of the PDF named by the argument, each after its length, then a mark."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    out = sys.stdout.buffer
    mark = DONE
    try:
        from pypdf import PdfReader

        for page in PdfReader(sys.argv[1], strict=False).pages:
            text = page.extract_text().encode("utf-8", "replace")[:LONGEST_PAGE]
            out.write(struct.pack(">I", len(text)) + text)
            out.flush()
    # A damaged PDF makes its reader raise anything at all.
    except Exception:
        mark = FAILED
    out.write(struct.pack(">I", mark))
    out.flush()


if __name__ == "__main__":
    main()
