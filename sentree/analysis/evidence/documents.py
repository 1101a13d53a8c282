"""Reads documents (text, Markdown, HTML, PDF) as evidence, section by section.

A section counts for a control when its heading begins with the control's id. What a sentence in
the text claims counts for nothing, and no document is ever a pass: a person has to read it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from schemas.control import Control
from schemas.evidence import EvidenceRecord, NamedControl
from sentree.analysis.evidence.control_ids import Key, control_key
from sentree.lake.text_files import read_chunks

MAX_SECTION = 6_000
MAX_HEADING = 160
_MARKED = re.compile(r"^\s{0,3}#{1,6}\s+(.*?)\s*#*$")
_ID = re.compile(
    r"^(?:control|requirement)?\s*([A-Za-z0-9][A-Za-z0-9().\-_]{1,30})(?=[\s:.,\u2013\u2014-]|$)"
)


class _Section(NamedTuple):
    heading: str
    line: int
    control_uid: str
    lines: list[str]


def document_records(path: str, controls: Sequence[Control]) -> Iterator[EvidenceRecord]:
    """Give a record per section of a document; sections end where the next heading stands.

    Raises:
        BrokenStreamError: it ends too early; what came before was given.
        NotTextError: it holds no text.
        OSError: it can't be read.
    """
    known = {control_key(one.control_uid): one.control_uid for one in controls}
    open_section = _Section("", 1, "", [])
    for chunk in read_chunks(path):
        for number, line in enumerate(chunk.text.decode("utf-8", "replace").splitlines()):
            heading = _heading(line)
            uid = _named(heading or line, known, marked=heading is not None)
            if heading is not None or uid:
                if record := _record(path, open_section):
                    yield record
                open_section = _Section((heading or line).strip(), chunk.line + number, uid, [])
            open_section.lines.append(line)
    if record := _record(path, open_section):
        yield record


def _heading(line: str) -> str | None:
    found = _MARKED.match(line)
    return found[1] if found else None


def _named(text: str, known: dict[Key, str], *, marked: bool) -> str:
    """Give the control whose id begins a heading; a line that is not marked must be a short one."""
    if not marked and (len(text) > MAX_HEADING or text.rstrip().endswith((".", ",", ";"))):
        return ""
    found = _ID.match(text.strip())
    if not found or not any(char.isdigit() for char in found[1]):
        return ""
    key = control_key(found[1].rstrip(".:-"))
    return known.get(key, "") if len(key) > 1 else ""


def _record(path: str, section: _Section) -> EvidenceRecord | None:
    text = "\n".join(section.lines).strip()
    body = "\n".join(section.lines[1:]).strip() if section.heading else text
    if not body:
        return None
    digest = hashlib.sha256(f"{path}\x00{section.line}\x00{text}".encode()).hexdigest()[:32]
    named = (NamedControl(framework="", control_uid=section.control_uid),)
    return EvidenceRecord(
        record_uid=digest,
        kind="document",
        check=f"{path}:{section.line}",
        title=section.heading[:MAX_HEADING],
        text=text[:MAX_SECTION],
        named=named if section.control_uid else (),
        source=path,
        line=section.line,
    )
