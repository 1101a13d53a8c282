"""The registry of mappers: source format to the data that maps it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from ocsf.mappers import (
    accounts,
    base,
    cloudtrail,
    entra,
    m365,
    ocsf_events,
    pam,
    privilege,
    sshd,
    syslog,
    web_access,
    windows,
    zeek,
)
from ocsf.mapping import Mapper, Shape

MAPPERS: dict[str, Mapper] = {
    each.MAPPER.name: each.MAPPER
    for each in (
        *(cloudtrail, m365, entra, windows, zeek, ocsf_events),
        *(sshd, privilege, accounts, pam),
        *(web_access,),
        *(syslog, base),
    )
}
"""In the order in which a record's format is looked for; the last takes what no other knows."""

STEP = re.compile(r'"([^"]+)"|([^.\[\]"]+)')


def detect(samples: Sequence[Mapping[str, object]]) -> str | None:
    """Name the mapper whose shape most of the sampled records have; None when none fits half."""
    counts = {
        name: sum(_fits(mapper, record) for record in samples) for name, mapper in MAPPERS.items()
    }
    best = max(counts, key=counts.__getitem__)
    return best if samples and counts[best] * 2 > len(samples) else None


def _fits(mapper: Mapper, record: Mapping[str, object]) -> bool:
    return any(
        any(_has_shape(shape, each) for shape in mapper.shapes)
        for each in _unwrapped(mapper, record)
    )


def _unwrapped(mapper: Mapper, record: Mapping[str, object]) -> Iterator[Mapping[str, object]]:
    """Give the record, or the first one of the list it wraps."""
    yield record
    wrapped = record.get(mapper.explode) if mapper.explode else None
    if isinstance(wrapped, list) and wrapped and isinstance(wrapped[0], dict):
        yield cast(Mapping[str, object], wrapped[0])


def _has_shape(shape: Shape, record: Mapping[str, object]) -> bool:
    return bool(shape.present) and all(
        any(_value_at(path, record) is not None for path in paths) for paths in shape.present
    )


def _value_at(path: str, record: Mapping[str, object]) -> object:
    value: Any = record
    for quoted, plain in STEP.findall(path):
        if not isinstance(value, dict):
            return None
        value = cast(dict[str, Any], value).get(quoted or plain)
    return value
