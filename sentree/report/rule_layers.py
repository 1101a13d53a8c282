"""ATT&CK Navigator layers of rules: what they cover, what they detected, and the gap between."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from schemas.detection import DetectReport, RuleHits
from sentree.intel.attack import technique
from sentree.report.attack import is_technique_id
from sentree.report.escape import cut, visible
from sentree.report.figures import plural
from sentree.report.navigator import layer
from sentree.rules.load import Rule

NAMED = 12
DETECTED, SILENT, BLIND = "#2e7d32", "#f9d65c", "#c62828"
_LEGEND = {
    DETECTED: "detected",
    SILENT: "rules ran and found nothing",
    BLIND: "rules are there, but none could run or had data",
}


Tagged = Rule | RuleHits
"""What a layer is made of."""


def rules_layer(rules: Iterable[Tagged]) -> str:
    """Give the layer of what rules cover: the score is the number of rules."""
    covered = _by_technique(rules)
    return layer(
        "Rules: coverage",
        f"{plural(len(covered), 'technique')} named by the tags of rules; the score is the number "
        "of rules. That a technique has rules does not say that its use would be seen.",
        [
            {"techniqueID": uid, "score": len(titles), "comment": _named(titles.values())}
            for uid, titles in covered.items()
        ],
        most=max((len(titles) for titles in covered.values()), default=1),
    )


def detections_layer(report: DetectReport) -> str:
    """Give the layer of what was detected: the score is the number of detections."""
    found = _by_technique(report.hits)
    events = {hit.rule_uid: hit.events for hit in report.hits}
    scores = {uid: sum(events[rule] for rule in titles) for uid, titles in found.items()}
    return layer(
        "Rules: detections",
        f"{plural(len(found), 'technique')} named by the tags of rules that matched "
        f"{plural(report.events, 'event')}; the score is the number of detections. What was not "
        "detected may have been used all the same.",
        [
            {"techniqueID": uid, "score": scores[uid], "comment": _named(titles.values())}
            for uid, titles in found.items()
        ],
        most=max(scores.values(), default=1),
        metadata={"lake snapshot": str(report.snapshot_id)},
    )


def gap_layer(rules: Iterable[Tagged], report: DetectReport) -> str:
    """Give the layer between the two: detected, looked for in vain, or covered on paper only."""
    covered = _by_technique(rules)
    hit = {one.rule_uid for one in report.hits}
    notes = (*report.without_data, *report.failed, *report.not_runnable)
    idle: Mapping[str | None, str] = {note.rule_uid: note.reason for note in notes}
    techniques: list[Mapping[str, object]] = []
    for uid, titles in covered.items():
        if hit & titles.keys():
            color, said = DETECTED, [t for rule, t in titles.items() if rule in hit]
        elif titles.keys() - idle.keys():
            color, said = SILENT, [t for rule, t in titles.items() if rule not in idle]
        else:
            color, said = BLIND, [f"{t}: {idle[rule]}" for rule, t in titles.items()]
        techniques.append(
            {"techniqueID": uid, "color": color, "comment": f"{_LEGEND[color]}: {_named(said)}"}
        )
    return layer(
        "Rules: gap between coverage and detections",
        "Techniques that rules name by their tags. Red ones are covered on paper only: no rule of "
        "theirs could run, or the lake has no events that they look at.",
        techniques,
        most=1,
        legend=_LEGEND,
        metadata={"lake snapshot": str(report.snapshot_id)},
    )


def _by_technique(rules: Iterable[Tagged]) -> dict[str, dict[str, str]]:
    """Map each technique, as ATT&CK names it now, to the titles of its rules by their ids."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for rule in rules:
        for uid in rule.techniques:
            known = technique(uid)
            if is_technique_id(known.uid):
                found[known.uid][rule.rule_uid] = rule.title
    return dict(sorted(found.items()))


def _named(titles: Iterable[str]) -> str:
    given = list(titles)
    more = f" and {len(given) - NAMED:,} more" if len(given) > NAMED else ""
    return ", ".join(visible(cut(title, 200)) for title in given[:NAMED]) + more
