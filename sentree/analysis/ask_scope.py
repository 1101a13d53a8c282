"""A question's run folder: new, or that of the same question that was cut off before.

A run that was killed, or whose model went out of reach, is taken up by itself when the same
request is made over equal content: its folder and so its `run_uid` are used again, every call
that was answered is found in the store, and what it spent counts against its caps, the minutes it
was worked on among them. `--resume` takes up any run by name, over the context it had,
also one that ended at a limit. One process at a time works in a folder.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from shutil import rmtree
from types import TracebackType
from typing import Self

from pydantic import ValidationError

from schemas.ask import AskRequest
from schemas.context import ContextInfo
from schemas.query import RouteDecision
from schemas.result import Result
from sentree.analysis.scope import decide_route, export_scope, new_run_dir, store_route
from sentree.errors import NotFoundError, UsageError
from sentree.lake.documents import export_documents
from sentree.settings import Settings

PRESENTATION = {"formats", "workers"}
MOST_FOLDERS = 500


@dataclass(frozen=True)
class Scoped:
    """A question with its folder and its context; holds the folder until closed."""

    request: AskRequest
    run_dir: Path
    info: ContextInfo
    resumed: bool
    held: RunLock

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.held.release()


@dataclass(frozen=True)
class Prepared(Scoped):
    """A question that can be answered: with its route as well."""

    route: RouteDecision


def prepare(settings: Settings, request: AskRequest, resume: str | None = None) -> Prepared:
    """Give a question its folder, context and route; see `take_scope`."""
    return decide(take_scope(settings, request, resume))


def decide(scoped: Scoped) -> Prepared:
    """Decide how a question is answered, and store the decision."""
    request = scoped.request
    # A run lies in HOME/runs, heads that the user trained in HOME/router.
    trained = scoped.run_dir.parent.parent / "router"
    route = decide_route(
        request.query, request.route, scoped.info, request.leaf_characters, trained
    )
    store_route(route, scoped.run_dir)
    return Prepared(request, scoped.run_dir, scoped.info, scoped.resumed, scoped.held, route)


def take_scope(settings: Settings, request: AskRequest, resume: str | None = None) -> Scoped:
    """Give a question its folder and its context.

    Raises:
        UsageError: the question is empty, or the named run is being worked on.
        NotFoundError: there is no run of that name, or nothing is in scope.
    """
    if not request.query.text.strip():
        raise UsageError("the question is empty")
    run_dir = new_run_dir(settings, request, datetime.now(UTC)) if resume is None else None
    if run_dir is None:
        run_dir, held = _named(settings, str(resume))
        (run_dir / "request.json").write_text(request.model_dump_json(indent=1), "utf-8")
        info = _stored_scope(run_dir) or _export(settings, request, run_dir)
        resumed = True
    else:
        held, resumed = RunLock(run_dir), False
        held.take()
        info = _export(settings, request, run_dir)
        if (old := _unfinished(settings, request, info, run_dir)) is not None:
            held.release()
            run_dir, held, info, resumed = *_taken_over(run_dir, *old, info), True
    return Scoped(request, run_dir, info, resumed, held)


def request_of(settings: Settings, run_uid: str) -> AskRequest:
    """Read what was asked in a run.

    Raises:
        NotFoundError: there is no run of that name, or it is no question's.
    """
    folder = _folder(settings, run_uid)
    if (request := _stored_request(folder)) is None:
        raise NotFoundError(f"run {run_uid} can't be resumed: it is no run of `ask`")
    return request


class RunLock:
    """Keeps other processes out of a run's folder; a killed process gives it up."""

    def __init__(self, run_dir: Path) -> None:
        self._path = run_dir / "lock"
        self._handle: int | None = None

    def take(self) -> bool:
        """Take the folder, if nobody has it."""
        if sys.platform == "win32":
            return True
        import fcntl

        handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(handle)
            return False
        self._handle = handle
        return True

    def release(self) -> None:
        """Give the folder up; once is enough."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


def _export(settings: Settings, request: AskRequest, run_dir: Path) -> ContextInfo:
    if not request.over:
        return export_scope(settings, request.query, run_dir, baselines=False)
    info = export_documents(request.over, run_dir, tenant=request.query.tenant_uid, baselines=False)
    (run_dir / "scope.json").write_text(info.model_dump_json(indent=1), encoding="utf-8")
    return info


def _unfinished(
    settings: Settings, request: AskRequest, info: ContextInfo, new: Path
) -> tuple[Path, RunLock] | None:
    """Find a run of the same request over equal content that was cut off, and take its folder."""
    if request.fresh:
        return None
    wanted = _identity(request)
    for folder in _newest_folders(settings.runs_dir):
        scope = _stored_scope(folder)
        stored = None if folder == new or scope is None else _stored_request(folder)
        if stored is None or scope is None or scope.content_hash != info.content_hash:
            continue
        if _identity(stored) != wanted or _is_finished(folder):
            continue
        held = RunLock(folder)
        if held.take():
            return folder, held
    return None


def _taken_over(
    new: Path, folder: Path, held: RunLock, info: ContextInfo
) -> tuple[Path, RunLock, ContextInfo]:
    """Go on in an old folder; the context just exported replaces the equal one there."""
    path = folder / Path(info.path).name
    Path(info.path).replace(path)
    info = info.model_copy(update={"path": str(path)})
    (folder / "scope.json").write_text(info.model_dump_json(indent=1), encoding="utf-8")
    rmtree(new, ignore_errors=True)
    return folder, held, info


def _named(settings: Settings, run_uid: str) -> tuple[Path, RunLock]:
    folder = _folder(settings, run_uid)
    held = RunLock(folder)
    if not held.take():
        raise UsageError(f"run {run_uid} is being worked on by another process")
    return folder, held


def _folder(settings: Settings, run_uid: str) -> Path:
    folder = settings.runs_dir / run_uid
    if Path(run_uid).name != run_uid or not folder.is_dir():
        raise NotFoundError(f"no run {run_uid} in {settings.runs_dir}")
    return folder


def _newest_folders(runs_dir: Path) -> Iterator[Path]:
    names = sorted((entry.name for entry in os.scandir(runs_dir) if entry.is_dir()), reverse=True)
    yield from (runs_dir / name for name in names[:MOST_FOLDERS])


def _identity(request: AskRequest) -> str:
    return request.model_dump_json(exclude=PRESENTATION)


def _is_finished(folder: Path) -> bool:
    """Tell whether there is nothing to take up; an answer that no model gave is none."""
    try:
        result = Result.model_validate_json((folder / "result.json").read_text("utf-8"))
    except (OSError, ValidationError):
        return False
    return result.failure is None


def _stored_request(folder: Path) -> AskRequest | None:
    try:
        return AskRequest.model_validate_json((folder / "request.json").read_text("utf-8"))
    except (OSError, ValidationError):
        return None


def _stored_scope(folder: Path) -> ContextInfo | None:
    """Give a context that is complete: its description is written after it."""
    try:
        info = ContextInfo.model_validate_json((folder / "scope.json").read_text("utf-8"))
    except (OSError, ValidationError):
        return None
    path = folder / Path(info.path).name
    return info.model_copy(update={"path": str(path)}) if path.is_file() else None
