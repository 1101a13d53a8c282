"""What the lake says of itself: its size, its content, and what is wrong with it."""

from __future__ import annotations

from schemas.base import Frozen, UtcTime


class SliceInfo(Frozen):
    """The events of one source or one class: how many, the first and the last time."""

    name: str
    events: int
    first: UtcTime | None = None
    last: UtcTime | None = None


class KnowledgeInfo(Frozen):
    """Records of one sort that are no events, and how many versions of them are kept."""

    name: str
    records: int
    versions: int
    revoked: int = 0
    deprecated: int = 0


class LakeInfo(Frozen):
    """A summary of the lake at one snapshot."""

    path: str
    catalog: str = ""
    schema_version: int
    snapshot_id: int
    bytes_on_disk: int
    tables: dict[str, int]
    tenants: dict[str, int]
    by_source: tuple[SliceInfo, ...] = ()
    by_class: tuple[SliceInfo, ...] = ()
    knowledge: tuple[KnowledgeInfo, ...] = ()
    first: UtcTime | None = None
    last: UtcTime | None = None
    events_without_time: int = 0


class LakeProblem(Frozen):
    """One thing that does not hold, and where."""

    subject: str
    problem: str
