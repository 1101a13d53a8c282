"""Sub-calls: readers asked about many parts at once, or a child agent where a part is too big."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Lock
from time import perf_counter
from typing import Any

from schemas.sandbox import SandboxLimits
from schemas.trajectory import NodeKind, NodeRecord
from sentree.engine.parts import Part
from sentree.engine.prompt_files import prompt_hash
from sentree.engine.reader import Reader, check_schema
from sentree.engine.sandbox.boundary import Plain
from sentree.errors import SentreeError

Answer = dict[str, Any]
MOST_CALLS = 5_000


@dataclass(frozen=True, slots=True)
class SubCall:
    """One sub-call: its node, its part and what is asked."""

    node_uid: str
    parent_uid: str
    depth: int
    part: Part
    question: str
    schema: dict[str, Any] | None


Spawn = Callable[[SubCall], Answer]


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
    ) -> None:
        self._reader = reader
        self._leaf_characters = leaf_characters
        self._workers = workers
        self._depth = depth
        self._spawn = spawn
        self._lock = Lock()
        self._records: list[NodeRecord] = []
        self._number = 0

    def ask(
        self, parts: Sequence[Part], question: str, schema: object, parent: str
    ) -> list[Answer]:
        """Give one answer per part, in order.

        Raises:
            ValueError: the schema is no JSON Schema, or there are too many parts.
        """
        checked = check_schema(schema)
        if self._number + len(parts) > MOST_CALLS:
            raise ValueError(f"no more than {MOST_CALLS:,} readings: cut coarser, or use SQL")
        calls = [self._call(part, question, checked, parent) for part in parts]
        if len(calls) == 1:
            return [bounded(self._answer(calls[0]), 1)]
        with ThreadPoolExecutor(self._workers, thread_name_prefix="subcall") as pool:
            return [bounded(one, len(calls)) for one in pool.map(self._answer, calls)]

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
        return SubCall(f"{parent}.q{number:04d}", parent, self._depth + 1, part, question, schema)

    def _answer(self, call: SubCall) -> Answer:
        started = perf_counter()
        answer = self._outcome(call)
        record = NodeRecord(
            node_uid=call.node_uid,
            parent_uid=call.parent_uid,
            kind=NodeKind.SUBCALL,
            depth=call.depth,
            label=call.part.label,
            state="failed" if "error" in answer else "completed",
            events_read=call.part.events,
            chars_read=call.part.characters,
            findings=len(answer.get("evidence", ())),
            milliseconds=round((perf_counter() - started) * 1000, 3),
            error=answer.get("error"),
            prompt_hash=prompt_hash("leaf"),
            code=call.question[:2_000],
            output=str(answer.get("answer", ""))[:2_000],
        )
        with self._lock:
            self._records.append(record)
        return answer

    def _outcome(self, call: SubCall) -> Answer:
        too_big = call.part.characters > self._leaf_characters
        if too_big and self._spawn is None:
            return {
                "error": f"part '{call.part.label}' has {call.part.characters:,} characters, a "
                f"reader takes {self._leaf_characters:,}: cut it with ctx.partition first"
            }
        try:
            if too_big and self._spawn is not None:
                return self._spawn(call)
            return self._reader.read(call.part, call.question, call.schema, call.node_uid)
        except SentreeError as error:
            return {"error": str(error)[:300]}


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
