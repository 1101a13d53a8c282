"""The ledger of sources: what was loaded already, so that a second delivery changes nothing."""

from __future__ import annotations

import hashlib
import uuid

from schemas.ingest import SourceReport
from sentree.lake.db import Lake


class Ledger:
    """The sources of one tenant, as the lake knew them when the delivery began."""

    def __init__(self, lake: Lake, tenant: str) -> None:
        found = lake.query(
            "SELECT content_sha256, source_uid, path, format, delivered FROM lake.sources"
            " WHERE tenant_uid = ? ORDER BY loaded_at DESC, source_uid DESC",
            [tenant],
        )
        self._loaded = {row.pop("content_sha256"): row for row in found}

    def find(self, sha256: str, path: str) -> SourceReport | None:
        """Give the report of a source whose content is in the lake: all of it a duplicate."""
        row = self._loaded.get(sha256)
        if row is None:
            return None
        return SourceReport(
            path=path,
            source_uid=row["source_uid"],
            format=row["format"],
            delivered=row["delivered"],
            duplicate=row["delivered"],
            already_loaded=True,
            note=f"loaded before as {row['path']}",
        )

    def add(self, sha256: str, report: SourceReport) -> None:
        """Remember a source that was just committed."""
        self._loaded[sha256] = {
            "source_uid": report.source_uid,
            "path": report.path,
            "format": report.format,
            "delivered": report.delivered,
        }


def new_source_uid(tenant: str, path: str, sha256: str | None) -> str:
    """Name a source: the same for the same content under the same path, unique for a pipe."""
    content = sha256 or uuid.uuid4().hex
    return hashlib.sha256("\0".join((tenant, path, content)).encode()).hexdigest()[:16]
