"""Cases of `correlate`: events of several tenants, two of them attacked by the same intruder."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection
from pathlib import Path
from random import Random

from schemas.campaign_truth import CampaignSpec, TrueIndicator
from schemas.correlate import CorrelateLeaf, CorrelateReport, CorrelateRequest
from schemas.experiment_plan import CHARACTERS_A_TOKEN, CaseSpec
from schemas.simulated import LeafItem
from sentree.analysis.correlate import run_all
from sentree.evals.experiment.case import Case, Scored, Task
from sentree.evals.experiment.readings import (
    UNASKED,
    Items,
    Told,
    cited,
    reading_case,
    scored,
)
from sentree.evals.experiment.records import digest, scratch
from sentree.evals.generate.campaign import generate_campaign
from sentree.evals.metrics import compare_sets
from sentree.lake.db import Lake
from sentree.lake.ingest import ingest
from sentree.settings import Settings

QUESTION = (
    "Which values in these events are signs of an attack on the tenant that the event belongs to? "
    "Cite the events of each value."
)
TENANTS, ATTACKED = 4, 2
CHARACTERS_AN_EVENT = 590
TRACES = 3
"""So many events of one value in one tenant: more of them say nothing new."""

Sign = tuple[str, str]


def _make(spec: CaseSpec, folder: Path) -> Case:
    files = scratch(folder)
    wanted = spec.size_tokens * CHARACTERS_A_TOKEN
    truth = generate_campaign(
        files / "logs",
        CampaignSpec(
            seed=spec.seed,
            tenants=TENANTS,
            attacked=ATTACKED,
            events=1 + wanted // (CHARACTERS_AN_EVENT * TENANTS),
        ),
    )
    lines = (files / "logs" / truth.files[""][0]).read_text("utf-8").splitlines()
    chosen = _chosen(lines, truth.indicators, wanted, Random(f"correlate:{spec.seed}"))
    records = {f"event-{digest(line)[:16]}": line for line in chosen}
    tenants = {uid: _tenant(line) for uid, line in records.items()}
    signs = {uid: _signs(line, truth.indicators) for uid, line in records.items()}
    true = {(one.tenant, one.value.lower()) for some in signs.values() for one in some}
    neutral = {(tenant, value.lower()) for tenant in truth.tenants for value in truth.neutral}
    facts = {
        uid: [
            LeafItem(
                of="indicators",
                fields={
                    "kind": one.kind,
                    "value": one.value,
                    "role": "told",
                    "evidence": cited(),
                },
            )
            for one in some
        ]
        for uid, some in signs.items()
    }

    def score(items: Items) -> Scored:
        found = {
            (tenants[str(ev.get("event_uid"))], str(item.get("value")).lower())
            for item in items.get("indicators", ())
            for ev in item.get("evidence") or ()
            if str(ev.get("event_uid")) in tenants
        }
        return _score(true, found, neutral)

    def embedded() -> Scored:
        return _score(true, _correlated(files, list(records.values())), neutral)

    told = Told("correlate", QUESTION, CorrelateLeaf, records, facts, score, embedded)
    return reading_case(folder, told)


def _chosen(
    lines: list[str], indicators: Collection[TrueIndicator], wanted: int, rng: Random
) -> list[str]:
    """Choose some events of every sign, then others until the size is reached, in their order."""
    seen: Counter[Sign] = Counter()
    kept: set[int] = set()
    others: list[int] = []
    left = wanted
    for place, line in enumerate(lines):
        signs = [(one.tenant, one.value) for one in _signs(line, indicators)]
        if not signs:
            others.append(place)
        elif any(seen[sign] < TRACES for sign in signs) and left > wanted // 2:
            seen.update(signs)
            kept.add(place)
            left -= len(line)
    rng.shuffle(others)
    for place in others:
        if left < len(lines[place]):
            break
        kept.add(place)
        left -= len(lines[place])
    return [lines[place] for place in sorted(kept)]


def _signs(line: str, indicators: Collection[TrueIndicator]) -> list[TrueIndicator]:
    """Give the planted values that an event of their tenant holds."""
    low, tenant = line.lower(), _tenant(line)
    return [one for one in indicators if one.tenant == tenant and _holds(low, one.value.lower())]


def _holds(low: str, value: str) -> bool:
    return value in low or json.dumps(value)[1:-1] in low


def _tenant(line: str) -> str:
    return str(json.loads(line)["metadata"]["tenant_uid"])


def _correlated(files: Path, lines: list[str]) -> set[Sign]:
    """Let the scenario compare the tenants."""
    asked = files / "asked.ocsf.jsonl"
    asked.write_text("\n".join(lines) + "\n", encoding="utf-8")
    settings = Settings(home=files / "home", catalog=None)
    with Lake.open(settings) as lake:
        ingest(lake, [asked], settings=settings)
    made = run_all(settings, CorrelateRequest(formats=()))
    report = CorrelateReport.model_validate(made.result.data)
    return {(one.tenant, one.key) for each in report.campaigns for one in each.indicators}


def _score(true: set[Sign], found: set[Sign], neutral: set[Sign]) -> Scored:
    every = compare_sets(true, found, neutral)
    metrics = {"recall": every.recall, "precision": every.precision}
    return scored(every.f1, metrics, f"{every.hits} of {len(true)} signs")


TASK = Task(
    name="correlate",
    about="events of four tenants, two attacked alike: signs of attack by tenant; F1",
    records="correlate",
    make=_make,
    unasked=UNASKED,
    smallest=4_000,
    largest=5_000_000,
)
