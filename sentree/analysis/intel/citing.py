"""STIX objects as records that a report can cite, and the texts that quotes are checked against."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from schemas.event import CitedEvent, Reference
from schemas.section import InputFile
from sentree.analysis.records import cited_record
from sentree.intel.stix_merge import Holding

READER = "stix"


class ObjectTexts(Mapping[str, str]):
    """The text of each object as it stands in its file, and unescaped; made when asked for."""

    def __init__(self, holding: Holding) -> None:
        self._holding = holding

    def __getitem__(self, uid: str) -> str:
        """Give the text of one object."""
        one = self._holding.objects[uid].newest
        raw = self._holding.raw(one)
        return "\n".join((raw, *_strings(one.body))) if "\\" in raw else raw

    def __contains__(self, uid: object) -> bool:
        """Tell whether an object was read, without making its text."""
        return uid in self._holding.objects

    def __iter__(self) -> Iterator[str]:
        """Go through the ids."""
        return iter(self._holding.objects)

    def __len__(self) -> int:
        """Count the objects."""
        return len(self._holding.objects)


def cited_objects(holding: Holding, uids: Iterable[str]) -> dict[str, CitedEvent]:
    """Make the objects behind ids citable, with their file, line and external references."""
    found: dict[str, CitedEvent] = {}
    for uid in uids:
        merged = holding.objects.get(uid)
        if merged is None:
            continue
        one = merged.newest
        file = holding.files[one.file]
        state = " (revoked)" if one.revoked else " (deprecated)" if one.deprecated else ""
        found[uid] = cited_record(
            uid,
            f"STIX {one.type}{state}",
            holding.raw(one),
            file.path,
            line=file.line(one.start),
            time=one.modified,
            reader=READER,
            references=one.references,
        )
    return found


def input_files(holding: Holding) -> tuple[InputFile, ...]:
    """Account for every file that was read."""
    return tuple(
        InputFile(
            path=file.path,
            sha256=file.sha256,
            format=file.format,
            records=len(file.objects),
            rejected=len(file.rejected),
            note="; ".join(filter(None, (file.note, *(_fault(one) for one in file.rejected[:3])))),
        )
        for file in holding.files
    )


def shown_sources(references: Iterable[Reference], limit: int = 3) -> str:
    """Write the external references of a line: name, id and address of the first few."""
    listed = list(references)
    shown = "; ".join(
        " ".join(filter(None, (ref.source_name, ref.external_id, ref.url)))
        for ref in listed[:limit]
    )
    return f"{shown}; {len(listed) - limit} more" if len(listed) > limit else shown


def _fault(one: Any) -> str:
    return f"line {one.line}: {one.reason}" if one.line else one.reason


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from _strings(one)
    elif isinstance(value, list):
        for one in value:
            yield from _strings(one)
