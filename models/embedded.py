"""The embedded analyst: patterns, rules and baselines read a partition, no language model.

What it says of an event depends on that event, its rule hits and tables computed over the whole
slice, never on the partition's borders: any partitioning gives the same findings.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any

from models.patterns.conclusions import conclude, to_finding
from models.patterns.facts import fact_of
from models.patterns.notable import NOTABLE, wording
from models.patterns.sight import Sight
from models.patterns.vocabulary import Pattern, patterns_of
from models.patterns.wording import describe, placed, plain, quote_from, stands_in, statement
from schemas.base import as_utc
from schemas.claim import Evidence
from schemas.finding import Finding, FindingKind, LeafResult, RuleRef, Tally
from schemas.ports import ContextReader
from schemas.trajectory import Partition

Row = Mapping[str, Any]

LEVEL_SCORES: Mapping[str, int] = {
    "informational": 15,
    "low": 30,
    "medium": 50,
    "high": 75,
    "critical": 90,
}
FLAGGED = 60
"""Score from which a process start makes its descendants worth a sentence."""
DESCENDANT_SCORE = 35

_USUAL_QUOTES = (
    *("name", "cmd", "file", "key", "target", "query", "dst", "account", "api", "src", "code"),
    *("share", "service", "task", "script", "text"),
)
_TECHNIQUE = re.compile(r"T\d{4}(?:\.\d{3})?")
_SENSORS = {"zeek": "zeek", "api": "cloudtrail", "other": ""}


class EmbeddedAnalyst:
    """Reads partitions by pattern, rule and baseline; deterministic and offline."""

    name = "embedded analyst"
    version = "1.0"
    is_language_model = False

    def read(self, context: ContextReader, partition: Partition) -> LeafResult:
        """Give the findings and tallies of one partition."""
        where = partition.predicate()

        def ask(name: str) -> list[dict[str, Any]]:
            return context.query(_sql(name).replace("{partition}", where.sql), where.parameters)

        sights = {str(row["event_uid"]): Sight(row) for row in ask("candidates")}
        matched = {uid: matching(sight) for uid, sight in sights.items()}
        findings = [
            *(_by_pattern(sights[uid], found) for uid, hits in matched.items() for found in hits),
            *(_by_rule(sights[str(row["event_uid"])], row) for row in ask("detections")),
            *(_by_baseline(sights[str(row["event_uid"])], row) for row in ask("notable")),
            *self._descendants(context, sights, ask("lineage")),
            *self._twins(context, sights, ask("twins")),
        ]
        extent = ask("extent")[0]
        return LeafResult(
            findings=in_order(findings),
            tallies=tuple(_tally(row) for row in ask("tallies")),
            events_read=int(extent["events"]),
            chars_read=int(extent["characters"]),
        )

    def conclude(self, tallies: Sequence[Tally], context: ContextReader) -> tuple[Finding, ...]:
        """Give the findings that the merged tallies of the whole slice allow."""
        drawn = conclude(tallies)
        texts = _texts(context, sorted({uid for each in drawn for uid in each.cited}))
        return in_order(to_finding(each, texts) for each in drawn)

    def _descendants(
        self, context: ContextReader, sights: Mapping[str, Sight], lineage: Iterable[Row]
    ) -> list[Finding]:
        """Name process starts below a flagged one that no pattern flagged by themselves."""
        nearest: dict[str, list[str]] = {}
        for row in lineage:
            if str(row["event_uid"]) in sights:
                nearest.setdefault(str(row["event_uid"]), []).append(str(row["ancestor_uid"]))
        wanted = sorted({uid for line in nearest.values() for uid in line})
        ancestors = _sights(context, sights, wanted)
        scores = {uid: top_score(sight) for uid, sight in ancestors.items()}
        found: list[Finding] = []
        for uid, line in nearest.items():
            if (
                top_score(sights[uid]) >= DESCENDANT_SCORE
                or sights[uid].field("name") == "conhost.exe"
            ):
                continue
            flagged = next((each for each in line if scores.get(each, 0) >= FLAGGED), None)
            if flagged:
                found.append(_descendant(sights[uid], ancestors[flagged]))
        return found

    def _twins(
        self, context: ContextReader, sights: Mapping[str, Sight], twins: Iterable[Row]
    ) -> list[Finding]:
        """Cite the record of a flagged start by a sensor whose own record shows no pattern."""
        silent = {
            str(row["event_uid"]): str(row["twin_uid"])
            for row in twins
            if str(row["event_uid"]) in sights and not matching(sights[str(row["event_uid"])])
        }
        others = _sights(context, sights, sorted(set(silent.values())))
        return [
            _twin(sights[uid], score)
            for uid, twin in silent.items()
            if twin in others and (score := top_score(others[twin]))
        ]


def _sights(
    context: ContextReader, known: Mapping[str, Sight], wanted: Sequence[str]
) -> dict[str, Sight]:
    """Give the wanted events, those of other partitions too."""
    found = {uid: sight for uid in wanted if (sight := known.get(uid))}
    missing = [uid for uid in wanted if uid not in found]
    if missing:
        sql = _sql("candidates").replace("{partition}", "list_contains(?::VARCHAR[], event_uid)")
        for row in context.query(sql, (missing,)):
            found[str(row["event_uid"])] = Sight(row)
    return found


def techniques_told(sight: Sight) -> tuple[str, ...]:
    """Give the techniques that a product names in its finding, in its order, each once."""
    try:
        event = json.loads(str(sight.row.get("event") or "{}"))
        attacks = event["finding_info"]["attacks"]
        uids = [
            (each.get("sub_technique") or each.get("technique") or {}).get("uid")
            for each in attacks
        ]
    except (ValueError, KeyError, TypeError, AttributeError):
        return ()
    known = (uid for uid in uids if isinstance(uid, str) and _TECHNIQUE.fullmatch(uid))
    return tuple(dict.fromkeys(known))[:4]


def matching(sight: Sight) -> list[Pattern]:
    """Give the patterns that an event shows."""
    known = patterns_of(sight.scope, str(sight.row.get("mapper") or ""))
    return [each for each in known if each.matches(sight)]


def top_score(sight: Sight) -> int:
    """Give the highest score of the patterns that an event shows."""
    return max((pattern.score for pattern in matching(sight)), default=0)


def finding_uid(reason: str, event_uid: str) -> str:
    """Give the uid of the finding that a reason (`pattern mshta-runs`) makes of an event."""
    return hashlib.sha256(f"{reason}\n{event_uid}".encode("utf-8", "replace")).hexdigest()[:20]


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Give distinct findings in time order."""
    unique = {finding.finding_uid: finding for finding in findings}
    return tuple(sorted(unique.values(), key=lambda each: (each.time, each.finding_uid)))


@cache
def _sql(name: str) -> str:
    return (files("models") / "sql" / f"{name}.sql").read_text(encoding="utf-8")


def _by_pattern(sight: Sight, pattern: Pattern) -> Finding:
    told = techniques_told(sight) if sight.scope == "finding" else ()
    return _finding(
        sight,
        f"pattern {pattern.name}",
        kind=pattern.kind,
        text=statement(_host(sight), describe(sight), pattern.why),
        quotes=pattern.quote,
        techniques=told or pattern.techniques,
        score=pattern.score,
    )


def _by_rule(sight: Sight, row: Row) -> Finding:
    title, level = plain(str(row["rule_title"] or ""), 140), str(row["level"] or "medium").lower()
    what = describe(sight)
    text = f"rule “{title}” matched" + (f": {what}." if what else ".")
    rule = RuleRef(
        rule_uid=str(row["rule_uid"]),
        title=str(row["rule_title"] or ""),
        author=row["rule_author"],
        level=row["level"],
    )
    return _finding(
        sight,
        f"rule {row['rule_uid']}",
        kind=FindingKind.RULE_HIT,
        text=placed(_host(sight), text),
        quotes=(),
        techniques=tuple(sorted(row["techniques"] or ())),
        score=LEVEL_SCORES.get(level, 50),
        rule=rule,
    )


def _by_baseline(sight: Sight, row: Row) -> Finding:
    known = NOTABLE[row["kind"]]
    others = [str(uid) for uid in row["sample"] or () if str(uid) != sight.row["event_uid"]]
    return _finding(
        sight,
        f"baseline {row['kind']} {row['subject']} {row['object']}",
        kind=known.kind,
        text=placed(_host(sight), f"{wording(row)}."),
        quotes=(),
        techniques=known.techniques,
        score=known.score,
        values=(str(row["object"] or ""), str(row["subject"] or "")),
        more=others,
    )


def _descendant(sight: Sight, ancestor: Sight) -> Finding:
    why = f"it descends from {plain(ancestor.show('name'), 80)}, which was flagged"
    return _finding(
        sight,
        "descendant",
        kind=FindingKind.EXECUTION,
        text=statement(_host(sight), describe(sight), why),
        quotes=("name",),
        techniques=(),
        score=DESCENDANT_SCORE,
        more=[str(ancestor.row["event_uid"])],
    )


def _twin(sight: Sight, score: int) -> Finding:
    return _finding(
        sight,
        "twin",
        kind=FindingKind.EXECUTION,
        text=statement(_host(sight), describe(sight), "another sensor's record of it was flagged"),
        quotes=("name",),
        techniques=(),
        score=min(score, DESCENDANT_SCORE) - 1,
    )


def _finding(
    sight: Sight,
    reason: str,
    *,
    kind: FindingKind,
    text: str,
    quotes: Sequence[str],
    techniques: tuple[str, ...],
    score: int,
    rule: RuleRef | None = None,
    values: Sequence[str] = (),
    more: Sequence[str] = (),
) -> Finding:
    uid = str(sight.row["event_uid"])
    evidence = Evidence(event_uid=uid, quote=_quote(sight, quotes, values))
    return Finding(
        finding_uid=finding_uid(reason, uid),
        kind=kind,
        time=_time(sight.row["time"]),
        host=_host(sight),
        user=plain(sight.show("account" if sight.scope == "logon" else "user"), 128) or None,
        statement=text,
        evidence=(evidence, *(Evidence(event_uid=other) for other in more)),
        techniques=techniques,
        score=score,
        rule=rule,
        fact=fact_of(sight),
        sensor=_sensor(sight),
    )


def _quote(sight: Sight, names: Sequence[str], values: Sequence[str]) -> str | None:
    """Give the first telling value of the event that verbatim stands in its text."""
    texts = (sight.row.get("raw"), sight.row.get("event"))
    shown = (sight.show(name) for name in (*names, *_USUAL_QUOTES))
    for value in (*values, *shown):
        quote = quote_from(value) if value else None
        if quote and len(quote) >= 2 and stands_in(quote, *texts):
            return quote
    return None


def _texts(context: ContextReader, uids: Sequence[str]) -> dict[str, tuple[str, ...]]:
    if not uids:
        return {}
    rows = context.query(_sql("texts"), (list(uids),))
    return {str(row["event_uid"]): (str(row["raw"]), str(row["event"])) for row in rows}


def _host(sight: Sight) -> str | None:
    host = sight.row.get("host")
    return plain(str(host), 128) if host else None


def _sensor(sight: Sight) -> str:
    sensor = str(sight.row["sensor"])
    if sensor == "zeek":
        return f"zeek {plain(sight.show('log'), 32)}".strip()
    return _SENSORS.get(sensor, sensor) or plain(str(sight.row.get("mapper") or ""), 32)


def _tally(row: Row) -> Tally:
    return Tally(
        key=tuple(str(part) for part in row["key"]),
        count=int(row["count"]),
        first=_time(row["first"]),
        last=_time(row["last"]),
        sample=tuple((_time(each["time"]), str(each["event_uid"])) for each in row["sample"]),
    )


def _time(value: datetime) -> datetime:
    return as_utc(value)
