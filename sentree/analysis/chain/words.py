"""The words of steps that tell steps apart: names of things, told from ordinary words."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

_TOKEN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-\\/$:]*[A-Za-z0-9_]|[A-Za-z0-9]")
_OF_A_THING = re.compile(r"\d|(?<=.)[A-Z]|[._\\/$]")
_ENDINGS = ("ing", "ed", "es", "s")
_STOP_WORDS = (
    "the and for from with was were are been being its this that these those their his her "
    "they them which who whom into onto over under about via using used use uses can could "
    "may might will would also such other any all some more most not than then through within "
    "between during while when where how attackers attacker adversary adversaries actor "
    "actors threat group malware malicious victim victims "
)
_STOP = frozenset(_STOP_WORDS.split())

THEN = re.compile(
    r"\b(then|after|afterwards?|subsequently|next|once|later|following|finally|eventually|again|"
    r"additional|further|second[- ]stage|also|continued?|continues|previously|newly|now|resulting|"
    r"in turn|stolen|harvested|obtained|dumped|compromised|collected|downloaded|dropped|"
    r"exfiltrated|gathered|staged)\b",
    re.IGNORECASE,
)
BRINGS = re.compile(
    r"\b(download|install|drop|create|deploy|deliver|receive|obtain|steal|stole|dump|extract|"
    r"upload|written|saved?|establish|gain|send|sent|attach|contain|collect|gather|discover|"
    r"identif|find|found|generate|compromise|implant)\w*",
    re.IGNORECASE,
)
USES = re.compile(
    r"\b(using|used?|uses|execute[sd]?|executing|runs?|ran|with the|load(?:s|ed)?|via|through|"
    r"from the|decode[sd]?|extract\w+|open\w*|compress\w+|exfiltrate[sd]?|exfiltrating|"
    r"delete[sd]?|deleting|remove[sd]?|removing|leverage[sd]?)\b",
    re.IGNORECASE,
)


class Word(NamedTuple):
    """A word as it is compared; `thing` marks file names, addresses, products, hosts."""

    form: str
    thing: bool


class StepWords(NamedTuple):
    """The words of one step, and what its phrasing says of its place."""

    words: frozenset[Word]
    later: bool
    brings: bool
    uses: bool


def step_words(text: str) -> StepWords:
    """Read the words of a step."""
    found: set[Word] = set()
    for token in _TOKEN.findall(text):
        low = token.lower()
        if len(low) < 3 or low in _STOP:
            continue
        thing = _OF_A_THING.search(token) is not None
        found.add(Word(low if thing else _stem(low), thing))
    return StepWords(
        frozenset(found),
        THEN.search(text) is not None,
        BRINGS.search(text) is not None,
        USES.search(text) is not None,
    )


def rarities(steps: Sequence[StepWords]) -> dict[Word, float]:
    """Weigh the words of an account: 1 for one that no other step has, near 0 for common ones."""
    spread = Counter(word for step in steps for word in step.words)
    size = math.log(len(steps) + 1)
    return {word: math.log((len(steps) + 1) / count) / size for word, count in spread.items()}


def _stem(word: str) -> str:
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word[: -len(ending)]
    return word
