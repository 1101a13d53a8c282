"""The options that say which rules to use, shared by `detect` and `rules`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from schemas.rule_choice import Level, Status
from sentree.cli.common import Common

if TYPE_CHECKING:
    from schemas.rule_choice import DetectRequest
    from schemas.window import Window
    from sentree.lake.db import Lake
    from sentree.rules.library import Library
    from sentree.settings import Settings


@Parameter(name="*")
@dataclass(frozen=True)
class RuleOptions:
    """Which rules to use."""

    rules: Annotated[
        tuple[Path, ...],
        Parameter(help="Rule packs: folders, files, zips; without it, those of Sentree."),
    ] = ()
    status: Annotated[tuple[Status, ...], Parameter(help="Only rules of these statuses.")] = ()
    level: Annotated[tuple[Level, ...], Parameter(help="Only rules of these levels.")] = ()
    min_level: Annotated[Level | None, Parameter(help="Only rules of this level or higher.")] = None
    tag: Annotated[
        tuple[str, ...],
        Parameter(
            help="Only rules with one of these tags; T1059 has its sub-techniques, * counts."
        ),
    ] = ()
    logsource: Annotated[
        tuple[str, ...],
        Parameter(help="Only rules of these log sources, such as windows/process_creation."),
    ] = ()
    exclude_status: Annotated[tuple[Status, ...], Parameter(help="No rules of these.")] = ()
    exclude_level: Annotated[tuple[Level, ...], Parameter(help="No rules of these.")] = ()
    exclude_tag: Annotated[tuple[str, ...], Parameter(help="No rules with these.")] = ()
    exclude_logsource: Annotated[tuple[str, ...], Parameter(help="No rules of these.")] = ()
    exclude_rules: Annotated[
        tuple[Path, ...],
        Parameter(help="Files of rule ids to leave out, one a line, # begins the reason."),
    ] = ()
    levels: Annotated[
        Path | None, Parameter(help="File of levels: YAML, 'rule id: level' a line.")
    ] = None
    placeholders: Annotated[
        Path | None, Parameter(help="File of values for %placeholders%: YAML, name: [values].")
    ] = None

    def request(self, window: Window | None = None) -> DetectRequest:
        """Give what the options ask for.

        Raises:
            UsageError: a list of rules to leave out can't be read.
        """
        from schemas.rule_choice import DetectRequest, RuleChoice
        from sentree.rules.choice import read_exclusions

        rules_out: dict[str, str] = {}
        for path in self.exclude_rules:
            rules_out |= read_exclusions(path)
        return DetectRequest(
            rules=tuple(str(path) for path in self.rules),
            choice=RuleChoice(
                status=self.status,
                level=self.level,
                min_level=self.min_level,
                tag=self.tag,
                logsource=self.logsource,
                not_status=self.exclude_status,
                not_level=self.exclude_level,
                not_tag=self.exclude_tag,
                not_logsource=self.exclude_logsource,
                rules_out=rules_out,
            ),
            levels=str(self.levels) if self.levels else None,
            placeholders=str(self.placeholders) if self.placeholders else None,
            window=window,
        )

    def library(self, settings: Settings, common: Common, *, stored: Lake | None = None) -> Library:
        """Read the rules; say of every file and rule that is not used why.

        Where no pack is named, the rules of the lake `stored` take part as well.

        Raises:
            UsageError: a pack or one of the files can't be read.
        """
        from sentree.rules.library import requested_library

        library = requested_library(settings, self.request(), stored)
        for problem in library.loaded.errors if not common.quiet else ():
            common.say(f"rule not used: {problem}" if problem.fatal else f"note: {problem}")
        return library


ALL_RULES = RuleOptions()
