"""A citation holds only if its event is in the context and holds the quoted text."""

from __future__ import annotations

from datetime import UTC, datetime

from contexts import MemoryContext, event_row

from schemas.claim import Claim, Evidence
from schemas.finding import Finding, FindingKind
from sentree.engine.verify import verify_claims, verify_findings

UID = "ab" * 16
CONTEXT = MemoryContext([event_row(UID, datetime(2026, 1, 5, tzinfo=UTC), "ws01")])


def claim(*evidence: Evidence, against: tuple[Evidence, ...] = ()) -> Claim:
    return Claim(claim_uid="c1", text="It ran.", evidence=evidence, against=against)


def finding(*evidence: Evidence) -> Finding:
    return Finding(
        finding_uid="f1",
        kind=FindingKind.EXECUTION,
        time=datetime(2026, 1, 5, tzinfo=UTC),
        statement="It ran.",
        evidence=evidence,
        fact="f",
    )


def test_a_real_event_with_a_true_quote_is_kept() -> None:
    kept, verification = verify_claims(CONTEXT, [claim(Evidence(event_uid=UID, quote=UID))])
    assert [one.claim_uid for one in kept] == ["c1"]
    assert (verification.checked, verification.kept) == (1, 1)


def test_a_path_is_found_although_json_doubles_its_backslashes() -> None:
    quote = f"C:\\tools\\{UID}.exe"
    kept, _ = verify_claims(CONTEXT, [claim(Evidence(event_uid=UID, quote=quote))])
    assert len(kept) == 1


def test_an_event_that_does_not_exist_drops_the_claim_with_its_reason() -> None:
    kept, verification = verify_claims(CONTEXT, [claim(Evidence(event_uid="00" * 16))])
    assert kept == ()
    assert "not in the context" in verification.dropped[0].reason


def test_words_that_the_event_does_not_hold_drop_the_claim() -> None:
    kept, verification = verify_claims(
        CONTEXT, [claim(Evidence(event_uid=UID, quote="mimikatz.exe"))]
    )
    assert kept == ()
    assert "does not stand in" in verification.dropped[0].reason


def test_a_claim_without_evidence_never_stands() -> None:
    kept, verification = verify_claims(CONTEXT, [claim()])
    assert kept == ()
    assert verification.dropped[0].reason == "cites nothing"


def test_evidence_against_a_claim_is_checked_too() -> None:
    bad = Evidence(event_uid="00" * 16)
    kept, _ = verify_claims(CONTEXT, [claim(Evidence(event_uid=UID), against=(bad,))])
    assert kept == ()


def test_one_bad_citation_among_good_ones_drops_the_finding() -> None:
    good, bad = Evidence(event_uid=UID, quote=UID), Evidence(event_uid=UID, quote="nowhere")
    checked = verify_findings(CONTEXT, [finding(good), finding(good, bad)])
    assert len(checked.findings) == 1
    assert checked.verification.dropped[0].claim.claim_uid == "f1"
