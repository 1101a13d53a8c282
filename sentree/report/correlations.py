"""Shows what correlations matched, in a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from schemas.detection import CorrelationHit

LEVELS = ("critical", "high", "medium", "low", "informational")
SHOWN = 20


def correlation_rows(hits: Iterable[CorrelationHit]) -> Iterator[tuple[str, ...]]:
    """Give the gravest matches as rows: level, rule, value, events, first, last, group."""
    order = {level: place for place, level in enumerate(LEVELS)}
    ordered = sorted(hits, key=lambda hit: (order.get(hit.level or "", len(LEVELS)), hit.first))
    for hit in ordered[:SHOWN]:
        group = ", ".join(f"{name} {value}" for name, value in hit.group)
        yield (
            hit.level or "-",
            hit.title,
            f"{hit.value:,.12g}",
            f"{hit.events:,}",
            f"{hit.first:%Y-%m-%d %H:%M:%S}",
            f"{hit.last:%Y-%m-%d %H:%M:%S}",
            group or "-",
        )
