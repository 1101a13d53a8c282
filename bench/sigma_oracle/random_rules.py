"""Random rules that use every modifier, wildcard and escape, for what public rules seldom use."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

FIELDS = ("Image", "CommandLine", "User", "ParentImage", "IntegrityLevel", "Payload", "payload")
PIECES = (
    *("a", "B", "é", "É", "ß", "日本", "%", "_", "50%", "run_me", "exe", "[x]", "'", '"', "."),
    *("-", "/", "?", "*", "\\", "\\\\", "\\*", "\\?"),
)
REGEXES = ("a+b", "^run", r"\d{2,3}$", r"\\x", "(?:foo|bar)[0-9]", "É", "it's", "a.b", r"\bkey\b")
SELECTIONS = ("one", "two", "two_more", "_four")
CONDITIONS = (
    "one",
    "one and not two",
    "not one and two",
    "1 of two*",
    "all of two*",
    "1 of them",
    "not (one or two) and two_more",
    "one or two and not two_more",
    "not 1 of two* or one",
    "_four and not all of them",
)


def write_random_rules(folder: Path, count: int, seed: int) -> Path:
    """Write so many rules, a file each; equal seeds give equal rules."""
    folder.mkdir(parents=True, exist_ok=True)
    chance = random.Random(seed)
    for number in range(count):
        rule = {
            "title": f"Random rule {number}",
            "id": f"00000000-0000-4000-8000-{number:012}",
            "logsource": {"category": "process_creation", "product": "windows"},
            "detection": {
                **{name: _selection(chance) for name in SELECTIONS},
                "condition": chance.choice(CONDITIONS),
            },
        }
        text = yaml.safe_dump(rule, allow_unicode=True, sort_keys=False)
        (folder / f"random_{number:05}.yml").write_text(text, "utf-8")
    return folder


def _selection(chance: random.Random) -> Any:
    kind = chance.random()
    if kind < 0.15:
        words = [_words(chance) or "word" for _ in range(chance.randint(1, 2))]
        return chance.choice([words, {"|all": words}, {"|re": chance.choice(REGEXES)}])
    items = [dict([next(_item(chance))]) for _ in range(chance.randint(1, 2))]
    if kind < 0.3:
        return items
    return {name: value for item in items for name, value in item.items()}


def _item(chance: random.Random) -> Iterator[tuple[str, Any]]:
    name, negated = chance.choice(FIELDS), chance.choice(["", "", "", "|neq"])
    match chance.randint(0, 10):
        case 0:
            yield f"{name}{negated}", chance.choice([None, "", True, False, "*", [None, "x"]])
        case 1:
            yield f"{name}{negated}", chance.choice([7, 443, 0, [22, 0x1BB], 1.5])
        case 2:
            number = chance.choice([5, 10, 443, 1.5])
            yield f"{name}|{chance.choice(['lt', 'lte', 'gt', 'gte'])}{negated}", number
        case 3:
            networks = ["10.0.0.0/8", "10.1.2.0/23", "10.0.0.1/32", "fe80::/10", "0.0.0.0/0"]
            yield f"{name}|cidr{negated}", chance.choice(networks)
        case 4:
            yield (
                f"{name}|{chance.choice(['re', 're|i', 're|m', 're|s|i'])}{negated}",
                chance.choice(REGEXES),
            )
        case 5:
            yield f"{name}|exists", chance.choice([True, False])
        case 6:
            shape = chance.choice(["", "|contains", "|startswith", "|endswith"])
            yield f"{name}|fieldref{shape}{negated}", chance.choice(FIELDS)
        case 7:
            codec = chance.choice(["", "|wide", "|utf16be", "|utf16"])
            shape = chance.choice(["|base64|contains", "|base64offset|contains"])
            yield (
                f"{name}{codec}{shape}{negated}",
                chance.choice(["whoami", "IEX (x)", "a", "http://e"]),
            )
        case 8:
            part = chance.choice(["hour", "day", "month", "year", "minute", "week"])
            value = {"year": 2026, "week": 10}.get(part, chance.randint(1, 12))
            yield f"{name}|{part}{chance.choice(['', '|gte', '|lt'])}{negated}", value
        case _:
            shape = chance.choice(["", "|contains", "|startswith", "|endswith", "|contains|all"])
            more = chance.choice(["", "", "|cased", "|windash"])
            values = [_words(chance) for _ in range(chance.randint(1, 3))]
            yield f"{name}{shape}{more}{negated}", values


def _words(chance: random.Random) -> str:
    joined = chance.choice(["", " "])
    return joined.join(chance.choices(PIECES, k=chance.randint(1, 4)))
