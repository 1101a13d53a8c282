"""The router: decides how a query is answered (direct or recursive) and what it asks for.

Two logistic heads, kept as JSON, read the sentence embedding of the packaged MiniLM (run without
torch, see `models.router_body`) beside lexical features. Where the optional packages are not
installed, heads of the lexical features alone stand in, and every decision says so.
"""

from __future__ import annotations

import pathlib
from typing import NamedTuple

import numpy as np

from models.router_body import Body
from models.router_heads import FILE_NAMES, HeadFile, RouterError
from schemas.query import ContextFacts, Path, Query, RouteDecision, Scenario

__all__ = ["Router", "RouterError"]

SHIPPED = pathlib.Path(__file__).parent / "data"
DIRECT_BELOW_TOKENS = 2**14
"""Below this size a base model beats recursion (Recursive Language Models, observation 3)."""
HEAD_CHARACTERS = 1_500
TAIL_CHARACTERS = 500
WINDOW_SLACK = 4
"""How much more than the shown characters is cleaned, since cleaning shrinks runs of spaces."""


class Reading(NamedTuple):
    """What the classifier makes of a text."""

    path: dict[str, float]
    scenario: dict[str, float]


class Router:
    """Decides on a path and a scenario, with reasons; holds no state between queries."""

    def __init__(self, heads: HeadFile, body: Body | None = None) -> None:
        if (heads.kind == "setfit") != (body is not None):
            raise RouterError("setfit heads need a body, tfidf heads take none")
        _check_labels(heads)
        self._heads = heads
        self._body = None if body is None else heads.fitted(body)

    @classmethod
    def load(cls, folder: pathlib.Path | None = None) -> Router:
        """Load the shipped heads, or those in `folder`; fall back to TF-IDF without MiniLM.

        Raises:
            RouterError: a head file is missing or damaged, or belongs to another body.
        """
        folder = folder or SHIPPED
        try:
            body = Body.load()
        except ImportError:
            return cls(HeadFile.read(folder, "tfidf"))
        except (OSError, ValueError) as error:
            raise RouterError(f"the packaged MiniLM can't be read: {error}") from error
        return cls(HeadFile.read(folder, "setfit"), body)

    @classmethod
    def preferred(cls, folder: pathlib.Path) -> Router:
        """Load the heads that a user trained into `folder`; the shipped ones if there are none.

        Raises:
            RouterError: a head file is damaged, or belongs to another body.
        """
        trained = any((folder / name).is_file() for name in FILE_NAMES.values())
        return cls.load(folder if trained else None)

    @property
    def heads(self) -> HeadFile:
        """What was trained."""
        return self._heads

    @property
    def body(self) -> Body | None:
        """The sentence encoder as the heads read it; None for lexical heads."""
        return self._body

    @property
    def version(self) -> str:
        """Names the kind of classifier and its exact training."""
        return self._heads.version

    def decide(
        self, query: Query, facts: ContextFacts | None = None, override: Path | None = None
    ) -> RouteDecision:
        """Decide on a path and a scenario.

        The first that applies decides the path: the caller's override, the size of the context,
        a classifier too unsure to be followed (then the recursive path), the classifier.
        """
        text, notes = clean(query.text)
        reading = self._read(text)
        if self._heads.kind == "tfidf":
            notes.append(
                "the MiniLM model is not installed (extra 'router'), "
                "so words and cues alone classified the question"
            )
        path, decided_by, why = self._choose(text, reading, facts, override)
        scenario, note = _scenario(text, reading)
        return RouteDecision(
            path=path,
            scenario=scenario,
            path_probabilities=reading.path,
            scenario_probabilities=reading.scenario,
            decided_by=decided_by,
            reasons=(*why, note, *notes),
            router_version=self.version,
        )

    def _choose(
        self, text: str, reading: Reading, facts: ContextFacts | None, override: Path | None
    ) -> tuple[Path, str, list[str]]:
        opinion, sure = _best(reading.path)
        heard = f"the classifier says {_PATHS[Path(opinion)]} with probability {sure:.2f}"
        if not text:
            heard = "the question holds no readable text, so the classifier has no say"
        if override is not None:
            return override, "override", [f"the caller asked for the {override} path", heard]
        limit = _too_small(facts)
        if limit is not None:
            return Path.DIRECT, "facts", [limit, heard]
        size = _size(facts)
        if not text or sure < self._heads.abstain_below:
            below = f"below {self._heads.abstain_below:.2f} nobody is sure: the recursive path "
            return Path.RLM, "abstain", [heard, below + "reads everything, so it is taken", size]
        return Path(opinion), "classifier", [heard, size]

    def _read(self, text: str) -> Reading:
        heads = self._heads
        if not text:
            even = {"path": heads.path.labels, "scenario": heads.scenario.labels}
            return Reading(
                *(_named(names, [1 / len(names)] * len(names)) for names in even.values())
            )
        features = self._heads.features(text, self._body)[np.newaxis]
        return Reading(
            _named(heads.path.labels, heads.path.probabilities(features)[0].tolist()),
            _named(heads.scenario.labels, heads.scenario.probabilities(features)[0].tolist()),
        )


_PATHS = {
    Path.DIRECT: "direct (a lookup or a count: one query answers it)",
    Path.RLM: "rlm (a broad question: much of the context must be read)",
}


def clean(text: str) -> tuple[str, list[str]]:
    """Bound a text to its two ends and drop what can't be read: control characters, odd spaces.

    A text without any letter or digit comes back empty.
    """
    notes: list[str] = []
    length = len(text)
    head, tail = HEAD_CHARACTERS * WINDOW_SLACK, TAIL_CHARACTERS * WINDOW_SLACK
    if length > head + tail:
        notes.append(f"the question has {length:,} characters; only its two ends were classified")
        text = f"{text[:head]} {text[-tail:]}"
    # Lone surrogates can't be encoded, so no tokenizer could take them.
    text = text.encode("utf-8", "replace").decode("utf-8")
    text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    if len(text) > HEAD_CHARACTERS + TAIL_CHARACTERS:
        text = f"{text[:HEAD_CHARACTERS]} {text[-TAIL_CHARACTERS:]}"
    # Without a letter or a digit ("????") there is nothing to classify.
    return (text if any(c.isalnum() for c in text) else ""), notes


def _too_small(facts: ContextFacts | None) -> str | None:
    if facts is None:
        return None
    if facts.tokens < DIRECT_BELOW_TOKENS:
        return (
            f"the context has about {facts.tokens:,} tokens; below {DIRECT_BELOW_TOKENS:,} "
            "one call reads all of it and recursion answers no better"
        )
    if facts.partitions < 2:
        return "the context falls into one partition only, so there is nothing to recurse over"
    return None


def _size(facts: ContextFacts | None) -> str:
    if facts is None:
        return "nothing is known about the size of the context"
    return (
        f"the context has {facts.events:,} events, about {facts.tokens:,} tokens, "
        f"in {facts.partitions:,} partitions: large enough for either path"
    )


def _scenario(text: str, reading: Reading) -> tuple[Scenario, str]:
    best, sure = _best(reading.scenario)
    if not text:
        return Scenario.LOOKUP, "the scenario is lookup, for want of a question"
    second, other = _best({name: p for name, p in reading.scenario.items() if name != best})
    doubt = f"; {second} is next with {other:.2f}" if sure - other < 0.2 else ""
    return Scenario(best), f"the scenario is {best} with probability {sure:.2f}{doubt}"


def _best(probabilities: dict[str, float]) -> tuple[str, float]:
    return max(probabilities.items(), key=lambda item: (item[1], item[0]))


def _named(labels: tuple[str, ...], values: list[float]) -> dict[str, float]:
    return {label: round(value, 6) for label, value in zip(labels, values, strict=True)}


def _check_labels(heads: HeadFile) -> None:
    for labels, known in ((heads.path.labels, Path), (heads.scenario.labels, Scenario)):
        unknown = sorted(set(labels) - {member.value for member in known})
        if unknown:
            raise RouterError(f"router head {heads.version} has unknown labels: {unknown}")
