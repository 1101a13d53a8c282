"""CVE records, catalogue entries, scores and assets as records that a report can cite."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from schemas.event import CitedEvent, Reference
from schemas.section import InputFile
from sentree.analysis.records import cited_record
from sentree.intel.cve_merge import CveHolding
from sentree.intel.cve_read import KINDS

READER = "cve"
MAX_REFERENCES = 20


class RecordTexts(Mapping[str, str]):
    """The text of each record as it stands in its file; made when asked for."""

    def __init__(self, holding: CveHolding) -> None:
        self._holding = holding

    def __getitem__(self, uid: str) -> str:
        """Give the text of one record."""
        return self._holding.raw(uid)

    def __contains__(self, uid: object) -> bool:
        """Tell whether a record was read."""
        return uid in self._holding.places

    def __iter__(self) -> Iterator[str]:
        """Go through the uids."""
        return iter(self._holding.places)

    def __len__(self) -> int:
        """Count the records."""
        return len(self._holding.places)


def cited_records(holding: CveHolding, uids: Iterable[str]) -> dict[str, CitedEvent]:
    """Make the records behind uids citable, with their file, line and references."""
    found: dict[str, CitedEvent] = {}
    for uid in uids:
        if uid not in holding.places:
            continue
        number, place = holding.places[uid]
        file = holding.files[number]
        one = holding.vulnerabilities.get(uid.partition("/")[0])
        references = [
            Reference(source_name=(reference.tags or ("reference",))[0], url=reference.url)
            for reference in (one.references[:MAX_REFERENCES] if one else ())
        ]
        found[uid] = cited_record(
            uid,
            KINDS[place.kind],
            file.text[place.start : place.end],
            file.path,
            line=file.line(place.start),
            time=one.published if one and place.kind in ("cve", "nvd", "row") else None,
            reader=READER,
            references=references if place.kind in ("cve", "nvd", "row") else (),
        )
    return found


def input_files(holding: CveHolding) -> tuple[InputFile, ...]:
    """Account for every file that was read."""
    return tuple(
        InputFile(
            path=file.path,
            sha256=file.sha256,
            format=file.format or "unknown",
            records=file.records,
            rejected=len(file.rejected) + file.more_rejected,
            note="; ".join(
                filter(
                    None,
                    (
                        file.note,
                        f"scores of {file.epss_date}" if file.epss_date else "",
                        *(
                            f"line {one.line}: {one.reason}" if one.line else one.reason
                            for one in file.rejected[:3]
                        ),
                    ),
                )
            ),
        )
        for file in holding.files
    )
