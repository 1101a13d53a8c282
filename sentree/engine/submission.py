"""What an agent submits: read, turned into claims, and every citation checked."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import ValidationError

from schemas.agent import Submission, SubmittedEvidence
from schemas.claim import Claim, Evidence, Verification
from schemas.model import ToolResultBlock, ToolUseBlock
from sentree.engine.conversation import failure
from sentree.engine.fence import Fence

MOST_REJECTED = 2
TOLD = 20


def read_submission(use: ToolUseBlock) -> Submission | ToolResultBlock:
    """Read the input of `submit`; what is wrong with it is an answer to the model."""
    try:
        return Submission.model_validate(use.input)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        return failure(use, f"not accepted: {where}: {first['msg']}")


def as_claims(submission: Submission, node_uid: str) -> list[Claim]:
    """Give what a model submitted as claims that can be checked."""
    return [
        Claim(
            claim_uid=f"c{number}",
            text=claim.text,
            evidence=_evidence(claim.evidence),
            against=_evidence(claim.against),
            techniques=tuple(claim.techniques),
            node_uid=node_uid,
        )
        for number, claim in enumerate(submission.claims, 1)
    ]


def sent_back(use: ToolUseBlock, verification: Verification, fence: Fence) -> ToolResultBlock:
    """Tell the model which of its claims fail their check, and why."""
    failed = verification.dropped
    reasons = "\n".join(f"- {one.claim.text[:200]}: {one.reason}" for one in failed[:TOLD])
    return failure(
        use,
        f"{len(failed)} of {verification.checked} claims fail their check:\n"
        f"{fence.wrap('claims', reasons)}\n"
        "Mend or leave out these claims, and submit again.",
    )


def _evidence(submitted: Sequence[SubmittedEvidence]) -> tuple[Evidence, ...]:
    return tuple(Evidence(event_uid=one.event_uid, quote=one.quote or None) for one in submitted)
