"""Parses STIX patterns by the grammar of STIX 2.1 §9, which takes those of STIX 2.0 as well.

Our own parser: the reference one is made by a generator and takes milliseconds a pattern, and
feeds have a hundred thousand.
"""

from __future__ import annotations

import base64
import binascii
import re
from datetime import UTC, datetime
from typing import Literal, NamedTuple, cast

from sentree.intel.pattern import (
    ANY_INDEX,
    Both,
    Comparison,
    Constant,
    Either,
    Expression,
    Joined,
    ObjectPath,
    Observation,
    Observed,
    Operator,
    Repeats,
    StartStop,
    Step,
    Within,
)

MAX_PATTERN = 100_000
MAX_NESTING = 100
MAX_REPEATS = 100_000
MAX_DIGITS = 400

_TOKEN = re.compile(
    r"""(?P<blank>[\s\u0085\u00a0\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+|/\*.*?\*/|//[^\n]*)
    |(?P<time>t'[^']*')
    |(?P<hex>h'[^']*')
    |(?P<binary>b'[^']*')
    |(?P<text>'(?:[^'\\]|\\['\\])*')
    |(?P<number>[+-]?(?:\d*\.\d+|\d+)(?![\w-]))
    |(?P<word>[A-Za-z_][A-Za-z0-9_-]*|\d+[A-Za-z_-][A-Za-z0-9_-]*)
    |(?P<sign><=|>=|!=|<>|==|[=<>()\[\],:.*])""",
    re.VERBOSE | re.DOTALL,
)
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")
_WORDS = frozenset(
    (
        *("AND", "OR", "NOT", "FOLLOWEDBY", "LIKE", "MATCHES", "ISSUPERSET", "ISSUBSET", "EXISTS"),
        *("LAST", "IN", "START", "STOP", "SECONDS", "true", "false", "WITHIN", "REPEATS", "TIMES"),
    )
)
_SIGNS: dict[str, Operator] = {
    "=": "=",
    "==": "=",
    "!=": "!=",
    "<>": "!=",
    "<": "<",
    ">": ">",
    "<=": "<=",
    ">=": ">=",
}


class PatternError(ValueError):
    """A pattern can't be read; says where and why."""


class _Token(NamedTuple):
    kind: str
    text: str
    at: int


def parse_pattern(text: str) -> Observed:
    """Parse one pattern.

    Raises:
        PatternError: it is none of this grammar.
    """
    if len(text) > MAX_PATTERN:
        raise PatternError(f"is longer than {MAX_PATTERN:,} characters")
    parser = _Parser(_tokens(text))
    found = parser.observed(0)
    parser.end()
    return found


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise PatternError(
                f"character {at + 1}: {text[at : at + 20]!r} is no part of a pattern"
            )
        kind = str(match.lastgroup)
        if kind != "blank":
            found.append(_Token(kind, match.group(), at))
        at = match.end()
    found.append(_Token("end", "", len(text)))
    return found


class _Parser:
    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0

    # observations

    def observed(self, depth: int) -> Observed:
        """FOLLOWEDBY binds least, then OR, then AND."""
        self._deep(depth)
        return self._joined("FOLLOWEDBY", depth)

    def _joined(self, operator: Literal["AND", "OR", "FOLLOWEDBY"], depth: int) -> Observed:
        parts = [self._operand(operator, depth)]
        while self._takes(operator):
            parts.append(self._operand(operator, depth))
        return parts[0] if len(parts) == 1 else Joined(operator, tuple(parts))

    def _operand(self, operator: str, depth: int) -> Observed:
        if operator == "FOLLOWEDBY":
            return self._joined("OR", depth)
        return self._joined("AND", depth) if operator == "OR" else self._observation(depth)

    def _observation(self, depth: int) -> Observed:
        found: Observed
        if self._takes("["):
            found = Observation(self._either(depth + 1))
            self._needs("]")
        elif self._takes("("):
            found = self.observed(depth + 1)
            self._needs(")")
        else:
            raise self._wrong("'[' or '('")
        while True:
            if self._takes("WITHIN"):
                seconds = float(self._number())
                self._needs("SECONDS")
                if seconds <= 0:
                    raise PatternError("WITHIN needs more than 0 seconds")
                found = Within(found, seconds)
            elif self._takes("REPEATS"):
                times = self._number()
                self._needs("TIMES")
                if not isinstance(times, int) or not 1 <= times <= MAX_REPEATS:
                    raise PatternError(f"REPEATS needs a whole number from 1 to {MAX_REPEATS:,}")
                found = Repeats(found, times)
            elif self._takes("START"):
                start = self._time()
                self._needs("STOP")
                stop = self._time()
                if stop <= start:
                    raise PatternError("STOP is not after START")
                found = StartStop(found, start, stop)
            else:
                return found

    # comparisons

    def _either(self, depth: int) -> Expression:
        self._deep(depth)
        parts = [self._both(depth)]
        while self._takes("OR"):
            parts.append(self._both(depth))
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def _both(self, depth: int) -> Expression:
        parts = [self._test(depth)]
        while self._takes("AND"):
            parts.append(self._test(depth))
        return parts[0] if len(parts) == 1 else Both(tuple(parts))

    def _test(self, depth: int) -> Expression:
        if self._takes("("):
            found = self._either(depth + 1)
            self._needs(")")
            return found
        denied = self._takes("NOT")
        if self._takes("EXISTS"):
            return Comparison(self._path(), "EXISTS", (), denied)
        if denied:
            raise self._wrong("EXISTS")
        path = self._path()
        negated = self._takes("NOT")
        token = self._next()
        if token.kind == "sign" and token.text in _SIGNS:
            operator = _SIGNS[token.text]
            value = self._constant()
            if operator not in ("=", "!=") and isinstance(value, bool):
                raise PatternError(f"true and false have no order: {path} {token.text} {value}")
            return Comparison(path, operator, (value,), negated)
        word = token.text if token.kind == "word" else ""
        if word == "IN":
            return Comparison(path, "IN", self._set(), negated)
        if word in ("LIKE", "MATCHES", "ISSUBSET", "ISSUPERSET"):
            value = self._constant()
            if not isinstance(value, str):
                raise PatternError(f"{word} needs a text")
            return Comparison(path, cast(Operator, word), (value,), negated)
        self._at -= 1
        raise self._wrong("a comparison operator")

    def _set(self) -> tuple[Constant, ...]:
        self._needs("(")
        values: list[Constant] = []
        if not self._takes(")"):
            values.append(self._constant())
            while self._takes(","):
                values.append(self._constant())
            self._needs(")")
        return tuple(values)

    def _path(self) -> ObjectPath:
        token = self._next()
        if token.kind != "word" or token.text in _WORDS:
            self._at -= 1
            raise self._wrong("an object type")
        self._needs(":")
        steps: list[Step] = [self._step()]
        while True:
            if self._takes("."):
                steps.append(self._step())
            elif self._takes("["):
                if self._takes("*"):
                    steps.append(ANY_INDEX)
                else:
                    index = self._number()
                    if not isinstance(index, int) or index < 0:
                        raise PatternError("a list index is a whole number")
                    steps.append(index)
                self._needs("]")
            else:
                return ObjectPath(token.text, tuple(steps))

    def _step(self) -> str:
        token = self._next()
        if token.kind == "text":
            return _unquoted(token.text)
        if token.kind == "word" and token.text not in _WORDS:
            return token.text
        self._at -= 1
        raise self._wrong("a property name")

    def _constant(self) -> Constant:
        token = self._next()
        if token.kind == "text":
            return _unquoted(token.text)
        if token.kind == "number":
            return _amount(token.text)
        if token.kind == "word" and token.text in ("true", "false"):
            return token.text == "true"
        if token.kind == "time":
            return _instant(token.text[2:-1])
        try:
            if token.kind == "hex":
                return bytes.fromhex(token.text[2:-1])
            if token.kind == "binary":
                return base64.b64decode(token.text[2:-1], validate=True)
        except (ValueError, binascii.Error):
            raise PatternError(f"{token.text[:40]} is no binary value") from None
        self._at -= 1
        raise self._wrong("a value")

    def _time(self) -> datetime:
        # STIX 2.0 writes the time as a plain text.
        token = self._next()
        if token.kind == "time":
            return _instant(token.text[2:-1])
        if token.kind == "text":
            return _instant(token.text[1:-1])
        self._at -= 1
        raise self._wrong("a time, t'…'")

    def _number(self) -> int | float:
        token = self._next()
        if token.kind != "number":
            self._at -= 1
            raise self._wrong("a number")
        return _amount(token.text)

    # tokens

    def end(self) -> None:
        """Require that nothing is left."""
        if self._tokens[self._at].kind != "end":
            raise self._wrong("the end")

    def _next(self) -> _Token:
        token = self._tokens[self._at]
        self._at += 1
        return token

    def _takes(self, text: str) -> bool:
        token = self._tokens[self._at]
        if token.kind in ("sign", "word") and token.text == text:
            self._at += 1
            return True
        return False

    def _needs(self, text: str) -> None:
        if not self._takes(text):
            raise self._wrong(f"'{text}'")

    def _wrong(self, wanted: str) -> PatternError:
        token = self._tokens[self._at]
        shown = "the end" if token.kind == "end" else repr(token.text[:40])
        return PatternError(f"character {token.at + 1}: {wanted} is needed where {shown} stands")

    def _deep(self, depth: int) -> None:
        if depth > MAX_NESTING:
            raise PatternError("is nested too deeply")


def _amount(text: str) -> int | float:
    if len(text) > MAX_DIGITS:
        raise PatternError(f"a number has more than {MAX_DIGITS} digits")
    return float(text) if "." in text else int(text)


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.DOTALL)


def _instant(text: str) -> datetime:
    if not _TIME.fullmatch(text):
        raise PatternError(f"{text[:40]!r} is no time")
    head, dot, digits = text.removesuffix("Z").partition(".")
    try:
        return datetime.fromisoformat(head + dot + digits[:6]).replace(tzinfo=UTC)
    except ValueError:
        raise PatternError(f"{text[:40]!r} is no time") from None
