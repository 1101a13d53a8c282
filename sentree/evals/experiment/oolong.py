"""Cases from a file in the form of OOLONG (Bertsch et al. 2025): a text, a question, its answer.

A line of the file is a JSON object with `context_window_text`, `question`, `answer` (a value, or
a list of right ones, or such a list as text), and optionally `id` and `answer_type`.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, cast

from schemas.context import ContextInfo
from schemas.experiment import EvalPath
from schemas.experiment_plan import CHARACTERS_A_TOKEN, CaseSpec, Conditions
from schemas.simulated import SimulatedTruth
from sentree.errors import ConfigurationError, UsageError
from sentree.evals.experiment.case import Case, Found, Parts, Scored, Task
from sentree.evals.experiment.readings import scored
from sentree.evals.experiment.records import load_records
from sentree.evals.questions import NUMERIC_BASE

NAME = "oolong"
NEAR = 2.0
"""A text counts as of a size when it is at most so many times larger or smaller."""

NO_PLAN = "how an answer follows from parts of such a text is not known"
FIELDS = ("context_window_text", "question", "answer")


class Line(NamedTuple):
    """One question of the file."""

    uid: str
    text: str
    question: str
    answers: tuple[str, ...]


@dataclass(frozen=True)
class OolongCase:
    """A question about a text, each line of which is a record."""

    info: ContextInfo
    line: Line
    typed: bool = False

    @property
    def topic(self) -> str:
        """The question as the file has it."""
        return self.line.question

    @property
    def question(self) -> str:
        """The question, which itself tells the form of its answer."""
        return f"{self.line.question}\n\nEnd `answer` with a line `Answer: …` that holds it alone."

    @property
    def parts(self) -> Parts:
        """There is no plan; see `NO_PLAN`."""
        raise ConfigurationError(NO_PLAN)

    def of_text(self, text: str) -> Scored:
        """Score as OOLONG does: a number by 0.75 to the power of its error, else all or nothing."""
        score = score_text(text, self.line.answers)
        return scored(score, {"right": float(score == 1.0)}, text[-2_000:])

    def of_parts(self, found: Sequence[Found]) -> Scored:
        """There is no plan; see `NO_PLAN`."""
        raise ConfigurationError(NO_PLAN)

    def embedded(self) -> Scored:
        """There is nothing in such a text that SQL could count."""
        raise ConfigurationError(NO_PLAN)

    def truth(self, conditions: Conditions) -> SimulatedTruth:
        """Nobody knows which line of the text says what."""
        raise ConfigurationError(NO_PLAN)


def task(path: str) -> Task:
    """Give the task over a file.

    Raises:
        UsageError: the file can't be read; says which line, and why.
    """
    sizes = [len(line.text) // CHARACTERS_A_TOKEN for line in read_lines(path)]
    return Task(
        name=f"{NAME}:{path}",
        about="questions of a file in OOLONG's form: oolong:FILE.jsonl",
        records=NAME,
        make=partial(_make, path),
        unasked={EvalPath.RLM_PLANNED: NO_PLAN},
        embedded_paths=(),
        simulated=False,
        smallest=max(1, round(min(sizes) / NEAR)),
        largest=round(max(sizes) * NEAR),
    )


def read_lines(path: str) -> list[Line]:
    """Read the questions of a file.

    Raises:
        UsageError: the file can't be read; says which line, and why.
    """
    found: list[Line] = []
    try:
        with Path(path).open(encoding="utf-8") as lines:
            for number, text in enumerate(lines, start=1):
                if text.strip():
                    found.append(_line(f"{path}:{number}", number, text))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cases {path} can't be read: {error}") from None
    if not found:
        raise UsageError(f"cases {path}: there are none")
    return found


def score_text(text: str, answers: Sequence[str]) -> float:
    """Compare the end of an answer with the right ones."""
    said = text.strip().splitlines()[-1].rpartition(":")[2] if text.strip() else ""
    low = said.strip(" \t*_`'\".[]").lower()
    best = 0.0
    for answer in answers:
        wanted = answer.strip().lower()
        if wanted == low:
            return 1.0
        if wanted.lstrip("-").isdigit() and low.replace(",", "").lstrip("-").isdigit():
            off = abs(int(wanted) - int(low.replace(",", "")))
            best = max(best, NUMERIC_BASE**off)
    return best


def _make(path: str, spec: CaseSpec, folder: Path) -> Case:
    size = spec.size_tokens * CHARACTERS_A_TOKEN
    near = [
        line for line in read_lines(path) if size / NEAR <= max(1, len(line.text)) <= size * NEAR
    ]
    if not near:
        raise UsageError(f"cases {path}: no text of about {spec.size_tokens:,} tokens")
    line = near[spec.seed % len(near)]
    texts = [text for text in line.text.splitlines() if text.strip()]
    records = {f"line-{number:06}": text for number, text in enumerate(texts, start=1)}
    return OolongCase(load_records(folder, records, NAME), line)


def _line(where: str, number: int, text: str) -> Line:
    try:
        found: object = json.loads(text)
    except (ValueError, RecursionError):
        raise UsageError(f"cases {where}: no JSON") from None
    if not isinstance(found, dict):
        raise UsageError(f"cases {where}: no JSON object")
    row = cast("dict[str, Any]", found)
    missing = [name for name in FIELDS if not row.get(name) and row.get(name) != 0]
    if missing:
        raise UsageError(f"cases {where}: lacks {', '.join(missing)}")
    answers = _answers(row["answer"])
    return Line(str(row.get("id", number)), str(row[FIELDS[0]]), str(row["question"]), answers)


def _answers(given: object) -> tuple[str, ...]:
    """Give the right answers of a value, a list, or a list that was written as text."""
    if isinstance(given, str) and given.strip().startswith("["):
        try:
            given = ast.literal_eval(given.strip())
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return (str(given).strip("[]' \""),)
    if isinstance(given, list):
        return tuple(str(one) for one in cast("list[Any]", given))
    return (str(given),)
