"""Reads a control catalogue: OSCAL, a scanner's compliance framework, or a table of controls."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from schemas.control import Catalogue, Control, RejectedControl
from sentree.analysis.evidence.oscal_catalogue import (
    is_catalog,
    is_profile,
    read_catalog,
    read_profile,
)
from sentree.errors import UnreadableInputError
from sentree.lake.readers import BrokenStreamError, ByteSource, NotTextError

MAX_BYTES = 256 * 1024 * 1024
_IDS = (
    "id",
    "control_id",
    "control id",
    "control",
    "requirement_id",
    "requirement",
    "number",
    "ref",
)
_TITLES = ("title", "name", "control name", "control_name", "requirement name", "short title")
_TEXTS = ("text", "description", "statement", "control text", "control_text", "requirement text")
_FAMILIES = ("family", "section", "domain", "category", "function")


class _File(NamedTuple):
    path: str
    sha256: str
    text: str


def read_catalogue(path: str, imports: Sequence[str] = ()) -> Catalogue:
    """Read a catalogue, packed or not; a profile picks from the catalogues it imports.

    Args:
        path: the catalogue or profile.
        imports: files of the catalogues that a profile imports, when they don't lie beside it.

    Raises:
        UnreadableInputError: it can't be read, or holds no control; says why.
    """
    file = _load(path)
    data = _json(file.text)
    if data is None:
        found = _read_table(file)
    elif is_catalog(data):
        found = read_catalog(data, file.path, file.sha256)
    elif is_profile(data):
        others = [_load(one) for one in _imported(data, file.path, imports)]
        found = read_profile(
            data, file.path, file.sha256, [(one.path, _json(one.text)) for one in others]
        )
    elif isinstance(data, dict) and isinstance(data.get("Requirements"), list):
        found = _read_framework(data, file)
    else:
        raise UnreadableInputError(
            f"{path} is no control catalogue: give an OSCAL catalog or profile, a compliance "
            "framework with Requirements, or a CSV or TSV with the columns id, title, text"
        )
    if not found.controls:
        reason = found.rejected[0].reason if found.rejected else "it lists none"
        raise UnreadableInputError(f"no control in {path}: {reason}")
    return found


def _load(path: str) -> _File:
    source = ByteSource(path)
    data = bytearray()
    try:
        for block in source.blocks():
            data += block
            if len(data) > MAX_BYTES:
                raise UnreadableInputError(f"{path} is larger than {MAX_BYTES:,} bytes")
    except (BrokenStreamError, NotTextError) as error:
        raise UnreadableInputError(f"{path} can't be read: {error}") from None
    except OSError as error:
        raise UnreadableInputError(f"{path} can't be read: {error.strerror}") from None
    text = data.decode("utf-8", errors="replace")
    return _File(path, source.sha256 or hashlib.sha256(data).hexdigest(), text)


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _imported(data: dict[str, Any], path: str, given: Sequence[str]) -> list[str]:
    """Name the files that a profile imports: those given, else those that lie beside it."""
    if given:
        return list(given)
    profile: Any = data["profile"]
    folder = Path(path).parent
    found: list[str] = []
    for one in profile.get("imports") or ():
        href = str(one.get("href", "")) if isinstance(one, dict) else ""
        # Only a file beside the profile is read: a profile must not name any file of the machine.
        beside = folder / Path(href).name
        if href and beside.is_file():
            found.append(str(beside))
    if not found:
        raise UnreadableInputError(
            f"{path} is an OSCAL profile and the catalogue it imports does not lie beside it: "
            "name it with --import, or give the resolved profile"
        )
    return found


def _read_framework(data: dict[str, Any], file: _File) -> Catalogue:
    controls: list[Control] = []
    rejected: list[RejectedControl] = []
    seen: set[str] = set()
    for number, one in enumerate(data["Requirements"], start=1):
        where = f"requirement {number}"
        uid = _text(one.get("Id")) if isinstance(one, dict) else ""
        reason = "" if uid else "it has no Id"
        if uid in seen:
            reason = f"the Id {uid} occurs twice"
        if reason:
            rejected.append(RejectedControl(where=where, reason=reason))
            continue
        seen.add(uid)
        listed: Any = one.get("Attributes")
        first: Any = listed[0] if isinstance(listed, list) and listed else listed
        attributes: dict[str, Any] = first if isinstance(first, dict) else {}
        checks: Any = one.get("Checks")
        controls.append(
            Control(
                control_uid=uid,
                title=_text(one.get("Name")) or _text(attributes.get("Title")) or uid,
                text=_text(one.get("Description")),
                family=_text(attributes.get("Section")),
                section=" ".join(
                    filter(
                        None,
                        (_text(attributes.get(key)) for key in ("SubSection", "SubGroup")),
                    )
                ),
                checks=_checks(checks),
            )
        )
    framework, version = _text(data.get("Framework")), _text(data.get("Version"))
    # Never the bare name beside a version: another version's findings would count.
    names = (f"{framework} {version}".strip(), _text(data.get("Name")))
    mapped = any(control.checks for control in controls)
    return Catalogue(
        title=_text(data.get("Name")) or framework or Path(file.path).stem,
        version=version,
        format="prowler",
        path=file.path,
        sha256=file.sha256,
        names=tuple(dict.fromkeys(filter(None, names))),
        controls=tuple(
            one if mapped else one.model_copy(update={"checks": None}) for one in controls
        ),
        rejected=tuple(rejected),
    )


def _checks(value: Any) -> tuple[str, ...] | None:
    """Give the checks of a requirement; some frameworks list them by provider."""
    if isinstance(value, dict):
        value = [check for part in value.values() if isinstance(part, list) for check in part]
    if not isinstance(value, list):
        return None
    return tuple(dict.fromkeys(check for check in value if isinstance(check, str) and check))


def _read_table(file: _File) -> Catalogue:
    if file.text.lstrip()[:1] in ("{", "["):
        raise UnreadableInputError(f"{file.path} is no sound JSON (cut off, or not closed)")
    sample = file.text[:8_192]
    head = sample.splitlines()[0] if sample.strip() else ""
    delimiter = max("\t;,|", key=head.count)
    reader = csv.reader(io.StringIO(file.text.replace("\x00", "")), delimiter=delimiter)
    csv.field_size_limit(16 * 1024 * 1024)
    try:
        rows = [(reader.line_num, row) for row in reader]
    except csv.Error as error:
        raise UnreadableInputError(f"{file.path}:{reader.line_num}: {error}") from None
    names = [cell.strip().casefold() for cell in rows[0][1]] if rows else []
    at = {
        part: next((names.index(name) for name in wanted if name in names), None)
        for part, wanted in (
            ("id", _IDS),
            ("title", _TITLES),
            ("text", _TEXTS),
            ("family", _FAMILIES),
        )
    }
    if at["id"] is None or (at["title"] is None and at["text"] is None):
        raise UnreadableInputError(
            f"{file.path} is no control catalogue: its first line has to name the columns id and "
            f"title or text, and is: {head[:80]}"
        )
    controls, rejected = _rows(rows[1:], at)
    return Catalogue(
        title=Path(file.path).name.partition(".")[0].replace("_", " "),
        format="table",
        path=file.path,
        sha256=file.sha256,
        names=(Path(file.path).name.partition(".")[0],),
        controls=tuple(controls),
        rejected=tuple(rejected),
    )


def _rows(
    rows: Iterable[tuple[int, list[str]]], at: dict[str, int | None]
) -> tuple[list[Control], list[RejectedControl]]:
    controls: list[Control] = []
    rejected: list[RejectedControl] = []
    seen: set[str] = set()

    def cell(row: list[str], part: str) -> str:
        place = at[part]
        return row[place].strip() if place is not None and place < len(row) else ""

    for line, row in rows:
        if not any(value.strip() for value in row):
            continue
        uid = cell(row, "id")
        if not uid or uid in seen:
            why = f"the id {uid[:80]} occurs twice" if uid else "it has no id"
            rejected.append(RejectedControl(where=f"line {line}", reason=why))
            continue
        seen.add(uid)
        controls.append(
            Control(
                control_uid=uid,
                title=cell(row, "title") or uid,
                text=cell(row, "text"),
                family=cell(row, "family"),
                line=line,
            )
        )
    return controls, rejected


def _text(value: Any) -> str:
    return " ".join(str(value).split()) if isinstance(value, str | int | float) else ""
