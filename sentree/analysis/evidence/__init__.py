"""The compliance scenario: evidence for each control, or the answer that there is none."""

from sentree.analysis.evidence.run import (
    assess,
    conclude,
    gather,
    requested_catalogues,
    run,
)

__all__ = ["assess", "conclude", "gather", "requested_catalogues", "run"]
