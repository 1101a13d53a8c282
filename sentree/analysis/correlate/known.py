"""Indicators of threat intelligence as the values that tenants are compared by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast, get_args

from schemas.tenant_slice import IndicatorKind
from sentree.analysis.correlate.shared import Key
from sentree.intel.stix_pattern import read_pattern
from sentree.intel.stix_read import find_files, read_file

KINDS = frozenset(get_args(IndicatorKind))
EQUAL = ("=", "IN")


def read_intel(paths: Sequence[str]) -> dict[Key, tuple[str, ...]]:
    """Read what STIX indicators compare values with; gives the indicators' names by value.

    Raises:
        UnreadableInputError: a path leads to nothing.
    """
    found: dict[Key, dict[str, None]] = {}
    for path in find_files(paths) if paths else ():
        for one in read_file(path).objects:
            if one.type != "indicator" or one.body.get("revoked") is True:
                continue
            name = one.text("name") or one.uid
            for each in read_pattern(one.text("pattern")):
                if each.operator in EQUAL and each.kind in KINDS:
                    key: Key = (cast(IndicatorKind, each.kind), each.value.lower())
                    found.setdefault(key, {})[name] = None
    return {key: tuple(names)[:5] for key, names in found.items()}
