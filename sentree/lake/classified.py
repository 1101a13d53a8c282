"""Maps the records of a file as loading would, without a lake: what each is, nothing is kept."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple, Self

import duckdb

from ocsf.mappers import MAPPERS
from sentree.lake.db import sql_text
from sentree.lake.engines import NO_BAR
from sentree.lake.format_choice import choose_format, read_frames
from sentree.lake.framing import HEAD, find_framing
from sentree.lake.readers import ByteSource, peeked
from sentree.lake.records import Reject
from sentree.lake.routing import BASE
from sentree.lake.session import Session
from sentree.lake.source_time import written_before
from sentree.lake.staging import SourceLoad, Staging
from sentree.settings import Settings

BATCH = 20_000
BATCH_CHARACTERS = 48 * 1024 * 1024
TENANT = "none"


class Classified(NamedTuple):
    """A record and the event that a mapper makes of it.

    `log`, `code` and `operation` are what the event keeps of the record's own name for its kind;
    `keys` are the first keys of a JSON record; `raw` is the beginning of its text.
    """

    uid: str
    line: int
    mapper: str
    class_uid: int
    log: str | None
    code: str | None
    operation: str | None
    keys: tuple[str, ...]
    raw: str


class Classifier:
    """Classifies the records of sources, one after the other; what is compiled is kept for all."""

    def __init__(self, settings: Settings, as_format: str = "auto") -> None:
        self._settings = settings
        self._as_format = as_format
        self._connection = duckdb.connect(
            config={
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
                "threads": settings.threads,
                "memory_limit": settings.memory_limit,
            }
        )
        self._connection.execute("SET TimeZone = 'UTC'")
        self._connection.execute(NO_BAR)
        self._session = Session(self._connection)
        self._staging = Staging(self._session, MAPPERS, TENANT)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def read(self, source: ByteSource) -> Iterator[Classified | Reject]:
        """Give each record of a source with its class, and what is no record with the reason.

        Equal records are given as often as they stand there, in the order of their lines.

        Raises:
            NotTextError: the source holds no text.
            OSError: it can't be read.
        """
        head, blocks = peeked(source.blocks(with_evtx=True), HEAD)
        framing = find_framing(head)
        longest, forced = self._settings.max_line_bytes, self._as_format != "auto"
        chosen = self._as_format if forced else choose_format(head, framing, longest)
        written = written_before(source.path, datetime.now(UTC))
        load = SourceLoad(source.path, "", chosen or BASE, chosen, forced, written=written)
        for frame in read_frames(blocks, framing, longest):
            yield from frame.rejects
            if frame.table is not None:
                yield from self._staging.add(load, frame.table)
            if self._staging.rows >= BATCH or self._staging.characters >= BATCH_CHARACTERS:
                yield from self._taken()
        yield from self._taken()

    def _taken(self) -> Iterator[Classified]:
        staged = self._staging.take()
        if staged is None:
            return
        found = self._session.run(sql_text("classified_records"), staged_events=staged[0])
        for row in found.fetchall():
            yield _classified(row)


def _classified(row: tuple[Any, ...]) -> Classified:
    uid, line, mapper, class_uid, log, code, operation, keys, raw = row
    return Classified(
        uid, line, mapper, int(class_uid or 0), log, code, operation, tuple(keys or ()), raw
    )
