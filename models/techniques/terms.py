"""Cuts a text on attack behaviour into terms: words, their stems, parts of names, word pairs."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise

_WORD = re.compile(r"[A-Za-z]+[0-9]*|[0-9]+")
_CAMEL = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_CITATION = re.compile(r"\(Citation: [^)]*\)|</?code>|`")
_LINK = re.compile(r"\[([^\[\]]*)\]\([^()\s]*\)")
_ENDINGS = ("ations", "ation", "ings", "ing", "ies", "ied", "ers", "ed", "es", "s", "e")
_STOP_WORDS = (
    "a an and any are as at be been being but by can could do does each for from had has have how "
    "if in into is it its may might more most no not of on one or other some such than that the "
    "their them then there these they this those through to too up use used uses using via was "
    "were when where which while who will with within without would you your also "
    "adversary adversaries attacker attackers detect detects detected detection example potential "
    "possible suspicious rule activity"
)
_STOP = frozenset(_STOP_WORDS.split())
MAX_TERMS = 2_000


def terms(text: str) -> list[str]:
    """List the terms of a text in order, pairs of neighbouring words after the words."""
    words: list[str] = []
    extra: list[str] = []
    for match in _WORD.finditer(plain(text)):
        word = match.group()
        low = word.lower()
        if low in _STOP or (len(low) == 1 and not low.isdigit()):
            continue
        if low.isdigit():
            words.append(low if 2 < len(low) < 6 else "0")
            continue
        words.append(stem(low))
        parts = _CAMEL.findall(word)
        if len(parts) > 1:
            extra += [stem(part.lower()) for part in parts if len(part) > 2]
        if len(words) >= MAX_TERMS:
            break
    return words + extra + [f"{left} {right}" for left, right in pairwise(words)]


def spelled(term: str, text: str) -> str:
    """Write a term as the text does, where it is a stem of the text's word."""
    words = {stem(low): low for low in map(str.lower, _WORD.findall(text))}
    return " ".join(words.get(part, part) for part in term.split())


def plain(text: str) -> str:
    """Drop citations, link targets and code marks, as ATT&CK descriptions have them."""
    return _LINK.sub(r"\1", _CITATION.sub(" ", text))


@lru_cache(maxsize=100_000)
def stem(word: str) -> str:
    """Cut the commonest English endings, so that `dumping` meets `dumps`."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) > 3:
            return word[: -len(ending)]
    return word
