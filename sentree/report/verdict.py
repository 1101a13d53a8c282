"""The evaluation as files: one page that needs nothing else, JSON, CSV, Parquet, inspect_ai."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from schemas.experiment import Trial
from schemas.rating import Rating
from schemas.verdict import Comparison, VerdictReport
from schemas.window import iso
from sentree.report import verdict_tables as tables
from sentree.report.escape import json_visible
from sentree.report.figures import minute
from sentree.report.inspect_log import write_inspect_logs
from sentree.report.templating import TEMPLATES, digest, environment
from sentree.report.verdict_figures import figures_csv, write_parquet
from sentree.report.verdict_plot import cost_plot, score_plot
from sentree.report.verdict_words import (
    NO_LANGUAGE_MODEL_NOTE,
    SIMULATED_NOTE,
    TONES,
    figure,
    more,
    settling,
    stamp,
    with_bounds,
)

MAX_TASKS = 24


def write_verdict(
    report: VerdictReport, trials: Sequence[Trial], formats: Sequence[str], folder: Path
) -> list[Path]:
    """Write the formats asked for into a folder; give the paths, in that order.

    Raises:
        OSError: the folder can't be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    for name in dict.fromkeys(formats):
        if name == "parquet":
            written += write_parquet(report, trials, folder)
            continue
        if name == "inspect":
            written += write_inspect_logs(report, trials, folder)
            continue
        path, text = {
            "html": lambda: (folder / "verdict.html", render_verdict(report)),
            "json": lambda: (
                folder / "verdict.json",
                json_visible(report.model_dump_json(indent=1)) + "\n",
            ),
            "csv": lambda: (folder / "figures.csv", figures_csv(report)),
        }[name]()
        path.write_text(text, encoding="utf-8")
        written.append(path)
    return written


def render_verdict(report: VerdictReport) -> str:
    """Render the page; it makes no request and runs no script."""
    from markupsafe import Markup

    css = "".join((TEMPLATES / name).read_text("utf-8") for name in ("report.css", "verdict.css"))
    return (
        environment()
        .get_template("verdict.html.jinja")
        .render(
            report=report,
            policy=f"default-src 'none'; style-src '{digest(css)}'; base-uri 'none'; "
            "form-action 'none'",
            css=Markup(css),
            created=minute(report.created_at),
            made=iso(report.created_at),
            stamp=stamp(report.simulated, report.language_model),
            warnings=_warnings(report),
            comparisons=[
                _comparison(number, one) for number, one in enumerate(report.comparisons, start=1)
            ],
            summaries=tables.summaries(report.paths),
            tails=tables.tails(report.paths),
            behaviour=tables.behaviour(report.paths),
            rot=tables.rot(report.slopes),
            regrets=[(tables.regrets(one), tables.confusion(one)) for one in report.regret],
            rated=_rated(report.ratings),
            criteria=_criteria(report),
        )
    )


def _comparison(number: int, one: Comparison) -> dict[str, Any]:
    names = (str(one.baseline), str(one.path))
    words = stamp(one.simulated, one.language_model)
    plots: list[dict[str, Any]] = []
    for place, found in enumerate(one.crossovers[: MAX_TASKS + 1]):
        anchor = f"p-{number}-{place}"
        plots.append(
            {
                "task": found.task,
                "statement": found.statement,
                "score": score_plot(found, names, anchor, words),
                # One cost plot is enough: a task's costs stand in its table.
                "cost": cost_plot(found, names, f"{anchor}-c", words) if place == 0 else None,
                "data": tables.crossover_data(found, names),
            }
        )
    effect, hypothesis = one.pooled, one.hypothesis
    return {
        "number": number,
        "names": names,
        "model": one.model,
        "stamp": words,
        "decision": one.decision.value,
        "tone": TONES[one.decision],
        "reason": one.reason,
        "settling": settling(one),
        "lines": [
            ("Score", f"{with_bounds(effect.base, 'score')} for {one.baseline}"),
            ("", f"{with_bounds(effect.treated, 'score')} for {one.path}"),
            ("Difference", with_bounds(effect.difference, "points")),
            ("Improvement", with_bounds(effect.improvement, "share")),
            (
                "Cost",
                "the baseline is free, the path is not"
                if effect.baseline_free
                else with_bounds(effect.cost_ratio, "ratio")
                if effect.cost_ratio
                else "no pair has a price on both sides",
            ),
            (
                "Rests on",
                f"{effect.pairs:,} pairs, {effect.clusters:,} clusters; {one.unpaired:,} trials "
                "without a partner left out",
            ),
        ],
        "hypothesis": hypothesis,
        "hypothesis_tone": TONES[hypothesis.state],
        "hypothesis_more": more(hypothesis.more_cases, hypothesis.more_runs),
        "inequalities": tables.inequalities(
            "Decision: each inequality with its numbers", one.inequalities
        ),
        "hypothesis_inequalities": tables.inequalities(
            f"{hypothesis.uid}: each inequality with its numbers",
            hypothesis.inequalities,
            f"{hypothesis.pairs:,} pairs of large contexts",
        ),
        "effects": tables.effects(one),
        "plots": plots,
        "rot_difference": with_bounds(one.rot_difference, "points") if one.rot_difference else "",
    }


def _rated(ratings: Sequence[Rating]) -> Any:
    return tables.rated(ratings) if ratings else None


def _warnings(report: VerdictReport) -> list[str]:
    said: list[str] = []
    if report.simulated:
        said.append(SIMULATED_NOTE)
    if not report.language_model:
        said.append(NO_LANGUAGE_MODEL_NOTE)
    return said


def _share(value: float) -> str:
    """Write a threshold."""
    return figure(value, "part")


def _criteria(report: VerdictReport) -> list[tuple[str, str]]:
    rule = report.criteria
    groups = ", ".join(f"{task}: by {kind}" for task, kind in report.clustering)
    reading = report.reading
    rejected = "; ".join(f"{count:,} {reason}" for reason, count in reading.reasons)
    scope = f" Only contexts above {rule.above_tokens:,} tokens." if rule.above_tokens else ""
    return [
        (
            "Adopt",
            f"improvement > {_share(rule.improvement)} on at least {rule.tasks} tasks, 95 % of "
            f"answers within {rule.seconds:g} s, cost ratio < {rule.cost_ratio:g}.{scope}",
        ),
        (
            "Defer",
            f"a gain of {_share(rule.worth_watching)} is excluded over all sizes and not "
            f"shown above {rule.large_tokens:,} tokens; or the cost ratio is above "
            f"{rule.falsified_cost:g} and the gain is not shown. Everything else: Monitor.",
        ),
        (
            "Holds or fails",
            "only if the whole 95 % interval lies on that side; else undecided.",
        ),
        (
            "Improvement",
            "difference over the baseline's score; a score below "
            f"{rule.base_floor:g} counts as {rule.base_floor:g}.",
        ),
        (
            "Intervals",
            f"paired cluster bootstrap, {report.rounds:,} draws, seed {report.seed}, percentile, "
            f"widened for few clusters; none below {rule.min_cases} clusters. Not adjusted for "
            f"{len(report.comparisons)} comparisons.",
        ),
        ("Drawn together", groups),
        (
            "Trials",
            f"{reading.trials:,} counted, {reading.repeated:,} handed in twice, "
            f"{reading.rejected:,} lines rejected{': ' + rejected if rejected else ''}",
        ),
        ("Data", f"sha256 {reading.sha256}"),
    ]
