"""Playbooks as data, sizes in tokens, wrong clocks, and campaigns against several tenants."""

from __future__ import annotations

import gzip
import json
import tracemalloc
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from schemas.scenario import HELD_OUT, HostClock, IncidentSpec, IncidentTruth, Noise, Playbook, Skew
from sentree.evals.generate.incident import generate_incident
from sentree.evals.generate.tenants import generate_tenants
from sentree.evals.generate.told import filled, read_playbook
from sentree.intel.attack import technique

TOLD = [one for one in Playbook if one not in {Playbook.PHISHING, Playbook.WEB_SERVER}]
SMALL = IncidentSpec(benign_events=300, noise=Noise.NONE)


@pytest.mark.parametrize("playbook", TOLD)
def test_steps_name_techniques_and_tactics_that_attack_has(playbook: Playbook) -> None:
    for step in read_playbook(playbook)["steps"]:
        known = technique(step["technique"])
        assert known.known, step["technique"]
        assert known.uid == step["technique"]
    assert len(read_playbook(playbook)["steps"]) >= 10


def test_at_least_three_playbooks_are_held_out() -> None:
    assert len(set(HELD_OUT)) >= 3
    assert len(list(Playbook)) - len(HELD_OUT) >= 4


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
