"""What the upkeep of a lake did: compacted, expired, checked, exported, forgot."""

from __future__ import annotations

from pydantic import model_validator

from schemas.base import Frozen, UtcTime
from schemas.lake import LakeProblem


class TableFiles(Frozen):
    """The data files of one table before and after."""

    table: str
    files_before: int
    files_after: int
    bytes_before: int
    bytes_after: int


class CompactReport(Frozen):
    """Small files merged and deleted rows left out, by table that has files."""

    tables: tuple[TableFiles, ...]
    snapshot_id: int


class RetentionRule(Frozen):
    """How long a tenant's events are kept, counted from their time."""

    tenant_uid: str
    keep_hours: float
    set_at: UtcTime


class Removed(Frozen):
    """Rows of one table that were removed, or would be."""

    table: str
    rows: int


class RetainedTenant(Frozen):
    """What one tenant's retention removed: everything from before `before`."""

    tenant_uid: str
    before: UtcTime
    removed: tuple[Removed, ...]


class ExpireReport(Frozen):
    """What expired: events beyond their retention, old snapshots, files that nothing needs.

    `pinned` are snapshots that are old enough and were kept, because stored runs name them.
    """

    dry_run: bool
    retention: tuple[RetainedTenant, ...]
    snapshots_expired: int
    snapshots_kept: int
    pinned: tuple[int, ...]
    files_removed: int


class CheckReport(Frozen):
    """Whether the lake is sound; `orphans` are files that no table knows."""

    problems: tuple[LakeProblem, ...]
    orphans: tuple[str, ...]
    repaired: bool
    tables: int
    files: int
    sources: int
    events: int
    removed_events: int

    @property
    def is_sound(self) -> bool:
        """Whether nothing is wrong, or nothing any more."""
        return not self.problems and (self.repaired or not self.orphans)


class Entity(Frozen):
    """What is to be forgotten: a value, and what kind of thing it names."""

    kind: str
    value: str


class Remainder(Frozen):
    """What may still hold something of what was forgotten, and why it is there."""

    subject: str
    reason: str


class ForgetRequest(Frozen):
    """Whose records to remove: a tenant's, an entity's, or an entity's in one tenant."""

    tenant_uid: str | None = None
    entity: Entity | None = None

    @model_validator(mode="after")
    def _names_something(self) -> ForgetRequest:
        if self.tenant_uid is None and self.entity is None:
            raise ValueError("name a tenant, an entity, or both")
        return self


class ForgetReport(Frozen):
    """What was removed, or would be, and what could not be."""

    request: ForgetRequest
    dry_run: bool
    removed: tuple[Removed, ...]
    runs: tuple[str, ...]
    model_calls: int
    task_results: int
    remaining: tuple[Remainder, ...]
    limits: tuple[str, ...]


class ExportedFile(Frozen):
    """One file of an export."""

    path: str
    class_uid: int
    events: int


class ExportReport(Frozen):
    """An export in the layout of Security Lake; `without_time` events have no day and stay."""

    folder: str
    files: tuple[ExportedFile, ...]
    events: int
    without_time: int
    snapshot_id: int
