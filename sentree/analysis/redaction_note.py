"""What a result says of redaction: one line, in notes that every report shows."""

from __future__ import annotations

from schemas.result import Result
from sentree.engine.redaction import Redactor


def with_redaction(result: Result, redactor: Redactor) -> Result:
    """Add to a result what was kept from the model."""
    return result.model_copy(update={"notes": (*result.notes, redaction_note(redactor))})


def redaction_note(redactor: Redactor) -> str:
    """Say what was kept from the model, and by which policy."""
    policy = redactor.policy
    note = f"Redaction before the model: {policy.summary()}"
    if not policy.is_off:
        note += f"; {redactor.account().sentence()}"
    return f"{note}."
