"""Runs indicators' patterns over the lake."""

from sentree.analysis.hunt.run import hunt

__all__ = ["hunt"]
