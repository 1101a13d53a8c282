"""Quick looks over the lake: metrics, search, pivots."""

from sentree.analysis.look.metrics import metrics
from sentree.analysis.look.pivot import pivot
from sentree.analysis.look.search import search

__all__ = ["metrics", "pivot", "search"]
