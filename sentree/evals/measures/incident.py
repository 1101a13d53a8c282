"""How much of a generated incident the timeline finds: ingest, rules, tree, reduce, verify."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from schemas.request import TimelineRequest
from schemas.scenario import IncidentSpec, Playbook
from sentree.analysis.local import run_timeline
from sentree.evals.generate.incident import generate_incident
from sentree.evals.incident import IncidentScore, score_incident
from sentree.evals.measures.measure import Measure
from sentree.evals.metrics import SetScore, bootstrap, pooled
from sentree.lake.db import Lake
from sentree.lake.ingest import ingest
from sentree.rules.detect import detect
from sentree.rules.load import load_rules
from sentree.rules.packs import OWN_RULES
from sentree.settings import Settings

EVENTS = 6_000
TASK = "incident: three days, 6,000 benign events"


def generated_rows(seeds: int = 6) -> list[Measure]:
    """Measure on generated incidents, one unit an incident; the seeds take turns at the stories."""
    scores = [score_generated(seed) for seed in range(seeds)]
    steps = [SetScore(one.steps_found, one.steps - one.steps_found, 0) for one in scores]
    found = [
        _share("steps found", steps, lambda one: one.recall),
        _share("marked records cited", [one.marked for one in scores], lambda one: one.recall),
        _share("ATT&CK transitions recall", _chains(scores), lambda one: one.recall),
        _share("ATT&CK transitions precision", _chains(scores), lambda one: one.precision),
    ]
    found.append(_mean("pairs of rows in the right order", [one.ordered_share for one in scores]))
    found.append(
        _mean("rows of medium level or above that belong", [one.precision for one in scores])
    )
    return found


def score_generated(seed: int) -> IncidentScore:
    """Run one incident through the whole machine; even seeds are phishing, odd a web server."""
    playbook = Playbook.PHISHING if seed % 2 == 0 else Playbook.WEB_SERVER
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        settings = Settings(home=folder / "home", catalog=None)
        spec = IncidentSpec(seed=seed, benign_events=EVENTS, playbook=playbook)
        truth = generate_incident(folder / "logs", spec)
        with Lake.open(settings) as lake:
            ingest(lake, [folder / "logs"], settings=settings, tenant=settings.tenant)
            rules = OWN_RULES
            detect(lake, load_rules([rules]), tenant=settings.tenant)
        result = run_timeline(
            settings, TimelineRequest(case="measured", tenant_uid=settings.tenant)
        )
    return score_incident(result, truth)


def _chains(scores: Sequence[IncidentScore]) -> list[SetScore]:
    return [one.transitions for one in scores]


def _mean(name: str, values: Sequence[float]) -> Measure:
    interval = bootstrap(values, lambda drawn: sum(drawn) / len(drawn))
    return Measure(TASK, name, *interval, len(values), "mean over incidents")


def _share(name: str, units: Sequence[SetScore], take: Callable[[SetScore], float]) -> Measure:
    total = pooled(units)
    note = f"{total.hits} of {total.hits + total.missed}"
    note += f", {total.wrong} besides" if total.wrong else ""
    return Measure(
        TASK, name, *bootstrap(units, lambda drawn: take(pooled(drawn))), len(units), note
    )
