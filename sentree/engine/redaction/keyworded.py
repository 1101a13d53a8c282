# ruff: noqa: E501 (one rule a line: a rule that is cut in two can't be read)
"""Secrets that are known by the name before them: `password=`, `"api_key": "`, `-Password`, ..."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from sentree.engine.redaction.spans import Span


class _Word(NamedTuple):
    """A name of a secret; `least` is the shortest value that counts, `prose` takes "is" too."""

    kind: str
    least: int = 1
    prose: bool = False


_PASSWORD = _Word("password", prose=True)
_KEY = _Word("api-key", 6)
_TOKEN = _Word("token", 8)
_SESSION = _Word("session", 8)

WORDS: dict[str, _Word] = {
    **dict.fromkeys(
        (
            "password", "passwd", "passwort", "kennwort", "passphrase", "passcode", "contrasena",
            "motdepasse", "pwd",
        ),
        _PASSWORD,
    ),
    **dict.fromkeys(("pass", "pw", "userpass", "userpw"), _Word("password")),
    **dict.fromkeys(
        (
            "apikey", "api_key", "api-key", "accesskey", "access_key", "access-key", "secretkey",
            "secret_key", "secret-key", "privatekey", "private_key", "private-key", "accountkey",
            "account_key", "encryptionkey", "encryption_key", "encryption-key", "signingkey",
            "signing_key", "masterkey", "master_key", "storagekey", "storage_key",
            "sharedaccesskey",
            "licensekey", "license_key", "subscription-key",
        ),
        _KEY,
    ),
    **dict.fromkeys(
        ("secretaccesskey", "secret_access_key", "secret-access-key"), _Word("aws-secret-key", 6)
    ),
    **dict.fromkeys(("secret", "secretstring", "clientsecret", "sharedsecret"), _Word("secret", 4)),
    **dict.fromkeys(
        ("token", "sessiontoken", "credential", "credentials", "securitytoken"), _TOKEN
    ),
    **dict.fromkeys(
        (
            "sessionid", "session_id", "session-id", "sessid", "session", "session_key",
            "sessionkey", "phpsessid", "connect.sid", "auth_code", "authcode",
        ),
        _SESSION,
    ),
    "otp": _Word("one-time-code", 6),
    "community": _Word("snmp-community", 4),
}  # fmt: skip
"""Names of secrets, as the end of an identifier; what may stand before them is free."""

HEADERS = ("cookie", "authorization")
TRIGGERS = ("pass", "pw", "kennwort", "contrasena", "key", "secret", "token", "credential",
            "sess", "connect.sid", "auth", "otp", "community", "cookie", "motdepasse")  # fmt: skip

PUBLIC = ("publickeytoken", "nexttoken", "paginationtoken", "continuationtoken", "synctoken",
          "clientrequesttoken", "clienttoken", "requesttoken")  # fmt: skip
"""Names that end like those of secrets, of values that are none."""

_IDENTIFIER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")
_NUMBERED = re.compile(r"(?:[_-]?(?:\d{1,3}|value|text|plain|plaintext|string|raw))$")
# Quotes may be escaped once or more (JSON within JSON), and brackets may close a name.
_Q = r"(?:\\{1,7}u00(?:22|27)|\\{0,7}[\"']|&quot;|%22)"
_ASSIGN = re.compile(
    rf"{_Q}?\]?[ \t]{{0,3}}(?:=>|:=|={{1,2}}|:|%3[dDaA])[ \t]{{0,3}}"
    rf"(?:\[[ \t]?)?(?:string\(|{_Q}(?:value|string){_Q}:[ \t]?)?"
)
_XML = re.compile(rf"{_Q}?[ \t]{{0,2}}>(?P<s>[^<>\n]{{1,512}})<")
_SPACE = re.compile(r"[ \t]{1,3}")
_IS = re.compile(r"(?i:[ \t]{1,2}(?:is|was|set to|changed to))[ \t]?:?[ \t]{1,2}")
_QUOTED = re.compile(rf"(?P<q>{_Q})(?P<s>(?:(?!(?P=q))[^\r\n]){{1,1024}}?)(?=(?P=q)|[\r\n]|$)")
_BARE = re.compile(
    r"(?P<s>(?:[^\s\"'&;,|\\<>]|,(?!\s|\w{1,40}[=:]|$|[\"'])|<(?!/)|>|\\(?![\"'nrtu]))+)"
)
_LONGEST_BARE = 1_024

_NOTHING = re.compile(
    r"(?i:\*+|x{3,}|\.{2,}|-+|_+|\?+|null|none|nil|undefined|true|false|yes|no|on|off|empty|n/?a|"
    r"redacted|masked|hidden\w*|required|changed|reset|expired|invalid|incorrect|wrong|prompt|"
    r"%%\d+|%\w{1,40}%|%[sdv]|\$\{[^}]{1,80}\}|\$\([^)]{1,80}\)|\{\{?[\w. ]{1,60}\}?\}|<[\w -]{1,40}>|"
    r"\[[\w -]{1,40}\]|\(null\)|\(none\)|string|0x0)"
)
_GUID = re.compile(r"\{?[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\}?")
_SID = re.compile(r"S-1-\d")
_UNLIKE_A_WORD = re.compile(r"[0-9@#$%^*_+=]")
_HEADER = re.compile(
    rf"(?i:(?P<n>set-cookie2?|cookies?|(?:proxy-|x-)?authorization|x-auth-token|x-vault-token))"
    rf"{_Q}?[ \t]{{0,3}}[:=][ \t]{{0,3}}{_Q}?(?P<s>[^\r\n\"'\\]{{4,8192}})"
)
_SCHEME = re.compile(r"(?i:basic|bearer|digest|token|negotiate|ntlm|apikey|aws4-hmac-sha256)[ \t]+")


def find_keyworded(text: str, lower: str) -> Iterator[Span]:
    """Find the values that stand after the name of a secret."""
    for trigger in TRIGGERS:
        at = lower.find(trigger)
        while at >= 0:
            end = at + len(trigger)
            for span in _at(text, lower, at, trigger):
                yield span
                if span.kind in HEADERS:
                    # The rest of the header is in it already.
                    end = max(end, span.end)
            at = lower.find(trigger, end)


def _at(text: str, lower: str, at: int, trigger: str) -> Iterator[Span]:
    if trigger in ("cookie", "auth"):
        yield from _header(text, at)
    start = at
    while start > 0 and at - start < 64 and _in_a_name(text[start - 1]):
        start -= 1
    while start < at and text[start] in ".-":
        start += 1
    # An identifier is looked at once, at the first trigger in it.
    found = _IDENTIFIER.match(text, start)
    if found is None or found.end() <= at:
        return
    name = lower[start : found.end()].rstrip(".-")
    end = start + len(name)
    word = _word(name)
    if word is None:
        return
    dashed = text[start - 1 : start] == "-" or text[start - 1 : start] == "/"
    for place in _values(text, start, end, word, dashed=dashed):
        if place.end > place.start:
            yield place


def _in_a_name(char: str) -> bool:
    return char.isascii() and (char.isalnum() or char in "_.-")


def _word(name: str) -> _Word | None:
    """Give what an identifier names: it must end in a word of the list, at a word's border."""
    name = _NUMBERED.sub("", name)
    if name.replace("_", "").endswith(PUBLIC):
        return None
    for size in range(min(len(name), 18), 1, -1):
        word = WORDS.get(name[-size:])
        if word is None:
            continue
        before = name[-size - 1 : -size] if size < len(name) else ""
        # Short words are found inside others ("bypass", "compass"): they need a border.
        if len(name[-size:]) > 4 or not before or not before.isalpha():
            return word
    return None


def _values(text: str, start: int, end: int, word: _Word, *, dashed: bool) -> Iterator[Span]:
    if (xml := _XML.match(text, end)) is not None:
        if _counts(xml["s"], word):
            yield Span(*xml.span("s"), word.kind)
        return
    assigned = _ASSIGN.match(text, end)
    if assigned is not None:
        if text[start - 1 : start] == ":" and assigned[0] == ":":
            # The name of a kind of thing in a longer name: arn:...:secret:NAME.
            return
        yield from _value(text, assigned.end(), word)
        return
    if dashed and text[start - 1] == "-" and (space := _SPACE.match(text, end)) is not None:
        if text[space.end() : space.end() + 1] not in ("-", "(", "$", "/", "|", ""):
            yield from _value(text, space.end(), word)
        return
    if word.prose and (said := _IS.match(text, end)) is not None:
        for span in _value(text, said.end(), word):
            if _UNLIKE_A_WORD.search(text, span.start, span.end):
                yield span


def _value(text: str, at: int, word: _Word) -> Iterator[Span]:
    found = _QUOTED.match(text, at)
    if found is None:
        found = _BARE.match(text, at, min(len(text), at + _LONGEST_BARE))
    if found is not None and _counts(found["s"], word):
        yield Span(*found.span("s"), word.kind)


def _counts(value: str, word: _Word) -> bool:
    """Tell whether a value is one, and not a word for "nothing" or an id that is evidence."""
    if len(value) < word.least or _NOTHING.fullmatch(value) or value.isspace():
        return False
    if _SID.match(value):
        return False
    if word is _SESSION:
        return not (_GUID.fullmatch(value) or value.isdigit() or _is_number(value))
    if word is _TOKEN or word is _KEY:
        # A sentence about tokens is none, nor is the name of a kind of key.
        return any(char.isdigit() for char in value) or len(value) > 16
    return True


def _is_number(value: str) -> bool:
    return value[:2].lower() == "0x" or value.replace(".", "").replace(":", "").isdigit()


def _header(text: str, at: int) -> Iterator[Span]:
    """Find the whole value of a header that lets somebody in."""
    for back in (0, 4, 6, 2):
        found = _HEADER.match(text, max(0, at - back))
        if found is None:
            continue
        start = found.start("s")
        if (scheme := _SCHEME.match(text, start)) is not None:
            start = scheme.end()
        value = text[start : found.end("s")]
        if scheme is not None and scheme[0].lower().startswith("aws4"):
            # Its key id and signature have their own rules; date and region are evidence.
            return
        if len(value) >= 4 and not _NOTHING.fullmatch(value.strip()):
            yield Span(
                start,
                found.end("s"),
                "cookie" if "cookie" in found["n"].lower() else "authorization",
            )
        return
