"""Fits the coefficients that ship with the product, on the public sample's tagged rules.

Only these few numbers are kept: no rule, no label. Embeds the techniques of ATT&CK as well.
`python -m bench.map_rules_weights ../shared/data`
"""

from __future__ import annotations

import sys
from pathlib import Path

from models.techniques import TechniqueRanker
from models.techniques.embeddings import PACKAGED, text_key, write_vectors
from sentree.analysis.map_rules.mapper import load_ground
from sentree.evals.measures.map_rules import load_cases
from sentree.settings import Settings

TARGET = Path(__file__).parents[1] / "models" / "data" / "technique_weights.json"


def main() -> None:
    """Fit and write."""
    data = Path(sys.argv[1] if len(sys.argv) > 1 else "../shared/data")
    ground = load_ground(Settings())
    cases = load_cases(data / "sigma", ground)
    ranker = TechniqueRanker.fit_untrained(ground.signals, [case.example for case in cases])
    TARGET.write_text(ranker.weights.model_dump_json(indent=1) + "\n", encoding="utf-8")
    if ground.embedder is not None:
        texts = ground.signals.described_texts()
        vectors = ground.embedder.embed_all(texts)
        name = PACKAGED.format(body=ground.embedder.body[:16])
        known = dict(zip(map(text_key, texts), vectors, strict=True))
        write_vectors(TARGET.with_name(name), known)
    print(f"{TARGET.name}: {ranker.weights.texts} rules, cut {ranker.weights.cut}")


if __name__ == "__main__":
    main()
