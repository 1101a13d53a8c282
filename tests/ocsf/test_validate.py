from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocsf.validate import Weight, hard_findings, nearest_version, validate


def launch(**changes: Any) -> dict[str, Any]:
    event: dict[str, Any] = {
        "class_uid": 1007,
        "category_uid": 1,
        "activity_id": 1,
        "type_uid": 100701,
        "severity_id": 1,
        "time": 1_932_897_600_123,
        "metadata": {"version": "1.8.0", "product": {"name": "Lamp"}},
        "process": {"pid": 7},
        "actor": {"user": {"name": "mira"}},
        "device": {"hostname": "DESK-07", "type_id": 0},
    }
    return event | changes


def found(event: dict[str, Any]) -> set[tuple[str, str, str]]:
    return {(each.weight.value, each.code, each.path) for each in validate(event)}


def test_a_good_event_has_no_findings():
    assert validate(launch()) == []


@pytest.mark.parametrize(
    ("changes", "code", "path"),
    [
        ({"time": "noon"}, "wrong_type", "time"),
        ({"severity_id": 42}, "wrong_value", "severity_id"),
        ({"category_uid": 4}, "wrong_value", "category_uid"),
        ({"class_uid": None}, "missing_class_uid", "class_uid"),
        ({"class_uid": 1099}, "unknown_class_uid", "class_uid"),
        ({"type_uid": 100702}, "type_uid_mismatch", "type_uid"),
        ({"actor": None}, "missing_required", "actor"),
        ({"process": {"name": "a"}}, "constraint", "process"),
        ({"device": {"ip": "300.1.1.1", "type_id": 0}}, "wrong_format", "device.ip"),
        ({"metadata": {"version": "1.8.0"}}, "missing_required", "metadata.product"),
    ],
)
def test_what_a_consumer_could_misread_is_hard(changes: dict[str, Any], code: str, path: str):
    assert ("hard", code, path) in found(launch(**changes))


def test_unknown_attributes_nulls_and_profiles_that_are_off_are_soft():
    event = launch(
        shoe_size=44, message=None, cloud={"provider": "AWS"}, process={"pid": 7, "x": 1}
    )
    assert found(event) == {
        ("soft", "unknown_attribute", "shoe_size"),
        ("soft", "unknown_attribute", "process.x"),
        ("soft", "profile_not_enabled", "cloud"),
        ("soft", "null", "message"),
    }
    assert hard_findings(event) == []


def test_a_profile_that_is_on_brings_its_attributes_and_what_they_require():
    metadata = {"version": "1.8.0", "product": {"name": "Lamp"}, "profiles": ["cloud", "no such"]}
    event = launch(metadata=metadata)
    assert found(event) == {("hard", "missing_required", "cloud")}
    assert validate(event | {"cloud": {"provider": "AWS"}}) == []


def test_exactly_one_of_two_attributes_is_checked():
    session = {
        **launch(class_uid=3003, category_uid=3, type_uid=300301),
        "user": {"name": "mira"},
    }
    del session["process"], session["device"]
    both = session | {"privileges": ["SeDebugPrivilege"], "group": {"name": "admins"}}
    assert ("hard", "constraint", "") in found(both)
    assert ("hard", "constraint", "") in found(session)


def test_an_event_is_checked_against_the_schema_of_its_own_version():
    old = launch(metadata={"version": "1.0.0", "product": {"name": "Lamp", "vendor_name": "H"}})
    assert found(old) == {("hard", "missing_required", "actor.user.type_id")}
    assert validate(old | {"actor": {"user": {"name": "mira", "type_id": 1}}}) == []
    script = launch(class_uid=1009, type_uid=100901, metadata=old["metadata"])
    assert [each.code for each in validate(script)] == ["unknown_class_uid"]


@pytest.mark.parametrize(
    ("given_version", "used"),
    [
        ("1.0.0-rc.2", "1.0.0-rc.2"),
        ("1.0.0-rc.9", "1.0.0-rc.3"),
        ("1.0.0", "1.0.0"),
        ("1.3.7", "1.3.0"),
        ("1.10.0", "1.8.0"),
        ("2", "1.8.0"),
        ("0.9", "1.0.0-rc.2"),
        ("", "1.0.0-rc.2"),
        (None, "1.8.0"),
        ("9" * 5000, "1.8.0"),
    ],
)
def test_the_nearest_lower_version_is_used(given_version: object, used: str):
    assert nearest_version(given_version) == used


def test_a_bomb_of_nesting_is_a_finding_not_a_crash():
    deep: dict[str, Any] = {}
    for _ in range(100_000):
        deep = {"a": deep}
    assert [each.weight for each in validate(launch(unmapped=deep))] == [Weight.HARD]


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


@given(st.sampled_from(sorted(launch())), values)
def test_no_value_anywhere_makes_the_check_fail(name: str, value: Any):
    validate(launch(**{name: value}))
