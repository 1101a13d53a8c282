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
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2"
    "\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ud800-\udfff\U000110bd\U000110cd"
    "\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_LIKE_A_MARKER = re.compile("<<(?=data-)", re.IGNORECASE)
_BROKEN = "<<not-"
_CLOSING = re.compile(">(?=>)")
LABEL = 100


class Fence:
    """Wraps data for a model's eyes."""

    def __init__(self, secret: bytes, context_hash: str) -> None:
        digest = hmac.new(secret, context_hash.encode("utf-8", "replace"), sha256).hexdigest()
        self.marker = f"<<data-{digest[:24]}"

    def wrap(self, label: str, text: str) -> str:
        """Put text between marker lines; it can hold neither a marker nor active characters."""
        return f"{self.marker} begin {self.line(label)}>>\n{self.tame(text)}\n{self.marker} end>>"

    def tame(self, text: str) -> str:
        """Do as the function `tame` does."""
        return tame(text)

    def line(self, text: str, characters: int = LABEL) -> str:
        """Give the beginning of a text as one tame line that can't close a marker line."""
        line = tame(text[:characters]).replace("\n", "\\u000a").replace("\t", "\\u0009")
        return _CLOSING.sub("> ", line)


def tame(text: str) -> str:
    """Write out characters that act or hide, and break whatever looks like a marker."""
    return _LIKE_A_MARKER.sub(_BROKEN, _ACTIVE.sub(_spell, text))


def _spell(match: re.Match[str]) -> str:
    code = ord(match.group())
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
