"""The sentences of a chain's summary, each citing the steps it speaks of, with their words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from schemas.chain import AccountStep, ChainReport, ProseChain, ProseStep
from schemas.claim import Claim, Evidence
from sentree.analysis.chain.tables import missing_tactics, seen_tactics
from sentree.analysis.records import claim
from sentree.intel.attack import tactic_title, technique

MAX_CLAIMS = 8
MAX_CITED = 12
MAX_QUOTE = 120

_HOW = {
    "links": "the file states which step led to which",
    "times": "by the times that steps state",
    "text": "in the order of the text",
    "inferred": "in an order that was inferred",
}


def summarise(report: ChainReport, steps: Mapping[str, AccountStep]) -> list[Claim]:
    """Say what the accounts tell, the largest first, at most eight sentences."""
    ranked = sorted(report.chains, key=lambda one: -len(one.steps))
    found: list[Claim] = []
    if len(ranked) == 1:
        found += _one_chain(ranked[0], steps)
    else:
        found += [_span(chain, steps) for chain in ranked if chain.steps]
    return found[:MAX_CLAIMS]


def _one_chain(chain: ProseChain, steps: Mapping[str, AccountStep]) -> list[Claim]:
    if not chain.steps:
        return []
    found = [_span(chain, steps)]
    found += _ends(chain, steps)
    found += _transition_claims(chain, steps)
    unnamed = [one for one in chain.steps if not one.guesses]
    if unnamed:
        what = "step names" if len(unnamed) == 1 else "steps name"
        text = f"{len(unnamed)} {what} no technique that is likely enough to be told."
        found.append(claim(text, _cited(unnamed, steps)))
    missing = missing_tactics(chain)
    if missing:
        names = ", ".join(tactic_title(one) for one in missing)
        text = f"No step speaks of {names}: look there for what the account leaves out."
        found.append(claim(text, _cited([chain.steps[0], chain.steps[-1]], steps)))
    return found


def _span(chain: ProseChain, steps: Mapping[str, AccountStep]) -> Claim:
    named = {one.technique for one in chain.steps if one.technique}
    tactics = [tactic_title(one) for one in seen_tactics(chain)]
    span = f", from {tactics[0]} to {tactics[-1]}" if len(tactics) > 1 else ""
    text = (
        f"{chain.name}: {_count(len(chain.steps), 'step')} of {_count(len(named), 'technique')}"
        f"{span}, {_HOW[chain.order_basis]}; {_count(len(chain.transitions), 'transition')}."
    )
    return claim(text, _cited(chain.steps, steps), techniques=tuple(sorted(named)))


def _ends(chain: ProseChain, steps: Mapping[str, AccountStep]) -> list[Claim]:
    told = [one for one in chain.steps if one.technique]
    if len(told) < 2:
        return []
    first, last = told[0], told[-1]
    text = f"It begins with {_name(first)} and ends with {_name(last)}."
    uids = tuple(one.technique for one in (first, last) if one.technique)
    return [claim(text, _cited([first, last], steps), techniques=uids)]


def _transition_claims(chain: ProseChain, steps: Mapping[str, AccountStep]) -> list[Claim]:
    by_uid = {one.step_uid: one for one in chain.steps}
    ranked = sorted(chain.transitions, key=lambda one: -one.probability)[:3]
    found: list[Claim] = []
    for one in ranked:
        ends = [by_uid[uid] for uid in one.entry_uids]
        text = (
            f"{technique(one.source).name} ({one.source}) probably led to "
            f"{technique(one.target).name} ({one.target}), probability {one.probability:.2f}."
        )
        found.append(claim(text, _cited(ends, steps), techniques=(one.source, one.target)))
    return found


def _cited(told: Sequence[ProseStep], steps: Mapping[str, AccountStep]) -> list[Evidence]:
    """Cite steps with the beginning of their own words."""
    return [
        Evidence(event_uid=one.step_uid, quote=_beginning(steps[one.step_uid]))
        for one in told[:MAX_CITED]
    ]


def _beginning(step: AccountStep) -> str | None:
    text = step.description or step.name
    return text[:MAX_QUOTE].strip() or None


def _name(step: ProseStep) -> str:
    first = step.guesses[0]
    return f"{first.name} ({first.technique})"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
