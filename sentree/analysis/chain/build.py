"""Makes the chain of one account: techniques, order, links, technique transitions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from schemas.chain import Order, OrderBasis, ProseChain, ProseStep, StepLink, TechniqueGuess
from schemas.timeline import Transition
from sentree.analysis.chain.features import PlacedStep
from sentree.analysis.chain.label import tactic_of
from sentree.analysis.chain.order import OrderWeights, infer_order, order_likelihood
from sentree.analysis.chain.sources import Account
from sentree.intel.attack import in_matrix_order, technique

MOST_INFERRED = 400
LIKELY_OWN_ORDER = 0.95
LIKELY_TOLD_ORDER = 0.5
MOST_SUMMARY = 200
STATED_LINK = 0.97
LIKELY_JUMP = 0.5
TIMES_NEEDED = 0.8

Guesses = Sequence[tuple[TechniqueGuess, ...]]


def build_chain(
    account: Account,
    guesses: Guesses,
    order: Order = "auto",
    *,
    blind: bool = False,
    read_links: Iterable[tuple[str, str]] = (),
    weights: OrderWeights | None = None,
) -> ProseChain:
    """Put the steps of an account in order and say which led to which.

    `read_links` are links that a language model read from the texts: they stand beside what is
    inferred, or raise it.
    """
    placed = [
        PlacedStep(
            step.description or step.name,
            tuple((one.technique, one.probability) for one in found),
            tactic_of(step, blind=blind),
        )
        for step, found in zip(account.steps, guesses, strict=True)
    ]
    basis, note, fixed = _basis(account, placed, order, blind, weights)
    if basis == "links":
        places = _by_links(account)
        links = _stated_links(account)
    elif len(placed) > MOST_INFERRED:
        places = fixed if fixed is not None else list(range(len(placed)))
        links = _consecutive(account, places)
    else:
        inferred = infer_order(placed, weights, fixed)
        places = list(inferred.order)
        uids = [step.step_uid for step in account.steps]
        links = [
            StepLink(
                source_uid=uids[one],
                target_uid=uids[other],
                probability=round(chance, 3),
                reasons=reasons,
            )
            for (one, other, chance), reasons in zip(inferred.links, inferred.reasons, strict=True)
        ]
        if basis in ("text", "times"):
            # What names no technique doesn't come between the steps that do.
            told = [place for place in places if guesses[place]]
            links = _with_consecutive(links, account, told or places, basis)
    links = _with_read(links, read_links)
    steps = _steps(account, guesses, placed, places)
    return ProseChain(
        name=account.name,
        file=account.file,
        order_basis=basis,
        order_note=note,
        steps=tuple(steps),
        links=tuple(links),
        transitions=transitions(steps, links, again=basis in ("links", "inferred")),
    )


def transitions(
    steps: Sequence[ProseStep], links: Iterable[StepLink], *, again: bool = True
) -> tuple[Transition, ...]:
    """Give the technique transitions of links, each pair once, the most probable link's.

    Without `again` a technique doesn't lead to itself: neighbouring sentences often tell one deed.
    """
    by_uid = {step.step_uid: step for step in steps}
    found: dict[tuple[str, str], Transition] = {}
    for link in links:
        source, target = by_uid[link.source_uid], by_uid[link.target_uid]
        if not (source.technique and target.technique):
            continue
        pair = source.technique, target.technique
        if pair[0] == pair[1] and not again:
            continue
        chance = round(
            link.probability * source.guesses[0].probability * target.guesses[0].probability, 3
        )
        one = Transition(
            source=pair[0],
            target=pair[1],
            count=1,
            probability=chance,
            entry_uids=(link.source_uid, link.target_uid),
        )
        if known := found.get(pair):
            likelier = max(known, one, key=lambda each: each.probability)
            one = likelier.model_copy(update={"count": known.count + 1})
        found[pair] = one
    return tuple(found.values())


def _basis(
    account: Account,
    placed: Sequence[PlacedStep],
    order: Order,
    blind: bool,
    weights: OrderWeights | None,
) -> tuple[OrderBasis, str, list[int] | None]:
    """Decide whose order holds, say why, and give it where the account has one."""
    if order == "inferred" or (blind and order == "auto" and not account.prose):
        return "inferred", "The order was inferred, as asked.", None
    if account.links and not blind:
        return "links", "The file states which step led to which.", None
    timed = [step.time for step in account.steps if step.time]
    if not blind and len(timed) >= 2 and len(timed) >= TIMES_NEEDED * len(placed):
        places = _by_times(account)
        return "times", f"{len(timed)} of {len(placed)} steps state a time.", places
    own = list(range(len(placed)))
    if order == "stated":
        return "text", "The order is the text's, as asked.", own
    if len(placed) > MOST_INFERRED:
        note = f"More than {MOST_INFERRED} steps: the order is the text's."
        return "text", note, own
    likely = order_likelihood(placed, weights)
    shown = f"It fits what is usual better than {likely:.0%} of random orders"
    if likely >= (LIKELY_TOLD_ORDER if account.ordered else LIKELY_OWN_ORDER):
        return "text", f"The order is the text's. {shown}.", own
    note = f"The text's own order was set aside. {shown}; --order stated keeps it."
    return "inferred", note, None


def _by_times(account: Account) -> list[int]:
    """Order by time; a step without one stays behind the step before it in the text."""
    keys: list[tuple[float, int]] = []
    last = float("-inf")
    for number, step in enumerate(account.steps):
        last = step.time.timestamp() if step.time else last
        keys.append((last, number))
    return [number for _, number in sorted(keys)]


def _by_links(account: Account) -> list[int]:
    """Order so that links run forward; what a loop holds comes in the file's order."""
    place = {step.step_uid: number for number, step in enumerate(account.steps)}
    waits: dict[int, set[int]] = {number: set() for number in place.values()}
    for source, target in account.links:
        waits[place[target]].add(place[source])
    order: list[int] = []
    while waits:
        ready = [number for number, needed in waits.items() if not needed]
        chosen = _next(ready, order, account, place) if ready else min(waits)
        order.append(chosen)
        del waits[chosen]
        for needed in waits.values():
            needed.discard(chosen)
    return order


def _next(
    ready: Sequence[int], order: Sequence[int], account: Account, place: Mapping[str, int]
) -> int:
    """Go on along the branch that was entered last."""
    recent = {number: at for at, number in enumerate(order)}
    came = {number: -1 for number in ready}
    for source, target in account.links:
        if place[target] in came:
            came[place[target]] = max(came[place[target]], recent.get(place[source], -1))
    return max(ready, key=lambda number: (came[number], -number))


def _stated_links(account: Account) -> list[StepLink]:
    return [
        StepLink(source_uid=one, target_uid=other, probability=1.0, reasons=("stated",))
        for one, other in account.links
    ]


def _consecutive(account: Account, places: Sequence[int]) -> list[StepLink]:
    uids = [account.steps[place].step_uid for place in places]
    return [
        StepLink(source_uid=one, target_uid=other, probability=0.7, reasons=("comes next",))
        for one, other in pairwise(uids)
    ]


def _with_consecutive(
    links: Sequence[StepLink], account: Account, places: Sequence[int], basis: OrderBasis
) -> list[StepLink]:
    """Join what comes next in an order that is known; keep likelier links that jump."""
    reason = "comes next in time" if basis == "times" else "comes next in the text"
    known = {(one.source_uid, one.target_uid): one for one in links}
    found: list[StepLink] = []
    for one in _consecutive(account, places):
        pair = one.source_uid, one.target_uid
        other = known.pop(pair, None)
        reasons = (reason, *(other.reasons if other else ()))
        chance = max(0.7, min(0.95, 0.7 + (other.probability if other else 0.0) / 3))
        found.append(one.model_copy(update={"reasons": reasons, "probability": round(chance, 3)}))
    jumps = [one for one in known.values() if one.probability >= LIKELY_JUMP]
    order = {account.steps[place].step_uid: number for number, place in enumerate(places)}
    jumps = [one for one in jumps if one.source_uid in order and one.target_uid in order]
    return sorted([*found, *jumps], key=lambda one: (order[one.source_uid], order[one.target_uid]))


def _with_read(links: Sequence[StepLink], read: Iterable[tuple[str, str]]) -> list[StepLink]:
    found = {(one.source_uid, one.target_uid): one for one in links}
    for source, target in read:
        known = found.get((source, target))
        reasons = ("read from the text", *(known.reasons if known else ()))
        found[source, target] = StepLink(
            source_uid=source, target_uid=target, probability=STATED_LINK, reasons=reasons
        )
    return list(found.values())


def _steps(
    account: Account, guesses: Guesses, placed: Sequence[PlacedStep], places: Sequence[int]
) -> list[ProseStep]:
    return [
        ProseStep(
            step_uid=account.steps[place].step_uid,
            position=position,
            summary=_short(account.steps[place].text),
            guesses=guesses[place],
            tactics=_tactics(guesses[place], placed[place].tactic),
            time=account.steps[place].time,
        )
        for position, place in enumerate(places, start=1)
    ]


def _tactics(guesses: Sequence[TechniqueGuess], stated: str | None) -> tuple[str, ...]:
    """Give the tactic a step states, else those of its technique."""
    if stated:
        return in_matrix_order([stated])
    return technique(guesses[0].technique).tactics if guesses else ()


def _short(text: str) -> str:
    return text if len(text) <= MOST_SUMMARY else f"{text[: MOST_SUMMARY - 1].rstrip()}…"
