"""An event of the lake read in plain Python: its log sources, and Sigma's fields as text.

What the names mean is said by Sentree's data file of Sigma's taxonomy; how they are found in a
record is written here anew, one event at a time, to be held against Sentree's SQL.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

from bench.sigma_oracle.ways import Record, as_text
from sentree.rules.taxonomy import Condition, Source, Taxonomy

COLUMNS = (
    "event_uid mapper class_uid activity_id original_id channel provider device_host raw event"
)
_PAIR = re.compile(r"(?:^|[\s,(<>])([A-Za-z_][\w.-]*)=(\"[^\"]*\"|'[^']*'|[^\s,]*)", re.ASCII)
_SYSTEMS = {
    "windows": "windows",
    "linux": "linux|ubuntu|debian|centos|red hat|rhel|fedora|suse|amazon",
    "macos": "mac ?os|darwin|os ?x",
}
_OS_TYPES = {"100": "windows", "200": "linux", "300": "macos"}
_WITHOUT_OS = {"zeek", "cloudtrail", "base"}


@dataclass
class Event:
    """A row of the lake: its columns, the raw record and the normalised event."""

    number: int
    row: Mapping[str, Any]

    @property
    def uid(self) -> str:
        """The event's id in the lake."""
        return str(self.row["event_uid"])

    @cached_property
    def normalised(self) -> Any:
        """The OCSF event."""
        return _loaded(self.row["event"])

    @cached_property
    def is_text(self) -> bool:
        """Whether the record is a line of text."""
        return re.match(r"\s*[^\s{\[]", self.row["raw"] or "") is not None

    @cached_property
    def document(self) -> Any:
        """The producer's own record: that inside an OCSF event, the pairs of a line, or the raw."""
        raw = self.row["raw"]
        if self.row["mapper"] == "ocsf":
            inner = _pointed(self.normalised, "/raw_data")
            if isinstance(inner, str) and inner.startswith("{"):
                found = _loaded(inner)
                if found is not None:
                    return found
            inner = _pointed(_loaded(raw), "/raw")
            if isinstance(inner, dict):
                return inner
            if isinstance(inner, str) and inner.startswith("{"):
                return _loaded(inner)
            return _pointed(self.normalised, "/unmapped") or {}
        if self.is_text:
            pairs = _PAIR.findall(raw)
            first: dict[str, str] = {}
            for name, text in pairs:
                first.setdefault(name, text.strip("\"'"))
            return first if len(pairs) >= 4 else None
        return _loaded(raw)

    @cached_property
    def text(self) -> str:
        """The whole record as people read it."""
        raw = self.row["raw"]
        found = None if self.is_text else _loaded(raw)
        if found is None:
            return raw
        text = json.dumps(found, ensure_ascii=False, separators=(",", ":"), default=str)
        plain = {"\\": "\\", '"': '"', "n": "\n", "r": "\r", "t": "\t"}
        return re.sub(r'\\([\\"nrt])', lambda escape: plain[escape[1]], text)

    @cached_property
    def values(self) -> str:
        """The record's values, a line each."""
        found = None if self.is_text else _loaded(self.row["raw"])
        return self.row["raw"] if found is None else "\n".join(_leaves(found))

    def record(self, taxonomy: Taxonomy, source: Source, names: Iterable[str]) -> Record:
        """Read the fields of these names."""
        fields = {name: self.field(taxonomy, source, name) for name in names}
        return Record(fields, self.text, self.values)

    def field(self, taxonomy: Taxonomy, source: Source, name: str) -> str | None:
        """Give the text of a field, None where it is absent."""
        if source.windows and name in taxonomy.system:
            return next(self._header(taxonomy.system[name]), None)
        listed = source.view.get(name, ())
        for alias in listed if name in listed else (name, *listed):
            text = self._alias(taxonomy, alias)
            if text is not None:
                return text
        return None

    def _header(self, places: Iterable[str]) -> Iterator[str]:
        """Read the record itself before the lake's columns, which were read from it."""
        for place in sorted(places, key=lambda place: not place.startswith("/")):
            value = _pointed(self.document, place) if place.startswith("/") else self.row.get(place)
            if value is not None:
                yield as_text(value)

    def _alias(self, taxonomy: Taxonomy, alias: str) -> str | None:
        if "+" in alias:
            parts = [self._alias(taxonomy, part) for part in alias.split("+")]
            return "\\".join(part for part in parts if part) if all(parts) else None
        if alias.startswith("/"):
            value = _pointed(self.normalised, alias)
            return None if value is None else as_text(value)
        return next(self._named(taxonomy, alias), None)

    def _named(self, taxonomy: Taxonomy, name: str) -> Iterator[str]:
        bare = "".join(name.split())
        places = [_pointed(self.document, pointer) for pointer in taxonomy.containers]
        for place in places:
            if isinstance(place, dict):
                held = cast(dict[str, Any], place)
                alike = sorted(n for n in held if "".join(n.split()) == bare and n != name)
                values = [held.get(name), *(held[one] for one in alike)]
                mark = "/" if "/" in name else "."
                if mark in name:
                    values.append(_walked(held, name.split(mark)))
                yield from (as_text(value) for value in values if value is not None)
        for pointer in taxonomy.open_containers:
            place = _pointed(self.document, pointer)
            if isinstance(place, dict):
                for child_name, child in sorted(cast(dict[str, Any], place).items()):
                    if isinstance(child, dict) and not child_name.startswith("#"):
                        value = _walked(child, name.split("/"))
                        if value is not None:
                            yield as_text(value)

    def is_of(self, source: Source) -> bool:
        """Tell whether the event belongs to a log source."""
        return any(all(self._fits(condition)) for condition in source.any)

    def _fits(self, wanted: Condition) -> Iterator[bool]:
        row = self.row
        if wanted.mapper:
            yield row["mapper"] in wanted.mapper
        channel, provider = _lower(row["channel"]), _lower(row["provider"])
        if wanted.channel:
            yield channel in wanted.channel or (channel is None and provider in wanted.provider)
        if wanted.event_id:
            yield row["original_id"] in wanted.event_id
        if wanted.class_uid:
            yield row["class_uid"] in wanted.class_uid
        if wanted.activity_id:
            yield row["activity_id"] in wanted.activity_id
        if wanted.os:
            yield self._runs(wanted.os)
        if wanted.has:
            document = self.document
            yield isinstance(document, dict) and all(name in document for name in wanted.has)
        if wanted.category:
            category = _pointed(_loaded(row["raw"]), "/category")
            yield row["mapper"] == "base" and _lower(category) in wanted.category
        if wanted.text:
            yield self.is_text

    def _runs(self, system: str) -> bool:
        mapper = self.row["mapper"]
        if mapper == "windows":
            return system == "windows"
        device = None if mapper in _WITHOUT_OS else _pointed(self.normalised, "/device/os")
        held = cast(dict[str, Any], device) if isinstance(device, dict) else {}
        name = _OS_TYPES.get(str(held.get("type_id")))
        name = name or _lower(held.get("type") or held.get("name"))
        if name is None:
            return mapper == "ocsf"
        return re.search(_SYSTEMS[system], name) is not None


def _lower(value: Any) -> str | None:
    return None if value is None else as_text(value).lower()


def _loaded(text: str | None) -> Any:
    try:
        return json.loads(text or "")
    except ValueError:
        return None


def _pointed(document: Any, pointer: str) -> Any:
    return document if not pointer else _walked(document, pointer[1:].split("/"))


def _walked(document: Any, steps: Iterable[str]) -> Any:
    for step in steps:
        if isinstance(document, dict):
            document = cast(dict[str, Any], document).get(step)
        elif isinstance(document, list) and step.isdecimal():
            items = cast(list[Any], document)
            document = items[int(step)] if int(step) < len(items) else None
        else:
            return None
    return document


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for item in cast(dict[str, Any], value).values():
            yield from _leaves(item)
    elif isinstance(value, list):
        for item in cast(list[Any], value):
            yield from _leaves(item)
    elif value is not None:
        yield as_text(value)
