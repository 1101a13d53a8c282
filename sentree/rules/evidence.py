"""Tells of new detections which selections their events met, and with which values."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from sentree.lake.db import Lake
from sentree.lake.detections import store_matches
from sentree.rules.buckets import fill_bucket, find_layouts
from sentree.rules.chunks import Scope, plan_chunks, stage_chunk
from sentree.rules.ir import Node, atoms, fields
from sentree.rules.load import LogSource, Rule
from sentree.rules.placeholders import Placeholders
from sentree.rules.predicate import Column, predicate
from sentree.rules.selections import selections
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
) -> None:
    """Store what the rows of the temporary table `new_detections` matched.

    Only the events of those detections are read again, and every selection is judged by the same
    SQL that found them.

    Raises:
        LakeError: the lake could not be read or written.
    """
    hit = {row["r"] for row in lake.query("SELECT DISTINCT rule_uid AS r FROM new_detections")}
    buckets: dict[LogSource, list[tuple[Rule, tuple[tuple[str, Node], ...]]]] = defaultdict(list)
    for rule in rules:
        source = taxonomy.source(rule.logsource)
        if rule.rule_uid in hit and source is not None and rule.condition is not None:
            named = selections(rule, placeholders) or (("condition", rule.condition),)
            buckets[source.logsource].append((rule, named))
    sources = [taxonomy.sources[logsource] for logsource in buckets]
    if not sources:
        return
    wanted = scope.narrowed("event_uid IN (SELECT event_uid FROM new_detections)")
    for chunk in plan_chunks(lake, wanted, chunk_events)[0]:
        stage_chunk(lake, chunk, taxonomy)
        for logsource, layouts in find_layouts(lake, taxonomy, sources).items():
            nodes = [node for _, named in buckets[logsource] for _, node in named]
            columns, _, _ = fill_bucket(lake, taxonomy, taxonomy.sources[logsource], nodes, layouts)
            rows: list[Mapping[str, object]] = []
            for rule, named in buckets[logsource]:
                rows += _matched(lake, rule, named, columns)
            store_matches(lake, rows)


def _matched(
    lake: Lake,
    rule: Rule,
    named: Sequence[tuple[str, Node]],
    columns: Mapping[str | None, Column],
) -> Iterator[Mapping[str, object]]:
    shown = [sorted(fields(node) & columns.keys())[:MAX_FIELDS] for _, node in named]
    every = {name: columns[name] for names in shown for name in names}
    selects = [
        f"left(c{column.number}, {VALUE_CHARACTERS}) AS c{column.number}"
        for column in every.values()
    ]
    parameters: list[object] = []
    for number, (_, node) in enumerate(named):
        written = predicate(node, columns)
        selects.append(f"coalesce({written.sql}, false) AS s{number}")
        parameters += written.parameters
    found = lake.query(
        f"SELECT d.detection_uid, d.tenant_uid, {', '.join(selects)} FROM sigma_bucket AS b"
        " JOIN new_detections AS d USING (event_uid) WHERE d.rule_uid = ?"
        " ORDER BY d.detection_uid",
        [*parameters, rule.rule_uid],
    )
    for row in found:
        matches = {
            name: {
                field: row[f"c{columns[field].number}"]
                for field in shown[number]
                if row[f"c{columns[field].number}"] is not None
            }
            for number, (name, node) in enumerate(named)
            if row[f"s{number}"] and (shown[number] or _searches_record(node))
        }
        yield {
            "detection_uid": row["detection_uid"],
            "tenant_uid": row["tenant_uid"],
            "rule_sha256": rule.content_sha256,
            "pack": rule.pack,
            "pack_version": rule.pack_version,
            "matches": json.dumps(matches),
        }


def _searches_record(node: Node) -> bool:
    return any(atom.field is None for atom in atoms(node))
