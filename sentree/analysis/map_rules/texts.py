"""Turns a rule of any format into the text that is judged: title, description, source, logic.

Tags, references, ids and file names are left out, so that they can't decide anything. What the
rule excludes is left out too: a program that a filter lets pass says nothing of what is sought.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from schemas.map_rules import RuleKind

MAX_LOGIC = 8_000
MAX_PROSE = 4_000

_TECHNIQUE = re.compile(r"(?<![A-Za-z0-9])T\d{4}(?:\.\d{3})?(?![0-9A-Za-z])", re.IGNORECASE)
_LABEL = re.compile(
    r"https?://\S+|\battack\.[a-z0-9_.-]+|\bmitre\b|\batt&ck\b|(?<![A-Za-z0-9])TA\d{4}\b"
    r"|(?<![A-Za-z0-9])T\d{4}(?:[./]\d{3})?(?![0-9A-Za-z])",
    re.IGNORECASE,
)
_COMMENTED_LABEL = re.compile(
    r"^\W*(?:tags?|references?|techniques?|tactics?|mitre\w*|att&ck|id|date|modified|status)"
    r"\W*[:=].*$",
    re.IGNORECASE | re.MULTILINE,
)
_NEGATED = re.compile(r"\bnot\s+(?:(?:\d+|any|all)\s+of\s+)?(\(?[^()]*\)|[\w*.-]+)", re.IGNORECASE)
_NAME = re.compile(r"[\w*.-]+")
_COMMENT_TITLE = re.compile(r"^\W*(?:title|name)\s*[:=]\s*(.+)$", re.IGNORECASE | re.MULTILINE)
_COMMENT_AUTHOR = re.compile(r"^\W*author\s*[:=]\s*(.+)$", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class RuleText:
    """A rule to be judged. `text` has no labels; `own` are those that its author gave it."""

    uid: str
    title: str
    author: str | None
    kind: RuleKind
    log_source: str
    text: str
    own: tuple[str, ...]
    raw: str
    path: str
    line: int


@dataclass(frozen=True, slots=True)
class Parts:
    """What was found in a rule before it is put together."""

    kind: RuleKind
    title: str
    prose: str
    source: str
    logic: str
    own: tuple[str, ...]
    author: str | None
    uid: str | None


def rule_parts(value: Mapping[str, Any]) -> Parts | str:
    """Take a parsed rule apart; gives the reason when it is no detection rule."""
    if "filter" in value and "detection" not in value:
        return "is a Sigma filter: it detects nothing by itself"
    if isinstance(value.get("detection"), dict) or isinstance(value.get("correlation"), dict):
        parts = _sigma(value)
        return parts if parts.logic.strip() else "has an empty detection"
    rule = value.get("rule")
    if isinstance(rule, dict) and ("query" in rule or "threat" in rule or "description" in rule):
        return _elastic(rule)
    properties = value.get("properties")
    if isinstance(properties, dict) and isinstance(properties.get("query"), str):
        return _sentinel(properties)
    if isinstance(value.get("search"), str):
        return _splunk(value)
    if isinstance(value.get("threat"), list) and isinstance(value.get("query"), str):
        return _elastic(value)
    if isinstance(value.get("query"), str):
        return _sentinel(value)
    return "is no rule: it has no 'detection', 'search' or 'query'"


def plain_parts(text: str, kind: RuleKind, name: str = "") -> Parts:
    """Take a query or a text apart: comments may say title and author."""
    title = _COMMENT_TITLE.search(text)
    author = _COMMENT_AUTHOR.search(text)
    lines = [line.strip(" \t/#*-'\"`") for line in text.splitlines()]
    first = next((line for line in lines if line), "")
    heading = title[1].strip() if title else name or first[:200]
    rest = _COMMENTED_LABEL.sub("", text)
    return Parts(
        kind=kind,
        title=heading,
        prose="",
        source="",
        logic=rest,
        own=technique_ids(text),
        author=author[1].strip() if author else None,
        uid=None,
    )


def judged_text(parts: Parts) -> str:
    """Put together the text that is judged: the title in the first line, no labels anywhere."""
    lines = (
        _one_line(unlabelled(parts.title)) or "(untitled)",
        unlabelled(parts.prose)[:MAX_PROSE].strip(),
        parts.source,
        unlabelled(parts.logic)[:MAX_LOGIC].strip(),
    )
    return "\n".join(line for line in lines if line)


def unlabelled(text: str) -> str:
    """Take out of a text what names a technique outright, and every address."""
    return _LABEL.sub(" ", text)


def technique_ids(value: Any) -> tuple[str, ...]:
    """List the technique ids that some tags, or a text, hold."""
    found = (match.upper() for text in _leaves(value) for match in _TECHNIQUE.findall(text))
    return tuple(dict.fromkeys(found))


def _sigma(value: Mapping[str, Any]) -> Parts:
    source = value.get("logsource")
    pairs = source if isinstance(source, dict) else {}
    detection = value.get("detection")
    logic = _detection_logic(detection) if isinstance(detection, dict) else ""
    if isinstance(value.get("correlation"), dict):
        logic = "\n".join((logic, *_leaves(value["correlation"])))
    return Parts(
        kind="sigma",
        title=_text(value.get("title")),
        prose=_text(value.get("description")),
        source=" ".join(
            f"{key}={_text(pairs[key]).lower()}"
            for key in ("product", "category", "service")
            if pairs.get(key)
        ),
        logic=logic,
        own=technique_ids(value.get("tags")),
        author=_author(value.get("author")),
        uid=_text(value.get("id")) or None,
    )


def _splunk(value: Mapping[str, Any]) -> Parts:
    tags = value.get("tags")
    labels = tags.get("mitre_attack_id") if isinstance(tags, dict) else None
    sources = [_text(one) for one in _leaves(value.get("data_source"))]
    return Parts(
        kind="splunk",
        title=_text(value.get("name") or value.get("title")),
        prose=_text(value.get("description")),
        source=" ".join(("siem=splunk", *sources[:6])),
        logic=_text(value.get("search")),
        own=technique_ids([labels, value.get("mitre_attack_id"), value.get("annotations")]),
        author=_author(value.get("author")),
        uid=_text(value.get("id")) or None,
    )


def _sentinel(value: Mapping[str, Any]) -> Parts:
    connectors = [
        text
        for one in value.get("requiredDataConnectors") or ()
        if isinstance(one, dict)
        for text in _leaves(one.get("dataTypes"))
    ]
    metadata = value.get("metadata")
    author = metadata.get("author") if isinstance(metadata, dict) else value.get("author")
    return Parts(
        kind="sentinel" if "query" in value else "query",
        title=_text(value.get("name") or value.get("displayName") or value.get("title")),
        prose=_text(value.get("description")),
        source=" ".join(connectors[:6]),
        logic=_text(value.get("query")),
        own=technique_ids(
            [
                value.get("relevantTechniques"),
                value.get("techniques"),
                value.get("subTechniques"),
                value.get("tags"),
            ]
        ),
        author=_author(author),
        uid=_text(value.get("id")) or None,
    )


def _elastic(value: Mapping[str, Any]) -> Parts:
    return Parts(
        kind="elastic",
        title=_text(value.get("name")),
        prose=_text(value.get("description")),
        source=" ".join(list(_leaves(value.get("index")))[:4]),
        logic=_text(value.get("query")),
        own=technique_ids([value.get("threat"), value.get("tags")]),
        author=_author(value.get("author")),
        uid=_text(value.get("rule_id") or value.get("id")) or None,
    )


def _detection_logic(detection: Mapping[str, Any]) -> str:
    """Write the sought fields and values, a line for each field, leaving out the excluded."""
    excluded = _excluded(detection)
    fields: dict[str, dict[str, None]] = {}
    for name, selection in detection.items():
        if name in ("condition", "timeframe") or name in excluded:
            continue
        for field, value in _pairs(selection, ""):
            fields.setdefault(field, {}).setdefault(value)
    lines = (f"{field}: {' ; '.join(values)}" for field, values in fields.items())
    return "\n".join(lines)


def _excluded(detection: Mapping[str, Any]) -> set[str]:
    names = [str(name) for name in detection if name not in ("condition", "timeframe")]
    patterns = {"filter*"}
    for condition in _leaves(detection.get("condition")):
        for match in _NEGATED.findall(condition):
            patterns.update(_NAME.findall(match))
    found = {name for name in names for pattern in patterns if _matches(name, pattern)}
    return found if len(found) < len(names) else set()


def _matches(name: str, pattern: str) -> bool:
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern


def _pairs(value: Any, field: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _pairs(inner, str(key).partition("|")[0])
    elif isinstance(value, list):
        for inner in value:
            yield from _pairs(inner, field)
    elif value is not None:
        yield field or "keywords", str(value)


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from _leaves(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _leaves(inner)
    elif value is not None:
        yield str(value)


def _text(value: Any) -> str:
    return "" if value is None or isinstance(value, (dict, list)) else str(value)


def _author(value: Any) -> str | None:
    return ", ".join(_one_line(one) for one in _leaves(value)) or None


def _one_line(text: str) -> str:
    return " ".join(text.split())
