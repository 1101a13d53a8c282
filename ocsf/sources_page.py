"""Writes docs/sources.md from the mappers: what is read, and what becomes of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ocsf.classes import class_name
from ocsf.mapping import Mapper, Rule, fields_of

WRAPPED = " in "


def sources_page(mappers: Mapping[str, Mapper]) -> str:
    """Give the page's Markdown: a table of all sources, then a section for each."""
    listed = sorted(mappers.values(), key=lambda each: each.title.lower())
    return "\n".join([*_table(listed), *(line for each in listed for line in _section(each)), ""])


def _table(mappers: list[Mapper]) -> Iterator[str]:
    yield "| Source | `--as` | Given as | OCSF classes |"
    yield "|---|---|---|---|"
    for each in mappers:
        given = _given_as(each)
        yield (
            f"| [{each.title}](#{each.name.replace('_', '-')}) | `{each.name}` | "
            f"{given} | {_classes(each)} |"
        )


def _given_as(mapper: Mapper) -> str:
    kinds = ["text"] if mapper.layouts else []
    if any(shape.present and "body" not in _paths(shape.present) for shape in mapper.shapes):
        kinds.insert(0, "JSON")
    if mapper.explode:
        kinds.append(f"lists in `{mapper.explode}`")
    return ", ".join(kinds) or "anything"


def _paths(present: tuple[frozenset[str], ...]) -> frozenset[str]:
    return frozenset[str]().union(*present)


def _classes(mapper: Mapper) -> str:
    if mapper.keeps:
        return "all, as they are"
    return ", ".join(_named(uid) for uid in sorted({rule.class_uid for rule in mapper.rules}))


def _named(uid: int) -> str:
    return f"{class_name(uid)} ({uid})"


def _section(mapper: Mapper) -> Iterator[str]:
    yield f'\n## {mapper.title} <a id="{mapper.name.replace("_", "-")}"></a>\n'
    shapes = [each.name for each in mapper.shapes if each.present and WRAPPED not in each.name]
    if shapes:
        yield f"Records: {'; '.join(shapes)}.\n"
    if mapper.layouts:
        yield f"Lines: {'; '.join(each.name for each in mapper.layouts)}.\n"
    if mapper.rules:
        yield from _rules(mapper)
    if mapper.limits:
        yield f"\nLimits: {mapper.limits}"


def _rules(mapper: Mapper) -> Iterator[str]:
    yield "| OCSF class | Records | Raw fields read | Attributes |"
    yield "|---|---|---|---|"
    by_class: dict[int, list[Rule]] = {}
    for rule in mapper.rules:
        by_class.setdefault(rule.class_uid, []).append(rule)
    for uid, rules in sorted(by_class.items()):
        names = ", ".join(dict.fromkeys(rule.name.split(" (")[0] for rule in rules))
        read = frozenset[str]().union(*(fields_of(rule) for rule in rules))
        filled = {path.split(".")[0] for rule in rules for path in rule.tree} - {"unmapped"}
        shown = ", ".join(f"`{each}`" for each in sorted(filled))
        yield f"| {_named(uid)} | {names} | {len(read)} | {shown} |"
