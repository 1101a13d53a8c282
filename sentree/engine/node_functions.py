"""What the cells of one node can call: handles on its part, readers, and what is left to spend."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, cast

from schemas.budget import Remaining
from schemas.trajectory import NodeRecord
from sentree.engine.fence import Fence
from sentree.engine.handles import Handles
from sentree.engine.parts import Part

MOST_QUESTION = 20_000
Functions = Mapping[str, Callable[..., Any]]


class Readings(Protocol):
    """Asks readers about parts, in parallel where there are several."""

    @property
    def asked(self) -> int:
        """How many readings were asked for."""
        ...

    def ask(
        self, parts: Sequence[Part], question: str, schema: object, parent: str
    ) -> list[dict[str, Any]]:
        """Give one answer per part, in order; a failure is an answer with `error`."""
        ...

    def records(self) -> Sequence[NodeRecord]:
        """Give the records of all readings so far."""
        ...

    @property
    def read(self) -> tuple[Part, ...]:
        """The parts that readers did read, each once."""
        ...

    def resume(self, asked: int, records: Sequence[NodeRecord], read: Sequence[Part]) -> None:
        """Go on after these readings."""
        ...


class NodeFunctions:
    """The functions of one node's session. Labels of parts given to readers are kept."""

    def __init__(
        self,
        handles: Handles,
        readings: Readings,
        fence: Fence,
        remaining: Callable[[], Remaining],
        node_uid: str,
    ) -> None:
        self._handles = handles
        self._readings = readings
        self._fence = fence
        self._remaining = remaining
        self._node_uid = node_uid
        self.parts_read: list[str] = []

    def functions(self) -> Functions:
        """Give the functions by the names they have in the session."""
        working = {
            **self._handles.functions(),
            "query": self._query,
            "map_query": self._map_query,
        }
        return {
            **{name: self._within_time(function) for name, function in working.items()},
            "budget": lambda: self._remaining().model_dump(),
        }

    def _within_time(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Refuse work after the run's time is over: one cell can call a thousand times."""

        def call(*arguments: Any, **keywords: Any) -> Any:
            if self._remaining().seconds == 0:
                raise TimeoutError("the run's time is over: submit what you have")
            return function(*arguments, **keywords)

        return call

    def _query(self, part: object, question: str, schema: object = None) -> dict[str, Any]:
        return self._map_query([part], question, schema)[0]

    def _map_query(
        self, parts: object, question: str, schema: object = None
    ) -> list[dict[str, Any]]:
        if not isinstance(parts, list | tuple):
            raise ValueError("map_query takes a list of parts")
        chosen = [self._handles.part(one) for one in parts]
        self.parts_read += [part.label for part in chosen]
        # Question and schema are the model's own, but may repeat what a record told it to ask.
        asked = self._fence.tame(str(question)[:MOST_QUESTION])
        answers = self._readings.ask(chosen, asked, self._tamed(schema), self._node_uid)
        for answer in answers:
            self._handles.seen.update(ev["event_uid"] for ev in answer.get("evidence", ()))
        return answers

    def _tamed(self, value: object) -> object:
        match value:
            case str():
                return self._fence.tame(value)
            case list():
                return [self._tamed(item) for item in cast("list[object]", value)]
            case dict():
                pairs = cast("dict[str, object]", value).items()
                return {self._fence.tame(key): self._tamed(item) for key, item in pairs}
            case _:
                return value
