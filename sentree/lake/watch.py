"""Loads what is new of watched folders: the ledger decides, unchanged files are not read again."""

from __future__ import annotations

import os
from datetime import UTC, datetime

from schemas.digest import WatchReport, WatchRequest
from sentree.errors import UsageError
from sentree.lake.db import Lake
from sentree.lake.digests import known_files, remember_files
from sentree.lake.ingest import NothingLoadedError, ingest
from sentree.lake.readers import find_inputs
from sentree.settings import Settings

MOST_NAMED = 20


def load_new(
    lake: Lake, settings: Settings, request: WatchRequest, now: datetime | None = None
) -> WatchReport:
    """Look at the watched paths once, and load what was not loaded.

    A file is read again only when its size or time of change differ from what they were; whether
    its content is new, and each record in it, the lake decides as for any delivery. A file that
    was changed within the last `settle_seconds` may still be written, and waits for the next look.

    Raises:
        UsageError: a path is the address of a bucket or server.
        LakeError: the lake could not be written.
    """
    for path in request.paths:
        if "://" in path:
            raise UsageError(
                f"{path} can't be watched: name a folder of this machine (mount the bucket, or "
                "have its own tool copy new objects into a folder)"
            )
    tenant = request.tenant_uid or settings.tenant
    moment = (now or datetime.now(UTC)).timestamp()
    known = known_files(lake, tenant)
    found = find_inputs(request.paths, without=settings.home)
    unreadable = [f"{one.path}: {one.error}" for one in found if one.error]
    fresh: dict[str, tuple[int, int]] = {}
    unsettled: list[str] = []
    for path in (one.path for one in found if not one.error):
        try:
            stat = os.stat(path)
        except OSError as error:
            unreadable.append(f"{path}: {(error.strerror or str(error)).lower()}")
            continue
        if known.get(path) == (stat.st_size, stat.st_mtime_ns):
            continue
        if 0 <= moment - stat.st_mtime < request.settle_seconds:
            unsettled.append(path)
        else:
            fresh[path] = (stat.st_size, stat.st_mtime_ns)
    if not fresh:
        return WatchReport(
            found=len(found),
            unchanged=len(found) - len(unreadable) - len(unsettled),
            unsettled=tuple(unsettled[:MOST_NAMED]),
            unreadable=tuple(unreadable[:MOST_NAMED]),
            snapshot_id=lake.snapshot_id(),
        )
    try:
        report = ingest(
            lake, list(fresh), settings=settings, as_format=request.as_format, tenant=tenant
        )
    except NothingLoadedError as error:
        report = error.report
    unreadable += [f"{one.path}: {one.error}" for one in report.sources if one.error]
    read = {one.path for one in report.sources if not one.error}
    remember_files(lake, tenant, {path: fresh[path] for path in fresh if path in read})
    return WatchReport(
        found=len(found),
        unchanged=len(found) - len(fresh) - len(unsettled) - sum(bool(one.error) for one in found),
        unsettled=tuple(unsettled[:MOST_NAMED]),
        loaded=sum(not one.error and not one.already_loaded for one in report.sources),
        already_loaded=sum(one.already_loaded for one in report.sources),
        unreadable=tuple(unreadable[:MOST_NAMED]),
        accepted=report.accepted,
        duplicate=report.duplicate,
        rejected=report.rejected,
        snapshot_id=report.snapshot_id,
    )
