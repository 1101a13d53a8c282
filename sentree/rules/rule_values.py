"""Writes a rule's values as pySigma asks for them, where their meaning is beyond doubt.

pySigma refuses a rule over a number under `contains`, a number in quotes under `gt`, host bits in
a network or the modifier `utf16le`. Here such a rule is read as its author meant it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from ipaddress import ip_network
from typing import Any, cast

_TEXT = frozenset(
    {"contains", "startswith", "endswith", "re", "cased", "windash", "expand", "fieldref"}
    | {"base64", "base64offset", "wide", "utf16", "utf16be"}
)
_NUMBER = frozenset({"lt", "lte", "gt", "gte", "minute", "hour", "day", "week", "month", "year"})
_WORDS = {"true": True, "yes": True, "false": False, "no": False}


def settled(document: Any) -> Any:
    """Give the rule with settled values; what can't be settled is left for pySigma to refuse."""
    detection = cast(dict[Any, Any], document).get("detection") if _is_mapping(document) else None
    if not isinstance(detection, dict):
        return document
    parts = cast(dict[Any, Any], detection)
    apart = {"condition", "timeframe"}
    done = {name: part if name in apart else _part(part) for name, part in parts.items()}
    return {**document, "detection": done}


def _is_mapping(value: Any) -> bool:
    return isinstance(value, dict)


def _part(part: Any) -> Any:
    if isinstance(part, list):
        return [_part(item) for item in cast(list[Any], part)]
    if not isinstance(part, dict):
        return _dated(part)
    return dict(_item(name, value) for name, value in cast(dict[Any, Any], part).items())


def _item(name: Any, value: Any) -> tuple[Any, Any]:
    if not isinstance(name, str) or "|" not in name:
        return name, _each(value, _dated)
    field, *modifiers = name.split("|")
    modifiers = ["wide" if one == "utf16le" else one for one in modifiers]
    name = "|".join((field, *modifiers))
    return name, _each(value, _settler(modifiers))


def _settler(modifiers: list[str]) -> Callable[[Any], Any]:
    if _NUMBER.intersection(modifiers):
        return _number
    if "exists" in modifiers:
        return lambda value: _WORDS.get(value.lower(), value) if isinstance(value, str) else value
    if "cidr" in modifiers:
        return _network
    return _text if _TEXT.intersection(modifiers) else _dated


def _each(value: Any, settle: Callable[[Any], Any]) -> Any:
    if isinstance(value, list):
        return [settle(item) for item in cast(list[Any], value)]
    return settle(value)


def _dated(value: Any) -> Any:
    """YAML makes a date of what looks like one; a field holds its text."""
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    return value.isoformat() if isinstance(value, date) else value


def _text(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else _dated(value)


def _number(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    for read in (int, float):
        try:
            return read(value)
        except ValueError:
            continue
    return value


def _network(value: Any) -> Any:
    try:
        return str(ip_network(value, strict=False)) if isinstance(value, str) else value
    except ValueError:
        return value
