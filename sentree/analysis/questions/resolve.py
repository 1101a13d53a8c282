"""The words of a question that need the context: names it knows, and words misspelt."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import takewhile

from schemas.ports import ContextReader
from sentree.analysis.questions.entities import Entity, Token
from sentree.analysis.questions.lexicon import CORRECTABLE, LEVELS, NUMBERS, PHRASES, WORDS
from sentree.analysis.sql_texts import sql_text

MOST_NAMES = 64
# Typos are undone in words of at least this many letters; shorter ones are too alike.
SHORTEST = 4
_ENDINGS = ("", "s", "es", "ed", "ing", "er", "ers")
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_BESIDE = {
    letter: "".join(row[max(0, place - 1) : place + 2] for row in _ROWS[max(0, at - 1) : at + 2])
    for at, letters in enumerate(_ROWS)
    for place, letter in enumerate(letters)
}
"""The keys around each key."""

_BY_FORM: dict[str, tuple[str, ...]] = {
    "dotted": ("user", "host", "process", "file", "domain", "operation", "service", "task"),
    "account": ("user",),
    "file": ("process", "file", "task", "domain"),
    "number": ("event_id",),
}
_PREFERRED = (
    "host",
    "user",
    "process",
    "service",
    "task",
    "operation",
    "share",
    "file",
    "domain",
    "event_id",
)
_SAME = ({"process", "file"}, {"operation", "event_id"}, {"domain", "host"})
_KINDS_OF_CUE = {"host": "host", "user": "user", "domain": "domain"}

KNOWN_EVENT_IDS = frozenset(
    [
        "1100",
        "1102",
        "4103",
        "4104",
        "4616",
        "4624",
        "4625",
        "4634",
        "4647",
        "4648",
        "4656",
        "4657",
        "4658",
        "4660",
        "4662",
        "4663",
        "4670",
        "4672",
        "4673",
        "4674",
        "4688",
        "4689",
        "4697",
        "4698",
        "4699",
        "4700",
        "4701",
        "4702",
        "4703",
        "4704",
        "4719",
        "4720",
        "4722",
        "4723",
        "4724",
        "4725",
        "4726",
        "4728",
        "4729",
        "4732",
        "4733",
        "4738",
        "4740",
        "4741",
        "4742",
        "4756",
        "4767",
        "4768",
        "4769",
        "4770",
        "4771",
        "4776",
        "4778",
        "4779",
        "4781",
        "4798",
        "4799",
        "4946",
        "5136",
        "5140",
        "5142",
        "5145",
        "5156",
        "5157",
        "7034",
        "7036",
        "7040",
        "7045",
        "1116",
        "1117",
        "5001",
        "5007",
    ]
)


def resolve_names(context: ContextReader, tokens: Sequence[Token]) -> dict[str, tuple[str, ...]]:
    """Look up the unknown words of a question; gives the kinds of thing each is a name of."""
    wanted: set[str] = set()
    for token in tokens:
        if token.entity is None:
            if not is_word(token.text):
                wanted |= {token.text}
        elif token.entity.kind in (*_BY_FORM, "quoted"):
            wanted |= set(spellings(token.entity))
    if not wanted:
        return {}
    found: dict[str, list[str]] = defaultdict(list)
    names = sorted(wanted)[:MOST_NAMES]
    for row in context.query(sql_text("question_resolve"), {"words": names}):
        found[row["word"]].append(row["kind"])
    return {word: tuple(kinds) for word, kinds in found.items()}


def spellings(entity: Entity) -> tuple[str, ...]:
    """Give the lower-case names under which the context may know an entity."""
    low = entity.value.lower()
    if entity.kind != "account":
        return (low,)
    return (low, low.partition("@")[0] if "@" in low else low.rpartition("\\")[2])


def is_word(text: str) -> bool:
    """Tell whether a word belongs to the language of questions."""
    return text in WORDS or text in LEVELS or text in NUMBERS or text.isdigit()


def settle(entity: Entity, known: dict[str, tuple[str, ...]], cue: str) -> tuple[Entity, str]:
    """Give an entity its kind by the context and the word before it; and a note if it had others.

    What the context doesn't know keeps a kind by its form.
    """
    for name in spellings(entity):
        kinds = known.get(name, ())
        allowed = _BY_FORM.get(entity.kind, _PREFERRED)
        kinds = tuple(kind for kind in _PREFERRED if kind in kinds and kind in allowed)
        if not kinds:
            continue
        wanted = _KINDS_OF_CUE.get(cue, cue)
        kind = wanted if wanted in kinds else kinds[0]
        if entity.kind == "dotted" and not wanted:
            kind = next(each for each in allowed if each in kinds)
        others = [each for each in kinds if each != kind and {each, kind} not in _SAME]
        value = name.split(".")[0] if kind == "host" and not _is_ip(name) else name
        note = f"'{name}' read as a {kind}, though it also names a {others[0]}" if others else ""
        return Entity(kind, value, entity.role, entity.cue, entity.detail), note
    if entity.kind == "file" and re.search(r"\.(exe|scr|pif)$", entity.value):
        return Entity("process", entity.value, entity.role, entity.cue), ""
    fallback = {"dotted": "domain", "account": "user", "quoted": "text", "number": "number"}
    kind = fallback.get(entity.kind, entity.kind)
    if kind == "domain" and cue in ("user", "host"):
        kind = cue
    if kind == "number" and entity.value in KNOWN_EVENT_IDS:
        kind = "event_id"
    value = spellings(entity)[-1] if kind == "user" else entity.value
    if kind == "host":
        value = value.split(".")[0]
    return Entity(kind, value, entity.role, entity.cue, entity.detail), ""


def correct(word: str) -> str | None:
    """Give the word of the language of questions that a misspelt one is closest to."""
    if len(word) < SHORTEST or not word.isalpha():
        return None
    allowed = 1 if len(word) < 8 else 2
    close = [
        (distance, -len(choice), choice)
        for choice in _choices(word[0], len(word), allowed)
        if not _inflected(word, choice)
        and (distance := _distance(word, choice, allowed)) <= allowed
    ]
    return min(close)[2] if close else None


def _choices(first: str, length: int, allowed: int) -> Iterable[str]:
    return (
        word
        for word in CORRECTABLE
        if word[0] == first
        and len(word) >= SHORTEST
        and abs(len(word) - length) <= allowed
        and word.isalpha()
    )


def _inflected(word: str, choice: str) -> bool:
    """Tell a form of another word from a slip: `requested` is not `requests`, nor `rules` `roles`.

    A slip drops, doubles or swaps letters, or takes one beside the right one.
    """
    if len(word) == len(choice):
        wrong = [(a, b) for a, b in zip(word, choice, strict=True) if a != b]
        if len(wrong) == 1:
            [(a, b)] = wrong
            return b not in _BESIDE.get(a, "")
    pairs = zip(word, choice, strict=False)
    shared = len(list(takewhile(lambda pair: pair[0] == pair[1], pairs)))
    ends = (word[shared:], choice[shared:])
    return shared >= SHORTEST - 1 and all(end in _ENDINGS for end in ends)


def _distance(left: str, right: str, limit: int) -> int:
    """Count single-letter edits, a swap of neighbours being one, as far as the limit."""
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, start=1):
        after = [i]
        for j, b in enumerate(right, start=1):
            cost = min(row[j] + 1, after[j - 1] + 1, row[j - 1] + (a != b))
            if i > 1 and j > 1 and a == right[j - 2] and left[i - 2] == b:
                cost = min(cost, before[j - 2] + 1)
            after.append(cost)
        if min(after) > limit:
            return limit + 1
        before, row = row, after
    return row[-1]


def _is_ip(text: str) -> bool:
    return text.replace(".", "").isdigit() or ":" in text


def phrase_at(words: Sequence[str], longest: int) -> int:
    """Give how many of the words, from the first, make the longest known phrase; 0 for none."""
    for length in range(min(longest, len(words)), 0, -1):
        if " ".join(words[:length]) in PHRASES:
            return length
    return 0
