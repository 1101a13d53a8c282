"""Compiles the reading of events that are OCSF already: kept as they are, without nulls."""

from __future__ import annotations


def kept_select(relation: str) -> str:
    """Compile the SELECT of `mapped_select` for OCSF events."""
    raise NotImplementedError
