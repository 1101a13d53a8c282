"""Tells of detections which selections their events met, and with which values."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from sentree.lake.db import Lake
from sentree.lake.detections import begin_matches, store_matches
from sentree.rules.buckets import fill_bucket, find_layouts
from sentree.rules.chunks import Scope, plan_chunks, stage_chunk
from sentree.rules.ir import Node, atoms, fields
from sentree.rules.load import LogSource, Rule
from sentree.rules.placeholders import Placeholders
from sentree.rules.predicate import Column, predicate
from sentree.rules.taxonomy import Taxonomy

VALUE_CHARACTERS = 2_000
MAX_FIELDS = 40


def store_evidence(
    lake: Lake,
    taxonomy: Taxonomy,
    rules: Sequence[Rule],
    placeholders: Placeholders,
    scope: Scope,
    chunk_events: int,
    changed: Collection[str],
) -> None:
    """Store what the detections of this run matched, where that is not stored yet or may differ.

    It may where the rule's file is another than then, or the rule is one of `changed`. Only the
    events of those detections are read again, and every selection is judged by the same SQL that
    found them.

    Raises:
        LakeError: the lake could not be read or written.
    """
    # Not only the new ones: a run may have ended between the two, a lake be older than this.
    lake.execute(
        "CREATE OR REPLACE TEMP TABLE unexplained AS"
        " SELECT * FROM found_detections ANTI JOIN ("
        " SELECT stored.detection_uid, rule.rule_uid FROM detection_matches AS stored"
        " JOIN given_rules AS rule ON rule.content_sha256 = stored.rule_sha256"
        " WHERE NOT list_contains(?, rule.rule_uid)"
        ") USING (detection_uid, rule_uid)",
        [sorted(changed)],
    )
    if not lake.query("SELECT 1 FROM unexplained LIMIT 1"):
        return
    # It reads rules with pySigma again, which takes its time to import.
    from sentree.rules.selections import selections

    hit = {row["r"] for row in lake.query("SELECT DISTINCT rule_uid AS r FROM unexplained")}
    buckets: dict[LogSource, list[tuple[Rule, tuple[tuple[str, Node], ...]]]] = defaultdict(list)
    for rule in rules:
        source = taxonomy.source(rule.logsource)
        if rule.rule_uid in hit and source is not None and rule.condition is not None:
            named = selections(rule, placeholders) or (("condition", rule.condition),)
            buckets[source.logsource].append((rule, named))
    sources = [taxonomy.resolved(logsource) for logsource in buckets]
    if not sources:
        return
    begin_matches(lake)
    wanted = scope.narrowed("event_uid IN (SELECT event_uid FROM unexplained)")
    for chunk in plan_chunks(lake, wanted, chunk_events)[0]:
        stage_chunk(lake, chunk, taxonomy, sources)
        for logsource, layouts in find_layouts(lake, taxonomy, sources).items():
            nodes = [node for _, named in buckets[logsource] for _, node in named]
            columns, _, _ = fill_bucket(
                lake, taxonomy, taxonomy.resolved(logsource), nodes, layouts
            )
            for rule, named in buckets[logsource]:
                _find_matches(lake, rule, named, columns)
    store_matches(lake)


def _find_matches(
    lake: Lake,
    rule: Rule,
    named: Sequence[tuple[str, Node]],
    columns: Mapping[str | None, Column],
) -> None:
    """Add to `found_matches`: by selection that held, its fields as the event has them."""
    parts: list[str] = []
    parameters: list[object] = []
    for name, node in named:
        shown = sorted(name for name in fields(node) if name in columns)[:MAX_FIELDS]
        if not shown and all(atom.field is not None for atom in atoms(node)):
            continue
        written = predicate(node, columns)
        values = ", ".join(f"?, left(c{columns[one].number}, {VALUE_CHARACTERS})" for one in shown)
        parts.append(f"?, CASE WHEN {written.sql} THEN json_object({values}) END")
        parameters += [name, *written.parameters, *shown]
    lake.execute(
        "INSERT INTO found_matches SELECT d.detection_uid, d.tenant_uid, ?, ?, ?,"
        f" CAST(json_object({', '.join(parts)}) AS VARCHAR)"
        " FROM sigma_bucket AS b JOIN unexplained AS d USING (event_uid) WHERE d.rule_uid = ?",
        [rule.content_sha256, rule.pack, rule.pack_version, *parameters, rule.rule_uid],
    )
