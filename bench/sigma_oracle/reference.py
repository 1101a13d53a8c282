"""The third voice: a plain reading of Sigma rules in Python, straight from their YAML.

`Rule.matches` reads as the specification, and where that is silent as Sentree's pages say. Each
`Way` is one thing that another engine is known to do differently; read in that way, the rule shows
what that engine finds, which is how a difference is explained rather than excused.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any, cast

from bench.sigma_oracle.conditions import Holds, read_condition
from bench.sigma_oracle.measures import (
    ORDER,
    PARTS,
    is_boolean,
    is_in_network,
    is_number,
    is_ordered,
    is_time_part,
)
from bench.sigma_oracle.regexes import Tests, read_regex
from bench.sigma_oracle.ways import SPECIFIED, Matches, Record, Way, Ways, values_of
from bench.sigma_oracle.words import (
    Test,
    Unsupported,
    Words,
    at_every_offset,
    dashed,
    fold,
    fold_ascii,
    in_base64,
    read_words,
    widened,
    word_test,
    wrapped,
)


class Rule:
    """A rule that was read from its YAML document."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        """Read a rule.

        Raises:
            Unsupported: the rule can't be read in this way.
        """
        detection = document.get("detection")
        if not isinstance(detection, Mapping):
            raise Unsupported("no detection")
        parts = dict(cast(Mapping[str, Any], detection))
        condition = parts.pop("condition", None)
        parts.pop("timeframe", None)
        self.fields: set[str] = set()
        self._selections = {str(name): self._selection(part) for name, part in parts.items()}
        lines = cast(list[Any], condition) if isinstance(condition, list) else [condition]
        if not lines or not all(isinstance(line, str) for line in lines):
            raise Unsupported("no condition")
        self._conditions: list[Holds] = [
            read_condition(line, list(self._selections)) for line in lines
        ]

    def matches(self, record: Record, ways: Ways = SPECIFIED) -> bool:
        """Tell whether a record matches, read in these ways."""
        return any(
            holds(lambda name: self._selections[name](record, ways)) for holds in self._conditions
        )

    def _selection(self, part: Any) -> Matches:
        if isinstance(part, Mapping):
            items = [self._item(str(k), v) for k, v in cast(Mapping[Any, Any], part).items()]
            if not items:
                raise Unsupported("an empty selection")
            return lambda record, ways: all(item(record, ways) for item in items)
        if isinstance(part, list):
            choices = [self._selection(one) for one in cast(list[Any], part)]
            if not choices:
                raise Unsupported("an empty selection")
            return lambda record, ways: any(choice(record, ways) for choice in choices)
        return self._item("", part)

    def _item(self, key: str, given: Any) -> Matches:
        name, *modifiers = key.split("|")
        unknown = set(modifiers) - _MODIFIERS
        if unknown:
            raise Unsupported(f"the modifier {', '.join(sorted(unknown))}")
        values = cast(list[Any], given) if isinstance(given, list) else [given]
        if name:
            self.fields.add(name)
        tests = [self._value(name, value, modifiers) for value in values or [None]]
        choose = all if "all" in modifiers else any
        if "neq" in modifiers:
            return lambda record, ways: not choose(test(record, ways) for test in tests)
        return lambda record, ways: choose(test(record, ways) for test in tests)

    def _value(self, name: str, value: Any, modifiers: list[str]) -> Matches:
        if not name:
            return _keyword(value, modifiers)
        if "fieldref" in modifiers:
            self.fields.add(str(value))
            return _other_field(name, str(value), modifiers)
        if "exists" in modifiers:
            wanted = value if isinstance(value, bool) else str(value).lower() in {"true", "yes"}
            return lambda record, ways: (record.get(name, ways) is not None) is wanted
        if value is None:
            return lambda record, ways: _is_null(record.get(name, ways), ways)
        if "cidr" in modifiers:
            return partial(is_in_network, name, ipaddress.ip_network(str(value), strict=False))
        part = next((one for one in modifiers if one in PARTS), None)
        sign = next((one for one in modifiers if one in ORDER), None)
        if part or sign:
            number = value if isinstance(value, int | float) else float(str(value))
            if part:
                return partial(is_time_part, name, part, sign or "eq", int(number))
            return partial(is_ordered, name, str(sign), number)
        if isinstance(value, bool) and not _TEXTUAL.intersection(modifiers):
            return partial(is_boolean, name, value)
        if isinstance(value, int | float) and not _TEXTUAL.intersection(modifiers):
            return partial(is_number, name, value)
        if "re" in modifiers:
            return partial(_matched, name, read_regex(value, modifiers))
        return partial(_text, name, _folded(value, modifiers), "cased" in modifiers)


_CODECS = {"wide": "utf-16le", "utf16le": "utf-16le", "utf16": "utf-16le", "utf16be": "utf-16be"}
_TEXTUAL = frozenset(
    {"contains", "startswith", "endswith", "re", "cased", "windash", "base64", "base64offset"}
    | _CODECS.keys()
)
_MODIFIERS = (
    _TEXTUAL
    | ORDER.keys()
    | set(PARTS)
    | {"all", "neq", "fieldref", "exists", "cidr", "i", "m", "s"}
)


def _texts(value: Any, modifiers: list[str]) -> list[Words]:
    """Give the texts that a value and its modifiers stand for, any of which will do."""
    texts, marked = [read_words(_plain(value))], False
    for modifier in modifiers:
        if modifier in _CODECS:
            texts = [widened(words, _CODECS[modifier]) for words in texts]
            marked = modifier == "utf16"
        elif modifier == "base64":
            texts = [in_base64(words, marked) for words in texts]
            marked = False
        elif modifier == "base64offset":
            texts = [found for words in texts for found in at_every_offset(words, marked)]
            marked = False
        elif modifier == "windash":
            texts = [dashed(words) for words in texts]
        elif modifier in {"contains", "startswith", "endswith"}:
            before, after = modifier != "startswith", modifier != "endswith"
            texts = [wrapped(words, before, after) for words in texts]
    return [("\ufeff", *words) for words in texts] if marked else texts


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


_Folded = tuple[list[Test], list[Test]]


def _folded(value: Any, modifiers: list[str]) -> _Folded:
    """Give the tests of a text, over all letters and over those of ASCII alone."""
    texts = _texts(value, modifiers)
    if "cased" in modifiers:
        same = [word_test(words, str) for words in texts]
        return same, same
    return [word_test(w, fold) for w in texts], [word_test(w, fold_ascii) for w in texts]


def _changed(text: str, cased: bool, ways: Ways) -> str:
    if cased:
        return text
    return fold_ascii(text) if Way.LETTERS in ways else fold(text)


def _text(name: str, tests: _Folded, cased: bool, record: Record, ways: Ways) -> bool:
    chosen = tests[Way.LETTERS in ways]
    for value in values_of(record.get(name, ways), ways):
        text = _changed(value, cased, ways)
        if any(test(text) for test in chosen):
            return True
    return False


def _matched(name: str, tests: Tests, record: Record, ways: Ways) -> bool:
    test = tests[Way.REGEXES in ways]
    return any(test(value) for value in values_of(record.get(name, ways), ways))


def _is_null(text: str | None, ways: Ways) -> bool:
    return text is None or (Way.EMPTY not in ways and text in {"", "[]"})


def _keyword(value: Any, modifiers: list[str]) -> Matches:
    if value is None or isinstance(value, Mapping | list):
        raise Unsupported("a keyword that is no text")
    if "re" in modifiers:
        both = read_regex(value, modifiers)
        return lambda record, ways: both[Way.REGEXES in ways](_searched(record, ways))
    cased = "cased" in modifiers
    tests = _folded(value, [*modifiers, "contains"])

    def found(record: Record, ways: Ways) -> bool:
        text = _changed(_searched(record, ways), cased, ways)
        return any(test(text) for test in tests[Way.LETTERS in ways])

    return found


def _searched(record: Record, ways: Ways) -> str:
    return record.values if Way.KEYWORDS in ways else record.text


def _other_field(name: str, other: str, modifiers: list[str]) -> Matches:
    def compared(left: str, right: str) -> bool:
        if "contains" in modifiers:
            return right in left
        if "startswith" in modifiers:
            return left.startswith(right)
        return left.endswith(right) if "endswith" in modifiers else left == right

    def found(record: Record, ways: Ways) -> bool:
        rights = [_changed(t, False, ways) for t in values_of(record.get(other, ways), ways)]
        lefts = [_changed(t, False, ways) for t in values_of(record.get(name, ways), ways)]
        return any(compared(left, right) for left in lefts for right in rights)

    return found
