"""The SSVC tree is CISA's, whole and monotone, and so is the urgency made of it."""

from __future__ import annotations

from itertools import product

import pytest

from sentree.intel.ssvc import (
    AUTOMATABLE,
    EXPLOITATION,
    MISSION,
    TECHNICAL_IMPACT,
    decide,
    decision_order,
    point_order,
    urgency,
)

PATHS = list(product(EXPLOITATION, AUTOMATABLE, TECHNICAL_IMPACT, MISSION))
GUIDE = "TTT TT* TTA TTA TT* T*A TTA T*A TTA TAX AAX AXX".replace(" ", "")
"""The leaves of the tree in the guide, by path in the order above: T, *, A, X."""
NAMES = {"T": "Track", "*": "Track*", "A": "Attend", "X": "Act"}


@pytest.mark.parametrize(("path", "letter"), list(zip(PATHS, GUIDE, strict=True)))
def test_each_of_36_paths_leads_where_the_guide_says(path: tuple, letter: str) -> None:
    assert decide(*path) == NAMES[letter]


def test_a_graver_point_never_gives_a_milder_decision_or_less_urgency() -> None:
    values = (EXPLOITATION, AUTOMATABLE, TECHNICAL_IMPACT, MISSION)
    for path in PATHS:
        for place, listed in enumerate(values):
            at = listed.index(path[place])
            if at + 1 < len(listed):
                graver = (*path[:place], listed[at + 1], *path[place + 1 :])
                assert decision_order(decide(*graver)) >= decision_order(decide(*path))
                assert urgency(*graver) >= urgency(*path)
                assert urgency(*graver) > urgency(*path) or place == 3


def test_the_order_of_points_counts_from_0_to_11_without_gaps() -> None:
    orders = [point_order(*path) for path in product(EXPLOITATION, AUTOMATABLE, TECHNICAL_IMPACT)]
    assert orders == list(range(12))
    assert urgency("none", "no", "partial", "low") == 0.0
    assert urgency("active", "yes", "total", "high") == 1.0
