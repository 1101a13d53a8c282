"""Tells the class of a record that no rule knows by its words, where these tell enough."""

from __future__ import annotations

from typing import NamedTuple

from models.class_head import shipped_head
from ocsf.classes import class_name
from ocsf.mappers import MAPPERS
from sentree.analysis.classify.reasons import BASE, reason_of
from sentree.lake.classified import Classified


class Told(NamedTuple):
    """A class, why, and how probable it is where words alone tell it; None where a rule does."""

    class_uid: int
    reason: str
    probability: float | None


def told(one: Classified, *, guess: bool = True) -> Told:
    """Give a record's class: by the rules of its format, else by the trained head.

    The head is asked of records of no known format, and of lines of text of whose format nothing
    but the header is known. Below its bar a record stays Base Event; the nearest class is named in
    the reason only.
    """
    reason = reason_of(one)
    if one.class_uid or not guess or not _is_open(one.mapper):
        return Told(one.class_uid, reason, None)
    head = shipped_head()
    found = head.guess(one.raw)
    if found is None or not found.class_uid:
        return Told(0, reason, None)
    name = class_name(found.class_uid)
    if found.probability < head.bar:
        return Told(0, f"{reason}; too little tells a class, nearest is {name}", None)
    words = ", ".join(found.told_by)
    return Told(
        found.class_uid,
        f"{reason}; a trained classifier takes it for {name} by: {words}",
        round(found.probability, 4),
    )


def _is_open(mapper: str) -> bool:
    return mapper == BASE or bool(MAPPERS[mapper].layouts)
