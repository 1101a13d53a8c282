"""From text to ATT&CK techniques: rules, attack steps, reports."""

from models.techniques.catalogue import Embedder, Example, TechniqueText
from models.techniques.embeddings import CachedEmbedder, load_embedder
from models.techniques.ranker import Reason, Scored, TechniqueRanker
from models.techniques.signals import Signals

__all__ = [
    "CachedEmbedder",
    "Embedder",
    "Example",
    "Reason",
    "Scored",
    "Signals",
    "TechniqueRanker",
    "TechniqueText",
    "load_embedder",
]
