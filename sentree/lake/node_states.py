"""States of agent nodes between turns: rows beside the model calls, sessions in the run's folder.

Loading a session is loading code, so it comes from nowhere else, and its bytes must have the hash
that was stored with its state.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from shutil import rmtree

from pydantic import ValidationError

from schemas.agent_state import NodeState
from sentree.lake.calls import SqliteCallStore

FOLDER = "sessions"
KEPT = 2
MOST_CHARACTERS = 32_000_000


class NodeStates:
    """Keeps the newest states of a run's nodes. Any thread may use it."""

    def __init__(self, store: SqliteCallStore, run_dir: Path) -> None:
        self._store = store
        self._run_uid = run_dir.name
        self._folder = run_dir / FOLDER

    def keep(self, node_uid: str, key: str, state: NodeState, session: bytes | None) -> bool:
        """Keep a state and forget all but the one before it; tell if it could be kept."""
        text = json.dumps(state.model_dump(), separators=(",", ":"))
        if len(text) > MOST_CHARACTERS:
            return False
        try:
            digest = None if session is None else self._write(session)
        except OSError:
            # A full disk costs the short cut, not the run.
            return False
        with self._store.writing() as connection:
            connection.execute(
                "INSERT INTO node_states (run_uid, node_uid, key, state, session_sha256, stored_at)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (self._run_uid, node_uid, key, text, digest, self._store.time()),
            )
            old = connection.execute(
                "DELETE FROM node_states WHERE run_uid = ? AND node_uid = ? AND seq NOT IN"
                " (SELECT seq FROM node_states WHERE run_uid = ? AND node_uid = ?"
                " ORDER BY seq DESC LIMIT ?) RETURNING session_sha256",
                (self._run_uid, node_uid, self._run_uid, node_uid, KEPT),
            ).fetchall()
            used = connection.execute(
                "SELECT session_sha256 FROM node_states WHERE run_uid = ?", (self._run_uid,)
            ).fetchall()
        for [unused] in set(old) - set(used):
            if unused:
                self._path(unused).unlink(missing_ok=True)
        return True

    def kept(self, node_uid: str) -> Iterator[tuple[str, NodeState, bytes | None]]:
        """Give key, state and session, the newest first; what is damaged or changed is left out."""
        with self._store.reading() as connection:
            rows = connection.execute(
                "SELECT key, state, session_sha256 FROM node_states"
                " WHERE run_uid = ? AND node_uid = ? ORDER BY seq DESC",
                (self._run_uid, node_uid),
            ).fetchall()
        for key, text, digest in rows:
            try:
                state = NodeState.model_validate(json.loads(text))
            except (ValidationError, ValueError):
                continue
            session = None if digest is None else self._read(digest)
            if digest is None or session is not None:
                yield key, state, session

    def clear(self) -> None:
        """Forget all states of the run: it has its answer."""
        with self._store.writing() as connection:
            connection.execute("DELETE FROM node_states WHERE run_uid = ?", (self._run_uid,))
        rmtree(self._folder, ignore_errors=True)

    def _write(self, session: bytes) -> str:
        """Write a session under the name of its hash, whole or not at all."""
        digest = sha256(session).hexdigest()
        path = self._path(digest)
        if not path.is_file():
            self._folder.mkdir(mode=0o700, exist_ok=True)
            part = path.with_suffix(".part")
            part.write_bytes(session)
            part.replace(path)
        return digest

    def _read(self, digest: str) -> bytes | None:
        with suppress(OSError):
            session = self._path(digest).read_bytes()
            if sha256(session).hexdigest() == digest:
                return session
        return None

    def _path(self, digest: str) -> Path:
        return self._folder / f"{Path(digest).name}.monty"
