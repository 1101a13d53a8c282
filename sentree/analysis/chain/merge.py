"""Folds what a language model reads from steps, part by part, into guesses and links.

The fold is associative and commutative: how the steps were parted changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from schemas.chain import AccountStep, ChainLeaf, StepReading, TechniqueGuess
from sentree.intel.attack import technique


def merge(leaves: Iterable[ChainLeaf]) -> ChainLeaf:
    """Join leaves: per step and technique the most probable reading, with every step it follows."""
    found: dict[tuple[str, str], StepReading] = {}
    for leaf in leaves:
        for one in leaf.readings:
            key = one.step_uid, technique(one.technique).uid
            known = found.get(key)
            best = max((known, one), key=_rank) if known else one
            after = {*one.after_step_uids, *(known.after_step_uids if known else ())}
            found[key] = best.model_copy(
                update={"technique": key[1], "after_step_uids": tuple(sorted(after))}
            )
    return ChainLeaf(readings=tuple(found[key] for key in sorted(found)))


def read_guesses(
    leaf: ChainLeaf,
    steps: Sequence[AccountStep],
    otherwise: Sequence[tuple[TechniqueGuess, ...]],
) -> list[tuple[TechniqueGuess, ...]]:
    """Give the readings as guesses; a step that has none keeps what was guessed otherwise.

    A reading counts only with an id that ATT&CK knows and a quote that the step holds.
    """
    held = {one.step_uid: one for one in steps}
    read: dict[str, list[TechniqueGuess]] = {}
    for one in leaf.readings:
        step = held.get(one.step_uid)
        known = technique(one.technique)
        quote = _held_quote(one, step) if step else None
        if known.known and quote is not None:
            read.setdefault(one.step_uid, []).append(
                TechniqueGuess(
                    technique=known.uid,
                    name=known.name,
                    probability=min(max(one.probability, 0.0), 1.0),
                    basis="text",
                    quote=quote,
                )
            )
    return [
        tuple(sorted(read[step.step_uid], key=lambda one: (-one.probability, one.technique)))
        if step.step_uid in read
        else guessed
        for step, guessed in zip(steps, otherwise, strict=True)
    ]


def read_links(leaf: ChainLeaf, steps: Iterable[AccountStep]) -> tuple[tuple[str, str], ...]:
    """Give the links that readings state between steps that exist."""
    known = {one.step_uid for one in steps}
    return tuple(
        sorted(
            {
                (before, one.step_uid)
                for one in leaf.readings
                for before in one.after_step_uids
                if before in known and one.step_uid in known and before != one.step_uid
            }
        )
    )


def _rank(one: StepReading) -> tuple[float, list[tuple[str, str]]]:
    """Compare by what folding leaves alone, so that the order of folding can't matter."""
    return one.probability, [(ev.event_uid, ev.quote or "") for ev in one.evidence]


def _held_quote(reading: StepReading, step: AccountStep) -> str | None:
    text = " ".join(f"{step.raw}\n{step.text}".split()).casefold()
    for one in reading.evidence:
        quote = " ".join((one.quote or "").split())
        if one.event_uid == step.step_uid and quote and quote.casefold() in text:
            return quote
    return None
