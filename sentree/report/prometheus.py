"""Counts in Prometheus' text format, through its own client library."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from schemas.telemetry import ModelCounts, Telemetry


class TelemetryCollector(Collector):
    """Reads the counts anew at each scrape."""

    def __init__(self, read: Callable[[], Telemetry]) -> None:
        self._read = read

    def collect(self) -> Iterator[Metric]:
        """Give every metric."""
        counted = self._read()
        yield from _deliveries(counted)
        yield from _models(counted.models)
        yield _counter(
            "sentree_detections",
            "Detections in the lake.",
            ("tenant", "level"),
            [((tenant, level), count) for tenant, level, count in counted.detections],
        )
        yield _counter(
            "sentree_runs",
            "Finished runs of analyses.",
            ("scenario", "state"),
            [((scenario, state), count) for scenario, state, count in counted.runs],
        )
        yield GaugeMetricFamily(
            "sentree_lake_bytes", "Size of the lake on disk.", value=counted.lake_bytes
        )
        yield GaugeMetricFamily(
            "sentree_lake_snapshot", "Newest snapshot.", value=counted.snapshot_id
        )


def registry(read: Callable[[], Telemetry]) -> CollectorRegistry:
    """Give a registry of these metrics alone, for a server to expose."""
    made = CollectorRegistry(auto_describe=False)
    made.register(TelemetryCollector(read))
    return made


def exposition(counted: Telemetry) -> str:
    """Write all metrics once."""
    return generate_latest(registry(lambda: counted)).decode("utf-8")


def _deliveries(counted: Telemetry) -> Iterator[Metric]:
    yield _counter(
        "sentree_records",
        "Records delivered, by what became of them.",
        ("tenant", "outcome"),
        [
            ((one.tenant, outcome), getattr(one, outcome))
            for one in counted.tenants
            for outcome in ("accepted", "duplicate", "rejected")
        ],
    )
    last = GaugeMetricFamily(
        "sentree_last_load_timestamp_seconds", "When a source was last loaded.", labels=["tenant"]
    )
    for one in counted.tenants:
        last.add_metric([one.tenant], one.last_load.timestamp())
    yield last


def _models(models: tuple[ModelCounts, ...]) -> Iterator[Metric]:
    labels = ("model", "simulated")

    def names(one: ModelCounts) -> tuple[str, str]:
        return one.model, str(one.simulated).lower()

    yield _counter(
        "sentree_model_tokens",
        "Tokens that were charged.",
        (*labels, "kind"),
        [
            ((*names(one), kind), getattr(one, f"{kind}_tokens"))
            for one in models
            for kind in ("input", "output", "cached")
        ],
    )
    yield _counter(
        "sentree_model_cost_dollars",
        "US dollars that were charged.",
        labels,
        [(names(one), one.usd) for one in models],
    )
    took = HistogramMetricFamily(
        "sentree_model_call_duration_seconds", "Answered calls by duration.", labels=list(labels)
    )
    for one in models:
        buckets = [(str(bound), float(count)) for bound, count in sorted(one.seconds.items())]
        took.add_metric(list(names(one)), [*buckets, ("+Inf", float(one.calls))], one.seconds_sum)
    yield took


def _counter(
    name: str,
    told: str,
    labels: tuple[str, ...],
    values: list[tuple[tuple[str, ...], float]],
) -> Metric:
    family = CounterMetricFamily(name, told, labels=list(labels))
    for key, value in values:
        family.add_metric(list(key), value)
    return family
