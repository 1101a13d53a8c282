"""How well a chain agrees with the truth of its account. Pure functions."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import pairwise
from random import Random

from schemas.chain import ProseChain
from schemas.chain_truth import TrueAccount
from sentree.evals.metrics import PairScore, SetScore, compare_sets, compare_transitions
from sentree.intel.attack import TACTICS, technique

Pair = tuple[str, str]


def score_techniques(
    chain: ProseChain, techniques: Mapping[str, str | None], *, parents: bool = False
) -> SetScore:
    """Compare step by step: a step counts as found when its likeliest technique is the true one.

    `techniques` gives the true technique by step uid. A technique for a step that truly has none
    is wrong; with `parents` a sub-technique stands for its parent.
    """
    wanted = {(uid, _level(true, parents)) for uid, true in techniques.items() if true}
    found = {(one.step_uid, _level(one.technique, parents)) for one in chain.steps if one.technique}
    return compare_sets(wanted, found)


def score_transitions(
    chain: ProseChain, transitions: Iterable[Pair], *, parents: bool = False
) -> SetScore:
    """Compare technique transitions as sets of pairs."""
    found = [(one.source, one.target) for one in chain.transitions]
    return compare_transitions(transitions, found, parents=parents)


def score_links(chain: ProseChain, links: Iterable[Pair]) -> SetScore:
    """Compare links between steps, whatever their techniques."""
    return compare_sets(list(links), [(one.source_uid, one.target_uid) for one in chain.links])


def score_order(order: Sequence[str], links: Collection[Pair]) -> PairScore:
    """Count pairs of steps of which one leads to the other, and those told in that order."""
    place = {uid: number for number, uid in enumerate(order)}
    ordered = pairs = 0
    for start in place:
        for later in reached(start, links):
            if later in place and start not in reached(later, links):
                pairs += 1
                ordered += place[start] < place[later]
    return PairScore(ordered, pairs)


def reached(start: str, links: Collection[Pair]) -> set[str]:
    """Give what follows a step, directly or not."""
    onward: dict[str, list[str]] = {}
    for source, target in links:
        onward.setdefault(source, []).append(target)
    seen: set[str] = set()
    stack = list(onward.get(start, ()))
    while stack:
        node = stack.pop()
        if node not in seen:
            seen.add(node)
            stack += onward.get(node, ())
    return seen


def true_transitions(account: TrueAccount) -> set[Pair]:
    """Give the technique transitions of an account's links, under current ids."""
    uids = {one.step_uid: one.technique for one in account.steps}
    found = ((uids[source], uids[target]) for source, target in account.links)
    return {(technique(one).uid, technique(other).uid) for one, other in found if one and other}


def kill_chain_order(steps: Sequence[tuple[str, str | None]]) -> list[str]:
    """Order steps by the earliest tactic of their technique: the baseline of orders.

    `steps` are uids with techniques; ties and steps without one keep the order given.
    """
    middle = len(TACTICS) / 2

    def place(uid: str | None) -> float:
        tactics = technique(uid).tactics if uid else ()
        return float(min((TACTICS.index(one) for one in tactics), default=0)) if tactics else middle

    return [uid for uid, _ in sorted(steps, key=lambda one: place(one[1]))]


def random_order(steps: Sequence[tuple[str, str | None]], seed: int) -> list[str]:
    """Order steps by chance: the baseline of baselines."""
    uids = [uid for uid, _ in steps]
    Random(seed).shuffle(uids)
    return uids


def consecutive(order: Sequence[str], techniques: Mapping[str, str | None]) -> set[Pair]:
    """Give the transitions that an order has when each step leads to the next."""
    pairs = pairwise(order)
    found = ((techniques[one], techniques[other]) for one, other in pairs)
    return {(one, other) for one, other in found if one and other}


def _level(uid: str | None, parents: bool) -> str:
    current = technique(uid or "").uid
    return current.partition(".")[0] if parents else current
