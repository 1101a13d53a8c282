"""Reads STIX 2.0 and 2.1 from files: bundles, single objects, lists, JSON lines, TAXII envelopes.

What can't be used is set aside with its place and reason; nothing else of the file is lost.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from glob import glob
from gzip import BadGzipFile, GzipFile
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

from sentree.errors import UnreadableInputError
from sentree.intel.stix import StixObject, read_time
from sentree.intel.stix_scan import Broken, scan

SUFFIXES = (".json", ".jsonl", ".ndjson", ".stix", ".stix2", ".taxii")
MAX_BYTES = 1 << 30
MAX_NESTING = 6
MAX_SHOWN = 200

_TYPE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,249}")
_UID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,249}--[^\s-]\S{0,139}")
_LINE = re.compile("\n")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_SURROGATE_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")
_NEEDED = {
    "relationship": ("relationship_type", "source_ref", "target_ref"),
    "sighting": ("sighting_of_ref",),
    "indicator": ("pattern",),
}
_TIMES = ("created", "modified", "first_seen", "last_seen", "valid_from", "valid_until")


class Rejected(NamedTuple):
    """Something that could not be used: the line it begins on, its id if it has one, and why."""

    line: int
    uid: str
    reason: str
    text: str


class Origins(NamedTuple):
    """Where pieces of a text begin, and on which line of another each of them stood."""

    starts: tuple[int, ...]
    lines: tuple[int, ...]

    def line(self, text: str, place: int) -> int:
        """Give the line on which a place of the text stood."""
        at = max(bisect_right(self.starts, place) - 1, 0)
        return self.lines[at] + text.count("\n", self.starts[at], place)


def gather(pieces: Iterable[tuple[str, int]]) -> tuple[str, Origins]:
    """Put texts that stood on some lines into one list, so that it can be read as a file."""
    starts: list[int] = []
    lines: list[int] = []
    parts: list[str] = []
    size = 1
    for text, line in pieces:
        starts.append(size)
        lines.append(line)
        parts.append(text)
        size += len(text) + 2
    return "[" + ",\n".join(parts) + "]", Origins(tuple(starts), tuple(lines))


@dataclass(slots=True)
class StixFile:
    """What one file holds. `flaws` are faults of objects that were kept, by id."""

    path: str
    sha256: str = ""
    text: str = ""
    objects: list[StixObject] = field(default_factory=list[StixObject])
    rejected: list[Rejected] = field(default_factory=list[Rejected])
    flaws: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    format: str = "STIX"
    note: str = ""
    origins: Origins | None = None
    _ends: list[int] | None = None

    def raw(self, one: StixObject) -> str:
        """Give the text of an object as it stands in the file."""
        return self.text[one.start : one.end]

    def line(self, place: int) -> int:
        """Give the 1-based line of a place in the text."""
        if self.origins:
            return self.origins.line(self.text, place)
        if self._ends is None:
            self._ends = [match.start() for match in _LINE.finditer(self.text)]
        return bisect_right(self._ends, place - 1) + 1 if place else 1


def find_files(paths: Iterable[str], suffixes: tuple[str, ...] = SUFFIXES) -> list[str]:
    """List the files that paths, folders and glob patterns name, each once, in order of name.

    A folder gives its files with one of the suffixes, packed (.gz) or not.

    Raises:
        UnreadableInputError: a path names nothing.
    """
    found: dict[str, None] = {}
    for path in paths:
        if Path(path).is_file():
            names = [path]
        elif Path(path).is_dir():
            names = [
                str(one)
                for one in Path(path).rglob("*")
                if one.is_file() and _has_suffix(one, suffixes)
            ]
        else:
            names = [one for one in glob(path, recursive=True) if Path(one).is_file()]
        if not names:
            raise UnreadableInputError(
                f"{path}: no such file, or no {', '.join(suffixes)} file in it"
            )
        found.update(dict.fromkeys(sorted(names)))
    return list(found)


class Loaded(NamedTuple):
    """The text of a file; `note` tells of odd encoding, `fault` why it can't be read at all."""

    text: str
    sha256: str
    note: str = ""
    fault: str = ""


def load_text(path: str) -> Loaded:
    """Load the text of a file, packed with gzip or not, in UTF-8 or UTF-16; raises nothing."""
    try:
        data = Path(path).read_bytes()
        digest = sha256(data).hexdigest()
        if data[:2] == b"\x1f\x8b":
            data = GzipFile(fileobj=BytesIO(data)).read(MAX_BYTES)
    except (OSError, BadGzipFile, EOFError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        return Loaded("", "", fault=f"can't be read: {reason}")
    text, note = _decode(data)
    return Loaded(text, digest, note)


def read_file(path: str) -> StixFile:
    """Read one file; faults are counted in what is given back, none is raised."""
    loaded = load_text(path)
    if loaded.fault:
        return _unread(path, "", loaded.fault)
    return _read(path, loaded.sha256, loaded.text, loaded.note)


def read_text(text: str, path: str = "text") -> StixFile:
    """Read STIX from text, as `read_file` does from a file."""
    return _read(path, sha256(text.encode(errors="replace")).hexdigest(), text, "")


def read_element(text: str, line: int) -> StixFile | None:
    """Read one element of a list of objects as `read_file` does in its place.

    Args:
        text: the element's text.
        line: where it begins in its file.

    Returns:
        What it holds, or None if it is broken, so that nobody knows where it ends.
    """
    file = StixFile("", text=text)
    keep = _Keeper(file)
    for one in scan(f"[{text}]"):
        if isinstance(one, Broken):
            return None
        keep.value(one.value, one.start - 1, one.end - 1, 0)
    file.rejected = [one._replace(line=one.line + line - 1) for one in file.rejected]
    return file


def _read(path: str, digest: str, text: str, note: str) -> StixFile:
    file = StixFile(path, digest, text, note=note)
    start = text.lstrip()[:400]
    if start.startswith("<"):
        what = "STIX 1.x is XML" if "stix" in text[:4000].lower() else "it is XML or HTML"
        return _unread(path, digest, f"{what}; STIX 2.0 or 2.1 JSON is read")
    keep = _Keeper(file)
    for one in scan(text):
        if isinstance(one, Broken):
            keep.reject(one.start, "", one.reason, one.start + MAX_SHOWN)
        else:
            keep.value(one.value, one.start, one.end, 0)
    file.format = keep.format()
    if not file.objects and not file.rejected:
        keep.reject(0, "", "holds no STIX object", MAX_SHOWN)
    return file


class _Keeper:
    """Sorts values into objects and rejects, and remembers what sort of file it was."""

    def __init__(self, file: StixFile) -> None:
        self._file = file
        self._versions: Counter[str] = Counter()
        self._half_characters = _SURROGATE_ESCAPE.search(file.text) is not None

    def value(self, value: Any, start: int, end: int, depth: int) -> None:
        """Take a value: an object, a container of objects, or a reject."""
        if isinstance(value, dict):
            kind = value.get("type")
            if isinstance(kind, str) and kind != "bundle" and "id" in value:
                self._object(value, kind, start, end)
                return
            inner = list(_inner(value)) if depth < MAX_NESTING else []
            if inner:
                for one in inner:
                    self.value(one, start, end, depth + 1)
                return
            if kind == "bundle" or (not value.keys() - {"more", "next", "objects", "id"}):
                return
            self.reject(start, _uid(value), _why_no_object(value), end)
        elif isinstance(value, list) and depth < MAX_NESTING:
            for one in value:
                self.value(one, start, end, depth + 1)
        else:
            self.reject(start, "", f"is a {type(value).__name__}, no object", end)

    def reject(self, start: int, uid: str, reason: str, end: int) -> None:
        file = self._file
        shown = file.text[start : min(end, start + MAX_SHOWN)]
        file.rejected.append(Rejected(file.line(start), uid, reason, shown))

    def format(self) -> str:
        """Name the version of STIX that the objects follow."""
        return format_of(self._versions)

    def _object(self, body: dict[str, Any], kind: str, start: int, end: int) -> None:
        reason = _fault(body, kind)
        uid = body["id"]
        if reason:
            self.reject(start, uid if isinstance(uid, str) else "", reason, end)
            return
        if self._half_characters:
            body = _without_surrogates(body)
        self._file.objects.append(StixObject(uid, kind, body, 0, start, end))
        self._versions[version_of(body)] += 1
        for key in _TIMES:
            if key in body and not _is_time(body[key]):
                self._file.flaws.append((uid, f"{key} is no timestamp: {str(body[key])[:60]}"))


def version_of(body: dict[str, Any]) -> str:
    """Tell the version of STIX that an object follows."""
    return "2.1" if body.get("spec_version") == "2.1" or "extensions" in body else "2.0"


def format_of(versions: Iterable[str]) -> str:
    """Name the format of a file with objects of these versions of STIX."""
    names = sorted(set(versions))
    return f"STIX {' and '.join(names)}" if names else "STIX"


def _is_time(value: object) -> bool:
    return isinstance(value, str) and _says_time(value)


@lru_cache(maxsize=65_536)
def _says_time(text: str) -> bool:
    return read_time(text) is not None


def _fault(body: dict[str, Any], kind: str) -> str:
    """Say why an object can't be used; empty when it can."""
    uid = body["id"]
    if not (isinstance(uid, str) and uid.startswith(f"{kind}--") and _UID.fullmatch(uid)):
        return _fault_of_id(uid, kind)
    for key in _NEEDED.get(kind, ()):
        value = body.get(key)
        if not isinstance(value, str) or not value:
            return f"a {kind} needs {key}"
    name = body.get("name")
    return "" if name is None or isinstance(name, str) else "name is no text"


def _fault_of_id(uid: object, kind: str) -> str:
    if not isinstance(uid, str):
        return "id is no text"
    if not _TYPE.fullmatch(kind):
        return "type is no type name"
    prefix, mark, _ = uid.partition("--")
    if mark and prefix != kind:
        return f"id is of type {prefix[:60]}, the object of type {kind[:60]}"
    return "id is not of the form type--uuid"


def _inner(value: dict[str, Any]) -> Iterator[Any]:
    """Find the bundles and objects in the answer of some interface, at any key."""
    listed = value.get("objects")
    if isinstance(listed, list):
        yield from listed
        return
    for one in value.values():
        if isinstance(one, dict):
            if _is_object(one):
                yield one
            else:
                yield from (one,) if any(True for _ in _inner(one)) else ()
        elif isinstance(one, list) and any(
            isinstance(each, dict) and _is_object(each) for each in one
        ):
            yield from one


def _is_object(value: dict[str, Any]) -> bool:
    kind, uid = value.get("type"), value.get("id")
    return isinstance(kind, str) and isinstance(uid, str) and uid.startswith(f"{kind}--")


def _why_no_object(value: dict[str, Any]) -> str:
    if "Event" in value or "Attribute" in value:
        return "is a MISP event, not STIX: export it from MISP as STIX 2.1"
    if "id" not in value:
        return "has no id"
    return "has no type"


def _uid(value: dict[str, Any]) -> str:
    uid = value.get("id")
    return uid if isinstance(uid, str) else ""


def _without_surrogates(value: Any) -> Any:
    """Spell out half characters, which no other encoding can carry."""
    if isinstance(value, str):
        return _LONE_SURROGATE.sub(lambda match: f"\\u{ord(match.group()):04x}", value)
    if isinstance(value, dict):
        return {_without_surrogates(key): _without_surrogates(one) for key, one in value.items()}
    return [_without_surrogates(one) for one in value] if isinstance(value, list) else value


def _decode(data: bytes) -> tuple[str, str]:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", errors="replace"), "UTF-16"
    try:
        return data.decode("utf-8-sig"), ""
    except UnicodeDecodeError as error:
        return (
            data.decode("utf-8-sig", errors="replace"),
            f"not UTF-8 from byte {error.start}: what is no character reads as U+FFFD",
        )


def _unread(path: str, digest: str, reason: str) -> StixFile:
    return StixFile(path, digest, rejected=[Rejected(0, "", reason, "")])


def _has_suffix(path: Path, suffixes: tuple[str, ...]) -> bool:
    return path.name.lower().removesuffix(".gz").endswith(suffixes)
