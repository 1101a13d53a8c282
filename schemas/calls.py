"""Model calls as they are stored: their key, what they cost, and what one asking for them got."""

from __future__ import annotations

import hashlib
import json
from typing import Literal

from schemas.base import Frozen
from schemas.budget import Usage
from schemas.model import ModelReply, ModelRequest


def request_text(request: ModelRequest) -> str:
    """Give everything that decides a call's answer as JSON, in one form and in ASCII.

    Lone surrogates, which a log can hold, have no UTF-8 form; JSON escapes keep them.
    """
    return json.dumps(request.model_dump(), sort_keys=True, separators=(",", ":"))


def text_key(text: str) -> str:
    """Give the key of a call that `request_text` has written out."""
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def request_key(request: ModelRequest) -> str:
    """Give the call's key: the hash of everything that decides its answer."""
    return text_key(request_text(request))


class StoredCall(Frozen):
    """A call that was made and answered, as the store keeps it; by a real model or not."""

    key: str
    run_uid: str
    node_uid: str
    reply: ModelReply
    attempts: int = 1
    milliseconds: float = 0.0
    simulated: bool = False


class CallRecord(Frozen):
    """What one asking cost its run, for the trajectory.

    `replayed`: paid by this run before it was interrupted; `reused`: paid by another run;
    `shared`: an identical request was under way. Of these `usage` is zero. `attempts` counts the
    requests sent; `uncertain` those without an answer, which the server may have charged unseen.
    """

    key: str
    node_uid: str
    model: str
    state: Literal["called", "replayed", "reused", "shared", "failed"]
    attempts: int = 0
    uncertain: int = 0
    milliseconds: float = 0.0
    usage: Usage = Usage()
    stop_reason: str | None = None
    error: str | None = None
    notes: tuple[str, ...] = ()
