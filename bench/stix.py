"""Measures loading STIX into the lake, and hunting with what was loaded.

Run `python bench/stix.py [OBJECTS [INDICATORS [EVENTS]]]`. The bundle, the indicators and the
events are made here. Processor seconds are counted beside those of the clock, because a machine
is seldom idle; the limit of loading is `json.loads` of the same bytes.
"""

from __future__ import annotations

import json
import random
import resource
import sys
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from schemas.hunt import HuntReport, HuntRequest
from sentree.analysis.hunt import hunt
from sentree.analysis.knowledge import deliver
from sentree.lake.db import Lake
from sentree.lake.ingest import ingest
from sentree.settings import Settings

OBJECTS = 100_000
INDICATORS = 5_000
EVENTS = 100_000
START = datetime(2026, 1, 5)


class Spent(NamedTuple):
    seconds: float
    cpu: float


class Clock:
    """Measures a block by the clock and by the processor."""

    def __enter__(self) -> Clock:
        self._begun = (time.perf_counter(), time.process_time())
        return self

    def __exit__(self, *_: object) -> None:
        self.spent = Spent(
            time.perf_counter() - self._begun[0], time.process_time() - self._begun[1]
        )


def uid(kind: str, chance: random.Random) -> str:
    return f"{kind}--{UUID(int=chance.getrandbits(128), version=4)}"


def address(chance: random.Random) -> str:
    return ".".join(str(chance.randrange(1, 250)) for _ in range(4))


def objects(count: int, seed: int) -> list[dict[str, Any]]:
    """Make indicators, malware and relationships as feeds have them."""
    chance = random.Random(seed)
    made: list[dict[str, Any]] = []
    malware = [uid("malware", chance) for _ in range(50)]
    for number in range(count):
        kind = "relationship" if number % 3 == 2 else "indicator"
        one: dict[str, Any] = {
            "type": kind,
            "spec_version": "2.1",
            "id": uid(kind, chance),
            "created": "2025-01-01T00:00:00.000Z",
            "modified": "2025-01-01T00:00:00.000Z",
            "created_by_ref": "identity--f431f809-377b-45e0-aa1c-6a4751cae5ff",
        }
        if kind == "relationship":
            one |= {"relationship_type": "indicates", "source_ref": made[-1]["id"]}
            one |= {"target_ref": chance.choice(malware)}
        else:
            one |= {
                "name": f"address of campaign {number % 900}",
                "description": "Seen to send commands to infected hosts. " * 3,
                "pattern": f"[ipv4-addr:value = '{address(chance)}']",
                "pattern_type": "stix",
                "valid_from": "2025-01-01T00:00:00Z",
                "labels": ["malicious-activity"],
            }
        made.append(one)
    return made


def write_bundle(path: Path, made: list[dict[str, Any]]) -> None:
    bundle = {"type": "bundle", "id": uid("bundle", random.Random(path.name)), "objects": made}
    path.write_text(json.dumps(bundle, indent=1))


def write_events(path: Path, count: int, seed: int) -> None:
    chance = random.Random(seed)
    with path.open("w") as out:
        for number in range(count):
            at = START + timedelta(milliseconds=200 * number)
            event = {
                "TimeCreated": at.isoformat() + "Z",
                "Channel": "Microsoft-Windows-Sysmon/Operational",
                "SourceName": "Microsoft-Windows-Sysmon",
                "EventID": 3,
                "Hostname": f"ws{number % 200:03}.corp.example",
                "Image": f"C:\\Program Files\\App{chance.randrange(300)}\\app.exe",
                "User": f"CORP\\user{number % 150}",
                "SourceIp": f"10.0.{number % 200}.5",
                "DestinationIp": address(chance),
                "DestinationPort": str(chance.choice((53, 80, 443, 8443))),
            }
            out.write(json.dumps(event) + "\n")


def main(count: int, indicators: int, events: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(home=Path(folder, "home"))
        path, again = Path(folder, "bundle.json"), Path(folder, "again.json")
        made = objects(count, 1)
        write_bundle(path, made)
        write_bundle(again, [*made, made[0] | {"modified": "2025-02-01T00:00:00.000Z"}])
        text = path.read_text()
        with Clock() as parsing:
            json.loads(text)
        print(f"{count:,} STIX objects, {len(text) / 1e6:,.0f} MB")
        show("json.loads of the same bytes", count, "objects", parsing.spent)
        with Lake.open(settings) as lake:
            for name, source in (
                ("sentree ingest", path),
                ("the same file again", path),
                ("the same objects in another bundle", again),
            ):
                with Clock() as clock:
                    report = deliver(lake, [source], settings=settings)
                show(f"{name} ({report.accepted:,} new)", count, "objects", clock.spent)
                if name == "sentree ingest":
                    ratio = clock.spent.cpu / parsing.spent.cpu
                    print(f"  {ratio:.1f} times the processor time of json.loads")
        hunted(Settings(home=Path(folder, "hunt")), Path(folder), indicators, events)
    print(f"peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB")


def hunted(settings: Settings, folder: Path, indicators: int, events: int) -> None:
    """Hunt with single-value indicators: one join, however many there are."""
    write_events(folder / "events.jsonl", events, 2)
    wanted = [one for one in objects(indicators * 2, 3) if one["type"] == "indicator"]
    # Every tenth one is in the events for certain.
    rows = (json.loads(line) for line in (folder / "events.jsonl").open())
    for one, row in zip(wanted[:indicators:10], rows, strict=False):
        one["pattern"] = f"[ipv4-addr:value = '{row['DestinationIp']}']"
    write_bundle(folder / "indicators.json", wanted[:indicators])
    write_bundle(folder / "one.json", wanted[:1])
    with Lake.open(settings) as lake:
        ingest(lake, [folder / "events.jsonl"], settings=settings)
        for name in ("one.json", "indicators.json"):
            with Clock() as clock:
                request = HuntRequest(paths=(str(folder / name),))
                report = HuntReport.model_validate(hunt(lake, settings, request).data)
            what = f"hunt, {report.run:,} indicators, {len(report.sightings):,} sighted"
            show(what, events, "events", clock.spent)


def show(name: str, count: int, what: str, spent: Spent) -> None:
    print(
        f"{name:48} {spent.seconds:7.2f} s {spent.cpu:7.2f} cpu-s"
        f" {count / spent.cpu:10,.0f} {what}/cpu-s"
    )


if __name__ == "__main__":
    given = [int(one) for one in sys.argv[1:4]]
    main(*given, *(OBJECTS, INDICATORS, EVENTS)[len(given) :])
