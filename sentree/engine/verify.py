"""Checking of citations: every cited event exists in the context and holds what is quoted of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from schemas.claim import Claim, DroppedClaim, Evidence, Verification
from schemas.finding import Finding
from schemas.ports import ContextReader

BATCH = 2_000

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
    context: ContextReader, claims: Sequence[Claim]
) -> tuple[tuple[Claim, ...], Verification]:
    """Keep the claims whose every citation, for and against, holds."""
    reasons = _reasons(context, claims)
    kept: list[Claim] = []
    dropped: list[DroppedClaim] = []
    for claim in claims:
        reason = _reason(claim, reasons)
        if reason is None:
            kept.append(claim)
        else:
            dropped.append(DroppedClaim(claim=claim, reason=reason))
    return tuple(kept), Verification(checked=len(claims), kept=len(kept), dropped=tuple(dropped))


def _reasons(context: ContextReader, citing: Iterable[Finding | Claim]) -> dict[_Key, str]:
    """Give, for each citation that fails, why."""
    pending = sorted({_key(evidence) for one in citing for evidence in _cited(one)})
    failed: dict[_Key, str] = {}
    for start in range(0, len(pending), BATCH):
        batch = pending[start : start + BATCH]
        rows = context.query(
            """
            SELECT cited.n AS n,
                   any_value(e.event_uid) IS NOT NULL AS found,
                   coalesce(bool_or(cited.quote = ''
                       OR contains(e.raw, cited.quote)
                       OR contains(e.event, cited.quote)
                       OR contains(e.event, cited.escaped)
                       OR contains(e.raw, cited.escaped)), FALSE) AS holds
            FROM (SELECT unnest(?::INTEGER[]) AS n, unnest(?::VARCHAR[]) AS uid,
                         unnest(?::VARCHAR[]) AS quote, unnest(?::VARCHAR[]) AS escaped) AS cited
            LEFT JOIN events AS e ON e.event_uid = cited.uid
            GROUP BY cited.n
            """,
            (
                list(range(len(batch))),
                [uid for uid, _ in batch],
                [quote for _, quote in batch],
                [_json_text(quote) for _, quote in batch],
            ),
        )
        for row in rows:
            uid, quote = batch[row["n"]]
            if not row["found"]:
                failed[uid, quote] = f"cites {uid}, which is not in the context"
            elif not row["holds"]:
                failed[uid, quote] = f"quotes text that does not stand in {uid}"
    return failed


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
