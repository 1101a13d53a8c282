"""Learns from a folder of tagged rules that the user names; the tags are labels, never input."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from models.techniques import Example, TechniqueRanker
from models.techniques.examples import MAX_EXAMPLES
from models.techniques.ranker import MIN_EXAMPLES
from models.techniques.trained import Trained
from schemas.map_rules import RejectedRule
from sentree.analysis.map_rules.mapper import EDITION, Ground, today
from sentree.analysis.map_rules.reading import find_rule_files, read_rule_file, without_doubles
from sentree.analysis.map_rules.texts import RuleText
from sentree.errors import ConfigurationError, UsageError


class Training(NamedTuple):
    """What training read and learned. `unknown` are tags that ATT&CK does not have."""

    ranker: TechniqueRanker
    examples: tuple[Example, ...]
    without_label: int
    rejected: tuple[RejectedRule, ...]
    unknown: tuple[str, ...]


def train(ground: Ground, paths: Sequence[str]) -> Training:
    """Learn from the tagged rules of some files and folders.

    Raises:
        UnreadableInputError: a path names nothing.
        UsageError: there are too few or too many tagged rules.
    """
    files = without_doubles(read_rule_file(path) for path in find_rule_files(paths))
    rules = [rule for file in files for rule in file.rules]
    examples = tuple(one for rule in rules if (one := example(rule)).techniques)
    if not MIN_EXAMPLES <= len(examples) <= MAX_EXAMPLES:
        raise UsageError(
            f"{len(examples)} of {len(rules)} rules carry a technique; training needs "
            f"{MIN_EXAMPLES} to {MAX_EXAMPLES:,}: name a folder with more, or without --trained"
        )
    tags = dict.fromkeys(uid for rule in rules for uid in rule.own)
    return Training(
        ranker=TechniqueRanker.fit(ground.signals, examples),
        examples=examples,
        without_label=len(rules) - len(examples),
        rejected=tuple(one for file in files for one in file.rejected),
        unknown=tuple(uid for uid in tags if not today([uid])),
    )


def example(rule: RuleText) -> Example:
    """Make a labelled text of a rule: its tags in today's ids."""
    by = f" by {rule.author}" if rule.author else ""
    return Example(rule.text, today(rule.own), f"{rule.title}{by}")


def save(ground: Ground, training: Training, file: Path) -> None:
    """Write the trained file.

    Raises:
        ConfigurationError: it can't be written.
    """
    learned = training.ranker.examples
    stored = Trained.of(
        EDITION,
        ground.embedder.body if ground.embedder else "",
        training.ranker.weights,
        training.examples,
        learned.vectors if learned else None,
    )
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        stored.write(file)
    except OSError as error:
        raise ConfigurationError(f"{file} can't be written: {error.strerror}") from None
