"""An Attack Flow: a STIX 2.1 bundle of one `attack-flow` per chain and its `attack-action`s.

Every result with a chain gives one: accounts that were read, and timelines. An action's
`effect_refs` are the links that run from it; `confidence` is the technique's probability.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from schemas.chain import ChainReport, ProseChain
from schemas.query import Scenario
from schemas.result import Result
from schemas.timeline import Timeline
from sentree.intel.attack import tactic_uid
from sentree.report.escape import json_text
from sentree.report.stix import FIXED_TIME, author_identity, stix_text, stix_time, stix_uid

EXTENSION = "extension-definition--fb9c968a-745b-4ade-9b25-c324172197f4"
"""The id under which Attack Flow extends STIX."""

MAX_NAME = 250


class _Action(NamedTuple):
    key: str
    name: str
    description: str
    technique: str | None
    tactic: str | None
    probability: float
    time: datetime | None


def render_attack_flow(result: Result) -> str:
    """Render the bundle; equal results give equal bytes."""
    author = author_identity()
    stamp = stix_time(result.created_at)
    common = {
        "spec_version": "2.1",
        "created_by_ref": author["id"],
        "created": stamp,
        "modified": stamp,
        "extensions": {EXTENSION: {"extension_type": "new-sdo"}},
    }
    objects: list[dict[str, Any]] = [_extension(author["id"]), author]
    for name, actions, links in _chains(result):
        objects += _flow(result.run_uid, name, actions, links, common)
    key = "\n".join(str(one["id"]) for one in objects)
    bundle = {"type": "bundle", "id": stix_uid("bundle", key), "objects": objects}
    return json_text(bundle, indent=2) + "\n"


def _chains(
    result: Result,
) -> Iterable[tuple[str, Sequence[_Action], Sequence[tuple[str, str]]]]:
    if result.scenario == Scenario.CHAIN.value and result.data:
        for chain in ChainReport.model_validate(result.data).chains:
            if chain.steps:
                links = [(one.source_uid, one.target_uid) for one in chain.links]
                yield chain.name, _told(chain), links
    elif result.timeline and result.timeline.chain:
        yield result.title, *_seen(result.timeline)


def _told(chain: ProseChain) -> list[_Action]:
    found: list[_Action] = []
    for step in chain.steps:
        first = step.guesses[0] if step.guesses else None
        found.append(
            _Action(
                step.step_uid,
                first.name if first else step.summary,
                step.summary,
                first.technique if first else None,
                step.tactics[0] if step.tactics else None,
                first.probability if first else 0.0,
                step.time,
            )
        )
    return found


def _seen(timeline: Timeline) -> tuple[list[_Action], list[tuple[str, str]]]:
    statements = {one.entry_uid: one.statement for one in timeline.entries}
    actions = [
        _Action(
            one.entry_uid,
            one.name,
            statements.get(one.entry_uid, ""),
            one.technique,
            one.tactics[0] if one.tactics else None,
            one.probability,
            one.time,
        )
        for one in timeline.chain
    ]
    pairs = [one.entry_uids for one in timeline.transitions if len(one.entry_uids) == 2]
    return actions, [(one[0], one[1]) for one in pairs]


def _flow(
    run_uid: str,
    name: str,
    actions: Sequence[_Action],
    links: Sequence[tuple[str, str]],
    common: dict[str, Any],
) -> list[dict[str, Any]]:
    uids = {one.key: stix_uid("attack-action", f"{run_uid}\n{one.key}") for one in actions}
    effects: dict[str, dict[str, None]] = {}
    for source, target in links:
        if source in uids and target in uids:
            effects.setdefault(source, {})[uids[target]] = None
    led_to = {uid for targets in effects.values() for uid in targets}
    starts = [uids[one.key] for one in actions if uids[one.key] not in led_to]
    flow: dict[str, Any] = {
        "type": "attack-flow",
        "id": stix_uid("attack-flow", f"{run_uid}\n{name}"),
        **common,
        "name": stix_text(name, MAX_NAME) or "chain",
        "description": f"Made by Sentree in run {stix_text(run_uid, MAX_NAME)}; links and "
        "techniques carry probabilities and are proposals.",
        "scope": "incident",
        "start_refs": starts or [uids[actions[0].key]],
    }
    return [flow, *(_action(one, uids, effects, common) for one in actions)]


def _action(
    one: _Action,
    uids: dict[str, str],
    effects: dict[str, dict[str, None]],
    common: dict[str, Any],
) -> dict[str, Any]:
    made: dict[str, Any] = {
        "type": "attack-action",
        "id": uids[one.key],
        **common,
        "name": stix_text(one.name, MAX_NAME) or "step",
        "description": stix_text(one.description),
        "confidence": round(100 * one.probability),
    }
    if one.technique:
        made["technique_id"] = one.technique
    if one.tactic and (uid := tactic_uid(one.tactic)):
        made["tactic_id"] = uid
    if one.time:
        made["execution_start"] = stix_time(one.time)
    if one.key in effects:
        made["effect_refs"] = list(effects[one.key])
    return made


def _extension(author: str) -> dict[str, Any]:
    return {
        "type": "extension-definition",
        "spec_version": "2.1",
        "id": EXTENSION,
        "created_by_ref": author,
        "created": FIXED_TIME,
        "modified": FIXED_TIME,
        "name": "Attack Flow",
        "schema": "https://center-for-threat-informed-defense.github.io/attack-flow/stix/"
        "attack-flow-schema-2.0.0.json",
        "version": "2.0.0",
        "extension_types": ["new-sdo"],
    }
