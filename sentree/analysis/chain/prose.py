"""Cuts prose into steps: list items and paragraphs, long paragraphs into deeds.

A heading that names a tactic says so of the steps below it; one that names a technique and stands
over a single paragraph is the name of that step. What stands under headings such as Summary or
Recovery tells no deed of the intruder and is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple

from sentree.intel.attack import called, tactic

MAX_STEPS = 2_000
MAX_STEP_CHARACTERS = 6_000
LONG_PARAGRAPH = 320
LONGEST_NAME = 80
FEWEST_LETTERS = 8

_ITEM = re.compile(
    r"^\s{0,12}(?:[-*+\u2022\u2023\u25aa\u2013]\s+|\(?(?:step\s+)?\d{1,3}\s*[.):]\s+|step\s+\d{1,3}\s+|\(?[a-h]\)\s+)",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"^\s{0,12}\(?(?:step\s+)?\d{1,3}", re.IGNORECASE)
_HEADING = re.compile(r"^\s{0,3}#{1,6}\s+(?P<text>.+?)\s*#*$")
_RULE = re.compile(r"^\s*(?:[-=_*~]{3,}|`{3,}.*|\|?[\s:|-]{3,})$")
_BOLD_NAME = re.compile(
    r"^(?:\*\*|__)(?P<name>[^*_]{3,80}?)[:.]?(?:\*\*|__)[:.]?\s*[-\u2013\u2014:]?\s+(?=\S)"
)
_NAME = re.compile(r"^(?P<name>[A-Z][^.:;!?]{2,79}?)(?::| [-\u2013\u2014])\s+(?=\S)")
_MARKS = re.compile(r"\*\*|__|`|!?\[(?P<text>[^\]]{0,400})\]\([^)\s]{0,800}\)")
_ID_MARK = re.compile(r"\s*[\[(]?\b(?:T\d{4}(?:\.\d{3})?|TA00\d\d)\b[\])]?:?")
_STATED_ID = re.compile(r"\bT\d{4}(?:\.\d{3})?\b")
_SENTENCE = re.compile(r"(?<=[a-z0-9\])\"\u201d\u2019%][.!?])\s+(?=[\"\u201cA-Z0-9\[(])")
# Where a sentence goes on to another deed: "…, and copied", "; then", ", before deleting".
_PAST = (
    r"(?:\w{2,}ed|ran|took|sent|got|stole|made|went|found|wrote|hid|spread|broke|left|put|set|read|"
    r"began|gave|kept|built|brought|fed|led|shut|gained)\b"
)
_DEED = re.compile(
    rf";\s+|,?\s+(?:and\s+)?then\s+(?=\w)|,?\s+and\s+(?={_PAST})|,\s+(?={_PAST}\s+(?:the|a|an|all)\b)|"
    r",?\s+before\s+(?=\w+ing\b)",
)
FEWEST_WORDS = 4
_ASIDE = re.compile(
    r"(?:executive )?summary|overview|background|about\b.*|introduction|recover\w*|remediation|"
    r"recommend\w*|mitigations?|lessons learned|detections?|references|sources|appendix.*|"
    r"conclusions?|indicators(?: of compromise)?|iocs?|containment|eradication|response|impact "
    r"assessment|next steps|contact.*",
    re.IGNORECASE,
)

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = r"(?P<{}>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{{0,6}}\.?"
_ISO = re.compile(
    r"\b(?P<y>(?:19|20)\d\d)-(?P<m>[01]\d)-(?P<d>[0-3]\d)"
    r"(?:[T ,]+(?:at )?(?P<H>[0-2]?\d):(?P<M>[0-5]\d)(?::(?P<S>[0-5]\d)(?:\.\d+)?)?)?"
)
_DAY_FIRST = re.compile(
    r"\b(?P<d>[0-3]?\d)(?:st|[nr]d|th)? (?:of )?"
    + _MONTH.format("mon")
    + r",? (?P<y>(?:19|20)\d\d)"
    r"(?:[ ,]+(?:at )?(?P<H>[0-2]?\d):(?P<M>[0-5]\d)(?::(?P<S>[0-5]\d))?)?",
    re.IGNORECASE,
)
_MONTH_FIRST = re.compile(
    r"\b" + _MONTH.format("mon") + r" (?P<d>[0-3]?\d)(?:st|[nr]d|th)?,? (?P<y>(?:19|20)\d\d)"
    r"(?:[ ,]+(?:at )?(?P<H>[0-2]?\d):(?P<M>[0-5]\d)(?::(?P<S>[0-5]\d))?)?",
    re.IGNORECASE,
)


class ProseUnit(NamedTuple):
    """One step of prose and the 1-based line it begins on.

    `raw` is the text as it stands; `technique` is an id it states, `tactic` its heading's.
    """

    line: int
    name: str
    description: str
    raw: str
    technique: str | None
    tactic: str | None
    time: datetime | None


class _Block(NamedTuple):
    line: int
    kind: str  # item, paragraph, heading
    text: str


class Prose(NamedTuple):
    """The steps of a text in its order; `ordered` when it is numbered or tells a story."""

    units: list[ProseUnit]
    ordered: bool


def prose_units(text: str) -> Prose:
    """Give the steps of a text in its order."""
    blocks = list(_blocks(text))
    numbered = [one for one in blocks if one.kind == "numbered"]
    items = [one for one in blocks if one.kind in ("numbered", "item")]
    units: list[ProseUnit] = []
    under: str | None = None
    title = ""
    aside = False
    told = 0
    for place, block in enumerate(blocks):
        if block.kind == "heading":
            heading = _clean(without_ids(block.text))
            under = _tactic_in(block.text) or (under if _is_subheading(blocks, place) else None)
            title = heading if called(heading) else ""
            aside = _ASIDE.fullmatch(heading.strip(" :.0123456789")) is not None
            continue
        if aside:
            continue
        # In a text that has a list of steps, what stands around the list introduces it.
        if block.kind == "paragraph" and len(items) >= 3 and not under:
            continue
        parts = list(_parts(block))
        told += len(parts) > 1
        for line, part in parts:
            name = title if _stands_alone(blocks, place) else ""
            if (unit := _unit(line, part, name, under)) and len(units) < MAX_STEPS:
                units.append(unit)
        title = ""
    in_numbers = len(numbered) >= 3 and len(numbered) >= 0.8 * len(items)
    return Prose(units, in_numbers or (told > 0 and not items))


def stated_time(text: str) -> datetime | None:
    """Find the first full date in prose, with its time of day if one follows; taken as UTC."""
    found = [one for one in (p.search(text) for p in (_ISO, _DAY_FIRST, _MONTH_FIRST)) if one]
    if not found:
        return None
    match = min(found, key=lambda one: one.start())
    parts = match.groupdict()
    month = int(parts["m"]) if "m" in parts else _MONTHS.index(parts["mon"].lower()) + 1
    clock = [int(parts[key] or 0) for key in ("H", "M", "S")]
    try:
        return datetime(int(parts["y"]), month, int(parts["d"]), *clock, tzinfo=UTC)
    except ValueError:
        return None


def without_ids(text: str) -> str:
    """Take technique and tactic ids out of a text."""
    return " ".join(_ID_MARK.sub(" ", text).split())


def _blocks(text: str) -> Iterator[_Block]:
    """Cut into headings, list items (with the lines that continue them) and paragraphs."""
    kind, start, lines = "", 0, list[str]()

    def flush() -> Iterator[_Block]:
        if lines:
            yield _Block(start, kind, "\n".join(lines))
            lines.clear()

    for number, line in enumerate(text.splitlines(), start=1):
        heading = _HEADING.match(line)
        if not line.strip() or _RULE.match(line) or heading:
            # A blank line ends a paragraph; behind an item an indented line still continues it.
            yield from flush()
            kind = ""
            if heading:
                yield _Block(number, "heading", heading["text"])
            continue
        item = _ITEM.match(line)
        if item:
            yield from flush()
            kind = "numbered" if _NUMBERED.match(line) else "item"
            start, line = number, line[item.end() :]
        elif not lines:
            kind, start = "paragraph", number
        lines.append(line)
    yield from flush()


def _parts(block: _Block) -> Iterator[tuple[int, str]]:
    """Give an item whole, a long paragraph by sentences and deeds, each with its line."""
    if block.kind != "paragraph" or len(block.text) <= LONG_PARAGRAPH:
        yield block.line, block.text
        return
    at = 0
    for end in [*(one.start() for one in _SENTENCE.finditer(block.text)), len(block.text)]:
        sentence = block.text[at:end]
        lead = at + len(sentence) - len(sentence.lstrip())
        for start, part in _deeds(sentence.strip()):
            yield block.line + block.text.count("\n", 0, lead + start), part
        at = end


def _deeds(sentence: str) -> Iterator[tuple[int, str]]:
    """Cut a sentence where it goes on to another deed, each with its place."""
    start = 0
    for cut in _DEED.finditer(sentence):
        left, right = sentence[start : cut.start()], sentence[cut.end() :]
        if min(len(left.split()), len(right.split())) >= FEWEST_WORDS:
            yield start, left.strip()
            start = cut.end()
    yield start, sentence[start:].strip()


def _unit(line: int, part: str, title: str, under: str | None) -> ProseUnit | None:
    part = part.strip()[:MAX_STEP_CHARACTERS]
    if sum(character.isalpha() for character in part) < FEWEST_LETTERS:
        return None
    named = _BOLD_NAME.match(part) or _NAME.match(part)
    name = without_ids(named["name"]) if named else title
    description = part[named.end() :] if named else part
    stated = _STATED_ID.search(part)
    tactic_name = tactic(name) if name else None
    return ProseUnit(
        line,
        "" if tactic_name else _clean(name)[:LONGEST_NAME],
        _clean(description),
        part,
        stated.group() if stated else None,
        tactic_name or under,
        stated_time(part),
    )


def _stands_alone(blocks: list[_Block], place: int) -> bool:
    """Tell whether a heading stands over this block alone."""
    before = place > 0 and blocks[place - 1].kind == "heading"
    after = place + 1 >= len(blocks) or blocks[place + 1].kind == "heading"
    return before and after


def _is_subheading(blocks: list[_Block], place: int) -> bool:
    return place > 0 and blocks[place - 1].kind == "heading"


def _tactic_in(heading: str) -> str | None:
    return tactic(_clean(without_ids(heading)).strip(" :.-"))


def _clean(text: str) -> str:
    plain = _MARKS.sub(lambda match: match["text"] or "", text)
    return " ".join(plain.split())
