"""Which technique each step is: by its name, by its words, or as the file states.

The words are weighed by the shared text-to-technique model; what is added here is what a step
has and a sentence has not: a name, a heading's tactic, a stated id.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from schemas.chain import AccountStep, TechniqueGuess
from sentree.intel.attack import called, tactic, technique, uses

Suggested = Sequence[TechniqueGuess]


class Words(Protocol):
    """What weighs the words of steps."""

    def suggest(self, texts: Sequence[str]) -> Sequence[Suggested]:
        """Give, for each text, the techniques it may speak of: distinct, likeliest first."""
        ...

    def choose(self, text: str, uids: Sequence[str]) -> Mapping[str, float]:
        """Weigh a few techniques, between which a text decides, against one another."""
        ...


MOST_GUESSES = 5
NAME_ALONE = 0.97
OTHER_TACTIC = 0.35
NAMED_FROM = 0.25
"""From this probability on the likeliest technique is named as the step's technique."""
NAMED_FROM_BESIDE_NAME = 0.5
"""The same for a step that has a name of its own, which is no technique's: its author knew none."""


def label_steps(
    steps: Sequence[AccountStep], words: Words, *, blind: bool = False
) -> list[tuple[TechniqueGuess, ...]]:
    """Guess the techniques of steps, likeliest first; none where nothing is likely enough."""
    # A step whose id or name is known needs no weighing against all techniques, which is slow.
    texts = ["" if _is_plain(one, blind) else _own_words(one) for one in steps]
    suggested = words.suggest(texts)
    return [
        _guesses(step, found, words, blind) for step, found in zip(steps, suggested, strict=True)
    ]


def tactic_of(step: AccountStep, *, blind: bool = False) -> str | None:
    """Give the tactic a step states: by its name or heading, or, unless blind, by its id."""
    return tactic(step.name) if blind else (step.tactic or tactic(step.name))


def _guesses(
    step: AccountStep, suggested: Suggested, words: Words, blind: bool
) -> tuple[TechniqueGuess, ...]:
    if step.technique and not blind:
        known = technique(step.technique)
        if known.known:
            return (_guess(known.uid, 1.0, "stated", known.name),)
    named = called(step.name) if step.name else ()
    if named:
        return _by_name(step, named, words)
    wanted = tactic_of(step, blind=blind)
    weighed = [
        one.model_copy(update={"probability": one.probability * _fit(one.technique, wanted)})
        for one in suggested
    ]
    weighed.sort(key=lambda one: (-one.probability, one.technique))
    least = NAMED_FROM_BESIDE_NAME if step.name else NAMED_FROM
    return tuple(weighed[:MOST_GUESSES]) if weighed and weighed[0].probability >= least else ()


def _by_name(step: AccountStep, named: Sequence[str], words: Words) -> tuple[TechniqueGuess, ...]:
    """Share a name between the techniques that have it: by use, and by what the words say."""
    if len(named) == 1:
        return (_guess(named[0], NAME_ALONE, "name", step.name),)
    said = words.choose(_own_words(step), named)
    weights = {uid: (uses(uid) + 1) ** 0.5 * (0.02 + said.get(uid, 0.0)) for uid in named}
    total = sum(weights.values())
    ranked = sorted(named, key=lambda uid: (-weights[uid], uid))
    return tuple(
        _guess(uid, NAME_ALONE * weights[uid] / total, "name", step.name)
        for uid in ranked[:MOST_GUESSES]
    )


def _guess(uid: str, probability: float, basis: str, quote: str) -> TechniqueGuess:
    return TechniqueGuess.model_validate(
        {
            "technique": uid,
            "name": technique(uid).name,
            "probability": round(probability, 3),
            "basis": basis,
            "quote": quote,
        }
    )


def _fit(uid: str, wanted: str | None) -> float:
    return 1.0 if wanted is None or wanted in technique(uid).tactics else OTHER_TACTIC


def _is_plain(step: AccountStep, blind: bool) -> bool:
    return bool(step.technique and not blind) or bool(called(step.name))


def _own_words(step: AccountStep) -> str:
    """Give the text to weigh, the name as its title unless it is only a tactic's."""
    if not step.name or tactic(step.name):
        return step.description
    return f"{step.name}\n{step.description}"
