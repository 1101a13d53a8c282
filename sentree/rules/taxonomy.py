"""Sigma's taxonomy on the lake: which events a log source names, where its fields stand."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
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
    named: str | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """A log source: an event belongs to it when one condition holds."""

    logsource: LogSource
    any: tuple[Condition, ...]
    view: Mapping[str, tuple[str, ...]]
    windows: bool
    general: bool

    @property
    def by_name(self) -> str | None:
        """The word by which events are looked for, where the taxonomy has no such log source."""
        return next((each.named for each in self.any if each.named), None)


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
        """Give the source that a rule names, None where no event could be meant.

        A service of a known category is that category, `application` says no more than its
        product, a general category is the same for every product, and a category alone is that of
        all products. A product or service that the taxonomy does not have are the events that name
        themselves so; a category that it does not have is none.
        """
        for meant in _readings(logsource):
            if meant in self.sources:
                return self.sources[meant]
        if logsource.category not in (None, "application"):
            return self._category(logsource)
        return self._named(logsource)

    def resolved(self, logsource: LogSource) -> Source:
        """Give a source again by the log source that it names.

        Raises:
            KeyError: there is none.
        """
        source = self.source(logsource)
        if source is None:
            raise KeyError(str(logsource))
        return source

    def _category(self, logsource: LogSource) -> Source | None:
        general = self.sources.get(LogSource(logsource.category, None, None))
        if general and general.general:
            return general
        if logsource.product:
            return None
        alike = self._with(category=logsource.category)
        if logsource.service and not alike:
            return _by_name(logsource, None, logsource.service)
        without_service = [each for each in alike if not each.logsource.service]
        return _all_of(LogSource(logsource.category, None, None), without_service)

    def _named(self, logsource: LogSource) -> Source | None:
        product, service = logsource.product, logsource.service
        known = self._with(product=product) if product else []
        if product and not known:
            return _by_name(logsource, None, product)
        if service:
            return _by_name(logsource, self.sources.get(LogSource(None, product, None)), service)
        return _all_of(logsource, known)

    def _with(self, **parts: str | None) -> list[Source]:
        return [
            source
            for logsource, source in self.sources.items()
            if all(getattr(logsource, part) == value for part, value in parts.items())
        ]


def _readings(logsource: LogSource) -> Iterator[LogSource]:
    """List what a rule's log source may stand for, the nearest first."""
    category, product, service = logsource.category, logsource.product, logsource.service
    yield logsource
    if category and category != "application":
        yield LogSource(category, product, None)
        return
    if product:
        yield LogSource(None, product, service)
        yield LogSource("application", product, service)
    elif service:
        yield LogSource(None, service, None)
    if category and product:
        yield LogSource("application", product, None)


def _all_of(logsource: LogSource, sources: Sequence[Source]) -> Source | None:
    """Give the log source whose events are those of all the sources; None where there are none."""
    if not sources:
        return None
    return Source(
        logsource=logsource,
        any=tuple(dict.fromkeys(test for each in sources for test in each.any)),
        view=next((each.view for each in sources if each.view), {}),
        windows=any(each.windows for each in sources),
        general=False,
    )


def _by_name(logsource: LogSource, whole: Source | None, word: str) -> Source:
    """Give the log source whose events name themselves so, among those of `whole`."""
    tests = tuple(replace(test, named=word) for test in (whole.any if whole else (Condition(),)))
    view, windows = (whole.view, whole.windows) if whole else ({}, False)
    return Source(logsource, tests, view, windows, general=False)


def plain_word(word: str) -> str:
    """Give the letters and digits of a product's or service's name, as names are compared."""
    return re.sub("[^a-z0-9]", "", word.lower()) or word


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
        named=item.get("named"),
    )
