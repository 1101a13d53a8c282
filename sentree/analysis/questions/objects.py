"""What sort of event a question is about: its nouns and verbs put together."""

from __future__ import annotations

from dataclasses import replace

from sentree.analysis.questions.entities import Entity
from sentree.analysis.questions.parts import Parts, Reading, Unanswerable
from sentree.analysis.questions.subjects import ALONE, COMPOSED, SUBJECTS

_DOERS = ("by", "on", "from")


def decide_subject(parts: Parts, reading: Reading) -> None:
    """Set the subject of a reading.

    Raises:
        Unanswerable: there are several, or a verb that goes with none.
    """
    subjects = list(dict.fromkeys(parts.subjects))
    acts = [act for act in dict.fromkeys(parts.acts) if act != "do"]
    entity_kinds = {entity.kind for entity in parts.entities}
    entity_kinds |= {"technique"} if parts.tactics else set[str]()
    _name_parents(parts, subjects, acts)
    _name_ends(parts, acts)
    for log in ("log", "audit log"):
        for act in ("clear", "delete"):
            if log in subjects and act in acts:
                subjects[subjects.index(log)] = COMPOSED[log, act]
                acts.remove(act)
        if log in subjects:
            subjects.remove(log)
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
    if "service" in subjects and "use" in parts.acts and "service" not in entity_kinds:
        raise Unanswerable("'services' may be those of Windows, of a cloud, or protocols")
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


def _name_parents(parts: Parts, subjects: list[str], acts: list[str]) -> None:
    """In "what did X start" and "child processes of X" the program X is the parent."""
    object_asked = "start" in acts and "which" in parts.kinds and not (parts.dims or parts.passive)
    object_asked = object_asked and set(subjects) <= {"process"}
    if not object_asked and "children" not in parts.kinds:
        return
    for at, (entity, place) in enumerate(zip(parts.entities, parts.places, strict=True)):
        if entity.kind in ("process", "file") and (place == 0 or "children" in parts.kinds):
            parts.entities[at] = replace(entity, kind="process", role="children")


def _name_ends(parts: Parts, acts: list[str]) -> None:
    """In "did A contact B" the traffic is from A to B."""
    kinds = ("host", "ip", "domain", "cidr")
    ends = [at for at, entity in enumerate(parts.entities) if entity.kind in kinds]
    if "connect" not in acts or len(ends) != 2:
        return
    one, other = ends
    if parts.places[one] or not parts.places[other] or parts.entities[one].role:
        return
    if parts.entities[other].role in ("", "to"):
        parts.entities[one] = replace(parts.entities[one], role="from")
        parts.entities[other] = replace(parts.entities[other], role="to")


def _name_doers(parts: Parts) -> None:
    """Of two users, the one named before the verb did it to the other."""
    users = [at for at, entity in enumerate(parts.entities) if entity.kind == "user"]
    if len({bool(parts.places[at]) for at in users}) == 2:
        for at in users:
            if not parts.places[at]:
                parts.entities[at] = replace(parts.entities[at], role="by")


def _merged(subjects: list[str], parts: Parts) -> list[str]:
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
        ("script", "script block"),
        ("powershell", "script block"),
        ("api", "cloudtrail"),
    ):
        if {wide, narrow} <= met and wide in merged:
            merged.remove(wide)
    others = [each for each in merged if SUBJECTS[each].family == "network"]
    others += [act for act in parts.acts if act == "connect"]
    if "powershell" in merged and (others or {"file", "registry"} & set(merged)):
        merged.remove("powershell")
        parts.entities.append(Entity("process", "powershell.exe"))
        parts.places.append(0)
    return merged


def _implied(act: str, kinds: set[str], subjects: list[str]) -> str | None:
    """Give the sort a verb alone means; "" when it adds nothing, None when it is not clear."""
    families = {SUBJECTS[each].family for each in subjects}
    if act in ("connect", "access", "start", "use") and (subjects or "technique" in kinds):
        return ""
    if act == "use":
        return ALONE["start"] if kinds & {"process"} else ""
    if act == "access" and kinds and kinds <= {"process", "host"} and "process" in kinds:
        return "process access"
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
