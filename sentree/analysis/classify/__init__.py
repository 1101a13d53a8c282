"""Raw records to OCSF categories and classes, each with the reason."""

from sentree.analysis.classify.fold import merge_leaves, with_findings
from sentree.analysis.classify.run import classify_records, conclude, run

__all__ = ["classify_records", "conclude", "merge_leaves", "run", "with_findings"]
