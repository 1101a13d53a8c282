"""Reading raw records without the lake, and the shape of a question about them."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from schemas.question_truth import AnswerKind

Record = dict[str, Any]


class RealQuestion(NamedTuple):
    """A question, what kind of answer it has, and the answer."""

    text: str
    kind: AnswerKind
    answer: tuple[str, ...]


def read_records(paths: Iterable[Path]) -> list[Record]:
    """Read JSON lines; records whose text is the same are one, as in the lake.

    A line that wraps the vendor's record in `raw` gives that record.
    """
    return [one.get("raw", one) if isinstance(one, dict) else {} for one in _distinct(paths)]


def number(text: str, value: int) -> RealQuestion:
    """Make a question for a count."""
    return RealQuestion(text, AnswerKind.NUMBER, (str(value),))


def members(text: str, values: Iterable[object]) -> RealQuestion:
    """Make a question for a set of names; what is absent is none."""
    found = {str(value).lower() for value in values if value not in (None, "", "-")}
    return RealQuestion(text, AnswerKind.SET, tuple(sorted(found)))


def top(text: str, values: Iterable[object]) -> RealQuestion:
    """Make a question for the most common value; several on a tie."""
    seen = Counter(str(value).lower() for value in values if value not in (None, "", "-"))
    most = max(seen.values(), default=0)
    return RealQuestion(
        text, AnswerKind.LABEL, tuple(sorted(v for v, n in seen.items() if n == most))
    )


def instant(text: str, times: Iterable[str], *, last: bool = False) -> RealQuestion:
    """Make a question for the first or last of some times, ISO 8601 in UTC."""
    ordered = sorted(times)
    return RealQuestion(text, AnswerKind.INSTANT, tuple(ordered[-1:] if last else ordered[:1]))


def busiest(values: Iterable[object], n: int) -> list[str]:
    """Give the n most common values, ties by name, absent ones left out."""
    seen = Counter(str(value) for value in values if value not in (None, "", "-"))
    return sorted(seen, key=lambda value: (-seen[value], value))[:n]


def short(members: Sequence[RealQuestion], most: int = 50) -> list[RealQuestion]:
    """Leave out questions whose answer is longer than a list that is shown whole."""
    return [one for one in members if 0 < len(one.answer) <= most]


def _distinct(paths: Iterable[Path]) -> Iterator[Any]:
    seen: set[str] = set()
    for path in paths:
        with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as lines:
            for line in lines:
                text = line.strip()
                if text and text not in seen:
                    seen.add(text)
                    yield json.loads(text)
