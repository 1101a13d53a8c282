"""How well an intelligence report agrees with what is true of its bundles. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from schemas.intel import Actor, Cited, IntelReport
from schemas.intel_truth import IntelTruth, TrueActor
from sentree.evals.metrics import SetScore, compare_sets, pooled

ACTOR_PARTS = ("names", "techniques", "software", "campaigns", "targets", "origin")


def score_actor(true: TrueActor, found: Actor | None) -> dict[str, SetScore]:
    """Compare what a report says of one actor with the truth, part by part.

    An actor that the report doesn't name scores nothing in every part.
    """
    names = set(found.aliases) | {found.name} if found else set[str]()
    origin = {true.origin} if true.origin else set[str]()
    return {
        "names": compare_sets({true.name, *true.aliases}, names),
        "techniques": compare_sets(true.techniques, found.techniques if found else ()),
        "software": compare_sets(true.software, found.software if found else ()),
        "campaigns": compare_sets(true.campaigns, found.campaigns if found else ()),
        "targets": compare_sets(true.targets, found.targets if found else ()),
        "origin": compare_sets(origin, found.origin if found else ()),
    }


def score_report(report: IntelReport, truth: IntelTruth) -> dict[str, SetScore]:
    """Compare a report with the truth of generated bundles, actors pooled.

    Names of actors, techniques and software count per actor: the right technique laid at the
    wrong door is missed and wrong.
    """
    by_name = {one.name: one for one in report.actors}
    scored = [score_actor(true, by_name.get(true.name)) for true in truth.actors]
    states = {(value, one.state) for one in report.indicators for value in one.values}
    found = {(one.kind, one.subject) for one in report.contradictions}
    return {
        **{part: pooled(one[part] for one in scored) for part in ACTOR_PARTS},
        "indicators": compare_sets(set(truth.indicators.items()), states),
        "vulnerabilities": compare_sets(
            truth.vulnerabilities, [one.external_id or one.name for one in report.vulnerabilities]
        ),
        "contradictions": compare_sets(
            {(one.kind, one.subject) for one in truth.contradictions}, found
        ),
        "dangling": _counted(truth.dangling, report.counts.dangling),
        "rejected": _counted(truth.rejected, report.counts.rejected),
    }


def uncited(report: IntelReport) -> int:
    """Count the lines of a report that cite no object."""
    return sum(not one.object_uids for one in lines(report))


def lines(report: IntelReport) -> Iterator[Cited]:
    """Go through every line of a report that has to cite something."""
    listed: Mapping[str, object] = dict(report)
    for value in listed.values():
        if isinstance(value, tuple):
            yield from (one for one in value if isinstance(one, Cited))


def found_ids(named: Iterable[str | None]) -> set[str]:
    """Give the external ids among some, e.g. of the software that a report names."""
    return {one for one in named if one}


def _counted(wanted: int, found: int) -> SetScore:
    hits = min(wanted, found)
    return SetScore(hits, wanted - hits, found - hits)
