"""Every figure of an evaluation as one flat table, for spreadsheets and data frames."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from schemas.experiment import Trial
from schemas.verdict import Comparison, Estimate, PathSummary, VerdictReport
from sentree.report.escape import csv_cell
from sentree.report.verdict_words import stamp


class FigureRow(NamedTuple):
    """One figure. `against` is empty where a path stands for itself."""

    experiment: str
    stamp: str
    model: str
    path: str
    against: str
    task: str
    size_tokens: int | None
    figure: str
    unit: str
    value: float | None
    low: float | None
    high: float | None
    clusters: int | None
    trials: int
    text: str


def figure_rows(report: VerdictReport) -> list[FigureRow]:
    """List every figure; each row bears the stamp of its trials."""
    rows: list[FigureRow] = []
    for one in report.comparisons:
        rows += _comparison(report.experiment, one)
    words = stamp(report.simulated, report.language_model)
    for one in report.paths:
        rows += _path(report.experiment, words, one)
    for one in report.slopes:
        rows.append(
            _row(
                (report.experiment, words, one.model, str(one.path), ""),
                one.task,
                None,
                "score per doubling",
                "points",
                one.per_doubling,
                0,
            )
        )
    for one in report.regret:
        for policy in one.policies:
            head = (report.experiment, words, one.model, policy.name, "the winner")
            rows.append(_row(head, "", None, "lost score", "score", policy.lost_score, one.cases))
            rows.append(_row(head, "", None, "lost dollars", "usd", policy.lost_usd, one.cases))
    return rows


def figures_csv(report: VerdictReport) -> str:
    """Render every figure as CSV; no cell can be a formula."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_MINIMAL, lineterminator="\n")
    writer.writerow(FigureRow._fields)
    for row in figure_rows(report):
        writer.writerow(
            csv_cell(cell) if isinstance(cell, str) else "" if cell is None else cell
            for cell in row
        )
    return out.getvalue()


def write_parquet(report: VerdictReport, trials: Sequence[Trial], folder: Path) -> list[Path]:
    """Write the figures and the trials as Parquet; give the paths."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    figures, raw = folder / "figures.parquet", folder / "trials.parquet"
    rows = [row._asdict() for row in figure_rows(report)]
    pq.write_table(pa.Table.from_pylist(rows, schema=_schema()), figures)
    table = pa.Table.from_pylist(
        [one.model_dump(mode="json", exclude={"metrics"}) for one in trials]
    )
    metrics = [list(one.metrics.items()) for one in trials]
    column = pa.array(metrics, pa.map_(pa.string(), pa.float64()))
    pq.write_table(table.append_column("metrics", column), raw)
    return [figures, raw]


def _schema() -> object:
    import pyarrow as pa

    kinds = {
        "size_tokens": pa.int64(),
        "value": pa.float64(),
        "low": pa.float64(),
        "high": pa.float64(),
        "clusters": pa.int64(),
        "trials": pa.int64(),
    }
    return pa.schema([(name, kinds.get(name, pa.string())) for name in FigureRow._fields])


def _comparison(experiment: str, one: Comparison) -> Iterator[FigureRow]:
    words = stamp(one.simulated, one.language_model)
    head = (experiment, words, one.model, str(one.path), str(one.baseline))
    for effect in (one.pooled, *one.tasks):
        for name, unit, found in (
            ("baseline score", "score", effect.base),
            ("path score", "score", effect.treated),
            ("difference", "points", effect.difference),
            ("improvement", "share", effect.improvement),
            ("difference where both answered", "points", effect.both_answered),
            ("cost ratio", "ratio", effect.cost_ratio),
            ("time ratio", "ratio", effect.time_ratio),
        ):
            yield _row(head, effect.task, None, name, unit, found, 2 * effect.pairs)
    for found in one.crossovers:
        place = None
        if found.tokens is not None:
            place = Estimate(value=found.tokens, low=found.low, high=found.high)
        row = _row(head, found.task, None, "crossover", "tokens", place, 0)
        yield row._replace(low=found.low, high=found.high, text=found.statement)
        for cell in found.sizes:
            yield _row(
                head,
                found.task,
                cell.size_tokens,
                "difference",
                "points",
                cell.difference,
                2 * cell.pairs,
            )
    for inequality in one.inequalities:
        row = _row(
            head, "", None, inequality.statement, inequality.unit, inequality.estimate, one.pairs
        )
        yield row._replace(text=str(inequality.standing))
    decided = _row(head, "", None, "decision", "", None, 2 * one.pairs)
    yield decided._replace(text=f"{one.decision}: {one.reason}")
    yield decided._replace(
        figure=one.hypothesis.uid, text=f"{one.hypothesis.state}: {one.hypothesis.reason}"
    )


def _path(experiment: str, words: str, one: PathSummary) -> Iterator[FigureRow]:
    head = (experiment, words, one.model, str(one.path), "")
    for name, unit, found in (
        ("score", "score", one.score),
        ("citations valid", "share", one.citations_valid),
        ("events read", "share", one.coverage),
        ("peek", "share", one.peeked),
        ("grep", "share", one.grepped),
        ("partition", "share", one.partitioned),
    ):
        yield _row(head, "", None, name, unit, found, one.trials)
    for name, unit, tail in (
        ("dollars", "usd", one.usd),
        ("seconds", "seconds", one.seconds),
        ("tokens", "tokens", one.tokens),
    ):
        if tail is not None:
            for what, found in (
                ("mean", tail.mean),
                ("median", tail.median),
                ("95th percentile", tail.p95),
            ):
                yield _row(head, "", None, f"{name}, {what}", unit, found, tail.trials)
    for outcome in ("answered", "limited", "declined", "failed"):
        found = Estimate(value=getattr(one, outcome))
        yield _row(head, "", None, outcome, "trials", found, one.trials)


def _row(
    head: tuple[str, str, str, str, str],
    task: str,
    size_tokens: int | None,
    figure: str,
    unit: str,
    found: Estimate | None,
    trials: int,
) -> FigureRow:
    return FigureRow(
        *head,
        task,
        size_tokens,
        figure,
        unit,
        None if found is None else found.value,
        None if found is None else found.low,
        None if found is None else found.high,
        None if found is None else found.clusters,
        trials,
        "",
    )
