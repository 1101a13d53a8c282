"""Questions while the logs are being written: each sees every fact once and keeps little."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Protocol

from schemas.question_truth import AnswerKind, GeneratedQuestion, QuestionFamily
from schemas.scenario import RecordKey
from sentree.evals.generate.questions.facts import Fact
from sentree.evals.generate.world import iso

EVIDENCE_KEPT = 20
Test = Callable[[Fact], bool]
Value = Callable[[Fact], str]


class Tracker(Protocol):
    """A question that is being answered while the logs are written."""

    asked: Asked

    def see(self, fact: Fact, key: RecordKey) -> None:
        """Take note of a fact and of where it was written."""
        ...

    def answer(self) -> tuple[str, ...]:
        """Give the answer; empty when the logs don't decide it, and it isn't asked then."""
        ...


@dataclass(slots=True)
class Asked:
    """The words of a question, and the evidence met so far."""

    family: QuestionFamily
    text: str
    kind: AnswerKind
    needs_language: bool = False
    kept: list[RecordKey] = field(default_factory=list[RecordKey])
    total: int = 0

    def cite(self, key: RecordKey) -> None:
        """Keep the first records that matter."""
        self.total += 1
        if len(self.kept) < EVIDENCE_KEPT:
            self.kept.append(key)


@dataclass(slots=True)
class Count:
    """How many facts pass a test."""

    asked: Asked
    test: Test
    n: int = 0

    def see(self, fact: Fact, key: RecordKey) -> None:
        """Count."""
        if self.test(fact):
            self.n += 1
            self.asked.cite(key)

    def answer(self) -> tuple[str, ...]:
        """Give the count."""
        return (str(self.n),)


@dataclass(slots=True)
class Values:
    """Which values the facts that pass have: all of them, how many, or the most common ones."""

    asked: Asked
    test: Test
    value: Value
    give: str = "all"
    seen: Counter[str] = field(default_factory=Counter[str])

    def see(self, fact: Fact, key: RecordKey) -> None:
        """Count the value."""
        if self.test(fact):
            self.seen[self.value(fact)] += 1
            self.asked.cite(key)

    def answer(self) -> tuple[str, ...]:
        """Give the values, their number, or the top one with all that tie with it."""
        if self.give == "number":
            return (str(len(self.seen)),)
        if self.give == "top":
            most = max(self.seen.values(), default=0)
            return tuple(sorted(value for value, n in self.seen.items() if n == most))
        return tuple(sorted(self.seen))


@dataclass(slots=True)
class Edge:
    """When the first or the last fact that passes happened."""

    asked: Asked
    test: Test
    last: bool = False
    time: int | None = None

    def see(self, fact: Fact, key: RecordKey) -> None:
        """Note the time."""
        if self.test(fact) and (self.last or self.time is None):
            self.time, self.asked.kept, self.asked.total = fact.time, [key], 1

    def answer(self) -> tuple[str, ...]:
        """Give the instant."""
        return () if self.time is None else (iso(self.time),)


@dataclass(slots=True)
class Earlier:
    """Which of two facts happened first."""

    asked: Asked
    tests: dict[str, Test]
    found: dict[str, int] = field(default_factory=dict[str, int])

    def see(self, fact: Fact, key: RecordKey) -> None:
        """Note the first of each."""
        for name, test in self.tests.items():
            if name not in self.found and test(fact):
                self.found[name] = fact.time
                self.asked.cite(key)

    def answer(self) -> tuple[str, ...]:
        """Give the name of the earlier."""
        if len(self.found) < len(self.tests):
            return ()
        return (min(self.found, key=lambda name: self.found[name]),)


@dataclass(slots=True)
class Both:
    """Which values have facts of both sorts."""

    asked: Asked
    tests: tuple[Test, Test]
    value: Value
    seen: tuple[set[str], set[str]] = field(default_factory=lambda: (set(), set()))

    def see(self, fact: Fact, key: RecordKey) -> None:
        """Note the value under each test that passes."""
        for test, seen in zip(self.tests, self.seen, strict=True):
            if test(fact) and (value := self.value(fact)) not in seen:
                seen.add(value)
                self.asked.cite(key)

    def answer(self) -> tuple[str, ...]:
        """Give the values of both."""
        return tuple(sorted(self.seen[0] & self.seen[1]))


@dataclass(slots=True)
class Pairs:
    """Which pairs of values met at one place within some time of each other."""

    asked: Asked
    test: Test
    value: Value
    place: Callable[[Fact], Hashable]
    within: int
    latest: dict[Hashable, dict[str, tuple[int, RecordKey]]] = field(
        default_factory=dict[Hashable, dict[str, tuple[int, RecordKey]]]
    )
    found: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])

    def see(self, fact: Fact, key: RecordKey) -> None:
        """Pair the value with those that were at the place shortly before."""
        if not self.test(fact):
            return
        value = self.value(fact)
        there = self.latest.setdefault(self.place(fact), {})
        for other, (time, where) in there.items():
            pair = (min(value, other), max(value, other))
            if other != value and fact.time - time <= self.within and pair not in self.found:
                self.found.add(pair)
                self.asked.cite(where)
                self.asked.cite(key)
        there[value] = (fact.time, key)

    def answer(self) -> tuple[str, ...]:
        """Give the pairs."""
        return tuple(f"{one} & {other}" for one, other in sorted(self.found))


def finished(trackers: list[Tracker]) -> tuple[GeneratedQuestion, ...]:
    """Give the questions that the logs decided, numbered."""
    made: list[GeneratedQuestion] = []
    for tracker in trackers:
        asked, answer = tracker.asked, tracker.answer()
        if answer or asked.kind in (AnswerKind.SET, AnswerKind.PAIRS):
            made.append(
                GeneratedQuestion(
                    uid=f"{asked.family}-{len(made) + 1:02d}",
                    family=asked.family,
                    text=asked.text,
                    kind=asked.kind,
                    answer=tuple(each.lower() for each in answer)
                    if asked.kind is not AnswerKind.INSTANT
                    else answer,
                    needs_language=asked.needs_language,
                    evidence=tuple(asked.kept),
                    evidence_total=asked.total,
                )
            )
    return tuple(made)
