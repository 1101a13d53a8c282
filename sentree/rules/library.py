"""Reads the rules of a request: packs, placeholders, levels, and which of them take part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from schemas.detection import RuleNote
from schemas.rule_choice import DetectRequest, RuleChoice
from sentree.lake.db import Lake
from sentree.rules.choice import LeftOut, choose
from sentree.rules.load import LoadedRules, LoadError
from sentree.rules.packs import OWN_RULES, Pack, load_packs, open_pack
from sentree.rules.placeholders import read_placeholders
from sentree.rules.stored import stored_pack
from sentree.rules.tuning import read_levels, tuned
from sentree.settings import Settings


@dataclass(frozen=True, slots=True)
class Library:
    """The packs' rules that take part, and each that does not, with its reason."""

    packs: tuple[Pack, ...]
    loaded: LoadedRules
    left_out: tuple[LeftOut, ...]

    @property
    def notes(self) -> tuple[RuleNote, ...]:
        """The rules that take no part, with their reasons, as a report has them."""
        return tuple(rule.note(reason) for rule, reason in self.left_out)


def requested_library(settings: Settings, request: DetectRequest, stored: Lake | None) -> Library:
    """Read the rules that a request asks for; without any named, those that come with Sentree.

    Args:
        settings: the settings.
        request: which rules.
        stored: a lake whose rules take part as well where none are named; of two rules with one
            id the lake's counts.

    Raises:
        UsageError: an archive, a manifest or one of the files can't be read.
        LakeError: the lake's rules can't be read.
    """
    cache = settings.home / "packs"
    paths: list[str | Path] = [*request.rules]
    if not paths:
        tenant = request.tenant_uid or settings.tenant
        kept = stored_pack(stored, tenant, cache) if stored else None
        paths = [*([kept] if kept else []), OWN_RULES]
    return read_library(
        paths,
        cache=cache,
        rule_cache=settings.rule_cache,
        choice=request.choice,
        levels=Path(request.levels) if request.levels else None,
        placeholders=Path(request.placeholders) if request.placeholders else None,
    )


def read_library(
    paths: Sequence[str | Path],
    *,
    cache: Path,
    choice: RuleChoice,
    rule_cache: Path | None = None,
    levels: Path | None = None,
    placeholders: Path | None = None,
) -> Library:
    """Read the rules of folders, files and zip archives.

    Args:
        paths: the packs.
        cache: the folder where archives are unpacked.
        choice: which rules take part; levels are tuned before.
        rule_cache: where compiled rules are kept.
        levels: a file of levels by rule id.
        placeholders: a file of values for `expand`.

    Raises:
        UsageError: an archive, a manifest or one of the files can't be read.
    """
    places = read_placeholders(placeholders) if placeholders else {}
    packs = tuple(open_pack(Path(path), cache) for path in paths)
    loaded = load_packs(packs, cache=rule_cache, placeholders=places)
    errors = list(loaded.errors)
    rules = loaded.rules
    if levels is not None:
        wanted = read_levels(levels)
        known = {rule.rule_uid for rule in rules}
        errors += [
            LoadError(str(levels), 1, f"there is no rule {uid}", fatal=False)
            for uid in wanted
            if uid not in known
        ]
        rules = tuned(rules, wanted)
    chosen, left_out = choose(rules, choice)
    return Library(packs, LoadedRules(chosen, tuple(errors), places), left_out)
