"""Says why the router decided as it did: which features spoke for it, which questions are near."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from models.router import DIRECT_BELOW_TOKENS, Router, clean
from models.router_heads import EMBEDDING, Head
from models.train_router import LabelledQuery
from schemas.query import (
    ContextFacts,
    Path,
    Query,
    RouteExplanation,
    RouteSignal,
    SimilarQuery,
)

SIGNALS = 5
NEAREST = 5
SHORTLIST = 30
MEANING = "meaning of the sentence"


def explain(
    router: Router,
    query: Query,
    facts: ContextFacts | None,
    labelled: Sequence[LabelledQuery],
    override: Path | None = None,
) -> RouteExplanation:
    """Explain the decision on a query.

    Args:
        router: The router that decides.
        query: The query.
        facts: What is known about its context.
        labelled: The queries among which to look for near ones.
        override: A path that the caller asks for.
    """
    large = ContextFacts(events=10**6, characters=4 * 10**8, partitions=100)
    return RouteExplanation(
        query=query.text,
        decision=router.decide(query, facts, override),
        signals=(
            *_signals(router, query, "path", router.heads.path),
            *_signals(router, query, "scenario", router.heads.scenario),
        ),
        nearest=_nearest(router, query, labelled),
        small=router.decide(query, ContextFacts(events=1, characters=1, partitions=1)).path,
        large=router.decide(query, large).path,
        direct_below_tokens=DIRECT_BELOW_TOKENS,
    )


def _signals(router: Router, query: Query, target: str, head: Head) -> list[RouteSignal]:
    """Split the log-odds of the best label against the second into what each feature adds."""
    text, _ = clean(query.text)
    if not text:
        return []
    features = router.heads.features(text, router.body)
    matrix = head.matrix if len(head.labels) > 2 else np.vstack([-head.matrix / 2, head.matrix / 2])
    order = np.argsort(head.probabilities(features[np.newaxis])[0])
    best, second = int(order[-1]), int(order[-2])
    parts = features * (matrix[best] - matrix[second])
    skipped = 0 if router.body is None else EMBEDDING
    named = {MEANING: float(parts[:skipped].sum())} if skipped else {}
    for column in np.flatnonzero(parts[skipped:]):
        name = router.heads.lexicon.name(int(column))
        named[name] = named.get(name, 0) + float(parts[skipped + column])
    strongest = sorted(named.items(), key=lambda item: (-abs(item[1]), item[0]))[:SIGNALS]
    return [
        RouteSignal(
            target=target,
            label=head.labels[best],
            against=head.labels[second],
            feature=name,
            weight=round(weight, 3),
        )
        for name, weight in strongest
    ]


def _nearest(
    router: Router, query: Query, labelled: Sequence[LabelledQuery]
) -> tuple[SimilarQuery, ...]:
    """Shortlist by words, which is fast, then order by all features."""
    text, _ = clean(query.text)
    if not text:
        return ()
    lexicon = router.heads.lexicon
    row = lexicon.word_row(text)

    def overlap(other: LabelledQuery) -> float:
        theirs = lexicon.word_row(other.text)
        return sum(weight * theirs.get(column, 0) for column, weight in row.items())

    short = sorted(labelled, key=overlap, reverse=True)[:SHORTLIST]
    mine = _unit(router, text)
    scored = [(float(mine @ _unit(router, other.text)), other) for other in short]
    scored.sort(key=lambda item: (-item[0], item[1].text))
    return tuple(
        SimilarQuery(
            text=other.text,
            path=other.path,
            scenario=other.scenario,
            similarity=round(similarity, 3),
        )
        for similarity, other in scored[:NEAREST]
    )


def _unit(router: Router, text: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    features = router.heads.features(text, router.body)
    return features / np.linalg.norm(features)
