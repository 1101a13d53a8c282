"""Tells around when a source was written, for log lines that name no year."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime, timedelta

from sentree.lake.readers import STDIN

DATED_NAME = re.compile(r"(?<!\d)(20\d\d)[-_.]?(0[1-9]|1[0-2])[-_.]?(0[1-9]|[12]\d|3[01])(?!\d)")
OLDEST = datetime(1990, 1, 1, tzinfo=UTC)


def written_before(path: str, now: datetime) -> datetime:
    """Give the time by which a source's last line was written.

    That is the end of the day in a rotated file's name (`messages-20260105`), else when the file
    was last changed, else now.
    """
    found = DATED_NAME.search(os.path.basename(path))
    if found:
        try:
            day = datetime(int(found[1]), int(found[2]), int(found[3]), tzinfo=UTC)
        except ValueError:
            day = now
        return min(day + timedelta(days=1), now)
    if path == STDIN:
        return now
    try:
        changed = datetime.fromtimestamp(os.stat(path).st_mtime, UTC)
    except (OSError, OverflowError, ValueError):
        return now
    return changed if OLDEST < changed < now else now
