"""Turns a parsed Sigma condition (pySigma's tree) into the compiler's own form."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_network
from typing import TYPE_CHECKING, Any

from sigma.conditions import (
    ConditionAND,
    ConditionFieldEqualsValueExpression,
    ConditionNOT,
    ConditionOR,
    ConditionValueExpression,
)
from sigma.types import (
    CompareOperators,
    Placeholder,
    SigmaBool,
    SigmaCasedString,
    SigmaCIDRExpression,
    SigmaCompareExpression,
    SigmaExists,
    SigmaExpansion,
    SigmaFieldReference,
    SigmaNull,
    SigmaNumber,
    SigmaRegularExpression,
    SigmaString,
    SigmaTimestampPart,
    SpecialChars,
)

from sentree.rules.ir import (
    Absent,
    And,
    Atom,
    DatePart,
    Exists,
    Network,
    Node,
    Not,
    Number,
    NumberOp,
    Or,
    Pattern,
    SameAs,
    Text,
    TextOp,
    TimePart,
)
from sentree.rules.regex import regex_problem

if TYPE_CHECKING:
    from sigma.rule import SigmaDetections, SigmaRule

_COMPARISONS: dict[CompareOperators, NumberOp] = {
    CompareOperators.LT: "<",
    CompareOperators.LTE: "<=",
    CompareOperators.GT: ">",
    CompareOperators.GTE: ">=",
}


class NotRunnable(Exception):
    """The rule is well formed but can't be run; the text says why."""


def compile_rule(rule: SigmaRule) -> Node:
    """Compile a rule's conditions; several conditions are alternatives.

    Raises:
        NotRunnable: a value or modifier has no meaning that could be run.
        sigma.exceptions.SigmaError: the condition does not parse.
    """
    return compile_detections(rule.detection)


def compile_detections(detections: SigmaDetections) -> Node:
    """Compile the conditions of a `detection` or `filter` section, as `compile_rule` does."""
    nodes = [_node(condition.parsed) for condition in detections.parsed_condition]
    if not nodes:
        raise NotRunnable("the rule has no condition")
    return _or(nodes)


def _node(tree: Any) -> Node:
    match tree:
        case ConditionAND():
            return _and([_node(arg) for arg in tree.args])
        case ConditionOR():
            return _or([_node(arg) for arg in tree.args])
        case ConditionNOT():
            return Not(_node(tree.args[0]))
        case ConditionFieldEqualsValueExpression():
            return _field_value(tree.field, tree.value)
        case ConditionValueExpression():
            return _keyword(tree.value)
        case _:
            raise NotRunnable("a part of the condition is empty")


def _field_value(field: str, value: Any) -> Node:
    match value:
        case SigmaExpansion():
            return _or([_field_value(field, item) for item in value.values])
        case SigmaString():
            return _text(field, value)
        case SigmaTimestampPart():
            return _time_part(field, value, "=")
        case SigmaNumber():
            return Number(field, "=", value.number)
        case SigmaBool():
            return Text(field, "equals", "true" if value.boolean else "false")
        case SigmaNull():
            return Absent(field)
        case SigmaExists():
            return Exists(field) if value.exists else Not(Exists(field))
        case SigmaRegularExpression():
            return Pattern(field, _regex(value))
        case SigmaCIDRExpression():
            return _network(field, value.cidr)
        case SigmaCompareExpression():
            if value.op == CompareOperators.NEQ:
                return Not(Number(field, "=", value.number.number))
            if isinstance(value.number, SigmaTimestampPart):
                return _time_part(field, value.number, _COMPARISONS[value.op])
            return Number(field, _COMPARISONS[value.op], value.number.number)
        case SigmaFieldReference():
            return SameAs(field, value.field, _reference_op(value))
        case _:
            raise NotRunnable(f"values of type {type(value).__name__} are not supported")


def _time_part(field: str, value: SigmaTimestampPart, op: NumberOp) -> TimePart:
    part: DatePart = value.timestamp_part.name.lower()  # pyright: ignore[reportAssignmentType]
    return TimePart(field, part, int(value.number), op)


def _keyword(value: Any) -> Node:
    match value:
        case SigmaExpansion():
            return _or([_keyword(item) for item in value.values])
        case SigmaRegularExpression():
            return Pattern(None, _regex(value))
        case SigmaString():
            everywhere = SpecialChars.WILDCARD_MULTI
            text = value
            if not text.startswith(everywhere):
                text = everywhere + text
            if not text.endswith(everywhere):
                text = text + everywhere
            if isinstance(value, SigmaCasedString):
                text = SigmaCasedString.from_sigma_string(text)
            return _text(None, text)
        case SigmaNumber() | SigmaBool():
            return Text(None, "contains", str(value))
        case _:
            raise NotRunnable(f"keywords of type {type(value).__name__} are not supported")


def _text(field: str | None, value: SigmaString) -> Atom:
    cased = isinstance(value, SigmaCasedString)
    parts: list[str | SpecialChars] = []
    for part in value.s:
        if isinstance(part, Placeholder):
            raise NotRunnable(f"the placeholder %{part.name}% has no values")
        if part is SpecialChars.WILDCARD_MULTI and parts and parts[-1] is part:
            continue
        parts.append(part)
    many = SpecialChars.WILDCARD_MULTI
    ops: dict[tuple[bool, bool], TextOp] = {
        (False, False): "equals",
        (True, False): "endswith",
        (False, True): "startswith",
        (True, True): "contains",
    }
    if parts == [many]:
        return Text(field, "contains", "", cased) if field is None else Exists(field)
    opens, closes = bool(parts) and parts[0] is many, bool(parts) and parts[-1] is many
    inner = parts[opens : len(parts) - closes]
    if all(isinstance(part, str) for part in inner):
        literal = "".join(part for part in inner if isinstance(part, str))
        return Text(field, ops[opens, closes], literal, cased)
    return Text(field, "like", "".join(map(_like, parts)), cased)


def _like(part: str | SpecialChars) -> str:
    if part is SpecialChars.WILDCARD_MULTI:
        return "%"
    if part is SpecialChars.WILDCARD_SINGLE:
        return "_"
    assert isinstance(part, str)
    return part.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _regex(value: SigmaRegularExpression) -> str:
    for part in value.regexp.s:
        if isinstance(part, Placeholder):
            raise NotRunnable(f"the placeholder %{part.name}% has no values")
    regex = value.escape((), escape_escape_char=False)  # pyright: ignore[reportArgumentType]
    problem = regex_problem(regex)
    if problem:
        raise NotRunnable(f"unsupported regex '{regex}': {problem}")
    return regex


def _network(field: str, cidr: str) -> Network:
    network = ip_network(cidr)
    if isinstance(network, IPv6Network):
        low, high = network[0].ipv4_mapped, network[-1].ipv4_mapped
        if low is not None and high is not None:
            return Network(field, address_key(low), address_key(high))
    return Network(field, address_key(network[0]), address_key(network[-1]))


def compile_tree(tree: Any) -> Node:
    """Compile a part of a parsed condition.

    Raises:
        NotRunnable: a value or modifier has no meaning that could be run.
    """
    return _node(tree)


def address_key(address: IPv4Address | IPv6Address) -> str:
    """Write an address so that keys of one family sort as the addresses do."""
    return f"{address.version}:{int(address):0{address.max_prefixlen // 4}x}"


def _reference_op(value: SigmaFieldReference) -> TextOp:
    if value.starts_with and value.ends_with:
        return "contains"
    if value.starts_with:
        return "startswith"
    return "endswith" if value.ends_with else "equals"


def _and(nodes: list[Node]) -> Node:
    return nodes[0] if len(nodes) == 1 else And(tuple(nodes))


def _or(nodes: list[Node]) -> Node:
    return nodes[0] if len(nodes) == 1 else Or(tuple(nodes))
