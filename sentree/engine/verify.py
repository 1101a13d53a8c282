"""Checking of citations: every cited event exists in the context and holds what is quoted of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from schemas.claim import Claim, DroppedClaim, Evidence, Verification
from schemas.finding import Finding
from schemas.ports import ContextReader
from schemas.trajectory import Predicate
from sentree.engine.fence import tame
from sentree.engine.sandbox.output import visible

BATCH = 2_000
EVERYWHERE = Predicate("TRUE", ())

_Key = tuple[str, str]


class Checked(NamedTuple):
    """Findings that hold, and the account of those that don't."""

    findings: tuple[Finding, ...]
    verification: Verification


def verify_findings(context: ContextReader, findings: Sequence[Finding]) -> Checked:
    """Keep the findings whose every citation holds; the others are dropped, with the reason."""
    reasons = _reasons(context, findings)
    kept = tuple(one for one in findings if _reason(one, reasons) is None)
    dropped = tuple(
        DroppedClaim(claim=_as_claim(one), reason=reason)
        for one in findings
        if (reason := _reason(one, reasons)) is not None
    )
    return Checked(kept, Verification(checked=len(findings), kept=len(kept), dropped=dropped))


def verify_claims(
    context: ContextReader, claims: Sequence[Claim], scope: Predicate = EVERYWHERE
) -> tuple[tuple[Claim, ...], Verification]:
    """Keep the claims whose every citation, for and against, holds inside the scope."""
    reasons = _reasons(context, claims, scope)
    kept: list[Claim] = []
    dropped: list[DroppedClaim] = []
    for claim in claims:
        reason = _reason(claim, reasons)
        if reason is None:
            kept.append(claim)
        else:
            dropped.append(DroppedClaim(claim=claim, reason=reason))
    return tuple(kept), Verification(checked=len(claims), kept=len(kept), dropped=tuple(dropped))


def citations_that_hold(
    context: ContextReader, evidence: Sequence[Evidence], scope: Predicate
) -> list[Evidence]:
    """Keep the citations of events inside the scope that hold what is quoted, each once."""
    unique = list({_key(one): one for one in evidence}.values())
    failed = _failures(context, [_key(one) for one in unique], scope)
    return [one for one in unique if _key(one) not in failed]


def _reasons(
    context: ContextReader, citing: Iterable[Finding | Claim], scope: Predicate = EVERYWHERE
) -> dict[_Key, str]:
    """Give, for each citation that fails, why."""
    return _failures(context, [_key(ev) for one in citing for ev in _cited(one)], scope)


def _failures(context: ContextReader, keys: Iterable[_Key], scope: Predicate) -> dict[_Key, str]:
    pending = sorted(set(keys))
    failed: dict[_Key, str] = {}
    for start in range(0, len(pending), BATCH):
        batch = pending[start : start + BATCH]
        rows = context.query(
            f"""
            SELECT cited.n AS n,
                   any_value(e.event_uid) IS NOT NULL AS found,
                   coalesce(bool_or(cited.quote = ''
                       OR contains(e.raw, cited.quote)
                       OR contains(e.event, cited.quote)
                       OR contains(e.event, cited.escaped)
                       OR contains(e.raw, cited.escaped)), FALSE) AS holds
            FROM (SELECT unnest(?::INTEGER[]) AS n, unnest(?::VARCHAR[]) AS uid,
                         unnest(?::VARCHAR[]) AS quote, unnest(?::VARCHAR[]) AS escaped) AS cited
            LEFT JOIN (SELECT * FROM events WHERE {scope.sql}) AS e ON e.event_uid = cited.uid
            GROUP BY cited.n
            """,
            (
                list(range(len(batch))),
                [uid for uid, _ in batch],
                [quote for _, quote in batch],
                [_json_text(quote) for _, quote in batch],
                *scope.parameters,
            ),
        )
        for row in rows:
            uid, quote = batch[row["n"]]
            if not row["found"]:
                failed[uid, quote] = f"cites {uid}, which is not in the context"
            elif not row["holds"] and not _holds_as_shown(context, uid, quote):
                failed[uid, quote] = f"quotes text that does not stand in {uid}"
    return failed


def _holds_as_shown(context: ContextReader, uid: str, quote: str) -> bool:
    """Tell whether the event holds the quote as a model sees it, hidden characters written out.

    Else whoever hides characters in a record would make it one that nobody can quote.
    """
    if "\\" not in quote and "<<" not in quote:
        return False
    rows = context.query("SELECT raw FROM events WHERE event_uid = ?", (uid,))
    return any(quote in tame(row["raw"]) or quote in visible(row["raw"]) for row in rows)


def _reason(one: Finding | Claim, reasons: dict[_Key, str]) -> str | None:
    if not one.evidence:
        return "cites nothing"
    keys = (_key(evidence) for evidence in _cited(one))
    return next((reasons[key] for key in keys if key in reasons), None)


def _cited(one: Finding | Claim) -> tuple[Evidence, ...]:
    return one.evidence + one.against if isinstance(one, Claim) else one.evidence


def _key(evidence: Evidence) -> _Key:
    return evidence.event_uid, evidence.quote or ""


def _as_claim(finding: Finding) -> Claim:
    return Claim(
        claim_uid=finding.finding_uid,
        text=finding.statement,
        evidence=finding.evidence,
        techniques=finding.techniques,
    )


def _json_text(quote: str) -> str:
    """Give the quote as it stands inside JSON text, where quotes and backslashes are escaped."""
    return quote.replace("\\", "\\\\").replace('"', '\\"')
