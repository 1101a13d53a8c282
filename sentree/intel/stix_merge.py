"""Merges the objects of several files by id: the newest version holds, what differs is listed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, NamedTuple

from sentree.intel.stix import TLP_MARKINGS, TLP_ORDER, StixObject
from sentree.intel.stix_read import StixFile

_EPOCH = datetime(1, 1, 1, tzinfo=UTC)
_SETS = ("aliases", "labels", "object_refs", "sectors", "goals", "roles")
_NO_CONTENT = ("id", "type", "created", "modified", "created_by_ref", "lang", "extensions")
_NO_CONTENT_ENDS = ("_version", "modified_by_ref")
MAX_VALUE = 160


class Difference(NamedTuple):
    """A property of which two versions of an object say different things."""

    property: str
    kept: str
    other: str


@dataclass(slots=True)
class Merged:
    """All versions of one object; `newest` holds. `files` are those that carry any version."""

    newest: StixObject
    versions: list[StixObject]
    files: tuple[int, ...]

    @property
    def copies(self) -> int:
        """How often the object was delivered beside the first time."""
        return len(self.versions) - 1


class Conflict(NamedTuple):
    """Versions of one object that differ; of the `same_version` they can't both hold."""

    uid: str
    same_version: bool
    differences: tuple[Difference, ...]
    kept: StixObject
    other: StixObject


class Dangling(NamedTuple):
    """A reference to an object that no file holds."""

    uid: str
    property: str
    target: str


@dataclass
class Holding:
    """The merged objects of all files, in order of first appearance."""

    files: Sequence[StixFile]
    objects: dict[str, Merged]
    conflicts: list[Conflict] = field(default_factory=list[Conflict])

    def get(self, uid: str) -> StixObject | None:
        """Give the version that holds of an object, if any file has the object."""
        merged = self.objects.get(uid)
        return merged.newest if merged else None

    def of_type(self, *types: str) -> Iterator[StixObject]:
        """Go through the objects of some types."""
        return (one.newest for one in self.objects.values() if one.newest.type in types)

    def raw(self, one: StixObject) -> str:
        """Give the text of an object as it stands in its file."""
        return self.files[one.file].raw(one)

    @property
    def delivered(self) -> int:
        """How many objects the files hold, copies included."""
        return sum(len(one.versions) for one in self.objects.values())

    @cached_property
    def dangling(self) -> tuple[Dangling, ...]:
        """References to objects that no file holds; TLP's own markings are known without."""
        return tuple(
            Dangling(uid, key, target)
            for uid, merged in self.objects.items()
            for key, target in merged.newest.refs()
            if target not in self.objects and target not in TLP_MARKINGS
        )

    @cached_property
    def marking(self) -> str | None:
        """The strictest TLP marking that any object carries, e.g. `TLP:AMBER`."""
        found = {
            level
            for merged in self.objects.values()
            for target in merged.newest.texts("object_marking_refs")
            if (level := self._level(target))
        }
        return max(found, key=TLP_ORDER.index, default=None)

    @cached_property
    def marking_uid(self) -> str | None:
        """The id of a marking definition of the strictest level in use."""
        wanted = self.marking
        return next(
            (
                target
                for merged in self.objects.values()
                for target in merged.newest.texts("object_marking_refs")
                if wanted and self._level(target) == wanted
            ),
            None,
        )

    def _level(self, uid: str) -> str | None:
        if uid in TLP_MARKINGS:
            return TLP_MARKINGS[uid]
        found = self.get(uid)
        if found is None or found.type != "marking-definition":
            return None
        definition = found.body.get("definition")
        said = definition.get("tlp") if isinstance(definition, dict) else None
        name = f"TLP:{said}" if isinstance(said, str) else found.text("name")
        return name.upper() if name.upper() in TLP_ORDER else None


def merge(files: Sequence[StixFile]) -> Holding:
    """Merge by id; the newest `modified` holds, of equal ones the revoked, else the first read."""
    versions: dict[str, list[StixObject]] = {}
    for number, file in enumerate(files):
        for one in file.objects:
            placed = one._replace(file=number) if number else one
            versions.setdefault(one.uid, []).append(placed)
    objects: dict[str, Merged] = {}
    conflicts: list[Conflict] = []
    for uid, listed in versions.items():
        if len(listed) == 1:
            objects[uid] = Merged(listed[0], listed, (listed[0].file,))
            continue
        newest = max(listed, key=lambda one: (one.modified or _EPOCH, one.revoked))
        objects[uid] = Merged(newest, listed, tuple(sorted({one.file for one in listed})))
        conflicts += _conflicts(newest, listed)
    return Holding(files, objects, conflicts)


def _conflicts(newest: StixObject, listed: Sequence[StixObject]) -> Iterator[Conflict]:
    seen: list[dict[str, Any]] = [newest.body]
    for one in listed:
        if any(one.body == body for body in seen):
            continue
        seen.append(one.body)
        differences = tuple(differing(newest.body, one.body))
        if differences:
            same = one.modified == newest.modified
            yield Conflict(newest.uid, same, differences, newest, one)


def differing(kept: dict[str, Any], other: dict[str, Any]) -> Iterator[Difference]:
    """List the properties on which two bodies disagree, by name.

    What only one of them has is no disagreement, unless it is `revoked`. The order of names and
    labels means nothing, nor does what a platform keeps about its own handling of an object.
    """
    for key in sorted(kept.keys() | other.keys()):
        if key in _NO_CONTENT or key.endswith(_NO_CONTENT_ENDS) or key.startswith("x_opencti"):
            continue
        if key == "revoked":
            if bool(kept.get(key)) != bool(other.get(key)):
                yield Difference(key, str(bool(kept.get(key))), str(bool(other.get(key))))
        elif key in kept and key in other and _canonical(key, kept) != _canonical(key, other):
            yield Difference(key, _shown(kept[key]), _shown(other[key]))


def _canonical(key: str, body: dict[str, Any]) -> object:
    value = body[key]
    if isinstance(value, list) and (key in _SETS or key.endswith(("_refs", "_types", "_phases"))):
        return sorted(json.dumps(one, sort_keys=True) for one in value)
    if key == "external_references" and isinstance(value, list):
        return sorted(json.dumps(one, sort_keys=True) for one in value)
    if key.endswith(("_seen", "_from", "_until")):
        return StixObject("", "", body).time(key) or value
    return " ".join(value.split()) if isinstance(value, str) else value


def _shown(value: Any) -> str:
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        text = ", ".join(value)
    else:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= MAX_VALUE else f"{text[: MAX_VALUE - 1]}…"
