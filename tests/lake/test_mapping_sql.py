from __future__ import annotations

import json
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mapped_records import Mapped, lines, map_documents, pair_names

from ocsf.columns import OBSERVABLE_COLUMNS, PROMOTED
from ocsf.mappers import MAPPERS
from sentree.lake.mapping_promoted import attributes_of, promoted_select
from sentree.lake.mapping_sql import json_path

EXAMPLES = settings(
    max_examples=2, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
SEEDS = {
    name: [
        json.loads(line)
        for pair in pair_names()
        if pair.split("-")[0] == name
        for line in lines(f"{pair}.input.jsonl")
    ]
    for name in MAPPERS
    if any(pair.split("-")[0] == name for pair in pair_names())
}
EXPECTED = {
    name: [
        json.loads(line)["event"]
        for pair in pair_names()
        if pair.split("-")[0] == name
        for line in lines(f"{pair}.expected.jsonl")
    ]
    for name in MAPPERS
    if any(pair.split("-")[0] == name for pair in pair_names())
}
SEEDED = [name for name in MAPPERS if SEEDS.get(name)]
"""The mappers of JSON; those of text lines are tried with lines."""
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20) | st.sampled_from(
    [
        *("", "-", "null", "NaN", '"', "\\", '":null,', "0x1f", "0xffffffffffffffffff", "1e400"),
        *("epoch", "infinity", "2031-13-45T99:99:99Z", "9" * 400, "::ffff:1.2.3.4", "%%1842"),
        *("/", "\\\\", "{}"),
    ]
)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=-(10**400), max_value=10**400)
    | st.floats(allow_nan=True, allow_infinity=True)
    | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


@st.composite
def spoilt(draw: st.DrawFn, name: str) -> Any:
    """Draw a record of the format with some of its fields, at any depth, replaced."""
    record = json.loads(json.dumps(draw(st.sampled_from(SEEDS[name]))))
    for _ in range(draw(st.integers(0, 6))):
        place = record
        while isinstance(place, dict) and place:
            key = draw(st.sampled_from(sorted(place)))
            if not isinstance(place[key], dict) or draw(st.booleans()):
                place[key] = draw(values)
                break
            place = place[key]
    return record


def assert_sound(mapped: Mapped) -> None:
    event = mapped.event
    assert isinstance(event, dict)
    assert no_nulls(event), mapped.text
    assert all(isinstance(issue, str) for issue in mapped.issues)


def no_nulls(value: Any) -> bool:
    if isinstance(value, dict):
        return all(no_nulls(each) for each in value.values())
    if isinstance(value, list):
        return all(no_nulls(each) for each in value)
    return value is not None


@pytest.mark.parametrize("name", SEEDED)
@EXAMPLES
@given(data=st.data())
def test_any_record_becomes_sound_json(name: str, data: st.DataObject):
    record = st.one_of(spoilt(name), values)
    documents = [json.dumps(each) for each in data.draw(st.lists(record, min_size=10, max_size=40))]
    mapped = map_documents(name, documents, planned_fast=True)
    assert len(mapped) == len(documents)
    for each in mapped:
        assert_sound(each)
        if name != "ocsf":
            assert each.event["metadata"]["version"] == "1.8.0"
            assert each.event["type_uid"] == (
                each.event["class_uid"] * 100 + each.event["activity_id"]
            )
            assert ("time" in each.event) == (each.time is not None)


@pytest.mark.parametrize("name", SEEDED)
def test_a_record_nested_a_thousand_deep_is_mapped(name: str):
    deep = '{"a":' * 1000 + "null" + "}" * 1000
    seed = json.dumps(SEEDS[name][0] if isinstance(SEEDS[name][0], dict) else {"message": "x"})
    document = seed[:-1] + f', "requestParameters": {deep}}}'
    (mapped,) = map_documents(name, [document], planned_fast=True)
    assert mapped.text.startswith('{"')
    assert ":null}" not in mapped.text


@pytest.mark.parametrize("name", list(SEEDS))
def test_an_empty_relation_gives_no_events(name: str):
    assert map_documents(name, [], planned_fast=True) == []


def promoted(
    events: list[dict[str, Any]], attributes: frozenset[str] | None = None
) -> list[dict[str, Any]]:
    connection = duckdb.connect()
    connection.execute("CREATE TABLE mapped (seq BIGINT, event VARCHAR)")
    rows = [(number, json.dumps(event)) for number, event in enumerate(events)]
    connection.executemany("INSERT INTO mapped VALUES (?, ?)", rows)
    cursor = connection.execute(
        f"SELECT * FROM ({promoted_select('mapped', attributes)}) ORDER BY seq"
    )
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def test_promoted_columns_come_in_order_after_those_of_the_relation():
    (row,) = promoted([{}])
    assert list(row) == ["seq", "event", *(column.name for column in PROMOTED), "observables"]
    assert all(row[column.name] is None for column in PROMOTED)
    assert row["observables"] == []


@pytest.mark.parametrize("name", EXPECTED)
def test_all_that_a_mapper_gives_is_looked_for_in_its_events(name: str):
    events = EXPECTED[name]
    assert promoted(events, attributes_of(MAPPERS[name])) == promoted(events)


def test_a_promoted_column_takes_the_first_path_that_holds_a_value():
    event = {
        "class_uid": 4001,
        "type_uid": 20100101,
        "device": {"hostname": "", "name": "desk"},
        "actor": {"user": {"uid": "S-1"}},
        "src_endpoint": {"ip": "192.0.2.1", "port": 70000},
        "dst_endpoint": {"ip": "192.0.2.1", "hostname": "desk"},
        "process": {"pid": "many"},
    }
    (row,) = promoted([event])
    assert row["device_host"] == "desk"
    assert row["actor_user"] == "S-1"
    assert row["src_port"] == 70000
    assert row["process_pid"] is None
    assert row["observables"] == ["desk", "S-1", "192.0.2.1"]
    assert set(OBSERVABLE_COLUMNS) < set(row)


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("Image", '$."Image"'),
        ("Event.System.#attributes.Name", '$."Event"."System"."#attributes"."Name"'),
        ('"id.orig_h"', '$."id.orig_h"'),
        ("resources[0].ARN", '$."resources"[0]."ARN"'),
        ("$", "$"),
    ],
)
def test_a_field_name_becomes_a_json_path_with_every_key_quoted(name: str, path: str):
    assert json_path(name) == path
