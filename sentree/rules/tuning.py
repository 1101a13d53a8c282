"""Gives rules the levels that a site's own file says, rule id by rule id."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from sentree.errors import UsageError
from sentree.rules.choice import LEVELS
from sentree.rules.documents import Unreadable, read_content, read_documents
from sentree.rules.load import Rule


def read_levels(path: Path) -> Mapping[str, str]:
    """Read a file of levels: YAML, `rule id: level` a line.

    Raises:
        UsageError: the file can't be read, or names a level that Sigma does not have.
    """
    try:
        documents = list(read_documents(read_content(path)))
    except Unreadable as error:
        raise UsageError(f"levels {path}:{error.line}: {error}") from None
    levels: dict[str, str] = {}
    for document in documents:
        if not isinstance(document.value, dict):
            raise UsageError(f"levels {path}:{document.line}: write 'rule id: level' a line")
        for uid, level in cast(dict[Any, Any], document.value).items():
            if level not in LEVELS:
                raise UsageError(
                    f"levels {path}: {uid}: '{level}' is no level; use {', '.join(LEVELS)}"
                )
            levels[str(uid)] = level
    return levels


def tuned(rules: Iterable[Rule], levels: Mapping[str, str]) -> tuple[Rule, ...]:
    """Give the rules with the levels that the file names for them."""
    return tuple(
        replace(rule, level=levels[rule.rule_uid]) if rule.rule_uid in levels else rule
        for rule in rules
    )
