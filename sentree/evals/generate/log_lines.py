"""Writes log lines of made-up products, each of a known OCSF class, in many syntaxes.

A product has its own names for facts, its own style and its own syntax; it is drawn from a seed.
Part of the vocabulary is kept back for products that a classifier is tested on.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from random import Random
from typing import Any, NamedTuple
from zlib import crc32

import yaml

from sentree.evals.generate import log_values

KEPT_BACK = 4
"""One in so many names, kinds of event and sayings is kept back."""

SYNTAXES = (
    "json",
    "nested json",
    "key=value",
    "key=value in syslog",
    "json in syslog",
    "csv",
    "pipes",
    "cef",
    "leef",
    "xml",
    "text",
    "text in syslog",
    "key: value",
    "key=value, commas",
    "key=value|bars",
    "semicolons",
    "tabs",
    "xml in syslog",
    "logfmt",
    "csv in syslog",
)
STYLES = ("snake", "camel", "pascal", "kebab", "dotted", "flat", "upper")
TYPE_NAMES = (
    "event",
    "event type",
    "type",
    "action",
    "event name",
    "category",
    "message",
    "msg",
    "activity",
    "operation",
    "subtype",
    "name",
    "event action",
    "log type",
)
DISTRACTORS = (
    "tenant",
    "collector",
    "agent id",
    "log version",
    "schema",
    "sequence",
    "customer id",
    "tags",
    "site name",
    "tz",
    "facility",
    "thread",
    "vendor id",
    "raw size",
    "count",
    "cluster",
    "environment",
    "index",
    "host id",
    "input type",
    "offset",
    "labels",
)
DETAILED = {
    2004: (4001, 4002, 1007, 1001, 3002, 4003, 4009),
    2005: (2004,),
    2006: (4009, 4002, 1001, 6006),
}
"""What a finding of a class may tell of at length: the activity in which something was found."""
DETAILS = 6
DETAILED_SHARE = 0.55
PLACE = re.compile(r"(?<!\{)\{(\w+?)(2?)\}")


class Line(NamedTuple):
    """A line, the class it is of, and the product and syntax that wrote it."""

    text: str
    class_uid: int
    product: int
    syntax: str


@dataclass(frozen=True, slots=True)
class _Class:
    uid: int
    types: Sequence[str]
    facts: Sequence[tuple[str, int]]
    says: Sequence[str]


@lru_cache(maxsize=1)
def _vocabulary() -> tuple[dict[str, Any], tuple[_Class, ...]]:
    text = (
        files("sentree.evals.generate").joinpath("log_vocabulary.yml").read_text(encoding="utf-8")
    )
    data = yaml.safe_load(text)
    classes = tuple(
        _Class(uid, each["types"], tuple(each["facts"].items()), each["says"])
        for uid, each in data["classes"].items()
    )
    return data["facts"], classes


def known_classes() -> tuple[int, ...]:
    """Give the classes that lines are written of."""
    return tuple(each.uid for each in _vocabulary()[1])


def write_lines(
    products: range, per_class: int, *, kept_back: bool, syntaxes: Sequence[str] = SYNTAXES
) -> list[Line]:
    """Write lines of every class for each product.

    Args:
        products: numbers of products; a number is a seed.
        per_class: lines of one class and product.
        kept_back: use the part of the vocabulary that is kept back, wherever there is one,
            instead of all the rest.
        syntaxes: the syntaxes a product may write.
    """
    return [
        line
        for number in products
        for line in _Product(number, kept_back, syntaxes).lines(per_class)
    ]


class _Product:
    def __init__(self, number: int, kept_back: bool, syntaxes: Sequence[str]) -> None:
        self._number = number
        self._random = Random(number)
        self._kept_back = kept_back
        self._facts, self._classes = _vocabulary()
        self._syntax = self._random.choice(syntaxes)
        self._style = self._random.choice(STYLES)
        self._type_style = self._random.choice(("snake", "pascal", "spaced", "upper", "camel"))
        self._type_name = self._random.choice(TYPE_NAMES)
        self._names: dict[str, str] = {}
        # Some products write codes, from which nothing can be learned, or no kind of event.
        self._coded = self._random.random() < 0.25
        self._wraps = self._random.choice(("", "", "data", "event", "payload", "details", "fields"))
        self._extra = self._random.sample(DISTRACTORS, self._random.randint(0, 6))

    def lines(self, per_class: int) -> list[Line]:
        found: list[Line] = []
        for one in self._classes:
            kinds = self._random.sample(self._usable(one.types), 1) + [
                self._random.choice(self._usable(one.types)) for _ in range(2)
            ]
            kept = [
                fact for fact, weight in one.facts if self._random.random() < (weight + 1) / 11
            ] or [one.facts[0][0]]
            # Findings are told in more ways than anything else.
            for _ in range(per_class * (2 if one.uid in DETAILED else 1)):
                found.append(self._line(one, self._random.choice(kinds), kept))
        return found

    def _usable(self, choices: Sequence[str]) -> list[str]:
        usable = [
            each for each in choices if (crc32(each.encode()) % KEPT_BACK == 0) == self._kept_back
        ]
        return usable or list(choices)

    def _line(self, one: _Class, kind: str, facts: Sequence[str]) -> Line:
        draw = self._random
        says = self._said(draw.choice(self._usable(one.says)))
        if self._syntax.startswith("text"):
            return self._made(one, self._prefixed(says))
        if self._syntax == "logfmt":
            return self._made(one, self._logfmt(says, facts))
        pairs: list[tuple[str, str]] = [(self._name("time"), self._value("time"))]
        for fact in ("host", "id", "vendor", "severity"):
            if crc32(f"{self._number}{fact}".encode()) % 2:
                pairs.append((self._name(fact), self._value(fact)))
        shown = (
            str(1000 + crc32(kind.encode()) % 9000)
            if self._coded
            else _styled(kind, self._type_style)
        )
        pairs.append((_styled(self._type_name, self._style), shown))
        pairs += [(_styled(each, self._style), self._value("word")) for each in self._extra]
        own = [(self._name(fact), self._value(fact)) for fact in facts if draw.random() < 0.92]
        if one.uid in DETAILED and draw.random() < DETAILED_SHARE:
            own += self._details(draw.choice(DETAILED[one.uid]))
        if self._number % 3 == 0:
            own.append((_styled(draw.choice(("message", "msg", "description")), self._style), says))
        if self._number % 5 == 0:
            draw.shuffle(own)
        return self._made(one, self._rendered(one, kind, pairs, own))

    def _logfmt(self, says: str, facts: Sequence[str]) -> str:
        """Give a program's log line of pairs, whose text says what happened."""
        draw = self._random
        few = draw.sample(facts, min(len(facts), draw.randint(0, 3)))
        pairs = [
            (draw.choice(("time", "ts", "t")), self._value("time")),
            ("level", draw.choice(("info", "info", "warn", "error", "debug"))),
            ("msg", says.replace('"', '\\"')),
            *((self._name(fact), self._value(fact)) for fact in few),
            (draw.choice(("component", "logger", "caller", "module")), self._value("word")),
        ]
        return " ".join(f"{key}={_kv(value)}" for key, value in pairs)

    def _details(self, uid: int) -> list[tuple[str, str]]:
        """Give facts of the activity that a finding is about."""
        found = next(each for each in self._classes if each.uid == uid)
        told = found.facts[: DETAILS + 2]
        picked = self._random.sample(told, min(DETAILS, len(told)))
        return [(self._name(fact), self._value(fact)) for fact, _ in picked]

    def _made(self, one: _Class, text: str) -> Line:
        return Line(text, one.uid, self._number, self._syntax)

    def _name(self, fact: str) -> str:
        if fact not in self._names:
            name = self._random.choice(self._usable(self._facts[fact]["names"]))
            self._names[fact] = _styled(name, self._style)
        return self._names[fact]

    def _value(self, fact: str) -> str:
        kind = self._facts[fact]["kind"] if fact in self._facts else fact
        return log_values.value(kind, self._random)

    def _said(self, template: str) -> str:
        def drawn(match: re.Match[str]) -> str:
            return log_values.value(match[1], self._random)

        return PLACE.sub(drawn, template).replace("{{", "{").replace("}}", "}")

    def _prefixed(self, text: str) -> str:
        if self._syntax == "text":
            return f"{self._value('time')} {text}" if self._number % 2 else text
        draw, host = self._random, self._value("host")
        program = log_values.value("word", Random(self._number))
        mark, pid = f"<{draw.randint(8, 190)}>", draw.randint(100, 9999)
        if self._number % 2:
            return f"{mark}1 {self._value('time')} {host} {program} {pid} - - {text}"
        return f"{mark}Jan  5 10:{draw.randint(10, 59)}:07 {host} {program}[{pid}]: {text}"

    def _rendered(
        self, one: _Class, kind: str, head: list[tuple[str, str]], own: list[tuple[str, str]]
    ) -> str:
        draw, pairs = self._random, [*head, *own]
        match self._syntax:
            case "json" | "json in syslog":
                text = json.dumps(dict(pairs))
            case "nested json":
                inner: dict[str, Any] = {}
                for key, value in own:
                    first, _, rest = key.replace("_", ".").replace("-", ".").partition(".")
                    if rest and not isinstance(inner.get(first, {}), str):
                        inner.setdefault(first, {})[rest] = value
                    else:
                        inner[key] = value
                text = json.dumps({**dict(head), (self._wraps or "attributes"): inner})
            case "csv" | "csv in syslog":
                text = ",".join(_quoted(value) for _, value in pairs)
            case "pipes":
                return "|".join(value.replace("|", "/") for _, value in pairs)
            case "semicolons":
                return ";".join(value.replace(";", ",") for _, value in pairs)
            case "tabs":
                return "\t".join(value for _, value in pairs)
            case "key=value, commas":
                text = ",".join(f'{key}="{value}"' for key, value in pairs)
                return self._prefixed(text) if self._number % 2 else text
            case "key=value|bars":
                return "|".join(f"{key}={value.replace('|', '/')}" for key, value in pairs)
            case "xml" | "xml in syslog":
                named = [(key.replace("@", ""), value) for key, value in pairs]
                inside = "".join(f"<{key}>{value}</{key}>" for key, value in named)
                text = f"<record>{inside}</record>"
            case "key: value":
                return ", ".join(f"{key}: {value}" for key, value in pairs)
            case "cef" | "leef":
                shown = "event" if self._coded else kind
                maker = f"{self._value('product')}|{self._value('product')}"
                fields = [f"{key}={value}" for key, value in own]
                if self._syntax == "leef":
                    shown, joined = _styled(shown, "snake"), "\t".join(fields)
                    return f"LEEF:2.0|{maker}|2|{shown}|^|{joined}"
                code, level = draw.randint(100, 9999), draw.randint(1, 9)
                return f"CEF:0|{maker}|1.0|{code}|{shown}|{level}|{' '.join(fields)}"
            case _:
                text = " ".join(f"{key}={_kv(value)}" for key, value in pairs)
        return self._prefixed(text) if self._syntax.endswith("syslog") else text


def _kv(value: str) -> str:
    return f'"{value}"' if " " in value else value


def _quoted(value: str) -> str:
    return f'"{value}"' if "," in value or " " in value else value


def _styled(name: str, style: str) -> str:
    if not name[0].isalpha():
        return name
    words = name.split()
    joined: dict[str, Callable[[], str]] = {
        "snake": lambda: "_".join(words),
        "kebab": lambda: "-".join(words),
        "dotted": lambda: ".".join(words),
        "flat": lambda: "".join(words),
        "spaced": lambda: " ".join(words),
        "upper": lambda: "_".join(words).upper(),
        "pascal": lambda: "".join(word.capitalize() for word in words),
        "camel": lambda: words[0] + "".join(word.capitalize() for word in words[1:]),
    }
    return joined[style]()
