"""Puts the whole report together from the files: merge, graph, lists. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from schemas.intel import (
    DanglingReference,
    IntelCounts,
    IntelReport,
    RejectedObject,
    Relation,
    SourceReport,
)
from sentree.analysis.intel.contradictions import read_contradictions
from sentree.analysis.intel.graph import Graph, build_graph, short_references
from sentree.analysis.intel.moments import read_moments
from sentree.analysis.intel.overlaps import actor_overlaps, file_overlaps, same_names
from sentree.analysis.intel.signs import read_indicators, read_observables
from sentree.analysis.intel.victims import Victim, read_victims, target_lines
from sentree.analysis.intel.who import (
    read_actors,
    read_campaigns,
    read_infrastructure,
    read_software,
    read_techniques,
    read_vulnerabilities,
    text_of,
)
from sentree.intel.stix import plain
from sentree.intel.stix_merge import Holding, merge
from sentree.intel.stix_read import StixFile

_SHOWN_ELSEWHERE = ("uses", "indicates", "targets", "mitigates", "detects", "subtechnique-of")
MAX_TEXT = 400


def read_report(files: Sequence[StixFile], as_of: datetime) -> tuple[IntelReport, Holding]:
    """Merge what the files hold and list all there is to say of it."""
    holding = merge(files)
    graph = build_graph(holding)
    victims = read_victims(graph)
    report = IntelReport(
        counts=count(holding),
        marking=holding.marking,
        marking_uid=holding.marking_uid,
        actors=tuple(read_actors(graph, _by(victims, False), _by(victims, True))),
        software=tuple(read_software(graph)),
        techniques=tuple(read_techniques(graph)),
        campaigns=tuple(read_campaigns(graph)),
        targets=tuple(target_lines(graph, victims, origin=False)),
        indicators=tuple(read_indicators(graph, as_of)),
        observables=tuple(read_observables(graph)),
        vulnerabilities=tuple(read_vulnerabilities(graph)),
        infrastructure=tuple(read_infrastructure(graph)),
        relations=tuple(_relations(graph)),
        reports=tuple(_reports(graph)),
        overlaps=(*actor_overlaps(graph), *file_overlaps(graph)),
        same_names=tuple(same_names(graph)),
        contradictions=tuple(read_contradictions(graph)),
        moments=tuple(read_moments(graph)),
        dangling=tuple(
            DanglingReference(object_uid=one.uid, property=one.property, target=one.target)
            for one in holding.dangling
        ),
        rejected=tuple(
            RejectedObject(file=file.path, line=one.line, object_uid=one.uid, reason=one.reason)
            for file in files
            for one in file.rejected
        ),
        flaws=tuple(f"{uid}: {flaw}" for file in files for uid, flaw in file.flaws),
    )
    return report, holding


def count(holding: Holding) -> IntelCounts:
    """Count what was delivered, merged and set aside."""
    newest = [one.newest for one in holding.objects.values()]
    types = Counter(one.type for one in newest)
    return IntelCounts(
        files=len(holding.files),
        delivered=holding.delivered,
        distinct=len(newest),
        copies=holding.delivered - len(newest),
        relationships=types["relationship"] + types["sighting"],
        revoked=sum(one.revoked for one in newest),
        deprecated=sum(one.deprecated for one in newest),
        dangling=len(holding.dangling),
        rejected=sum(len(file.rejected) for file in holding.files),
        flaws=sum(len(file.flaws) for file in holding.files),
        by_type=dict(sorted(types.items(), key=lambda pair: (-pair[1], pair[0]))),
    )


def _by(victims: Sequence[Victim], origin: bool) -> dict[str, list[str]]:
    """Name the targets (or origins) by the key of the attacker."""
    found: dict[str, list[str]] = {}
    for one in victims:
        if one.origin is origin:
            for key in one.by:
                found.setdefault(key, []).append(one.name)
    return found


def _relations(graph: Graph) -> list[Relation]:
    """List the relations that no other table shows, attributions first."""
    found = [
        Relation(
            object_uids=(*source.uids, *target.uids),
            relationship_uids=edge.uids,
            references=short_references(edge.stated),
            source=source.label,
            relation=edge.relation,
            target=target.label,
            text=plain(edge.stated[0].text("description"))[:MAX_TEXT],
        )
        for edge in graph.edges
        if edge.relation not in _SHOWN_ELSEWHERE
        for source, target in ((graph.entities[edge.source], graph.entities[edge.target]),)
    ]
    return sorted(
        found,
        key=lambda one: (one.relation != "attributed-to", one.relation, one.source, one.target),
    )


def _reports(graph: Graph) -> list[SourceReport]:
    found: list[SourceReport] = []
    for one in graph.holding.of_type("report", "grouping", "note", "opinion", "incident"):
        author = graph.holding.get(one.text("created_by_ref"))
        found.append(
            SourceReport(
                object_uids=(one.uid,),
                references=short_references((one,)),
                name=one.text("name") or one.text("abstract") or one.uid,
                type=one.type,
                revoked=one.revoked,
                deprecated=one.deprecated,
                description=plain(text_of(one))[:MAX_TEXT],
                published=one.time("published") or one.time("created"),
                author=author.name if author else "",
                listed=len(one.texts("object_refs")),
            )
        )
    return sorted(found, key=lambda one: (one.published is None, one.published, one.name))
