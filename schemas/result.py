"""The result document: the one thing renderers read, and all that is needed to render again."""

from __future__ import annotations

from typing import Literal

from pydantic import JsonValue

from schemas.base import Frozen, UtcTime
from schemas.claim import Claim, Verification
from schemas.coverage import Coverage
from schemas.detection import Detection
from schemas.event import CitedEvent
from schemas.query import Query, RouteDecision
from schemas.section import InputFile, Section, TechniqueScore
from schemas.timeline import Timeline
from schemas.trajectory import NodeRecord

SCHEMA_VERSION = "1.0"


class AnalystInfo(Frozen):
    """Who did the leaves. An embedded analyst is never presented as a language model."""

    name: str
    is_language_model: bool
    version: str


class LimitHit(Frozen):
    """A cap that ended the run early."""

    limit: str
    allowed: float
    spent: float


class Result(Frozen):
    """One analysis, from question to cited answer. Versioned; ordered deterministically.

    `failure` says why a language model gave no answer of its own: refused, or out of reach.
    `sections`, `inputs`, `techniques` and `data` belong to the scenarios that answer from records
    other than events; `data` is the scenario's own document (see its schema).
    """

    schema_version: Literal["1.0"] = SCHEMA_VERSION
    run_uid: str
    scenario: str
    title: str
    created_at: UtcTime
    sentree_version: str
    simulated: bool = False
    query: Query
    route: RouteDecision
    analyst: AnalystInfo
    coverage: Coverage
    summary: tuple[Claim, ...]
    ruled_out: tuple[str, ...] = ()
    verification: Verification
    timeline: Timeline | None = None
    detections: tuple[Detection, ...] = ()
    trajectory: tuple[NodeRecord, ...] = ()
    cited_events: tuple[CitedEvent, ...] = ()
    limit_hit: LimitHit | None = None
    failure: str | None = None
    notes: tuple[str, ...] = ()
    inputs: tuple[InputFile, ...] = ()
    sections: tuple[Section, ...] = ()
    techniques: tuple[TechniqueScore, ...] = ()
    data: dict[str, JsonValue] | None = None
