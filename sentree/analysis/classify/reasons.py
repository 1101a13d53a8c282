"""Says in a sentence why a record belongs to a class, or why it stays Base Event."""

from __future__ import annotations

from ocsf.classes import CLASS_NAMES, class_name
from ocsf.mappers import MAPPERS
from sentree.lake.classified import Classified

BASE = "base"
MAX_NAME = 60


def reason_of(one: Classified) -> str:
    """Give the reason: what tells the format, and what in the record tells the class."""
    if one.mapper == BASE:
        return _unknown(one)
    title = MAPPERS[one.mapper].title
    if MAPPERS[one.mapper].keeps:
        if one.class_uid in CLASS_NAMES:
            return f"{title} already: the record names class {one.class_uid} itself"
        return f"{title} already, but this version knows no class {one.class_uid}"
    told = " ".join(filter(None, (_kind(one), _log(one))))
    if one.class_uid == 0:
        return f"{title}, {told or 'no kind of event named'}: no rule of the format takes it"
    return f"{title}, {told or 'by its fields'}: {class_name(one.class_uid)}"


def _kind(one: Classified) -> str:
    name = one.code or one.operation
    return f"event {name[:MAX_NAME]}" if name else ""


def _log(one: Classified) -> str:
    return f"of log {one.log[:MAX_NAME]}" if one.log and one.log != one.code else ""


def _unknown(one: Classified) -> str:
    if one.keys:
        listed = ", ".join(key[:30] for key in one.keys[:5])
        return f"JSON, but of no known format; its first keys are: {listed}"
    text = one.raw.lstrip()
    if text[:1] in "{[":
        return "JSON without a key, or no object"
    return "text of no known format"
