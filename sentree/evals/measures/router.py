"""Accuracy, calibration and latency of the router on questions it was not trained on."""

from __future__ import annotations

from models.router import SHIPPED, Router
from models.train_router import read_queries
from sentree.evals.measures.measure import Measure
from sentree.evals.router_compare import (
    NEVER_TRAINED,
    Measured,
    measure_latency,
    measure_router,
)


def generated_rows() -> list[Measure]:
    """Measure the shipped heads on questions of ours that no head was trained on.

    Cross-validation of the recipes takes minutes: `sentree route eval --compare` prints it.
    """
    router = Router.load()
    found: list[Measure] = []
    for name, file in NEVER_TRAINED.items():
        found += _measures(measure_router(router, read_queries(SHIPPED / file), name))
    latency = measure_latency(router, read_queries(SHIPPED / NEVER_TRAINED["other wordings"]))
    task, note = f"router: {router.version}", "processor time of a decision"
    n = latency.queries
    found.append(Measure(task, "median milliseconds", latency.median, None, None, n, note))
    found.append(
        Measure(task, "95 % within milliseconds", latency.worst_of_20, None, None, n, note)
    )
    return found


def _measures(one: Measured) -> list[Measure]:
    task = f"router: {one.classifier}, {one.questions}"
    found: list[Measure] = []
    for score in one.scores:
        note = f"mean confidence {score.mean_confidence:.3f}"
        n = score.queries
        found.append(Measure(task, f"{score.target} accuracy", *score.accuracy, n, note))
        error = score.calibration_error
        found.append(Measure(task, f"{score.target} calibration error", error, None, None, n))
    return found
