"""The ledger of sources: what was loaded already, so that a second delivery changes nothing."""

from __future__ import annotations

import hashlib
import uuid

from schemas.ingest import SourceReport
from sentree.lake.db import Lake


def find_loaded(lake: Lake, tenant: str, sha256: str) -> SourceReport | None:
    """Give the report of a source whose content is in the lake: all of it a duplicate."""
    found = lake.query(
        "SELECT source_uid, path, format, delivered FROM sources"
        " WHERE tenant_uid = ? AND content_sha256 = ? ORDER BY loaded_at, source_uid LIMIT 1",
        [tenant, sha256],
    )
    if not found:
        return None
    row = found[0]
    return SourceReport(
        path=row["path"],
        source_uid=row["source_uid"],
        format=row["format"],
        delivered=row["delivered"],
        duplicate=row["delivered"],
        already_loaded=True,
        note=f"loaded before as {row['path']}",
    )


def new_source_uid(tenant: str, path: str, sha256: str | None) -> str:
    """Name a source: the same for the same content under the same path, unique for a pipe."""
    content = sha256 or uuid.uuid4().hex
    return hashlib.sha256("\0".join((tenant, path, content)).encode()).hexdigest()[:16]
