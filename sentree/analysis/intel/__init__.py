"""The intelligence scenario: STIX bundles merged into one cited report."""

from sentree.analysis.intel.run import conclude, reading_task, refuse_empty, run

__all__ = ["conclude", "reading_task", "refuse_empty", "run"]
