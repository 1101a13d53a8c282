"""Cases of `chain`: accounts of incidents, whose steps have a technique and an order."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from schemas.chain import AccountStep, ChainLeaf, StepReading
from schemas.chain_truth import ChainSpec, TrueAccount
from schemas.experiment_plan import CHARACTERS_A_TOKEN, CaseSpec
from schemas.simulated import LeafItem
from sentree.analysis.chain.build import build_chain
from sentree.analysis.chain.label import label_steps
from sentree.analysis.chain.merge import merge
from sentree.analysis.chain.reading_task import QUESTION
from sentree.analysis.chain.sources import Account
from sentree.analysis.chain.suggest import TechniqueWords
from sentree.evals.chain import true_transitions
from sentree.evals.experiment.case import Case, Scored, Task
from sentree.evals.experiment.readings import UNASKED, Items, Told, cited, reading_case, scored
from sentree.evals.generate.steps import generate_steps
from sentree.evals.metrics import SetScore, compare_sets, compare_transitions, pooled
from sentree.intel.attack import technique

STEPS = 14
CHARACTERS_A_STEP = 60
Pair = tuple[str, str]


def _make(spec: CaseSpec, folder: Path) -> Case:
    left = spec.size_tokens * CHARACTERS_A_TOKEN
    wanted = min(2_000, max(1, left // (STEPS * CHARACTERS_A_STEP)))
    accounts: list[TrueAccount] = []
    for one in generate_steps(ChainSpec(seed=spec.seed, accounts=wanted, steps=STEPS)):
        accounts.append(one)
        left -= sum(len(_text(one, place)) for place in range(len(one.steps)))
        if left <= 0:
            break
    records: dict[str, str] = {}
    facts: dict[str, list[LeafItem]] = {}
    for one in accounts:
        uids = {step.step_uid: _uid(one, step.step_uid) for step in one.steps}
        for place, step in enumerate(one.steps):
            uid = uids[step.step_uid]
            records[uid] = _text(one, place)
            after = [f"@{uids[source]}" for source, to in one.links if to == step.step_uid]
            fields = {
                "step_uid": "@",
                "technique": step.technique or "",
                "probability": 0.9,
                "evidence": cited(quote=step.description),
                "after_step_uids": after,
            }
            facts[uid] = [LeafItem(of="readings", fields=fields)] if step.technique else []
    return reading_case(
        folder,
        Told(
            name="chain",
            question=QUESTION,
            leaf=ChainLeaf,
            records=records,
            facts=facts,
            score=lambda items: _score(items, accounts),
            embedded=lambda: _embedded(accounts),
        ),
    )


def _score(items: Items, accounts: list[TrueAccount]) -> Scored:
    """Score technique transitions account by account; techniques of steps beside them."""
    readings = merge([ChainLeaf.model_validate({"readings": items.get("readings", ())})]).readings
    best: dict[str, StepReading] = {}
    for one in sorted(readings, key=lambda one: (one.probability, one.technique)):
        best[one.step_uid] = one
    found = {uid: technique(one.technique).uid for uid, one in best.items()}
    links = [(before, uid) for uid, one in best.items() for before in one.after_step_uids]
    return _scored(accounts, found, links)


def _embedded(accounts: list[TrueAccount]) -> Scored:
    words = TechniqueWords(home=Path(".sentree"))
    found: dict[str, str] = {}
    links: list[Pair] = []
    for one in accounts:
        steps = [
            AccountStep(
                step_uid=_uid(one, step.step_uid),
                name=step.name,
                description=step.description,
                file="generated",
                line=number,
                raw=step.description,
            )
            for number, step in enumerate(one.steps, start=1)
        ]
        guesses = label_steps(steps, words, blind=True)
        account = Account(one.name, "generated", steps, prose=True)
        chain = build_chain(account, guesses, "auto", blind=True)
        found |= {step.step_uid: step.technique for step in chain.steps if step.technique}
        links += [(link.source_uid, link.target_uid) for link in chain.links]
    return _scored(accounts, found, links)


def _scored(accounts: list[TrueAccount], found: Mapping[str, str], links: list[Pair]) -> Scored:
    techniques: list[SetScore] = []
    transitions: list[SetScore] = []
    for one in accounts:
        uids = [_uid(one, step.step_uid) for step in one.steps]
        true = {
            (uid, technique(step.technique).uid)
            for uid, step in zip(uids, one.steps, strict=True)
            if step.technique
        }
        techniques.append(compare_sets(true, [(uid, found[uid]) for uid in uids if uid in found]))
        here = set(uids)
        pairs = [
            (found[before], found[after])
            for before, after in links
            if before in here and before in found and after in found
        ]
        transitions.append(compare_transitions(true_transitions(one), pairs))
    of_transitions, of_techniques = pooled(transitions), pooled(techniques)
    metrics = {
        "transitions_recall": of_transitions.recall,
        "transitions_precision": of_transitions.precision,
        "techniques_f1": of_techniques.f1,
    }
    text = f"{of_transitions.hits} of {of_transitions.hits + of_transitions.missed} transitions"
    return scored(of_transitions.f1, metrics, text)


def _text(account: TrueAccount, place: int) -> str:
    step = account.steps[place]
    return f"{account.name}: {step.name}\n{step.description}".strip()


def _uid(account: TrueAccount, step_uid: str) -> str:
    """Give a uid that does not tell the step's place."""
    return f"step-{sha256(f'{account.name}/{step_uid}'.encode()).hexdigest()[:12]}"


TASK = Task(
    name="chain",
    about="accounts of incidents: technique and predecessors of every step; F1 of transitions",
    records="chain",
    make=_make,
    unasked=UNASKED,
    largest=600_000,
)
