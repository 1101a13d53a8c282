"""Pairs: "which users logged on from the same address within an hour"."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple

from models.patterns.wording import plain
from schemas.questions import AnswerTable, EmbeddedAnswer
from sentree.analysis.questions.answering import Answering
from sentree.analysis.questions.dimensions import DIMENSIONS
from sentree.analysis.questions.parts import Reading, Unanswerable
from sentree.analysis.questions.subjects import SUBJECTS
from sentree.analysis.questions.tables import count_noun
from sentree.analysis.questions.wording import amount, cell_time

MOST_PAIRS = 200
SPOKEN = 5
_EVER = timedelta(days=36_500)
_UNITS = {"second": 1, "minute": 60, "min": 60, "hour": 3_600, "day": 86_400}
_PLACE = r"(?:source |src |client |ip )?(?:address|ip|host|machine|computer|server|domain|share)"
_PAIRS = re.compile(
    r"(?:(?:which|what|list|show|show me|find|give me|are there|were there|any)\s+)?(?:all\s+)?"
    r"(?:the\s+)?(?:which\s+)?(?:pairs?\s+of\s+)?(?P<noun>users|accounts|hosts|machines|computers)\s+"
    r"(?:(?:that|who|which)\s+)?(?:both\s+)?(?P<clause>.+?)\s+(?:(?P<link>from|to|on|at|via)\s+)?"
    rf"the\s+same\s+(?P<place>{_PLACE})(?P<rest>.*)$",
    re.IGNORECASE,
)
_SHARED = re.compile(
    r"(?:(?:which|what|list|show|find)\s+)?(?:all\s+)?(?:the\s+)?(?:pairs?\s+of\s+)?"
    r"(?P<noun>users|accounts|hosts|machines|computers)\s+(?:(?:that|who|which)\s+)?"
    rf"(?P<clause>shared?)\s+(?:an?|the same|one)\s+(?P<place>{_PLACE})(?P<rest>.*)$",
    re.IGNORECASE,
)
_WITHIN = re.compile(
    r"\b(?:with)?in\s+(?P<n>an?|one|two|three|\d{1,4})\s+(?P<unit>second|minute|min|hour|day)s?"
    r"(?:\s+of\s+(?:each\s+other|one\s+another))?",
    re.IGNORECASE,
)
_NUMBERS = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3}


class PairQuestion(NamedTuple):
    """What is asked of pairs: the question that gives who, the place, and how far apart at most."""

    text: str
    place: str
    within: timedelta


def read_pairs(text: str) -> PairQuestion | None:
    """Tell whether a question asks for pairs; None when it does not."""
    text = text.strip().rstrip("?.! ")
    found = _PAIRS.match(text) or _SHARED.match(text)
    if found is None:
        return None
    rest, within = found["rest"], _EVER
    if length := _WITHIN.search(rest):
        number = length["n"].lower()
        count = _NUMBERS.get(number) or int(number)
        within = timedelta(seconds=count * _UNITS[length["unit"].lower()])
        rest = f"{rest[: length.start()]} {rest[length.end() :]}"
    shared = found["clause"].lower().startswith("share")
    clause = "logged on" if shared else found["clause"]
    noun = "users" if found["noun"].lower() in ("users", "accounts") else "hosts"
    place = found["place"].lower().split()[-1]
    link = "" if shared else (found["link"] or "").lower()
    return PairQuestion(f"which {noun} {clause} {rest}".strip(), f"{link} {place}".strip(), within)


def answer_pairs(asked: PairQuestion, answering: Callable[[str], Answering]) -> EmbeddedAnswer:
    """Answer a question for pairs.

    Raises:
        Unanswerable: the question behind it lists no users or hosts, or the place doesn't fit.
    """
    one = answering(asked.text)
    reading = one.reading
    dimension = DIMENSIONS.get(reading.dimension or "")
    if reading.family != "list" or dimension is None:
        raise Unanswerable("it does not say of whom the pairs are")
    place = DIMENSIONS[_place(asked.place, reading)]
    rows, sql = one.lookup.pairs(one.where, dimension, place, asked.within, MOST_PAIRS)
    within = "" if asked.within == _EVER else f" within {_spelt(asked.within)}"
    what = f"{one.label}{one.filters} with the same {place.one}{within}"
    if not rows:
        return EmbeddedAnswer(
            answer=f"None: no two {dimension.many} in {what}.",
            ruled_out=(f"pairs of {dimension.many} in {what}: none in {one.scope.words}",),
            interpreted_as=one.interpreted(f"pairs of {dimension.many} with the same {place.one}"),
            sql=sql,
        )
    total = rows[0]["groups"]
    shown = [
        f"{plain(row['one'], 60)} and {plain(row['other'], 60)} ({plain(row['place'], 60)})"
        for row in rows[:SPOKEN]
    ]
    rest = f" and {total - len(shown):,} more" if total > len(shown) else ""
    pairs = amount(total, "pair", "pairs")
    noun = count_noun(one.label, 2)
    text = (
        f"{pairs} of {dimension.many} in {noun}{one.filters} with the same {place.one}{within}:"
        f" {', '.join(shown)}{rest}."
    )
    uids = [uid for row in rows for uid in (row["event_uid"], row["earlier_uid"])]
    return EmbeddedAnswer(
        answer=text,
        claims=one.claim(1, text, uids, one.where),
        rows=AnswerTable(
            columns=(dimension.one, f"other {dimension.one}", place.one, "times", "first"),
            rows=tuple(
                (
                    plain(row["one"], 200),
                    plain(row["other"], 200),
                    plain(row["place"], 200),
                    row["n"],
                    cell_time(row["first"]),
                )
                for row in rows
            ),
            total=total,
            evidence=tuple(row["event_uid"] for row in rows),
        ),
        interpreted_as=one.interpreted(
            f"pairs of {dimension.many} with the same {place.one}{within}"
        ),
        sql=sql,
    )


def _place(words: str, reading: Reading) -> str:
    link, _, noun = words.rpartition(" ")
    family = SUBJECTS[reading.subject].family if reading.subject else ""
    if noun in ("domain", "share"):
        return noun
    if family == "network":
        return "destination" if link in ("to", "with", "") else "source"
    if noun in ("address", "ip"):
        return "source address"
    return "host"


def _spelt(length: timedelta) -> str:
    seconds = int(length.total_seconds())
    for unit in ("day", "hour", "minute", "second"):
        if seconds % _UNITS[unit] == 0:
            return amount(seconds // _UNITS[unit], unit, f"{unit}s")
    return f"{seconds} seconds"
