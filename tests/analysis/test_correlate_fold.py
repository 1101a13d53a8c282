"""Leaves of tenants fold to the same tenants in any order and grouping."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import reduce

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.claim import Evidence
from schemas.correlate import CorrelateLeaf, IndicatorFinding, TechniqueFinding
from schemas.tenant_slice import IndicatorKind, Sample, Sighting, TechniqueSighting, TenantSlice
from sentree.analysis.correlate.campaigns import correlate
from sentree.analysis.correlate.fold import fold_tenants, merge_leaves, merge_slices, with_findings

START = datetime(2026, 1, 5, tzinfo=UTC)
KEYS: tuple[tuple[IndicatorKind, str], ...] = (
    ("ip", "45.67.229.14"),
    ("domain", "sync-relay77.top"),
    ("hash", "ab" * 32),
    ("file", "x.exe"),
)


@st.composite
def slices(draw: st.DrawFn, name: str = "t") -> TenantSlice:
    sightings: list[Sighting] = []
    for kind, key in draw(st.sets(st.sampled_from(KEYS))):
        first = START + timedelta(minutes=draw(st.integers(0, 4000)))
        level = draw(st.integers(0, 4))
        uid = f"{draw(st.integers(0, 10**6)):08x}"
        sightings.append(
            Sighting(
                kind=kind,
                key=key,
                value=draw(st.sampled_from((key, key.upper()))),
                events=draw(st.integers(1, 9)),
                direct=draw(st.integers(0, 3)),
                direct_level=level,
                born_level=level,
                first=first,
                last=first + timedelta(minutes=draw(st.integers(0, 90))),
                entities=(draw(st.sampled_from(("a", "b", "c"))),),
                hours=(f"a {draw(st.integers(0, 90))}",),
                sample=(Sample(heat=-level, time=first, event_uid=uid),),
            )
        )
    used = [
        TechniqueSighting(
            technique=uid, first=START, last=START, level=draw(st.integers(1, 4)), events=1
        )
        for uid in sorted(draw(st.sets(st.sampled_from(("T1059", "T1105", "T1486")))))
    ]
    return TenantSlice(
        name=name,
        tenant_uid=name,
        events=draw(st.integers(1, 50)),
        first=START,
        last=START + timedelta(days=3),
        entities=draw(st.integers(1, 9)),
        hot_events=draw(st.integers(0, 5)),
        sightings=tuple(sorted(sightings, key=lambda one: (one.kind, one.key))),
        techniques=tuple(used),
    )


@settings(max_examples=60, deadline=None)
@given(slices(), slices(), slices())
def test_merging_parts_of_a_tenant_is_associative_and_commutative(
    one: TenantSlice, two: TenantSlice, three: TenantSlice
) -> None:
    left = merge_slices(merge_slices(one, two), three)
    assert left == merge_slices(one, merge_slices(two, three))
    assert left == merge_slices(merge_slices(three, two), one)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.sampled_from("abcde"), min_size=4, max_size=9).flatmap(
        lambda names: st.tuples(*(slices(name) for name in names))
    ),
    st.randoms(),
)
def test_the_report_does_not_depend_on_how_the_tenants_were_cut_or_ordered(
    parts: tuple[TenantSlice, ...], random: object
) -> None:
    shuffled = list(parts)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    halves = [fold_tenants(shuffled[:3]), fold_tenants(shuffled[3:])]
    regrouped = fold_tenants(reduce(lambda left, right: (*left, *right), halves))
    assert correlate(regrouped) == correlate(fold_tenants(parts))


def test_a_language_models_leaf_adds_weight_but_never_a_value() -> None:
    sighting = Sighting(
        kind="ip", key="45.67.229.14", value="45.67.229.14", events=2, first=START, last=START
    )
    tenant = TenantSlice(
        name="t", tenant_uid="t", events=2, first=START, last=START, sightings=(sighting,)
    )
    cited = (Evidence(event_uid="e1"),)
    leaf = CorrelateLeaf(
        indicators=(
            IndicatorFinding(kind="ip", value="45.67.229.14", role="server", evidence=cited),
            IndicatorFinding(kind="ip", value="1.2.3.4", role="invented", evidence=cited),
        ),
        techniques=(
            TechniqueFinding(technique="T1105", evidence=cited),
            TechniqueFinding(technique="T1486", evidence=(Evidence(event_uid="not there"),)),
        ),
    )
    raised = with_findings(tenant, merge_leaves([leaf, leaf]), {"e1": START})
    assert [(one.key, one.direct_level) for one in raised.sightings] == [("45.67.229.14", 3)]
    assert [one.technique for one in raised.techniques] == ["T1105"]
    assert raised.events == 2
