"""Fits how signals are weighed for steps, on ATT&CK's own procedures: sentences as reports have.

`python -m sentree.analysis.chain.fit_words` writes `technique_weights_prose.json`. Procedures that
are fitted on are kept out of the index meanwhile; no account of any corpus is used.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from random import Random

from models.techniques import Example, Signals, TechniqueRanker, load_embedder
from models.techniques.terms import plain
from models.techniques.weights import Weights
from sentree.intel.attack_texts import technique_texts

KEPT_OUT = 1_000
SEED = 1


def fit_words(count: int = KEPT_OUT) -> Weights:
    """Fit on procedures drawn by chance; takes minutes."""
    techniques = technique_texts("18.1")
    said = [(text, one.uid) for one in techniques for text in one.procedures]
    drawn = set(Random(SEED).sample(range(len(said)), min(count, len(said))))
    kept: dict[str, list[str]] = {}
    for number, (text, uid) in enumerate(said):
        if number not in drawn:
            kept.setdefault(uid, []).append(text)
    signals = Signals(
        [one._replace(procedures=tuple(kept.get(one.uid, ()))) for one in techniques],
        load_embedder(),
    )
    examples = [Example(plain(said[number][0]), (said[number][1],)) for number in sorted(drawn)]
    return TechniqueRanker.fit_untrained(signals, examples).weights


def main() -> None:
    """Fit and write the weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--out", type=Path, default=Path("models/data/technique_weights_prose.json")
    )
    out: Path = parser.parse_args().out
    weights = fit_words()
    out.write_text(weights.model_dump_json(indent=1) + "\n", encoding="utf-8")
    print(f"{weights.texts} procedures -> {out}")


if __name__ == "__main__":
    main()
