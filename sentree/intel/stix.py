"""A STIX object as it was read, and what can be asked of it without knowing its type.

STIX 2.0 and 2.1 differ in field names only where noted; custom types and properties stay whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

from schemas.event import Reference

ACTORS = ("intrusion-set", "threat-actor")
SOFTWARE = ("malware", "tool")

TLP_MARKINGS = {
    "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9": "TLP:WHITE",
    "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487": "TLP:CLEAR",
    "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da": "TLP:GREEN",
    "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb": "TLP:GREEN",
    "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82": "TLP:AMBER",
    "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421": "TLP:AMBER",
    "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003": "TLP:AMBER+STRICT",
    "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed": "TLP:RED",
    "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1": "TLP:RED",
}
"""The marking definitions that STIX 2.1 §7.2.1.4 and its TLP 2.0 extension fix by id."""

TLP_ORDER = ("TLP:WHITE", "TLP:CLEAR", "TLP:GREEN", "TLP:AMBER", "TLP:AMBER+STRICT", "TLP:RED")

_TECHNIQUE_ID = re.compile(r"\bT\d{4}(?:\.\d{3})?\b")
_WHOLE_TECHNIQUE_ID = re.compile(r"T\d{4}(?:\.\d{3})?")
_CVE_ID = re.compile(r"\bCVE-\d{4}-\d{4,7}\b", re.IGNORECASE)
_PARTIAL_DATE = re.compile(r"(\d{4})(?:-(\d{2}))?")
_MARKDOWN_LINK = re.compile(r"\[([^\[\]]{1,200})\]\([^()\s]{1,500}\)")
_CITATION = re.compile(r"\(Citation: [^()]{0,300}(?:\([^()]{0,300}\)[^()]{0,300}){0,3}\)")
_TAGS = re.compile(r"</?code>")


class StixObject(NamedTuple):
    """One version of an object, and its place: from `start` to `end` in the text of a file.

    `file` counts the files that were merged; before that it is 0.
    """

    uid: str
    type: str
    body: dict[str, Any]
    file: int = 0
    start: int = 0
    end: int = 0

    def text(self, key: str) -> str:
        """Give a text property; what is absent or no text is empty."""
        value = self.body.get(key)
        return value if isinstance(value, str) else ""

    def texts(self, key: str) -> tuple[str, ...]:
        """Give a property that is a list of texts; one text alone counts as a list of one."""
        return texts_of(self.body.get(key))

    def time(self, key: str) -> datetime | None:
        """Give a timestamp property in UTC; None when it is absent or no time."""
        return read_time(self.body.get(key))

    @property
    def name(self) -> str:
        """The name a reader knows the object by; its id when it has none."""
        return self.text("name").strip() or self.text("value").strip() or self.uid

    @property
    def aliases(self) -> tuple[str, ...]:
        """Other names: `aliases`, any `x_…_aliases` or synonyms, and those in extensions."""
        own = self.name
        found: dict[str, None] = {}
        for body in (self.body, *self.extensions()):
            for key, value in body.items():
                if key == "aliases" or key.endswith(("_aliases", "synonyms")):
                    found.update(dict.fromkeys(one.strip() for one in texts_of(value)))
        return tuple(one for one in found if one and one != own)

    @property
    def revoked(self) -> bool:
        """Tell whether the producer took the object back."""
        return self.body.get("revoked") is True

    @property
    def deprecated(self) -> bool:
        """Tell whether the producer calls the object out of use (`x_mitre_deprecated` and kin)."""
        return any(value is True and key.endswith("deprecated") for key, value in self.body.items())

    @property
    def modified(self) -> datetime | None:
        """The time of this version; observables (STIX 2.1 §6) have none."""
        return self.time("modified") or self.time("created")

    @property
    def references(self) -> tuple[Reference, ...]:
        """The external references that name a source."""
        listed = self.body.get("external_references")
        found: list[Reference] = []
        for one in listed if isinstance(listed, list) else ():
            if isinstance(one, dict) and isinstance(one.get("source_name"), str):
                found.append(
                    Reference(
                        source_name=one["source_name"],
                        external_id=_text_or_none(one.get("external_id")),
                        url=_text_or_none(one.get("url")),
                        description=_text_or_none(one.get("description")),
                    )
                )
        return tuple(found)

    @property
    def external_id(self) -> str | None:
        """The id that ATT&CK, CVE or CAPEC gave the object, e.g. `G0016`, `S0154`."""
        listed = self.body.get("external_references")
        for one in listed if isinstance(listed, list) else ():
            if isinstance(one, dict):
                source, uid = one.get("source_name"), one.get("external_id")
                if isinstance(source, str) and isinstance(uid, str):
                    wanted = source.lower().startswith(("mitre", "cve"))
                    if wanted and not uid.upper().startswith("CAPEC"):
                        return uid
        return _text_or_none(self.body.get("x_mitre_id")) or next(
            (uid for body in self.extensions() if (uid := _mitre_id(body))), None
        )

    @property
    def technique(self) -> str | None:
        """The ATT&CK id of an attack pattern: from its references, extensions or name."""
        uid = (self.external_id or "").strip().upper()
        if _WHOLE_TECHNIQUE_ID.fullmatch(uid):
            return uid
        found = _TECHNIQUE_ID.search(self.text("name").upper())
        return found.group() if found else None

    @property
    def tactics(self) -> tuple[str, ...]:
        """The phases of the ATT&CK kill chains (`mitre-attack`, `mitre-mobile-attack`, …)."""
        return tuple(
            phase
            for chain, phase in kill_chain(self.body)
            if "mitre" in chain.lower() or "attack" in chain.lower()
        )

    def extensions(self) -> Iterator[dict[str, Any]]:
        """Go through the bodies of STIX 2.1 extensions (§7.3)."""
        listed = self.body.get("extensions")
        for value in listed.values() if isinstance(listed, dict) else ():
            if isinstance(value, dict):
                yield value

    def refs(self) -> Iterator[tuple[str, str]]:
        """Go through (property, id) of every reference to another object."""
        for key, value in self.body.items():
            if key.endswith("_ref"):
                if isinstance(value, str) and "--" in value:
                    yield key, value
            elif key.endswith("_refs") and isinstance(value, list):
                for one in value:
                    if isinstance(one, str) and "--" in one:
                        yield key, one


def kill_chain(body: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Go through (kill chain, phase) of an object, each once."""
    listed = body.get("kill_chain_phases")
    seen: set[tuple[str, str]] = set()
    for one in listed if isinstance(listed, list) else ():
        if isinstance(one, dict):
            pair = (one.get("kill_chain_name"), one.get("phase_name"))
            if isinstance(pair[0], str) and isinstance(pair[1], str) and pair not in seen:
                seen.add((pair[0], pair[1]))
                yield pair[0], pair[1]


def texts_of(value: object) -> tuple[str, ...]:
    """Give the texts in a value that should be a list of texts."""
    if isinstance(value, str):
        return (value,) if value else ()
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()


def read_time(value: object) -> datetime | None:
    """Read a STIX timestamp; a date, month or year alone stands for its beginning."""
    if not isinstance(value, str) or not 4 <= len(value) <= 40:
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        partial = _PARTIAL_DATE.fullmatch(value)
        if partial is None:
            return None
        try:
            return datetime(int(partial[1]), int(partial[2] or 1), 1, tzinfo=UTC)
        except ValueError:
            return None
    try:
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except OverflowError:
        return None


def plain(text: str) -> str:
    """Write ATT&CK's marked-up prose as plain words: links give their label, citations go."""
    text = _MARKDOWN_LINK.sub(r"\1", _CITATION.sub("", text))
    return " ".join(_TAGS.sub("", text).split())


def techniques_in(text: str) -> tuple[str, ...]:
    """List the technique ids that prose names, in order, each once."""
    return tuple(dict.fromkeys(_TECHNIQUE_ID.findall(text)))


def vulnerabilities_in(text: str) -> tuple[str, ...]:
    """List the CVE ids that prose names, in order, each once."""
    return tuple(dict.fromkeys(match.upper() for match in _CVE_ID.findall(text)))


def _mitre_id(body: dict[str, Any]) -> str | None:
    value = body.get("id") or body.get("x_mitre_id")
    return (
        value if isinstance(value, str) and re.fullmatch(r"[TGSC]\d{4}(\.\d{3})?", value) else None
    )


def _text_or_none(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
