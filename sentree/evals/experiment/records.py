"""The records of a case as a context: generated logs through a lake, or records by uid."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path

from schemas.context import ContextInfo
from sentree.engine.fence import tame
from sentree.engine.shown import one_record
from sentree.lake.context import Context, export_context
from sentree.lake.db import Lake
from sentree.lake.documents import export_records
from sentree.lake.ingest import ingest
from sentree.settings import Settings

SCOPE = "scope.json"


def load_logs(
    folder: Path,
    write: Callable[[Path], None],
    prepare: Callable[[Lake, Settings], None] | None = None,
) -> ContextInfo:
    """Write logs, load them into a lake of their own and export all of it; or find that done.

    `prepare` does what else is to be done in the lake. Lake and logs are removed again: only the
    context is kept.
    """
    found = _finished(folder)
    if found is not None:
        return found
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    write(folder / "logs")
    settings = Settings(home=folder / "home", catalog=None)
    with Lake.open(settings) as lake:
        ingest(lake, [folder / "logs"], settings=settings, tenant=settings.tenant)
        if prepare is not None:
            prepare(lake, settings)
        info = export_context(lake, folder, tenant=settings.tenant)
    shutil.rmtree(folder / "home", ignore_errors=True)
    shutil.rmtree(folder / "logs", ignore_errors=True)
    return _finish(folder, info)


def load_records(folder: Path, records: Mapping[str, str], name: str) -> ContextInfo:
    """Write records by uid as a context, or find that done."""
    found = _finished(folder)
    if found is not None:
        return found
    folder.mkdir(parents=True, exist_ok=True)
    return _finish(folder, export_records(records, folder, name=name))


def scratch(folder: Path) -> Path:
    """Give a new empty folder beside a case's, for the files that its records are made of."""
    files = folder.with_name(f"{folder.name}-files")
    shutil.rmtree(files, ignore_errors=True)
    files.mkdir(parents=True)
    return files


def stored(info: ContextInfo) -> dict[str, str]:
    """Give, by the hash of each record's text, the hash of that text as a prompt shows it."""
    with Context.open(Path(info.path)) as context:
        texts = [str(row["raw"]) for row in context.query("SELECT raw FROM events")]
    return {digest(text): digest(tame(one_record(text))) for text in texts}


def digest(text: str) -> str:
    """Give the hash by which a text is known."""
    return sha256(text.encode("utf-8", "replace")).hexdigest()


def _finished(folder: Path) -> ContextInfo | None:
    """Give a context that is complete: its description is written last."""
    path = folder / SCOPE
    return ContextInfo.model_validate_json(path.read_bytes()) if path.is_file() else None


def _finish(folder: Path, info: ContextInfo) -> ContextInfo:
    part = folder / f"{SCOPE}.part"
    part.write_text(info.model_dump_json(), encoding="utf-8")
    part.replace(folder / SCOPE)
    return info
