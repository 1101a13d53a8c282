"""What a question names that can be told by its form: addresses, hashes, paths, ids, quoted text.

Names of hosts, users and programs have no form of their own; they are looked up in the context.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

QUESTION_LIMIT = 2_000
_BAD = {"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"}
_PROGRAMS = "exe|scr|pif|msc|cpl|dll|sys|ocx"
_FILES = (
    f"{_PROGRAMS}|ps1|psm1|bat|cmd|vbs|vbe|js|jse|wsf|hta|sh|py|jar|msi|lnk|iso|img|vhdx?|zip|rar"
    "|7z|gz|tar|docx?|docm|dotm|xlsx?|xlsm|xlsb|pptx?|pptm|pdf|rtf|txt|csv|log|evtx|dmp|dit|kdbx"
    "|one|chm|inf|reg|xml|json|html?|aspx?|jsp|php|tmp|dat|bin|vbk|config|yml|key|pem"
)


@dataclass(frozen=True, slots=True)
class Entity:
    """Something the question names. `kind` says how it is looked for, `role` its preposition."""

    kind: str
    value: str
    role: str = ""
    cue: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Token:
    """A word of the question in lower case, or an entity that was told by its form."""

    text: str
    entity: Entity | None = None


def clean(text: str) -> str:
    """Make a question one line of visible characters; a defanged indicator gets its dots back."""
    plain = unicodedata.normalize("NFKC", text[: QUESTION_LIMIT * 2])
    plain = "".join(" " if unicodedata.category(char) in _BAD else char for char in plain)
    plain = plain.translate(
        str.maketrans(
            "\u201c\u201d\u201e\u201f\u2018\u2019\u201a`«»\u27e8\u27e9", '""""\'\'\'\'""()'
        )
    )
    plain = re.sub(r"\[\.\]|\(\.\)|\[dot\]", ".", plain)
    plain = re.sub(r"\bhxxp(s?)\b", r"http\1", plain.replace("[:]", ":"), flags=re.IGNORECASE)
    return " ".join(plain.split())


def _address(text: str) -> Entity | None:
    try:
        return Entity("ip", str(ip_address(text.strip("[]"))))
    except ValueError:
        return None


def _network(text: str) -> Entity | None:
    try:
        return Entity("cidr", str(ip_network(text, strict=False)))
    except ValueError:
        return None


def _port(text: str) -> Entity | None:
    number = int(re.findall(r"\d+", text)[-1])
    if number > 65_535:
        return None
    role = "from" if re.match(r"(?:source|src)", text, re.IGNORECASE) else "to"
    return Entity("port", str(number), role)


def _event_id(text: str) -> Entity:
    detail = "sysmon" if "sysmon" in text.lower() else ""
    return Entity("event_id", re.findall(r"\d+", text)[-1], detail=detail)


def _logon_type(text: str) -> Entity:
    return Entity("logon_type", re.findall(r"\d+", text)[-1])


def _lower(kind: str) -> Callable[[str], Entity | None]:
    return lambda text: Entity(kind, text.lower())


def _url(text: str) -> Entity:
    host = re.fullmatch(r"https?://([^/:]+)(?::\d+)?/?", text, re.IGNORECASE)
    return Entity("dotted", host[1].lower()) if host else Entity("url", text)


def _quoted(text: str) -> Entity | None:
    inner = text[1:-1].strip()
    return Entity("quoted", inner) if inner else None


_FORMS: tuple[tuple[str, Callable[[str], Entity | None]], ...] = (
    (r"\"[^\"]{1,400}\"|(?<!\w)'[^']{1,400}'(?!\w)", _quoted),
    (r"\bhttps?://[^\s\"'<>]+[^\s\"'<>.,;:?!)]", _url),
    (
        r"\b(?:HKEY_[A-Z_]+|HK(?:LM|CU|U|CR|CC))(?:\\[^\s\"?]*)?",
        lambda text: Entity("reg_key", text),
    ),
    (r"\b[A-Za-z]:\\[^\s\"*?<>|]*[^\s\"*?<>|.,;]", lambda text: Entity("path", text)),
    (r"\\\\[^\s\"?<>|]+[^\s\"?<>|.,;]", lambda text: Entity("path", text)),
    (
        r"(?<![\w/.])/(?:[\w.+@%~-]+/)+[\w.+@%~-]*\w|(?<![\w/.])~/[\w./-]+",
        lambda text: Entity("path", text),
    ),
    (r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}/\d{1,2}(?![\w.])", _network),
    (r"(?<![\w:])[0-9a-fA-F]{0,4}:[0-9a-fA-F:]*:[0-9a-fA-F]{0,4}/\d{1,3}\b", _network),
    (r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w]|\.\d)", _address),
    (r"(?<![\w:.])\[?[0-9a-fA-F]{0,4}:[0-9a-fA-F:]*:[0-9a-fA-F.]{0,15}\]?(?![\w:])", _address),
    (r"\bS-1-\d+(?:-\d+){1,14}\b", lambda text: Entity("sid", text.upper())),
    (r"\b[0-9a-fA-F]{64}\b|\b[0-9a-fA-F]{40}\b|\b[0-9a-fA-F]{32}\b", _lower("hash")),
    (r"(?<![\w.])T\d{4}(?:\.\d{3})?(?![\w.]*\d)", lambda text: Entity("technique", text.upper())),
    (r"\bTA\d{4}\b", lambda text: Entity("tactic", text.upper())),
    (
        r"\b(?:(?:windows|security|sysmon)\s+)?(?:events?[\s_-]?(?:ids?|codes?)|eids?|eventids?"
        r"|event[_ ]?codes?|sysmon(?:\s+events?)?|(?:events?\s+)?(?:with|having)\s+ids?|events?)"
        r"\s*[:=#]?\s*\d{1,5}(?![\w.:/-])",
        _event_id,
    ),
    (r"\b(?:(?:source|src|dest(?:ination)?|dst|tcp|udp)[\s_]?)?ports?\s*[:=#]?\s*\d{1,5}\b", _port),
    (r"\b(?:log[oi]n\s+)?types?\s*[:=#]?\s*\d{1,2}(?![\w.:/-])", _logon_type),
    (r"(?<=\s)--?[A-Za-z][\w-]*(?!\S)", lambda text: Entity("quoted", text)),
    (r"\b(?:tcp|udp)\s*/\s*\d{1,5}\b|(?<![\w:]):\d{2,5}\b(?!:)", _port),
    (r"\b[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)*\b", _lower("account")),
    (r"(?<![\w\\])[\w.-]{1,64}\\[\w.$-]{1,104}(?![\w\\])", _lower("account")),
    (rf"(?<![\w.])[\w\-+@~]+(?:\.[\w\-]+)*\.(?:{_FILES})(?![\w])(?!\.\w)", _lower("file")),
    (r"(?<![\w.])[\w$-]+(?:\.[\w$-]+)+(?![\w])", _lower("dotted")),
    (r"(?<![\w.-])\d{4}(?![\w.:-])", lambda text: Entity("number", text)),
)
_MARK = re.compile(r"⟦(\d+)⟧")
_WORD = re.compile(r"⟦\d+⟧|[\w$][\w$&+'-]*|[,;]|->|=>|[%]")


def tokenise(text: str) -> list[Token]:
    """Cut a cleaned question into words and entities, in order."""
    found: list[Entity] = []
    text = text.replace("⟦", " ").replace("⟧", " ")
    for pattern, make in _FORMS:

        def mark(match: re.Match[str], make: Callable[[str], Entity | None] = make) -> str:
            entity = make(match[0])
            if entity is None:
                return match[0]
            found.append(entity)
            return f" ⟦{len(found) - 1}⟧ "

        text = re.sub(pattern, mark, text, flags=re.IGNORECASE)
    tokens: list[Token] = []
    for match in _WORD.finditer(text):
        mark_number = _MARK.fullmatch(match[0])
        if mark_number:
            entity = found[int(mark_number[1])]
            tokens.append(Token(entity.value, entity))
        else:
            tokens.append(Token(_bare(match[0])))
    return tokens


def _bare(word: str) -> str:
    if word in ("->", "=>"):
        return word
    low = word.lower().strip("'-+&")
    return low[:-2] if low.endswith("'s") else low
