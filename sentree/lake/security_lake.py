"""Exports events in the layout of Amazon Security Lake: a folder a day, one OCSF class a file."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import duckdb

from schemas.upkeep import ExportedFile, ExportReport
from schemas.window import Window
from sentree.errors import LakeError, NotFoundError, UsageError
from sentree.lake.catalog import quoted
from sentree.lake.db import Lake, first_line, sql_text

NAME = re.compile(r"[\w.@+-]{1,100}", re.ASCII)
NO_ACCOUNT = "external"
"""Security Lake's word for what comes from no account of AWS."""


class _Part(NamedTuple):
    account: str
    day: date
    class_uid: int
    events: int


def export(
    lake: Lake,
    folder: Path,
    *,
    tenant: str,
    window: Window | None = None,
    classes: Sequence[int] = (),
    region: str = "local",
) -> ExportReport:
    """Write a tenant's events to `folder/region=/accountId=/eventDay=/CLASS.parquet`.

    A file holds the attributes of OCSF that events of any class have as columns, and the whole
    event as JSON in `event`. Days are of UTC. All is written aside first, so that no reader of the
    folder meets half a file; files of an earlier export of the same parts are replaced.

    Args:
        lake: the lake; the newest snapshot is exported.
        folder: where to; made if it isn't there.
        tenant: whose events.
        window: which instants; None for all.
        classes: uids of OCSF classes; none for all.
        region: the name of the region folder.

    Raises:
        UsageError: the region is no name.
        NotFoundError: no event is in scope.
        LakeError: the lake can't be read or the folder not written.
    """
    if not NAME.fullmatch(region):
        raise UsageError(f"--region {region}: letters, digits, '.', '-' and '_' only")
    snapshot = lake.snapshot_id()
    scope = sql_text("security_lake_scope", snapshot=str(snapshot), no_account=quoted(NO_ACCOUNT))
    values = {
        "tenant": tenant,
        "start": window.start.astimezone(UTC).replace(tzinfo=None) if window else None,
        "stop": window.end.astimezone(UTC).replace(tzinfo=None) if window else None,
        "classes": list(classes) or None,
    }
    parts = [
        _Part(**row)
        for row in lake.query(
            "SELECT account, CAST(time AS DATE) AS day, class_uid, count(*) AS events"
            f" FROM ({scope}) WHERE time IS NOT NULL GROUP BY ALL ORDER BY ALL",
            values,
        )
    ]
    [timeless] = lake.query(f"SELECT count(*) AS n FROM ({scope}) WHERE time IS NULL", values)
    if not parts:
        raise NotFoundError(f"no events of tenant '{tenant}' with a time are in scope")
    try:
        files = _write(lake, folder, region, scope, values, parts)
    except (OSError, duckdb.Error) as error:
        raise LakeError(f"{folder} can't be written: {first_line(error)}") from None
    return ExportReport(
        folder=str(folder),
        files=tuple(files),
        events=sum(part.events for part in parts),
        without_time=timeless["n"],
        snapshot_id=snapshot,
    )


def _write(
    lake: Lake,
    folder: Path,
    region: str,
    scope: str,
    values: dict[str, Any],
    parts: Sequence[_Part],
) -> list[ExportedFile]:
    folder.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=".writing-", dir=folder))
    select = sql_text("security_lake_columns", scope=scope)
    files: list[ExportedFile] = []
    try:
        for number, part in enumerate(parts):
            sql = (
                f"COPY ({select}) TO {quoted(str(aside / str(number)))}"
                " (FORMAT parquet, COMPRESSION zstd)"
            )
            chosen = {
                "account": part.account,
                "first": datetime.combine(part.day, datetime.min.time()),
                "class": part.class_uid,
            }
            lake.execute(sql, {**values, **chosen})
        for number, part in enumerate(parts):
            path = (
                folder
                / f"region={region}"
                / f"accountId={quote(part.account, safe='@+ ')}"
                / f"eventDay={part.day:%Y%m%d}"
                / f"{part.class_uid}.parquet"
            )
            path.parent.mkdir(parents=True, exist_ok=True)
            os.replace(aside / str(number), path)
            files.append(ExportedFile(path=str(path), class_uid=part.class_uid, events=part.events))
    finally:
        with suppress(OSError):
            shutil.rmtree(aside)
    return files
