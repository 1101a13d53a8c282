"""The third voice: a plain reading of Sigma rules in Python, straight from their YAML.

`Rule.matches` reads as the specification, and where that is silent as Sentree's pages say. Each
`Way` is one thing that another engine is known to do differently; read in that way, the rule shows
what that engine finds, which is how a difference is explained rather than excused.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum
from functools import partial
from typing import Any, cast

from bench.sigma_oracle.conditions import Holds, read_condition
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


class Way(Enum):
    """How an engine may read what Sentree reads otherwise."""

    LISTS = "a list is one text, not its values"
    EMPTY = "an empty text is not null"
    LETTERS = "case counts outside ASCII"
    NUMBERS = "numbers are equal as text only"
    ORDER = "numbers are in the order of texts"
    NETWORKS = "networks are patterns of text"
    KEYWORDS = "keywords are searched in values, not in the record"
    TIMES = "times are read by SQLite's strftime"
    NAMES = "field names that differ in case are one"
    REGEXES = "regexes are read by Python's re, not by RE2"
    BOOLEANS = "true and false are 1 and 0, too"


Ways = frozenset[Way]
SPECIFIED: Ways = frozenset()


@dataclass(slots=True)
class Record:
    """An event's fields as text, the text of the record, and that of its values alone."""

    fields: Mapping[str, str | None]
    text: str = ""
    values: str = ""
    _merged: dict[str, str | None] = field(default_factory=dict[str, "str | None"])

    def get(self, name: str, ways: Ways) -> str | None:
        """Give a field's text, None where it is absent."""
        if Way.NAMES not in ways:
            return self.fields.get(name)
        if not self._merged:
            for one in sorted(self.fields):
                self._merged.setdefault(one.lower(), None)
                if self._merged[one.lower()] is None:
                    self._merged[one.lower()] = self.fields[one]
        return self._merged.get(name.lower())


Matches = Callable[[Record, Ways], bool]


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
            return partial(_in_network, name, ipaddress.ip_network(str(value), strict=False))
        part = next((one for one in modifiers if one in _PARTS), None)
        sign = next((one for one in modifiers if one in _ORDER), None)
        if part or sign:
            number = value if isinstance(value, int | float) else float(str(value))
            if part:
                return partial(_time_part, name, part, sign or "eq", int(number))
            return partial(_ordered, name, str(sign), number)
        if isinstance(value, bool) and not _TEXTUAL.intersection(modifiers):
            return partial(_boolean, name, value)
        if isinstance(value, int | float) and not _TEXTUAL.intersection(modifiers):
            return partial(_number, name, value)
        if "re" in modifiers:
            return partial(_matched, name, _regex(value, modifiers))
        return partial(_text, name, _folded(value, modifiers), "cased" in modifiers)


_PARTS = ("minute", "hour", "day", "week", "month", "year")
_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "lt": lambda left, right: left < right,
    "lte": lambda left, right: left <= right,
    "gt": lambda left, right: left > right,
    "gte": lambda left, right: left >= right,
    "eq": lambda left, right: left == right,
}
_CODECS = {"wide": "utf-16le", "utf16le": "utf-16le", "utf16": "utf-16le", "utf16be": "utf-16be"}
_TEXTUAL = frozenset(
    {"contains", "startswith", "endswith", "re", "cased", "windash", "base64", "base64offset"}
    | _CODECS.keys()
)
_MODIFIERS = (
    _TEXTUAL
    | _ORDER.keys()
    | set(_PARTS)
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
_Tests = tuple[Test, Test]


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
    for value in _values(record.get(name, ways), ways):
        text = _changed(value, cased, ways)
        if any(test(text) for test in chosen):
            return True
    return False


def _values(text: str | None, ways: Ways) -> Iterator[str]:
    """Give a field's text and, of a list, each value."""
    if text is None:
        return
    yield text
    if text.startswith("[") and Way.LISTS not in ways:
        try:
            items = json.loads(text, parse_int=str, parse_float=str)
        except ValueError:
            return
        for item in cast(list[Any], items) if isinstance(items, list) else []:
            if item is not None:
                yield as_text(item)


def as_text(value: Any) -> str:
    """Write a JSON value as the text of a field."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _matched(name: str, tests: _Tests, record: Record, ways: Ways) -> bool:
    test = tests[Way.REGEXES in ways]
    return any(test(value) for value in _values(record.get(name, ways), ways))


def _is_null(text: str | None, ways: Ways) -> bool:
    return text is None or (Way.EMPTY not in ways and text in {"", "[]"})


def _regex(value: Any, modifiers: list[str]) -> _Tests:
    """Give the tests of a regex, as RE2 reads it and as Python does."""
    letters = "".join(sorted({"i", "m", "s"}.intersection(modifiers)))
    given = f"(?{letters}){value}" if letters else str(value)
    try:
        patterns = re.compile(_as_re2(given, "m" in letters)), re.compile(given)
    except re.error as error:
        raise Unsupported(f"regex: {error}") from None
    # Patterns are bound to names of their own: a closure in a loop would share the last one.
    first, second = (pattern.search for pattern in patterns)
    return (lambda text: first(text) is not None), (lambda text: second(text) is not None)


_RE2_CLASSES = {"d": "0-9", "w": "0-9A-Za-z_", "s": r"\t\n\f\r "}
_TOKEN = re.compile(r"\\.|\[\^?\]?|.", re.DOTALL)


def _as_re2(regex: str, lines: bool) -> str:
    """Write a regex so that Python reads it as RE2 does: ASCII classes, `$` at the very end."""
    written, inside = "", False
    for token in _TOKEN.findall(regex):
        kind = token[1:].lower() if token[0] == "\\" else ""
        if kind in _RE2_CLASSES and not (inside and token[1].isupper()):
            sign = "^" if token[1].isupper() else ""
            letters = _RE2_CLASSES[kind]
            token = letters if inside else f"[{sign}{letters}]"
        elif kind == "b" and not inside:
            token = f"(?a:{token})"
        elif token == "$" and not inside and not lines:
            token = r"\Z"
        elif token[0] == "[":
            inside, token = True, token if not inside else token.replace("[", r"\[", 1)
        elif token == "]":
            inside = False
        written += token
    return written


def _keyword(value: Any, modifiers: list[str]) -> Matches:
    if value is None or isinstance(value, Mapping | list):
        raise Unsupported("a keyword that is no text")
    if "re" in modifiers:
        both = _regex(value, modifiers)
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
        rights = [_changed(t, False, ways) for t in _values(record.get(other, ways), ways)]
        lefts = [_changed(t, False, ways) for t in _values(record.get(name, ways), ways)]
        return any(compared(left, right) for left in lefts for right in rights)

    return found


_DECIMAL = re.compile(r"\s*[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\s*", re.ASCII)
_HEXADECIMAL = re.compile(r"0[xX][0-9a-fA-F]{1,13}")
_EXACT = 2**53


def _number_of(text: str) -> float | None:
    if _HEXADECIMAL.fullmatch(text):
        return float(int(text, 16))
    return float(text) if _DECIMAL.fullmatch(text) else None


def _number(name: str, number: int | float, record: Record, ways: Ways) -> bool:
    as_number = Way.NUMBERS not in ways and abs(number) <= _EXACT
    return any(
        text == str(number) or (as_number and _number_of(text) == number)
        for text in _values(record.get(name, ways), ways)
    )


def _boolean(name: str, value: bool, record: Record, ways: Ways) -> bool:
    wanted = {"true" if value else "false"}
    if Way.BOOLEANS in ways:
        wanted.add("1" if value else "0")
    return any(fold(text) in wanted for text in _values(record.get(name, ways), ways))


def _ordered(name: str, sign: str, number: int | float, record: Record, ways: Ways) -> bool:
    for text in _values(record.get(name, ways), ways):
        if Way.ORDER in ways:
            if _ORDER[sign](fold_ascii(text), fold_ascii(str(number))):
                return True
            continue
        got = _number_of(text)
        if got is not None and _ORDER[sign](got, number):
            return True
    return False


_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def _in_network(name: str, network: _Network, record: Record, ways: Ways) -> bool:
    texts = _values(record.get(name, ways), ways)
    if Way.NETWORKS in ways:
        return any(_fits_pattern(text, network) for text in texts)
    return any(_is_in(text, network) for text in texts)


def _is_in(text: str, network: _Network) -> bool:
    try:
        address = ipaddress.ip_address(text.partition("%")[0] if ":" in text else text)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    if mapped is not None and isinstance(network, ipaddress.IPv4Network):
        return mapped in network
    return address.version == network.version and address in network


def _fits_pattern(text: str, network: _Network) -> bool:
    """Compare as with the patterns that pySigma writes: whole octets, or hexadecimal digits."""
    bits = 8 if network.version == 4 else 4
    whole = -(-network.prefixlen // bits)
    for subnet in network.subnets(new_prefix=whole * bits):
        for start in _starts(subnet.network_address, whole):
            if fold_ascii(text).startswith(start) and (whole * bits < 32 or text == start):
                return True
            if network.version == 6 and fold_ascii(text).startswith(start):
                return True
    return False


def _starts(address: ipaddress.IPv4Address | ipaddress.IPv6Address, whole: int) -> Iterator[str]:
    if address.version == 4:
        octets = str(address).split(".")
        yield "".join(f"{octet}." for octet in octets[:whole]) if whole < 4 else str(address)
        return
    groups, digits = address.exploded.split(":"), whole % 4
    head, rest = groups[: whole // 4], groups[whole // 4 :][:1]
    part = rest[0][:digits] if rest and digits else ""
    for short in (False, True):
        shown = [group.lstrip("0") or "0" if short else group for group in head]
        tail = part.lstrip("0") if short else part
        yield "".join(f"{group}:" for group in shown) + tail


def _time_of(text: str) -> datetime | None:
    text = text.strip()
    if re.fullmatch(r"\d{9,19}(\.\d+)?", text, re.ASCII):
        whole = text.partition(".")[0]
        digits = len(whole)
        if "." in text and digits > 11:
            return None
        for longest, per_second in ((11, 1), (14, 10**3), (17, 10**6), (18, 10**7), (19, 10**9)):
            if digits <= longest:
                since = datetime(1601 if longest == 18 else 1970, 1, 1, tzinfo=UTC)
                seconds, rest = divmod(int(whole), per_second)
                try:
                    return since + timedelta(
                        seconds=seconds, microseconds=rest * 10**6 // per_second
                    )
                except OverflowError:
                    return None
    try:
        found = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text))
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _time_part(name: str, part: str, sign: str, number: int, record: Record, ways: Ways) -> bool:
    for text in _values(record.get(name, ways), ways):
        got = _strftime(text, part) if Way.TIMES in ways else _part(_time_of(text), part)
        if got is not None and _ORDER[sign](got, number):
            return True
    return False


def _part(time: datetime | None, part: str) -> int | None:
    if time is None:
        return None
    return time.isocalendar().week if part == "week" else int(getattr(time, part))


_STRFTIME: dict[str, str] = dict(zip(_PARTS, ("%M", "%H", "%d", "%W", "%m", "%Y"), strict=True))


def _strftime(text: str, part: str) -> int | None:
    import sqlite3

    with sqlite3.connect(":memory:") as connection:
        sql = "SELECT CAST(strftime(?, ?) AS INTEGER)"
        return connection.execute(sql, (_STRFTIME[part], text)).fetchone()[0]
