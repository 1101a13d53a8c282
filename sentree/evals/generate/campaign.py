"""Tenants of one provider, some of them reached by one campaign, with everything that misleads.

sentree generate campaign OUT --seed 7 --set tenants=8 attacked=3
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from schemas.campaign_truth import CampaignSpec, CampaignTruth, TrueIndicator
from schemas.tenant_slice import IndicatorKind
from sentree.errors import UsageError
from sentree.evals.generate.campaign_edge import break_in, chosen, common_services
from sentree.evals.generate.campaign_logs import Written, write_logs
from sentree.evals.generate.campaign_ocsf import Company, OcsfWriter, background, intrusion, rollout
from sentree.evals.generate.campaign_plan import Arsenal, make_arsenal, name_tenants, rotate

START = datetime(2026, 1, 5, tzinfo=UTC)
EVENTS_FILE = "events.ocsf.jsonl"


def truth_path(folder: Path) -> Path:
    """Tell where the labels of the logs in `folder` are: beside it, never among the logs."""
    return folder.parent / f"{folder.name}.truth.json"


def generate_campaign(folder: Path, spec: CampaignSpec) -> CampaignTruth:
    """Write the logs of all tenants into `folder` and their labels beside it.

    Equal specifications give equal bytes.

    Raises:
        UsageError: the folder holds files already, or more tenants are attacked than there are.
    """
    if spec.attacked > spec.tenants:
        raise UsageError(f"{spec.attacked} of {spec.tenants} tenants can't be attacked")
    if spec.story == "edge" and spec.style == "logs":
        raise UsageError("the story 'edge' is told in OCSF only: take --style ocsf")
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise UsageError(f"{folder} is not empty: name a new folder for the tenants")
    rng = Random(f"{spec.seed}:campaign")
    names = name_tenants(rng, spec.tenants)
    members = rng.sample(names, spec.attacked)
    rest = [name for name in names if name not in members]
    decoys = rng.sample(rest, 1) if spec.decoys and rest else []
    arsenal = make_arsenal(Random(f"{spec.seed}:arsenal"), "campaign")
    used = {name: rotate(rng, arsenal, spec.rotated) for name in members}
    starts = _starts(rng, spec, members)
    make = _write_ocsf if spec.style == "ocsf" else write_logs
    made = make(folder, spec, names, used, decoys, starts)
    truth = CampaignTruth(
        spec=spec,
        tenants=tuple(names),
        files=made.files,
        members=tuple(members),
        first=starts,
        indicators=_labels(made.planted),
        neutral=tuple(sorted(made.neutral)),
        decoys=tuple(decoys),
    )
    truth_path(folder).write_text(truth.model_dump_json(indent=1) + "\n", encoding="utf-8")
    return truth


def _starts(rng: Random, spec: CampaignSpec, members: list[str]) -> dict[str, datetime]:
    """Let the attack reach one tenant after the other, all before the last day's afternoon."""
    start = START + timedelta(hours=9, minutes=rng.randrange(60))
    room = max(timedelta(days=spec.days) - timedelta(hours=20), timedelta(hours=1))
    moments = sorted(rng.random() for _ in members)
    return {name: start + room * moment for name, moment in zip(members, moments, strict=True)}


def _write_ocsf(
    folder: Path,
    spec: CampaignSpec,
    names: list[str],
    used: dict[str, Arsenal],
    decoys: list[str],
    starts: dict[str, datetime],
) -> Written:
    made = Written({"": (EVENTS_FILE,)}, {}, set())
    other = make_arsenal(Random(f"{spec.seed}:other"), "other")
    tool = next(iter(used.values())).tool if used else other.tool
    rng = Random(f"{spec.seed}:events")
    lucky = rng.sample(names, min(len(names), 3)) if spec.decoys else []
    partners, tested = chosen(Random(f"{spec.seed}:shared"), names, list(used))
    rows: list[tuple[int, str]] = []
    for name in names:
        writer = OcsfWriter(Company(Random(f"{spec.seed}:{name}"), name), spec.findings)
        background(writer, spec, START)
        if spec.story == "edge":
            common_services(
                writer, START, spec.days, partner=name in partners, tested=name in tested
            )
        if name in used and spec.story == "edge":
            made.planted[name] = break_in(writer, used[name], starts[name])
        elif name in used:
            made.planted[name] = intrusion(writer, used[name], starts[name], "phishing")
        elif name in decoys:
            moment = START + timedelta(days=spec.days) * rng.uniform(0.2, 0.7)
            intrusion(writer, other._replace(tool=tool), moment, "remote-access")
        if name in lucky:
            rollout(writer, START + timedelta(days=spec.days) * 0.4)
        made.neutral.update(writer.neutral)
        rows += writer.rows
    rows.sort()
    text = "".join(line + "\n" for _, line in rows)
    (folder / EVENTS_FILE).write_text(text, encoding="utf-8")
    return made


def _labels(planted: dict[str, list[tuple[IndicatorKind, str]]]) -> tuple[TrueIndicator, ...]:
    holders: dict[tuple[str, str], set[str]] = {}
    for tenant, values in planted.items():
        for kind, value in values:
            holders.setdefault((kind, value), set()).add(tenant)
    return tuple(
        TrueIndicator(tenant=tenant, kind=kind, value=value, shared=len(holders[kind, value]) > 1)
        for tenant, values in sorted(planted.items())
        for kind, value in sorted(set(values))
    )
