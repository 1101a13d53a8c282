"""The cited raw events at the end of the HTML page, as many as fit in the room there is."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from schemas.event import CitedEvent
from schemas.result import Result
from schemas.window import iso
from sentree.report.citations import Citations
from sentree.report.escape import cut
from sentree.report.figures import clock
from sentree.report.sections import section_anchor

MAX_BACKLINKS = 4
MAX_QUOTES = 8
RAW_LEAST = 300
STUB_BYTES = 300
FRAME_BYTES = 350
"""What an event costs in the page when it is only named, and on top when its record is shown."""


@dataclass(frozen=True, slots=True)
class Backlink:
    """Where an event is cited."""

    href: str
    label: str


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of a raw record; `quoted` if a citation repeats it."""

    text: str
    quoted: bool


@dataclass(frozen=True, slots=True)
class Exhibit:
    """One cited event. Without passages its texts were left out for want of room."""

    mark: str
    event_uid: str
    event: CitedEvent | None
    time: str
    cited_by: list[Backlink]
    passages: list[Passage]
    shown: int
    normalised: str


@dataclass(frozen=True, slots=True)
class Appendix:
    """Cited events in the order of their marks, and what was left out of the page."""

    exhibits: list[Exhibit]
    shortened: int
    without_json: int
    without_raw: int
    left_out: int


def build_appendix(
    result: Result,
    citations: Citations,
    *,
    linked: Sequence[str],
    rows: Sequence[int],
    room: int,
) -> Appendix:
    """Fill `room` bytes with events: those the page links to, then the others of its rows.

    Raw records come first: our normalised copy of an event only takes room that is left.
    A linked event that does not fit is named with file and line, so no mark leads nowhere.
    """
    must = dict.fromkeys(linked)
    order = list(dict.fromkeys((*must, *_of_rows(result, rows))))
    events = citations.events
    answer = {e.event_uid for claim in result.summary for e in (*claim.evidence, *claim.against)}
    room -= STUB_BYTES * len(must)
    limit = _raw_limit([events[uid].raw for uid in must if uid in events], room)
    raws: dict[str, str] = {}
    for uid in order:
        if uid not in events or room < FRAME_BYTES:
            continue
        text = events[uid].raw if uid in answer else events[uid].raw[:limit]
        cost = FRAME_BYTES + _size(text) + (0 if uid in must else STUB_BYTES)
        if cost <= room:
            raws[uid] = text
            room -= cost
    pretty: dict[str, str] = {}
    for uid in raws:
        text = _pretty(events[uid].event) if room > FRAME_BYTES else ""
        size = _size(text)
        if text and size <= room:
            pretty[uid] = text
            room -= size
    shown = sorted(raws.keys() | must.keys(), key=lambda uid: citations.numbers[uid])
    cited_by = _cited_by(result, rows)
    quotes = _quotes(result)
    exhibits = [
        Exhibit(
            mark=citations.mark(uid),
            event_uid=uid,
            event=event,
            time=iso(event.time) if event and event.time else "no time",
            cited_by=cited_by.get(uid, []),
            passages=_passages(raws[uid], quotes.get(uid, [])) if uid in raws else [],
            shown=len(raws.get(uid, "")),
            normalised=pretty.get(uid, ""),
        )
        for uid in shown
        for event in (events.get(uid),)
    ]
    return Appendix(
        exhibits=exhibits,
        shortened=sum(len(text) < len(events[uid].raw) for uid, text in raws.items()),
        without_json=len(raws) - len(pretty),
        without_raw=len(shown) - len(raws),
        left_out=len(events.keys() - set(shown)),
    )


def _raw_limit(raws: Sequence[str], room: int) -> int:
    """Choose how much of each record to show, so that every linked event shows some of it."""
    room -= FRAME_BYTES * len(raws)
    limits = (32_768, 8_000, 3_000, 1_000)
    return next((n for n in limits if sum(_size(raw[:n]) for raw in raws) <= room), RAW_LEAST)


def _of_rows(result: Result, rows: Sequence[int]) -> Iterator[str]:
    entries = result.timeline.entries if result.timeline else ()
    return (one.event_uid for row in rows for one in entries[row].evidence)


def _cited_by(result: Result, rows: Sequence[int]) -> dict[str, list[Backlink]]:
    links: dict[str, list[Backlink]] = {}

    def add(uid: str, link: Backlink) -> None:
        known = links.setdefault(uid, [])
        if len(known) < MAX_BACKLINKS and link not in known:
            known.append(link)

    for number, claim in enumerate(result.summary, start=1):
        for one in (*claim.evidence, *claim.against):
            add(one.event_uid, Backlink(f"#c-{number}", f"claim {number}"))
    for place, section in enumerate(result.sections):
        link = Backlink(f"#{section_anchor(place)}", cut(section.title, 60))
        for claim in section.claims:
            for one in (*claim.evidence, *claim.against):
                add(one.event_uid, link)
        for uid in (uid for table in section.tables for row in table.rows for uid in row.evidence):
            add(uid, link)
    if result.timeline is not None:
        for row in rows:
            entry = result.timeline.entries[row]
            label = f"{entry.time:%m-%d} {clock(entry.time)}"
            for one in entry.evidence:
                add(one.event_uid, Backlink(f"#r-{row}", label))
        for number, gap in enumerate(result.timeline.gaps):
            for uid in (gap.before_uid, gap.after_uid):
                add(uid, Backlink(f"#g-{number}", f"gap {number + 1}"))
    return links


def _quotes(result: Result) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    claims = (*result.summary, *(one for section in result.sections for one in section.claims))
    evidence = [one for claim in claims for one in (*claim.evidence, *claim.against)]
    if result.timeline is not None:
        evidence += [one for entry in result.timeline.entries for one in entry.evidence]
    for one in evidence:
        known = found.setdefault(one.event_uid, [])
        if one.quote and one.quote not in known and len(known) < MAX_QUOTES:
            known.append(one.quote)
    return found


def _passages(raw: str, quotes: list[str]) -> list[Passage]:
    """Cut the record at the places that citations quote."""
    spans: list[tuple[int, int]] = []
    for quote in quotes:
        for form in dict.fromkeys((quote, json.dumps(quote, ensure_ascii=False)[1:-1])):
            start = raw.find(form)
            if start >= 0:
                spans.append((start, start + len(form)))
                break
    passages: list[Passage] = []
    at = 0
    for start, end in sorted(spans):
        if start < at:
            continue
        passages += [Passage(raw[at:start], False), Passage(raw[start:end], True)]
        at = end
    passages.append(Passage(raw[at:], False))
    return [passage for passage in passages if passage.text] or [Passage("(empty record)", False)]


def _pretty(text: str) -> str:
    """Indent JSON; text that is none, or grows out of hand by it, stays as it is."""
    try:
        pretty = json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text
    return pretty if len(pretty) <= 3 * len(text) + 2_000 else cut(text, 100_000)


def _size(text: str) -> int:
    """Give about the bytes text takes in HTML, where quotes and angle brackets grow."""
    return len(text.encode(errors="replace")) + 4 * (
        text.count('"') + text.count("'") + text.count("<") + text.count(">") + text.count("&")
    )
