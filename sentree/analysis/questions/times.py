"""Times in a question, read relative to the span of the context: all in UTC, all half-open."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from schemas.window import Window

AROUND = timedelta(minutes=10)
TICK = timedelta(microseconds=1)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_WEEKDAY = (
    r"(?:mon(?:day)?|tue(?:s(?:day)?)?|wed(?:nesday)?|thu(?:rs?(?:day)?)?|fri(?:day)?"
    r"|sat(?:urday)?|sun(?:day)?)"
)
_ATOM = re.compile(
    rf"""(?<![\w./:\\-])(?:
      (?P<iso>\d{{4}}-\d{{2}}-\d{{2}})(?:T(?=\d)|(?![\w-]))
    | (?P<first>\d{{1,2}})[/.](?P<second>\d{{1,2}})[/.](?P<tail>\d{{4}})(?![\w.])
    | (?P<month1>{_MONTH})\s*(?P<day1>\d{{1,2}})(?:st|[nr]d|th)?
      (?:,?\s*(?P<year1>(?:19|20)\d\d))?(?![\w:.])
    | (?P<day2>\d{{1,2}})(?:st|[nr]d|th|\.)?\s*(?:of\s+)?(?P<month2>{_MONTH})
      (?:,?\s*(?P<year2>(?:19|20)\d\d))?(?![\w:])
    | (?P<relative>today|yesterday)(?!\w)
    | (?<![\w.])(?P<weekday>{_WEEKDAY})(?![\w.-])
    )
    | (?<![\w./:\\-])(?P<clock>\d{{1,2}}:\d{{2}}(?::\d{{2}}(?:[.,]\d{{1,9}})?)?\s*(?:[ap]m\b)?
        |\d{{1,2}}\s*[ap]m\b|noon\b|midnight\b)
      (?P<zone>\s?(?:Z|UTC|GMT)\b|[+-]\d{{2}}:?\d{{2}}\b)?
    | (?<=\dT)(?P<clock_t>\d{{2}}:?\d{{2}}(?::?\d{{2}}(?:[.,]\d{{1,9}})?)?)
      (?P<zone_t>\s?(?:Z|UTC|GMT)\b|[+-]\d{{2}}:?\d{{2}}\b)?
    """,
    re.IGNORECASE | re.VERBOSE,
)
_WHOLE_MONTH = re.compile(
    rf"\b(?:in|during)\s+(?P<month>{_MONTH})\s*,?\s*(?P<year>(?:19|20)\d\d)(?![\w:.-])", re.I
)
_UNIT = r"(?P<unit>seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h|days?|d|weeks?|w)"
_LAST = re.compile(
    rf"\b(?:in|within|over|during|for)?\s*(?:the\s+)?(?:last|past|previous)\s+"
    rf"(?:(?P<n>\d{{1,4}})\s*)?{_UNIT}\b",
    re.IGNORECASE,
)
_PLUS_MINUS = re.compile(
    rf"(?:±|\+\s?/\s?-|\+-|within|plus minus|plus/minus)\s*(?P<n>\d{{1,4}})\s*{_UNIT}\b"
    r"(?:\s*(?:either side|before and after))?(?:\s+(?:of|from|around|about|at))?",
    re.IGNORECASE,
)
_SIDES = re.compile(
    rf"\b(?P<n>\d{{1,4}})\s*{_UNIT}\s+(?:before and after|either side(?: of)?|around)",
    re.IGNORECASE,
)
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_LEAD = re.compile(
    r"(?:^|\s)(?P<word>between|from|since|after|before|until|till|up to|by|around|about|near|circa"
    r"|close to|shortly before|at|on|during|in|~)?(?:\s+(?:the|day of|date))?[\s,(]*$",
    re.IGNORECASE,
)
_JOIN = re.compile(
    r"\s*(?:and|to|until|till|through|-|\u2013|\u2014|\.\.|/)\s*(?:at\s+|on\s+)?", re.I
)
_DOTS = re.compile(r"(?<=[\dZz])\s*\.\.\s*(?=\d)")
# "10:00-11:00" is a range of hours; an offset follows an instant written with a T or with seconds.
_CLOCKS = re.compile(r"(?<![\w:.])(\d{1,2}:\d{2})\s?[-\u2013](?=\s?\d{1,2}:\d{2})")
_GLUE = re.compile(r"(?:T|,?\s*(?:at\s+|on\s+|of\s+|between\s+|from\s+)?|@\s*)", re.IGNORECASE)


class UnclearTimeError(ValueError):
    """The question names times that don't make one window."""


@dataclass(frozen=True, slots=True)
class TimeReading:
    """When: one window, or hours of each day. `given` tells a window from "anywhere"."""

    window: Window | None = None
    daily: tuple[time, time] | None = None
    margin: timedelta | None = None
    around: bool = False

    @property
    def given(self) -> bool:
        """Tell whether the question named a time."""
        return self.window is not None or self.daily is not None

    @property
    def words(self) -> str:
        """Say it plainly."""
        if self.window is not None:
            return f"from {_short(self.window.start)} to {_short(self.window.end)} UTC"
        if self.daily is not None:
            start, end = self.daily
            return f"from {start:%H:%M:%S} to {end:%H:%M:%S} UTC of any day"
        return ""


@dataclass(slots=True)
class _Atom:
    start: int
    end: int
    day: date | None = None
    clock: time | None = None
    precision: timedelta = timedelta(days=1)
    offset: timedelta = timedelta()


def read_times(text: str, span: Window) -> tuple[TimeReading, str]:
    """Read the times of a question; gives them and the question with their words blanked out.

    Raises:
        UnclearTimeError: they can't be put together.
    """
    try:
        return _read(text, span)
    except (ValueError, OverflowError) as error:
        raise UnclearTimeError(str(error)) from None


def _read(text: str, span: Window) -> tuple[TimeReading, str]:
    text = _WHOLE_MONTH.sub(_month_days, text)
    text = _DOTS.sub(" to ", _CLOCKS.sub(r"\1 to ", text))
    margin = None
    for pattern in (_PLUS_MINUS, _SIDES):
        found = pattern.search(text)
        if found:
            margin = _length(found)
            text = _blank(text, found.start(), found.end(), "around")
            break
    last = _LAST.search(text)
    if last:
        length = _length(last)
        text = _blank(text, last.start(), last.end())
        if _atoms(text, span):
            raise UnclearTimeError("two times")
        return TimeReading(Window(start=span.end - length, end=span.end), margin=margin), text
    atoms = _shared_day(_joined(_atoms(text, span), text), text)
    if not atoms:
        return TimeReading(margin=margin), text
    return _together(atoms, text, margin, span)


def _month_days(found: re.Match[str]) -> str:
    year, month = int(found["year"]), _MONTHS.index(found["month"][:3].lower()) + 1
    return f" {year}-{month:02d}-01..{year}-{month:02d}-{monthrange(year, month)[1]} "


def _together(
    atoms: list[_Atom], text: str, margin: timedelta | None, span: Window
) -> tuple[TimeReading, str]:
    first = atoms[0]
    lead = _LEAD.search(text[: first.start])
    word = (lead["word"] or "").lower() if lead else ""
    begin = lead.start("word") if lead and lead["word"] else first.start
    if len(atoms) == 2:
        between = text[first.end : atoms[1].start]
        if not _JOIN.fullmatch(between):
            raise UnclearTimeError("two times that make no range")
        text = _blank(text, begin, atoms[1].end)
        return _range(first, atoms[1], margin), text
    if len(atoms) > 2:
        raise UnclearTimeError("more than two times")
    text = _blank(text, begin, first.end)
    return _single(first, word, margin, span), text


def _single(atom: _Atom, word: str, margin: timedelta | None, span: Window) -> TimeReading:
    near = margin is not None or word in ("around", "about", "near", "circa", "close to", "~")
    if atom.day is None:
        assert atom.clock is not None
        base = datetime.combine(date(2000, 1, 2), atom.clock) - atom.offset
        if word in ("since", "after", "from"):
            return TimeReading(daily=(base.time(), time.max))
        if word in ("before", "until", "till", "up to", "by"):
            return TimeReading(daily=(time.min, base.time()))
        side = (margin or AROUND) if near else timedelta()
        end = base + (side if near else atom.precision)
        return TimeReading(daily=((base - side).time(), end.time()), margin=margin, around=near)
    start, end = _start(atom), _start(atom) + atom.precision
    if word in ("since", "from"):
        return TimeReading(Window(start=start, end=max(span.end, start + TICK)))
    if word == "after":
        begin = start if atom.clock else end
        return TimeReading(Window(start=begin, end=max(span.end, begin + TICK)))
    if word in ("before", "until", "till", "up to", "by"):
        inclusive = word != "before" and atom.clock is None
        stop = end if inclusive else start
        return TimeReading(Window(start=min(span.start, stop - TICK), end=stop))
    if near and atom.clock is not None:
        side = margin or AROUND
        return TimeReading(
            Window(start=start - side, end=start + side + TICK),
            margin=margin,
            around=True,
        )
    return TimeReading(Window(start=start, end=end), margin=margin, around=near)


def _range(first: _Atom, last: _Atom, margin: timedelta | None) -> TimeReading:
    if first.day is not None and last.day is None:
        last.day = first.day
    if last.day is not None and first.day is None:
        first.day = last.day
    if first.day is None:
        assert first.clock is not None and last.clock is not None
        base = date(2000, 1, 2)
        start = datetime.combine(base, first.clock) - first.offset
        end = datetime.combine(base, last.clock) - last.offset
        return TimeReading(daily=(start.time(), end.time()), margin=margin)
    end = _start(last) + (last.precision if last.clock is None else timedelta())
    start = _start(first)
    if end <= start and last.clock is not None and first.day == last.day:
        end += timedelta(days=1)
    return TimeReading(Window(start=start, end=end), margin=margin)


def _start(atom: _Atom) -> datetime:
    assert atom.day is not None
    return datetime.combine(atom.day, atom.clock or time.min, tzinfo=UTC) - atom.offset


def _atoms(text: str, span: Window) -> list[_Atom]:
    return [_atom(found, span) for found in _ATOM.finditer(text)]


def _atom(found: re.Match[str], span: Window) -> _Atom:
    clock = found["clock"] or found["clock_t"]
    if clock:
        value, precision = _clock(clock)
        offset = _offset(found["zone"] or found["zone_t"] or "")
        return _Atom(found.start(), found.end(), None, value, precision, offset)
    end = found.end()
    # The T of an ISO instant belongs to the glue between date and clock.
    if found["iso"] and found[0][-1] in "Tt":
        end -= 1
    return _Atom(found.start(), end, _day(found, span))


def _day(found: re.Match[str], span: Window) -> date:
    last = (span.end - TICK).date()
    if found["iso"]:
        return date.fromisoformat(found["iso"])
    if found["tail"]:
        return _numeric(int(found["first"]), int(found["second"]), int(found["tail"]), span)
    if found["relative"]:
        return last if found["relative"].lower() == "today" else last - timedelta(days=1)
    if found["weekday"]:
        return last - timedelta(
            days=(last.weekday() - _DAYS.index(found["weekday"][:3].lower())) % 7
        )
    month = _MONTHS.index((found["month1"] or found["month2"])[:3].lower()) + 1
    number = int(found["day1"] or found["day2"])
    year = found["year1"] or found["year2"]
    if year:
        return date(int(year), month, number)
    years = [each for each in range(span.start.year, last.year + 1)][-50:]
    days = [date(each, month, number) for each in years if _exists(each, month, number)]
    inside = [day for day in days if span.start.date() <= day <= last]
    return (inside or days or [date(last.year, month, number)])[-1]


def _numeric(first: int, second: int, year: int, span: Window) -> date:
    """Read 06/01/2026 as the one of its two days that lies in the span; else as day.month."""
    choices = [
        date(year, month, number)
        for number, month in ((first, second), (second, first))
        if _exists(year, month, number)
    ]
    inside = [day for day in choices if span.start.date() <= day <= span.end.date()]
    if not choices:
        raise UnclearTimeError("no such day")
    return (inside or choices)[0]


def _exists(year: int, month: int, number: int) -> bool:
    try:
        date(year, month, number)
    except ValueError:
        return False
    return True


def _clock(text: str) -> tuple[time, timedelta]:
    low = text.lower().strip()
    if low in ("noon", "midnight"):
        return time(12 if low == "noon" else 0), timedelta(minutes=1)
    half = low[-2:] if low.endswith(("am", "pm")) else ""
    parts = re.findall(r"\d+", low)
    if ":" not in low and len(parts) == 1 and len(parts[0]) >= 4:
        parts = [parts[0][at : at + 2] for at in range(0, len(parts[0]), 2)]
    hour = int(parts[0])
    if half:
        if not 1 <= hour <= 12:
            raise UnclearTimeError("no such hour")
        hour = hour % 12 + (12 if half == "pm" else 0)
    minute = int(parts[1]) if len(parts) > 1 else 0
    second = int(parts[2]) if len(parts) > 2 else 0
    micro = int(parts[3][:6].ljust(6, "0")) if len(parts) > 3 else 0
    lengths = (timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1))
    precision = lengths[len(parts) - 1] if len(parts) <= 3 else timedelta(microseconds=1)
    return time(hour, minute, second, micro), precision


def _offset(zone: str) -> timedelta:
    found = re.fullmatch(r"([+-])(\d{2}):?(\d{2})", zone.strip())
    if not found:
        return timedelta()
    length = timedelta(hours=int(found[2]), minutes=int(found[3]))
    return length if found[1] == "+" else -length


def _joined(atoms: list[_Atom], text: str) -> list[_Atom]:
    """Put a date and the clock beside it together."""
    merged: list[_Atom] = []
    for atom in atoms:
        before = merged[-1] if merged else None
        if (
            before is not None
            and _GLUE.fullmatch(text[before.end : atom.start])
            and (before.day is None) != (atom.day is None)
            and (before.clock is None) != (atom.clock is None)
            and "between" not in text[before.end : atom.start].lower()
        ):
            clocked = atom if atom.clock is not None else before
            merged[-1] = _Atom(
                before.start,
                atom.end,
                before.day or atom.day,
                clocked.clock,
                clocked.precision,
                clocked.offset,
            )
        else:
            merged.append(atom)
    return merged


def _shared_day(atoms: list[_Atom], text: str) -> list[_Atom]:
    """Give the day that stands apart from a range of clocks to both of them."""
    if len(atoms) != 3:
        return atoms
    first, middle, last = atoms
    if first.day and first.clock is None and middle.day is None and last.day is None:
        glue = re.fullmatch(r",?\s*(?:between|from)?\s*", text[first.end : middle.start], re.I)
        middle.day = last.day = first.day
        middle.start = first.start if glue else middle.start
        return [middle, last] if glue else atoms
    return atoms


def _length(found: re.Match[str]) -> timedelta:
    return timedelta(seconds=int(found["n"] or 1) * _SECONDS[found["unit"][0].lower()])


def _blank(text: str, start: int, end: int, word: str = "") -> str:
    return f"{text[:start]} {word} {text[end:]}"


def _short(value: datetime) -> str:
    return f"{value:%Y-%m-%d %H:%M:%S}" + (f".{value:%f}"[:4] if value.microsecond >= 1000 else "")
