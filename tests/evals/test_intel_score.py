"""Generated bundles are the same for a seed, and the score notices what is wrong."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from schemas.intel import Actor
from schemas.intel_truth import IntelSpec, TrueActor
from sentree.analysis.intel.facts import read_report
from sentree.evals.generate.intel import generate_intel
from sentree.evals.intel import score_actor, score_report, uncited
from sentree.evals.metrics import SetScore, bootstrap, pooled
from sentree.intel.stix_read import read_file

TRUE = TrueActor(
    name="A",
    aliases=("B",),
    techniques=("T1", "T2"),
    software=("S",),
    campaigns=(),
    targets=("Japan",),
    origin="Iran",
)


def test_a_specification_determines_every_byte(tmp_path: Path) -> None:
    spec = IntelSpec(seed=11, bundles=6)
    one, other = (generate_intel(tmp_path / name, spec) for name in "ab")
    assert one == other
    for name in one.files:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    assert generate_intel(tmp_path / "c", IntelSpec(seed=12, bundles=6)) != one


def test_any_size_can_be_made(tmp_path: Path) -> None:
    truth = generate_intel(tmp_path, IntelSpec(bundles=2, indicators=2_000))
    assert len(truth.indicators) == 2_000
    assert len(json.loads((tmp_path / truth.files[1]).read_text())["objects"]) > 4_000


def test_a_missing_actor_scores_nothing_and_a_wrong_technique_counts_both_ways() -> None:
    nothing = score_actor(TRUE, None)
    assert nothing["techniques"] == SetScore(0, 2, 0)
    found = Actor(
        object_uids=("x",),
        name="A",
        type="intrusion-set",
        aliases=("B",),
        techniques=("T1", "T9"),
        origin=("China",),
    )
    score = score_actor(TRUE, found)
    assert score["names"] == SetScore(2, 0, 0)
    assert score["techniques"] == SetScore(1, 1, 1)
    assert score["origin"] == SetScore(0, 1, 1)


def test_the_score_of_a_report_falls_when_a_file_is_missing(tmp_path: Path) -> None:
    truth = generate_intel(tmp_path, IntelSpec(seed=2, bundles=10))
    files = [read_file(str(tmp_path / name)) for name in truth.files]
    as_of = datetime(2026, 1, 1, tzinfo=UTC)
    whole, _ = read_report(files, as_of)
    part, _ = read_report(files[1:], as_of)
    assert pooled(score_report(whole, truth).values()).f1 == 1.0
    assert pooled(score_report(part, truth).values()).recall < 1.0
    assert uncited(whole) == 0


def test_the_interval_holds_the_figure_and_is_a_point_when_all_units_agree() -> None:
    units = [SetScore(n % 3, 1, 0) for n in range(30)]
    found = bootstrap(units, lambda drawn: pooled(drawn).recall)
    assert found.low < found.value < found.high
    assert found == bootstrap(units, lambda drawn: pooled(drawn).recall)
    same = bootstrap([SetScore(1, 0, 0)] * 5, lambda drawn: pooled(drawn).recall)
    assert same == pytest.approx((1.0, 1.0, 1.0))
