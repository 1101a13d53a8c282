"""Puts values in the place of a rule's placeholders (the modifier `expand`).

The values come from a file of the user's: YAML, each name with a value or a list of values.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import yaml

from sentree.errors import UsageError
from sentree.rules.documents import Unreadable, read_content, read_documents

if TYPE_CHECKING:
    from sigma.rule import SigmaDetection, SigmaRule
    from sigma.types import Placeholder, SigmaRegularExpression, SigmaString, SigmaType

    from sentree.rules.load import Rule

Placeholders = Mapping[str, tuple[str, ...]]
_LACKING = "the placeholder %"


def read_placeholders(path: Path) -> Placeholders:
    """Read a file of placeholders.

    Raises:
        UsageError: the file can't be read, or is not a mapping of names to values.
    """
    try:
        documents = list(read_documents(read_content(path)))
    except (Unreadable, yaml.YAMLError) as error:
        raise UsageError(f"placeholders {path}: {error}") from None
    found: dict[str, tuple[str, ...]] = {}
    for document in documents:
        if not isinstance(document.value, dict):
            raise UsageError(f"placeholders {path}:{document.line}: name each list of values")
        for name, value in cast(dict[Any, Any], document.value).items():
            values = cast(list[Any], value) if isinstance(value, list) else [value]
            if not values or any(isinstance(one, dict | list) or one is None for one in values):
                raise UsageError(f"placeholders {path}: {name} must be a value or a list of values")
            found[str(name).strip("%")] = tuple(str(one) for one in values)
    return found


def with_placeholders(rules: Iterable[Rule], placeholders: Placeholders) -> Iterator[Rule]:
    """Give the rules; those that lack nothing but these values can run then.

    A rule is read again for it, so that what is kept of a compiled rule is the same for all files
    of values.
    """
    for rule in rules:
        if rule.condition is None and placeholders and _LACKING in (rule.problem or ""):
            yield _completed(rule, placeholders)
        else:
            yield rule


def _completed(rule: Rule, placeholders: Placeholders) -> Rule:
    from sigma.exceptions import SigmaError

    from sentree.rules.compile import NotRunnable, compile_rule
    from sentree.rules.selections import parsed_rule

    parsed = parsed_rule(rule)
    if parsed is None:
        return rule
    try:
        fill_placeholders(parsed, placeholders)
        return replace(rule, condition=compile_rule(parsed), problem=None)
    except (NotRunnable, SigmaError) as error:
        return replace(rule, problem=" ".join(str(error).split()))


def fill_placeholders(rule: SigmaRule, placeholders: Placeholders) -> None:
    """Replace the rule's placeholders that have values; others stay, and the rule can't run."""
    if placeholders:
        for detection in rule.detection.detections.values():
            _fill(detection, placeholders)


def _fill(detection: SigmaDetection, placeholders: Placeholders) -> None:
    from sigma.rule import SigmaDetectionItem

    for item in detection.detection_items:
        if isinstance(item, SigmaDetectionItem):
            item.value = [_filled(value, placeholders) for value in item.value]
        else:
            _fill(item, placeholders)


def _filled(value: SigmaType, placeholders: Placeholders) -> SigmaType:
    from sigma.types import SigmaCasedString, SigmaExpansion, SigmaRegularExpression, SigmaString

    match value:
        case SigmaExpansion():
            return SigmaExpansion([_filled(one, placeholders) for one in value.values])
        case SigmaRegularExpression() if value.regexp.contains_placeholder():
            texts = value.regexp.replace_placeholders(lambda p: _values(p, placeholders, True))
            if any(text.contains_placeholder() for text in texts):
                return value
            return SigmaExpansion([_regex(value, text) for text in texts])
        case SigmaString() if value.contains_placeholder():
            texts = value.replace_placeholders(lambda p: _values(p, placeholders, False))
            if isinstance(value, SigmaCasedString):
                return SigmaExpansion([SigmaCasedString.from_sigma_string(text) for text in texts])
            return SigmaExpansion(list(texts))
        case _:
            return value


def _values(
    placeholder: Placeholder, placeholders: Placeholders, literal: bool
) -> Iterator[Placeholder | SigmaString]:
    """Give a placeholder's values; in a regex each stands for itself, else wildcards count."""
    from sigma.types import SigmaString

    values = placeholders.get(placeholder.name)
    if values is None:
        yield placeholder
    for text in values or ():
        yield SigmaString(re.escape(text), escape=False) if literal else SigmaString(text)


def _regex(value: SigmaRegularExpression, text: SigmaString) -> SigmaRegularExpression:
    from sigma.types import SigmaRegularExpression

    from sentree.rules.regex import POLICY

    return SigmaRegularExpression(text, set(value.flags), policy=POLICY)
