from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

import pytest
from ocsf_json_schema import get_ocsf_schema

from ocsf.mappers import MAPPERS
from ocsf.mapping import OCSF_VERSION, Const, Expression, First, Listing, Lookup, Obj, Rule, When

SCHEMA = cast("Mapping[str, Any]", get_ocsf_schema(OCSF_VERSION))
CLASSES = {each["uid"]: each for each in SCHEMA["classes"].values() if "uid" in each}


def numbers(expression: Expression | int) -> Iterator[int]:
    """Give the whole numbers that an expression may have as its value."""
    match expression:
        case bool():
            return
        case int():
            yield expression
        case Const(value=value):
            yield from numbers(cast("int", value)) if isinstance(value, int) else ()
        case Lookup():
            for value in (*expression.table.values(), expression.other, expression.default):
                if isinstance(value, int):
                    yield from numbers(value)
        case First():
            for each in expression.of:
                yield from numbers(each)
        case When():
            yield from numbers(expression.then)
        case _:
            return


def strangers(
    attributes: Mapping[str, Any], path: str, expression: Expression | int
) -> Iterator[tuple[str, int]]:
    """Give the numbers that the enumeration of the attribute at the path does not know."""
    name, _, rest = path.partition(".")
    attribute = attributes.get(name, {})
    inner = SCHEMA["objects"].get(attribute.get("object_type"), {}).get("attributes", {})
    if rest:
        yield from strangers(inner, rest, expression)
    elif isinstance(expression, Obj):
        for below, each in expression.tree.items():
            yield from strangers(inner, below, each)
    elif isinstance(expression, Listing):
        for each in expression.of:
            yield from strangers(attributes, path, each)
    elif known := attribute.get("enum"):
        yield from ((path, each) for each in numbers(expression) if str(each) not in known)


@pytest.mark.parametrize(
    ("mapper", "rule"),
    [(mapper.name, rule) for mapper in MAPPERS.values() for rule in mapper.rules],
    ids=lambda each: each.name if isinstance(each, Rule) else each,
)
def test_a_rule_gives_only_numbers_that_the_schema_knows(mapper: str, rule: Rule):
    attributes = CLASSES[rule.class_uid]["attributes"]
    parts = {
        **MAPPERS[mapper].defaults,
        **rule.tree,
        "activity_id": rule.activity_id,
        "severity_id": rule.severity_id,
    }
    assert [
        each for path, part in parts.items() for each in strangers(attributes, path, part)
    ] == []
