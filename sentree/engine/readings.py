"""Sub-calls: readers asked about many parts at once, or a child agent where a part is too big."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Lock
from time import perf_counter
from typing import Any

from schemas.trajectory import NodeKind, NodeRecord
from sentree.engine.parts import Part
from sentree.engine.prompt_files import prompt_hash
from sentree.engine.reader import Reader, check_schema
from sentree.errors import LimitReachedError, ModelError

Answer = dict[str, Any]


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
            ValueError: the schema is no JSON Schema.
        """
        checked = check_schema(schema)
        calls = [self._call(part, question, checked, parent) for part in parts]
        if len(calls) == 1:
            return [self._answer(calls[0])]
        with ThreadPoolExecutor(self._workers, thread_name_prefix="subcall") as pool:
            return list(pool.map(self._answer, calls))

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
        if call.part.characters > self._leaf_characters:
            if self._spawn is not None:
                return self._spawn(call)
            return {
                "error": f"part '{call.part.label}' has {call.part.characters:,} characters, a "
                f"reader takes {self._leaf_characters:,}: cut it with ctx.partition first"
            }
        try:
            return self._reader.read(call.part, call.question, call.schema, call.node_uid)
        except (LimitReachedError, ModelError) as error:
            return {"error": str(error)[:300]}
