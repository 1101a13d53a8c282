"""Blind A/B sheets: pairs of answers with shuffled sides; the key is made beside, never inside."""

from __future__ import annotations

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from random import Random
from typing import NamedTuple

from pydantic import ValidationError

from schemas.experiment import EvalPath, Trial
from schemas.rating import KeyItem, SheetItem, SheetKey, SynthesisAnswer
from sentree.errors import UnreadableInputError

MAX_TEXT = 20_000
_TELLING = re.compile(
    r"(?i)\b(?:rlm(?:[- ](?:planned|agent))?|sub-?calls?|leaf calls?|repl|partitions? \d+"
    r"|recursive language model)\b"
)

# Only some paths begin so.
_LABEL = re.compile(r"(?i)^\s*(?:final )?answer:\s*")


class Sheet(NamedTuple):
    """A sheet for raters, its key, and how many answers found no partner."""

    items: tuple[SheetItem, ...]
    key: SheetKey
    unpaired: int


def make_sheet(
    answers: Sequence[SynthesisAnswer], baseline: EvalPath, path: EvalPath, seed: int
) -> Sheet:
    """Pair the answers of two paths, shuffle order and sides, and hide what tells the path.

    Either path stands on side A as often as on side B, as far as the number of pairs allows. Of
    several answers of a path to one case, the first by text is taken.

    Raises:
        UnreadableInputError: no case has an answer of both paths.
    """
    cases: dict[tuple[str, str, str], dict[EvalPath, list[SynthesisAnswer]]]
    cases = defaultdict(lambda: defaultdict(list))
    for one in answers:
        if one.path in (baseline, path) and one.text.strip():
            cases[one.task, one.case_uid, one.model][one.path].append(one)
    paired = sorted(case for case, sides in cases.items() if len(sides) == 2)
    if not paired:
        raise UnreadableInputError(f"no case has an answer both of {baseline} and of {path}")
    random = Random(f"{seed}:{len(paired)}")
    sides = [place % 2 == 0 for place in range(len(paired))]
    random.shuffle(sides)
    rows: list[tuple[SheetItem, KeyItem]] = []
    for case, baseline_first in zip(paired, sides, strict=True):
        task, case_uid, model = case
        best = {side: min(some, key=lambda one: one.text) for side, some in cases[case].items()}
        a, b = (baseline, path) if baseline_first else (path, baseline)
        name = hashlib.sha256(json.dumps([seed, *case]).encode()).hexdigest()[:10]
        rows.append(
            (
                SheetItem(
                    item=name,
                    question=_blind(best[a].question or best[b].question, model),
                    answer_a=_blind(best[a].text, model),
                    answer_b=_blind(best[b].text, model),
                ),
                KeyItem(item=name, case_uid=case_uid, task=task, model=model, a=a, b=b),
            )
        )
    random.shuffle(rows)
    items = tuple(item for item, _ in rows)
    content = "\n".join(item.model_dump_json() for item in items)
    key = SheetKey(
        sheet=hashlib.sha256(content.encode()).hexdigest()[:12],
        baseline=baseline,
        path=path,
        seed=seed,
        items=tuple(one for _, one in rows),
    )
    return Sheet(items, key, sum(len(sides) == 1 for sides in cases.values()))


def read_answers(paths: Iterable[Path]) -> tuple[list[SynthesisAnswer], int]:
    """Read answers from JSON lines; give them, and how many lines hold none.

    A line is a `SynthesisAnswer`, or a trial with its `answer`.

    Raises:
        UnreadableInputError: a file can't be opened, or no line holds an answer.
    """
    found: list[SynthesisAnswer] = []
    rejected = 0
    for path in paths:
        try:
            lines = path.read_text("utf-8-sig", errors="replace").splitlines()
        except OSError as error:
            raise UnreadableInputError(f"{path}: {error.strerror}") from None
        for line in filter(str.strip, lines):
            one = _answer(line)
            if one is None:
                rejected += 1
            else:
                found.append(one)
    if not found:
        raise UnreadableInputError("no answer: lines need case_uid, path and text (or answer)")
    return found, rejected


def answers_of(trials: Iterable[Trial]) -> list[SynthesisAnswer]:
    """Give what the trials of an experiment answered; a trial keeps the beginning of its answer."""
    return [
        SynthesisAnswer(
            case_uid=trial.case_uid,
            path=trial.path,
            text=trial.answer,
            model=trial.model,
            task=trial.task,
        )
        for trial in trials
        if trial.answer
    ]


def _answer(line: str) -> SynthesisAnswer | None:
    try:
        record = json.loads(line)
        return SynthesisAnswer(
            case_uid=record["case_uid"],
            path=EvalPath(record["path"]),
            text=record.get("text") or record.get("answer") or "",
            model=record.get("model") or "",
            task=record.get("task") or "",
            question=record.get("question") or "",
        )
    except (ValueError, RecursionError, KeyError, AttributeError, TypeError, ValidationError):
        return None


def _blind(text: str, model: str) -> str:
    """Hide words that name a path or the model; cut what nobody would read."""
    hidden = _TELLING.sub("[…]", _LABEL.sub("", text[:MAX_TEXT]))
    # A name of a letter or two would be found in ordinary words.
    known = len(model) >= 3
    return re.sub(rf"(?i)(?<!\w){re.escape(model)}(?!\w)", "[…]", hidden) if known else hidden
