"""Events made from the rules' own words, and near misses of them, in each log source's shape."""

from __future__ import annotations

import ipaddress
import json
import random
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sentree.rules.ir import (
    Absent,
    And,
    Atom,
    Exists,
    Network,
    Node,
    Not,
    Number,
    Or,
    Pattern,
    SameAs,
    Text,
    TimePart,
)
from sentree.rules.load import Rule
from sentree.rules.taxonomy import Condition, Source, Taxonomy

Fields = dict[str, Any]
WAYS_THROUGH = 3
_SYSTEM_TYPES = {"windows": 100, "linux": 200, "macos": 300}
_SENTENCE = "Sentence"
_COLLECTORS = ("evtx", "evtx", "evtx", "flat", "winlogbeat", "userdata", "spaced")
_SHAPES = frozenset(
    {"windows", "ocsf", "base", "zeek", "cloudtrail", "azure", "entra", "gcp", "okta", "m365"}
    | {"github", "kubernetes", "google_workspace", "duo"}
)


def made_records(rules: Iterable[Rule], taxonomy: Taxonomy, seed: int) -> dict[str, list[str]]:
    """Make records for every rule that can be run, by the format that they are loaded as."""
    chance, found = random.Random(seed), defaultdict[str, dict[str, None]](dict)
    for rule in rules:
        source = taxonomy.source(rule.logsource)
        if rule.condition is None or source is None:
            continue
        for way in range(WAYS_THROUGH):
            pick = random.Random(chance.random()) if way else None
            for fields in variants(rule.condition, chance, pick):
                for place in _places(source, chance):
                    shaped = _shaped(source, place, dict(fields), chance)
                    if shaped is not None:
                        found[shaped[0]][shaped[1]] = None
    return {name: list(lines) for name, lines in sorted(found.items())}


def variants(node: Node, chance: random.Random, pick: random.Random | None) -> Iterator[Fields]:
    """Give field values that should match, and such as differ in one respect."""
    fields = _filled(_wanted(node, pick, True), chance)
    if not fields:
        return
    yield fields
    yield _filled(_wanted(node, pick, False), chance)
    yield {name: str(value).swapcase() for name, value in fields.items()}
    yield {name: _rotated(str(value)) for name, value in fields.items()}
    plain = {name: re.sub(r"[_%]", "x", str(value)) for name, value in fields.items()}
    if plain != fields:
        yield plain
    for name in chance.sample(sorted(fields), min(3, len(fields))):
        yield {one: value for one, value in fields.items() if one != name}
        value = str(fields[name])
        changed = ["", None, [value, "other"], ["other", value.upper()], f" {value}", value + "\n"]
        if re.fullmatch(r"[0-9]{1,9}", value):
            changed += [hex(int(value)), f"0{value}", f"{value}.0", int(value), f"{value}1"]
        yield {**fields, name: chance.choice(changed)}
        if name.lower() != name:
            yield {name.lower() if one == name else one: fields[one] for one in fields}


def _wanted(node: Node, pick: random.Random | None, kept: bool) -> list[Atom]:
    """Give the atoms of one way through a condition; without `kept` also those of its filters."""
    match node:
        case And(items):
            return [atom for item in items for atom in _wanted(item, pick, kept)]
        case Or(items):
            return _wanted(pick.choice(items) if pick else items[0], pick, kept)
        case Not(item):
            return [] if kept else _wanted(item, pick, True)
        case _:
            return [node]


def _filled(atoms: Iterable[Atom], chance: random.Random) -> Fields:
    fields: dict[str, list[str]] = {}

    def put(name: str | None, start: str = "", middle: str = "", end: str = "") -> None:
        parts = fields.setdefault(name or _SENTENCE, ["", "", ""])
        parts[0] = max(parts[0], start, key=len)
        parts[1] += middle
        parts[2] = max(parts[2], end, key=len)

    for atom in atoms:
        match atom:
            case Text(None, _, value, _):
                put(None, middle=_example(value) if atom.op == "like" else f" {value} ")
            case Text(name, "equals" | "startswith", value, _):
                put(name, start=value)
            case Text(name, "endswith", value, _):
                put(name, end=value)
            case Text(name, op, value, _):
                put(name, middle=_example(value) if op == "like" else value)
            case Pattern(name, regex):
                put(name, middle=_of_regex(regex, chance))
            case Number(name, op, value):
                put(name, start=str(value + {"<": -1, ">": 1}.get(op, 0)))
            case Network(name, first, _):
                put(name, start=_address(first))
            case Exists(name):
                put(name, start="x")
            case SameAs(name, other, _):
                put(name, start="same")
                put(other, start="same")
            case TimePart(name, part, value, _):
                put(name, start=_time(part, value))
            case Absent():
                pass
    return {name: "".join(parts) for name, parts in fields.items()}


def _example(pattern: str) -> str:
    """Give a text that an SQL pattern with the escape character backslash matches."""
    shown = {"%": "", "_": "q"}
    return re.sub(r"\\(.)|([%_])", lambda m: m[1] or shown[m[2]], pattern)


def _address(key: str) -> str:
    family, _, digits = key.partition(":")
    number = int(digits, 16)
    return str(ipaddress.IPv4Address(number) if family == "4" else ipaddress.IPv6Address(number))


def _time(part: str, value: int) -> str:
    parts = {"year": 2026, "month": 11, "day": 2, "hour": 3, "minute": 4} | {part: value}
    return "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:05".format(**parts)


def _rotated(text: str) -> str:
    return "".join(
        chr((ord(c) - 97 + 13) % 26 + 97)
        if "a" <= c <= "z"
        else chr((ord(c) - 65 + 13) % 26 + 65)
        if "A" <= c <= "Z"
        else c
        for c in text
    )


def _of_regex(regex: str, chance: random.Random) -> str:
    """Give a text that a regex may match; none where it has parts that are not known here."""
    import re._parser as parser  # pyright: ignore[reportMissingImports]

    try:
        tree: Any = parser.parse(regex)
    except (re.error, RecursionError):
        return ""
    return "".join(_pieces(tree, chance))


def _pieces(tree: Any, chance: random.Random) -> Iterator[str]:
    classes = {"DIGIT": "7", "SPACE": " ", "WORD": "w", "NOT_SPACE": "n", "NOT_WORD": "-"}
    for op, argument in tree:
        match str(op):
            case "LITERAL":
                yield chr(argument)
            case "ANY":
                yield chance.choice("a1-")
            case "NOT_LITERAL":
                yield "~" if chr(argument) != "~" else "a"
            case "CATEGORY":
                yield classes.get(str(argument).removeprefix("CATEGORY_"), "n")
            case "IN":
                if str(argument[0][0]) == "NEGATE":
                    yield "~"
                else:
                    yield from _pieces([chance.choice(argument)], chance)
            case "RANGE":
                yield chr(chance.randint(*argument))
            case "SUBPATTERN":
                yield from _pieces(argument[3], chance)
            case "BRANCH":
                yield from _pieces(chance.choice(argument[1]), chance)
            case "MAX_REPEAT" | "MIN_REPEAT":
                least, most, inner = argument
                for _ in range(chance.randint(least, min(most, least + 2))):
                    yield from _pieces(inner, chance)
            case _:
                pass


def _places(source: Source, chance: random.Random) -> list[Condition]:
    """Choose where in a log source an event is put: by its first condition, or any other."""
    places = [one for one in source.any if _format(source, one)]
    others = [chance.choice(places[1:])] if len(places) > 1 and chance.random() < 0.4 else []
    return places[:1] + others


def _format(source: Source, place: Condition) -> str | None:
    """Say what a record of that place is loaded as, None where its shape is not known here."""
    if place.mapper:
        return next((name for name in place.mapper if name in _SHAPES), None)
    if place.channel:
        return "windows"
    return "ocsf" if place.class_uid else "base"


def _shaped(
    source: Source, place: Condition, fields: Fields, chance: random.Random
) -> tuple[str, str] | None:
    """Write a record that belongs to a log source, and say what to load it as."""
    name = _format(source, place)
    assert name is not None
    if name == "windows":
        record = _windows(place, fields, chance)
    elif name == "ocsf":
        record = _ocsf(place, fields)
    elif place.text:
        return name, _line({one: "x" for one in place.has} | fields)
    else:
        record = {one: "x" for one in place.has} | _nested(fields)
        if place.category:
            record["category"] = place.category[0]
        if name == "zeek":
            record["_path"] = record.get("_path", place.channel[0] if place.channel else "conn")
    return (name, json.dumps(record)) if record is not None else None


def _windows(place: Condition, fields: Fields, chance: random.Random) -> Fields | None:
    """Write a record as one of the collectors of Windows events does."""
    event_id = fields.pop("EventID", next(iter(place.event_id), "1"))
    channel = fields.pop("Channel", next(iter(place.channel), "Application"))
    provider = fields.pop("Provider_Name", "some provider")
    if not re.fullmatch(r"\d{1,5}", str(event_id)):
        return None
    number, shape = int(event_id), chance.choice(_COLLECTORS)
    when = "2026-03-01T08:00:00.000000Z"
    if shape == "flat":
        header = {"EventID": number, "Channel": channel, "SourceName": provider}
        return header | {"EventTime": when, "Hostname": "made.example"} | fields
    if shape == "winlogbeat":
        header = {"event_id": str(number), "channel": channel, "provider_name": provider}
        winlog = header | {"computer_name": "made.example", "event_data": fields}
        return {"@timestamp": when, "winlog": winlog}
    system = {
        "Provider": {"#attributes": {"Name": provider}},
        "EventID": chance.choice([number, {"#attributes": {"Qualifiers": 0}, "#text": number}]),
        "TimeCreated": {"#attributes": {"SystemTime": when}},
        "Channel": channel,
        "Computer": "made.example",
    }
    if shape == "spaced":
        fields = {
            re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name): value for name, value in fields.items()
        }
    data = {"UserData": {"Thing": fields}} if shape == "userdata" else {"EventData": fields}
    return {"Event": {"System": system, **data}}


def _ocsf(place: Condition, fields: Fields) -> Fields:
    class_uid = place.class_uid[0] if place.class_uid else 0
    activity = place.activity_id[0] if place.activity_id else 1
    return {
        "class_uid": class_uid,
        "category_uid": class_uid // 1000,
        "activity_id": activity,
        "type_uid": class_uid * 100 + activity,
        "severity_id": 1,
        "time": 1772352000000,
        "metadata": {"version": "1.8.0", "product": {"name": "made", "vendor_name": "made"}},
        "device": {"os": {"type_id": _SYSTEM_TYPES.get(place.os or "", 0)}, "hostname": "made"},
        "unmapped": _nested(fields),
    }


def _nested(fields: Mapping[str, Any]) -> Fields:
    """Put fields with points in their names inside one another, where that can be."""
    found: Fields = {}
    for name, value in fields.items():
        *above, last = name.split(".")
        inside: Any = found
        for step in above:
            inside = inside.setdefault(step, {}) if isinstance(inside, dict) else None
        if isinstance(inside, dict) and last:
            inside[last] = value
        else:
            found[name] = value
    return found


def _line(fields: Mapping[str, Any]) -> str:
    """Write a line of text: what is searched for, then pairs, as devices and auditd do."""
    pairs = {name: value for name, value in fields.items() if name != _SENTENCE}
    texts = {name: " ".join(str(value).replace('"', "'").split()) for name, value in pairs.items()}
    written = [f'{name}="{text}"' for name, text in texts.items()]
    if written:
        written += [f"pad{number}=x" for number in range(4)]
    sentence = " ".join(str(fields.get(_SENTENCE, "")).split())
    return " ".join(["made.example", sentence, *written]).strip()
