"""What the fixture of a generated incident gives."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from schemas.scenario import IncidentTruth
from sentree.settings import Settings


class IncidentLake(NamedTuple):
    """A lake that holds a generated incident, with the product's own rules run over it."""

    settings: Settings
    truth: IncidentTruth
    logs: Path
