"""Statements that can't both hold, between files or inside one, and doubts that prose states."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from schemas.intel import Contradiction
from schemas.window import iso
from sentree.analysis.intel.graph import Entity, Graph, folded, short_references
from sentree.analysis.intel.signs import pattern_values
from sentree.analysis.intel.who import text_of
from sentree.intel.stix import StixObject, plain
from sentree.intel.targets import quotable

_PERIODS = (
    ("first_seen", "last_seen"),
    ("valid_from", "valid_until"),
    ("created", "modified"),
    ("first_observed", "last_observed"),
    ("start_time", "stop_time"),
)
_BENIGN = ("benign", "anomalous-activity-benign", "allowlist", "whitelist", "false-positive")
_DOUBT = re.compile(
    r"\b(?:unclear|uncertain|disputed|(?:may|might|could)\s+be\s+(?:linked|the\s+same|related)"
    r"|(?:as|are|is)\s+the\s+same\s+(?:group|actor|threat)|tracked\s+separately"
    r"|not\s+(?:been\s+)?confirmed|unconfirmed|low\s+confidence|conflicting"
    r"|(?:groups?|actors?|activity|clusters?)\b[^.]{0,40}\boverlap\w*\s+with"
    r"|similarities\s+between)\b",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z\[])")
_SEEN_DAYS = 1


def read_contradictions(graph: Graph) -> list[Contradiction]:
    """List contradictions: of versions, attribution, dates, aliases, verdicts, then doubts."""
    return [
        *_versions(graph),
        *_attributions(graph),
        *_periods(graph),
        *_seen(graph),
        *_aliases(graph),
        *_verdicts(graph),
        *_doubts(graph),
    ]


def _versions(graph: Graph) -> Iterator[Contradiction]:
    """Same id, other content: worse when both claim to be the same version."""
    holding = graph.holding
    for conflict in sorted(holding.conflicts, key=lambda one: (not one.same_version, one.uid)):
        for difference in conflict.differences:
            paths = (
                holding.files[conflict.kept.file].path,
                holding.files[conflict.other.file].path,
            )
            yield Contradiction(
                object_uids=(conflict.uid,),
                references=short_references((conflict.kept, conflict.other)),
                kind="same version, different content"
                if conflict.same_version
                else "versions differ",
                subject=conflict.kept.name,
                property=difference.property,
                one=difference.kept,
                other=difference.other,
                files=tuple(dict.fromkeys(paths)),
            )


def _attributions(graph: Graph) -> Iterator[Contradiction]:
    """One campaign, actor or malware laid at the door of several."""
    for entity in graph.family("campaign", "actor", "software", "incident"):
        edges = [
            edge
            for edge in graph.leaving(entity.key, "attributed-to")
            if graph.entities[edge.target].family in ("actor", "identity")
        ]
        by_kind: dict[str, list[Entity]] = defaultdict(list)
        for edge in edges:
            by_kind[graph.entities[edge.target].type].append(graph.entities[edge.target])
        for blamed in by_kind.values():
            for other in blamed[1:]:
                if _known_as(blamed[0]) & _known_as(other):
                    continue
                relations = [edge for edge in edges if edge.target in (blamed[0].key, other.key)]
                stated = [one for edge in relations for one in edge.stated]
                yield Contradiction(
                    object_uids=(*entity.uids, *blamed[0].uids, *other.uids),
                    relationship_uids=tuple(one.uid for one in stated),
                    references=short_references(stated),
                    kind="attribution",
                    subject=entity.name,
                    property="attributed-to",
                    one=blamed[0].name,
                    other=other.name,
                    files=_paths(graph, stated),
                )


def _periods(graph: Graph) -> Iterator[Contradiction]:
    """A period that ends before it begins."""
    for merged in graph.holding.objects.values():
        one = merged.newest
        for start, end in _PERIODS:
            if end not in one.body:
                continue
            begun, ended = one.time(start), one.time(end)
            if begun is not None and ended is not None and ended < begun:
                yield Contradiction(
                    object_uids=(one.uid,),
                    references=short_references((one,)),
                    kind="dates",
                    subject=one.name,
                    property=f"{start}, {end}",
                    one=f"{start} {iso(begun)}",
                    other=f"{end} {iso(ended)}",
                    files=_paths(graph, (one,)),
                )


def _seen(graph: Graph) -> Iterator[Contradiction]:
    """Objects of one name under several ids that give different first or last sightings."""
    for entity in graph.family("actor", "campaign", "software"):
        for key in ("first_seen", "last_seen"):
            dated = [(time, one) for one in entity.members if (time := one.time(key))]
            if len(dated) < 2:
                continue
            (low, first), (high, last) = (
                min(dated, key=lambda pair: pair[0]),
                max(dated, key=lambda pair: pair[0]),
            )
            if (high - low).days >= _SEEN_DAYS:
                yield Contradiction(
                    object_uids=(first.uid, last.uid),
                    references=short_references((first, last)),
                    kind="dates",
                    subject=entity.name,
                    property=key,
                    one=iso(low),
                    other=iso(high),
                    files=_paths(graph, (first, last)),
                )


def _aliases(graph: Graph) -> Iterator[Contradiction]:
    """An alias that two differently named actors (or pieces of software) both claim."""
    for family in ("actor", "software"):
        claimed: dict[str, list[tuple[Entity, str]]] = defaultdict(list)
        for entity in graph.family(family):
            seen: set[str] = set()
            for name in (entity.name, *entity.aliases):
                if folded(name) not in seen:
                    seen.add(folded(name))
                    claimed[folded(name)].append((entity, name))
        for holders in claimed.values():
            for other, name in holders[1:]:
                first = holders[0][0]
                yield Contradiction(
                    object_uids=(*first.uids, *other.uids),
                    references=short_references((first.lead, other.lead)),
                    kind="alias",
                    subject=name,
                    property="aliases",
                    one=f"a name of {first.label}",
                    other=f"a name of {other.label}",
                    files=tuple(dict.fromkeys((*graph.paths(first), *graph.paths(other)))),
                )


def _verdicts(graph: Graph) -> Iterator[Contradiction]:
    """A value that one indicator calls benign and another doesn't, or laid at different doors."""
    by_value: dict[tuple[str, ...], list[Entity]] = defaultdict(list)
    for entity in graph.family("indicator"):
        values = pattern_values(entity.lead)[1]
        if values and not entity.revoked:
            by_value[tuple(sorted(values))].append(entity)
    for values, holders in by_value.items():
        if len(holders) < 2:
            continue
        benign = [one for one in holders if _is_benign(one.lead)]
        other = [one for one in holders if not _is_benign(one.lead)]
        if benign and other:
            yield Contradiction(
                object_uids=(*benign[0].uids, *other[0].uids),
                references=short_references((benign[0].lead, other[0].lead)),
                kind="verdict",
                subject=", ".join(values[:3]),
                property="indicator_types",
                one=", ".join(_verdict(benign[0].lead)) or "benign",
                other=", ".join(_verdict(other[0].lead)) or "an indicator",
                files=_paths(graph, (benign[0].lead, other[0].lead)),
            )


def _doubts(graph: Graph) -> Iterator[Contradiction]:
    """Sentences in which a description itself says that something is in doubt."""
    for entity in graph.family("actor", "campaign", "software"):
        for one in entity.members:
            text = text_of(one)
            for sentence in _SENTENCE.split(plain(text)):
                match = _DOUBT.search(sentence)
                if match is None:
                    continue
                around = sentence[max(match.start() - 80, 0) : match.end() + 120]
                trimmed = around.split(" ", 1)[-1].rsplit(" ", 1)[0]
                quote = quotable((sentence, trimmed, match.group()), text)
                if quote:
                    yield Contradiction(
                        object_uids=(one.uid,),
                        references=short_references((one,)),
                        kind="stated doubt",
                        subject=one.name,
                        property="description",
                        one=sentence[:400],
                        other="",
                        files=_paths(graph, (one,)),
                    )


def _known_as(entity: Entity) -> set[str]:
    return {folded(name) for name in (entity.name, *entity.aliases)}


def _is_benign(one: StixObject) -> bool:
    return any(word in _BENIGN for word in _verdict(one))


def _verdict(one: StixObject) -> tuple[str, ...]:
    return tuple(word.lower() for word in (*one.texts("indicator_types"), *one.texts("labels")))


def _paths(graph: Graph, objects: Iterator[StixObject] | tuple[StixObject, ...] | list[StixObject]):
    numbers = sorted({n for one in objects for n in graph.holding.objects[one.uid].files})
    return tuple(graph.holding.files[number].path for number in numbers)
