"""What became of delivered logs: counts that add up, for each source and in total."""

from __future__ import annotations

from typing import NamedTuple

from pydantic import Field

from schemas.base import Frozen


class SourceReport(Frozen):
    """One source. delivered = accepted + duplicate + rejected; `error` says why it can't be read.

    `reasons` counts rejects by reason, `issues` counts what is doubtful about accepted events.
    """

    path: str
    source_uid: str | None = None
    format: str | None = None
    delivered: int = 0
    accepted: int = 0
    duplicate: int = 0
    rejected: int = 0
    reasons: dict[str, int] = Field(default_factory=dict[str, int])
    issues: dict[str, int] = Field(default_factory=dict[str, int])
    already_loaded: bool = False
    note: str | None = None
    error: str | None = None


class IngestReport(Frozen):
    """All sources of one delivery, in the order in which they were read."""

    sources: tuple[SourceReport, ...] = ()
    snapshot_id: int

    @property
    def delivered(self) -> int:
        """Records of all sources, blank lines not counted."""
        return sum(each.delivered for each in self.sources)

    @property
    def accepted(self) -> int:
        """Records that are new events of the lake."""
        return sum(each.accepted for each in self.sources)

    @property
    def duplicate(self) -> int:
        """Records that the lake, or an earlier line, had already."""
        return sum(each.duplicate for each in self.sources)

    @property
    def rejected(self) -> int:
        """Records in quarantine."""
        return sum(each.rejected for each in self.sources)

    @property
    def errors(self) -> int:
        """Paths that could not be read."""
        return sum(each.error is not None for each in self.sources)


class IngestProgress(NamedTuple):
    """How far the reading of one source is; `bytes_total` is None for a pipe."""

    path: str
    bytes_read: int
    bytes_total: int | None
