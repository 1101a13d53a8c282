"""Which rules take part: by status, level, tag, log source, and by a list of noisy ones."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

from schemas.rule_choice import RuleChoice
from sentree.errors import UsageError
from sentree.rules.load import Rule

LEVELS = ("informational", "low", "medium", "high", "critical")
STATUSES = ("stable", "test", "experimental", "deprecated", "unsupported")
_TECHNIQUE = re.compile(r"t\d{4}(\.\d{3})?", re.IGNORECASE)


class LeftOut(NamedTuple):
    """A rule that takes no part, and why."""

    rule: Rule
    reason: str


def rank(level: str) -> int:
    """Give a level's place, -1 for none."""
    return LEVELS.index(level) if level in LEVELS else -1


def refusal(choice: RuleChoice, rule: Rule) -> str | None:
    """Say why a rule takes no part, None if it does."""
    level, status = rule.level or "none", rule.status or "none"
    if rule.rule_uid in choice.rules_out:
        return choice.rules_out[rule.rule_uid] or "is excluded"
    if (choice.status and status not in choice.status) or status in choice.not_status:
        return f"status {status}"
    if (choice.level and level not in choice.level) or level in choice.not_level:
        return f"level {level}"
    if choice.min_level and rank(level) < rank(choice.min_level):
        return f"level {level}"
    if choice.tag and not any(_tagged(rule, tag) for tag in choice.tag):
        return "no tag that was asked for"
    without = next((tag for tag in choice.not_tag if _tagged(rule, tag)), None)
    if without is not None:
        return f"tag {without}"
    if choice.logsource and not any(_from(rule, words) for words in choice.logsource):
        return f"log source {rule.logsource}"
    if any(_from(rule, words) for words in choice.not_logsource):
        return f"log source {rule.logsource}"
    return None


def choose(
    rules: Iterable[Rule], choice: RuleChoice
) -> tuple[tuple[Rule, ...], tuple[LeftOut, ...]]:
    """Give the rules that take part, and the others, each with its reason."""
    chosen: list[Rule] = []
    left_out: list[LeftOut] = []
    for rule in rules:
        reason = refusal(choice, rule)
        if reason is None:
            chosen.append(rule)
        else:
            left_out.append(LeftOut(rule, reason))
    return tuple(chosen), tuple(left_out)


def read_exclusions(path: Path) -> Mapping[str, str]:
    """Read a list of noisy or unwanted rules: an id a line, `#` begins the reason.

    Raises:
        UsageError: the file can't be read.
    """
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"list of rules to leave out {path}: can't be read: {error}") from None
    found: dict[str, str] = {}
    for line in lines:
        uid, _, reason = line.partition("#")
        # Lists of other tools are YAML lists of ids.
        uid = uid.strip().removeprefix("-").strip().strip("'\"")
        if uid:
            found[uid] = f"excluded: {reason.strip()}" if reason.strip() else "is excluded"
    return found


def _tagged(rule: Rule, wanted: str) -> bool:
    wanted = wanted.lower()
    if _TECHNIQUE.fullmatch(wanted):
        technique = wanted.upper()
        return any(one == technique or one.startswith(f"{technique}.") for one in rule.techniques)
    plain = wanted.replace("_", "-")
    return any(
        fnmatchcase(tag, plain) or fnmatchcase(tag.removeprefix("attack."), plain)
        for tag in (tag.lower().replace("_", "-") for tag in rule.tags)
    )


def _from(rule: Rule, words: str) -> bool:
    source = rule.logsource
    names = {source.category, source.product, source.service}
    return all(word in names for word in re.split(r"[/,\s]+", words.strip().lower()) if word)
