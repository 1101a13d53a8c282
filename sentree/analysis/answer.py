"""From a finished tree to the result document: conclude, verify, fold, summarise, account."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import sentree
from models.embedded import EmbeddedAnalyst
from schemas.context import ContextInfo
from schemas.detection import Detection
from schemas.finding import Finding
from schemas.query import RouteDecision
from schemas.request import TimelineRequest
from schemas.result import AnalystInfo, Result
from schemas.timeline import Timeline
from sentree.analysis.alone import weigh_alone
from sentree.analysis.clock_section import clock_sections
from sentree.analysis.clocks import correct_findings, correct_gaps, estimate_clocks
from sentree.analysis.coverage import measure_coverage
from sentree.analysis.episodes import number_episodes
from sentree.analysis.fold import fold_findings
from sentree.analysis.further_records import with_further_records
from sentree.analysis.gaps import find_gaps
from sentree.analysis.made_accounts import weigh_made_accounts
from sentree.analysis.records import joined
from sentree.analysis.routine import weigh_routine
from sentree.analysis.summary import ruled_out, summarise
from sentree.analysis.trail import with_trail
from sentree.analysis.transitions import attack_chain
from sentree.engine.tree import TreeRun
from sentree.engine.verify import verify_claims, verify_findings
from sentree.lake.context import Context


def conclude_timeline(
    context: Context,
    info: ContextInfo,
    request: TimelineRequest,
    route: RouteDecision,
    run: TreeRun,
    *,
    run_uid: str,
    created_at: datetime,
    notes: Sequence[str] = (),
) -> Result:
    """Make the result document of a timeline run; every sentence in it has been checked."""
    analyst = EmbeddedAnalyst()
    concluded = analyst.conclude(run.result.tallies, context)
    findings, of_findings = verify_findings(context, (*run.result.findings, *concluded))
    timeline = build_timeline(context, findings)
    clocks, of_clocks = clock_sections(context, timeline.clocks)
    claims, of_claims = verify_claims(context, summarise(timeline))
    leaves = [record for record in run.records if record.kind == "leaf"]
    coverage = measure_coverage(context, info, len(leaves), run.failed)
    return Result(
        run_uid=run_uid,
        scenario="timeline",
        title=f"Incident timeline: {request.case}",
        created_at=created_at,
        sentree_version=sentree.__version__,
        query=request.query,
        route=route,
        analyst=AnalystInfo(name=analyst.name, is_language_model=False, version=analyst.version),
        coverage=coverage,
        summary=claims,
        ruled_out=ruled_out(timeline, coverage.events_looked_at),
        verification=joined(joined(of_findings, of_claims), of_clocks),
        timeline=timeline,
        detections=_detections(context),
        trajectory=run.records,
        cited_events=tuple(context.cited(_cited_uids(timeline))),
        notes=tuple(notes),
        sections=clocks,
    )


def build_timeline(context: Context, findings: Sequence[Finding]) -> Timeline:
    """Fold findings into a timeline; the same findings give the same timeline in any order."""
    clocks = estimate_clocks(context)
    findings = correct_findings(context, findings, clocks)
    rows = weigh_routine(fold_findings(findings))
    rows = weigh_alone(weigh_made_accounts(context, rows))
    rows = with_further_records(context, with_trail(context, rows))
    entries, episodes = number_episodes(rows)
    chain, transitions = attack_chain(entries)
    return Timeline(
        entries=entries,
        gaps=correct_gaps(find_gaps(context), clocks),
        episodes=episodes,
        chain=chain,
        transitions=transitions,
        clocks=clocks,
    )


def save_trajectory(result: Result, run_dir: Path) -> Path:
    """Write `trajectory.jsonl`: a line per node, parents first, in ASCII that is safe to print."""
    path = run_dir / "trajectory.jsonl"
    lines = "".join(
        json.dumps(record.model_dump(mode="json")).replace("\x7f", "\\u007f") + "\n"
        for record in result.trajectory
    )
    path.write_text(lines, encoding="utf-8")
    return path


def _cited_uids(timeline: Timeline) -> list[str]:
    uids = {ev.event_uid for entry in timeline.entries for ev in entry.evidence}
    uids |= {uid for gap in timeline.gaps for uid in (gap.before_uid, gap.after_uid)}
    uids |= {ev.event_uid for clock in timeline.clocks for ev in clock.evidence}
    return sorted(uids)


def _detections(context: Context) -> tuple[Detection, ...]:
    rows = context.query(
        """
        SELECT detection_uid, any_value(rule_uid) AS rule_uid, any_value(rule_title) AS rule_title,
               any_value(rule_author) AS rule_author, any_value(level) AS level,
               coalesce(any_value(techniques), []) AS techniques,
               coalesce(any_value(tactics), []) AS tactics,
               min(time) AS time, list(DISTINCT event_uid ORDER BY event_uid) AS event_uids
        FROM detections
        GROUP BY detection_uid
        ORDER BY min(time), detection_uid
        """
    )
    return tuple(Detection.model_validate(row) for row in rows)
