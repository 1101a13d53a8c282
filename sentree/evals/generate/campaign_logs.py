"""Tenants as raw vendor logs: generated incidents with every name of the company changed."""

from __future__ import annotations

import gzip
import re
import tempfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from random import Random
from typing import NamedTuple

from schemas.campaign_truth import CampaignSpec
from schemas.scenario import IncidentSpec, IncidentTruth, Noise, Playbook
from schemas.tenant_slice import IndicatorKind
from sentree.evals.generate.background import Background
from sentree.evals.generate.campaign_plan import Arsenal
from sentree.evals.generate.delivery import Delivery
from sentree.evals.generate.incident import generate_incident
from sentree.evals.generate.world import ACCOUNT, build_world, sysmon_hashes

_HOSTS = re.compile(r"\b(WS\d\d|DC01|FS01|APP01|WEB01|lnx01|sensor01|wec01)\b", re.IGNORECASE)
# What the playbook calls its servers; a test sees to it that all of it is still there to change.
_C2 = ("cdn-metrics.example.net", "203.0.113.66")
_DROP = ("storage-gw.example.org", "203.0.113.140")
_CLOUD_IP = "203.0.113.201"
_AGENT = "Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.1)"
_PAYLOAD, _LURE, _KEY = "msedgeupd.exe", "Invoice_88412.docm", "AKIAEXAMPLE0STOLEN01"
_KINDS: dict[str, IndicatorKind] = {
    "ip": "ip",
    "domain": "domain",
    "url": "url",
    "user_agent": "user_agent",
    "file": "file",
    "account": "account",
    "key": "key",
}


class Written(NamedTuple):
    """Files, planted values and neutral values, as the OCSF style gives them."""

    files: dict[str, tuple[str, ...]]
    planted: dict[str, list[tuple[IndicatorKind, str]]]
    neutral: set[str]


def write_logs(
    folder: Path,
    spec: CampaignSpec,
    names: list[str],
    used: dict[str, Arsenal],
    decoys: list[str],
    starts: dict[str, datetime],
) -> Written:
    """Write a folder of raw logs for each tenant; all incidents start on the same day."""
    made = Written({}, {}, set())
    for number, name in enumerate(names):
        incident = IncidentSpec(
            seed=spec.seed * 1000 + number,
            days=max(spec.days, 3),
            benign_events=spec.events,
            noise=Noise.NORMAL,
            playbook=Playbook.WEB_SERVER if name in decoys else Playbook.PHISHING,
            tenant=name,
        )
        with tempfile.TemporaryDirectory() as place:
            logs = Path(place) / "logs"
            attacked = name in used or name in decoys
            truth = generate_incident(logs, incident) if attacked else _benign(logs, incident)
            changed = _renaming(name, Random(f"{spec.seed}:{name}:names"), incident, used.get(name))
            made.files[name] = _rewrite(logs, folder / name, changed)
        if truth and name in used:
            made.planted[name] = _planted(truth, used[name], changed)
            made.neutral.update(_side_effects(used[name]))
            starts[name] = truth.steps[0].time
    return made


def _side_effects(kit: Arsenal) -> set[str]:
    """List what the playbook leaves in every tenant beside its labelled indicators."""
    images = (
        "C:\\Windows\\Temp\\wmihost.exe",
        "C:\\ProgramData\\cache\\rclone.exe",
        "C:\\ProgramData\\cache\\rar.exe",
    )
    hashes = {sysmon_hashes(image)[7:71] for image in images}
    names = {image.rpartition("\\")[2] for image in images}
    tasks = {"EdgeTelemetry", "EdgeUpdater", "WmiHostSvc", "t1.rar", "diag.bin"}
    urls = {f"http://{kit.domain}/api/v2/ping", "ASIAEXAMPLE0CONSOLE1"}
    return hashes | names | tasks | urls


def _benign(logs: Path, spec: IncidentSpec) -> None:
    logs.mkdir()
    with Delivery(logs, {}) as delivery:
        for hour in Background(build_world(spec), spec).hours():
            for event in sorted(hour, key=lambda each: each.time):
                delivery.write_unlabelled(event)


def _planted(
    truth: IncidentTruth, kit: Arsenal, changed: Callable[[str], str]
) -> list[tuple[IndicatorKind, str]]:
    values: list[tuple[IndicatorKind, str]] = [("hash", kit.payload_hash)]
    for one in truth.indicators:
        kind = _KINDS.get(one.kind)
        if kind:
            text = changed(one.value)
            values.append((kind, text.rpartition("\\")[2] if kind == "file" else text))
    return values


def _renaming(
    tenant: str, rng: Random, incident: IncidentSpec, kit: Arsenal | None
) -> Callable[[str], str]:
    """Give the change of one tenant's texts: names of its own, and the attacker's values."""
    short = "".join(part[:3] for part in tenant.split("-")).upper()
    suffix = str(rng.randrange(100, 999))
    account = str(rng.randrange(10**11, 10**12))
    pairs = [
        ("harborlane", tenant),
        ("HARBORLANE", short),
        (ACCOUNT, account),
        ("adm.weber", f"adm.{short.lower()}{suffix}"),
        ("svc.backup", f"svc.{short.lower()}{suffix}"),
    ]
    if kit:
        world = build_world(incident)
        victim = world.owner(world.workstations[0]).name
        old = sysmon_hashes(f"C:\\Users\\{victim}\\AppData\\Roaming\\{_PAYLOAD}")
        fresh = f"SHA256={kit.payload_hash.upper()},IMPHASH={kit.payload_hash.upper()[:32]}"
        pairs = [
            (old, fresh), (_PAYLOAD, kit.payload), (_LURE, kit.lure), (_KEY, kit.cloud_key),
            (_C2[0], kit.domain), (_C2[1], kit.address), (_DROP[0], kit.drop_domain),
            (_DROP[1], kit.drop_address), (_CLOUD_IP, kit.cloud_address),
            (_AGENT, kit.agent), *pairs,
        ]  # fmt: skip

    def change(text: str) -> str:
        for old_text, new_text in pairs:
            text = text.replace(old_text, new_text)
        return _HOSTS.sub(lambda found: f"{short}-{found[0]}{suffix}", text)

    return change


def _rewrite(source: Path, target: Path, change: Callable[[str], str]) -> tuple[str, ...]:
    written: list[str] = []
    for path in sorted(each for each in source.rglob("*") if each.is_file()):
        name = change(path.relative_to(source).as_posix())
        out = target / name
        out.parent.mkdir(parents=True, exist_ok=True)
        packed = path.suffix == ".gz"
        raw = gzip.decompress(path.read_bytes()) if packed else path.read_bytes()
        text = change(raw.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
        out.write_bytes(gzip.compress(text, mtime=0) if packed else text)
        written.append(f"{target.name}/{name}")
    return tuple(written)
