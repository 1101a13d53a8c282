"""The router's measurements as a table for a terminal, and as its model card in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from models.router_heads import HeadFile
from sentree.evals.router import RouterScore
from sentree.evals.router_compare import CONTRASTIVE, Latency, Measured
from sentree.report.tables import table

HEAD = ("classifier", "questions", "target", "n", "accuracy", "95 %", "ECE", "confidence")
SHIPPED_RECIPE = "combined"


def score_lines(measured: Iterable[Measured]) -> list[str]:
    """Lay scores out in columns."""
    return table(HEAD, _rows(measured))


def confusion_lines(one: RouterScore) -> list[str]:
    """Lay a confusion matrix out in columns: a row a right label, a column a label given."""
    return table((f"{one.target}: right \\ given", *one.labels), _confusion(one))


def curve_lines(one: RouterScore) -> list[str]:
    """Lay out what share of questions is decided at each threshold, and how well."""
    return table((f"{one.target}: sure of", "decided", "right of those"), _curve(one))


def latency_line(latency: Latency) -> str:
    """Say how long a decision takes."""
    return (
        f"a decision takes {latency.median:.1f} ms of processor time (median of "
        f"{latency.queries}), 95 % take at most {latency.worst_of_20:.1f} ms"
    )


def card(
    heads: HeadFile, unseen: Sequence[Measured], compared: Sequence[Measured], latency: Latency
) -> str:
    """Write the model card; `unseen` scores the shipped heads, the first in most detail."""
    training = heads.training
    parts = [
        "# Model card of the router",
        "",
        "Written by `sentree route eval --compare --card docs/router-card.md`; don't edit. "
        "What the labels mean and where they come from is in docs/router.md.",
        "",
        f"- heads: `{heads.version}`, two logistic regressions (L2, C = "
        f"{training.inverse_regularisation:g}), {len(heads.path.coefficients[0]):,} features",
        f"- body: {_body(heads)}"
        + (
            f", {len(heads.patches)} matrices changed by contrastive training" * bool(heads.patches)
        ),
        f"- trained on {training.queries:,} queries in {training.groups:,} paraphrase groups, "
        f"seed {training.seed}, file sha256 `{training.queries_sha256[:12]}`",
        f"- abstains from the path below {heads.abstain_below:.2f}: the recursive one is taken",
        f"- {latency_line(latency)}",
        "",
        "## The shipped heads, on questions they were not trained on",
        "",
        *_markdown(HEAD, _rows(unseen)),
    ]
    for one in unseen[0].scores:
        parts += [
            "",
            f"### {one.target}, {unseen[0].questions}: rows are right, columns given",
            "",
            *_markdown(("", *one.labels), _confusion(one)),
            "",
            f"Abstaining below a threshold, {one.target}:",
            "",
            *_markdown(("sure of", "decided", "right of those"), _curve(one)),
        ]
    if compared:
        # The recipe that ships, over the most folds.
        shipped = max(
            (one for one in compared if one.classifier == SHIPPED_RECIPE),
            key=lambda one: one.scores[0].queries,
        )
        parts += [
            "",
            "## Recipes of features, cross-validated with whole paraphrase groups held out",
            "",
            *_markdown(HEAD, _rows(compared)),
            *_contrastive(compared),
        ]
        for one in shipped.scores:
            parts += [
                "",
                f"### {one.target}, {shipped.classifier}, {shipped.questions}",
                "",
                *_markdown(("", *one.labels), _confusion(one)),
                "",
                *_markdown(("sure of", "decided", "right of those"), _curve(one)),
            ]
    return "\n".join(parts) + "\n"


def _body(heads: HeadFile) -> str:
    if heads.body is None:
        return "none"
    return f"{heads.body.model}, the first {heads.body.layers} layers"


def _contrastive(compared: Sequence[Measured]) -> list[str]:
    """Say by how much contrastive tuning of the body changes the recipe that ships."""
    tuned = [one for one in compared if one.classifier == f"{SHIPPED_RECIPE}, {CONTRASTIVE}"]
    lines: list[str] = []
    for one in tuned:
        frozen = next(
            other
            for other in compared
            if other.classifier == SHIPPED_RECIPE and other.questions == one.questions
        )
        changes = (
            f"{after.target} accuracy by {after.accuracy.value - before.accuracy.value:+.3f}"
            for before, after in zip(frozen.scores, one.scores, strict=True)
        )
        lines += ["", f"On the same questions, contrastive tuning changes {', '.join(changes)}."]
    return lines


def _rows(measured: Iterable[Measured]) -> list[tuple[str, ...]]:
    return [
        (
            one.classifier,
            one.questions,
            score.target,
            f"{score.queries:,}",
            f"{score.accuracy.value:.3f}",
            f"{score.accuracy.low:.3f}-{score.accuracy.high:.3f}",
            f"{score.calibration_error:.3f}",
            f"{score.mean_confidence:.3f}",
        )
        for one in measured
        for score in one.scores
    ]


def _confusion(one: RouterScore) -> list[tuple[str, ...]]:
    return [(row, *(str(one.confusion[row][label]) for label in one.labels)) for row in one.labels]


def _curve(one: RouterScore) -> list[tuple[str, ...]]:
    return [
        (f"{rung.threshold:.2f}", f"{rung.coverage:.1%}", f"{rung.accuracy:.1%}")
        for rung in one.curve
    ]


def _markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    return ["| " + " | ".join(row) + " |" for row in (head, ["---"] * len(head), *rows)]
