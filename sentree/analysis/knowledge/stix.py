"""STIX objects as rows of the lake: the newest version of an object is the one that holds."""

from __future__ import annotations

import gc
import json
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from functools import lru_cache
from hashlib import sha256
from typing import Any, NamedTuple

from sentree.intel.stix import TLP_MARKINGS, StixObject
from sentree.intel.stix_read import StixFile, read_file
from sentree.lake.knowledge import Delivery
from sentree.lake.records import Reject

_COPIED = (
    "created",
    "modified",
    "name",
    "relationship_type",
    "source_ref",
    "target_ref",
    "pattern",
    "pattern_type",
    "valid_from",
    "valid_until",
)


def stix_delivery(path: str, size: int) -> Delivery:
    """Read one file of STIX."""
    with no_collection():
        return _delivery(read_file(path), path, size)


@contextmanager
def no_collection() -> Generator[None]:
    """Hold the collector of garbage: a hundred thousand objects have none, and double the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _delivery(file: StixFile, path: str, size: int) -> Delivery:
    columns = stix_columns(file)
    columns["source_line"] = _lines(file)
    issues = Counter(reason.partition(":")[0] for _, reason in file.flaws)
    issues["revoked"] = sum(columns["revoked"])
    issues["deprecated"] = sum(columns["deprecated"])
    return Delivery(
        path=path,
        sha256=file.sha256,
        size=size,
        format=file.format.lower().replace(" ", "-"),
        table="stix_objects",
        columns=columns,
        key=[version_uid(one) for one in file.objects],
        rejects=rejects_of(file),
        issues={reason: count for reason, count in issues.items() if count},
        note=file.note or None,
    )


def rejects_of(file: StixFile) -> list[Reject]:
    """Give what could not be used, as the lake keeps it."""
    return [Reject(one.line, one.reason, one.text, len(one.text)) for one in file.rejected]


def stix_columns(file: StixFile) -> dict[str, list[Any]]:
    """Give the columns of the lake's table that an object itself has."""
    bodies = [one.body for one in file.objects]
    shapes: dict[tuple[str, ...], _Shape] = {}
    named = [shapes.get(keys := tuple(body)) or _shape(keys, shapes) for body in bodies]
    return {
        "object_uid": [one.uid for one in file.objects],
        "type": [one.type for one in file.objects],
        **{name: [_text(body.get(name)) for body in bodies] for name in _COPIED},
        "revoked": [body.get("revoked") is True for body in bodies],
        "deprecated": [
            any(body[key] is True for key in shape.deprecated)
            for body, shape in zip(bodies, named, strict=True)
        ],
        "refs": [
            _refs(body, shape) if one.type != "relationship" else []
            for one, body, shape in zip(file.objects, bodies, named, strict=True)
        ],
        "object": [file.text[one.start : one.end] for one in file.objects],
    }


class _Shape(NamedTuple):
    """Which keys of objects that have the same ones refer, or tell that one is out of use."""

    ref: tuple[str, ...]
    refs: tuple[str, ...]
    deprecated: tuple[str, ...]


def _shape(keys: tuple[str, ...], shapes: dict[tuple[str, ...], _Shape]) -> _Shape:
    shapes[keys] = made = _Shape(
        tuple(key for key in keys if key.endswith("_ref")),
        tuple(key for key in keys if key.endswith("_refs")),
        tuple(key for key in keys if key.endswith("deprecated")),
    )
    return made


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def version_uid(one: StixObject) -> str:
    """Name a version of an object: by its time, or by its content where it has none."""
    time = one.body.get("modified") or one.body.get("created")
    if isinstance(time, str) and time:
        return f"{one.uid}@{_same_time(time)}"
    content = json.dumps(one.body, sort_keys=True, default=str)
    return f"{one.uid}@{sha256(content.encode(errors='replace')).hexdigest()[:32]}"


@lru_cache(maxsize=65_536)
def _same_time(text: str) -> str:
    """Write a time without the zeros that don't change it."""
    head, dot, tail = text.removesuffix("Z").partition(".")
    digits = tail.rstrip("0")
    return f"{head}{dot if digits else ''}{digits}"


def _refs(body: dict[str, Any], shape: _Shape) -> list[str]:
    found: list[str] = []
    for key in shape.ref:
        uid = body[key]
        if isinstance(uid, str) and "--" in uid and uid not in TLP_MARKINGS:
            found.append(f"{key}={uid}")
    for key in shape.refs:
        listed = body[key]
        for uid in listed if isinstance(listed, list) else ():
            if isinstance(uid, str) and "--" in uid and uid not in TLP_MARKINGS:
                found.append(f"{key}={uid}")
    return found


def _lines(file: StixFile) -> list[int]:
    """Give the line on which every object begins; they stand in the order of the file."""
    found: list[int] = []
    line, at = 1, 0
    for one in file.objects:
        if one.start < at:
            line, at = 1, 0
        line += file.text.count("\n", at, one.start)
        at = one.start
        found.append(line)
    return found
