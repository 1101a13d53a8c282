"""Cases of `timeline`: the logs of an incident, in which an intruder's records are to be found."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from pathlib import Path
from random import Random

from models.embedded import EmbeddedAnalyst
from schemas.base import Frozen
from schemas.claim import Evidence
from schemas.context import ContextInfo
from schemas.experiment_plan import CaseSpec
from schemas.scenario import IncidentSpec, IncidentTruth, Playbook
from schemas.simulated import LeafItem
from sentree.analysis.answer import build_timeline
from sentree.analysis.plan import plan_tree
from sentree.analysis.program import TimelineProgram
from sentree.engine.threads import ThreadExecutor
from sentree.engine.tree import run_tree
from sentree.evals.experiment.case import Case, Scored, Task
from sentree.evals.experiment.readings import (
    UNASKED,
    Items,
    ReadingCase,
    Told,
    cited,
    scored,
)
from sentree.evals.experiment.records import digest, load_logs, stored
from sentree.evals.generate.incident import generate_incident
from sentree.evals.incident import NOTICED
from sentree.evals.metrics import compare_sets, ordered_pairs
from sentree.lake.context import Context
from sentree.lake.db import Lake
from sentree.rules.detect import detect
from sentree.rules.load import load_rules
from sentree.rules.packs import OWN_RULES
from sentree.settings import Settings

QUESTION = (
    "Which of these records are traces of an intruder? Give one finding for each such record; "
    "leave ordinary work out."
)
TRUTH = "truth.json"
GENERATORS_TOKEN = 3.5


class TraceFinding(Frozen):
    """A record that an intruder left, what it shows, and the technique if the record shows one."""

    event_uid: str
    statement: str
    technique: str = ""
    evidence: tuple[Evidence, ...]


class TimelineLeaf(Frozen):
    """What a language model gives for one part of the events; code puts them in order."""

    findings: tuple[TraceFinding, ...] = ()


def _make(spec: CaseSpec, folder: Path) -> Case:
    kept = folder / TRUTH

    def write(logs: Path) -> None:
        playbook = Random(f"timeline:{spec.seed}").choice(list(Playbook))
        tokens = round(spec.size_tokens * 4 / GENERATORS_TOKEN)
        truth = generate_incident(
            logs, IncidentSpec(seed=spec.seed, tokens=tokens, playbook=playbook)
        )
        kept.write_text(truth.model_dump_json(), "utf-8")

    info = load_logs(folder, write, _detect)
    truth = IncidentTruth.model_validate_json(kept.read_bytes())
    with Context.open(Path(info.path)) as context:
        rows = context.query("SELECT event_uid, raw, time FROM events")
    raws = {str(row["event_uid"]): str(row["raw"]) for row in rows}
    times = {str(row["event_uid"]): row["time"] for row in rows}
    steps = {key.sha256: step for step in truth.steps for key in step.records}
    facts = {
        uid: [
            LeafItem(
                of="findings",
                fields={
                    "event_uid": "@",
                    "statement": step.description,
                    "technique": step.technique,
                    "evidence": cited(),
                },
            )
        ]
        for uid, raw in raws.items()
        if (step := steps.get(digest(raw))) is not None
    }

    def score(items: Items) -> Scored:
        found = {str(item.get("event_uid")) for item in items.get("findings", ())}
        return _score(truth, found, raws, times)

    told = Told(
        name="timeline",
        question=QUESTION,
        leaf=TimelineLeaf,
        records=raws,
        facts=facts,
        score=score,
        embedded=lambda: _score(truth, _noticed(info), raws, times),
    )
    return ReadingCase(info, told, stored(info))


def _detect(lake: Lake, settings: Settings) -> None:
    rules = load_rules((OWN_RULES,))
    detect(lake, rules, tenant=settings.tenant)


def _noticed(info: ContextInfo) -> set[str]:
    """Give the events that the embedded analyst's timeline points at."""
    settings = Settings()
    root, limits = plan_tree(info, False, settings)
    with Context.open(Path(info.path)) as context:
        analyst = EmbeddedAnalyst()
        program = TimelineProgram(context, analyst, limits.leaf_characters)
        with ThreadExecutor(program, settings.threads) as executor:
            run = run_tree(root, executor, limits)
        concluded = analyst.conclude(run.result.tallies, context)
        timeline = build_timeline(context, (*run.result.findings, *concluded))
    return {
        ev.event_uid
        for entry in timeline.entries
        if entry.score >= NOTICED
        for ev in entry.evidence
    }


def _score(
    truth: IncidentTruth,
    found: Collection[str],
    raws: Mapping[str, str],
    times: Mapping[str, datetime | None],
) -> Scored:
    """Score marked records; further traces of the same deeds count neither way."""
    digests = {uid: digest(raws[uid]) for uid in found if uid in raws}
    marked = {key.sha256: key.time for step in truth.steps for key in step.records}
    related = {key.sha256 for step in truth.steps for key in step.related}
    every = compare_sets(set(marked), set(digests.values()), related)
    shown = sorted(
        (time, digests[uid])
        for uid in digests
        if (time := times.get(uid)) is not None and digests[uid] in marked
    )
    seen = set(digests.values())
    steps = sum(any(key.sha256 in seen for key in step.records) for step in truth.steps)
    metrics = {
        "marked_recall": every.recall,
        "marked_precision": every.precision,
        "steps_found": steps / max(1, len(truth.steps)),
        "pairs_in_order": ordered_pairs([marked[one] for _, one in shown]).score,
    }
    return scored(every.f1, metrics, f"{every.hits} of {len(marked)} marked records")


TASK = Task(
    name="timeline",
    about="logs of an incident: which records an intruder left; F1 of the marked records",
    records="timeline",
    make=_make,
    unasked=UNASKED,
    smallest=8_000,
)
