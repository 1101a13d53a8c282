"""Cases of `classify`: raw records, and the OCSF class of what each tells."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from random import Random

from schemas.classify import ClassifyLeaf
from schemas.experiment_plan import CaseSpec
from schemas.question_truth import LogFormat, QuestionSpec
from schemas.scenario import RecordKey
from schemas.simulated import LeafItem
from sentree.analysis.classify import classify_records
from sentree.analysis.classify.reading_task import QUESTION
from sentree.evals.experiment.case import Case, Scored, Task
from sentree.evals.experiment.readings import (
    UNASKED,
    Items,
    Told,
    as_many,
    cited,
    reading_case,
    scored,
)
from sentree.evals.experiment.records import digest, scratch
from sentree.evals.generate.questions.facts import Fact
from sentree.evals.generate.questions.generate import generate_questions
from sentree.evals.generate.questions.tracking import Tracker
from sentree.evals.generate.questions.writing import CLASSES
from sentree.settings import Settings


def _make(spec: CaseSpec, folder: Path) -> Case:
    files = scratch(folder)
    classes: dict[str, int] = {}

    def watch(_: Tracker, fact: Fact, key: RecordKey) -> None:
        classes[key.sha256] = CLASSES[fact.kind][1]

    logs = files / "logs"
    generate_questions(
        logs,
        QuestionSpec(seed=spec.seed, tokens=spec.size_tokens, format=LogFormat.RAW),
        watch,
    )
    lines = [
        (path.name, line)
        for path in sorted(logs.rglob("*"))
        if path.is_file()
        for line in path.read_text("utf-8").splitlines()
    ]
    # One file after the other would put all records of a kind into one part.
    Random(f"classify:{spec.seed}").shuffle(lines)
    every = {f"record-{digest(line)[:16]}": line for _, line in lines}
    records = as_many(spec.size_tokens, every)
    truth = {uid: classes[digest(line)] for uid, line in records.items()}
    names = {f"record-{digest(line)[:16]}": name for name, line in lines}

    def embedded() -> Scored:
        return _score_classes(truth, _classified(files, records, names))

    def score(items: Items) -> Scored:
        found: dict[str, int] = {}
        for item in items.get("findings", ()):
            found[str(item.get("record_uid"))] = int(item.get("class_uid") or 0)
        return _score_classes(truth, found)

    facts = {
        uid: [
            LeafItem(
                of="findings",
                fields={
                    "record_uid": "@",
                    "class_uid": class_uid,
                    "reason": "told",
                    "evidence": cited(),
                },
            )
        ]
        for uid, class_uid in truth.items()
        if class_uid
    }
    told = Told("classify", QUESTION, ClassifyLeaf, records, facts, score, embedded)
    return reading_case(folder, told)


def _classified(
    files: Path, records: Mapping[str, str], names: Mapping[str, str]
) -> dict[str, int]:
    """Let the scenario classify the records, those of one log in one file."""
    found: dict[str, int] = {}
    for name in sorted(set(names.values())):
        uids = [uid for uid in records if names[uid] == name]
        path = files / f"asked-{name}"
        path.write_text("".join(f"{records[uid]}\n" for uid in uids), encoding="utf-8")
        for one in classify_records(Settings(home=files / "home"), [str(path)]):
            found[uids[one.line - 1]] = one.class_uid
    return found


def _score_classes(truth: Mapping[str, int], found: Mapping[str, int]) -> Scored:
    """Score the share with the right class; leaving out what has none is right."""
    right = sum(found.get(uid, 0) == class_uid for uid, class_uid in truth.items())
    known = [uid for uid, class_uid in truth.items() if class_uid]
    named = sum(found.get(uid, 0) == truth[uid] for uid in known)
    share = right / max(1, len(truth))
    metrics = {"accuracy": share, "accuracy_of_known": named / max(1, len(known))}
    return scored(share, metrics, f"{right} of {len(truth)} records")


TASK = Task(
    name="classify",
    about="raw records: the OCSF class of each; accuracy",
    records="classify",
    make=_make,
    unasked=UNASKED,
)
