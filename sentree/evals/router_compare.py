"""Measures the router: trained heads on questions, and recipes of features against each other."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from models.router import Router
from models.router_body import Body
from models.train_router import (
    BODY_LAYERS,
    FOLDS,
    LabelledQuery,
    Recipe,
    cross_validate,
    predict,
)
from schemas.query import Query
from sentree.evals.router import RouterScore, score

RECIPES: tuple[Recipe, ...] = ("words", "lexical", "embedding", "combined")
NEVER_TRAINED = {
    "other wordings": "queries_unseen.jsonl",
    "second set": "queries_second.jsonl",
    "misleading": "queries_hard.jsonl",
}
"""Labelled questions of ours that no head is trained on, by what the card calls them."""
CONTRASTIVE = "contrastive"
CONTRASTIVE_FOLDS = 1


class Measured(NamedTuple):
    """What was measured on which questions."""

    classifier: str
    questions: str
    scores: tuple[RouterScore, ...]


class Latency(NamedTuple):
    """Milliseconds a decision takes, of this process's own time; the body's share is in it."""

    median: float
    worst_of_20: float
    queries: int


def measure_router(router: Router, queries: Sequence[LabelledQuery], questions: str) -> Measured:
    """Score the heads of a router on queries; honest only if they were not trained on them."""
    found = predict(router.heads, router.body, queries)
    scores = tuple(score(target, one) for target, one in found.items())
    return Measured(router.version, questions, scores)


def compare(
    queries: Sequence[LabelledQuery],
    recipes: Sequence[Recipe],
    seed: int,
    contrastive: bool = False,
    take: int = FOLDS,
    progress: Callable[[int, int], None] | None = None,
) -> list[Measured]:
    """Cross-validate recipes by paraphrase group, over the first `take` of five folds.

    With `contrastive`, a body is tuned too, which takes minutes: on the first fold alone, beside
    the frozen body on the same fold.
    """
    texts = [query.text for query in queries]
    body = Body.load().cut(BODY_LAYERS)
    embedded = contrastive or any(recipe in ("embedding", "combined") for recipe in recipes)
    embeddings = body.embed_all(texts).astype(np.float64) if embedded else None

    def tuned(train: Sequence[LabelledQuery]) -> npt.NDArray[np.float64]:
        from models.router_contrastive import adapt

        changed = body.patched((one.weight, one.matrix()) for one in adapt(train, seed))
        return changed.embed_all(texts).astype(np.float64)

    jobs: list[tuple[Recipe, int, bool]] = [(recipe, take, False) for recipe in recipes]
    if contrastive:
        pair: list[tuple[Recipe, int, bool]] = [
            ("combined", CONTRASTIVE_FOLDS, tune) for tune in (False, True)
        ]
        jobs += [job for job in pair if job not in jobs]
    measured: list[Measured] = []
    for done, (recipe, tested, tune) in enumerate(jobs):
        found = cross_validate(queries, recipe, embeddings, seed, tuned if tune else None, tested)
        scores = tuple(score(target, one) for target, one in found.items())
        name = f"{recipe}, {CONTRASTIVE}" if tune else recipe
        measured.append(Measured(name, f"held out, {tested} of {FOLDS} folds", scores))
        if progress:
            progress(done + 1, len(jobs))
    return measured


def measure_latency(router: Router, queries: Sequence[LabelledQuery]) -> Latency:
    """Time decisions, one by one as a command makes them."""
    asked = [Query(text=query.text) for query in queries]
    router.decide(asked[0])
    spent: list[float] = []
    for query in asked:
        # CPU time: what else the machine does is no property of the router.
        start = time.process_time()
        router.decide(query)
        spent.append((time.process_time() - start) * 1000)
    return Latency(float(np.median(spent)), float(np.quantile(spent, 0.95)), len(spent))
