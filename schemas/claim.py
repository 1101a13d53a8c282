"""What an answer says and what it rests on: claims, their evidence, and how both were checked."""

from __future__ import annotations

from schemas.base import Frozen


class Evidence(Frozen):
    """One event a claim rests on, and the value of that event it repeats.

    `quote` is text that must stand in the event (normalised or raw), so that a claim which
    cites a real event but says something else of it is caught; None checks existence only.
    """

    event_uid: str
    quote: str | None = None


class Claim(Frozen):
    """One sentence of an answer. It never stands without evidence."""

    claim_uid: str
    text: str
    evidence: tuple[Evidence, ...]
    against: tuple[Evidence, ...] = ()
    techniques: tuple[str, ...] = ()
    node_uid: str | None = None


class DroppedClaim(Frozen):
    """A claim that verification removed, and why."""

    claim: Claim
    reason: str


class Verification(Frozen):
    """The outcome of checking every claim against the context it was made from."""

    checked: int = 0
    kept: int = 0
    dropped: tuple[DroppedClaim, ...] = ()
