"""Reads the `correlation` section of a Sigma document; pySigma parses, what it says is ours."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sigma.correlations import (
    CorrelationConditionAND,
    CorrelationConditionNOT,
    CorrelationConditionOR,
    SigmaCorrelationRule,
    SigmaExtendedCorrelationCondition,
    SigmaRuleReference,
)
from sigma.exceptions import SigmaError

from sentree.rules.compile import NotRunnable
from sentree.rules.correlation import (
    NUMERIC,
    TEMPORAL,
    AllOf,
    AnyOf,
    BoundOp,
    Bounds,
    Correlation,
    CorrelationType,
    Expression,
    NoneOf,
    Seen,
    ordered_ways,
)

MAX_RULES = 50
MAX_SECONDS = 100 * 366 * 86_400
_OPS: tuple[BoundOp, ...] = ("gt", "gte", "lt", "lte", "eq", "neq")
_WORDS = re.compile(r"\b(and|or|not)\b", re.IGNORECASE)


def parse_correlation(value: Mapping[str, Any]) -> SigmaCorrelationRule:
    """Let pySigma read a correlation document; mistakes are in its `errors`.

    A range (`gt` and `lte` together) and words in capitals (`AND`) are in the specification but
    not in pySigma: it is handed a condition that it takes, and `read_correlation` reads the real
    one.
    """
    section = value.get("correlation")
    if isinstance(section, dict):
        given: dict[str, Any] = {str(key): item for key, item in section.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
        condition = given.get("condition")
        if isinstance(condition, dict):
            named = {key: condition[key] for key in ("field",) if key in condition}  # pyright: ignore[reportUnknownVariableType]
            given["condition"] = {"gte": 1, **named}
        elif isinstance(condition, str):
            given["condition"] = _lowered(condition)
        value = {**value, "correlation": given}
    return SigmaCorrelationRule.from_dict(dict(value), collect_errors=True)


def read_correlation(value: Mapping[str, Any], parsed: SigmaCorrelationRule) -> Correlation:
    """Give what a correlation document says.

    Raises:
        NotRunnable: it says nothing that could be run; the text says why.
    """
    section: Mapping[str, Any] = value["correlation"]
    kind: CorrelationType = parsed.type.name.lower()  # pyright: ignore[reportAssignmentType]
    given: Any = section.get("condition")
    rules = tuple(str(reference.reference) for reference in parsed.rules or ())
    condition: Bounds | Expression
    if isinstance(given, str):
        condition = _expression(_parsed(given))
        rules = rules or tuple(
            SigmaExtendedCorrelationCondition(_lowered(given)).get_referenced_rules()
        )
    elif given is None:
        condition = Bounds((("gte", len(rules)),))
    else:
        condition = _bounds(given)
    if not rules:
        raise NotRunnable("it refers to no rule")
    if len(set(rules)) < len(rules):
        raise NotRunnable("it refers to the same rule twice")
    if len(rules) > MAX_RULES:
        raise NotRunnable(f"it refers to more than {MAX_RULES} rules")
    if parsed.timespan.seconds > MAX_SECONDS:
        raise NotRunnable("its timespan is longer than 100 years")
    correlation = Correlation(
        type=kind,
        rules=rules,
        group_by=tuple(parsed.group_by or ()),
        seconds=parsed.timespan.seconds,
        condition=condition,
        fields=_fields(kind, given),
        percentile=_percentile(kind, given),
        aliases={
            alias.alias: {
                str(reference.reference): str(name) for reference, name in alias.mapping.items()
            }
            for alias in parsed.aliases
        },
        generate=parsed.generate,
    )
    if kind == "temporal_ordered":
        try:
            ordered_ways(correlation)
        except ValueError as error:
            raise NotRunnable(str(error)) from None
    if not correlation.positive:
        raise NotRunnable("its condition can be met without a hit of any rule")
    return correlation


def _lowered(condition: str) -> str:
    return _WORDS.sub(lambda found: found[0].lower(), condition)


def _parsed(condition: str) -> Any:
    try:
        return SigmaExtendedCorrelationCondition(_lowered(condition)).parsed
    except SigmaError as error:
        raise NotRunnable(" ".join(str(error).split())) from None
    except RecursionError:
        raise NotRunnable("its condition is nested too deep") from None


def _expression(tree: Any) -> Expression:
    match tree:
        case SigmaRuleReference():
            return Seen(str(tree.reference))
        case CorrelationConditionAND():
            return AllOf(tuple(_expression(item) for item in tree.args))
        case CorrelationConditionOR():
            return AnyOf(tuple(_expression(item) for item in tree.args))
        case CorrelationConditionNOT():
            return NoneOf(_expression(tree.args[0]))
        case _:
            raise NotRunnable("a part of its condition is empty")


def _bounds(given: Mapping[str, Any]) -> Bounds:
    unknown = sorted(str(key) for key in given if key not in (*_OPS, "field", "percentile"))
    if unknown:
        raise NotRunnable(f"its condition has unknown items: {', '.join(unknown)}")
    limits: list[tuple[BoundOp, float]] = [
        (op, _number(given[op], op)) for op in _OPS if op in given
    ]
    if not limits:
        raise NotRunnable(f"its condition has none of {', '.join(_OPS)}")
    return Bounds(tuple(limits))


def _number(value: Any, name: str) -> float:
    try:
        number = float("nan") if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = float("nan")
    if number != number or number in (float("inf"), float("-inf")):
        raise NotRunnable(f"the '{name}' of its condition is no number")
    return number


def _fields(kind: str, given: Any) -> tuple[str, ...]:
    named: Any = given.get("field") if isinstance(given, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    if kind in TEMPORAL or kind == "event_count":
        return ()
    names = [named] if isinstance(named, str) else named
    if not isinstance(names, list) or not names:
        raise NotRunnable(f"a {kind} correlation needs a 'field' in its condition")
    fields = tuple(str(name) for name in names)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    if kind in NUMERIC and len(fields) > 1:
        raise NotRunnable(f"a {kind} correlation measures one field, not {len(fields)}")
    return fields


def _percentile(kind: str, given: Any) -> float | None:
    if kind != "value_percentile":
        return None
    named: Any = given.get("percentile") if isinstance(given, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    if named is None:
        raise NotRunnable("its condition does not say which 'percentile' is meant")
    percentile = _number(named, "percentile")
    if not 0 <= percentile <= 100:
        raise NotRunnable("its percentile does not lie between 0 and 100")
    return percentile
