"""One value over all tenants that have it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from math import exp, sqrt

from schemas.tenant_slice import IndicatorKind, Sighting

QUIET = 0.1
"""A tenant where a value is less suspect than this uses it as everybody does."""
FADE_DAYS = 12.0

Key = tuple[IndicatorKind, str]


@dataclass(slots=True)
class Shared:
    """A value over all tenants. `suspicion` has every tenant that holds it."""

    key: Key
    suspicion: dict[str, float] = field(default_factory=dict[str, float])
    sightings: dict[str, Sighting] = field(default_factory=dict[str, Sighting])
    reason: str | None = None
    intel: tuple[str, ...] = ()
    public: bool = False
    weight: float = 0.0

    @property
    def quiet(self) -> list[str]:
        """The tenants where nothing speaks against the value."""
        return [name for name, value in self.suspicion.items() if value < QUIET]

    def between(self, one: str, other: str) -> float:
        """Tell how much it says that these two tenants both have the value, 0 to 1."""
        if self.reason:
            return 0.0
        apart = abs(self.sightings[one].first - self.sightings[other].first)
        near = exp(-(apart / timedelta(days=1)) / FADE_DAYS)
        floor = 0.5 if self.intel else 0.1
        both = max(self.suspicion[one], floor) * max(self.suspicion[other], floor)
        return self.weight * sqrt(both) * (0.35 + 0.65 * near)
