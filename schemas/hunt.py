"""Hunting: indicators' patterns run over events."""

from __future__ import annotations

from typing import Literal

from schemas.base import Frozen, UtcTime
from schemas.look import Level, LookRequest
from schemas.window import Window

Validity = Literal["within", "before", "after", "partly", "unknown"]


class HuntRequest(LookRequest):
    """Which indicators to run: those of files, else those that the lake has.

    `as_of` decides which are valid; without it, the moment of the run. With `within_validity`
    only events count that happened while their indicator was valid.
    """

    paths: tuple[str, ...] = ()
    as_of: UtcTime | None = None
    within_validity: bool = False
    include_invalid: bool = False


class Indicator(Frozen):
    """One indicator as it is run; the source names the file or says that the lake has it."""

    indicator_uid: str
    name: str
    pattern: str
    pattern_type: str = "stix"
    confidence: int | None = None
    valid_from: UtcTime | None = None
    valid_until: UtcTime | None = None
    revoked: bool = False
    deprecated: bool = False
    source: str = ""


class IndicatorNote(Frozen):
    """An indicator that was not run, or not whole, and why."""

    indicator_uid: str
    name: str
    reason: str


class Sighted(Frozen):
    """What one indicator found in one tenant.

    `events` counts the events of all matches; `matches` counts matches, which have several events
    each where a pattern joins observations. `event_uids` are those of the first matches.
    """

    indicator_uid: str
    name: str
    pattern: str
    level: Level
    tenant: str
    matches: int
    events: int
    values: tuple[str, ...]
    hosts: tuple[str, ...]
    first: UtcTime | None = None
    last: UtcTime | None = None
    validity: Validity
    event_uids: tuple[str, ...]


class HuntReport(Frozen):
    """The account of one hunt; every indicator was run, skipped, or can't be searched."""

    snapshot_id: int
    window: Window | None
    as_of: UtcTime
    events: int
    indicators: int
    run: int
    skipped: tuple[IndicatorNote, ...] = ()
    unsearchable: tuple[IndicatorNote, ...] = ()
    partly: tuple[IndicatorNote, ...] = ()
    sightings: tuple[Sighted, ...] = ()
    by_level: tuple[tuple[Level, int], ...] = ()
