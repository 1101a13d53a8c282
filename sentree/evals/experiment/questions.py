"""Cases of one question over generated logs: needle, counting, pairing, ordering, multi-hop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from random import Random
from typing import Any

from schemas.context import ContextInfo
from schemas.experiment import EvalOutcome, EvalPath
from schemas.experiment_plan import CHARACTERS_A_TOKEN, CaseSpec, Conditions
from schemas.observed import ObservedQuestion, ObservedQuestions, Shape
from schemas.query import Query
from schemas.question_truth import AnswerKind, LogFormat, QuestionFamily, QuestionSpec
from schemas.simulated import LeafItem
from sentree.analysis.questions import answer_question
from sentree.evals.experiment.case import Found, Parts, Scored, Task
from sentree.evals.experiment.fold import fold, fold_source
from sentree.evals.experiment.records import load_logs, stored
from sentree.evals.generate.questions.observing import observe_questions
from sentree.evals.questions import Outcome, read_embedded, read_text, score_answer
from sentree.lake.context import Context

FORMS: Mapping[AnswerKind, str] = {
    AnswerKind.NUMBER: "a number in digits",
    AnswerKind.LABEL: "the one name that is asked for",
    AnswerKind.SET: "the names, separated by commas, or `none`",
    AnswerKind.PAIRS: "the pairs, each written `a & b`, separated by commas, or `none`",
    AnswerKind.INSTANT: "the instant in ISO 8601, UTC, with seconds",
}
FIELDS: Mapping[Shape, str] = {
    Shape.COUNT: "the records that the question counts",
    Shape.DISTINCT: "the records that bear on the question, `value` being what it counts",
    Shape.TOP: "the records that bear on the question, `value` being the name it compares",
    Shape.UNION: "the records that bear on the question, `value` being the name it asks for",
    Shape.FIRST: "the records that bear on the question, `value` being what it asks for",
    Shape.LAST: "the records that bear on the question, `value` being what it asks for",
    Shape.BOTH: (
        "the records that meet one of the two conditions of the question, `value` being the name "
        "it asks for and `place` the number of the condition, 1 or 2 as the question names them"
    ),
    Shape.PAIRS: (
        "the records that the pairs are made of, `value` being the one who may belong to a pair "
        "and `place` what the two have to share"
    ),
}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "items": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    name: {"type": "string"} for name in ("event_uid", "value", "place", "time")
                },
                "required": ["event_uid", "value", "place", "time"],
                "additionalProperties": False,
            },
        }
    },
    "required": ["items"],
    "additionalProperties": False,
}
CELL = """
import json
items = [one for each in answers for one in ((each.get('data') or {}).get('items') or [])]
found = fold(%r, %d, items)
print('FOLDED ' + json.dumps({'answer': 'Answer: ' + (', '.join(found) or 'none'),
                              'cited': items[:5]}))
"""
MOST_SHOWN = 2_000


@dataclass(frozen=True)
class QuestionCase:
    """A question about generated logs, with every record that bears on it.

    `shown` has the hashes of the records' texts as a prompt shows them, by those of the texts.
    """

    info: ContextInfo
    observed: ObservedQuestion
    shown: Mapping[str, str]
    typed: bool = False
    spelling: str = "Write accounts without domain and hosts without DNS suffix."
    scenario: str | None = None

    @property
    def topic(self) -> str:
        """The question alone."""
        return self.observed.question.text

    @property
    def question(self) -> str:
        """The question, and the form of its answer."""
        return (
            f"{self.topic.rstrip('?.')}?\n\nEnd `answer` with a line `Answer: …`, on which stands "
            f"{FORMS[self.observed.question.kind]}, and nothing else. {self.spelling}".strip()
        )

    @property
    def parts(self) -> Parts:
        """Ask every part for its records; code makes the answer of them."""
        return Parts(
            f"{self.topic.rstrip('?.')}?\n\nThis part holds only some of the records, so do not "
            f"answer that. List in `items` {FIELDS[self.observed.shape]}; `time` is the record's "
            "time in ISO 8601, if it has one. A field that has nothing to say is empty. "
            f"{self.spelling}".strip(),
            SCHEMA,
            scenario=self.scenario,
        )

    def of_text(self, text: str) -> Scored:
        """Score what stands after the last `Answer:`."""
        kind = self.observed.question.kind
        return self.scored(read_text(kind, text), text)

    def of_parts(self, found: Sequence[Found]) -> Scored:
        """Fold the items of all parts."""
        items = [item for one in found for item in one.get("items") or ()]
        answer = tuple(fold(self.observed.shape.value, self.observed.within, items))
        return self.scored(answer, ", ".join(answer) or "none")

    def embedded(self) -> Scored:
        """Answer by SQL, or decline."""
        with Context.open(Path(self.info.path)) as context:
            answer = answer_question(context, Query(text=self.topic))
        if answer.declined:
            return Scored(0.0, {"right": 0.0}, answer.declined[:MOST_SHOWN], EvalOutcome.DECLINED)
        read = read_embedded(self.observed.question.kind, answer)
        return self.scored(read, answer.answer)

    def truth(self, conditions: Conditions) -> QuestionOracle:
        """Give every record that bears on the question."""
        return QuestionOracle(self, conditions.leaf_tokens * CHARACTERS_A_TOKEN)

    def scored(self, found: tuple[str, ...] | None, text: str) -> Scored:
        """Score what an answer says, in the words of the truth."""
        one = self.observed.question
        score = score_answer(one.kind, one.answer, found)
        metrics = {"right": float(score.outcome is Outcome.RIGHT)}
        return Scored(score.partial, metrics, text[-MOST_SHOWN:])


class QuestionOracle:
    """What a simulated model is told of a question."""

    def __init__(self, case: QuestionCase, part_characters: int) -> None:
        self._case = case
        self.part_characters = part_characters
        self.leaf_question = case.parts.question
        self.leaf_schema = case.parts.schema
        observed = case.observed
        self._known = frozenset(case.shown.values())
        self.fold_cell = fold_source() + CELL % (observed.shape.value, observed.within)

    def knows(self, sha256: str) -> bool:
        """Tell whether a text is a record of the logs."""
        return sha256 in self._known

    def items(self, sha256: str) -> Sequence[LeafItem]:
        """Give what a record says about the question."""
        return self._items.get(sha256, ())

    def say(self, items: Sequence[Mapping[str, Any]]) -> str:
        """Give the right answer."""
        observed = self._case.observed
        found = fold(observed.shape.value, observed.within, [dict(one) for one in items])
        return f"Answer: {', '.join(found) or 'none'}"

    def mistake(self, items: Sequence[Mapping[str, Any]], rng: Random) -> str:
        """Give an answer that is not the right one: a number well off, half of a set, nobody."""
        observed = self._case.observed
        found = fold(observed.shape.value, observed.within, [dict(one) for one in items])
        match observed.question.kind:
            case AnswerKind.NUMBER:
                number = int(found[0]) if found else 0
                off = max(1, round(number * rng.uniform(0.1, 0.5)))
                return f"Answer: {number + off if rng.random() < 0.5 else max(0, number - off)}"
            case AnswerKind.SET | AnswerKind.PAIRS:
                kept = found[: len(found) // 2] if found else ["nobody"]
                return f"Answer: {', '.join(kept) or 'none'}"
            case AnswerKind.INSTANT:
                return "Answer: 1999-12-31T23:59:59Z"
            case AnswerKind.LABEL:
                return "Answer: nobody"

    @cached_property
    def _items(self) -> dict[str, list[LeafItem]]:
        found: dict[str, list[LeafItem]] = {}
        for one in self._case.observed.observations:
            fields = {"event_uid": "@", "value": one.value, "place": one.place, "time": one.time}
            item = LeafItem.model_construct(of="items", fields=fields)
            found.setdefault(self._case.shown.get(one.sha256, ""), []).append(item)
        return found


def _make(family: QuestionFamily, spec: CaseSpec, folder: Path) -> QuestionCase:
    """Write the logs of a size and seed, or find them, and choose the family's question."""
    observed = folder / "observed.json"

    def write(logs: Path) -> None:
        # Every second log is as the vendors deliver it.
        form = LogFormat.OCSF if spec.seed % 2 == 0 else LogFormat.RAW
        wanted = QuestionSpec(seed=spec.seed, tokens=spec.size_tokens, format=form)
        observed.write_text(observe_questions(logs, wanted).model_dump_json(), "utf-8")

    info = load_logs(folder, write)
    every = ObservedQuestions.model_validate_json(observed.read_bytes()).questions
    asked = [one for one in every if one.question.family is family]
    # Few seeds should meet questions of many sorts: the order is drawn once for all sizes.
    order = list(range(len(asked)))
    Random(f"{family}:order").shuffle(order)
    order = order[spec.seed % len(order) :] + order[: spec.seed % len(order)]
    # A question on which no record bears is answered by whoever finds nothing.
    chosen = next((asked[at] for at in order if asked[at].observations), asked[order[0]])
    return QuestionCase(info, chosen, stored(info))


QUESTION_TASKS = tuple(
    Task(
        name=family.value,
        about=about,
        records="questions",
        make=partial(_make, family),
        embedded_paths=(EvalPath.DIRECT,),
    )
    for family, about in (
        (QuestionFamily.NEEDLE, "a fact that is there once"),
        (QuestionFamily.COUNTING, "how many, who has the most; some need tickets understood"),
        (QuestionFamily.PAIRING, "who met whom, who did both"),
        (QuestionFamily.ORDERING, "what came first or last"),
        (QuestionFamily.MULTI_HOP, "a question whose subject must be found first"),
    )
)
