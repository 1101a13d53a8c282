"""Sigma rules as rows of the lake, each with the text of its own document."""

from __future__ import annotations

import re
from hashlib import sha256
from pathlib import Path
from typing import Any

from sentree.lake.knowledge import Delivery
from sentree.lake.records import Reject
from sentree.rules.load import load_rules

COLUMNS = (
    "rule_uid",
    "kind",
    "title",
    "level",
    "status",
    "modified",
    "problem",
    "document",
    "source_line",
)
_SEPARATOR = re.compile(r"^---\s*$", re.MULTILINE)
_MODIFIED = re.compile(r"^(?:modified|date):\s*['\"]?([0-9/-]{8,10})", re.MULTILINE)


def rule_delivery(path: str, size: int, digest: str) -> Delivery:
    """Read the rules of one file; one that can't be run is kept with the reason."""
    loaded = load_rules([path])
    text = Path(path).read_bytes().decode("utf-8", "replace")
    lines = text.splitlines(keepends=True)
    starts = sorted({rule.line for rule in loaded.rules})
    columns: dict[str, list[Any]] = {name: [] for name in COLUMNS}
    key: list[str] = []
    for rule in loaded.rules:
        after = next((line for line in starts if line > rule.line), len(lines) + 1)
        document = _SEPARATOR.split("".join(lines[rule.line - 1 : after - 1]))
        own = next((part for part in document if part.strip()), text)
        dated = _MODIFIED.findall(own)
        row: dict[str, Any] = {
            "rule_uid": rule.rule_uid,
            "kind": _kind(own),
            "title": rule.title,
            "level": rule.level,
            "status": rule.status,
            "modified": max(dated, default=None),
            "problem": rule.problem,
            "document": own,
            "source_line": rule.line,
        }
        for name, column in columns.items():
            column.append(row[name])
        key.append(f"{rule.rule_uid}@{sha256(own.strip().encode()).hexdigest()[:32]}")
    unread = [error for error in loaded.errors if error.fatal]
    return Delivery(
        path=path,
        sha256=digest,
        size=size,
        format="sigma",
        table="rule_documents",
        columns=columns,
        key=key,
        rejects=[Reject(one.line, one.reason, "", 0) for one in unread],
        issues=_issues(columns["problem"], len(loaded.errors) - len(unread)),
    )


def _kind(document: str) -> str:
    for kind in ("correlation", "filter"):
        if re.search(rf"^{kind}:", document, re.MULTILINE):
            return kind
    return "rule"


def _issues(problems: list[str | None], doubts: int) -> dict[str, int]:
    found = {"can't be run": sum(one is not None for one in problems), "has a flaw": doubts}
    return {reason: count for reason, count in found.items() if count}
