"""The verdict for a terminal: every inequality with its numbers, in plain lines."""

from __future__ import annotations

from schemas.verdict import Comparison, Criteria, VerdictReport
from sentree.report.escape import terminal
from sentree.report.tables import table
from sentree.report.verdict_words import (
    NO_LANGUAGE_MODEL_NOTE,
    SIMULATED_NOTE,
    inequality_bounds,
    inequality_figure,
    more,
    named,
    settling,
    stamp,
    with_bounds,
)


def verdict_text(report: VerdictReport) -> str:
    """Give the decision on every comparison, with the inequalities it rests on."""
    reading = report.reading
    lines = [
        f"experiment {report.experiment}: {reading.trials:,} trials, "
        f"{len(report.tasks)} tasks, data sha256 {reading.sha256[:12]}"
    ]
    if report.simulated:
        lines.append(SIMULATED_NOTE)
    if not report.language_model:
        lines.append(NO_LANGUAGE_MODEL_NOTE)
    if reading.repeated:
        lines.append(f"{reading.repeated:,} trials were handed in twice and count once")
    lines += [f"{count:,} lines rejected: {reason}" for reason, count in reading.reasons]
    for comparison in report.comparisons:
        lines += ["", *_comparison(comparison, report.criteria)]
    for note in report.notes:
        lines += ["", f"note: {note}"]
    return "\n".join(terminal(line) for line in lines)


def _comparison(one: Comparison, rule: Criteria) -> list[str]:
    words = stamp(one.simulated, one.language_model)
    mark = f"[{words}] " if words else ""
    effect = one.pooled
    scope = f"contexts above {rule.above_tokens:,} tokens" if rule.above_tokens else "all sizes"
    lines = [
        f"{mark}{named(one)}: {one.decision.upper()}",
        f"  {one.reason}",
        f"  {settling(one)}",
        f"  {one.pairs:,} pairs, {one.clusters:,} independent clusters, "
        f"{one.unpaired:,} trials without a partner left out; decided on {scope}",
        f"  score {with_bounds(effect.base, 'score')} -> {with_bounds(effect.treated, 'score')}",
        f"  difference {with_bounds(effect.difference, 'points')}, "
        f"improvement {with_bounds(effect.improvement, 'share')}",
        f"  {one.crossovers[0].statement}",
        "",
    ]
    rows = [
        (
            inequality.statement,
            inequality_figure(inequality),
            inequality_bounds(inequality),
            str(inequality.standing),
            more(inequality.more_cases, inequality.more_runs) or inequality.note,
        )
        for inequality in one.inequalities
    ]
    head = ("inequality", "figure", "95 % interval", "says", "to decide it / note")
    lines += [f"  {line}" for line in table(head, rows)]
    hypothesis = one.hypothesis
    lines += [
        "",
        f"{mark}{hypothesis.uid}: {hypothesis.state.upper()} ({hypothesis.pairs:,} pairs)",
        f"  {hypothesis.statement}",
        f"  {hypothesis.reason}",
    ]
    if wanted := more(hypothesis.more_cases, hypothesis.more_runs):
        lines.append(f"  about {wanted} would settle it with a chance of 80 %")
    rows = [
        (one.statement, inequality_figure(one), inequality_bounds(one), str(one.standing))
        for one in hypothesis.inequalities
    ]
    return lines + ([f"  {line}" for line in table(head[:4], rows)] if rows else [])
