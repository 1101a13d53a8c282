"""A labelled, multi-day, multi-host incident among benign events, as raw vendor logs.

sentree generate incident OUT --seed 7 --set tokens=1000000 playbook=ransomware skew=strong
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from random import Random

from schemas.scenario import (
    IncidentSpec,
    IncidentTruth,
    Noise,
    Playbook,
    RecordKey,
    SilentInterval,
    TruthStep,
)
from schemas.timeline import Transition
from sentree.errors import UsageError
from sentree.evals.generate import cloud, hostile, network
from sentree.evals.generate.background import Background
from sentree.evals.generate.delivery import Delivery, Redelivery
from sentree.evals.generate.emission import Emission
from sentree.evals.generate.phishing import phishing
from sentree.evals.generate.size import fit
from sentree.evals.generate.story import Deed, Story
from sentree.evals.generate.told import tell
from sentree.evals.generate.web_server import web_server
from sentree.evals.generate.world import (
    HOUR,
    MINUTE,
    World,
    build_world,
    choose_clocks,
    to_microseconds,
)

_WRITTEN: dict[Playbook, Callable[[Story], None]] = {
    Playbook.PHISHING: phishing,
    Playbook.WEB_SERVER: web_server,
}
_BROKEN_LINES = (
    b'{"SourceName":"Microsoft-Windows-Sysmon","Channel":"Microsoft-Windows-Sysmon/Oper',
    b"<html><head><title>502 Bad Gateway</title></head></html>",
    b'{"_path":"conn","ts":17676',
    b"\x00\xff\xfe\x07 collector restarted \x80\x81",
)
_CLOUDTRAIL_DELAY = 15 * MINUTE

Mark = tuple[int, str]


def truth_path(folder: Path) -> Path:
    """Tell where the labels of the logs in `folder` are: beside it, never among the logs."""
    return folder.parent / f"{folder.name}.truth.json"


def read_truth(folder: Path) -> IncidentTruth:
    """Read the labels of the logs in `folder`."""
    return IncidentTruth.model_validate_json(truth_path(folder).read_bytes())


def generate_incident(folder: Path, spec: IncidentSpec) -> IncidentTruth:
    """Write the logs of one incident into `folder` and its labels beside it.

    Equal specifications give equal bytes. Memory holds one hour of events at a time.

    Returns:
        The labels, as `read_truth` gives them again.

    Raises:
        UsageError: the folder holds files already, which would pass for the incident's.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise UsageError(f"{folder} is not empty: name a new folder for the incident")
    world = build_world(spec)
    story = Story(world, spec, Random(f"{spec.seed}:story"))
    if spec.attack:
        _tell(story)
    benign = spec if spec.tokens is None else fit(spec, world, story)
    silence = story.silence()
    planted = _by_hour(world, story.deeds, hostile.hostile_events(world, spec))
    keys: defaultdict[Mark, list[RecordKey]] = defaultdict(list)
    rng = Random(f"{spec.seed}:faults")

    with Delivery(folder, _redeliveries(world, spec)) as delivery:
        for number, made in enumerate(Background(world, benign).hours()):
            hour = world.start + number * HOUR
            batch = [(event, None) for event in made]
            for event, mark in _in_order([*batch, *planted.pop(hour, [])]):
                if _unheard(event, silence):
                    continue
                if mark is None:
                    delivery.write_unlabelled(event)
                else:
                    keys[mark].append(delivery.write(event))
            _break_some(delivery, rng, spec)
            for name in _delivered_trails(delivery, hour + HOUR):
                delivery.close_stream(name)
    truth = IncidentTruth(
        spec=spec,
        steps=(steps := _steps(story.deeds, keys)),
        transitions=_transitions(steps),
        indicators=tuple(story.indicators),
        silent=(silence,),
        hostile=tuple(keys[-1, "hostile"]),
        files=delivery.counts(),
        clocks=choose_clocks(spec, [host.name for host in world.hosts]),
    )
    truth_path(folder).write_text(truth.model_dump_json(indent=1) + "\n", encoding="utf-8")
    return truth


def _tell(story: Story) -> None:
    written = _WRITTEN.get(story.spec.playbook)
    if written is None:
        tell(story, story.spec.playbook)
    else:
        written(story)


def _by_hour(
    world: World, deeds: Iterable[Deed], hostile_events: Iterable[Emission]
) -> dict[int, list[tuple[Emission, Mark | None]]]:
    hours: defaultdict[int, list[tuple[Emission, Mark | None]]] = defaultdict(list)

    def add(event: Emission, mark: Mark) -> None:
        hours[world.start + (event.time - world.start) // HOUR * HOUR].append((event, mark))

    for number, deed in enumerate(deeds):
        for event in deed.records:
            add(event, (number, "records"))
        for event in deed.related:
            add(event, (number, "related"))
    for event in hostile_events:
        add(event, (-1, "hostile"))
    return hours


def _in_order(
    batch: list[tuple[Emission, Mark | None]],
) -> Iterator[tuple[Emission, Mark | None]]:
    # A stable sort on time alone: records need not be comparable.
    return iter(sorted(batch, key=lambda item: item[0].time))


def _unheard(event: Emission, silence: SilentInterval) -> bool:
    if event.host != silence.host:
        return False
    return to_microseconds(silence.start) <= event.time < to_microseconds(silence.end)


def _redeliveries(world: World, spec: IncidentSpec) -> dict[str, Redelivery]:
    if spec.noise is Noise.NONE:
        return {}
    middle = (world.start + world.end) // 2
    return {
        cloud.EDR_STREAM: Redelivery("edr/edr-findings.resent.jsonl.gz", 0, world.end * 2),
        "windows/wec01.jsonl.gz": Redelivery(
            "windows/wec01.overlap.jsonl.gz", middle - 2 * HOUR, middle
        ),
        network.STREAM: Redelivery("zeek/sensor01.rotated.log.gz", middle, middle + HOUR),
    }


def _break_some(delivery: Delivery, rng: Random, spec: IncidentSpec) -> None:
    share = {Noise.NONE: 0.0, Noise.NORMAL: 0.05, Noise.HIGH: 0.6}[spec.noise]
    if rng.random() < share:
        name = rng.choice(("windows/wec01.jsonl.gz", network.STREAM, cloud.IDP_STREAM))
        delivery.write_broken(name, rng.choice(_BROKEN_LINES))


def _delivered_trails(delivery: Delivery, now: int) -> list[str]:
    current = {cloud.trail_file(now), cloud.trail_file(now - _CLOUDTRAIL_DELAY)}
    return [
        name
        for name in delivery.open_streams
        if name.startswith("cloudtrail/") and name not in current
    ]


def _steps(deeds: Iterable[Deed], keys: dict[Mark, list[RecordKey]]) -> tuple[TruthStep, ...]:
    made: list[TruthStep] = []
    for number, deed in enumerate(deeds):
        records = tuple(keys[number, "records"])
        made.append(
            TruthStep(
                number=number + 1,
                technique=deed.technique,
                tactic=deed.tactic,
                time=min(key.time for key in records),
                host=deed.host,
                user=deed.user,
                description=deed.description,
                records=records,
                related=tuple(keys[number, "related"]),
            )
        )
    return tuple(sorted(made, key=lambda step: (step.time, step.number)))


def _transitions(steps: Iterable[TruthStep]) -> tuple[Transition, ...]:
    """Count the pairs of consecutive first sightings (of a technique on a host)."""
    seen: set[tuple[str, str]] = set()
    chain: list[str] = []
    for step in steps:
        if (step.technique, step.host) not in seen:
            seen.add((step.technique, step.host))
            chain.append(step.technique)
    counts: dict[tuple[str, str], int] = {}
    for pair in pairwise(chain):
        if pair[0] != pair[1]:
            counts[pair] = counts.get(pair, 0) + 1
    return tuple(
        Transition(source=source, target=target, count=count)
        for (source, target), count in counts.items()
    )
