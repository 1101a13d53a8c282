"""What the benchmark asks each system to do, and what each gives back; the same for all.

Standard library only: every system's runner imports it in that system's own environment.
"""

from __future__ import annotations

import json
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from stub import READ, Script

MODES = ("sequential", "mapped")
PROMPTS = "[{read!r} + '\\n\\n' + part for part in context[:{calls}]]"
LOOP = (
    "answers = []\nfor prompt in {prompts}:\n    answers.append(llm_query(prompt))\n"
    "print(len(answers))"
)
MAP = "answers = llm_query_batched({prompts})\nprint(len(answers))"


@dataclass
class Job:
    """One system's work: the context's parts, how often and how they are read, and by what.

    Args:
        parts: A JSON file: the context as a list of texts, one a sub-call.
        url: The stub's address.
        transport: `http`, or `process` for a model that is called in the system's own process.
        calls: Sub-calls of a run; each mode runs with none as well.
        rounds: Runs of each kind; the best counts.
        cells: What the scripted model runs instead, for a single run that is recorded.
        log: Where the stub writes the bodies of what it is asked.
    """

    parts: str
    url: str
    transport: str = "http"
    calls: int = 100
    rounds: int = 3
    question: str = "Who logs in here?"
    answer: str = "Someone logs in."
    read: str = READ
    leaf: str = "Someone logs in."
    cells: list[str] = field(default_factory=list[str])
    log: str | None = None
    extra: dict[str, Any] = field(default_factory=dict[str, Any])

    def context(self) -> list[str]:
        """Give the context."""
        return json.loads(Path(self.parts).read_text("utf-8"))

    def peer_cells(self, mode: str, calls: int) -> list[str]:
        """Give the cells for a system whose session has `context`, `llm_query` and its batch."""
        if self.cells:
            return self.cells
        prompts = PROMPTS.format(read=f"{self.read} {self.question}", calls=calls)
        return [(LOOP if mode == "sequential" else MAP).format(prompts=prompts)]

    def runs(self) -> Iterator[tuple[str, int]]:
        """Give mode and number of sub-calls of every run; the first of all warms up."""
        if self.cells:
            yield "mapped", self.calls
            return
        yield "mapped", 1
        for _ in range(self.rounds):
            for mode in MODES:
                yield mode, 0
                yield mode, self.calls


@dataclass
class Measured:
    """How long each run's cell took, by mode and number of sub-calls; and what the stub took."""

    version: str
    cells: dict[str, dict[str, list[float]]] = field(
        default_factory=dict[str, dict[str, list[float]]]
    )
    stub: list[float] = field(default_factory=list[float])

    def add(self, mode: str, calls: int, seen: Seen) -> None:
        """Take a run.

        Raises:
            SystemExit: it made fewer or more sub-calls than it was to make.
        """
        if seen.leaves != calls:
            sys.exit(f"{seen.leaves} sub-calls where {calls} were to be made")
        self.cells.setdefault(mode, {}).setdefault(str(calls), []).append(seen.cell)
        if calls:
            self.stub.append(seen.busy / calls)

    def overhead(self, mode: str) -> float:
        """Give the milliseconds of a sub-call without the stub's: the best run less the best empty.

        Side by side the stub's time hides behind that of others, so it is not taken away.
        """
        runs = self.cells[mode]
        calls = max(map(int, runs))
        whole = (min(runs[str(calls)]) - min(runs["0"])) / calls
        return (whole - (min(self.stub) if mode == "sequential" else 0.0)) * 1000

    def summary(self) -> dict[str, Any]:
        """Give what a table needs."""
        modes = [mode for mode in MODES if "0" in self.cells.get(mode, {})]
        return {
            "version": self.version,
            "stub": min(self.stub) * 1000,
            "overhead": {mode: self.overhead(mode) for mode in modes},
            "empty": {mode: min(self.cells[mode]["0"]) * 1000 for mode in modes},
        }


def read_job() -> Job:
    """Read the job from standard input."""
    return Job(**json.load(sys.stdin))


def write_measured(measured: Measured) -> None:
    """Print what was measured, as the last line."""
    print(json.dumps(measured.summary()))


class Seen(NamedTuple):
    """What the stub saw of a run: its sub-calls, its own seconds, and those of the root's cell."""

    leaves: int
    busy: float
    cell: float


class StubAnswers:
    """Sets the script: of the server, and of the stub in this process."""

    def __init__(self) -> None:
        self.script = Script([], "")

    def set(self, job: Job, turns: list[str]) -> None:
        """Let the model say these texts, turn by turn."""
        self.set_blocks(job, [[{"type": "text", "text": text}] for text in turns])

    def set_blocks(self, job: Job, turns: list[list[dict[str, Any]]]) -> None:
        """Let the model answer with these blocks, turn by turn."""
        self.script = Script(turns, job.leaf)
        if job.transport == "http":
            post(f"{job.url}/script", {"turns": turns, "leaf": job.leaf, "log": job.log})

    def text(self, prompt: Any) -> str:
        """Answer a prompt, or a list of messages, in this process."""
        messages = [{"role": "user", "content": prompt}] if isinstance(prompt, str) else prompt
        return self.script.answer({"messages": messages})["content"][0]["text"]

    def seen(self, job: Job) -> Seen:
        """Tell what the stub saw since the script was set."""
        if job.transport == "process":
            return Seen(self.script.leaves, 0.0, self.script.seconds)
        found = get(f"{job.url}/stats")
        return Seen(found["leaves"], found["busy"], found["cell"])


def post(url: str, body: dict[str, Any]) -> dict[str, Any]:
    """Send JSON and give the JSON that comes back."""
    request = urllib.request.Request(url, json.dumps(body).encode(), method="POST")
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def get(url: str) -> dict[str, Any]:
    """Give the JSON at an address."""
    with urllib.request.urlopen(url) as answer:
        return json.load(answer)
