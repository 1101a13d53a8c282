"""Cases of `intel`: STIX bundles of several producers, and the techniques of one actor in them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate, takewhile
from pathlib import Path
from typing import Any

from schemas.experiment import EvalOutcome
from schemas.experiment_plan import CHARACTERS_A_TOKEN, CaseSpec
from schemas.intel import IntelReport, IntelRequest
from schemas.intel_truth import IntelSpec, IntelTruth, TrueActor
from schemas.observed import Observation, ObservedQuestion, Shape
from schemas.question_truth import AnswerKind, GeneratedQuestion, QuestionFamily
from sentree.analysis.intel import run
from sentree.analysis.intel.citing import ObjectTexts
from sentree.evals.experiment.case import Case, Scored, Task
from sentree.evals.experiment.questions import QuestionCase
from sentree.evals.experiment.records import digest, load_records, scratch, stored
from sentree.evals.generate.intel import generate_intel
from sentree.evals.intel import found_ids
from sentree.intel.stix_merge import Holding, merge
from sentree.intel.stix_read import read_file
from sentree.settings import Settings

CHARACTERS_A_BUNDLE = 5_000
ACTORS_EVERY = 3


@dataclass(frozen=True)
class IntelCase(QuestionCase):
    """A question about STIX objects; the embedded analyst answers it with its report."""

    files: tuple[str, ...] = ()
    home: Path = Path()
    actor: str = ""

    def embedded(self) -> Scored:
        """Merge the bundles, and take the actor's techniques from the report."""
        result = run(Settings(home=self.home), IntelRequest(paths=self.files, formats=()))
        report = IntelReport.model_validate(result.data)
        found = next((one for one in report.actors if one.name == self.actor), None)
        if found is None:
            return Scored(0.0, {"right": 0.0}, "not named", EvalOutcome.DECLINED)
        ids = sorted(each.lower() for each in found_ids(found.techniques))
        return self.scored(tuple(ids), ", ".join(ids))


def _make(spec: CaseSpec, folder: Path) -> Case:
    files = scratch(folder)
    truth, holding, paths = _bundles(spec, files)
    texts = ObjectTexts(holding)
    actor, used = _answerable(truth, holding)
    records = {uid: texts[uid] for uid in holding.objects}
    question = GeneratedQuestion(
        uid="intel",
        family=QuestionFamily.MULTI_HOP,
        text=(
            f"Which ATT&CK techniques does {actor.name} use, itself or in campaigns attributed to "
            "it? Give their ids"
        ),
        kind=AnswerKind.SET,
        answer=tuple(sorted(uid.lower() for uid in actor.techniques)),
    )
    observed = ObservedQuestion(
        question=question,
        shape=Shape.UNION,
        observations=tuple(
            Observation(sha256=digest(records[uid]), value=technique.lower())
            for uid, technique in used
        ),
    )
    info = load_records(folder, records, "intel")
    return IntelCase(
        info,
        observed,
        stored(info),
        spelling="A sub-technique is another than its parent.",
        scenario="intel",
        files=paths,
        home=files / "home",
        actor=actor.name,
    )


def _bundles(spec: CaseSpec, files: Path) -> tuple[IntelTruth, Holding, tuple[str, ...]]:
    """Generate as many bundles as the size takes."""
    wanted = spec.size_tokens * CHARACTERS_A_TOKEN
    most = max(2, wanted // CHARACTERS_A_BUNDLE)
    wide = IntelSpec(
        seed=spec.seed,
        bundles=most,
        actors=max(2, most // ACTORS_EVERY),
        techniques=6,
        indicators=4,
    )
    drawn = generate_intel(files / "drawn", wide)
    sizes = accumulate(
        sum(map(len, ObjectTexts(_merged(files / "drawn", (name,))).values()))
        for name in drawn.files
    )
    enough = 1 + sum(1 for _ in takewhile(lambda size: size < wanted, sizes))
    asked = wide.model_copy(update={"bundles": min(most, enough)})
    truth = generate_intel(files / "asked", asked)
    paths = tuple(str(files / "asked" / name) for name in truth.files)
    return truth, _merged(files / "asked", truth.files), paths


def _merged(folder: Path, names: tuple[str, ...]) -> Holding:
    return merge([read_file(str(folder / name)) for name in names])


def _answerable(truth: IntelTruth, holding: Holding) -> tuple[TrueActor, list[tuple[str, str]]]:
    """Choose the actor with most techniques of those whose relations tell all of them."""
    found: list[tuple[int, str, TrueActor, list[tuple[str, str]]]] = []
    for actor in truth.actors:
        used = list(_uses(actor, holding))
        if {technique for _, technique in used} == set(actor.techniques):
            found.append((len(used), actor.name, actor, used))
    _, _, actor, used = max(found, key=lambda one: one[:2])
    return actor, used


def _uses(actor: TrueActor, holding: Holding) -> Iterator[tuple[str, str]]:
    """Give the relations by which an actor or a campaign of it uses a technique."""
    bodies: dict[str, dict[str, Any]] = {
        uid: dict(one.newest.body) for uid, one in holding.objects.items()
    }
    names = {actor.name, *actor.aliases}
    own = {
        uid
        for uid, body in bodies.items()
        if body.get("type") in ("intrusion-set", "threat-actor") and body.get("name") in names
    }
    own |= {
        str(body["source_ref"])
        for body in bodies.values()
        if body.get("relationship_type") == "attributed-to" and body.get("target_ref") in own
    }
    for uid, body in bodies.items():
        if body.get("relationship_type") == "uses" and body.get("source_ref") in own:
            target = bodies.get(str(body.get("target_ref")), {})
            if target.get("type") == "attack-pattern":
                yield uid, _technique(target)


def _technique(body: dict[str, Any]) -> str:
    named = [one.get("external_id") for one in body.get("external_references") or ()]
    ids = [str(one) for one in (*named, body.get("x_mitre_id")) if one]
    return ids[0] if ids else str(body.get("name")).rpartition(" ")[2]


TASK = Task(
    name="intel",
    about="STIX objects of several producers: the techniques of one actor; F1",
    records="intel",
    make=_make,
    smallest=8_000,
    largest=1_000_000,
)
