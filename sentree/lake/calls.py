"""Model calls in a SQLite file beside the lake: durable, shared by threads and processes."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from threading import Event, Lock, Thread
from types import TracebackType
from typing import Self

from pydantic import ValidationError

from schemas.budget import Usage
from schemas.calls import StoredCall
from schemas.model import ModelReply
from sentree.errors import LakeError

_NANO = 1_000_000_000
_BUSY_SECONDS = 60.0
SYNC_SECONDS = 0.25


class SqliteCallStore:
    """Implements the engine's `CallStore`: what a write gave back survives a kill of the process.

    A cut of power can take the writes of the last moments (`SYNC_SECONDS`): to wait for the disk
    after each call took 0.3 to 4 ms, and a run is killed more often than its machine.
    Each thread borrows a connection for as long as it needs it; a store must not be carried over a
    fork.
    """

    def __init__(
        self, path: Path, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._path = path
        self._now = now
        self._idle: list[sqlite3.Connection] = []
        self._write_lock = Lock()
        self._written = Event()
        self._closing = Event()
        self._syncing: Thread | None = None
        path.parent.mkdir(parents=True, exist_ok=True)
        self._idle.append(self._open())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Bring everything to the disk and close; no thread may be using the store."""
        if self._syncing is not None:
            self._closing.set()
            self._written.set()
            self._syncing.join()
            self._syncing = None
            self._closing.clear()
        while self._idle:
            self._idle.pop().close()

    def find(
        self, key: str, run_uid: str, *, other_runs: bool = True, simulated: bool = False
    ) -> StoredCall | None:
        """Give the stored answer to a call: this run's own, else the oldest of another run.

        A real run never gets another's pretended answer, nor the other way round. A stored text
        that can't be read any more counts as absent.
        """
        with self.reading() as connection:
            row = connection.execute(
                "SELECT key, run_uid, node_uid, reply, attempts, milliseconds, simulated"
                " FROM model_calls WHERE key = ? AND (run_uid = ? OR ? AND simulated = ?)"
                " ORDER BY run_uid <> ?, seq LIMIT 1",
                (key, run_uid, other_runs, simulated, run_uid),
            ).fetchone()
        return None if row is None else _stored(row)

    def save(self, call: StoredCall, request: str) -> None:
        """Keep an answered call and count its usage as charged to its run, in one transaction."""
        reply = call.reply
        with self.writing() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO model_calls (key, run_uid, node_uid, model, request, reply,"
                " attempts, milliseconds, simulated, stored_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    call.key,
                    call.run_uid,
                    call.node_uid,
                    reply.model,
                    request,
                    json.dumps(reply.model_dump(), separators=(",", ":")),
                    call.attempts,
                    call.milliseconds,
                    call.simulated,
                    self.time(),
                ),
            )
            self._charge(connection, call.run_uid, call.key, call.node_uid, reply.usage, "answered")

    def charge(self, run_uid: str, key: str, node_uid: str, usage: Usage, reason: str) -> None:
        """Count what a run was charged for a call that gave no answer."""
        with self.writing() as connection:
            self._charge(connection, run_uid, key, node_uid, usage, reason)

    def spent(self, run_uid: str) -> Usage:
        """Give all that a run was charged; the sum of dollars is exact to a billionth."""
        with self.reading() as connection:
            row = connection.execute(
                "SELECT total(calls), total(input_tokens), total(output_tokens),"
                " total(cache_read_tokens), total(cache_write_tokens), total(nano_usd)"
                " FROM model_charges WHERE run_uid = ?",
                (run_uid,),
            ).fetchone()
        return _usage(row)

    def charges(self, run_uid: str) -> dict[str, Usage]:
        """Give what a run was charged, by node; together exactly what it spent."""
        with self.reading() as connection:
            rows = connection.execute(
                "SELECT node_uid, total(calls), total(input_tokens), total(output_tokens),"
                " total(cache_read_tokens), total(cache_write_tokens), total(nano_usd)"
                " FROM model_charges WHERE run_uid = ? GROUP BY node_uid ORDER BY node_uid",
                (run_uid,),
            ).fetchall()
        return {node_uid: _usage(row) for node_uid, *row in rows}

    def calls(self, run_uid: str) -> Iterator[StoredCall]:
        """Give a run's answered calls in the order in which they were stored."""
        with self.reading() as connection:
            rows = connection.execute(
                "SELECT key, run_uid, node_uid, reply, attempts, milliseconds, simulated"
                " FROM model_calls WHERE run_uid = ? ORDER BY seq",
                (run_uid,),
            ).fetchall()
        for row in rows:
            if (call := _stored(row)) is not None:
                yield call

    def open_batch(self, run_uid: str, batch_uid: str, keys: tuple[str, ...]) -> None:
        """Remember a batch that was handed in and not collected, in the place of its plan."""
        with self.writing() as connection:
            connection.execute(
                "DELETE FROM model_batch_plans WHERE run_uid = ? AND keys = ?",
                (run_uid, json.dumps(keys)),
            )
            connection.executemany(
                "INSERT OR IGNORE INTO model_batches (run_uid, batch_uid, key) VALUES (?, ?, ?)",
                [(run_uid, batch_uid, key) for key in keys],
            )

    def plan_batch(self, run_uid: str, keys: tuple[str, ...]) -> None:
        """Remember that a batch of these calls is about to be handed in."""
        with self.writing() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO model_batch_plans (run_uid, keys, planned_at)"
                " VALUES (?, ?, ?)",
                (run_uid, json.dumps(keys), self.time()),
            )

    def planned_batches(self, run_uid: str) -> list[tuple[datetime, tuple[str, ...]]]:
        """Give the batches that may have been handed in, without an id: since when, and keys."""
        with self.reading() as connection:
            rows = connection.execute(
                "SELECT planned_at, keys FROM model_batch_plans WHERE run_uid = ? ORDER BY rowid",
                (run_uid,),
            ).fetchall()
        return [(datetime.fromisoformat(at), tuple(json.loads(keys))) for at, keys in rows]

    def drop_plan(self, run_uid: str, keys: tuple[str, ...]) -> None:
        """Forget a batch that was planned and never handed in."""
        with self.writing() as connection:
            connection.execute(
                "DELETE FROM model_batch_plans WHERE run_uid = ? AND keys = ?",
                (run_uid, json.dumps(keys)),
            )

    def open_batches(self, run_uid: str) -> dict[str, tuple[str, ...]]:
        """Give the batches that were handed in and not collected, and the keys in each."""
        with self.reading() as connection:
            rows = connection.execute(
                "SELECT batch_uid, key FROM model_batches WHERE run_uid = ? ORDER BY rowid",
                (run_uid,),
            ).fetchall()
        found: dict[str, tuple[str, ...]] = {}
        for batch_uid, key in rows:
            found[batch_uid] = (*found.get(batch_uid, ()), key)
        return found

    def close_batch(self, run_uid: str, batch_uid: str) -> None:
        """Forget a batch whose answers have been stored."""
        with self.writing() as connection:
            connection.execute(
                "DELETE FROM model_batches WHERE run_uid = ? AND batch_uid = ?",
                (run_uid, batch_uid),
            )

    def _charge(
        self,
        connection: sqlite3.Connection,
        run_uid: str,
        key: str,
        node_uid: str,
        usage: Usage,
        reason: str,
    ) -> None:
        connection.execute(
            "INSERT INTO model_charges (run_uid, key, node_uid, reason, calls, input_tokens,"
            " output_tokens, cache_read_tokens, cache_write_tokens, nano_usd, charged_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                run_uid,
                key,
                node_uid,
                reason[:500],
                usage.calls,
                usage.input_tokens,
                usage.output_tokens,
                usage.cache_read_tokens,
                usage.cache_write_tokens,
                round(usage.usd * _NANO),
                self.time(),
            ),
        )

    @contextmanager
    def reading(self) -> Generator[sqlite3.Connection]:
        """Lend a connection; what SQLite says is an error of ours."""
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self._open()
        try:
            yield connection
        except sqlite3.Error as error:
            raise LakeError(f"the store of model calls {self._path}: {error}") from error
        finally:
            self._idle.append(connection)

    @contextmanager
    def writing(self) -> Generator[sqlite3.Connection]:
        """Lend a connection for one transaction."""
        # Threads queue here: SQLite would let each sleep for milliseconds and ask again.
        with self._write_lock, self.reading() as connection:
            # Taking the write lock first: a lock that is upgraded later can fail without waiting.
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
            if self._syncing is None:
                self._syncing = Thread(target=self._sync, name="calls-sync", daemon=True)
                self._syncing.start()
        self._written.set()

    def _sync(self) -> None:
        """Bring what was written to the disk, soon after it was and all of it at the end."""
        while True:
            self._written.wait()
            self._closing.wait(SYNC_SECONDS)
            self._written.clear()
            over = self._closing.is_set()
            # A checkpoint syncs the log first. Where it fails, SQLite does it at the next one.
            with suppress(LakeError), self.reading() as connection:
                connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
            if over:
                return

    def _open(self) -> sqlite3.Connection:
        try:
            connection = sqlite3.connect(
                self._path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            schema = files("sentree.lake").joinpath("sql/calls.sql").read_text(encoding="utf-8")
            connection.executescript(f"BEGIN IMMEDIATE;\n{schema}\nCOMMIT;")
        except sqlite3.Error as error:
            raise LakeError(f"the store of model calls {self._path}: {error}") from error
        return connection

    def time(self) -> str:
        """Give the instant that rows written now carry."""
        return self._now().isoformat()


def _usage(row: Sequence[float]) -> Usage:
    calls, given, out, read, written, nano = (int(value) for value in row)
    return Usage(
        calls=calls,
        input_tokens=given,
        output_tokens=out,
        cache_read_tokens=read,
        cache_write_tokens=written,
        usd=nano / _NANO,
    )


def _stored(row: tuple[str, str, str, str, int, float, int]) -> StoredCall | None:
    key, run_uid, node_uid, reply, attempts, milliseconds, simulated = row
    try:
        return StoredCall(
            key=key,
            run_uid=run_uid,
            node_uid=node_uid,
            reply=ModelReply.model_validate(json.loads(reply)),
            attempts=attempts,
            milliseconds=milliseconds,
            simulated=bool(simulated),
        )
    except (ValidationError, ValueError):
        return None
