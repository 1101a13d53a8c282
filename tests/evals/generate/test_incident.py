from __future__ import annotations

import gzip
import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from functools import lru_cache
from pathlib import Path

import pytest

from schemas.scenario import IncidentSpec, IncidentTruth, Noise, Playbook
from sentree.errors import UsageError
from sentree.evals.generate.hostile import HOSTILE_TEXT
from sentree.evals.generate.incident import generate_incident, read_truth, truth_path

BENIGN = 3000


@lru_cache(maxsize=64)
def lines_of(path: Path) -> list[bytes]:
    data = path.read_bytes()
    data = gzip.decompress(data) if path.suffix == ".gz" else data
    return data.split(b"\n")[: None if not data.endswith(b"\n") else -1]


def files_of(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def windows_records(folder: Path) -> Iterator[dict[str, str]]:
    for path in sorted(folder.glob("windows/*.jsonl.gz")):
        for line in lines_of(path):
            try:
                record = json.loads(line)
            except ValueError:
                continue
            yield record


@pytest.fixture(scope="module", params=list(Playbook))
def incident(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, IncidentTruth]:
    folder = tmp_path_factory.mktemp("incident") / "logs"
    spec = IncidentSpec(benign_events=BENIGN, playbook=request.param, noise=Noise.HIGH)
    return folder, generate_incident(folder, spec)


def test_every_marked_record_stands_where_the_truth_says(
    incident: tuple[Path, IncidentTruth],
) -> None:
    folder, truth = incident
    keys = [*truth.marked, *truth.hostile, *(key for s in truth.steps for key in s.related)]
    assert len(truth.marked) >= 15
    for key in keys:
        line = lines_of(folder / key.file)[key.line - 1]
        if key.file.startswith("cloudtrail/"):
            record = json.loads(line)["Records"][key.index]
            line = json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode()
        assert hashlib.sha256(line).hexdigest() == key.sha256


def test_the_counts_are_those_of_the_files(incident: tuple[Path, IncidentTruth]) -> None:
    folder, truth = incident
    seen: set[bytes] = set()
    duplicate = broken = delivered = 0
    assert {count.file for count in truth.files} == set(files_of(folder))
    for count in truth.files:
        lines = lines_of(folder / count.file)
        if count.format == "cloudtrail":
            delivered += len(json.loads(lines[0])["Records"])
            continue
        assert len(lines) == count.delivered
        delivered += len(lines)
        for line in lines:
            if count.format not in {"syslog", "auditd", "access-log", "postgresql"}:
                try:
                    json.loads(line)
                except ValueError:
                    broken += 1
                    continue
            duplicate += line in seen
            seen.add(line)
    assert (delivered, duplicate, broken) == (truth.delivered, truth.duplicate, truth.broken)
    assert duplicate > 0
    assert broken > 0


def test_equal_specifications_give_equal_bytes_and_another_seed_does_not(tmp_path: Path) -> None:
    spec = IncidentSpec(benign_events=800)
    first = generate_incident(tmp_path / "a", spec)
    second = generate_incident(tmp_path / "b", spec)
    assert files_of(tmp_path / "a") == files_of(tmp_path / "b")
    assert first == second
    generate_incident(tmp_path / "c", spec.model_copy(update={"seed": 8}))
    assert files_of(tmp_path / "c") != files_of(tmp_path / "a")


def test_the_labels_are_beside_the_logs_and_read_back_equal(
    incident: tuple[Path, IncidentTruth],
) -> None:
    folder, truth = incident
    assert truth_path(folder).parent == folder.parent
    assert read_truth(folder) == truth


def test_steps_are_in_order_of_time_and_start_with_their_first_record(
    incident: tuple[Path, IncidentTruth],
) -> None:
    _, truth = incident
    assert [step.time for step in truth.steps] == sorted(step.time for step in truth.steps)
    for step in truth.steps:
        assert step.time == min(key.time for key in step.records)
    span = truth.steps[-1].time - truth.steps[0].time
    assert span > timedelta(days=1)
    assert len({step.technique for step in truth.steps}) >= 10
    assert len({step.tactic for step in truth.steps}) >= 6
    assert truth.transitions


def test_the_silent_host_says_nothing_for_hours_and_talks_before_and_after(
    incident: tuple[Path, IncidentTruth],
) -> None:
    folder, truth = incident
    (gap,) = truth.silent
    times = [
        record["TimeCreated"]
        for record in windows_records(folder)
        if record["Hostname"].startswith(gap.host)
    ]
    start, end = (t.strftime("%Y-%m-%dT%H:%M:%S") for t in (gap.start, gap.end))
    assert not [time for time in times if start <= time < end]
    assert min(times) < start
    assert max(times) > end


def test_processes_are_told_by_both_sensors_at_slightly_different_times(
    incident: tuple[Path, IncidentTruth],
) -> None:
    folder, _ = incident
    told: dict[str, Counter[tuple[str, str, int]]] = {"1": Counter(), "4688": Counter()}
    for record in windows_records(folder):
        event = str(record["EventID"])
        if event == "1":
            told[event][record["Hostname"], record["CommandLine"], int(record["ProcessId"])] += 1
        if event == "4688":
            pid = int(record["NewProcessId"], 16)
            told[event][record["Hostname"], record["CommandLine"], pid] += 1
    assert set(told["1"]) == set(told["4688"])


def test_some_benign_text_attacks_its_reader(incident: tuple[Path, IncidentTruth]) -> None:
    folder, truth = incident
    assert len(truth.hostile) == 3
    key = truth.hostile[0]
    record = json.loads(lines_of(folder / key.file)[key.line - 1])
    assert HOSTILE_TEXT in record["CommandLine"]


def test_planted_indicators_occur_in_marked_or_related_records_only_with_the_intruder(
    incident: tuple[Path, IncidentTruth],
) -> None:
    folder, truth = incident
    hashes = {key.sha256 for step in truth.steps for key in (*step.records, *step.related)}
    for indicator in truth.indicators:
        if indicator.kind not in {"ip", "domain"}:
            continue
        needle = indicator.value.encode()
        carriers = [
            hashlib.sha256(line).hexdigest()
            for count in truth.files
            if count.format != "cloudtrail"
            for line in lines_of(folder / count.file)
            if needle in line
        ]
        assert set(carriers) <= hashes


@pytest.mark.parametrize("days", [1, 2, 5])
def test_short_and_long_incidents_keep_the_order_of_the_story(tmp_path: Path, days: int) -> None:
    for playbook in Playbook:
        spec = IncidentSpec(days=days, hosts=5, benign_events=300, playbook=playbook)
        truth = generate_incident(tmp_path / playbook, spec)
        numbers = [step.number for step in truth.steps]
        assert numbers == sorted(numbers)
        last = max(key.time for key in truth.marked)
        assert last < spec.start + timedelta(days=days)


def test_without_noise_every_line_is_a_record_delivered_once(tmp_path: Path) -> None:
    truth = generate_incident(tmp_path / "logs", IncidentSpec(benign_events=500, noise=Noise.NONE))
    assert truth.duplicate == 0
    assert truth.broken == 0


def test_a_folder_with_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "old.log").write_text("x\n", encoding="utf-8")
    with pytest.raises(UsageError, match="not empty"):
        generate_incident(tmp_path, IncidentSpec(benign_events=10))
    assert files_of(tmp_path) == {"old.log": b"x\n"}
