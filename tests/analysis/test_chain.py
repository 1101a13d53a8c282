"""The chain of an account: right steps, right order, cited, safe to read, the same any way."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.chain import ChainLeaf, ChainReport, ChainRequest, StepReading, TechniqueGuess
from schemas.claim import Evidence
from schemas.result import Result
from sentree.analysis.chain import merge, run
from sentree.analysis.chain.build import build_chain
from sentree.analysis.chain.features import PlacedStep
from sentree.analysis.chain.fit import KnownOrder, fit_weights, known_orders
from sentree.analysis.chain.label import label_steps
from sentree.analysis.chain.merge import read_guesses, read_links
from sentree.analysis.chain.order import infer_order, order_likelihood
from sentree.analysis.chain.sources import Account, read_prose
from sentree.analysis.chain.suggest import TechniqueWords, labelled_procedures
from sentree.analysis.chain.trees import link_probabilities
from sentree.cli import run as command
from sentree.errors import ExitCode, UnreadableInputError
from sentree.evals.generate.hostile import HOSTILE_TEXT
from sentree.report.document import FORMATS, formats_of
from sentree.settings import Settings

TOLD = (
    "Spearphishing Attachment: m.novak received an email with invoice.docm.",
    "Malicious File: invoice.docm was opened.",
    "PowerShell: an encoded command ran and fetched wsupd.exe.",
    "LSASS Memory: passwords of adm-kline were dumped.",
    "Remote Desktop Protocol: adm-kline logged on to SRV-2.",
    "Archive via Utility: files of SRV-2 were packed into a.rar.",
    "Exfiltration Over C2 Channel: a.rar was sent out.",
    "Data Encrypted for Impact: SRV-2 was encrypted.",
)
UIDS = (
    "T1566.001",
    "T1204.002",
    "T1059.001",
    "T1003.001",
    "T1021.001",
    "T1560.001",
    "T1041",
    "T1486",
)


def account_of(lines: list[str] | tuple[str, ...]) -> Account:
    return read_prose("\n".join(f"- {one}" for one in lines)).accounts[0]


def chain_of(lines: list[str] | tuple[str, ...], order: str = "auto") -> ChainReport:
    account = account_of(lines)
    guesses = label_steps(account.steps, TechniqueWords())
    return ChainReport(chains=(build_chain(account, guesses, order),))  # type: ignore[arg-type]


def answer(tmp_path: Path, text: str, name: str = "report.md", **more: object) -> Result:
    (tmp_path / name).write_text(text, encoding="utf-8")
    request = ChainRequest.model_validate({"paths": (str(tmp_path / name),), **more})
    return run(Settings(home=tmp_path / "home"), request)


def test_a_told_order_is_kept_and_a_shuffled_one_is_set_aside() -> None:
    told = chain_of(TOLD).chains[0]
    assert told.order_basis == "text"
    assert tuple(one.technique for one in told.steps) == UIDS
    shuffled = list(reversed(TOLD))
    found = chain_of(shuffled).chains[0]
    assert found.order_basis == "inferred"
    assert found.steps[0].technique == "T1566.001"
    assert found.steps[-1].technique == "T1486"


def test_an_inferred_order_does_not_depend_on_the_order_of_the_file() -> None:
    shuffled = list(TOLD)
    Random(3).shuffle(shuffled)
    one, other = chain_of(TOLD, "inferred").chains[0], chain_of(shuffled, "inferred").chains[0]
    assert [step.technique for step in one.steps] == [step.technique for step in other.steps]
    assert {(t.source, t.target) for t in one.transitions} == {
        (t.source, t.target) for t in other.transitions
    }


def test_links_run_along_the_order_with_probabilities_and_reasons() -> None:
    chain = chain_of(TOLD, "inferred").chains[0]
    place = {step.step_uid: step.position for step in chain.steps}
    assert chain.links
    for link in chain.links:
        assert place[link.source_uid] < place[link.target_uid]
        assert 0 < link.probability <= 1


def test_a_step_without_a_technique_does_not_come_between_those_that_have_one() -> None:
    account = account_of([*TOLD[:2], "Nothing of note was seen that day.", *TOLD[2:]])
    guesses = label_steps(account.steps[:2], TechniqueWords())
    guesses += [(), *label_steps(account.steps[3:], TechniqueWords())]
    chain = build_chain(account, guesses, "stated")
    pairs = {(one.source, one.target) for one in chain.transitions}
    assert ("T1204.002", "T1059.001") in pairs
    assert len(chain.steps) == len(TOLD) + 1


def test_times_that_steps_state_decide_the_order() -> None:
    lines = [f"On 2024-05-{31 - n:02} the intruders took step number {n}." for n in range(6)]
    account = account_of(lines)
    chain = build_chain(account, [() for _ in account.steps])
    assert chain.order_basis == "times"
    assert [step.summary for step in chain.steps] == list(reversed(lines))


def test_tree_probabilities_are_those_of_all_trees_counted_one_by_one() -> None:
    size = 4
    weights = np.random.default_rng(5).normal(size=(size, size))
    off = ~np.eye(size, dtype=bool)
    shares = np.where(off, np.exp(weights - weights[off].max()), 0.0)
    first = shares.sum() / size / size

    def counted(shares: np.ndarray) -> np.ndarray:
        total, found = 0.0, np.zeros((size, size))
        for heads in product(range(-1, size), repeat=size):
            if list(heads).count(-1) != 1 or any(loops(heads, one) for one in range(size)):
                continue
            weight = float(np.prod([first if h < 0 else shares[h, n] for n, h in enumerate(heads)]))
            total += weight
            for number, head in enumerate(heads):
                if head >= 0:
                    found[head, number] += weight
        return found / total

    def loops(heads: tuple[int, ...], start: int) -> bool:
        seen, at = set[int](), start
        while at >= 0:
            if at in seen:
                return True
            seen.add(at)
            at = heads[at]
        return False

    both = (counted(shares) + counted(shares.T).T) / 2
    assert np.allclose(link_probabilities(weights), both)


@settings(max_examples=12, deadline=None)
@given(
    st.lists(
        st.tuples(st.text(max_size=60), st.sampled_from([*UIDS, None])), min_size=0, max_size=9
    )
)
def test_any_steps_get_every_place_once_and_links_of_sane_probability(
    told: list[tuple[str, str | None]],
) -> None:
    steps = [PlacedStep(text, ((uid, 1.0),) if uid else ()) for text, uid in told]
    found = infer_order(steps)
    assert sorted(found.order) == list(range(len(steps)))
    assert all(one != other and 0 < chance <= 1 for one, other, chance in found.links)
    assert len(found.reasons) == len(found.links)
    assert 0 <= order_likelihood(steps) <= 1


def test_weights_that_are_fitted_learn_what_leads_to_what() -> None:
    def flow(uids: tuple[str, ...]) -> KnownOrder:
        steps = tuple(PlacedStep(f"step {uid}", ((uid, 1.0),)) for uid in uids)
        return KnownOrder(steps, frozenset((n, n + 1) for n in range(len(uids) - 1)))

    known = [flow(UIDS[n:]) for n in range(4)]
    weights = fit_weights(known)
    assert weights.link["typically follows"] > 0
    steps = list(known[0].steps)
    order = infer_order(list(reversed(steps)), weights).order
    assert [len(steps) - 1 - place for place in order] == list(range(len(steps)))


def test_words_alone_name_the_technique_and_say_which_words() -> None:
    words = TechniqueWords(meaning=False)
    texts = ["LSASS memory was dumped with procdump on the server.", "Shadow copies were deleted."]
    (first, *_), (second, *_) = words.suggest(texts)
    assert first.technique == "T1003.001"
    assert second.technique == "T1490"
    assert first.quote
    assert words.suggest([""]) == [()]


def test_a_shared_name_is_decided_by_use_and_words() -> None:
    account = account_of(
        [
            "Local Account: net user /add created helpdesk2 on the server.",
            "Local Account: the local users of the server were listed and enumerated.",
        ]
    )
    created, listed = label_steps(account.steps, TechniqueWords())
    assert [one.technique for one in created] == ["T1136.001", "T1087.001"]
    assert [one.technique for one in listed] == ["T1087.001", "T1136.001"]
    assert created[0].basis == "name"


def test_every_claim_cites_steps_and_holds(tmp_path: Path) -> None:
    result = answer(tmp_path, "\n".join(f"{n}. {one}" for n, one in enumerate(TOLD, 1)))
    assert result.verification.kept == result.verification.checked > 10
    cited = {event.event_uid: event for event in result.cited_events}
    for one in result.summary:
        assert one.evidence
        assert all(ev.event_uid in cited for ev in one.evidence)
    assert {one.technique for one in result.techniques} == set(UIDS)
    assert any("Discovery" in one.text for one in result.summary)


def test_an_attack_flow_that_was_written_is_read_again_as_the_same_chain(tmp_path: Path) -> None:
    result = answer(tmp_path, "\n".join(f"{n}. {one}" for n, one in enumerate(TOLD, 1)))
    bundle = FORMATS["attack-flow"].render(result)
    assert bundle == FORMATS["attack-flow"].render(result)
    kinds = [one["type"] for one in json.loads(bundle)["objects"]]
    assert kinds.count("attack-flow") == 1
    assert kinds.count("attack-action") == len(TOLD)
    again = answer(tmp_path, bundle, "again.json")
    first, second = (
        ChainReport.model_validate(one.data).chains[0].transitions for one in (result, again)
    )
    assert {(t.source, t.target) for t in first} == {(t.source, t.target) for t in second}


def test_ids_and_links_that_a_file_states_are_hidden_when_blind(tmp_path: Path) -> None:
    actions = [
        {"id": "a", "name": "PowerShell", "technique": "T1486"},
        {"id": "b", "name": "Phishing", "technique": "T1490"},
    ]
    text = json.dumps({"name": "X", "actions": actions, "edges": [["a", "b"]]})
    open_chain = ChainReport.model_validate(answer(tmp_path, text, "f.json").data).chains[0]
    assert [one.technique for one in open_chain.steps] == ["T1486", "T1490"]
    assert open_chain.order_basis == "links"
    blind = ChainReport.model_validate(answer(tmp_path, text, "f.json", blind=True).data).chains[0]
    assert [one.technique for one in blind.steps] == ["T1566", "T1059.001"]
    assert blind.order_basis == "inferred"


def test_hostile_text_reaches_no_format_alive(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    steps = [
        {"name": "Phishing", "description": f"{HOSTILE_TEXT} \u202e came by mail"},
        {"name": f"PowerShell {HOSTILE_TEXT}", "technique": "T1059.001", "description": "ran"},
    ]
    text = json.dumps({"name": HOSTILE_TEXT, "steps": steps})
    result = answer(tmp_path, text, "h.json")
    page = FORMATS["html"].render(result)
    assert "<script>alert" not in page and "<img src=x" not in page
    assert "[report](" not in FORMATS["md"].render(result)
    for name in formats_of(result):
        shown = FORMATS[name].render(result)
        assert "\x1b" not in shown and "\u202e" not in shown, name
    assert command(["chain", str(tmp_path / "h.json"), "--home", str(tmp_path / "o"), "-q"]) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out and "\u202e" not in out


def test_leaves_fold_the_same_in_any_grouping() -> None:
    def reading(step: str, uid: str, chance: float, *follows: str) -> ChainLeaf:
        quote = (Evidence(event_uid=step, quote="ran"),)
        one = StepReading(
            step_uid=step,
            technique=uid,
            probability=chance,
            evidence=quote,
            after_step_uids=follows,
        )
        return ChainLeaf(readings=(one,))

    one, two = reading("a", "T1059", 0.4, "b"), reading("a", "T1059", 0.9, "c")
    three = reading("b", "T1566", 0.7)
    left, right = merge([merge([one, two]), three]), merge([three, merge([two, one])])
    assert left == right == merge([one, two, three])
    assert left.readings[0].probability == 0.9
    assert left.readings[0].after_step_uids == ("b", "c")


def test_a_reading_counts_only_with_a_known_id_and_words_the_step_holds() -> None:
    account = account_of(["A script ran on the server.", "The mail was opened by m.novak."])
    first, second = account.steps
    before: list[tuple[TechniqueGuess, ...]] = [(), ()]

    def leaf(uid: str, quote: str) -> ChainLeaf:
        evidence = (Evidence(event_uid=first.step_uid, quote=quote),)
        one = StepReading(
            step_uid=first.step_uid,
            technique=uid,
            probability=0.8,
            evidence=evidence,
            after_step_uids=(second.step_uid, "made-up"),
        )
        return ChainLeaf(readings=(one,))

    good = leaf("T1059", "script ran")
    assert read_guesses(good, account.steps, before)[0][0].technique == "T1059"
    assert read_guesses(leaf("T9999", "script ran"), account.steps, before)[0] == ()
    assert read_guesses(leaf("T1059", "never said"), account.steps, before)[0] == ()
    assert read_links(good, account.steps) == ((second.step_uid, first.step_uid),)


def test_relationships_in_stix_teach_words(tmp_path: Path) -> None:
    pattern = "attack-pattern--00000000-0000-4000-8000-000000000001"
    actor = "intrusion-set--00000000-0000-4000-8000-000000000002"
    objects = [
        {
            "type": "attack-pattern",
            "id": pattern,
            "name": "PowerShell",
            "external_references": [{"source_name": "mitre-attack", "external_id": "T1059.001"}],
        },
        {"type": "intrusion-set", "id": actor, "name": "A"},
        {
            "type": "relationship",
            "id": "relationship--00000000-0000-4000-8000-000000000003",
            "relationship_type": "uses",
            "source_ref": actor,
            "target_ref": pattern,
            "description": "A ran scripts.",
        },
    ]
    (tmp_path / "b.json").write_text(json.dumps({"type": "bundle", "objects": objects}))
    assert labelled_procedures([str(tmp_path)]) == {"T1059.001": ["A ran scripts."]}
    (tmp_path / "b.json").write_text(json.dumps({"type": "bundle", "objects": objects[:2]}))
    with pytest.raises(UnreadableInputError, match="no relationship"):
        labelled_procedures([str(tmp_path)])


def test_the_command_prints_the_chain_and_writes_an_attack_flow(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, flow = tmp_path / "told.md", tmp_path / "flow.json"
    file.write_text("\n".join(f"{n}. {one}" for n, one in enumerate(TOLD, 1)))
    home = ["--home", str(tmp_path / "home"), "-q"]
    assert command(["chain", str(file), "--attack-flow", str(flow), *home]) == ExitCode.DONE
    assert "Spearphishing Attachment" in capsys.readouterr().out
    assert json.loads(flow.read_text())["type"] == "bundle"
    assert command(["chain", *home]) == ExitCode.USAGE
    assert command(["chain", str(tmp_path / "no.md"), *home]) == ExitCode.NOTHING_READABLE
    (tmp_path / "empty.md").write_text("\n")
    assert command(["chain", str(tmp_path / "empty.md"), *home]) == ExitCode.NOTHING_READABLE
    capsys.readouterr()


@pytest.mark.realdata
def test_links_of_flows_left_out_are_found_far_better_than_by_the_kill_chain(
    shared_data: Path,
) -> None:
    from sentree.evals.measures.chain import order_rows

    values = {(one.task, one.metric): one.value for one in order_rows(shared_data)}
    task = "chain: flows, techniques given"
    assert known_orders([str(shared_data / "attack-flow" / "flows.jsonl")])
    assert (
        values[task, "transitions f1"]
        > 2 * values[f"{task}", "baseline kill-chain order: transitions f1"]
    )
