"""The shape of a measured figure, where it used to be."""

from __future__ import annotations

from sentree.evals.measures.measure import Measure

__all__ = ["Measure"]
