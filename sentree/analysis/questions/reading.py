"""From the tokens of a question to what it asks: a family, a sort of event, names, a dimension.

Nothing is guessed: a word that is neither known nor a name leads to `Unanswerable`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from sentree.analysis.questions.dimensions import DIMENSIONS
from sentree.analysis.questions.entities import Entity, Token
from sentree.analysis.questions.objects import decide_subject
from sentree.analysis.questions.parts import Parts, Reading, Unanswerable, walk_tokens
from sentree.analysis.questions.subjects import SUBJECTS
from sentree.analysis.questions.times import TimeReading

MOST_LISTED = 1_000
_COUNTED = frozenset({"count", "first", "last", "top", "bottom", *DIMENSIONS})


def read_question(
    tokens: Sequence[Token], known: dict[str, tuple[str, ...]], time: TimeReading
) -> Reading:
    """Understand a question.

    Raises:
        Unanswerable: it asks for more than counting, finding and listing, or holds unknown words.
    """
    parts = walk_tokens(tokens, known)
    reading = Reading(time=time, notes=parts.notes, levels=parts.levels, failed=parts.failed)
    reading.dangling = parts.role if "dangling" in parts.kinds else parts.dangling
    reading.distinct = "distinct" in parts.kinds
    decide_subject(parts, reading)
    reading.entities = [
        *parts.entities,
        *(Entity("tactic", each) for each in parts.tactics),
    ]
    _admit_unknown(parts, reading)
    _decide_family(parts, reading)
    _decide_dimension(parts, reading)
    _decide_limit(parts, reading)
    return reading


def _admit_unknown(parts: Parts, reading: Reading) -> None:
    """Take words the context doesn't know for names where the question says they are names."""
    finding = "exists" in parts.families or "seen" in parts.kinds
    finding = finding and not {"first", "last", "top", "bottom", "count"} & set(parts.families)
    finding = finding and not parts.kinds & {"which", "who", "where"}
    looking = finding or "list" in parts.families
    family = SUBJECTS[reading.subject].family if reading.subject else ""
    alone = len(parts.unknown) == 1
    bare = [word for word, _, cue in parts.unknown if not cue and not _is_shaped(word)]
    if len(bare) > 1:
        # Two words side by side are one name of which only the words are known: either would do.
        raise Unanswerable(
            f"the words {' and '.join(repr(each) for each in bare)} are not understood"
        )
    for word, role, cue in parts.unknown:
        shaped = _is_shaped(word)
        searched = alone and looking and (finding or not (reading.subject or parts.dims))
        if not (cue or role or shaped or searched):
            raise Unanswerable(f"the word '{word}' is not understood")
        if role and not (cue or shaped or alone or reading.subject):
            raise Unanswerable(f"the word '{word}' is not understood")
        if role == "to" and not (cue or shaped or family in ("network", "logon")):
            # "modified to persist": a purpose, no name.
            raise Unanswerable(f"the word '{word}' is not understood")
        if not (cue or role or shaped) and parts.entities:
            # "was lsass dumped": a deed done to what is named, and not a text to look for.
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


def _is_shaped(word: str) -> bool:
    """Tell whether a word looks like a name: it has a digit or a joining sign."""
    return bool(re.search(r"[\d_$-]", word)) and len(word) > 2


def _decide_family(parts: Parts, reading: Reading) -> None:
    met = parts.families
    named = bool(reading.entities)
    uid = any(entity.kind == "uid" for entity in reading.entities)
    whether = "exists" in met and not parts.plural
    asking = parts.kinds & {"which", "who", "where"} or (parts.dims and not whether)
    happening = "happen" in met or ("do" in parts.acts and reading.subject is None)
    anchored = reading.time.around or uid or ("around" in met and reading.time.given)
    if "compare" in met:
        reading.family = "compare"
    elif anchored and reading.subject in (None, "event") and not {*parts.dims, *met} & _COUNTED:
        reading.family, reading.subject = "around", None
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
    columns = {entity.kind for entity in reading.entities} <= {"operation", "event_id"}
    if reading.family == "list" and named and not (reading.subject or parts.dims or asking):
        reading.family = "list" if columns else "exists"


def _decide_dimension(parts: Parts, reading: Reading) -> None:
    subject = SUBJECTS[reading.subject] if reading.subject else None
    family = subject.family if subject else ""
    dims = [each for each in dict.fromkeys(parts.dims) if not (each == "tactic" and parts.tactics)]
    if "conversation" in dims:
        dims = [each for each in dims if each not in ("host", "address", "source", "destination")]
    if reading.family in ("first", "last", "when") and set(dims) <= {"user", "host", "address"}:
        dims = dims[:1]
    if len(dims) > 1:
        raise Unanswerable(f"it asks for {' and '.join(dims)} at once")
    dimension = dims[0] if dims else None
    started = "start" in parts.acts and {"process", "file"} & {e.kind for e in reading.entities}
    # "which programs started cmd.exe": the program that is named is what was started.
    object_named = "process" in parts.subjects and not parts.passive and reading.family == "list"
    object_named = object_named and any(
        place and entity.kind in ("process", "file") and entity.role in ("", "on")
        for entity, place in zip(parts.entities, parts.places, strict=True)
    )
    if dimension is None and started and ("what act" in parts.kinds or object_named):
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
    reached = any(
        entity.role in ("to", "with") and entity.kind != "port" for entity in parts.entities
    )
    # "which addresses were contacted": those at the far end.
    outward = reading.dangling == "to" or (
        parts.passive and "connect" in parts.acts and not reached and not reading.dangling
    )
    mutual = family == "network" and (
        reading.dangling == "with" or [each.role for each in reading.entities].count("with") == 1
    )
    listing = reading.family in ("list", "top", "bottom")
    ends = ("host", "source", "address", "destination")
    if mutual and (dimension in ends or (dimension is None and listing)):
        reading.dimension = "peer"
        return
    if dimension == "address" and family == "network" and not outward:
        ends = [each.role for each in reading.entities if each.role in ("from", "to")]
        dimension = {"to": "source address", "from": "destination"}.get("".join(ends), dimension)
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
    if dimension is None and subject is not None and reading.family == "count" and reading.distinct:
        dimension = subject.listed
    if dimension is None and subject is not None and reading.family in ("list", "top", "bottom"):
        asked_what = "exists" not in parts.families or bool(
            parts.kinds & {"which", "distinct"} or "list" in parts.families
        )
        dimension = subject.listed if asked_what or reading.family != "list" else None
        if dimension == "destination" and towards and not outward:
            dimension = "source"
        if reading.family in ("top", "bottom") and dimension is None:
            dimension = {"logon": "logon user"}.get(family, "host")
    actors = family == "network" or reading.subject in ("process access", "injection")
    if dimension == "process" and actors:
        dimension = "actor"
    reading.dimension = dimension
    reading.notes = [note for note in reading.notes if note]


def _decide_limit(parts: Parts, reading: Reading) -> None:
    if not parts.numbers:
        return
    listing = reading.family in ("top", "bottom", "first", "last", "list")
    if len(parts.numbers) > 1 or not listing or not 1 <= parts.numbers[0] <= MOST_LISTED:
        raise Unanswerable(f"it is not clear what {parts.numbers[0]} stands for")
    reading.limit = parts.numbers[0]
