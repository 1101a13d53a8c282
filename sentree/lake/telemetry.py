"""Counts for monitoring, read from what is stored: a kill loses none, a restart resets none."""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing
from typing import Any

from pydantic import ValidationError

from schemas.telemetry import ModelCounts, RunSummary, Telemetry, TenantCounts
from sentree.errors import LakeError
from sentree.lake.db import Lake, sql_text
from sentree.settings import Settings

BOUNDS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)
"""Upper bounds of call durations, in seconds."""
RUN_NAME = "run.json"
_BILLION = 1_000_000_000


def read_telemetry(settings: Settings) -> Telemetry:
    """Count what the lake, the call store and the runs hold.

    Raises:
        LakeError: the lake or the call store can't be read.
    """
    counted = Telemetry(models=_models(settings), runs=_runs(settings))
    if not settings.lake_dir.is_dir():
        return counted
    with Lake.open(settings, create=False) as lake:
        info = lake.info()
        tenants = lake.query(sql_text("telemetry_tenants"))
        detections = lake.query(
            "SELECT tenant_uid, coalesce(level, 'none') AS level,"
            " count(DISTINCT detection_uid) AS n FROM detections"
            " GROUP BY ALL ORDER BY ALL"
        )
    return counted.model_copy(
        update={
            "tenants": tuple(TenantCounts(**row) for row in tenants),
            "detections": tuple(tuple(row.values()) for row in detections),
            "lake_bytes": info.bytes_on_disk,
            "snapshot_id": info.snapshot_id,
        }
    )


def _models(settings: Settings) -> tuple[ModelCounts, ...]:
    path = settings.home / "calls.sqlite"
    if not path.is_file():
        return ()
    buckets = ", ".join(f"sum(milliseconds <= {bound * 1000}) AS b{bound}" for bound in BOUNDS)
    buckets = buckets.replace("AS b", 'AS "b').replace(",", '",') + '"'
    counts: dict[tuple[str, bool], dict[str, Any]] = {}
    try:
        # `ro` and not `immutable`: other processes may be writing.
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=60)) as connection:
            connection.row_factory = sqlite3.Row
            called = connection.execute(sql_text("telemetry_calls", buckets=buckets)).fetchall()
            charged = connection.execute(sql_text("telemetry_charges")).fetchall()
    except sqlite3.Error as error:
        raise LakeError(f"{path} can't be read: {error}") from None
    for row in called:
        seconds = {bound: int(row[f"b{bound}"]) for bound in BOUNDS}
        counts[row["model"], bool(row["simulated"])] = {
            "calls": row["calls"],
            "seconds_sum": row["seconds_sum"],
            "seconds": seconds,
        }
    for row in charged:
        empty: dict[str, Any] = {
            "calls": 0,
            "seconds_sum": 0.0,
            "seconds": dict.fromkeys(BOUNDS, 0),
        }
        one = counts.setdefault((row["model"], bool(row["simulated"])), empty)
        for name in ("input_tokens", "output_tokens", "cached_tokens"):
            one[name] = row[name]
        one["usd"] = row["nano_usd"] / _BILLION
    nothing = {"input_tokens": 0, "output_tokens": 0, "cached_tokens": 0, "usd": 0.0}
    return tuple(
        ModelCounts.model_validate({**nothing, **one, "model": model, "simulated": simulated})
        for (model, simulated), one in sorted(counts.items())
    )


def _runs(settings: Settings) -> tuple[tuple[str, str, int], ...]:
    counts = Counter[tuple[str, str]]()
    for path in settings.runs_dir.glob(f"*/{RUN_NAME}"):
        try:
            run = RunSummary.model_validate_json(path.read_bytes())
        except (OSError, ValidationError):
            # A run that is being written, or not ours: not a finished run.
            continue
        counts[run.scenario, run.state] += 1
    return tuple((*key, number) for key, number in sorted(counts.items()))
