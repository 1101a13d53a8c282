"""The compliance scenario: controls in, evidence for each of them out, or the answer that none is."""

from sentree.analysis.evidence.run import assess, conclude, gather, run

__all__ = ["assess", "conclude", "gather", "run"]
