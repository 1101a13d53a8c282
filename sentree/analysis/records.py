"""What the scenarios over records share: citable records, their check, and the result document."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from pydantic import JsonValue

import sentree
from models.embedded import EmbeddedAnalyst
from schemas.base import Frozen
from schemas.claim import Claim, DroppedClaim, Evidence, Verification
from schemas.coverage import Coverage
from schemas.event import CitedEvent, Reference
from schemas.query import Path as RoutePath
from schemas.query import Query, RouteDecision, Scenario
from schemas.result import AnalystInfo, Result
from schemas.section import InputFile, Row, Section, Table, TechniqueScore

NO_EVENT_CLASS = -1
MAX_RAW = 32_768


class Account(NamedTuple):
    """What a run over records covered, beside the files it read.

    `in_scope` and `looked_at` count records; `not_searched` has a plain sentence per omission.
    """

    in_scope: int
    looked_at: int
    not_searched: tuple[str, ...] = ()
    snapshot_id: int = 0


def cited_record(
    uid: str,
    what: str,
    raw: str,
    source: str,
    *,
    line: int = 0,
    time: datetime | None = None,
    reader: str = "",
    references: Sequence[Reference] = (),
) -> CitedEvent:
    """Make a record that is no event citable; `what` names its kind, e.g. `STIX malware`."""
    return CitedEvent(
        event_uid=uid,
        time=time,
        class_uid=NO_EVENT_CLASS,
        class_name=what,
        host=None,
        user=None,
        source=source,
        line=line,
        mapper=reader,
        event="",
        raw=raw[:MAX_RAW],
        raw_length=len(raw),
        references=tuple(references),
    )


def claim(text: str, evidence: Iterable[str | Evidence], **more: object) -> Claim:
    """Make a claim whose uid is the hash of what it says and cites."""
    cited = tuple(Evidence(event_uid=one) if isinstance(one, str) else one for one in evidence)
    key = "\n".join((text, *(f"{one.event_uid}\t{one.quote or ''}" for one in cited)))
    uid = sha256(key.encode(errors="surrogatepass")).hexdigest()[:16]
    return Claim.model_validate({"claim_uid": uid, "text": text, "evidence": cited, **more})


def verify(
    claims: Iterable[Claim], texts: Mapping[str, str]
) -> tuple[tuple[Claim, ...], Verification]:
    """Keep the claims whose every citation names a record read and repeats what it holds.

    `texts` has the whole text of each record by uid; quotes are compared without regard to case
    and to runs of white space.
    """
    folded: dict[str, str] = {}
    kept: list[Claim] = []
    dropped: list[DroppedClaim] = []
    for one in claims:
        reason = _reason(one, texts, folded)
        if reason is None:
            kept.append(one)
        else:
            dropped.append(DroppedClaim(claim=one, reason=reason))
    total = len(kept) + len(dropped)
    return tuple(kept), Verification(checked=total, kept=len(kept), dropped=tuple(dropped))


def verify_sections(
    sections: Sequence[Section], texts: Mapping[str, str]
) -> tuple[tuple[Section, ...], Verification]:
    """Check the claims of all sections, and the rows of their tables that cite anything."""
    kept: list[Section] = []
    account = Verification()
    for section in sections:
        claims, checked = verify(section.claims, texts)
        account = joined(account, checked)
        tables: list[Table] = []
        for table in section.tables:
            rows, checked = _verify_rows(table, texts)
            account = joined(account, checked)
            tables.append(table.model_copy(update={"rows": rows}))
        kept.append(section.model_copy(update={"claims": claims, "tables": tuple(tables)}))
    return tuple(kept), account


def joined(one: Verification, other: Verification) -> Verification:
    """Add up two accounts of checking."""
    return Verification(
        checked=one.checked + other.checked,
        kept=one.kept + other.kept,
        dropped=(*one.dropped, *other.dropped),
    )


def cited_uids(summary: Iterable[Claim], sections: Iterable[Section]) -> list[str]:
    """List every record that the summary and the sections cite, each once, in reading order."""
    uids: dict[str, None] = {}
    for one in summary:
        uids.update(dict.fromkeys(ev.event_uid for ev in (*one.evidence, *one.against)))
    for section in sections:
        for one in section.claims:
            uids.update(dict.fromkeys(ev.event_uid for ev in (*one.evidence, *one.against)))
        for table in section.tables:
            for row in table.rows:
                uids.update(dict.fromkeys(row.evidence))
    return list(uids)


def record_result(
    run_dir: Path,
    scenario: Scenario,
    title: str,
    query: Query,
    *,
    summary: Sequence[Claim],
    sections: Sequence[Section],
    texts: Mapping[str, str],
    records: Mapping[str, CitedEvent],
    account: Account,
    inputs: Sequence[InputFile] = (),
    techniques: Sequence[TechniqueScore] = (),
    ruled_out: Sequence[str] = (),
    notes: Sequence[str] = (),
    data: Frozen | None = None,
    created_at: datetime | None = None,
) -> Result:
    """Verify everything that cites and make the result document of a computed scenario.

    `records` needs those that are cited only; what is not in it is left out of the document,
    so that a mark leads to a uid alone.
    """
    claims, verification = verify(summary, texts)
    checked, more = verify_sections(sections, texts)
    analyst = EmbeddedAnalyst()
    document: dict[str, JsonValue] | None = None if data is None else data.model_dump(mode="json")
    return Result(
        run_uid=run_dir.name,
        scenario=scenario.value,
        title=title,
        created_at=created_at or datetime.now(UTC),
        sentree_version=sentree.__version__,
        query=query,
        route=computed_route(scenario),
        analyst=AnalystInfo(name=analyst.name, is_language_model=False, version=analyst.version),
        coverage=Coverage(
            snapshot_id=account.snapshot_id,
            window=query.window,
            events_in_scope=account.in_scope,
            events_looked_at=account.looked_at,
            not_searched=account.not_searched,
        ),
        summary=claims,
        ruled_out=tuple(ruled_out),
        verification=joined(verification, more),
        cited_events=tuple(records[uid] for uid in cited_uids(claims, checked) if uid in records),
        notes=tuple(notes),
        inputs=tuple(inputs),
        sections=checked,
        techniques=tuple(techniques),
        data=document,
    )


def computed_route(scenario: Scenario) -> RouteDecision:
    """Give the route of a scenario that a user named outright: nothing was left to classify."""
    return RouteDecision(
        path=RoutePath.DIRECT,
        scenario=scenario,
        path_probabilities={},
        scenario_probabilities={},
        decided_by="command",
        reasons=("The command names the scenario, and code computes its answer.",),
        router_version="none",
    )


def _reason(one: Claim, texts: Mapping[str, str], folded: dict[str, str]) -> str | None:
    if not one.evidence:
        return "cites nothing"
    for ev in (*one.evidence, *one.against):
        if ev.event_uid not in texts:
            return f"record {ev.event_uid} was not read"
        if ev.quote:
            text = folded.setdefault(ev.event_uid, _folded(texts[ev.event_uid]))
            if _folded(ev.quote) not in text:
                return f"record {ev.event_uid} does not hold the quoted value"
    return None


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()


def _verify_rows(table: Table, texts: Mapping[str, str]) -> tuple[tuple[Row, ...], Verification]:
    kept: list[Row] = []
    dropped: list[DroppedClaim] = []
    citing = 0
    for row in table.rows:
        citing += bool(row.evidence)
        missing = next((uid for uid in row.evidence if uid not in texts), None)
        if missing is None:
            kept.append(row)
        else:
            text = f"{table.title}: {' | '.join(str(cell) for cell in row.cells)}"
            dropped.append(
                DroppedClaim(
                    claim=claim(text, row.evidence), reason=f"record {missing} was not read"
                )
            )
    return tuple(kept), Verification(
        checked=citing, kept=citing - len(dropped), dropped=tuple(dropped)
    )
