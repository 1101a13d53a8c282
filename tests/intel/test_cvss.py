"""CVSS vectors are read whole, scored as their specifications say, and refused with a reason."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentree.intel.cvss import CvssError, parse_cvss, severity
from sentree.intel.cvss4 import METRICS_4, REQUIRED_4, _table

PINNED = [
    line.rsplit(" ", 1)
    for line in (Path(__file__).parents[1] / "data" / "cvss_scores.txt").read_text().splitlines()
    if line and not line.startswith("#")
]
BASE_3 = {"AV": "NALP", "AC": "LH", "PR": "NLH", "UI": "NR", "S": "UC"}
IMPACT_3 = "NLH"


@pytest.mark.parametrize(("vector", "score"), PINNED, ids=[one[0] for one in PINNED])
def test_a_score_is_that_of_the_reference_calculator(vector: str, score: str) -> None:
    assert parse_cvss(vector).score == float(score)


def vectors_3() -> st.SearchStrategy[dict[str, str]]:
    metrics = {name: st.sampled_from(values) for name, values in BASE_3.items()}
    return st.fixed_dictionaries({**metrics, **{name: st.sampled_from("NLH") for name in "CIA"}})


def written(metrics: dict[str, str], version: str) -> str:
    return f"CVSS:{version}/" + "/".join(f"{name}:{value}" for name, value in metrics.items())


@given(vectors_3(), st.sampled_from("CIA"), st.sampled_from(("3.0", "3.1")))
def test_a_greater_loss_never_lowers_a_score(
    metrics: dict[str, str], name: str, version: str
) -> None:
    scores = [parse_cvss(written({**metrics, name: loss}, version)).score for loss in IMPACT_3]
    assert scores == sorted(scores)
    assert 0.0 <= scores[0] <= scores[-1] <= 10.0


@given(st.fixed_dictionaries({name: st.sampled_from(METRICS_4[name]) for name in REQUIRED_4}))
def test_a_4_0_score_is_in_range_and_the_order_of_metrics_is_of_no_account(
    metrics: dict[str, str],
) -> None:
    score = parse_cvss(written(metrics, "4.0")).score
    assert 0.0 <= score <= 10.0
    turned = dict(reversed(list(metrics.items())))
    assert parse_cvss(written(turned, "4.0")).score == score


def test_the_table_of_macro_vectors_has_every_level_that_can_be() -> None:
    levels = product("012", "01", "012", "012", "012", "01")
    assert set(_table()) == {"".join(eq) for eq in levels if not (eq[2] == "2" and eq[5] == "0")}


def test_version_2_is_known_without_a_prefix_and_in_brackets() -> None:
    read = parse_cvss("(AV:N/AC:L/Au:N/C:P/I:P/A:P)")
    assert (read.version, read.score, read.metrics["Au"]) == ("2.0", 7.5, "N")


def test_temporal_metrics_are_kept_and_leave_the_base_score() -> None:
    read = parse_cvss("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/E:H/RL:U/RC:C")
    assert (read.score, read.metrics["E"]) == (9.8, "H")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("AV:N/AC:L", "missing"),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/AV:L", "twice"),
        ("CVSS:3.1/AV:Z/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "can't be"),
        ("CVSS:9.0/AV:N", "not known"),
        ("CVSS:3.1/AV:N/XX:L", "no metric"),
        ("=HYPERLINK(1)/" * 100, "too long"),
    ],
)
def test_text_that_is_no_vector_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(CvssError, match=reason):
        parse_cvss(text)


def test_severities_follow_the_scale() -> None:
    assert [severity(x) for x in (0.0, 3.9, 4.0, 8.9, 9.0)] == [
        "none",
        "low",
        "medium",
        "high",
        "critical",
    ]
