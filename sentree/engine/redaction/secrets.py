"""Finds secrets in a text: by their shape, by the name before them, by their place in a command.

Also inside text that was encoded as base64, as PowerShell's commands are.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator

from sentree.engine.redaction.commands import TRIGGERS as COMMAND_TRIGGERS
from sentree.engine.redaction.commands import find_commands
from sentree.engine.redaction.keyworded import TRIGGERS as KEYWORD_TRIGGERS
from sentree.engine.redaction.keyworded import find_keyworded
from sentree.engine.redaction.spans import Span, ascii_lower, outermost
from sentree.engine.redaction.tokens import AWS_SECRET, TOKEN_RULES

NEAR_AWS_ID = 300
_BASE64 = re.compile(r"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{24,}={0,2}")
_HEX = re.compile(r"[0-9A-Fa-f]+")
_MOST_ENCODED = 65_536
_LEAST_READABLE = 0.9
TRIGGERS = tuple(
    sorted({*COMMAND_TRIGGERS, *KEYWORD_TRIGGERS, *(rule.trigger for rule in TOKEN_RULES)})
)
"""A text without any of these (in lower case), and without base64, holds no secret."""


def find_secrets(text: str) -> list[Span]:
    """Give the places of secrets, none overlapping, in the order of the text."""
    lower = ascii_lower(text)
    found = [*_tokens(text, lower), *find_keyworded(text, lower), *find_commands(text, lower)]
    return outermost(found)


def mask_encoded(text: str, mask: Callable[[str], str]) -> str:
    """Mask what is encoded as base64, and encode it again: what the command does stays readable."""

    def masked(match: re.Match[str]) -> str:
        blob = match[0]
        if len(blob) > _MOST_ENCODED or _HEX.fullmatch(blob):
            return blob
        for encoding in ("utf-16-le", "utf-8"):
            plain = _decoded(blob, encoding)
            if plain is None:
                continue
            hidden = mask(plain)
            if hidden == plain:
                return blob
            return base64.b64encode(hidden.encode(encoding, "surrogatepass")).decode("ascii")
        return blob

    return _BASE64.sub(masked, text)


def _tokens(text: str, lower: str) -> Iterator[Span]:
    for rule in TOKEN_RULES:
        at = lower.find(rule.trigger)
        while at >= 0:
            end = at + len(rule.trigger)
            # A rule that may begin before its trigger is tried from there on.
            for start in range(max(0, at - rule.back), at + 1):
                found = rule.pattern.match(text, start)
                if found is not None and found.end() > at and _is_one(rule.kind, found):
                    group = "s" if "s" in found.re.groupindex else 0
                    yield Span(*found.span(group), rule.kind)
                    end = max(end, found.end())
                    if rule.kind == "aws-key-id":
                        yield from _aws_secrets(text, found)
                    break
            at = lower.find(rule.trigger, end)


def _is_one(kind: str, found: re.Match[str]) -> bool:
    if kind != "basic-auth":
        return True
    plain = _decoded(found["s"].replace("%3D", "=").replace("%3d", "="), "utf-8")
    return plain is not None and ":" in plain


def _aws_secrets(text: str, key: re.Match[str]) -> Iterator[Span]:
    around = (max(0, key.start() - NEAR_AWS_ID), min(len(text), key.end() + NEAR_AWS_ID))
    for found in AWS_SECRET.finditer(text, *around):
        value = found[0]
        if not _HEX.fullmatch(value) and any(char.isdigit() for char in value):
            yield Span(*found.span(), "aws-secret-key")


def _decoded(blob: str, encoding: str) -> str | None:
    try:
        data = base64.b64decode(blob + "=" * (-len(blob) % 4), validate=True)
        if encoding == "utf-16-le":
            data = data[: len(data) // 2 * 2]
        plain = data.decode(encoding)
    except (binascii.Error, ValueError):
        return None
    readable = sum((char.isprintable() and ord(char) < 0x250) or char in "\r\n\t" for char in plain)
    return plain if plain and readable >= _LEAST_READABLE * len(plain) else None
