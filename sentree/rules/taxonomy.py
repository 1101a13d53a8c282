"""Sigma's taxonomy on the lake: which events a log source names, where its fields stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

import yaml

from sentree.rules.load import LogSource


@dataclass(frozen=True, slots=True)
class Condition:
    """Tests of one event that must all hold; an empty one is no test."""

    mapper: tuple[str, ...] = ()
    channel: tuple[str, ...] = ()
    provider: tuple[str, ...] = ()
    event_id: tuple[str, ...] = ()
    class_uid: tuple[int, ...] = ()
    activity_id: tuple[int, ...] = ()
    os: str | None = None
    has: tuple[str, ...] = ()
    category: tuple[str, ...] = ()
    text: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """A log source: an event belongs to it when one condition holds."""

    logsource: LogSource
    any: tuple[Condition, ...]
    view: Mapping[str, tuple[str, ...]]
    windows: bool
    general: bool


@dataclass(frozen=True, slots=True)
class Taxonomy:
    """Everything of `taxonomy.yml`."""

    containers: tuple[str, ...]
    open_containers: tuple[str, ...]
    system: Mapping[str, tuple[str, ...]]
    sources: Mapping[LogSource, Source]
    fields: Mapping[str, tuple[str, ...]]

    def fields_of(self, source: Source) -> tuple[str, ...]:
        """Give the names that Windows' own producers write for a category, where they are known."""
        return self.fields.get(source.logsource.category or "", ()) if source.windows else ()

    def source(self, logsource: LogSource) -> Source | None:
        """Give the source that a rule names, None if it is not known.

        A service of a known category is that category; a general category is the same for
        every product.
        """
        without_service = LogSource(logsource.category, logsource.product, None)
        found = self.sources.get(logsource)
        if found is None and logsource.category:
            found = self.sources.get(without_service)
        if found is None and logsource.category:
            general = self.sources.get(LogSource(logsource.category, None, None))
            found = general if general and general.general else None
        return found


@lru_cache(maxsize=1)
def load_taxonomy() -> Taxonomy:
    """Read the data file that ships with the package."""
    text = (resources.files("sentree.rules") / "taxonomy.yml").read_text("utf-8")
    data: dict[str, Any] = yaml.load(text, Loader=yaml.CSafeLoader)
    views = {name: _names(view) for name, view in data["views"].items()}
    sources: dict[LogSource, Source] = {}
    for entry in data["sources"]:
        logsource = LogSource(entry.get("category"), entry.get("product"), entry.get("service"))
        if logsource in sources:
            raise ValueError(f"taxonomy.yml has the log source '{logsource}' twice")
        sources[logsource] = Source(
            logsource=logsource,
            any=tuple(_condition(item) for item in entry["any"]),
            view=views[entry["view"]] if "view" in entry else {},
            windows=logsource.product in {"windows", "rpc_firewall"}
            or logsource == LogSource("process_creation", None, None),
            general=entry.get("general", False),
        )
    return Taxonomy(
        containers=tuple(data["containers"]),
        open_containers=tuple(data["open_containers"]),
        system=_names(data["system"]),
        sources=sources,
        fields=_names(data["fields"]),
    )


def _names(mapping: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    return {field: tuple(names.split()) for field, names in mapping.items()}


def _condition(item: Mapping[str, Any]) -> Condition:
    unknown = set(item) - set(Condition.__slots__)
    if unknown:
        raise ValueError(f"taxonomy.yml has unknown tests: {', '.join(sorted(unknown))}")
    return Condition(
        mapper=tuple(item.get("mapper", ())),
        channel=tuple(item.get("channel", ())),
        provider=tuple(item.get("provider", ())),
        event_id=tuple(str(number) for number in item.get("event_id", ())),
        class_uid=tuple(item.get("class_uid", ())),
        activity_id=tuple(item.get("activity_id", ())),
        os=item.get("os"),
        has=tuple(item.get("has", ())),
        category=tuple(item.get("category", ())),
        text=item.get("text", False),
    )
