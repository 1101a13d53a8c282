"""What the lake knows beside events, for a scenario that reads files: each source as its file.

Records come with their text, path and line as they were delivered, all of one snapshot.
"""

from __future__ import annotations

from datetime import UTC
from typing import Any, Literal, Protocol, TypeVar

from schemas.vulnerability import KevEntry, Vulnerability
from sentree.errors import UnreadableInputError
from sentree.intel.cve_read import CveFile, EpssRow, Kind, Place, Read, read_cve_text
from sentree.intel.cve_values import cvss_of
from sentree.intel.stix_read import StixFile, gather, read_text
from sentree.lake.db import Lake
from sentree.lake.knowledge import stored
from sentree.settings import Settings

_KINDS: dict[str, Kind] = {"cve": "cve", "nvd": "nvd", "kev": "kev"}
_Rows = list[dict[str, Any]]


class Request(Protocol):
    """A request for files, or for what the lake has at a snapshot where it names none."""

    @property
    def paths(self) -> tuple[str, ...]:
        """The files."""
        ...

    @property
    def snapshot_id(self) -> int | None:
        """The lake's snapshot."""
        ...

    @property
    def tenant_uid(self) -> str:
        """Whose records are meant."""
        ...

    def model_copy(self: R, *, update: dict[str, Any]) -> R:
        """Give the request with other values."""
        ...


R = TypeVar("R", bound=Request)


def pinned(settings: Settings, request: R) -> R:
    """Give a request that names no file the newest snapshot of the lake, unless it has one.

    Raises:
        NoLakeError: there is no lake.
        LakeError: it can't be read.
    """
    if request.paths or request.snapshot_id is not None:
        return request
    with Lake.open(settings, create=False) as lake:
        return request.model_copy(update={"snapshot_id": lake.snapshot_id()})


def stored_stix(settings: Settings, request: Request) -> list[StixFile]:
    """Give the STIX objects of the request's tenant, all versions, source by source.

    Raises:
        UnreadableInputError: there are none.
        LakeError: the lake can't be read, or the snapshot has ended.
    """
    return [_stix_file(rows, request) for rows in _sources(settings, request, "stix")]


def stored_cves(settings: Settings, request: Request) -> list[CveFile]:
    """Give the CVE data of the request's tenant, source by source.

    Of records and scores the newest of each CVE counts, of scanners' findings all do. Of a row of
    a table without its head there is what the lake's columns have.

    Raises:
        UnreadableInputError: there is none.
        LakeError: the lake can't be read, or the snapshot has ended.
    """
    return [_cve_file(rows, request) for rows in _sources(settings, request, "vulnerabilities")]


def _sources(
    settings: Settings, request: Request, table: Literal["stix", "vulnerabilities"]
) -> list[_Rows]:
    pin = pinned(settings, request)
    with Lake.open(settings, create=False) as lake:
        found = [rows for _, rows in stored(lake, table, pin.tenant_uid, pin.snapshot_id or 0)]
    if not found:
        what = "STIX object" if table == "stix" else "CVE record"
        raise UnreadableInputError(
            f"the lake has no {what} of tenant {pin.tenant_uid}: load some with `sentree ingest`,"
            " or name files"
        )
    return found


def _stix_file(rows: _Rows, request: Request) -> StixFile:
    text, origins = gather((row["text"], row["line"]) for row in rows)
    file = read_text(text, rows[0]["path"])
    file.sha256, file.origins = rows[0]["sha256"], origins
    file.note = _note("stix_objects", request)
    return file


def _cve_file(rows: _Rows, request: Request) -> CveFile:
    first = rows[0]
    if all(row["text"].lstrip().startswith("{") for row in rows):
        # A row that names several CVEs is in the lake once for each.
        pieces = dict.fromkeys((row["text"], row["line"]) for row in rows)
        text, origins = gather(pieces)
        file = read_cve_text(text, first["path"], digest=first["sha256"])
        file.origins = origins
    else:
        file = _table_file(rows)
    file.note = _note("vulnerabilities", request)
    return file


def _table_file(rows: _Rows) -> CveFile:
    """Make a file of the rows of a table, whose head the lake does not keep."""
    text, origins = gather((row["text"], row["line"]) for row in rows)
    file = CveFile(rows[0]["path"], rows[0]["sha256"], text, format=f"{rows[0]['format']}, table")
    file.origins = origins
    for row, start in zip(rows, origins.starts, strict=True):
        end = start + len(row["text"])
        if row["kind"] == "epss":
            file.epss[row["cve"]] = EpssRow(Place("epss", start, end), row["epss"])
            file.epss_date = max(file.epss_date, row["epss_date"] or "")
        else:
            place = Place(_KINDS.get(row["kind"], "row"), start, end)
            file.read.append(Read(place, _vulnerability(row)))
    return file


def _vulnerability(row: dict[str, Any]) -> Vulnerability:
    published = row["published"]
    cvss, _ = cvss_of(row["cvss_vector"], row["cvss_score"], row["cvss_version"] or "")
    added, ransomware = row["kev_added"], row["kev_ransomware"]
    return Vulnerability(
        row["cve"],
        title=row["title"] or "",
        published=published.replace(tzinfo=UTC) if published else None,
        cvss=cvss,
        kev=KevEntry(added, ransomware or "", "") if added else None,
        withdrawn=bool(row["withdrawn"]),
    )


def _note(table: str, request: Request) -> str:
    return f"from the lake's table {table}, snapshot {request.snapshot_id}"
