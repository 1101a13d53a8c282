"""Questions made of others: "the host that …", "both … and …", "… and …", "which came first".

Each part is a question of its own, read and answered as such; what is put together here is only
their answers. A part that is declined, or whose list was cut, declines the whole.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from schemas.claim import Claim, Evidence
from schemas.questions import AnswerTable, Cell, EmbeddedAnswer
from sentree.analysis.questions.parts import Unanswerable
from sentree.analysis.questions.wording import MOST_CITED

Ask = Callable[[str], EmbeddedAnswer]
MOST_NAMED = 10
SPOKEN = 5

_NOUN = (
    r"(?:users?|accounts?|people|hosts?|machines?|computers?|workstations?|servers?|systems?"
    r"|ip addresses|ips?|addresses)"
)
_VERB = (
    r"(?:resolved|queried|looked up|connected|talked|logged|signed|failed|ran|executed|started"
    r"|launched|created|deleted|removed|accessed|contacted|communicated|called|loaded|changed"
    r"|modified|cleared|installed|dropped|wrote|spawned)"
)
_BOTH = re.compile(
    rf"(?P<lead>(?:which|what|list(?: all| the)*)\s+{_NOUN}|who)\s+"
    r"(?P<verb>(?:(?:that|who|which)\s+)?.+?)"
    r"\s+(?:to |on |from )?both\s+(?P<one>\S+)\s+and\s+(?:to |on |from )?(?P<other>\S+?)"
    r"(?P<tail>\s+.+)?$",
    re.IGNORECASE,
)
_TWO = re.compile(
    rf"(?P<lead>(?:which|what|list(?: all| the)*)\s+{_NOUN}|who)\s+"
    rf"(?P<one>(?:(?:that|who|which)\s+)?{_VERB}\s.+?)\s+and\s+(?:also\s+|later\s+)?(?P<other>{_VERB}\s.+)$",
    re.IGNORECASE,
)
_FIRST = re.compile(
    r"(?:which|what)\s+(?:one\s+)?(?:came|happened|was|occurred)\s+(?:first|earlier)\s*[:,]?\s+"
    r"(?P<one>.+?)\s+or\s+(?P<other>.+)$",
    re.IGNORECASE,
)
_ORDER = re.compile(
    r"(?:was|were)\s+(?P<one>\S+)\s+(?P<did>.+?)\s+(?P<order>before|after)\s+(?P<other>\S+)\s+"
    r"(?:was|were)\s+(?P<done>.+)$",
    re.IGNORECASE,
)
_HOP = re.compile(
    r"(?P<before>.+?\s(?:on|onto|to|into|from|by|of|for|with|against))\s+the\s+(?P<noun>host|machine|computer|workstation|server|system|user|account"
    r"|ip address|ip|address)s?\s+(?:that|which|who)\s+(?P<clause>.+)$",
    re.IGNORECASE,
)
_WITH_ADDRESS = re.compile(
    r"\bthe\s+(?:host|machine|computer|workstation|server|system)\s+(?:with|at|of|behind)\s+(?:the\s+)?"
    r"(?:(?:ip address|ip|address)\s+)?(?P<ip>[0-9a-f]*[.:][0-9a-f.:]+)",
    re.IGNORECASE,
)
_KINDS = {"ip": "", "ip address": "", "address": "", "user": "user ", "account": "user "}


class _Part(NamedTuple):
    """One part's answer: its values, lower case, each with its row."""

    answer: EmbeddedAnswer
    values: dict[str, tuple[Cell, ...]]


def answer_composed(text: str, ask: Ask) -> EmbeddedAnswer | None:
    """Answer a question that is made of others; None when it is not.

    Args:
        text: the question, one line.
        ask: answers a simple question.

    Raises:
        Unanswerable: a part can't be answered, or its answer is too long to go on from.
    """
    text = text.strip().rstrip("?.! ")
    if found := _BOTH.match(text):
        lead, verb, tail = found["lead"], found["verb"], found["tail"] or ""
        link = _link(text, found)
        asked = [f"{lead} {verb} {link}{each}{tail}" for each in (found["one"], found["other"])]
        return _intersection(asked, ask)
    if found := _TWO.match(text):
        return _intersection([f"{found['lead']} {found[each]}" for each in ("one", "other")], ask)
    if found := _FIRST.match(text):
        return _earlier([found["one"], found["other"]], ask)
    if found := _ORDER.match(text):
        return _whether(found, ask)
    if found := _WITH_ADDRESS.search(text):
        return ask(f"{text[: found.start()]}{found['ip']}{text[found.end() :]}")
    if found := _HOP.match(text):
        return _through(found, ask)
    return None


def _link(text: str, found: re.Match[str]) -> str:
    """Give the preposition that stands before "both" or after it."""
    between = text[found.end("verb") : found.start("one")]
    after = re.match(r"\s*(to|on|from)?\s*both\s+(to|on|from)?", between, re.IGNORECASE)
    word = after and (after[1] or after[2])
    return f"{word} " if word else ""


def _intersection(asked: list[str], ask: Ask) -> EmbeddedAnswer:
    parts = [_listed(each, ask) for each in asked]
    both = [value for value in parts[0].values if all(value in part.values for part in parts)]
    rows = tuple(
        (one[0], one[1], other[1], one[2])
        for value in both
        for one, other in ((parts[0].values[value], parts[1].values[value]),)
    )
    uids = tuple(_evidence(parts[0].answer, value) for value in both)
    names = ", ".join(str(row[0]) for row in rows[:SPOKEN])
    more = f" and {len(rows) - SPOKEN} more" if len(rows) > SPOKEN else ""
    said = f"{len(rows)} in both: {names}{more}." if rows else "None is in both."
    noun = next((p.answer.rows.columns[0] for p in parts if p.answer.rows), "")
    claims = [claim for part in parts for claim in part.answer.claims]
    if rows:
        of_both = [_evidence(part.answer, value) for value in both for part in parts]
        claims = [_lead(said, of_both, claims), *claims]
    return EmbeddedAnswer(
        answer=" ".join([said, *(part.answer.answer for part in parts)]),
        claims=_renumbered(claims),
        ruled_out=tuple(line for part in parts for line in part.answer.ruled_out),
        rows=AnswerTable(
            columns=(noun, "count", "count of the other", "first"),
            rows=rows,
            total=len(rows),
            evidence=uids,
        )
        if rows
        else None,
        interpreted_as="in both: " + "; and: ".join(part.answer.interpreted_as for part in parts),
        sql=_sqls([part.answer for part in parts]),
    )


def _whether(found: re.Match[str], ask: Ask) -> EmbeddedAnswer:
    """Answer "was A done before B was done" by the first time of each."""
    names = [f"{found['one']} {found['did']}", f"{found['other']} {found['done']}"]
    answer = _earlier(names, ask, "when was {} first {}")
    rows = answer.rows.rows if answer.rows else ()
    wanted = names[0] if found["order"].lower() == "before" else names[1]
    yes = len(rows) == 2 and rows[0][1] != rows[1][1] and rows[0][0] == wanted
    return answer.model_copy(update={"answer": f"{'Yes' if yes else 'No'}. {answer.answer}"})


def _earlier(
    asked: list[str], ask: Ask, wording: str = "when was the first {0} {1}"
) -> EmbeddedAnswer:
    parts = [re.sub(r"^(?:the|a) ", "", each).partition(" ") for each in asked]
    answers = [ask(wording.format(first, rest).strip()) for first, _, rest in parts]
    times: list[str] = []
    for name, answer in zip(asked, answers, strict=True):
        table = answer.rows
        if table is None or not table.rows or "time" not in table.columns:
            raise Unanswerable(f"no time was found for '{name}'")
        times.append(str(table.rows[0][table.columns.index("time")]))
    if times[0] == times[1]:
        said = f"Both at {times[0]} UTC."
    else:
        first, second = (0, 1) if times[0] < times[1] else (1, 0)
        said = f"First {asked[first]} ({times[first]} UTC),"
        said += f" then {asked[second]} ({times[second]} UTC)."
    order = sorted(range(2), key=lambda at: times[at])
    claims = [claim for answer in answers for claim in answer.claims]
    firsts = [answer.rows.evidence[0] for answer in answers if answer.rows is not None]
    return EmbeddedAnswer(
        answer=" ".join([said, *(answer.answer for answer in answers)]),
        claims=_renumbered([_lead(said, firsts, claims), *claims]),
        rows=AnswerTable(
            columns=("what", "first"),
            rows=tuple((asked[at], times[at]) for at in order),
            total=2,
            evidence=tuple(
                table.evidence[0] for at in order if (table := answers[at].rows) is not None
            ),
        ),
        interpreted_as="which of two came first: "
        + "; ".join(answer.interpreted_as for answer in answers),
        sql=_sqls(answers),
    )


def _through(found: re.Match[str], ask: Ask) -> EmbeddedAnswer:
    """Ask for what is described instead of named, then put its name into the question."""
    noun = found["noun"].lower()
    inner = _listed(f"which {noun}s {found['clause']}", ask)
    if not inner.values:
        raise Unanswerable(f"no {noun} is found that {found['clause']}")
    if len(inner.values) > MOST_NAMED:
        raise Unanswerable(f"{len(inner.values)} {noun}s are such, and it asks for one")
    kind = _KINDS.get(noun, "host ")
    names = " or ".join(f"{kind}{value}" for value in inner.values)
    outer = ask(f"{found['before']} {names}")
    if outer.declined:
        raise Unanswerable("what it asks about them is no lookup")
    shown = ", ".join(inner.values)
    return outer.model_copy(
        update={
            "answer": f"{outer.answer} ({noun.capitalize()} that {found['clause']}: {shown}.)",
            "claims": _renumbered([*outer.claims, *inner.answer.claims]),
            "interpreted_as": f"{outer.interpreted_as};"
            f" the {noun} that {found['clause']} is {shown}",
            "sql": _sqls([inner.answer, outer]),
        }
    )


def _listed(text: str, ask: Ask) -> _Part:
    answer = ask(text)
    if answer.declined:
        raise Unanswerable("a part of it is no lookup")
    table = answer.rows
    if table is None or not table.rows:
        if answer.ruled_out:
            return _Part(answer, {})
        raise Unanswerable("a part of it has no list of names for an answer")
    if len(table.columns) != 4 or table.columns[1] != "count":
        raise Unanswerable("a part of it has no list of names for an answer")
    if len(table.rows) < table.total:
        raise Unanswerable(f"a part of it has {table.total:,} answers: narrow it down")
    return _Part(answer, {str(row[0]).lower(): row for row in table.rows})


def _evidence(answer: EmbeddedAnswer, value: str) -> str:
    table = answer.rows
    assert table is not None
    at = next(n for n, row in enumerate(table.rows) if str(row[0]).lower() == value)
    return table.evidence[at]


def _lead(said: str, uids: list[str], claims: list[Claim]) -> Claim:
    """Make the sentence that puts parts together, citing the parts' events with their quotes."""
    quoted = {one.event_uid: one for claim in claims for one in claim.evidence}
    wanted = list(dict.fromkeys(uids))[:MOST_CITED]
    evidence = tuple(quoted.get(uid) or Evidence(event_uid=uid) for uid in wanted)
    return Claim(claim_uid="answer-0", text=said, evidence=evidence)


def _renumbered(claims: list[Claim]) -> tuple[Claim, ...]:
    return tuple(
        claim.model_copy(update={"claim_uid": f"answer-{number}"})
        for number, claim in enumerate(claims, start=1)
    )


def _sqls(answers: list[EmbeddedAnswer]) -> str:
    return "; ".join(answer.sql for answer in answers if answer.sql)
