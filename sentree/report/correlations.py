"""Shows what correlations matched, in a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from schemas.detection import CorrelationHit

SHOWN = 20


def correlation_rows(hits: Iterable[CorrelationHit]) -> Iterator[tuple[str, ...]]:
    """Give the first matches as rows: level, rule, group, value, events, first and last event."""
    for hit in list(hits)[:SHOWN]:
        group = ", ".join(f"{name} {value}" for name, value in hit.group)
        yield (
            hit.level or "-",
            hit.title,
            group or "-",
            f"{hit.value:,.12g}",
            f"{hit.events:,}",
            f"{hit.first:%Y-%m-%d %H:%M:%S}",
            f"{hit.last:%Y-%m-%d %H:%M:%S}",
        )
