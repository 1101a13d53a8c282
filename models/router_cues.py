"""What a question looks like beside its meaning: masked entities, and cue words in six languages.

The sentence encoder knows English best and no identifiers. A CVE, a control number or a raw log
line tells more about a question's kind than the words around it, and so does "Zeitleiste".
"""

from __future__ import annotations

import json
import pathlib
import re
import unicodedata
from collections.abc import Mapping
from functools import cache

CUES_FILE = pathlib.Path(__file__).parent / "data" / "router_cues.json"

_NIST = "ac|at|au|ca|cm|cp|ia|ir|ma|mp|pe|pl|pm|ps|pt|ra|sa|sc|si|sr"
_ACTORS = (
    "lazarus|sandworm|turla|kimsuky|gamaredon|muddywater|oilrig|leviathan|hafnium|lapsus|"
    "emissary panda|winnti|carbanak|cobalt group|conti|lockbit|blackcat|alphv|clop|akira|"
    r"equation group|machete|(?:\w+ )(?:bear|panda|kitten|spider|chollima|jackal|buffalo|"
    r"typhoon|blizzard|sandstorm|sleet|tempest)|(?:apt|fin|unc|dev)-?\d+|storm-\d+|ta\d{3}\b"
)
# Order matters: what stands first takes its characters away from those below.
_ENTITIES = {
    "logline": (
        r"cef:\d|leef:\d|<\d{1,3}>\w{3} +\d|%[a-z]+-\d-\w+|\b[\w./-]+\[\d+\]:|\{\s*\"\w+\"\s*:|"
        r"(?:\b\w+=\S+[ ,;]+){2}|\"(?:get|post|put|head) /|\bkernel: |\bdhcpd?: "
    ),
    "rulebody": (
        r"\b(?:detection|selection|condition|logsource|sel|filter):|\|(?:contains|endswith)"
    ),
    "cve": r"\bcve[- ]?\d{4}[- ]?\d{3,7}\b|\b(?:log4shell|proxyshell|zerologon|printnightmare)\b",
    "technique": r"\bt\d{4}(?:\.\d{1,3}\??)?\b",
    "tactic": r"\bta\d{4}\b",
    "stix": r"\b[a-z-]+--[0-9a-f]+\b",
    "software": r"\bs\d{4}\b",
    "control": (
        rf"\b(?:{_NIST})-\d{{1,2}}\b(?:\s?\(\d+\))?|\bcc\d\.\d\b|\ba\.\d{{1,2}}\.\d{{1,2}}\b|"
        r"\b(?:pci|req(?:uirement)?)\s?(?:dss)?\s?\d+(?:\.\d+)*|\b\d{1,2}\.\d{1,2}\.\d{1,2}\b(?!\.)"
    ),
    "actor": rf"\b(?:{_ACTORS})",
    "url": r"\bhttps?://\S+",
    "address": r"\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+|/\d+)?|\b[0-9a-f]{1,4}(?::[0-9a-f]{0,4}){3,}",
    "mail": r"\S+@[\w.-]+\.\w+",
    "hash": r"\b(?=[a-f]*\d)[0-9a-f]{8,}\b",
    "file": (
        r"[\w$:\\/.-]*[\\/][\w$:\\/.*-]+|"
        r"\b[\w-]+\.(?:exe|dll|ps1|vbs|js|bat|zip|docm?|xlsx?|iso|lnk|json|pdf|csv)\b"
    ),
    "domain": r"\b[\w-]+(?:\.[\w-]+)*\.(?:com|net|org|io|biz|example|test|top|ru|cn|de|info)\b",
    "date": r"\b\d{4}-\d{2}-\d{2}\S*|\b\d{1,2}[./]\d{1,2}\.?(?:\d{2,4})?\b",
    "clock": r"\b\d{1,2}:\d{2}(?::\d{2})?\b",
    "eventid": r"\b(?:4[67]\d{2}|5[01]\d{2}|1102|7045|4104)\b",
    "host": r"\b[a-z]+(?:[-_][a-z]+)*[-_]?\d+(?:-\d+)?\b",
    "number": r"\b\d[\d,.]*\w?\b",
}
_ENTITY = re.compile("|".join(f"(?P<{name}>{rule})" for name, rule in _ENTITIES.items()))
ENTITY_NAMES = tuple(_ENTITIES)


def mask(text: str) -> str:
    """Lower a text and put the kind of each identifier in the identifier's place."""
    text = unicodedata.normalize("NFKC", text).lower()
    return " ".join(_ENTITY.sub(lambda found: f" _{found.lastgroup} ", text).split())


def cue_names() -> tuple[str, ...]:
    """Name the cues, in the order of their columns."""
    return (*_phrases(), *(f"_{name}" for name in ENTITY_NAMES))


def cues(masked: str) -> dict[str, int]:
    """Tell which cues a masked text holds, and how many of each, at most three."""
    found = {name: len(rule.findall(masked)) for name, rule in _phrases().items()}
    words = masked.split()
    found.update({f"_{name}": words.count(f"_{name}") for name in ENTITY_NAMES})
    return {name: min(count, 3) for name, count in found.items() if count}


@cache
def _phrases() -> Mapping[str, re.Pattern[str]]:
    """Compile the cue words: each starts a word; with a space at its end, it is whole words."""
    lists: dict[str, list[str]] = json.loads(CUES_FILE.read_text(encoding="utf-8"))
    return {name: re.compile("|".join(map(_phrase, words))) for name, words in lists.items()}


def _phrase(text: str) -> str:
    if not text[0].isascii() and unicodedata.name(text[0]).startswith(("CJK", "HIRA", "KATA")):
        return re.escape(text)
    end = r"(?!\w)" if text.endswith(" ") else ""
    return rf"(?<!\w){re.escape(text.strip())}{end}"
