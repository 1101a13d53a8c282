"""Compiles a rule's selections one by one, to tell which of them an event met."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path

from sigma.conditions import ConditionIdentifier
from sigma.rule import SigmaRule

from sentree.rules.compile import compile_tree
from sentree.rules.documents import Unreadable, read_content, read_documents
from sentree.rules.ir import Node
from sentree.rules.load import Rule
from sentree.rules.placeholders import Placeholders, fill_placeholders
from sentree.rules.regex import POLICY
from sentree.rules.rule_values import settled


def selections(rule: Rule, placeholders: Placeholders) -> tuple[tuple[str, Node], ...]:
    """Give a rule's selections by name, in the rule's order.

    There are none when the file has changed since it was read, or is a collection of the old kind.
    """
    parsed = parsed_rule(rule)
    if parsed is None:
        return ()
    found: list[tuple[str, Node]] = []
    # pySigma may trip over one selection that the condition does not use.
    with suppress(Exception):
        fill_placeholders(parsed, placeholders)
    for name in parsed.detection.detections:
        with suppress(Exception):
            tree = ConditionIdentifier([name]).postprocess(parsed.detection)
            found.append((name, compile_tree(tree)))
    return tuple(found)


def conditions(rule: Rule) -> tuple[str, ...]:
    """Give the rule's condition as it is written, or its conditions."""
    parsed = parsed_rule(rule)
    return tuple(parsed.detection.condition) if parsed is not None else ()


def parsed_rule(rule: Rule) -> SigmaRule | None:
    """Read a rule's document again; None when its file has changed since."""
    try:
        content = read_content(Path(rule.path))
        if hashlib.sha256(content).hexdigest() != rule.content_sha256:
            return None
        for document in read_documents(content):
            if document.line == rule.line and isinstance(document.value, dict):
                return SigmaRule.from_dict(
                    settled(document.value), collect_errors=True, policy=POLICY
                )
    except Unreadable:
        return None
    except Exception:
        # As when the rule was read: pySigma raises whatever a malformed value trips over.
        return None
    return None
