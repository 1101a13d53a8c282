"""Tells the format of a source from its first records, and frames it with what formats wrap."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from ocsf.mappers import MAPPERS, detect
from sentree.lake.framing import Framing, frames
from sentree.lake.records import Frame

SAMPLES = 50
WRAPPERS = frozenset(each.explode for each in MAPPERS.values() if each.explode)


def choose_format(head: bytes, framing: Framing, max_line_bytes: int) -> str | None:
    """Name the mapper that a source's first records are of; None when none fits half of them."""
    samples: list[Mapping[str, object]] = []
    for frame in read_frames(iter([head]), framing, max_line_bytes):
        if frame.table is not None:
            for row in frame.table.slice(0, SAMPLES).to_pylist():
                samples += _sampled(row["doc"] or row["text"])
        if len(samples) >= SAMPLES:
            break
    return detect(samples[:SAMPLES]) if samples else None


def read_frames(blocks: Iterator[bytes], framing: Framing, max_line_bytes: int) -> Iterator[Frame]:
    """Frame a source's records, those inside the lists that formats wrap included."""
    return frames(blocks, framing, wrappers=WRAPPERS, max_line_bytes=max_line_bytes)


def _sampled(text: str) -> Iterator[Mapping[str, object]]:
    try:
        found: object = json.loads(text)
    except (ValueError, RecursionError):
        return
    if isinstance(found, dict):
        lists = [found[name] for name in sorted(WRAPPERS) if name in found]
        wrapped = next((each for each in lists if isinstance(each, list)), [found])
        yield from (each for each in wrapped[:SAMPLES] if isinstance(each, dict))
