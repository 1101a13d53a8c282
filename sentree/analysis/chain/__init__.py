"""Accounts of an incident in prose to its ATT&CK chain: techniques, order, transitions."""

from sentree.analysis.chain.merge import merge
from sentree.analysis.chain.run import conclude, refuse_empty, run

__all__ = ["conclude", "merge", "refuse_empty", "run"]
