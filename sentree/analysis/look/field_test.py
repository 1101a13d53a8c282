r"""Tests of fields: `NAME=VALUE`, `NAME!=VALUE`, `NAME~REGEX`, where NAME is known to somebody.

A name is a column of the lake, a field of the producer's own record at any depth, an OCSF
attribute path, or a field of Sigma's taxonomy. A test holds if any value under the name meets it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from ocsf.columns import PROMOTED
from sentree.errors import UsageError
from sentree.rules.taxonomy import Taxonomy

_TEST = re.compile(r"(?P<name>[^=~!]{1,200}?)\s*(?P<operator>!=|=|~)(?P<value>.*)", re.DOTALL)
_OWN = {
    "event_uid": "event_uid",
    "tenant_uid": "tenant_uid",
    "mapper": "mapper",
    "source_uid": "source_uid",
    **{column.name: column.name for column in PROMOTED},
}
_PLAIN_STEP = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
MOST_STEPS = 12


class FieldTest(NamedTuple):
    """One test; `pattern` is an RE2 pattern for the whole value unless it `searches`."""

    name: str
    negated: bool
    pattern: str
    searches: bool


def read_test(text: str) -> FieldTest:
    """Read one test; `*` and `?` of a value stand for any text and any character.

    Raises:
        UsageError: it is none.
    """
    match = _TEST.fullmatch(text)
    if match is None or not match["name"].strip():
        raise UsageError(f"--field {text}: write NAME=VALUE, NAME!=VALUE or NAME~REGEX")
    name, value = match["name"].strip(), match["value"]
    if match["operator"] == "~":
        return FieldTest(name, False, value, True)
    return FieldTest(name, match["operator"] == "!=", wildcard(value), False)


def wildcard(value: str) -> str:
    r"""Write a value with wildcards as an RE2 pattern; a backslash before `*` or `?` quotes it."""
    parts: list[str] = []
    at = 0
    while at < len(value):
        char = value[at]
        if char == "\\" and value[at + 1 : at + 2] in ("*", "?"):
            parts.append(re_quoted(value[at + 1]))
            at += 2
            continue
        parts.append(".*" if char == "*" else "." if char == "?" else re_quoted(char))
        at += 1
    return "(?s)" + "".join(parts)


def re_quoted(char: str) -> str:
    """Quote one character for RE2."""
    return char if char.isalnum() or char in " _" else f"\\x{{{ord(char):x}}}"


def values_sql(name: str, taxonomy: Taxonomy, bind: Callable[[object], str]) -> str:
    """Give SQL for the list of an event's values under a name.

    Args:
        name: the field.
        taxonomy: Sigma's names.
        bind: binds a value and gives its mark.
    """
    lists: list[str] = []
    if name in _OWN:
        lists.append(f"[CAST({_OWN[name]} AS VARCHAR)]")
    for alias in _aliases(name, taxonomy):
        if alias.startswith("/"):
            lists.append(_extracted("event", _path(alias[1:].split("/")), bind))
        elif "+" in alias:
            first, _, second = alias.partition("+")
            pair = [_any_depth(part.strip("/"), bind) for part in (first, second)]
            lists.append(f"[nullif(concat_ws('\\', ({pair[0]})[1], ({pair[1]})[1]), '')]")
        elif alias.lower() in _OWN:
            lists.append(f"[CAST({_OWN[alias.lower()]} AS VARCHAR)]")
        else:
            lists.append(_any_depth(alias, bind))
    lists.append(_any_depth(name, bind))
    lists.append(_extracted("event", _anywhere(name), bind))
    distinct = list(dict.fromkeys(lists))
    return distinct[0] if len(distinct) == 1 else f"flatten([{', '.join(distinct)}])"


def _aliases(name: str, taxonomy: Taxonomy) -> list[str]:
    """List the places where Sigma's taxonomy says that a field may stand, whatever the source."""
    wanted = name.lower()
    found: dict[str, None] = {}
    for field, places in taxonomy.system.items():
        if field.lower() == wanted:
            found.update(dict.fromkeys(place for place in places if not place.startswith("/")))
    for source in taxonomy.sources.values():
        for field, places in source.view.items():
            if field.lower() == wanted:
                found.update(dict.fromkeys((field, *places)))
    return list(found)


def _any_depth(name: str, bind: Callable[[object], str]) -> str:
    return _extracted("raw_json", _anywhere(name), bind)


def _extracted(column: str, path: str, bind: Callable[[object], str]) -> str:
    found = f"json_extract_string({column}, {bind(path)})"
    # A path without a wildcard gives one text, one with it a list.
    return found if "*" in path or ".." in path else f"[{found}]"


def _anywhere(name: str) -> str:
    steps = [step for step in re.split(r"[./]", name) if step][:MOST_STEPS] or [name]
    return "$.." + _path(steps)[2:]


def _path(steps: list[str]) -> str:
    written = "$"
    for step in steps:
        step = step.removesuffix("[]").replace("~1", "/").replace("~0", "~")
        if step.isdigit():
            written += f"[{step}]"
        elif _PLAIN_STEP.fullmatch(step):
            written += f".{step}"
        else:
            written += '."' + step.replace('"', "") + '"'
    return written
