"""Accounts of an incident in prose to its ATT&CK chain: techniques, order, transitions."""

from sentree.analysis.chain.run import run

__all__ = ["run"]
