"""The rule-mapping scenario: detection rules to ATT&CK techniques, with probability and reason."""

from sentree.analysis.map_rules.run import conclude, refuse_empty, run
from sentree.analysis.map_rules.training import save, train

__all__ = ["conclude", "refuse_empty", "run", "save", "train"]
