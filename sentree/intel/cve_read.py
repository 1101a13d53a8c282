"""Reads files of CVE data, EPSS scores, catalogues of exploited vulnerabilities and assets.

Shapes are told apart record by record. What can't be used is set aside with its place and reason.
"""

from __future__ import annotations

import csv
import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from io import StringIO
from typing import Any, Literal, NamedTuple

from schemas.vulnerability import Asset, Vulnerability
from sentree.intel.assets import is_asset_row, read_asset
from sentree.intel.cve_shapes import (
    COLUMNS,
    from_cve_record,
    from_flat,
    from_kev,
    from_nvd,
    from_nvd_1,
)
from sentree.intel.cve_values import CVE_ID, as_dict, cve_of, number_of, plain_keys, text_of
from sentree.intel.stix_read import Origins, Rejected, load_text
from sentree.intel.stix_scan import Broken, Scanned, scan

SUFFIXES = (".json", ".jsonl", ".ndjson", ".csv", ".tsv", ".txt")
MAX_SHOWN = 200
MAX_REJECTED = 10_000
MAX_LINE = 10_000_000
_LISTS = ("vulnerabilities", "CVE_Items", "cves", "data", "assets", "results", "items")
_DELIMITERS = ",;\t|"
_LINE = re.compile("\n")
_JSON_LINES = re.compile(r"\s*\{[^\n]*\}[ \t\r]*\n\s*\{")
_EPSS_DATE = re.compile(r"score_date[:=]\s*(\d{4}-\d\d-\d\d)")

Role = Literal["any", "assets", "epss", "kev"]
Kind = Literal["cve", "nvd", "row", "kev", "epss", "asset"]

KINDS: dict[Kind, str] = {
    "cve": "CVE record",
    "nvd": "NVD record",
    "row": "vulnerability row",
    "kev": "KEV entry",
    "epss": "EPSS row",
    "asset": "asset",
}
"""What each kind of record is called in a report."""


class Place(NamedTuple):
    """Where a record stands in the text of its file."""

    kind: Kind
    start: int
    end: int


class Read(NamedTuple):
    """A vulnerability as one record has it; its uid is given when files come together."""

    place: Place
    body: Vulnerability


class EpssRow(NamedTuple):
    """A score of an EPSS file."""

    place: Place
    score: float


@dataclass(slots=True)
class CveFile:
    """What one file holds, and its text, in which records are cited by place."""

    path: str
    sha256: str = ""
    text: str = ""
    format: str = ""
    note: str = ""
    read: list[Read] = field(default_factory=list[Read])
    epss: dict[str, EpssRow] = field(default_factory=dict[str, EpssRow])
    epss_date: str = ""
    assets: list[tuple[Place, Asset]] = field(default_factory=list[tuple[Place, Asset]])
    rejected: list[Rejected] = field(default_factory=list[Rejected])
    more_rejected: int = 0
    origins: Origins | None = None
    _ends: list[int] | None = None

    @property
    def records(self) -> int:
        """Records that were kept."""
        return len(self.read) + len(self.epss) + len(self.assets)

    def line(self, start: int) -> int:
        """Give the 1-based line of a place in the text."""
        if self.origins:
            return self.origins.line(self.text, start)
        if self._ends is None:
            self._ends = [match.start() for match in _LINE.finditer(self.text)]
        return bisect_right(self._ends, start - 1) + 1 if start else 1

    def reject(self, start: int, uid: str, reason: str, end: int) -> None:
        """Set a record aside; beyond `MAX_REJECTED` they are only counted."""
        if len(self.rejected) >= MAX_REJECTED:
            self.more_rejected += 1
            return
        shown = self.text[start : min(end, start + MAX_SHOWN)]
        self.rejected.append(Rejected(self.line(start), uid, reason, shown))


def read_cve_file(path: str, role: Role = "any") -> CveFile:
    """Read one file; faults are counted in what is given back, none is raised.

    Args:
        path: the file, packed with gzip or not.
        role: what the user said the file is; decides where a row could be several things.
    """
    loaded = load_text(path)
    if loaded.fault:
        return CveFile(path, rejected=[Rejected(0, "", loaded.fault, "")])
    return read_cve_text(loaded.text, path, role, loaded.sha256, loaded.note)


def read_cve_text(
    text: str, path: str = "text", role: Role = "any", digest: str = "", note: str = ""
) -> CveFile:
    """Read text as `read_cve_file` reads a file."""
    file = CveFile(path, digest, text, note=note)
    head = text.lstrip()[:1]
    if not head:
        file.reject(0, "", "is empty", 0)
    elif head in "{[":
        _read_json(file, role)
    elif head == "<":
        file.reject(0, "", "is XML or HTML; JSON and CSV are read", MAX_SHOWN)
    elif "\0" in text[:4096]:
        file.reject(0, "", "is no text", 0)
    else:
        _read_table(file, role)
    if not file.records and not file.rejected:
        file.reject(0, "", "holds no record that is known here", MAX_SHOWN)
    file.format = file.format or _format(file)
    return file


def _read_json(file: CveFile, role: Role) -> None:
    for one in _values(file.text):
        if isinstance(one, Broken):
            file.reject(one.start, "", one.reason, one.start + MAX_SHOWN)
        elif not isinstance(one.value, dict):
            file.reject(one.start, "", f"is a {type(one.value).__name__}, no object", one.end)
        elif not (
            one.value.keys()
            <= {"totalResults", "resultsPerPage", "startIndex", "format", "version"}
        ):
            _keep(file, one.value, one.start, one.end, role)


def _values(text: str) -> Iterator[Scanned | Broken]:
    """Go through the values of JSON text; of JSON lines, a broken one costs itself alone."""
    if not _JSON_LINES.match(text):
        yield from scan(text, _LISTS, _is_record)
        return
    start = 0
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        for one in scan(text[start:end], _LISTS, _is_record):
            if isinstance(one, Broken):
                yield Broken(start + one.start, one.reason)
            else:
                yield Scanned(one.value, start + one.start, start + one.end)
        start = end + 1


def _is_record(value: Any) -> bool:
    return isinstance(value, dict) and bool(
        value.keys() & {"cveMetadata", "cve", "cveID", "id", "host", "hostname", "cve_id"}
    )


def _keep(file: CveFile, body: dict[str, Any], start: int, end: int, role: Role) -> None:
    """Tell which shape an object has and keep it, or set it aside with the reason."""
    made: Vulnerability | str
    kind: Kind
    inner = as_dict(body.get("cve"))
    if role == "assets":
        _keep_asset(file, body, start, end)
        return
    if "cveMetadata" in body or body.get("dataType") == "CVE_RECORD":
        kind, made = "cve", from_cve_record(body, "")
    elif "CVE_data_meta" in inner:
        kind, made = "nvd", from_nvd_1(body, "")
    elif "id" in inner:
        kind, made = "nvd", from_nvd(inner, "")
    elif "descriptions" in body and ("vulnStatus" in body or "metrics" in body):
        kind, made = "nvd", from_nvd(body, "")
    elif cve := cve_of(body.get("cveID")):
        kind, made = "kev", from_kev(body, cve, "")
    elif "epss" in body and "percentile" in body and cve_of(body.get("cve")):
        _keep_epss(file, body["cve"], body["epss"], start, end)
        file.epss_date = file.epss_date or text_of(body.get("date"))
        return
    else:
        _keep_row(file, body, start, end)
        return
    if isinstance(made, str):
        file.reject(start, "", made, end)
    else:
        file.read.append(Read(Place(kind, start, end), made))


def _keep_row(file: CveFile, body: Mapping[str, Any], start: int, end: int) -> None:
    row = plain_keys(body)
    ids = _ids(row)
    if ids:
        for cve in ids:
            file.read.append(Read(Place("row", start, end), from_flat(row, cve, "")))
    elif is_asset_row(row):
        _keep_asset(file, row, start, end)
    else:
        named = next((text_of(row[key]) for key in COLUMNS.cve if text_of(row.get(key))), "")
        reason = f"{named[:40]!r} is no CVE id" if named else "names no CVE id"
        file.reject(start, named[:40], reason, end)


def _keep_asset(file: CveFile, body: Mapping[str, Any], start: int, end: int) -> None:
    asset = read_asset(plain_keys(body))
    if isinstance(asset, str):
        file.reject(start, "", asset, end)
    else:
        file.assets.append((Place("asset", start, end), asset))


def _keep_epss(file: CveFile, cve: Any, score: Any, start: int, end: int) -> None:
    uid, share = cve_of(cve), number_of(score, 0.0, 1.0)
    if not uid:
        file.reject(start, text_of(cve)[:40], f"{text_of(cve)[:40]!r} is no CVE id", end)
    elif share is None:
        file.reject(start, uid, f"EPSS {text_of(score)[:20]!r} is not 0 to 1", end)
    else:
        file.epss[uid] = EpssRow(Place("epss", start, end), share)


def _ids(row: Mapping[str, Any]) -> list[str]:
    """Find the CVE ids that a row names in its id columns, each once."""
    for key in COLUMNS.cve:
        value = row.get(key)
        texts = value if isinstance(value, list) else [value]
        found = [m.upper() for one in texts for m in CVE_ID.findall(text_of(one))]
        if found:
            return list(dict.fromkeys(found))
    return []


class _Line(NamedTuple):
    """A record of a table with the place of its text."""

    cells: list[str]
    start: int
    end: int


def _lines(text: str, start: int, delimiter: str) -> Iterator[_Line]:
    """Split a table into records; a quoted cell may span lines."""
    at = start

    def feed() -> Iterator[str]:
        nonlocal at
        for line in StringIO(text[start:], newline=""):
            at += len(line)
            yield line

    csv.field_size_limit(MAX_LINE)
    reader = csv.reader(feed(), delimiter=delimiter)
    begin = at
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield _Line([f"\0{error}"], begin, at)
            begin = at
            continue
        if any(cell.strip() for cell in cells):
            yield _Line(cells, begin, at)
        begin = at


def _read_table(file: CveFile, role: Role) -> None:
    text, start = file.text, 0
    while text.startswith("#", start):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        if match := _EPSS_DATE.search(text, start, end):
            file.epss_date = match.group(1)
        start = min(end + 1, len(text))
    end = text.find("\n", start)
    head = text[start : len(text) if end < 0 else end]
    delimiter = max(_DELIMITERS, key=head.count)
    named = "".join(c for c in head.casefold() if c.isalnum()) in COLUMNS.cve
    if CVE_ID.search(head) or (delimiter not in head and not named):
        _read_list(file, start, delimiter)
        return
    lines = _lines(text, start, delimiter)
    first = next(lines, None)
    if first is None:
        file.reject(start, "", "holds no row", start)
        return
    names = ["".join(c for c in one.casefold() if c.isalnum()) for one in first.cells]
    known = set(names)
    if role != "assets" and known & set(COLUMNS.cve) and "cve" in "".join(names):
        if "epss" in known and known <= {
            "cve",
            "cveid",
            "epss",
            "percentile",
            "date",
            "modelversion",
        }:
            file.format = "EPSS scores, CSV"
            _read_epss(file, lines, names)
            return
        is_kev = role == "kev" or ({"cveid", "dateadded"} <= known and "description" not in known)
        file.format = "KEV catalogue, CSV" if is_kev else "table of vulnerabilities"
    elif role in ("any", "assets"):
        is_kev = False
        file.format = "asset list, CSV"
    else:
        file.reject(start, "", f"has no column of CVE ids, but: {', '.join(names)[:120]}", start)
        return
    for line in lines:
        if line.cells[0].startswith("\0"):
            file.reject(line.start, "", f"is no CSV: {line.cells[0][1:]}", line.end)
            continue
        row = dict(zip(names, line.cells, strict=False))
        cve = cve_of(row.get("cveid") or row.get("cve")) if is_kev else ""
        if cve:
            place = Place("kev", line.start, line.end)
            file.read.append(Read(place, from_kev(row, cve, "")))
        elif role == "assets":
            _keep_asset(file, row, line.start, line.end)
        else:
            _keep_row(file, row, line.start, line.end)


def _read_epss(file: CveFile, lines: Iterator[_Line], names: list[str]) -> None:
    cve_at = next(at for at, name in enumerate(names) if name in ("cve", "cveid"))
    epss_at = names.index("epss")
    for line in lines:
        if len(line.cells) <= max(cve_at, epss_at):
            file.reject(line.start, "", "has too few cells", line.end)
        else:
            _keep_epss(file, line.cells[cve_at], line.cells[epss_at], line.start, line.end)


def _read_list(file: CveFile, start: int, delimiter: str) -> None:
    """Read a list of ids without a head: one a line, more cells are left alone."""
    file.format = "list of CVE ids"
    for line in _lines(file.text, start, delimiter):
        ids = list(dict.fromkeys(m.upper() for m in CVE_ID.findall(" ".join(line.cells))))
        for cve in ids:
            place = Place("row", line.start, line.end)
            file.read.append(Read(place, Vulnerability(cve)))
        if not ids and not line.cells[0].lstrip().startswith("#"):
            file.reject(line.start, "", "names no CVE id", line.end)


def _format(file: CveFile) -> str:
    kinds = {one.place.kind for one in file.read}
    names = {"cve": "CVE 5.x", "nvd": "NVD", "row": "flat records", "kev": "KEV catalogue"}
    shown = [names[kind] for kind in ("cve", "nvd", "row", "kev") if kind in kinds]
    shown += ["EPSS scores"] if file.epss else []
    shown += ["asset list"] if file.assets else []
    return " and ".join(shown) or "unknown"
