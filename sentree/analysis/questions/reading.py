"""From the tokens of a question to what it asks: a family, a sort of event, names, a dimension.

Nothing is guessed: a word that is neither known nor a name leads to `Unanswerable`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from sentree.analysis.questions.entities import Entity, Token
from sentree.analysis.questions.lexicon import LEVELS, LONGEST, NUMBERS, PHRASES, Cue
from sentree.analysis.questions.resolve import is_word, phrase_at, settle
from sentree.analysis.questions.subjects import ALONE, COMPOSED, SUBJECTS
from sentree.analysis.questions.times import TimeReading

MOST_LISTED = 1_000


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
class _Parts:
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
    act_place: int = -1
    numbers: list[int] = field(default_factory=list[int])
    unknown: list[tuple[str, str, str]] = field(default_factory=list[tuple[str, str, str]])
    levels: list[str] = field(default_factory=list[str])
    failed: bool | None = None
    tactics: list[str] = field(default_factory=list[str])
    techniques: list[str] = field(default_factory=list[str])
    notes: list[str] = field(default_factory=list[str])
    role: str = ""
    who: bool = False


_DOERS = ("by", "on", "from")
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


def read_question(
    tokens: Sequence[Token], known: dict[str, tuple[str, ...]], time: TimeReading
) -> Reading:
    """Understand a question.

    Raises:
        Unanswerable: it asks for more than counting, finding and listing, or holds unknown words.
    """
    parts = _walk(tokens, known)
    reading = Reading(time=time, notes=parts.notes, levels=parts.levels, failed=parts.failed)
    reading.dangling = parts.role if "dangling" in parts.kinds else ""
    reading.distinct = "distinct" in parts.kinds
    _decide_subject(parts, reading)
    reading.entities = [
        *parts.entities,
        *(Entity("tactic", each) for each in parts.tactics),
    ]
    _admit_unknown(parts, reading)
    _decide_family(parts, reading)
    _decide_dimension(parts, reading)
    _decide_limit(parts, reading)
    return reading


def _walk(tokens: Sequence[Token], known: dict[str, tuple[str, ...]]) -> _Parts:
    parts = _Parts()
    at, role, cue = 0, "", ""
    before: Cue | None = None
    role_open = False
    while at < len(tokens):
        token = tokens[at]
        if token.entity is not None:
            entity, note = settle(token.entity, known, cue)
            _take(parts, Entity(entity.kind, entity.value, role or entity.role, cue, entity.detail))
            parts.notes += [note] if note else []
            at, cue, role_open = at + 1, "", False
            continue
        words = [each.text for each in _until_entity(tokens[at:])][:LONGEST]
        length = phrase_at(words, LONGEST)
        if length:
            meaning = PHRASES[" ".join(words[:length])]
            following = tokens[at + length] if at + length < len(tokens) else None
            if meaning.value == "level" and _beside_level(tokens, at, at + length):
                at, role_open = at + length, False
                continue
            if meaning.kind == "decline":
                raise Unanswerable(f"it {meaning.value}")
            if meaning.kind == "role":
                role, role_open = meaning.value, True
                parts.role = role
            elif meaning.kind in ("cue", "named"):
                cue = meaning.value or cue or "named"
            elif new_cue := _cue(meaning, following, known):
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
            if following is not None and following.kind in ("dim", "dims", "subject") and not cue:
                raise Unanswerable(f"the word '{word}' is not understood")
            parts.unknown.append((word, role, cue))
            cue, role_open = "", False
    if role_open:
        parts.kinds.add("dangling")
    return parts


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


def _take(parts: _Parts, entity: Entity) -> None:
    if entity.kind == "number":
        raise Unanswerable(f"it is not clear what {entity.value} stands for")
    if entity.kind == "technique":
        parts.techniques.append(entity.value)
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


def _note(parts: _Parts, meaning: Cue) -> None:
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
        case "who":
            parts.who = True
            parts.kinds.add("who")
        case _:
            parts.kinds.add(kind)


def _number(parts: _Parts, word: str, leads: bool) -> None:
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


def _decide_subject(parts: _Parts, reading: Reading) -> None:
    subjects = list(dict.fromkeys(parts.subjects))
    acts = [act for act in dict.fromkeys(parts.acts) if act != "do"]
    entity_kinds = {entity.kind for entity in parts.entities}
    entity_kinds |= {"technique"} if parts.tactics else set[str]()
    for pair in (("log", "clear"), ("log", "delete")):
        if pair[0] in subjects and pair[1] in acts:
            subjects[subjects.index("log")] = "log clear"
            acts.remove(pair[1])
    if "log" in subjects:
        subjects.remove("log")
    if "account lock" in subjects and "lock" in acts:
        acts.remove("lock")
    account = (
        "user" in parts.dims
        or any(
            place and (entity.cue == "user" or entity.kind == "user") and entity.role not in _DOERS
            for entity, place in zip(parts.entities, parts.places, strict=True)
        )
        or (
            {"was", "were"}
            and "exists" in parts.families
            and "user" in entity_kinds
            and not subjects
        )
    )
    if not subjects and account and not parts.weak:
        for act in acts:
            if ("account", act) in COMPOSED:
                subjects.append(COMPOSED["account", act])
                _name_doers(parts)
                acts.remove(act)
                reading.notes.append("account" if "user" in parts.dims else "")
                if "user" in parts.dims:
                    parts.dims.remove("user")
                break
    subjects = _merged(subjects, parts)
    network = "connect" in acts or any(SUBJECTS[each].family == "network" for each in subjects)
    if "process" in subjects and network:
        subjects = [each for each in subjects if each != "process"]
        parts.dims.append("actor")
    for act in list(acts):
        for index, subject in enumerate([*subjects, *parts.weak]):
            composed = COMPOSED.get((subject, act))
            if composed:
                if index < len(subjects):
                    subjects[index] = composed
                else:
                    subjects.append(composed)
                acts.remove(act)
                break
        else:
            implied = _implied(act, entity_kinds, subjects)
            if implied is not None:
                subjects += [implied] if implied else []
                acts.remove(act)
    subjects = list(dict.fromkeys(subjects))
    if not subjects and any(entity.role == "children" for entity in parts.entities):
        subjects = ["process"]
        parts.families.append("list")
    if parts.failed is not None and "logon" in subjects:
        subjects[subjects.index("logon")] = "failed logon" if parts.failed else "logon"
        reading.failed = None
    if len(subjects) > 1 and "event" in subjects:
        subjects.remove("event")
    if "alert" in subjects:
        reading.extra_subjects = [each for each in subjects if each != "alert"]
        subjects = ["alert"]
    if len(subjects) > 1:
        raise Unanswerable("it asks about several sorts of events at once")
    if acts:
        raise Unanswerable(f"it is not clear what was '{acts[0]}'d")
    reading.subject = subjects[0] if subjects else None
    reading.notes = [note for note in reading.notes if note and note != "account"]


def _name_doers(parts: _Parts) -> None:
    """Of two users, the one named before the verb did it to the other."""
    users = [at for at, entity in enumerate(parts.entities) if entity.kind == "user"]
    if len({bool(parts.places[at]) for at in users}) == 2:
        for at in users:
            if not parts.places[at]:
                parts.entities[at] = replace(parts.entities[at], role="by")


def _merged(subjects: list[str], parts: _Parts) -> list[str]:
    """Put together sorts that name one thing: `rdp` and `logon`, `file` and `share`."""
    met = set(subjects)
    merged = list(subjects)
    if {"rdp", "logon"} <= met:
        merged = [each for each in merged if each not in ("rdp", "logon")] + ["rdp logon"]
    for wide, narrow in (
        ("process", "powershell"),
        ("process", "process access"),
        ("script", "powershell"),
        ("file", "share"),
        ("smb", "share"),
        ("traffic", "dns"),
        ("traffic", "http"),
        ("traffic", "rdp"),
        ("traffic", "ssh"),
        ("traffic", "smb"),
        ("traffic", "connection"),
        ("connection", "rdp"),
        ("connection", "ssh"),
        ("connection", "smb"),
        ("logon attempt", "failed logon"),
        ("logon", "failed logon"),
        ("logon", "rdp logon"),
        ("password", "failed logon"),
    ):
        if {wide, narrow} <= met and wide in merged:
            merged.remove(wide)
    others = [each for each in merged if SUBJECTS[each].family == "network"]
    if "powershell" in merged and (others or {"file", "registry"} & set(merged)):
        merged.remove("powershell")
        parts.entities.append(Entity("process", "powershell.exe"))
        parts.places.append(0)
    return merged


def _implied(act: str, kinds: set[str], subjects: list[str]) -> str | None:
    """Give the sort a verb alone means; "" when it adds nothing, None when it is not clear."""
    families = {SUBJECTS[each].family for each in subjects}
    if act in ("connect", "access", "start") and (subjects or "technique" in kinds):
        return ""
    if act == "connect":
        return ALONE["connect"]
    if act == "start":
        return "service start" if kinds and kinds <= {"service"} else ALONE["start"]
    if act == "access" and kinds & {
        "share",
        "path",
        "file",
        "reg_key",
        "ip",
        "host",
        "url",
        "domain",
    }:
        return ""
    if act == "load" and kinds & {"file", "process", "path"}:
        return "module"
    if act in ("create", "delete", "modify") and not subjects:
        if kinds & {"file", "path"} or (act != "modify" and kinds & {"process"}):
            return f"file {act}"
        if "reg_key" in kinds:
            return "registry modify"
        if "service" in kinds and act == "create":
            return "service create"
        if "task" in kinds and act != "modify":
            return f"task {act}"
        if "operation" in kinds:
            return ""
    if act in ("create", "add") and families & {"alert"}:
        return ""
    return None


def _admit_unknown(parts: _Parts, reading: Reading) -> None:
    """Take words the context doesn't know for names where the question says they are names."""
    finding = "exists" in parts.families or "seen" in parts.kinds
    finding = finding and not {"first", "last", "top", "bottom", "count"} & set(parts.families)
    looking = finding or "list" in parts.families
    family = SUBJECTS[reading.subject].family if reading.subject else ""
    alone = len(parts.unknown) == 1
    for word, role, cue in parts.unknown:
        shaped = bool(re.search(r"[\d_$-]", word)) and len(word) > 2
        searched = alone and looking and (finding or not (reading.subject or parts.dims))
        if not (cue or role or shaped or searched):
            raise Unanswerable(f"the word '{word}' is not understood")
        if role and not (cue or shaped or alone or reading.subject):
            raise Unanswerable(f"the word '{word}' is not understood")
        kind = (
            cue
            if cue in ("host", "user", "service", "process", "file", "task", "share")
            else "text"
        )
        if not cue and role in ("for", "by") and family in ("logon", "process"):
            kind = "user"
        elif not cue and role in ("on", "from", "to") and family and family != "alert":
            kind = "host"
        reading.entities.append(Entity(kind, word, role, cue))


def _decide_family(parts: _Parts, reading: Reading) -> None:
    met = parts.families
    named = bool(reading.entities)
    uid = any(entity.kind == "uid" for entity in reading.entities)
    whether = "exists" in met and not parts.plural
    asking = parts.kinds & {"which", "who", "where"} or (parts.dims and not whether)
    happening = "happen" in met or ("do" in parts.acts and reading.subject is None)
    anchored = reading.time.around or uid or ("around" in met and reading.time.given)
    if "compare" in met:
        reading.family = "compare"
    elif anchored and not reading.subject and not parts.dims and "count" not in met:
        reading.family = "around"
    elif happening and reading.subject is None and not parts.dims:
        if not named and not reading.time.given:
            raise Unanswerable("it does not say where or when")
        reading.family = "around"
    elif "around" in met and not reading.time.given:
        raise Unanswerable("it does not say around what time")
    elif "bottom" in met:
        reading.family = "bottom"
    elif "count" in met and not ("top" in met and parts.dims):
        reading.family = "count"
    elif "top" in met:
        reading.family = "top"
    elif "first" in met or "last" in met:
        reading.family = "first" if "first" in met else "last"
        if "first" in met and "last" in met:
            reading.family = "when"
    elif asking or "list" in met or "distinct" in parts.kinds:
        reading.family = "list"
    elif "when" in parts.kinds:
        reading.family = "when"
    elif "exists" in met or "seen" in parts.kinds:
        reading.family = "exists"
    elif reading.subject or named:
        several = len(reading.entities) > 1
        reading.family = "count" if reading.subject or several else "exists"
        if reading.subject and " " in reading.subject and SUBJECTS[reading.subject].listed:
            reading.family = "list"
    else:
        raise Unanswerable("it names nothing to look for")
    if not (reading.subject or named or parts.dims or reading.family == "around"):
        raise Unanswerable("it names nothing to look for")
    if reading.family == "list" and named and not (reading.subject or parts.dims or asking):
        reading.family = "exists"


def _decide_dimension(parts: _Parts, reading: Reading) -> None:
    subject = SUBJECTS[reading.subject] if reading.subject else None
    family = subject.family if subject else ""
    dims = [each for each in dict.fromkeys(parts.dims) if not (each == "tactic" and parts.tactics)]
    if reading.family in ("first", "last", "when") and set(dims) <= {"user", "host", "address"}:
        dims = dims[:1]
    if len(dims) > 1:
        raise Unanswerable(f"it asks for {' and '.join(dims)} at once")
    dimension = dims[0] if dims else None
    started = "start" in parts.acts and {"process", "file"} & {e.kind for e in reading.entities}
    if dimension is None and "what act" in parts.kinds and started:
        dimension = "parent"
    if dimension in ("parent", "command") and reading.subject is None:
        reading.subject = "process"
        subject = SUBJECTS["process"]
        family = subject.family
    if parts.who and dimension is None:
        dimension = "user"
        if family == "network" and reading.subject != "share":
            dimension = "source"
    if "where" in parts.kinds and dimension is None:
        dimension = "source" if reading.dangling == "from" else "host"
    towards = any(
        entity.role in ("to", "with") or entity.kind in ("port", "cidr", "ip", "domain")
        for entity in reading.entities
    )
    outward = reading.dangling in ("to", "with")
    if dimension == "address":
        dimension = (
            "source address" if family == "logon" or reading.dangling == "from" else "address"
        )
    if family == "network" and dimension in ("host", "source", "address"):
        dimension = (
            "destination" if outward else ("source" if dimension != "address" else dimension)
        )
    if family == "network" and dimension == "source" and outward:
        dimension = "destination"
    if dimension == "user" and family == "logon":
        dimension = "logon user"
    if dimension is None and subject is not None and reading.family in ("list", "top", "bottom"):
        asked_what = "exists" not in parts.families or bool(
            parts.kinds & {"which", "distinct"} or "list" in parts.families
        )
        dimension = subject.listed if asked_what or reading.family != "list" else None
        if dimension == "destination" and towards and not outward:
            dimension = "source"
        if reading.family in ("top", "bottom") and dimension is None:
            dimension = {"logon": "logon user"}.get(family, "host")
    if dimension == "process" and family == "network":
        dimension = "actor"
    reading.dimension = dimension
    reading.notes = [note for note in reading.notes if note]


def _decide_limit(parts: _Parts, reading: Reading) -> None:
    if not parts.numbers:
        return
    listing = reading.family in ("top", "bottom", "first", "last", "list")
    if len(parts.numbers) > 1 or not listing or not 1 <= parts.numbers[0] <= MOST_LISTED:
        raise Unanswerable(f"it is not clear what {parts.numbers[0]} stands for")
    reading.limit = parts.numbers[0]
