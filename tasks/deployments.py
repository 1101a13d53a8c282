"""Reads a deployment file: what `prefect deploy` makes of it, `sentree serve` makes too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sentree.errors import ConfigurationError, UsageError

FILE = "prefect.yaml"


class ScheduleEntry(BaseModel):
    """A schedule of a deployment, by cron or by seconds."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    cron: str | None = None
    interval: float | None = None
    timezone: str | None = None
    active: bool = False

    @property
    def shown(self) -> str:
        """The schedule in words."""
        when = f"cron {self.cron}" if self.cron else f"every {self.interval:g} s"
        return when if self.active else f"{when} (inactive)"


class DeploymentEntry(BaseModel):
    """One deployment of the file; what this product does not use is left to Prefect."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    name: str
    entrypoint: str
    description: str | None = None
    tags: tuple[str, ...] = ()
    parameters: dict[str, Any] = Field(default_factory=dict[str, Any])
    schedules: tuple[ScheduleEntry, ...] = ()
    concurrency_limit: int | dict[str, Any] | None = None


class DeploymentFile(BaseModel):
    """A deployment file."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    deployments: tuple[DeploymentEntry, ...]


class Place(NamedTuple):
    """Where a deployment file is, and its text."""

    name: str
    text: str


def read_deployments(
    file: Path | None = None, *, only: Sequence[str] = (), active: Sequence[str] = ()
) -> tuple[DeploymentEntry, ...]:
    """Read the deployments of a file.

    Args:
        file: the file; without it that of the working folder, else the one of the package.
        only: names of those to give.
        active: names of those whose schedules become active, or `all`.

    Raises:
        ConfigurationError: the file can't be read, or is none.
        UsageError: a name is not in it.
    """
    place = _find(file)
    try:
        found = DeploymentFile.model_validate(yaml.safe_load(place.text)).deployments
    except yaml.YAMLError as error:
        raise ConfigurationError(f"{place.name} is no YAML: {str(error).splitlines()[0]}") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ConfigurationError(f"{place.name}: {where}: {first['msg']}") from None
    by_name: Mapping[str, DeploymentEntry] = {one.name: one for one in found}
    for name in (*only, *active):
        if name not in by_name and name != "all":
            raise UsageError(
                f"no deployment '{name}' in {place.name}; there are: {', '.join(by_name)}"
            )
    chosen = [one for one in found if not only or one.name in only]
    return tuple(_activated(one) if _wanted(one, active) else one for one in chosen)


def _wanted(one: DeploymentEntry, active: Sequence[str]) -> bool:
    return one.name in active or "all" in active


def _activated(one: DeploymentEntry) -> DeploymentEntry:
    schedules = tuple(each.model_copy(update={"active": True}) for each in one.schedules)
    return one.model_copy(update={"schedules": schedules})


def _find(file: Path | None) -> Place:
    path = file or (Path(FILE) if Path(FILE).is_file() else None)
    if path is None:
        return Place(FILE, (files("flows") / FILE).read_text("utf-8"))
    try:
        return Place(str(path), path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} can't be read: {error}") from None
