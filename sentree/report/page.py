"""What the HTML page says, section by section, as plain values for the templates."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from schemas.claim import Claim
from schemas.coverage import SliceCoverage
from schemas.detection import Detection
from schemas.result import Result
from sentree.report.attack import TechniqueUse, is_technique_id, matrix, tactic_name
from sentree.report.citations import LinkedMarks
from sentree.report.escape import cut
from sentree.report.figures import (
    LEVELS,
    clock,
    cost,
    count_levels,
    length,
    level_rank,
    milliseconds,
    minute,
    plural,
    share,
)
from sentree.report.rows import Chip
from sentree.report.tree import TreeNode

MAX_TEXT = 2_000
MAX_CLAIMS = 100
MAX_CLAIM_MARKS = 24
MAX_CELL_ROWS = 5
MAX_STEPS = 80
MAX_TRANSITIONS = 120
MAX_RULES = 300
MAX_SLICES = 100
MAX_DROPPED = 200
MAX_CHILDREN = 40
MAX_NODES = 600
MAX_DEPTH = 24
MAX_NODE_TEXT = 1_500


@dataclass(frozen=True, slots=True)
class ClaimView:
    """One sentence of the answer with its marks."""

    number: int
    text: str
    marks: list[str]
    more_marks: int
    against: list[str]
    chips: list[Chip]
    node: Chip | None


@dataclass(frozen=True, slots=True)
class Fact:
    """One figure of the frame around the answer; `part` of 1.0 draws a bar."""

    name: str
    value: str
    note: str = ""
    part: float | None = None


@dataclass(frozen=True, slots=True)
class Cell:
    """One technique in the matrix; `anchor` is empty where it was already shown."""

    anchor: str
    technique: str
    name: str
    rows: int
    events: int
    links: list[tuple[str, str]]
    more: int


@dataclass(frozen=True, slots=True)
class Step:
    """One link of the ATT&CK chain."""

    href: str
    technique: str
    name: str
    tactics: str
    host: str
    time: str


@dataclass(frozen=True, slots=True)
class RuleView:
    """All hits of one rule."""

    title: str
    author: str
    level: str
    detections: int
    events: int
    span: str
    chips: list[Chip]
    marks: list[str]


@dataclass(frozen=True, slots=True)
class SliceView:
    """Coverage of one source or class."""

    name: str
    scope: int
    looked: int
    share: str
    part: float
    first: str
    last: str


@dataclass(frozen=True, slots=True)
class NodeView:
    """One node of the tree, with those below it that are shown; `more` counts the others."""

    anchor: str
    label: str
    kind: str
    state: str
    own: int
    subtree: int
    nodes: int
    findings: int
    time: str
    usd: float
    trouble: str
    code: str
    output: str
    children: list[NodeView]
    more: int


def technique_chips(uses: Iterable[TechniqueUse]) -> dict[str, Chip]:
    """Give every technique its link; ids from log text never become part of an anchor."""
    return {
        use.technique: Chip(
            href=f"t-{use.technique}" if is_technique_id(use.technique) else f"t-x{number}",
            technique=cut(use.technique, 40),
            name=cut(use.name, 80),
        )
        for number, use in enumerate(uses)
    }


def claim_views(
    claims: Sequence[Claim], marks: LinkedMarks, chips: dict[str, Chip], nodes: dict[str, str]
) -> list[ClaimView]:
    """Lay out the sentences of the answer."""
    return [
        ClaimView(
            number=number,
            text=cut(claim.text, MAX_TEXT),
            marks=marks.of(claim.evidence, MAX_CLAIM_MARKS),
            more_marks=max(len(claim.evidence) - MAX_CLAIM_MARKS, 0),
            against=marks.of(claim.against, MAX_CLAIM_MARKS),
            chips=[chips[technique] for technique in claim.techniques],
            node=Chip(nodes[claim.node_uid], claim.node_uid, "")
            if claim.node_uid in nodes
            else None,
        )
        for number, claim in enumerate(claims[:MAX_CLAIMS], start=1)
    ]


def facts(result: Result) -> list[Fact]:
    """State the frame of the answer: what was checked, by whom, in which window, at what cost."""
    if result.inputs:
        return _record_facts(result)
    coverage = result.coverage
    entries = result.timeline.entries if result.timeline else ()
    levels = ", ".join(f"{count:,} {level}" for level, count in count_levels(entries).items())
    window = coverage.window
    looked, scope = coverage.events_looked_at, coverage.events_in_scope
    failed = sum(node.state == "failed" for node in result.trajectory)
    return [
        *_trust_facts(result),
        Fact(
            "Window (UTC)",
            f"{minute(window.start)} to {minute(window.end)}" if window else "all events",
            length(window.duration) if window else "",
        ),
        Fact(
            "Events looked at",
            f"{looked:,} of {scope:,} in scope",
            share(looked, scope),
            looked / scope if scope else 0.0,
        ),
        Fact(
            "Sources",
            plural(len(coverage.by_source), "source"),
            plural(len(coverage.by_class), "event class", "event classes"),
        ),
        Fact("Timeline", plural(len(entries), "row"), levels),
        Fact("Lake snapshot", f"{coverage.snapshot_id}", f"tenant {result.query.tenant_uid}"),
        Fact("Cost", cost(result)),
        Fact("Route", result.route.path.value, f"decided by {result.route.decided_by}"),
        Fact(
            "Tree",
            plural(len(result.trajectory), "node"),
            f"{failed:,} failed" if failed else "none failed",
        ),
    ]


def _trust_facts(result: Result) -> list[Fact]:
    """State what was checked, and by whom it was read."""
    check, analyst = result.verification, result.analyst
    return [
        Fact(
            "Citations checked",
            f"{check.kept:,} of {check.checked:,} hold",
            plural(len(check.dropped), "statement") + " dropped"
            if check.dropped
            else "nothing dropped",
        ),
        Fact(
            "Read by",
            f"{analyst.name} {analyst.version}",
            "a language model"
            if analyst.is_language_model
            else "embedded analyst: rules and statistics, not a language model",
        ),
    ]


def _record_facts(result: Result) -> list[Fact]:
    """State the frame of an answer that rests on records in files."""
    coverage = result.coverage
    looked, scope = coverage.events_looked_at, coverage.events_in_scope
    rejected = sum(one.rejected for one in result.inputs)
    return [
        *_trust_facts(result),
        Fact(
            "Records looked at",
            f"{looked:,} of {scope:,} in scope",
            share(looked, scope),
            looked / scope if scope else 0.0,
        ),
        Fact(
            "Files read",
            plural(len(result.inputs), "file"),
            f"{plural(rejected, 'record')} rejected" if rejected else "nothing rejected",
        ),
        Fact("Cost", cost(result)),
    ]


def matrix_columns(
    uses: Sequence[TechniqueUse], chips: dict[str, Chip], times: dict[int, datetime]
) -> list[tuple[str, list[Cell]]]:
    """Lay out the ATT&CK matrix; `times` holds the rows that are shown."""
    placed: set[str] = set()
    columns: list[tuple[str, list[Cell]]] = []
    for tactic, techniques in matrix(uses):
        cells: list[Cell] = []
        for use in techniques:
            chip = chips[use.technique]
            shown = [row for row in use.rows if row in times]
            cells.append(
                Cell(
                    anchor="" if use.technique in placed else chip.href,
                    technique=chip.technique,
                    name=chip.name,
                    rows=len(use.rows),
                    events=len(use.event_uids),
                    links=[
                        (f"r-{row}", f"{times[row]:%m-%d} {clock(times[row]).partition('.')[0]}")
                        for row in shown[:MAX_CELL_ROWS]
                    ],
                    more=len(use.rows) - len(shown[:MAX_CELL_ROWS]),
                )
            )
            placed.add(use.technique)
        columns.append((cut(tactic_name(tactic), 60), cells))
    return columns


def chain_steps(result: Result, shown: set[int]) -> list[Step]:
    """Lay out first sightings of techniques per host."""
    timeline = result.timeline
    if timeline is None:
        return []
    row_of = {entry.entry_uid: row for row, entry in enumerate(timeline.entries)}
    return [
        Step(
            href=f"r-{row}" if (row := row_of.get(step.entry_uid, -1)) in shown else "",
            technique=cut(step.technique, 40),
            name=cut(step.name, 80),
            tactics=", ".join(map(tactic_name, step.tactics)),
            host=cut(step.host or "no host", 60),
            time=f"{step.time:%m-%d %H:%M:%S}",
        )
        for step in timeline.chain[:MAX_STEPS]
    ]


def rule_views(
    detections: Sequence[Detection], marks: LinkedMarks, chips: dict[str, Chip]
) -> list[RuleView]:
    """Group detections by rule, worst and most frequent first; the author is named."""
    by_rule: dict[str, list[Detection]] = {}
    for detection in detections:
        by_rule.setdefault(detection.rule_uid, []).append(detection)
    groups = sorted(
        by_rule.values(),
        key=lambda hits: (-level_rank(hits[0].level), -len(hits), hits[0].rule_title),
    )
    views: list[RuleView] = []
    for hits in groups[:MAX_RULES]:
        first, last = min(hit.time for hit in hits), max(hit.time for hit in hits)
        uids = [uid for hit in hits for uid in hit.event_uids]
        techniques = dict.fromkeys(one for hit in hits for one in hit.techniques)
        views.append(
            RuleView(
                title=cut(hits[0].rule_title, 300),
                author=cut(hits[0].rule_author or "author not named", 300),
                level=LEVELS[level_rank(hits[0].level)],
                detections=len(hits),
                events=len(set(uids)),
                span=minute(first) if first == last else f"{minute(first)} to {minute(last)}",
                chips=[chips[technique] for technique in techniques],
                marks=marks.of_uids(uids, 3),
            )
        )
    return views


def slice_views(slices: Sequence[SliceCoverage]) -> list[SliceView]:
    """Lay out coverage by source or class, in the result's order."""
    return [
        SliceView(
            name=cut(one.name, 200),
            scope=one.events_in_scope,
            looked=one.events_looked_at,
            share=share(one.events_looked_at, one.events_in_scope),
            part=one.events_looked_at / one.events_in_scope if one.events_in_scope else 0.0,
            first=f"{one.first:%Y-%m-%d %H:%M:%S}" if one.first else "",
            last=f"{one.last:%Y-%m-%d %H:%M:%S}" if one.last else "",
        )
        for one in slices[:MAX_SLICES]
    ]


def node_anchors(result: Result) -> dict[str, str]:
    """Give each node its anchor by its place in the trajectory."""
    return {node.node_uid: f"n-{place}" for place, node in enumerate(result.trajectory)}


def node_views(roots: Sequence[TreeNode], anchors: dict[str, str]) -> list[NodeView]:
    """Lay out the tree; of very wide or deep trees only a first part is shown."""
    room = [MAX_NODES]

    def view(node: TreeNode, depth: int) -> NodeView:
        room[0] -= 1
        children: list[NodeView] = []
        for child in node.children[:MAX_CHILDREN] if depth < MAX_DEPTH else ():
            if room[0] <= 0:
                break
            children.append(view(child, depth + 1))
        record = node.record
        trouble = [f"limit {record.limit_hit}"] if record.limit_hit else []
        trouble += [record.error] if record.error else []
        return NodeView(
            anchor=anchors[record.node_uid],
            label=cut(record.label or record.node_uid, 120),
            kind=record.kind.value,
            state=record.state,
            own=node.own_events,
            subtree=node.subtree_events,
            nodes=node.subtree_nodes,
            findings=record.findings,
            time=milliseconds(record.milliseconds),
            usd=node.subtree_usd,
            trouble=cut("; ".join(trouble), 500),
            code=cut(record.code or "", MAX_NODE_TEXT),
            output=cut(record.output or "", MAX_NODE_TEXT),
            children=children,
            more=len(node.children) - len(children),
        )

    return [view(root, 0) for root in roots[:MAX_CHILDREN]]


def shown_anchors(views: Sequence[NodeView]) -> set[str]:
    """Collect the anchors of nodes that stand in the page."""
    found: set[str] = set()
    stack = list(views)
    while stack:
        one = stack.pop()
        found.add(one.anchor)
        stack.extend(one.children)
    return found
