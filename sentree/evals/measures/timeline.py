"""How `sentree timeline` does: on generated incidents with known truth, on labelled real data."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from schemas.request import TimelineRequest
from schemas.result import Result
from schemas.scenario import (
    HELD_OUT,
    TUNED_ON,
    IncidentSpec,
    IncidentTruth,
    Noise,
    Playbook,
    Skew,
)
from sentree.analysis.local import run_timeline
from sentree.evals.generate.incident import generate_incident
from sentree.evals.incident import IncidentScore, score_incident
from sentree.evals.measures.measure import Measure
from sentree.evals.metrics import SetScore, bootstrap, compare_sets, pooled
from sentree.lake.db import Lake
from sentree.lake.ingest import ingest
from sentree.rules.detect import detect
from sentree.rules.load import load_rules
from sentree.rules.packs import OWN_RULES
from sentree.settings import Settings

EVENTS = 4_000
SEED = 101
"""No threshold was chosen with this seed."""


class Case(NamedTuple):
    """One generated incident, its timeline, and the score."""

    truth: IncidentTruth
    result: Result
    score: IncidentScore


def rows(data: Path) -> list[Measure]:
    """Measure techniques found on each labelled set of the sample, parents compared."""
    sets: list[tuple[list[Path], set[str]]] = []
    for line in (data / "mordor" / "index.jsonl").read_text("utf-8").splitlines():
        one = json.loads(line)
        sets.append(([data / "mordor" / one["file"]], set(one["techniques"])))
    campaigns: dict[str, tuple[list[Path], set[str]]] = {}
    for line in (data / "campaigns" / "index.jsonl").read_text("utf-8").splitlines():
        one = json.loads(line)
        paths, techniques = campaigns.setdefault(one["campaign"], ([], set()))
        paths.append(data / "campaigns" / one["file"])
        techniques |= set(one["techniques"])
    sets += [found for found in campaigns.values() if found[1]]
    any_row: list[SetScore] = []
    chain: list[SetScore] = []
    with tempfile.TemporaryDirectory() as place:
        for number, (paths, labels) in enumerate(sets):
            result = timeline_of(paths, Path(place) / str(number))
            wanted = _parents(labels)
            any_row.append(compare_sets(wanted, _parents(_techniques(result))))
            steps = result.timeline.chain if result.timeline else ()
            chain.append(compare_sets(wanted, _parents({step.technique for step in steps})))
    return [
        *_pooled("timeline: real data sets", "techniques of medium rows", any_row),
        *_pooled("timeline: real data sets", "techniques of the chain", chain),
    ]


def generated_rows() -> list[Measure]:
    """Measure playbooks that were held out at each noise level, then clocks; then those tuned on.

    The playbooks tuned on stand beside as what a known kind gives.
    """
    label = "held-out playbooks"
    wrong_clocks = [scored(_spec(playbook, skew=Skew.STRONG)) for playbook in HELD_OUT]
    return [
        *playbook_rows(HELD_OUT, label),
        *clock_rows(wrong_clocks, label),
        *playbook_rows(TUNED_ON, "playbooks tuned on"),
    ]


def playbook_rows(
    playbooks: Sequence[Playbook], label: str, levels: Sequence[Noise] = tuple(Noise)
) -> list[Measure]:
    """Measure playbooks at some noise levels, and the chain over all of them."""
    found: list[Measure] = []
    cases: list[Case] = []
    for noise in levels:
        level = [scored(_spec(playbook, noise=noise)) for playbook in playbooks]
        cases += level
        found += _incident(f"timeline: {label}, noise {noise.value}", level)
    return [*found, *_chain(f"chain from logs: {label}", cases)]


def clock_rows(cases: Sequence[Case], label: str) -> list[Measure]:
    """Measure clocks that are wrong by up to hours: found, falsely found, and how exactly."""
    clocks: list[SetScore] = []
    errors: list[float] = []
    for truth, result, _ in cases:
        estimates = result.timeline.clocks if result.timeline else ()
        applied = {one.clock: one for one in estimates if one.applied}
        wrong = {one.host.lower(): one for one in truth.clocks}
        clocks.append(compare_sets(set(wrong), set(applied)))
        for name in wrong.keys() & applied.keys():
            true, one = wrong[name], applied[name]
            middle = truth.spec.days * 43_200.0
            passed = middle - (one.since - truth.spec.start).total_seconds()
            estimated = one.zone_s + one.offset_s + one.drift_ppm * passed / 1e6
            exact = true.zone_s + true.offset_s + true.drift_ppm * middle / 1e6
            errors.append(abs(estimated - exact))
    task = f"timeline: {label}, clocks wrong"
    order = [case.score.ordered_share for case in cases]
    return [
        *_pooled(task, "wrong clocks", clocks),
        Measure(task, "worst error, s", max(errors, default=0.0), None, None, len(errors)),
        Measure(task, "row pairs in true order", *bootstrap(order, _mean), len(order)),
        *_pooled(task, "marked events", [case.score.marked for case in cases])[:1],
    ]


def scored(spec: IncidentSpec) -> Case:
    """Generate an incident, build its timeline as the demonstration does, and score it."""
    result, truth = analysed(spec)
    return Case(truth, result, score_incident(result, truth))


def analysed(spec: IncidentSpec) -> tuple[Result, IncidentTruth]:
    """Generate an incident and build its timeline."""
    with tempfile.TemporaryDirectory() as place:
        truth = generate_incident(Path(place) / "logs", spec)
        return timeline_of([Path(place) / "logs"], Path(place) / "home"), truth


def timeline_of(paths: Sequence[Path], home: Path) -> Result:
    """Ingest files into a new lake, run the product's rules, and build the timeline."""
    settings = Settings(home=home, catalog=None)
    with Lake.open(settings) as lake:
        ingest(lake, list(paths), settings=settings, tenant=settings.tenant)
        detect(lake, load_rules((OWN_RULES,)), tenant=settings.tenant)
    return run_timeline(settings, TimelineRequest(case="measure"))


def _spec(playbook: Playbook, noise: Noise = Noise.NORMAL, skew: Skew = Skew.NONE) -> IncidentSpec:
    return IncidentSpec(seed=SEED, playbook=playbook, noise=noise, skew=skew, benign_events=EVENTS)


def _incident(task: str, cases: Sequence[Case]) -> list[Measure]:
    steps = [
        SetScore(one.score.steps_found, one.score.steps - one.score.steps_found, 0) for one in cases
    ]
    order = [one.score.ordered_share for one in cases]
    right = [one.score.precision for one in cases]
    return [
        *_pooled(task, "marked events", [one.score.marked for one in cases])[:1],
        *_pooled(task, "steps", steps)[:1],
        Measure(task, "medium rows and above, precision", *bootstrap(right, _mean), len(right)),
        Measure(task, "row pairs in true order", *bootstrap(order, _mean), len(order)),
    ]


def _chain(task: str, cases: Sequence[Case]) -> list[Measure]:
    return [
        *_pooled(task, "transitions, as printed", [one.score.transitions for one in cases]),
        *_pooled(task, "transitions, first choice", [one.score.first_transitions for one in cases]),
    ]


def _pooled(task: str, name: str, scores: Sequence[SetScore]) -> list[Measure]:
    """Pool over incidents or sets; the interval draws them again."""
    total = pooled(scores)
    note = f"{total.hits} found, {total.missed} missed, {total.wrong} wrong"
    made: list[Measure] = []
    for part in ("recall", "precision"):
        value = bootstrap(scores, _part(part))
        made.append(Measure(task, f"{name} {part}", *value, len(scores), note))
    return made


def _part(name: str) -> Callable[[Sequence[SetScore]], float]:
    return lambda drawn: float(getattr(pooled(drawn), name))


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def _techniques(result: Result) -> set[str]:
    entries = result.timeline.entries if result.timeline else ()
    return {
        entry.technique_shares[0][0]
        for entry in entries
        if entry.score >= 40 and entry.technique_shares
    }


def _parents(techniques: set[str]) -> set[str]:
    return {uid.partition(".")[0] for uid in techniques}
