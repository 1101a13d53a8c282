"""The fence around data shown to a model: a marker no log writer can know, and tame characters.

The marker is derived from a secret of the installation and the run's context, so that it is the
same when a run is repeated (and calls that were paid for are found again), and can't be
guessed by whoever wrote the logs.
"""

from __future__ import annotations

import hmac
import re
from hashlib import sha256

_ACTIVE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e0fff]"
)


class Fence:
    """Wraps data for a model's eyes."""

    def __init__(self, secret: bytes, context_hash: str) -> None:
        digest = hmac.new(secret, context_hash.encode(), sha256).hexdigest()
        self.marker = f"<<data-{digest[:24]}"

    def wrap(self, label: str, text: str) -> str:
        """Put text between marker lines; it can hold neither the marker nor active characters."""
        return f"{self.marker} begin {self.tame(label)}>>\n{self.tame(text)}\n{self.marker} end>>"

    def tame(self, text: str) -> str:
        """Write out characters that act or hide, and break any copy of the marker."""
        return _ACTIVE.sub(_spell, text).replace(self.marker, "<<not-the-marker")


def _spell(match: re.Match[str]) -> str:
    code = ord(match.group())
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
