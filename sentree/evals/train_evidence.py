"""Train the head that proposes evidence: `python -m sentree.evals.train_evidence --help`.

What it writes are weights on general features; no control and no check is in it by name.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from models.evidence_cues import CheckText
from models.evidence_features import Encoder
from models.evidence_head import HEAD_FILE, Head, Policy, TrainedOn, calibrate, train
from schemas.control import Catalogue
from sentree.analysis.evidence.catalogue import read_catalogue
from sentree.analysis.evidence.proposals import mapped_texts

PULL = 2_000.0


def read_checks(path: Path) -> list[CheckText]:
    """Read descriptions of checks, one JSON object a line."""
    found: list[CheckText] = []
    for line in path.read_text("utf-8").splitlines():
        one = json.loads(line)
        found.append(
            CheckText(
                one["CheckID"],
                one.get("CheckTitle", ""),
                one.get("Description", ""),
                one.get("Risk", ""),
                tuple(one.get("Categories") or ()),
            )
        )
    return found


def train_head(
    catalogues: Sequence[Catalogue],
    checks: Sequence[CheckText],
    encoder: Encoder,
    pull: float = PULL,
) -> Head:
    """Train a head on mapped catalogues; with two or more, calibrate it on those left out."""
    known = [mapped_texts(one, checks) for one in catalogues]
    weights, full = train(known, encoder, pull)
    _, lexical = train(known, Encoder(None), pull)
    head = Head(
        version=f"{len(catalogues)} {'framework' if len(catalogues) == 1 else 'frameworks'}",
        training=TrainedOn(
            frameworks=tuple(one.names[0] for one in catalogues),
            controls=sum(len(one.controls) for one in catalogues),
            checks=len(checks),
            pairs=int(sum(one.pairs.sum() for one in known)),
            pull=pull,
        ),
        cue_weights=tuple(weights),
        full=full,
        lexical=lexical,
        policy=Policy(),
    )
    if len(catalogues) < 2:
        return head
    left_out = [
        (
            train_head([*catalogues[:at], *catalogues[at + 1 :]], checks, encoder, pull).scores(
                known[at].controls, checks, encoder
            ),
            known[at].pairs,
        )
        for at in range(len(catalogues))
    ]
    return head.model_copy(update={"calibration": calibrate(left_out)})


def main() -> None:
    """Read the arguments, train, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--catalog", type=Path, action="append", required=True)
    parser.add_argument("--checks", type=Path, required=True)
    parser.add_argument("--pull", type=float, default=PULL)
    parser.add_argument("--out", type=Path, default=Path("models/data") / HEAD_FILE)
    given = parser.parse_args()
    catalogues = [read_catalogue(str(path)) for path in given.catalog]
    head = train_head(catalogues, read_checks(given.checks), Encoder.load(), given.pull)
    given.out.write_text(head.model_dump_json() + "\n", encoding="utf-8")
    print(f"{given.out}: {head.training.controls} controls, {head.training.pairs} pairs")


if __name__ == "__main__":
    main()
