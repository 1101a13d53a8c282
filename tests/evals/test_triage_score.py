"""Generated CVE sets are the same for a seed, of any size, and the score notices what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas.triage import TriageReport, TriageRequest
from schemas.triage_truth import TriageSpec, TriageTruth
from schemas.vulnerability import SsvcPoints
from sentree.analysis.triage.rank import make_report
from sentree.evals.generate.vulnerabilities import generate_vulnerabilities
from sentree.evals.train_triage import cross_validate, fit, folds, read_samples, weights_text
from sentree.evals.triage import compare_by_cve, compare_report, score_report, true_place
from sentree.intel.cve_merge import merge
from sentree.intel.cve_read import read_cve_file


def report_on(folder: Path, truth: TriageTruth, *, epss: bool = True) -> TriageReport:
    beside = (*truth.assets, *truth.epss, *truth.kev)
    holding = merge(
        [read_cve_file(str(folder / name)) for name in truth.records],
        [read_cve_file(str(folder / name)) for name in beside],
    )
    return make_report(holding, TriageRequest(paths=("x",), use_epss=epss))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, TriageTruth]:
    folder = tmp_path_factory.mktemp("cves")
    return folder, generate_vulnerabilities(folder, TriageSpec(cves=400, assets=40, broken=0.05))


def test_a_specification_determines_every_file(tmp_path: Path) -> None:
    spec = TriageSpec(seed=11, cves=40, assets=5)
    one, other = (generate_vulnerabilities(tmp_path / name, spec) for name in "ab")
    assert one == other
    for name in (*one.records, *one.assets, *one.kev):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    more = generate_vulnerabilities(tmp_path / "c", TriageSpec(seed=12, cves=40, assets=5))
    assert more.vulnerabilities != one.vulnerabilities


def test_a_report_on_generated_records_agrees_with_their_truth(
    made: tuple[Path, TriageTruth],
) -> None:
    folder, truth = made
    report = report_on(folder, truth)
    score = score_report(report, truth)
    for part in ("CVEs", "hosts", "known exploited", "set aside", "automatable"):
        assert score[part].f1 == 1.0, part
    assert score["technical_impact"].f1 > 0.95
    assert score["exploitation"].f1 > 0.7
    assert report.counts.copies == truth.copies


def test_the_order_is_better_with_more_evidence_and_never_by_chance(
    made: tuple[Path, TriageTruth],
) -> None:
    folder, truth = made
    whole = compare_report(report_on(folder, truth), truth, rounds=40).tau_b
    less = compare_report(report_on(folder, truth, epss=False), truth, rounds=40).tau_b
    assert whole.value >= less.value - 0.02
    assert less.low > 0.2
    turned = report_on(folder, truth)
    last = len(turned.ranked) + 1
    upside_down = turned.model_copy(
        update={
            "ranked": tuple(
                one.model_copy(update={"rank": last - one.rank}) for one in turned.ranked
            )
        }
    )
    assert compare_report(upside_down, truth, rounds=1).tau_b.value == pytest.approx(-whole.value)


def test_the_place_that_ssvc_gives_needs_all_three_points() -> None:
    assert true_place(SsvcPoints("active", "yes", "total")) == (11, 3)
    assert true_place(SsvcPoints("poc", "no", "total")) == (5, 1)
    assert true_place(SsvcPoints("poc", None, "total")) is None


def test_only_cves_with_score_and_assessment_are_compared() -> None:
    truth = {f"CVE-{n}": SsvcPoints(e, "yes", "total") for n, e in enumerate(("none", "active"))}
    found = compare_by_cve({"CVE-0": 0.1, "CVE-1": 0.9, "CVE-2": 0.5}, truth)
    assert found["order of points"].tau_b.value == 1.0
    assert found["decision"].n == 2


def test_no_group_is_dealt_into_two_folds() -> None:
    groups = [f"v{n % 17}" for n in range(100)]
    dealt = folds(groups, seed=3)
    assert {
        len({fold for g, fold in zip(groups, dealt, strict=True) if g == name}) for name in groups
    } == {1}
    assert set(dealt) == set(range(5))


def test_weights_can_be_fitted_again_from_assessed_records(tmp_path: Path) -> None:
    spec = TriageSpec(cves=400, assets=0, with_ssvc=True)
    truth = generate_vulnerabilities(tmp_path, spec)
    assessed = [str(tmp_path / name) for name in truth.records if name.startswith("cve5")]
    samples = read_samples(assessed)
    assert len(samples) == 100
    fitted = fit(samples)
    assert fitted["automatable"].weights["vector open"] > 1.0
    assert '"samples": 100' in weights_text(fitted, len(samples))
    estimates = cross_validate(samples, show_epss=False, shuffles=1)
    assert all(0.0 < one.active < 1.0 for one in estimates)
