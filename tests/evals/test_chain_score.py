"""Generated accounts are the same for a seed, and the scores notice what is wrong."""

from __future__ import annotations

from pathlib import Path

from schemas.chain import ProseChain, ProseStep, TechniqueGuess
from schemas.chain_truth import ChainSpec
from schemas.timeline import Transition
from sentree.analysis.chain.build import build_chain
from sentree.analysis.chain.sources import read_source
from sentree.evals.chain import (
    consecutive,
    kill_chain_order,
    reached,
    score_links,
    score_order,
    score_techniques,
    score_transitions,
    true_transitions,
)
from sentree.evals.generate.steps import generate_steps, in_order, write_accounts
from sentree.evals.metrics import SetScore

SPEC = ChainSpec(seed=3, accounts=6, steps=12)


def step(uid: str, place: int, technique: str) -> ProseStep:
    guess = TechniqueGuess(technique=technique, name="", probability=0.9, basis="text")
    return ProseStep(step_uid=uid, position=place, summary="", guesses=(guess,))


CHAIN = ProseChain(
    name="x",
    file="x",
    order_basis="inferred",
    steps=(step("a", 1, "T1566.001"), step("b", 2, "T1059.001"), step("c", 3, "T1486")),
    transitions=(
        Transition(source="T1566.001", target="T1059.001", count=1),
        Transition(source="T1059.001", target="T1486", count=1),
    ),
)


def test_a_specification_determines_every_byte(tmp_path: Path) -> None:
    assert generate_steps(SPEC) == generate_steps(SPEC)
    assert generate_steps(SPEC) != generate_steps(SPEC.model_copy(update={"seed": 4}))
    for name in "ab":
        write_accounts(tmp_path / name, generate_steps(SPEC))
    one, other = (tmp_path / name / "accounts.jsonl" for name in "ab")
    assert one.read_bytes() == other.read_bytes()


def test_generated_accounts_are_whole_and_their_links_run_with_time() -> None:
    for account in generate_steps(SPEC):
        uids = [one.step_uid for one in account.steps]
        assert len(set(uids)) == len(uids) == 12
        assert all(source < target for source, target in account.links)
        assert {uid for link in account.links for uid in link} == set(uids)
        assert all(one.technique and "{" not in one.description for one in account.steps)
        assert [one.step_uid for one in in_order(account).steps] == sorted(uids)


def test_branching_makes_parallel_steps() -> None:
    straight, bushy = (
        generate_steps(SPEC.model_copy(update={"branching": share})) for share in (0.0, 1.0)
    )
    assert all(len(one.links) == len(one.steps) - 1 for one in straight)
    assert any(len(one.links) > len(one.steps) for one in bushy)


def test_what_is_written_is_read_as_the_same_steps(tmp_path: Path) -> None:
    accounts = generate_steps(SPEC)
    for form in ("jsonl", "md"):
        write_accounts(tmp_path / form, accounts, form)
        files = sorted((tmp_path / form).iterdir())
        read = [account for file in files for account in read_source(str(file)).accounts]
        told = [[one.description for one in account.steps] for account in read]
        assert told == [[one.description for one in account.steps] for account in accounts]


def test_techniques_count_step_by_step_and_a_parent_apart() -> None:
    truth = {"a": "T1566.001", "b": "T1059.003", "c": None}
    assert score_techniques(CHAIN, truth) == SetScore(1, 1, 2)
    assert score_techniques(CHAIN, truth, parents=True) == SetScore(2, 0, 1)


def test_transitions_and_links_count_as_sets() -> None:
    wanted = [("T1566.001", "T1059.001"), ("T1566.001", "T1486")]
    assert score_transitions(CHAIN, wanted) == SetScore(1, 1, 1)
    assert score_links(CHAIN, [("a", "b")]) == SetScore(0, 1, 0)


def test_order_counts_pairs_that_links_decide_and_no_others() -> None:
    links = [("a", "b"), ("b", "c"), ("d", "c")]
    assert reached("a", links) == {"b", "c"}
    assert score_order("abcd", links) == (3, 4)
    assert score_order("dabc", links) == (4, 4)
    assert score_order("ab", [("a", "b"), ("b", "a")]) == (0, 0)


def test_baselines_follow_tactics_and_join_neighbours() -> None:
    steps = [("x", "T1486"), ("y", "T1566.001"), ("z", None)]
    assert kill_chain_order(steps) == ["y", "z", "x"]
    assert consecutive(["y", "z", "x"], dict(steps)) == set()
    assert consecutive(["y", "x"], dict(steps)) == {("T1566.001", "T1486")}


def test_the_chain_of_true_links_has_the_true_transitions(tmp_path: Path) -> None:
    for account in generate_steps(SPEC):
        write_accounts(tmp_path, (account,))
        (read,) = read_source(str(tmp_path / "accounts.jsonl")).accounts
        place = {
            true.step_uid: one.step_uid for true, one in zip(account.steps, read.steps, strict=True)
        }
        read.links = tuple((place[one], place[other]) for one, other in account.links)
        guesses = [
            (TechniqueGuess(technique=str(one.technique), name="", probability=1, basis="stated"),)
            for one in account.steps
        ]
        chain = build_chain(read, guesses)
        assert {(one.source, one.target) for one in chain.transitions} == true_transitions(account)
