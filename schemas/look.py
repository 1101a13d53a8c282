"""Looks over the lake: what its events are, what a search finds in them, what findings name."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from schemas.base import Frozen, UtcTime
from schemas.window import Window

LEVELS = ("informational", "low", "medium", "high", "critical")
Level = Literal["informational", "low", "medium", "high", "critical"]

PivotKind = Literal[
    "user", "host", "address", "hash", "process", "command", "file", "domain", "url"
]
PIVOT_KINDS: tuple[PivotKind, ...] = (
    "user",
    "host",
    "address",
    "domain",
    "url",
    "hash",
    "process",
    "command",
    "file",
)


class LookRequest(Frozen):
    """Whose events of when are looked at; no tenant means all of them."""

    tenants: tuple[str, ...] = ()
    window: Window | None = None
    formats: tuple[str, ...] = ()


class SearchRequest(LookRequest):
    """What to search for; all of it must hold, of `terms` any one where `any_term`.

    `terms` are texts, `patterns` RE2 regular expressions, `fields` tests such as `Image=*.exe`.
    """

    terms: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    any_term: bool = False
    match_case: bool = False
    limit: int = Field(default=50, ge=1, le=10_000)
    newest_first: bool = False


class PivotRequest(LookRequest):
    """Which findings to read: those at this level or a higher one."""

    level: Level = "medium"
    kinds: tuple[PivotKind, ...] = PIVOT_KINDS


class TenantTotal(Frozen):
    """One tenant's part of a scope."""

    tenant: str
    events: int
    timeless: int
    hosts: int
    first: UtcTime | None = None
    last: UtcTime | None = None
    first_uid: str
    last_uid: str


class EventKind(Frozen):
    """One event id of one channel. `name` is empty where nobody has named it."""

    tenant: str
    channel: str
    provider: str
    event_id: str
    name: str
    class_uid: int
    events: int
    hosts: int
    first: UtcTime | None = None
    last: UtcTime | None = None
    sample: str


class Computer(Frozen):
    """One host that logged."""

    tenant: str
    host: str
    full_name: str | None = None
    formats: tuple[str, ...]
    channels: int
    events: int
    first: UtcTime | None = None
    last: UtcTime | None = None
    sample: str


class Channel(Frozen):
    """One channel of one format."""

    tenant: str
    format: str
    channel: str
    files: int
    hosts: int
    event_ids: int
    events: int
    first: UtcTime | None = None
    last: UtcTime | None = None
    sample: str


class Logons(Frozen):
    """Logons, or requests of Kerberos tickets, of one user at one host from one source."""

    tenant: str
    kind: Literal["logon", "ticket"]
    user: str
    host: str
    source: str
    logon_type_id: int | None = None
    successes: int
    failures: int
    unsaid: int
    first: UtcTime | None = None
    last: UtcTime | None = None
    last_failure: UtcTime | None = None
    samples: tuple[str, ...]


class MetricsReport(Frozen):
    """What a scope's events are."""

    snapshot_id: int
    window: Window | None
    tenants: tuple[TenantTotal, ...]
    event_kinds: tuple[EventKind, ...]
    computers: tuple[Computer, ...]
    channels: tuple[Channel, ...]
    logons: tuple[Logons, ...]


class Found(Frozen):
    """An event that a search found; the part that matched stands between « and ».

    `where` says what matched: raw, event (the normalised record), or a field's name.
    """

    event_uid: str
    tenant: str
    time: UtcTime | None
    host: str | None
    user: str | None
    channel: str
    event_id: str | None
    name: str
    where: str
    match: str


class FoundGroup(Frozen):
    """How many events of one sort a search found."""

    tenant: str
    host: str | None
    channel: str
    event_id: str | None
    name: str
    events: int
    first: UtcTime | None = None
    last: UtcTime | None = None


class SearchReport(Frozen):
    """What a search found: all of it counted, the first `limit` shown."""

    snapshot_id: int
    window: Window | None
    searched: int
    found: int
    shown: tuple[Found, ...]
    groups: tuple[FoundGroup, ...]
    notes: tuple[str, ...] = ()


class PivotFinding(Frozen):
    """A finding that names a value, and in how many events."""

    finding_uid: str
    title: str
    level: Level
    events: int


class Pivot(Frozen):
    """A value that findings name, to search for elsewhere.

    `internal` is True of an address that only means something inside a network.
    """

    kind: PivotKind
    value: str
    level: Level
    events: int
    tenants: tuple[str, ...]
    findings: tuple[PivotFinding, ...]
    internal: bool = False
    first: UtcTime | None = None
    last: UtcTime | None = None
    samples: tuple[str, ...]


class PivotReport(Frozen):
    """Everything that the findings at a level and above name."""

    snapshot_id: int
    window: Window | None
    level: Level
    events: int
    pivots: tuple[Pivot, ...]
