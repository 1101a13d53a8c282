"""Playbooks as data, sizes in tokens, wrong clocks, and campaigns against several tenants."""

from __future__ import annotations

import gzip
import json
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from schemas.scenario import HELD_OUT, HostClock, IncidentSpec, IncidentTruth, Noise, Playbook, Skew
from sentree.evals.generate.incident import generate_incident
from sentree.evals.generate.tenants import generate_tenants
from sentree.evals.generate.told import filled, read_playbook
from sentree.intel.attack import technique
from sentree.lake.db import Lake
from sentree.lake.ingest import ingest
from sentree.settings import Settings

TOLD = [one for one in Playbook if one not in {Playbook.PHISHING, Playbook.WEB_SERVER}]
SMALL = IncidentSpec(benign_events=300, noise=Noise.NONE)


@pytest.mark.parametrize("playbook", TOLD)
def test_steps_name_techniques_and_tactics_that_attack_has(playbook: Playbook) -> None:
    for step in read_playbook(playbook)["steps"]:
        known = technique(step["technique"])
        assert known.known, step["technique"]
        assert known.uid == step["technique"]
    assert len(read_playbook(playbook)["steps"]) >= 10


@pytest.mark.parametrize("playbook", TOLD)
def test_each_tactic_is_one_of_the_technique_s(playbook: Playbook) -> None:
    for step in read_playbook(playbook)["steps"]:
        assert step["tactic"] in technique(step["technique"]).tactics, step["says"]


def test_at_least_three_playbooks_are_held_out_and_each_has_files_of_its_own() -> None:
    assert len(set(HELD_OUT)) >= 3
    assert len(list(Playbook)) - len(HELD_OUT) >= 4
    for playbook in HELD_OUT:
        assert 10 <= len(read_playbook(playbook)["steps"]) <= 17


def test_all_of_the_held_out_incidents_is_in_the_lake_at_its_time(
    tmp_path: Path, settings: Settings
) -> None:
    truths: list[IncidentTruth] = []
    for playbook in HELD_OUT:
        spec = SMALL.model_copy(update={"playbook": playbook, "days": 1})
        truths.append(generate_incident(tmp_path / playbook / "logs", spec))
    with Lake.open(settings) as lake:
        logs = [tmp_path / playbook / "logs" for playbook in HELD_OUT]
        report = ingest(lake, logs, settings=settings)
        rows = lake.query("SELECT raw, time FROM events")
    assert not [source for source in report.sources if source.rejected or source.error]
    times = {sha256(row["raw"].encode()).hexdigest(): row["time"] for row in rows}
    for key in (key for truth in truths for key in truth.marked):
        read = times[key.sha256].replace(tzinfo=UTC)
        assert abs(read - key.time) < timedelta(seconds=1), key


@pytest.mark.parametrize("playbook", HELD_OUT)
def test_an_intruder_s_records_are_never_alone_in_their_source(
    tmp_path: Path, playbook: Playbook
) -> None:
    truth = generate_incident(tmp_path, IncidentSpec(playbook=playbook, benign_events=6_000))
    keys = [key for step in truth.steps for key in (*step.records, *step.related)]
    intruders = {key.sha256 for key in keys}
    own: Counter[str] = Counter()
    all_of: Counter[str] = Counter()
    for count in truth.files:
        for record, line in records_of(tmp_path / count.file):
            kind = source_of(count.file, record)
            all_of[kind] += 1
            own[kind] += sha256(line).hexdigest() in intruders
    told = {kind for kind, count in own.items() if count}
    assert len(told) >= 2
    # The products' findings are few: a short incident may have no false alarm.
    alone = {kind for kind in told if own[kind] == all_of[kind]}
    assert alone <= {"edr", "guardduty"}


def records_of(path: Path) -> Iterator[tuple[dict[str, str], bytes]]:
    """Give each record of a file as an object, empty for a line of text, and as bytes."""
    data = path.read_bytes()
    lines = (gzip.decompress(data) if path.suffix == ".gz" else data).splitlines()
    for line in lines:
        try:
            record = json.loads(line) if line.startswith(b"{") else {}
        except ValueError:
            continue
        for one in record.get("Records", [record]):
            packed = json.dumps(one, ensure_ascii=False, separators=(",", ":")).encode()
            yield one, packed if "Records" in record else line


def source_of(file: str, record: dict[str, str]) -> str:
    told_apart = record.get("Channel") or record.get("_path") or ""
    return f"{file.partition('/')[0]} {told_apart}".strip()


def test_an_unknown_name_in_a_playbook_is_an_error_and_powershell_braces_are_none() -> None:
    with pytest.raises(KeyError):
        filled({"line": "curl {nobody}"}, {"fs": "FS01"})
    assert filled(["{fs} { $_.Name }"], {"fs": "FS01"}) == ["FS01 { $_.Name }"]


@pytest.mark.parametrize("playbook", [Playbook.RANSOMWARE, Playbook.LINUX_WEBSHELL])
def test_an_incident_has_at_least_ten_kinds_of_source(tmp_path: Path, playbook: Playbook) -> None:
    spec = SMALL.model_copy(update={"playbook": playbook, "benign_events": 2_500})
    truth = generate_incident(tmp_path / "logs", spec)
    kinds: set[str] = {count.file.split("/")[0] for count in truth.files} - {"windows", "zeek"}
    for name, field in (("windows", "Channel"), ("zeek", "_path")):
        for path in (tmp_path / "logs" / name).iterdir():
            lines = gzip.decompress(path.read_bytes()).splitlines()
            kinds |= {f"{name} {json.loads(line)[field]}" for line in lines}
    assert len(kinds) >= 10


@pytest.mark.parametrize(("tokens", "tolerance"), [(8_000, 0.2), (60_000, 0.15), (300_000, 0.1)])
def test_the_size_is_near_to_the_one_that_was_asked_for(
    tmp_path: Path, tokens: int, tolerance: float
) -> None:
    truth = generate_incident(tmp_path / "logs", IncidentSpec(tokens=tokens))
    assert truth.tokens == pytest.approx(tokens, rel=tolerance)
    assert truth.steps


def test_memory_does_not_grow_with_the_size(tmp_path: Path) -> None:
    peaks: list[int] = []
    for tokens in (100_000, 400_000):
        tracemalloc.start()
        generate_incident(tmp_path / str(tokens), IncidentSpec(tokens=tokens, days=6))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.6 * peaks[0]


def recorded_times(folder: Path, host: str) -> list[tuple[datetime, datetime]]:
    """Give header and UTC of the Sysmon records of a workstation."""
    found: list[tuple[datetime, datetime]] = []
    for line in gzip.decompress((folder / "windows/wec01.jsonl.gz").read_bytes()).splitlines():
        record = json.loads(line)
        if record["Hostname"].startswith(host) and "UtcTime" in record:
            utc = datetime.fromisoformat(record["UtcTime"] + "+00:00")
            found.append((datetime.fromisoformat(record["TimeCreated"]), utc))
    return found


def test_a_wrong_clock_is_in_the_records_and_the_truth_keeps_both_times(tmp_path: Path) -> None:
    clock = HostClock(host="WS01", offset_s=90.0)
    spec = SMALL.model_copy(update={"clocks": (clock,)})
    truth = generate_incident(tmp_path / "logs", spec)
    assert truth.clocks == (clock,)
    shifted = [key for key in truth.marked if key.recorded]
    assert shifted
    for key in shifted:
        assert key.recorded is not None
        assert key.recorded - key.time == timedelta(seconds=90)


def test_a_wrong_zone_is_in_headers_alone(tmp_path: Path) -> None:
    spec = SMALL.model_copy(update={"clocks": (HostClock(host="WS01", zone_s=-18_000.0),)})
    generate_incident(tmp_path / "logs", spec)
    times = recorded_times(tmp_path / "logs", "WS01")
    assert times
    for header, utc in times:
        assert abs(header - utc + timedelta(hours=5)) < timedelta(seconds=1)


def test_strong_skew_leaves_the_domain_controller_right(tmp_path: Path) -> None:
    spec = SMALL.model_copy(update={"skew": Skew.STRONG})
    truth = generate_incident(tmp_path / "logs", spec)
    assert len(truth.clocks) >= 2
    assert "DC01" not in {one.host for one in truth.clocks}


def campaign(folder: Path) -> dict[str, IncidentTruth]:
    spec = SMALL.model_copy(update={"playbook": Playbook.RANSOMWARE, "infrastructure": 3})
    return generate_tenants(folder, spec, ("north", "east", "south"), attacked=("north", "south"))


def test_a_campaign_shares_its_infrastructure_and_spares_the_others(tmp_path: Path) -> None:
    truths = campaign(tmp_path)
    assert {name: bool(truth.steps) for name, truth in truths.items()} == {
        "north": True,
        "east": False,
        "south": True,
    }
    addresses = [
        {one.value for one in truths[name].indicators if one.kind == "ip"}
        for name in ("north", "south")
    ]
    assert addresses[0] == addresses[1] != set()
    spared = b"".join(
        gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        for path in (tmp_path / "east").rglob("*")
        if path.is_file()
    )
    assert not [value for value in addresses[0] if value.encode() in spared]
    assert (tmp_path / "north.truth.json").is_file()
