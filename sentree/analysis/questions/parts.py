"""The parts of a question, met one after the other: cues, names, verbs, numbers, unknown words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from sentree.analysis.questions.entities import Entity, Token
from sentree.analysis.questions.lexicon import LEVELS, LONGEST, NUMBERS, PHRASES, Cue
from sentree.analysis.questions.resolve import is_word, phrase_at, settle
from sentree.analysis.questions.times import TimeReading

_CUED_SUBJECTS = {
    "process": "process",
    "service": "service",
    "file": "file",
    "task": "task",
    "share": "share",
    "registry": "reg_key",
    "access key": "text",
    "group": "text",
    "script": "text",
}


_ENDS = ("to", "from", "with")
_PASSIVE = ("was", "were", "been", "is", "are", "got", "being")


class Unanswerable(Exception):
    """The question is outside what SQL answers; the text says why."""


@dataclass(slots=True)
class Reading:
    """What a question asks for."""

    family: str = ""
    subject: str | None = None
    extra_subjects: list[str] = field(default_factory=list[str])
    dimension: str | None = None
    entities: list[Entity] = field(default_factory=list[Entity])
    limit: int | None = None
    failed: bool | None = None
    levels: list[str] = field(default_factory=list[str])
    distinct: bool = False
    dangling: str = ""
    notes: list[str] = field(default_factory=list[str])
    time: TimeReading = field(default_factory=TimeReading)


@dataclass(slots=True)
class Parts:
    """What was met on the way through the tokens."""

    families: list[str] = field(default_factory=list[str])
    subjects: list[str] = field(default_factory=list[str])
    weak: list[str] = field(default_factory=list[str])
    acts: list[str] = field(default_factory=list[str])
    dims: list[str] = field(default_factory=list[str])
    plural: bool = False
    kinds: set[str] = field(default_factory=set[str])
    entities: list[Entity] = field(default_factory=list[Entity])
    places: list[int] = field(default_factory=list[int])
    numbers: list[int] = field(default_factory=list[int])
    unknown: list[tuple[str, str, str]] = field(default_factory=list[tuple[str, str, str]])
    levels: list[str] = field(default_factory=list[str])
    failed: bool | None = None
    tactics: list[str] = field(default_factory=list[str])
    notes: list[str] = field(default_factory=list[str])
    role: str = ""
    dangling: str = ""
    who: bool = False
    passive: bool = False


def walk_tokens(tokens: Sequence[Token], known: dict[str, tuple[str, ...]]) -> Parts:
    """Go through the tokens.

    Raises:
        Unanswerable: a word asks for what SQL can't answer, or its sense is not clear.
    """
    parts = Parts()
    at, role, cue = 0, "", ""
    before: Cue | None = None
    role_open = False
    while at < len(tokens):
        token = tokens[at]
        if token.entity is not None:
            entity, note = settle(token.entity, known, cue)
            if cue in ("hash", "sid", "uid") and entity.kind in ("process", "file", "path", "user"):
                raise Unanswerable(f"it asks for a {cue}")
            _take(parts, Entity(entity.kind, entity.value, role or entity.role, cue, entity.detail))
            parts.notes += [note] if note else []
            at, cue, role_open = at + 1, "", False
            continue
        parts.passive = parts.passive or token.text in _PASSIVE
        words = [each.text for each in _until_entity(tokens[at:])][:LONGEST]
        length = phrase_at(words, LONGEST)
        if length:
            meaning = PHRASES[" ".join(words[:length])]
            following = tokens[at + length] if at + length < len(tokens) else None
            if meaning.value == "level" and _beside_level(tokens, at, at + length):
                at, role_open = at + length, False
                continue
            named = following.entity if following is not None else None
            if words[:length] == ["over"] and named is not None and named.kind == "port":
                at += 1
                continue
            if meaning.kind == "decline":
                raise Unanswerable(f"it {meaning.value}")
            if meaning.kind == "role":
                # "connect to on port 443": what it was connected to is asked for.
                if role_open and role in _ENDS and meaning.value not in _ENDS:
                    parts.dangling = role
                role, role_open = meaning.value, True
                parts.role = role
            elif meaning.kind in ("cue", "named"):
                cue = meaning.value or cue or "named"
            elif not _asked(before) and (new_cue := _cue(meaning, following, known)):
                cue = new_cue
                if meaning.kind == "subject":
                    parts.weak.append(meaning.value)
            else:
                if meaning.kind not in ("stop", "join", "dim", "dims", "family", "which"):
                    role_open = role_open and meaning.kind == "status"
                    role = role if meaning.kind in ("status", "distinct") else ""
                if meaning.kind in ("dim", "dims") and role_open and role != "by":
                    _check_reference(tokens[at - 1].text if at else "", meaning.value)
                _note(parts, meaning)
                if meaning.kind == "act" and before is not None and before.kind == "which":
                    parts.kinds.add("what act")
            before = meaning
            at += length
            continue
        word = token.text
        at += 1
        if word.isdigit():
            _number(parts, word, _leads(tokens, at - 1))
            role_open = False
        elif word in NUMBERS:
            _number(parts, str(NUMBERS[word]), _leads(tokens, at - 1))
        elif word in LEVELS:
            parts.levels.append(word)
        elif word in known:
            entity, note = settle(Entity("word", word), known, cue)
            _take(parts, Entity(entity.kind, entity.value, role, cue))
            parts.notes += [note] if note else []
            cue, role_open = "", False
        else:
            following = PHRASES.get(tokens[at].text) if at < len(tokens) else None
            if before is not None and before == Cue("act", "start"):
                cue = cue or "process"
            if following is not None and following.value == "process":
                cue = cue or "process"
            if following is not None and following.kind in ("dim", "dims", "subject") and not cue:
                raise Unanswerable(f"the word '{word}' is not understood")
            if role_open and not cue and tokens[at - 2].text == "the" and at > 1 and word.isalpha():
                raise Unanswerable(f"it does not name which {word} is meant")
            parts.unknown.append((word, role, cue))
            cue, role_open = "", False
    if role_open:
        parts.kinds.add("dangling")
    return parts


def _asked(before: Cue | None) -> bool:
    """Tell whether the noun that follows is what is asked for: "which user …" names no user."""
    return before is not None and before.kind == "which"


def _beside_level(tokens: Sequence[Token], start: int, end: int) -> bool:
    beside = [
        tokens[start - 1].text if start else "",
        tokens[end].text if end < len(tokens) else "",
    ]
    return any(text in LEVELS for text in beside)


def _check_reference(before: str, noun: str) -> None:
    """Refuse "on the server": which one is meant is not said, and all of them would be wrong."""
    if before not in ("any", "all", "every", "each", "which", "what", "different", "distinct"):
        raise Unanswerable(f"it does not name which {noun} is meant")


def _until_entity(tokens: Sequence[Token]) -> list[Token]:
    words: list[Token] = []
    for token in tokens:
        if token.entity is not None:
            break
        words.append(token)
    return words


def _take(parts: Parts, entity: Entity) -> None:
    if entity.kind == "number":
        raise Unanswerable(f"it is not clear what {entity.value} stands for")
    parts.entities.append(entity)
    parts.places.append(len(parts.acts))


def _cue(meaning: Cue, following: Token | None, known: dict[str, tuple[str, ...]]) -> str:
    """Give the kind that a noun announces for the name right after it; "" when none follows."""
    if following is None or meaning.kind not in ("dim", "subject", "dims"):
        return ""
    if following.entity is None:
        text = following.text
        if (is_word(text) and text not in known) or not re.search(r"\w", text):
            return ""
        kinds = known.get(text, ())
    else:
        kinds = known.get(following.entity.value.lower(), ()) or (following.entity.kind,)
    wanted = meaning.value
    if meaning.kind == "subject":
        cue = _CUED_SUBJECTS.get(wanted, "")
        fits = {"process": ("process", "file"), "file": ("process", "file", "path")}
        open_kinds = ("quoted", "path", "dotted", "file", "text", "reg_key")
        if not cue or (kinds and not {*fits.get(cue, (cue,)), *open_kinds} & set(kinds)):
            return ""
        return cue
    if wanted in ("technique", "tactic"):
        return wanted if wanted in kinds else ""
    if meaning.kind == "dims" and wanted != "rule":
        return ""
    fits_dim = {
        "host": ("host", "ip", "dotted", "quoted"),
        "user": ("user", "account", "dotted", "quoted", "sid"),
        "domain": ("domain", "dotted", "quoted"),
        "address": ("ip", "cidr"),
        "rule": ("quoted",),
    }
    if kinds and not set(fits_dim.get(wanted, ())) & set(kinds):
        return ""
    return wanted


def _note(parts: Parts, meaning: Cue) -> None:
    kind, value = meaning.kind, meaning.value
    match kind:
        case "family":
            parts.families.append(value)
        case "subject":
            parts.subjects.append(value)
        case "act":
            parts.acts.append(value)
        case "dim" | "dims":
            parts.dims.append(value)
            parts.plural = parts.plural or kind == "dims"
        case "status":
            parts.failed = value == "failed"
        case "tactic":
            parts.tactics.append(value)
        case "children":
            parts.subjects.append("process")
            parts.kinds.add("children")
        case "talkers":
            parts.families.append("top")
            parts.dims.append("source")
        case "who":
            parts.who = True
            parts.kinds.add("who")
        case _:
            parts.kinds.add(kind)


def _number(parts: Parts, word: str, leads: bool) -> None:
    before = parts.entities[-1] if parts.entities else None
    if len(word) > 6:
        raise Unanswerable(f"it is not clear what {word} stands for")
    if before is not None and before.kind in ("port", "event_id") and not parts.numbers:
        parts.entities.append(Entity(before.kind, str(int(word)), before.role, "", before.detail))
        parts.places.append(len(parts.acts))
        return
    if not leads:
        raise Unanswerable(f"it is not clear what {word} stands for")
    parts.numbers.append(int(word))


def _leads(tokens: Sequence[Token], at: int) -> bool:
    """Tell whether a number says how many to list: `top 10`, `last 5`, `10 busiest`."""
    before = PHRASES.get(tokens[at - 1].text) if at else None
    after = PHRASES.get(tokens[at + 1].text) if at + 1 < len(tokens) else None
    if before is not None and before.kind == "family":
        return before.value in ("top", "bottom", "first", "last", "list")
    counted = after is not None and after.kind in ("dims", "subject", "family")
    return counted and (before is None or before.kind in ("stop", "dims"))
