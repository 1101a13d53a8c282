"""Train the head that proposes evidence: `python -m bench.train_evidence --help`.

What it writes are weights on general features; no control and no check is in it by name.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from models.evidence_cues import CheckText
from models.evidence_features import Encoder
from models.evidence_head import HEAD_FILE, Head, Mapped, Policy, TrainedOn, train
from schemas.control import Catalogue
from sentree.analysis.evidence.catalogue import read_catalogue
from sentree.analysis.evidence.proposals import control_text

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


def mapped(catalogue: Catalogue, checks: Sequence[CheckText]) -> Mapped:
    """Give a catalogue with its own mapping as what can be learned from."""
    place = {check.name: at for at, check in enumerate(checks)}
    pairs = np.zeros((len(catalogue.controls), len(checks)), dtype=np.bool_)
    for row, control in enumerate(catalogue.controls):
        for name in control.checks or ():
            if name in place:
                pairs[row, place[name]] = True
    return Mapped([control_text(one) for one in catalogue.controls], checks, pairs)


def train_head(
    catalogues: Sequence[Catalogue], checks: Sequence[CheckText], encoder: Encoder, pull: float = PULL
) -> Head:
    """Train a head on mapped catalogues."""
    known = [mapped(one, checks) for one in catalogues]
    weights, full = train(known, encoder, pull)
    _, lexical = train(known, Encoder(None), pull)
    return Head(
        version=f"{len(catalogues)} frameworks, pull {pull:g}",
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
