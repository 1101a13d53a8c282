"""What is counted about an installation, for a monitoring system; all of it from stored state."""

from __future__ import annotations

from typing import Literal

from schemas.base import Frozen, UtcTime


class RunSummary(Frozen):
    """A finished run in a few words: `run.json` in the run's folder."""

    run_uid: str
    scenario: str
    state: Literal["done", "limited", "failed"]
    created_at: UtcTime
    finished_at: UtcTime
    analyst: str
    simulated: bool


class TenantCounts(Frozen):
    """What was delivered for a tenant, what became of it, and when the last load was."""

    tenant: str
    accepted: int
    duplicate: int
    rejected: int
    last_load: UtcTime


class ModelCounts(Frozen):
    """What a model was asked. `seconds` counts calls by their duration's upper bound.

    `simulated` calls were answered by no real model and cost nothing.
    """

    model: str
    simulated: bool
    calls: int
    input_tokens: int
    output_tokens: int
    cached_tokens: int
    usd: float
    seconds_sum: float
    seconds: dict[float, int]


class Telemetry(Frozen):
    """Everything that is counted, at one moment."""

    tenants: tuple[TenantCounts, ...] = ()
    detections: tuple[tuple[str, str, int], ...] = ()
    models: tuple[ModelCounts, ...] = ()
    runs: tuple[tuple[str, str, int], ...] = ()
    lake_bytes: int = 0
    snapshot_id: int = 0
