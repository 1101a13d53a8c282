"""The digest: what is new in the lake since the last one, and what became of telling it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from schemas.base import Frozen, UtcTime

Level = Literal["informational", "low", "medium", "high", "critical"]
CampaignStatus = Literal["new", "grown", "known"]
LEVELS: tuple[Level, ...] = ("informational", "low", "medium", "high", "critical")


class DigestRequest(Frozen):
    """What to digest. Without `since_hours` it is all that no digest has told yet."""

    tenants: tuple[str, ...] = Field(
        default=(), description="Only these tenants; without any, all that have data."
    )
    since_hours: float | None = Field(
        default=None,
        gt=0,
        le=24 * 366,
        description="Look back at what was loaded in so many hours, told before or not; what"
        " counts as told stays as it is.",
    )
    rules: tuple[str, ...] = Field(
        default=(),
        description="Sigma rule files or folders; without any, Sentree's own and the lake's.",
    )
    correlate: bool = Field(
        default=True, description="With several tenants, look for campaigns that reached them."
    )
    title: str = Field(default="", description="A title for the report.")
    formats: tuple[str, ...] = Field(
        default=("html", "md", "navigator"), description="Formats of the report."
    )


class Span(Frozen):
    """The stretch of the lake that a digest tells of one tenant, in snapshots of the lake.

    Events and sources loaded after `events_from` up to `events_to`, detections stored after
    `detections_from` up to `detections_to`. `last_run` is the digest before, if there was one.
    """

    tenant: str
    events_from: int
    events_to: int
    detections_from: int
    detections_to: int
    last_run: str | None = None


class NewSource(Frozen):
    """A source that was loaded. `late` counts its events older than what was told before."""

    tenant: str
    source_uid: str
    path: str
    format: str
    loaded_at: UtcTime
    delivered: int
    accepted: int
    duplicate: int
    rejected: int
    late: int
    note: str = ""
    evidence: tuple[str, ...] = ()


class NewClass(Frozen):
    """New events of one OCSF class of one tenant."""

    tenant: str
    class_uid: int
    name: str
    events: int
    first: UtcTime | None
    last: UtcTime | None
    evidence: tuple[str, ...]


class NewFinding(Frozen):
    """One rule, or one finding that a record itself reports, on one host.

    `before` counts the events of the same thing on the same host that earlier digests told, the
    first of them in `known_since`; 0 means that it is new there.
    """

    tenant: str
    rule_uid: str
    title: str
    origin: Literal["rule", "record"]
    level: Level
    tactics: tuple[str, ...] = ()
    techniques: tuple[str, ...] = ()
    host: str
    user: str = ""
    events: int
    first: UtcTime | None
    last: UtcTime | None
    before: int = 0
    known_since: UtcTime | None = None
    evidence: tuple[str, ...]


class Silence(Frozen):
    """A host or feed that said nothing for longer than it usually does.

    `usual_s` is the pause that is usual for it, `days` how many days that was learned from.
    A `host` is judged by the times of events, a `feed` by the times of deliveries.
    """

    tenant: str
    kind: Literal["host", "feed"]
    name: str
    last_seen: UtcTime
    usual_s: float
    silent_s: float
    days: int
    known: bool = False
    evidence: tuple[str, ...]


class RejectGroup(Frozen):
    """Records of one source in quarantine for one reason; `sample` is the uid of the first."""

    tenant: str
    path: str
    reason: str
    records: int
    sample: str


class DigestCampaign(Frozen):
    """A campaign over several tenants; `status` compares it with those that were told before."""

    number: int
    confidence: str
    tenants: tuple[str, ...]
    indicators: tuple[str, ...]
    techniques: tuple[str, ...]
    first: UtcTime
    last: UtcTime
    status: CampaignStatus = "new"
    evidence: tuple[str, ...]


class DigestReport(Frozen):
    """All that is new. `degraded` has a sentence for each step that could not be done whole."""

    spans: tuple[Span, ...]
    look_back: bool = False
    events: int = 0
    sources: tuple[NewSource, ...] = ()
    classes: tuple[NewClass, ...] = ()
    findings: tuple[NewFinding, ...] = ()
    campaigns: tuple[DigestCampaign, ...] = ()
    silences: tuple[Silence, ...] = ()
    rejects: tuple[RejectGroup, ...] = ()
    degraded: tuple[str, ...] = ()
    not_searched: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing that a reader has not been told."""
        told = self.sources or self.classes or self.findings or self.rejects or self.degraded
        return not told and all(one.known for one in self.silences)


class Notice(Frozen):
    """What became of one message to one address; `target` names it without its secrets."""

    run_uid: str
    target: str
    outcome: Literal["sent", "failed", "unknown"]
    attempts: int
    detail: str = ""


class DigestOutcome(Frozen):
    """How a call ended: a digest was made, or why not, and by which run it was made before."""

    state: Literal["made", "nothing-new", "being-made", "made-elsewhere"]
    run_uid: str | None
    message: str
    worst: Level | None = None
    degraded: bool = False
    notices: tuple[Notice, ...] = ()


class WatchRequest(Frozen):
    """Folders, files or globs to load what is new of."""

    paths: tuple[str, ...] = Field(
        min_length=1, description="Folders, files or globs on this machine."
    )
    as_format: str = Field(default="auto", description="Format of all records, or auto.")
    tenant_uid: str | None = Field(
        default=None, description="Tenant the events belong to; without it, the setting's."
    )
    settle_seconds: float = Field(
        default=5.0, ge=0, le=3600, description="A file changed less long ago waits for next time."
    )


class WatchReport(Frozen):
    """One look at the watched paths; counts of files but for `accepted` and `rejected` records."""

    found: int = 0
    unchanged: int = 0
    unsettled: tuple[str, ...] = ()
    loaded: int = 0
    already_loaded: int = 0
    unreadable: tuple[str, ...] = ()
    accepted: int = 0
    duplicate: int = 0
    rejected: int = 0
    snapshot_id: int = 0
