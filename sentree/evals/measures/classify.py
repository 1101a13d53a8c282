"""Accuracy of `sentree classify` on labelled records of the sample, and on generated logs."""

from __future__ import annotations

import gzip
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from time import process_time

from models.class_head import shipped_head
from ocsf.classes import class_name
from schemas.scenario import IncidentSpec
from sentree.analysis.classify import classify_records
from sentree.evals.classify import Labelled, score_by_class, score_classes
from sentree.evals.generate.incident import generate_incident
from sentree.evals.measures.measure import Measure
from sentree.settings import Settings

SETS = (
    ("Windows records", "ocsf-raw-windows/events.jsonl", "source"),
    ("CloudTrail records", "cloudtrail-attack/events.jsonl.gz", "file"),
)


def rows(data: Path) -> list[Measure]:
    """Measure on raw records whose class is labelled; the label itself is never shown."""
    found: list[Measure] = []
    for name, path, group in SETS:
        file = data / path
        if not file.is_file():
            continue
        task = f"classify: {name}"
        labelled = list(labelled_records(file, group))
        total = score_classes(labelled)
        note = f"{total.groups} recordings"
        found.append(Measure(task, "accuracy", *total.accuracy, total.records, note))
        for uid, score in score_by_class(labelled).items():
            note = f"{score.groups} recordings"
            metric = f"accuracy, {uid} {class_name(uid)}"
            found.append(Measure(task, metric, *score.accuracy, score.records, note))
        alone = score_classes(told_by_words(file, group))
        metric = "accuracy of the trained classifier alone, no format known"
        note = f"{alone.groups} recordings"
        found.append(Measure(task, metric, *alone.accuracy, alone.records, note))
    return found


def generated_rows() -> list[Measure]:
    """Measure how many generated records of known formats get a class, and how fast."""
    with tempfile.TemporaryDirectory() as place:
        logs = Path(place) / "logs"
        generate_incident(logs, IncidentSpec(seed=101, benign_events=5_000))
        begin = process_time()
        known = total = 0
        for one in classify_records(Settings(home=Path(place) / "home"), [str(logs)]):
            if one.format != "base":
                total += 1
                known += bool(one.class_uid)
        speed = total / (process_time() - begin)
    task = "classify: generated raw logs"
    return [
        Measure(
            task, "share of records of known formats with a class", known / total, None, None, total
        ),
        Measure(task, "records per second", speed, None, None, total),
    ]


def told_by_words(file: Path, group: str) -> Iterator[Labelled]:
    """Let the trained classifier tell the classes of raw records, without any rule of a format.

    What it is not sure of is Base Event, as for a user.
    """
    head = shipped_head()
    packed = gzip.open if file.suffix == ".gz" else open
    with packed(file, "rt", encoding="utf-8") as source:
        for line in source:
            one = json.loads(line)
            guess = head.guess(json.dumps(one["raw"]))
            sure = guess is not None and guess.probability >= head.bar
            found = guess.class_uid if guess and sure else 0
            yield Labelled(int(one["class_uid"]), found, str(one[group]))


def labelled_records(file: Path, group: str) -> Iterator[Labelled]:
    """Classify the raw part of a file's records; it alone is written to the file that is read."""
    wanted: list[tuple[int, str]] = []
    with tempfile.TemporaryDirectory() as place:
        raw = Path(place) / "raw.jsonl"
        packed = gzip.open if file.suffix == ".gz" else open
        with packed(file, "rt", encoding="utf-8") as source, raw.open("w", encoding="utf-8") as out:
            for line in source:
                one = json.loads(line)
                wanted.append((int(one["class_uid"]), str(one[group])))
                out.write(json.dumps(one["raw"]) + "\n")
        found = {
            one.line: one.class_uid
            for one in classify_records(Settings(home=Path(place) / "home"), [str(raw)])
        }
    for number, (uid, name) in enumerate(wanted, start=1):
        yield Labelled(uid, found.get(number, -1), name)
