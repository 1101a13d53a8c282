"""What a CVE record gives away about exploitation, automation and impact: named signals.

Each signal is a number (mostly 0 or 1) with the words that it was seen in, so that every weight
of the model can be put in front of a reader as a reason. Patterns are for lower-cased text.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib.resources import files
from itertools import pairwise
from typing import NamedTuple

from schemas.vulnerability import Vulnerability

HEAD = 250
"""Characters of a description in which a product's name is looked for."""

MAX_TEXT = 8_000
"""Characters of title and description that are read: attackers write descriptions, too."""


CRITICAL, HIGH = 9.0, 7.0
"""CVSS scores from which the scale of version 3 calls a severity critical, and high."""

NOT_LISTED = "not listed as exploited"
"""The signal of a CVE that is missing where exploited ones are listed."""


class Signal(NamedTuple):
    """A signal that is present: its strength, and what shows it."""

    value: float
    shown: str


Signals = Mapping[str, Signal]

_WORD = re.compile(r"[a-z0-9][a-z0-9+#.-]*[a-z0-9+#]|[a-z0-9]")
_NEGATED = r"(?<!not )(?<!not been )(?<!never )(?<!no evidence of )(?<!not aware of )"
_STATED_ACTIVE = re.compile(
    _NEGATED + r"(?:exploited in the wild|in[- ]the[- ]wild exploit|actively exploit|"
    r"being exploited|exploited in (?:targeted|the field|(?:\w+ ){1,3}attacks|20\d\d)|"
    r"as exploited in|under active (?:exploitation|attack)|active exploitation|"
    r"exploit for \S+ exists in the wild|known to be exploited|"
    r"may have been (?:actively )?exploited|reports? (?:of|that)[^.]{0,40} exploit)"
)
_DENIED_ACTIVE = re.compile(
    r"\b(?:no|not|never|without|unaware)\b[^.]{0,60}(?:exploited|exploitation)[^.]{0,30}", re.I
)
_STATED_POC = re.compile(
    r"exploit (?:has been|is|was|code is|may be)[^.]{0,30}(?:disclosed|public|published|available)|"
    r"public(?:ly available)? (?:exploit|proof)|proof[- ]of[- ]concept (?:is|was|has|exploit|code|"
    r"available|published)|\bpoc (?:is|was|has|code|available|published)",
)
_LOCATED = re.compile(
    r"\b[\w/-]+\.(?:php|jsp|aspx?|cgi|do|ashx|action|html?)\b|(?<![:\w])/[\w-]+/[\w./{}-]+|"
    r"\bparameters?\b|\bendpoints?\b|\bfunction \w+|`[^`]{2,60}`",
)
_NAMED_ONLY = re.compile(r"[^.]{5,120}\bvulnerability\.?")
_WPSCAN = re.compile(r"wordpress plugin,? (?:before|through|version)")
_WORDFENCE = re.compile(r"\b(?:plugin|theme)s? for wordpress (?:is|are) vulnerable")
_PATCHSTACK = re.compile(
    r"\b(?:unauth|auth)\. |(?:\) ?vulnerability|vulnerability) in [^.]{2,120} allows [^.]{2,80}\."
    r" ?this issue affects",
)
_ZDI = re.compile(r"this vulnerability allows (?:remote|local|network-adjacent|physically)")
_ORACLE = re.compile(r"(?:easily|difficult to) exploit(?:able)? vulnerability")
_VULDB = re.compile(
    r"(?:was|been) (?:found|classified|declared|rated|identified)[^.]{0,80}(?:as )?"
    r"(?:problematic|critical|\bin\b)",
)
_PROJECT = re.compile(
    r"\bis an? (?:[\w-]+ ){0,3}(?:open[- ]source|free|self[- ]hosted|web|generic|unified|"
    r"cross[- ]platform|tool|library|framework|platform|application|server|package)\b|"
    r"\b(?:starting in|prior to) versions?\b",
)
_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")

_TOTAL_TEXT = re.compile(
    r"(?:remote|arbitrary)(?: os)? (?:code|commands?|shell)|code execution|command injection|"
    r"execut\w+ (?:of )?(?:arbitrary|unauthorized|malicious|system|os) |authentication bypass|"
    r"bypass(?:es|ing)? (?:the )?authentication|elevation of privilege|privilege escalation|"
    r"escalat\w+ (?:\w+ )?privileges?|take ?over|full control|root access|as root|"
    r"administrat(?:or|ive) (?:access|account|privileges)|hard-?coded (?:password|credential)|"
    r"sandbox escape|arbitrary file (?:upload|write)|file upload",
)
_PARTIAL_TEXT = re.compile(
    r"cross[- ]site|\bxss\b|information (?:disclosure|exposure|leak)|sensitive information|"
    r"denial[- ]of[- ]service|open redirect|spoofing|arbitrary file (?:read|deletion)|"
    r"read (?:arbitrary|any) files?|path traversal|directory traversal|security feature bypass",
)
_NEEDS_PERSON = re.compile(
    r"\bcrafted (?:html|web ?page|file|document|e-?mail|link|archive|pdf|image)|user interaction|"
    r"\b(?:opens?|opening|visits?|clicks?)\b|cross[- ]site|\bxss\b|\bcsrf\b|open redirect|"
    r"phish|man[- ]in[- ]the[- ]middle",
)
_NEEDS_LOGIN = re.compile(
    r"(?<!un)\bauthenticated|\blog(?:ged)?[- ]in\b|local (?:user|attacker|privilege|file inclusion"
    r" by)|\bwith (?:[\w-]+ ){0,3}(?:privileges|permissions?|access)|elevation of privilege|"
    r"privilege escalation|physical(?:ly)? ",
)
_OPEN_TEXT = re.compile(
    r"unauthenticated|without (?:any )?authentication|pre-?auth|remote attackers?|"
    r"no authentication|network access via",
)

_MEMORY = frozenset(
    f"CWE-{n}" for n in (119, 120, 121, 122, 124, 125, 126, 190, 191, 415, 416, 763, 787, 822, 843)
)
_MEMORY_TEXT = re.compile(
    r"use[- ]after[- ]free|out[- ]of[- ]bounds|buffer overflow|type confusion|memory corruption|"
    r"integer (?:overflow|underflow)|heap (?:overflow|corruption)",
)
_SCRIPT = frozenset(f"CWE-{n}" for n in (79, 80, 87, 352, 601, 1021))
_TAKEOVER = frozenset(
    f"CWE-{n}"
    for n in (77, 78, 88, 94, 95, 96, 98, 250, 259, 269, 287, 288, 306, 321, 434, 502, 506, 798)
)

_PROOF_PLACES = (
    ("exploit-db.com", "Exploit-DB"),
    ("packetstorm", "Packet Storm"),
    ("rapid7.com/db/modules", "Metasploit"),
    ("metasploit-framework", "Metasploit"),
    ("nuclei-templates", "Nuclei"),
    ("huntr.", "huntr"),
    ("wpscan.com", "WPScan"),
    ("0day.today", "0day.today"),
    ("vulncheck.com/xdb", "VulnCheck XDB"),
    ("seclists.org/fulldisclosure", "Full Disclosure"),
)
_PROOF_REPOSITORY = re.compile(
    r"(?:github|gitlab|gitee)\.\w+/[^/\s]+/[^\s]*(?:poc|exploit|proof|cve-\d{4}-\d+|vuln)", re.I
)
_PUBLISHES_PROOF = frozenset({"@huntrdev", "@huntr_ai", "huntr_ai", "huntrdev", "wpscan"})
_MATURITY = {"A": 1.0, "H": 1.0, "F": 1.0, "P": 0.5, "POC": 0.5}


def read_signals(one: Vulnerability) -> dict[str, Signal]:
    """Read every signal that a record shows; absent ones are left out. EPSS, KEV, SSVC aside."""
    found: dict[str, Signal] = {}
    text = (f"{one.title}. {one.description}" if one.title else one.description)[:MAX_TEXT].lower()
    for name, signal in (*_product(one), *_published(one, text), *_vector(one)):
        found.setdefault(name, signal)
    for name, signal in (*_weakness(one, text), *_wording(text), *_proofs(one)):
        found.setdefault(name, signal)
    return found


def logit(share: float) -> float:
    """Give the log-odds of a probability, kept off the infinite ends."""
    kept = min(max(share, 1e-5), 1 - 1e-5)
    return math.log(kept / (1 - kept))


def _product(one: Vulnerability) -> Iterator[tuple[str, Signal]]:
    named = " ; ".join(f"{product.vendor} {product.product}" for product in one.products[:8])
    words = _WORD.findall(f"{named} ; {one.title} ; {one.description[:HEAD]}".casefold())
    classes = _classes()
    best: tuple[int, str, str] | None = None
    for first, second in pairwise([*words, ""]):
        for term in (f"{first} {second}", first):
            if term in classes:
                rank, name = classes[term]
                if best is None or rank < best[0]:
                    best = (rank, name, term)
    if best:
        yield best[1], Signal(1.0, best[2])


def _published(one: Vulnerability, text: str) -> Iterator[tuple[str, Signal]]:
    """Tell from the publisher, or from its house style, whether proofs come with its advisories."""
    publisher = one.assigner.casefold()
    project = next((p.product for p in one.products if _REPOSITORY.fullmatch(p.product)), "")
    if publisher in _PUBLISHES_PROOF or (project and project.casefold() != "n/a"):
        yield "publishes proof", Signal(1.0, publisher or f"project {project}")
    if match := _WPSCAN.search(text):
        yield "publishes proof", Signal(1.0, match.group())
    for pattern in (_WORDFENCE, _PATCHSTACK, _ZDI, _ORACLE):
        if match := pattern.search(text):
            yield "withholds proof", Signal(1.0, match.group()[:60])
            break
    if len(one.description) < 140 and _NAMED_ONLY.fullmatch(one.description.strip().lower()):
        yield "withholds proof", Signal(1.0, "a description of one phrase")
    if match := _VULDB.search(text) or _PROJECT.search(text):
        yield "small product", Signal(1.0, match.group()[:60])
    elif project:
        yield "small product", Signal(1.0, project)


def _vector(one: Vulnerability) -> Iterator[tuple[str, Signal]]:
    if one.cvss is None:
        return
    score = one.cvss.score
    if score is not None and score >= CRITICAL:
        yield "critical score", Signal(1.0, f"CVSS {score:g}")
    elif score is not None and score < HIGH:
        yield "modest score", Signal(1.0, f"CVSS {score:g}")
    if not one.cvss.metrics:
        return
    metrics, version = one.cvss.metrics, one.cvss.version
    privileges = metrics.get("PR", metrics.get("Au", ""))
    person = metrics.get("UI", "N")
    blocked = [
        f"{name}:{value}"
        for name, value, open_ in (
            ("AV", metrics.get("AV", ""), "N"),
            ("AC", metrics.get("AC", ""), "L"),
            ("AT", metrics.get("AT", "N"), "N"),
            ("Au" if version == "2.0" else "PR", privileges, "N"),
            ("UI", person, "N"),
        )
        if value != open_
    ]
    if blocked:
        yield "vector blocked", Signal(1.0, ", ".join(blocked))
    else:
        yield "vector open", Signal(1.0, "network, low complexity, no privileges, no user")
    if metrics.get("AV") in ("L", "P"):
        yield "local", Signal(1.0, f"AV:{metrics['AV']}")
    prefix = "V" if version == "4.0" else ""
    high = "C" if version == "2.0" else "H"
    lost = [name for name in "CIA" if metrics.get(prefix + name) == high]
    if "C" in lost and "I" in lost:
        yield "all lost", Signal(1.0, f"{prefix}C and {prefix}I high")
    elif lost:
        yield "part lost", Signal(1.0, f"{prefix}{lost[0]} high")
    else:
        yield "little lost", Signal(1.0, "neither confidentiality, integrity nor availability high")
    maturity = metrics.get("E", "")
    if maturity in _MATURITY:
        yield "maturity", Signal(_MATURITY[maturity], f"E:{maturity}")


def _weakness(one: Vulnerability, text: str) -> Iterator[tuple[str, Signal]]:
    weaknesses = set(one.cwes)
    if memory := sorted(weaknesses & _MEMORY):
        yield "memory", Signal(1.0, memory[0])
    elif match := _MEMORY_TEXT.search(text):
        yield "memory", Signal(1.0, match.group())
    if script := sorted(weaknesses & _SCRIPT):
        yield "needs a person", Signal(1.0, script[0])
    if takeover := sorted(weaknesses & _TAKEOVER):
        yield "takeover weakness", Signal(1.0, takeover[0])


def _wording(text: str) -> Iterator[tuple[str, Signal]]:
    for name, pattern in (
        ("total text", _TOTAL_TEXT),
        ("partial text", _PARTIAL_TEXT),
        ("needs a person", _NEEDS_PERSON),
        ("needs a login", _NEEDS_LOGIN),
        ("open text", _OPEN_TEXT),
        ("located", _LOCATED),
    ):
        if match := pattern.search(text):
            yield name, Signal(1.0, _quote(match))
    if ("exploit" in text or "proof" in text or "poc" in text) and (
        match := _STATED_POC.search(text)
    ):
        yield "stated proof", Signal(1.0, _quote(match))
    match = _STATED_ACTIVE.search(text) if "exploit" in text or "attack" in text else None
    if match and not _denied(text, match):
        yield "stated exploited", Signal(1.0, _quote(match))


def _denied(text: str, match: re.Match[str]) -> bool:
    """Tell whether the sentence of a match says that there was none."""
    start = text.rfind(".", 0, match.start()) + 1
    return _DENIED_ACTIVE.search(text, start, match.end() + 30) is not None


def _proofs(one: Vulnerability) -> Iterator[tuple[str, Signal]]:
    for reference in one.references:
        address = reference.url.casefold()
        place = next((name for part, name in _PROOF_PLACES if part in address), "")
        if place:
            yield "proof reference", Signal(1.0, place)
        elif _PROOF_REPOSITORY.search(address):
            yield "proof reference", Signal(1.0, "a repository named after it")
        elif any(tag.casefold() == "exploit" for tag in reference.tags):
            yield "proof reference", Signal(1.0, "a reference tagged Exploit")
    listed = [name for name in one.catalogues if name.casefold() not in ("cisa", "epss", "kev")]
    if listed:
        yield "proof catalogue", Signal(1.0, " and ".join(listed))
    if any(name.casefold() in ("cisa", "kev") for name in one.catalogues):
        yield "exploit list of CISA", Signal(1.0, "the record names CISA's list")
    elif one.catalogues:
        yield NOT_LISTED, Signal(1.0, "the record names other lists only")


def _quote(match: re.Match[str]) -> str:
    return " ".join(match.group().split())[:60]


@lru_cache(maxsize=1)
def _classes() -> dict[str, tuple[int, str]]:
    text = (files("models") / "data" / "product_classes.json").read_text("utf-8")
    listed: dict[str, list[str]] = json.loads(text)["classes"]
    found: dict[str, tuple[int, str]] = {}
    for rank, (name, terms) in enumerate(listed.items()):
        for term in terms:
            found.setdefault(term, (rank, name))
    return found
