"""The intelligence scenario: STIX bundles merged into one cited report."""

from sentree.analysis.intel.run import conclude, refuse_empty, run

__all__ = ["conclude", "refuse_empty", "run"]
