"""Sub-calls: readers asked about many parts at once, or a child agent where a part is too big."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Lock
from time import perf_counter
from typing import Any, NamedTuple

from schemas.model import ModelReply, ModelRequest
from schemas.sandbox import SandboxLimits
from schemas.trajectory import NodeKind, NodeRecord
from sentree.engine.gate_batch import Outcome
from sentree.engine.parts import Part
from sentree.engine.prompt_files import prompt_hash
from sentree.engine.reader import Reader, check_schema
from sentree.engine.sandbox.boundary import Plain
from sentree.errors import LimitReachedError, SentreeError

Answer = dict[str, Any]
TOO_BIG = "part size"
MOST_CALLS = 2_000


@dataclass(frozen=True, slots=True)
class SubCall:
    """One sub-call: its node, its part and what is asked.

    `agent`: the part is too big for a reader, so an agent of its own takes it. That one makes
    sub-calls and waits for them, so it must not run where they need the room.
    """

    node_uid: str
    parent_uid: str
    depth: int
    part: Part
    question: str
    schema: dict[str, Any] | None
    agent: bool = False


Spawn = Callable[[SubCall], Answer]
Perform = Callable[[SubCall], Answer]
RunAll = Callable[[Sequence[SubCall], Perform], list[Answer]]
"""Carries out sub-calls side by side; gives the answers in the order of the calls."""

CallBatch = Callable[[Sequence[tuple[ModelRequest, str]]], list[Outcome] | None]


class Batching(NamedTuple):
    """Hands readings in as one batch, from `least` of them on."""

    call: CallBatch
    least: int


def in_threads(workers: int) -> RunAll:
    """Carry out sub-calls in threads of this process."""

    def run_all(calls: Sequence[SubCall], perform: Perform) -> list[Answer]:
        if len(calls) == 1:
            return [perform(calls[0])]
        with ThreadPoolExecutor(workers, thread_name_prefix="subcall") as pool:
            return list(pool.map(perform, calls))

    return run_all


class Readings:
    """Asks in parallel; the answers come in the order of the parts, whatever finishes first.

    A part up to `leaf_characters` goes to the reader in one call. A bigger one gets a child agent
    of its own, if the depth limit allows it; else the answer says that it must be cut.
    """

    def __init__(
        self,
        reader: Reader,
        *,
        leaf_characters: int,
        workers: int,
        depth: int = 0,
        spawn: Spawn | None = None,
        run_all: RunAll | None = None,
        batching: Batching | None = None,
    ) -> None:
        self._reader = reader
        self._leaf_characters = leaf_characters
        self._depth = depth
        self._spawn = spawn
        self._run_all = run_all or in_threads(workers)
        self._batching = batching
        self._lock = Lock()
        self._records: list[NodeRecord] = []
        self._read: dict[str, Part] = {}
        self._number = 0
        self._over = False

    def ask(
        self, parts: Sequence[Part], question: str, schema: object, parent: str
    ) -> list[Answer]:
        """Give one answer per part, in order.

        Raises:
            ValueError: the schema is no JSON Schema, there are too many parts, or an earlier
                reading found no call or no time left.
        """
        if self._over:
            raise ValueError("nothing is left for readings: submit what you have")
        checked = check_schema(schema)
        if self._number + len(parts) > MOST_CALLS:
            raise ValueError(f"no more than {MOST_CALLS:,} readings: cut coarser, or use SQL")
        calls = [self._call(part, question, checked, parent) for part in parts]
        ready = self._in_a_batch(calls)
        left = [call for call in calls if call.node_uid not in ready]
        if left:
            answers = self._run_all(left, self._perform)
            ready |= {call.node_uid: one for call, one in zip(left, answers, strict=True)}
        return [bounded(ready[call.node_uid], len(calls)) for call in calls]

    @property
    def asked(self) -> int:
        """How many readings were asked for."""
        return self._number

    @property
    def read(self) -> tuple[Part, ...]:
        """The parts that readers did read, each once."""
        with self._lock:
            return tuple(self._read.values())

    def resume(self, asked: int, records: Sequence[NodeRecord], read: Sequence[Part]) -> None:
        """Go on after the readings that a run before made."""
        with self._lock:
            self._number = asked
            self._records = list(records)
            self._read = {part.name: part for part in read}

    def records(self) -> Sequence[NodeRecord]:
        """Give the records of all sub-calls, in the order in which they were asked."""
        with self._lock:
            return sorted(self._records, key=lambda record: record.node_uid)

    def _call(
        self, part: Part, question: str, schema: dict[str, Any] | None, parent: str
    ) -> SubCall:
        with self._lock:
            self._number += 1
            number = self._number
        return SubCall(
            f"{parent}.q{number:04d}",
            parent,
            self._depth + 1,
            part,
            question,
            schema,
            agent=self._spawn is not None and part.characters > self._leaf_characters,
        )

    def _in_a_batch(self, calls: Sequence[SubCall]) -> dict[str, Answer]:
        """Read what makes a batch worth it; what the batch left open is not asked again."""
        wanted = [call for call in calls if call.part.characters <= self._leaf_characters]
        if self._batching is None or len(wanted) < self._batching.least:
            return {}
        started = perf_counter()
        asked = [
            (self._reader.request(call.part, call.question, call.schema), call.node_uid)
            for call in wanted
        ]
        outcomes = self._batching.call(asked)
        if outcomes is None:
            return {}
        return {
            call.node_uid: self._written_down(call, self._of_batch(call, outcome), started)
            for call, outcome in zip(wanted, outcomes, strict=True)
        }

    def _of_batch(self, call: SubCall, outcome: Outcome) -> _Outcome:
        if isinstance(outcome, ModelReply):
            return _Outcome(self._reader.take(outcome, call.part, call.schema))
        return _failed(outcome)

    def _perform(self, call: SubCall) -> Answer:
        started = perf_counter()
        return self._written_down(call, self._outcome(call), started)

    def _written_down(self, call: SubCall, outcome: _Outcome, started: float) -> Answer:
        answer = outcome.answer
        failed = "error" in answer
        read = 0 if failed or call.agent else call.part.events
        record = NodeRecord(
            node_uid=call.node_uid,
            parent_uid=call.parent_uid,
            kind=NodeKind.SUBCALL,
            depth=call.depth,
            label=call.part.label,
            state="failed" if failed else "completed",
            events_read=read,
            chars_read=call.part.characters if read else 0,
            findings=len(answer.get("evidence", ())),
            milliseconds=round((perf_counter() - started) * 1000, 3),
            limit_hit=outcome.limit,
            error=answer.get("error"),
            prompt_hash=prompt_hash(*self._reader.prompts),
            code=call.question[:2_000],
            output=str(answer.get("answer", ""))[:2_000],
            evidence_seen=read,
        )
        with self._lock:
            self._records.append(record)
            if read:
                self._read.setdefault(call.part.name, call.part)
            # What is dear is refused from now on; a cell could ask two thousand times.
            self._over |= outcome.limit in ("calls", "seconds")
        return answer

    def _outcome(self, call: SubCall) -> _Outcome:
        too_big = call.part.characters > self._leaf_characters
        if too_big and self._spawn is None:
            text = (
                f"part '{call.part.label}' has {call.part.characters:,} characters, a "
                f"reader takes {self._leaf_characters:,}: cut it with ctx.partition first"
            )
            return _Outcome({"error": text}, TOO_BIG)
        try:
            if too_big and self._spawn is not None:
                return _Outcome(self._spawn(call))
            return _Outcome(self._reader.read(call.part, call.question, call.schema, call.node_uid))
        except SentreeError as error:
            return _failed(error)


def bounded(answer: Answer, among: int) -> Answer:
    """Give an answer, or an error where it takes more than its share of what a cell can be given.

    One reader led astray by its part would else cost the cell the answers of all the others.
    """
    limits = SandboxLimits()
    share = Plain(limits.nodes * 3 // 4 // among, limits.result_characters * 3 // 4 // among)
    try:
        return share.copy(answer)
    except (TypeError, ValueError):
        return {"error": "the reader's answer is too long or too deep: ask about fewer parts"}


class _Outcome(NamedTuple):
    answer: Answer
    limit: str | None = None


def _failed(error: SentreeError) -> _Outcome:
    limit = error.limit if isinstance(error, LimitReachedError) else None
    return _Outcome({"error": str(error)[:300]}, limit)
