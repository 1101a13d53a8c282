"""Texts to techniques: cues hold whole words, examples teach, files are plain data."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.techniques import Example, Signals, TechniqueRanker, TechniqueText
from models.techniques.cues import CueTable, packaged_cues, read_cues
from models.techniques.embeddings import load_embedder
from models.techniques.examples import RIDGE, Examples
from models.techniques.index import LexicalIndex
from models.techniques.terms import terms
from models.techniques.trained import Trained, TrainedError
from models.techniques.weights import packaged_weights
from sentree.intel import attack, attack_newer

CATALOGUE = (
    TechniqueText("T1003", "OS Credential Dumping", "Dump credentials from the system."),
    TechniqueText(
        "T1003.001",
        "LSASS Memory",
        "Read credential material from the memory of the Local Security Authority process.",
        procedures=("A group dumped LSASS with procdump.",),
    ),
    TechniqueText(
        "T1053.005",
        "Scheduled Task",
        "Abuse the Windows Task Scheduler to run programs.",
        procedures=("Malware made a scheduled task named updater.",),
    ),
    TechniqueText(
        "T1566.002",
        "Spearphishing Link",
        "Send mail with a malicious link.",
        procedures=("A group sent mail with links to a false login page.",),
    ),
)


@pytest.fixture(scope="module")
def signals() -> Signals:
    return Signals(CATALOGUE)


def table(*lines: str) -> CueTable:
    return CueTable(tuple(read_cues(lines)))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("schtasks /Create /tn x", True),
        ("SCHTASKS.EXE   /create", True),
        ("myschtasks /create", False),
        ("schtasks /creates", False),
        ("schtasks /query", False),
        ("schtasks /create on a honeypot", False),
        ("uses obfuscation", True),
        ("unobfuscated", False),
    ],
)
def test_a_cue_is_found_as_whole_words_that_stand_together(text: str, found: bool) -> None:
    cues = table("T1053.005: schtasks & /create & !honeypot | obfuscat*")
    assert bool(cues.found(text)) is found


@pytest.mark.parametrize("line", ["T1053: ", "no technique: words", "T1: a", "T1053.005 words"])
def test_a_line_that_is_no_cue_is_refused_and_quoted(line: str) -> None:
    with pytest.raises(ValueError, match="cue"):
        list(read_cues([line]))


def test_every_technique_of_the_packaged_cues_exists_today_and_is_not_revoked() -> None:
    ids = {uid for cue in packaged_cues().cues for uid in cue.techniques}
    assert len(packaged_cues().cues) > 4_000
    wrong = [
        uid
        for uid in sorted(ids)
        if not attack.current(uid).known or attack.current(uid).uid != uid
    ]
    assert wrong == []


@given(st.text(max_size=400))
def test_no_text_upsets_cues_or_terms(text: str) -> None:
    table("T1003: lsass & dump* | -ma", "~T1053: /create & !x").found(text)
    assert all(isinstance(term, str) and term for term in terms(text))


@given(st.lists(st.lists(st.sampled_from("abcdef"), min_size=1), min_size=1, max_size=6))
def test_a_document_is_most_like_itself(documents: list[list[str]]) -> None:
    index = LexicalIndex.build(documents)
    for number, document in enumerate(documents):
        alike = index.similarities(document)
        assert alike.max() <= 1 + 1e-5
        assert alike[number] == pytest.approx(1.0, abs=1e-5)


def test_words_of_the_text_name_the_technique_and_are_given_as_reason(signals: Signals) -> None:
    ranker = TechniqueRanker.untrained(signals)
    (dumping,), (link, *_) = ranker.rank(
        ["Tool dumps LSASS memory\nprocdump -ma lsass.exe", "They sent mail with a link"], top=1
    )
    assert dumping.uid == "T1003.001" and dumping.named
    assert {reason.text for reason in dumping.reasons if reason.kind == "cue"} & {
        "lsass",
        "procdump + lsass",
    }
    assert link.uid == "T1566.002"


def test_ids_of_the_cues_reach_a_catalogue_of_another_edition() -> None:
    old = Signals(
        (TechniqueText("T1562.001", "Disable or Modify Tools", "Stop security tools."),),
        renamed=attack_newer.BACKWARD,
    )
    (found,) = TechniqueRanker.untrained(old).rank(["Add-MpPreference exclusion\nSet-MpPreference"])
    assert found[0].uid == "T1562.001"
    assert found[0].reasons[0].kind == "cue"


def examples() -> list[Example]:
    tasks = [
        Example(f"Blue widget {n}\nfrobnicate the widget number {n}", ("T1053.005",), f"rule {n}")
        for n in range(15)
    ]
    mails = [
        Example(f"Red gadget {n}\nquuxify the gadget number {n}", ("T1566.002",)) for n in range(15)
    ]
    return tasks + mails


def test_words_that_only_the_examples_know_are_learned(signals: Signals) -> None:
    ranker = TechniqueRanker.fit(signals, examples())
    (found,) = ranker.rank(["A widget again\nfrobnicate"])
    assert found[0].uid == "T1053.005" and found[0].named
    assert any(reason.kind == "example" and reason.source for reason in found[0].reasons)


def test_too_few_examples_are_refused(signals: Signals) -> None:
    with pytest.raises(ValueError, match="3 labelled texts"):
        TechniqueRanker.fit(signals, examples()[:3])


def test_an_example_is_judged_as_if_it_had_not_been_there(signals: Signals) -> None:
    given_ = examples()
    learned = Examples(given_, signals.read([one.text for one in given_]), signals.places)
    kernel = np.stack([learned.alike(one) for one in learned.readings])
    mean = learned.labels.mean(axis=0)
    rest = [n for n in range(len(given_)) if n != 4]
    dual = np.linalg.solve(
        kernel[np.ix_(rest, rest)] + RIDGE * np.eye(len(rest)), learned.labels[rest] - mean
    )
    assert learned.own_signals(4)[:, 0] == pytest.approx(kernel[4, rest] @ dual + mean, abs=1e-6)


def test_a_trained_file_gives_back_the_same_ranker(signals: Signals, tmp_path: Path) -> None:
    given_ = tuple(examples())
    ranker = TechniqueRanker.fit(signals, given_)
    file = tmp_path / "mapper.json"
    Trained.of("19", "", ranker.weights, given_, None).write(file)
    stored = Trained.read(file)
    again = TechniqueRanker.restore(
        signals,
        [Example(one.text, one.techniques, one.source) for one in stored.examples],
        stored.weights,
        stored.vector_rows(),
    )
    text = ["A gadget\nquuxify"]
    assert again.rank(text) == ranker.rank(text)


@pytest.mark.parametrize("damage", ["cut", "vectors", "number", "absent"])
def test_a_damaged_trained_file_is_an_error_of_one_line(damage: str, tmp_path: Path) -> None:
    vectors = np.ones((1, 4), np.float32)
    file = tmp_path / "mapper.json"
    Trained.of("19", "x", packaged_weights(), (Example("a", ("T1003",)),), vectors).write(file)
    body = json.loads(file.read_text())
    if damage == "cut":
        file.write_text(file.read_text()[:-40])
    elif damage == "absent":
        file.unlink()
    else:
        if damage == "vectors":
            body["vectors"] = body["vectors"][:4]
        else:
            body["weights"]["coefficients"][0] = "NaN"
        file.write_text(json.dumps(body))
    with pytest.raises(TrainedError) as error:
        Trained.read(file)
    assert "\n" not in str(error.value) and str(file) in str(error.value)


def test_embeddings_outlive_the_process_and_a_damaged_cache_is_made_again(tmp_path: Path) -> None:
    first = load_embedder(tmp_path)
    if first is None:
        pytest.skip("the sentence encoder is not installed")
    vector = first.embed_all(["a text of the test"])
    again = load_embedder(tmp_path)
    assert again is not None
    assert again.embed_all(["a text of the test"]) == pytest.approx(vector, abs=2e-3)
    (cache,) = tmp_path.iterdir()
    cache.write_bytes(b"PK\x03\x04 nothing")
    third = load_embedder(tmp_path)
    assert third is not None
    assert third.embed_all(["a text of the test"]) == pytest.approx(vector, abs=2e-3)
