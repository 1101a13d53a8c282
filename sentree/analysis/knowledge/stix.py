"""STIX objects as rows of the lake: the newest version of an object is the one that holds."""

from __future__ import annotations

import json
from collections import Counter
from hashlib import sha256
from typing import Any

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
COLUMNS = (
    "object_uid",
    "type",
    *_COPIED,
    "revoked",
    "deprecated",
    "refs",
    "object",
    "source_line",
)


def stix_delivery(path: str, size: int) -> Delivery:
    """Read one file of STIX."""
    file = read_file(path)
    columns: dict[str, list[Any]] = {name: [] for name in COLUMNS}
    key: list[str] = []
    add = {name: values.append for name, values in columns.items()}
    for one in file.objects:
        body = one.body
        add["object_uid"](one.uid)
        add["type"](one.type)
        for name in _COPIED:
            value = body.get(name)
            add[name](value if isinstance(value, str) else None)
        add["revoked"](body.get("revoked") is True)
        add["deprecated"](one.deprecated)
        add["refs"](_refs(one))
        add["object"](file.text[one.start : one.end])
        add["source_line"](file.line(one.start))
        key.append(version_uid(one))
    if not all(key):
        raise AssertionError("an object without a key")
    return Delivery(
        path=path,
        sha256=file.sha256,
        size=size,
        format=file.format.lower().replace(" ", "-"),
        table="stix_objects",
        columns=columns,
        key=key,
        rejects=[Reject(r.line, r.reason, r.text, len(r.text)) for r in file.rejected],
        issues=_issues(file),
        note=file.note or None,
    )


def version_uid(one: StixObject) -> str:
    """Name a version of an object: by its time, or by its content where it has none."""
    time = one.body.get("modified") or one.body.get("created")
    if isinstance(time, str) and time:
        head, dot, tail = time.removesuffix("Z").partition(".")
        digits = tail.rstrip("0")
        return f"{one.uid}@{head}{dot if digits else ''}{digits}"
    content = json.dumps(one.body, sort_keys=True, default=str)
    return f"{one.uid}@{sha256(content.encode(errors='replace')).hexdigest()[:32]}"


def _refs(one: StixObject) -> list[str]:
    if one.type == "relationship":
        return []
    return [f"{key}={uid}" for key, uid in one.refs() if uid not in TLP_MARKINGS]


def _issues(file: StixFile) -> dict[str, int]:
    found = Counter(reason.partition(":")[0] for _, reason in file.flaws)
    found["revoked"] = sum(one.body.get("revoked") is True for one in file.objects)
    found["deprecated"] = sum(one.deprecated for one in file.objects)
    return {reason: count for reason, count in found.items() if count}
