"""Techniques, order and transitions of `sentree chain`, on Attack Flow and generated accounts.

Each flow is ordered with weights that were fitted on the other flows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random
from typing import NamedTuple

from schemas.chain import AccountStep, ProseChain, TechniqueGuess
from schemas.chain_truth import ChainSpec, TrueAccount
from sentree.analysis.chain.build import build_chain
from sentree.analysis.chain.fit import KnownOrder, fit_weights, known_order
from sentree.analysis.chain.label import label_steps
from sentree.analysis.chain.order import OrderWeights
from sentree.analysis.chain.sources import Account, read_source
from sentree.analysis.chain.suggest import TechniqueWords
from sentree.evals.chain import (
    consecutive,
    kill_chain_order,
    random_order,
    score_order,
    score_techniques,
    score_transitions,
    true_transitions,
)
from sentree.evals.generate.steps import generate_steps, in_order
from sentree.evals.measures.measure import Measure, existing
from sentree.evals.metrics import SetScore, bootstrap, compare_transitions, pooled
from sentree.intel.attack import technique

_Scores = Mapping[str, SetScore]
SHUFFLES = 20
HOME = Path(".sentree")


class Case(NamedTuple):
    """An account as the analyst sees it, and what is true of it; links are pairs of uids."""

    account: Account
    techniques: Mapping[str, str | None]
    links: tuple[tuple[str, str], ...]
    transitions: frozenset[tuple[str, str]]


def rows(data: Path) -> list[Measure]:
    """Measure on the sample's flows, shuffled and without ids, one flow left out at a time."""
    cases, weights = _flows(data)
    found = order_rows(data)
    for task, made in (
        ("chain: flows, from names and descriptions", [_read(one) for one in cases]),
        ("chain: flows, from descriptions alone", [_read(_nameless(one)) for one in cases]),
    ):
        found += _chain_measures(task, _chains(cases, made, weights), cases)
    return found


def order_rows(data: Path) -> list[Measure]:
    """Measure the order alone, with the true techniques, against baselines; takes seconds."""
    cases, weights = _flows(data)
    task = "chain: flows, techniques given"
    chains = _chains(cases, [_true_guesses(one) for one in cases], weights)
    return [*_chain_measures(task, chains, cases), *_baselines(task, cases)]


def generated_rows() -> list[Measure]:
    """Measure on generated accounts, told in shuffled order and in the order of events."""
    made = generate_steps(ChainSpec(seed=11, accounts=40, steps=14))
    found: list[Measure] = []
    for task, accounts in (
        ("chain: generated, shuffled", made),
        ("chain: generated, told in order", [in_order(one) for one in made]),
    ):
        cases = [_case(one) for one in accounts]
        chains = [build_chain(case.account, _read(case), "auto", blind=True) for case in cases]
        found += _chain_measures(task, chains, cases)
    return found + generated_order_rows(made)


def generated_order_rows(made: Sequence[TrueAccount]) -> list[Measure]:
    """Measure the order alone, with the true techniques, against baselines."""
    task = "chain: generated, shuffled, techniques given"
    cases = [_case(one) for one in made]
    chains = [
        build_chain(case.account, _true_guesses(case), "inferred", blind=True) for case in cases
    ]
    return [*_chain_measures(task, chains, cases), *_baselines(task, cases)]


def _flows(data: Path) -> tuple[list[Case], list[OrderWeights]]:
    """Give the flows as cases, and for each the weights that the others give."""
    accounts = read_source(str(existing(data / "attack-flow" / "flows.jsonl"))).accounts
    known = [known_order(one) for one in accounts]
    cases = [_flow_case(one, number) for number, one in enumerate(accounts)]
    return cases, [_fit_without(known, number) for number in range(len(known))]


def _chains(
    cases: Sequence[Case],
    guesses: Sequence[Sequence[tuple[TechniqueGuess, ...]]],
    weights: Sequence[OrderWeights],
) -> list[ProseChain]:
    return [
        build_chain(case.account, made, "inferred", blind=True, weights=fitted)
        for case, made, fitted in zip(cases, guesses, weights, strict=True)
    ]


def _chain_measures(
    task: str, chains: Sequence[ProseChain], cases: Sequence[Case]
) -> list[Measure]:
    both = list(zip(chains, cases, strict=True))
    parts: dict[str, list[SetScore]] = {
        "techniques": [score_techniques(one, case.techniques) for one, case in both],
        "techniques, parents": [
            score_techniques(one, case.techniques, parents=True) for one, case in both
        ],
        "transitions": [score_transitions(one, case.transitions) for one, case in both],
        "transitions, parents": [
            score_transitions(one, case.transitions, parents=True) for one, case in both
        ],
    }
    if "given" in task:
        del parts["techniques"], parts["techniques, parents"]
    found = [one for name, scores in parts.items() for one in _measures(task, name, scores)]
    orders = [([step.step_uid for step in one.steps], case) for one, case in both]
    return [*found, _order_measure(task, "pairs of steps in order", orders)]


def _measures(task: str, name: str, scores: Sequence[SetScore]) -> list[Measure]:
    total = pooled(scores)
    note = f"{total.hits} found, {total.missed} missed, {total.wrong} wrong"
    return [
        Measure(
            task,
            f"{name} {part}",
            *bootstrap(scores, lambda drawn, part=part: getattr(pooled(drawn), part)),
            len(scores),
            note,
        )
        for part in ("recall", "precision", "f1")
    ]


def _order_measure(task: str, name: str, orders: Sequence[tuple[Sequence[str], Case]]) -> Measure:
    scores = [score_order(order, case.links) for order, case in orders]
    value = bootstrap(
        scores,
        lambda drawn: sum(one.ordered for one in drawn) / max(sum(one.pairs for one in drawn), 1),
    )
    return Measure(task, name, *value, len(scores), f"{sum(one.pairs for one in scores)} pairs")


def _baselines(task: str, cases: Sequence[Case]) -> list[Measure]:
    """Measure a random order, and the order of tactics, each step leading to the next."""
    found: list[Measure] = []
    for name in ("random order", "kill-chain order"):
        scores: list[SetScore] = []
        orders: list[tuple[Sequence[str], Case]] = []
        for case in cases:
            steps = [(one.step_uid, case.techniques[one.step_uid]) for one in case.account.steps]
            drawn: list[SetScore] = []
            for seed in range(SHUFFLES):
                shuffled = random_order(steps, seed)
                order = shuffled
                if name != "random order":
                    order = kill_chain_order([(uid, case.techniques[uid]) for uid in shuffled])
                pairs = consecutive(order, case.techniques)
                drawn.append(compare_transitions(case.transitions, pairs))
                orders.append((order, case))
            scores.append(pooled(drawn))
        found += _measures(task, f"baseline {name}: transitions", scores)
        found.append(_order_measure(task, f"baseline {name}: pairs of steps in order", orders))
    return found


def _fit_without(known: Sequence[KnownOrder], left_out: int) -> OrderWeights:
    return fit_weights([one for number, one in enumerate(known) if number != left_out])


def _flow_case(account: Account, seed: int) -> Case:
    steps = list(account.steps)
    Random(seed).shuffle(steps)
    techniques = {one.step_uid: one.technique for one in steps}
    pairs = ((techniques[one], techniques[other]) for one, other in account.links)
    return Case(
        Account(account.name, account.file, steps),
        techniques,
        account.links,
        frozenset((one, other) for one, other in pairs if one and other),
    )


def _case(account: TrueAccount) -> Case:
    steps = [
        AccountStep(
            step_uid=one.step_uid,
            name=one.name,
            description=one.description,
            file="generated",
            line=number,
            raw=one.description,
        )
        for number, one in enumerate(account.steps, start=1)
    ]
    return Case(
        Account(account.name, "generated", steps, prose=True),
        {one.step_uid: one.technique for one in account.steps},
        account.links,
        frozenset(true_transitions(account)),
    )


def _nameless(case: Case) -> Case:
    steps = [
        one.model_copy(update={"name": ""}) if one.description else one
        for one in case.account.steps
    ]
    return case._replace(account=Account(case.account.name, case.account.file, steps))


def _read(case: Case) -> list[tuple[TechniqueGuess, ...]]:
    return label_steps(case.account.steps, TechniqueWords(home=HOME), blind=True)


def _true_guesses(case: Case) -> list[tuple[TechniqueGuess, ...]]:
    return [
        (TechniqueGuess(technique=uid, name=technique(uid).name, probability=1.0, basis="stated"),)
        if uid
        else ()
        for uid in (case.techniques[one.step_uid] for one in case.account.steps)
    ]
