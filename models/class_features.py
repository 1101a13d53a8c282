"""Reads from a raw log line what tells its OCSF class: names of fields, words, kinds of values.

The same for every syntax: a name is a name before `=`, in a JSON object or in an XML element.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

MAX_TEXT = 8192
MAX_WORD = 24
STEM = 5
NAMES = (
    re.compile(r'"([^"\\]{1,60})"\s*:'),
    re.compile(r"(?<![\w./\\-])([A-Za-z_@][\w.@-]{0,40})="),
    re.compile(r"<([A-Za-z][\w.:-]{1,40})[\s>]"),
    re.compile(r'\bName="([^"]{1,60})"'),
    re.compile(r"(?:^|[,;|\t\r\n])\s*([A-Za-z][\w ]{1,30}):\s"),
)
PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
TOLD = re.compile(
    r"(?i)(?:event|type|action|category|categories|operation|activity|kind|summary|title|class|detection)\w{0,12}"
    r"\"?\s{0,2}[=:>]\s{0,2}\"?([A-Za-z][^\",;|=&<>\t\r\n]{1,60})"
)
"""What a record calls itself, behind a name that says so."""
CALLED = re.compile(
    r"\b(?:CEF: ?\d+\|[^|]*\|[^|]*\|[^|]*\|[^|]*|LEEF: ?[\d.]+\|[^|]*\|[^|]*\|[^|]*)\|([^|]{2,80})"
)
KINDS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(pattern))
    for name, pattern in {
        "ip": r"\b(?:\d{1,3}\.){3}\d{1,3}\b",
        "ip and port": r"\b(?:\d{1,3}\.){3}\d{1,3}[:/#]\d{2,5}\b",
        "hash": r"\b(?:[0-9a-fA-F]{64}|[0-9a-fA-F]{40}|[0-9a-fA-F]{32})\b",
        "mac": r"\b(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}\b",
        "windows path": r"\b[A-Za-z]:\\",
        "unix path": r"(?<![\w.:/])/(?:usr|etc|home|var|opt|tmp|bin|srv|root|data|mnt)/\w",
        "share": r"(?<![\\\w])\\{2,4}[\w.$*-]+\\",
        "program": r"(?i)\w\.exe\b",
        "library": r"(?i)\w\.(?:dll|so(?:\.\d+)?|dylib)\b",
        "driver": r"(?i)\w\.(?:sys|ko|kext)\b",
        "script": r"(?i)\w\.(?:ps1|vbs|js|py|sh|bat|hta)\b",
        "document": r"(?i)\w\.(?:docx?|xlsx?|pdf|pptx?|csv|txt)\b",
        "registry path": r"(?i)\b(?:HKLM|HKCU|HKU|HKEY_\w+|REGISTRY)\\",
        "url": r"(?i)\bhttps?://",
        "mail address": r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+",
        "CVE": r"\bCVE-\d{4}-\d{4,}",
        "CVSS": r"\bCVSS:\d|\bAV:[NALP]/",
        "technique": r"\b(?:T\d{4}(?:\.\d{3})?|TA00\d\d)\b",
        "SID": r"\bS-1-5-",
        "resource name": r"\b(?:arn:|urn:|projects/|/subscriptions/)",
        "SQL": r"(?i)\b(?:select\s.{1,200}?\sfrom|insert\s+into|update\s+\S{1,80}\s+set"
        r"|delete\s+from|create\s+table|drop\s+table)\b",
        "HTTP request": r"\b(?:GET|POST|PUT|HEAD|DELETE|OPTIONS|CONNECT|PATCH)\s+(?:/|http)",
        "HTTP method": r"\b(?:GET|POST|PUT|HEAD|OPTIONS|PATCH)\b",
        "browser": r"\b(?:Mozilla/|curl/|python-requests|okhttp|Wget/)",
        "record type": r"\b(?:AAAA|CNAME|TXT|SRV|PTR|SOA|NXDOMAIN|NOERROR|SERVFAIL)\b",
        "schedule": r"(?:^|[\"'= (])(?:[\d*/,-]+\s+){4}[\d*/,-]+(?=$|[\"')\s])",
        "switch": r"\s(?:--?[A-Za-z][\w-]+|/[a-z]{1,12})\b",
        "KB": r"\bKB\d{6,7}\b",
        "SSH version": r"\bSSH-\d",
    }.items()
)


def features(text: str) -> dict[str, float]:
    """Give the features of a line: each once, whatever its number of times."""
    text = text[:MAX_TEXT]
    found: dict[str, float] = {}
    for name in _names(text):
        parts = _parts(name)
        if not parts:
            continue
        found["name " + "".join(parts)] = 1.0
        for part in parts:
            found["in name " + part] = 1.0
    words = _parts(text)
    for word in words:
        found["word " + word] = 1.0
        if len(word) > STEM:
            found["stem " + word[:STEM]] = 1.0
    for first, second in pairwise(words):
        found[f"pair {first} {second}"] = 1.0
    for pattern in (TOLD, CALLED):
        for match in pattern.finditer(text):
            for part in _parts(match[1]):
                found["told " + part] = 1.0
    for kind, pattern in KINDS:
        hits = 0
        for _ in pattern.finditer(text):
            hits += 1
            if hits == 2:
                break
        if hits:
            found["value " + kind] = 1.0
        if hits > 1:
            found["values " + kind] = 1.0
    return found


def _names(text: str) -> Iterator[str]:
    for pattern in NAMES:
        for match in pattern.finditer(text):
            yield from match[1].split(".")[-2:]


def _parts(text: str) -> list[str]:
    """Split text into words, `camelCase` and `snake_case` too."""
    return [part.lower() for part in PARTS.findall(text) if 1 < len(part) <= MAX_WORD]
