r"""Patterns as data: how a condition is written in YAML, and how it is decided on an event.

A condition maps a field to what it may be. A plain word must equal the field, `~word` is a regular
expression found in it, `&0x10` demands a bit of a number, `>10` a greater number, `*` any text; a
list is satisfied by one item. `field+` demands all items. Several fields must all hold; a list of
conditions holds when one does. Under `unless` any field of a mapping exempts by itself; a list of
conditions exempts when one holds whole. A name with `$` stands for a list of the file's `lists`.
`sources` names the mappers whose records a pattern looks at, `!name` one that it does not; without
it, all.

Texts are hostile, so repetitions in expressions are bounded (`\s{1,9}`, `[^|]{0,80}`); "this and,
anywhere, that" is two items under `field+`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

import yaml

from models.patterns.sight import Sight, number
from schemas.finding import FindingKind

Test = Callable[[Sight], bool]


@dataclass(frozen=True, slots=True)
class Pattern:
    """Something worth telling an analyst, and how to know it when it is seen.

    `why` completes the sentence that the scope begins; `quote` names the fields to quote, in order.
    """

    name: str
    family: str
    scopes: frozenset[str]
    where: Test
    unless: Test | None
    why: str
    kind: FindingKind
    score: int
    techniques: tuple[str, ...]
    quote: tuple[str, ...]
    sources: tuple[str, ...] = ()

    def reads(self, mapper: str) -> bool:
        """Tell whether the pattern speaks of that mapper's records; `!name` leaves one out."""
        named = [one for one in self.sources if not one.startswith("!")]
        return f"!{mapper}" not in self.sources and (not named or mapper in named)

    def matches(self, sight: Sight) -> bool:
        """Tell whether an event of one of the pattern's scopes shows it."""
        return self.where(sight) and not (self.unless and self.unless(sight))


@lru_cache(maxsize=2048)
def patterns_of(scope: str, mapper: str) -> tuple[Pattern, ...]:
    """Give the patterns that look at a scope of a mapper's records, in file and name order."""
    return tuple(
        pattern for pattern in load_patterns() if scope in pattern.scopes and pattern.reads(mapper)
    )


@cache
def load_patterns() -> tuple[Pattern, ...]:
    """Load the pattern files beside this module.

    Raises:
        ValueError: a pattern can't be read; names file and pattern.
    """
    folder = files("models.patterns")
    found: list[Pattern] = []
    shared = _read(folder / "lists.yml")["lists"]
    for entry in sorted(folder.iterdir(), key=lambda item: item.name):
        if entry.name.endswith(".yml") and entry.name != "lists.yml":
            document = _read(entry)
            lists = shared | document.get("lists", {})
            for item in document["patterns"]:
                merged = document.get("defaults", {}) | item
                found.append(_pattern(entry.name.removesuffix(".yml"), merged, lists))
    return tuple(found)


def _read(resource: Any) -> dict[str, Any]:
    return yaml.safe_load(resource.read_text(encoding="utf-8"))


def _pattern(family: str, item: Mapping[str, Any], lists: Mapping[str, list[str]]) -> Pattern:
    try:
        return Pattern(
            name=str(item["id"]),
            family=family,
            scopes=frozenset(_many(item["scope"])),
            where=_condition(item["where"], lists),
            unless=_exemption(item["unless"], lists) if "unless" in item else None,
            why=str(item["why"]),
            kind=FindingKind(item["kind"]),
            score=int(item["score"]),
            techniques=tuple(_many(item.get("techniques", []))),
            quote=tuple(_many(item.get("quote", []))),
            sources=tuple(_many(item.get("sources", []))),
        )
    except (KeyError, ValueError, re.error) as error:
        raise ValueError(f"pattern '{item.get('id')}' in {family}.yml: {error!r}") from error


def _many(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else [str(value)]


def _condition(spec: Any, lists: Mapping[str, list[str]]) -> Test:
    if isinstance(spec, list):
        alternatives = tuple(_condition(item, lists) for item in spec)
        return lambda sight: any(test(sight) for test in alternatives)
    tests = tuple(_field_test(str(name), value, lists) for name, value in spec.items())
    if len(tests) == 1:
        return tests[0]
    return lambda sight: all(test(sight) for test in tests)


def _exemption(spec: Any, lists: Mapping[str, list[str]]) -> Test:
    """Read `unless`: of one mapping any field exempts; of a list, any whole condition."""
    if isinstance(spec, Mapping):
        return _condition([{name: value} for name, value in spec.items()], lists)
    return _condition(spec, lists)


def _field_test(name: str, value: object, lists: Mapping[str, list[str]]) -> Test:
    field = name.removesuffix("+")
    items = tuple(_expand(_many(value), lists))
    if name.endswith("+"):
        each = tuple(_text_test((item,)) for item in items)
        return lambda sight: all(test(sight.field(field)) for test in each)
    test = _text_test(items)
    return lambda sight: test(sight.field(field))


def _expand(items: Iterable[str], lists: Mapping[str, list[str]]) -> Iterable[str]:
    for item in items:
        if item.startswith("$"):
            yield from _expand([str(word) for word in lists[item[1:]]], lists)
        else:
            yield item


def _text_test(items: tuple[str, ...]) -> Callable[[str], bool]:
    words = frozenset(item.lower() for item in items if item[:1] not in {"~", "&", ">", "*"})
    regexes = [item[1:] for item in items if item.startswith("~")]
    found = re.compile("|".join(f"(?:{one})" for one in regexes)) if regexes else None
    bits = [int(item[1:], 0) for item in items if item.startswith("&")]
    least = [int(item[1:], 0) for item in items if item.startswith(">")]
    anything = "*" in items

    def test(text: str) -> bool:
        if text in words:
            return True
        if found is not None and found.search(text):
            return True
        if anything and text:
            return True
        if bits or least:
            value = number(text)
            if value is not None:
                return any(value & bit == bit for bit in bits) or any(value > low for low in least)
        return False

    return test
