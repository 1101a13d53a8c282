"""Which Sigma rules take part in a run, and what a run of them is asked to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from schemas.base import Frozen
from schemas.window import Window

Level = Literal["informational", "low", "medium", "high", "critical"]
Status = Literal["stable", "test", "experimental", "deprecated", "unsupported"]


class RuleChoice(Frozen):
    """What rules must be (empty: anything) and must not be; `rules_out` are ids with a reason.

    A tag may hold `*`; T1059 stands for the technique with its sub-techniques. A log source is
    named by one or more of its words, as in `windows/process_creation`.
    """

    status: tuple[Status, ...] = ()
    level: tuple[Level, ...] = ()
    min_level: Level | None = None
    tag: tuple[str, ...] = ()
    logsource: tuple[str, ...] = ()
    not_status: tuple[Status, ...] = ()
    not_level: tuple[Level, ...] = ()
    not_tag: tuple[str, ...] = ()
    not_logsource: tuple[str, ...] = ()
    rules_out: Mapping[str, str] = Field(default_factory=dict[str, str])


class DetectRequest(Frozen):
    """Rules to run over a tenant's events.

    Without `rules` (folders, files, zip archives), those that come with Sentree; without
    `tenant_uid`, the setting's tenant. `levels` and `placeholders` are YAML files. `again`
    searches all events with all rules, whatever they have seen. `chunk_events` is about how many
    events a task run searches.
    """

    title: str = "detect"
    rules: tuple[str, ...] = ()
    choice: RuleChoice = RuleChoice()
    levels: str | None = None
    placeholders: str | None = None
    window: Window | None = None
    tenant_uid: str | None = None
    again: bool = False
    chunk_events: Annotated[int, Field(ge=1)] = 50_000
