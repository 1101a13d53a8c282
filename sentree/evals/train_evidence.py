"""Train the head that proposes evidence: `python -m sentree.evals.train_evidence --help`.

What it writes are weights on general features; no control and no check is in it by name.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from models.evidence_cues import CheckText, ControlText
from models.evidence_features import Doubles, Encoder
from models.evidence_head import HEAD_FILE, Head, Mapped, Policy, TrainedOn, calibrate, train
from models.evidence_kinds import Scannable, train_scannable
from schemas.control import Catalogue, Control
from sentree.analysis.evidence.catalogue import read_catalogue
from sentree.analysis.evidence.control_ids import control_key, same_framework
from sentree.analysis.evidence.proposals import control_text, mapped_texts

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
    wholes: Sequence[Catalogue] = (),
) -> Head:
    """Train a head on mapped catalogues; with two or more, calibrate it on those left out.

    Args:
        catalogues: what to learn from; each assigns checks.
        checks: what the assigned checks look at.
        encoder: makes the features.
        pull: how strongly the weights are pulled to general practice.
        wholes: fuller catalogues of the same frameworks: a control that a mapped one leaves out is
            one without evidence.
    """
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
    head = head.model_copy(
        update={"scannable": _scannable(head, catalogues, known, wholes, encoder)}
    )
    if len(catalogues) < 2:
        return head
    left_out = [
        (
            train_head(
                [*catalogues[:at], *catalogues[at + 1 :]], checks, encoder, pull, wholes
            ).scores(known[at].controls, checks, encoder),
            known[at].pairs,
        )
        for at in range(len(catalogues))
    ]
    return head.model_copy(update={"calibration": calibrate(left_out)})


def left_out(mapped: Catalogue, whole: Catalogue) -> list[Control]:
    """List the controls of a framework's whole catalogue that its mapped one has nothing for."""
    if not any(same_framework(one, other) for one in mapped.names for other in whole.names):
        return []
    keys = [control_key(one.control_uid) for one in mapped.controls]
    return [
        one
        for one in whole.controls
        if not any(_one_control(control_key(one.control_uid), key) for key in keys)
    ]


def _one_control(left: tuple[str, ...], right: tuple[str, ...]) -> bool:
    shorter = min(len(left), len(right))
    return left[:shorter] == right[:shorter]


def _scannable(
    head: Head,
    catalogues: Sequence[Catalogue],
    known: Sequence[Mapped],
    wholes: Sequence[Catalogue],
    encoder: Encoder,
) -> Scannable | None:
    learned: list[tuple[Sequence[ControlText], Doubles, npt.NDArray[np.bool_]]] = []
    for catalogue, one in zip(catalogues, known, strict=True):
        none = [control_text(more) for whole in wholes for more in left_out(catalogue, whole)]
        controls = [*one.controls, *none]
        has = np.concatenate([one.pairs.any(axis=1), np.zeros(len(none), dtype=np.bool_)])
        learned.append((controls, head.scores(controls, one.checks, encoder), has))
    return train_scannable(learned)


def main() -> None:
    """Read the arguments, train, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--catalog", type=Path, action="append", required=True)
    parser.add_argument("--whole", type=Path, action="append", default=[])
    parser.add_argument("--checks", type=Path, required=True)
    parser.add_argument("--pull", type=float, default=PULL)
    parser.add_argument("--out", type=Path, default=Path("models/data") / HEAD_FILE)
    given = parser.parse_args()
    catalogues = [read_catalogue(str(path)) for path in given.catalog]
    wholes = [read_catalogue(str(path)) for path in given.whole]
    head = train_head(catalogues, read_checks(given.checks), Encoder.load(), given.pull, wholes)
    given.out.write_text(head.model_dump_json() + "\n", encoding="utf-8")
    print(f"{given.out}: {head.training.controls} controls, {head.training.pairs} pairs")


if __name__ == "__main__":
    main()
