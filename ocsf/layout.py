"""The language in which a mapper says how its text lines are laid out.

A layout is data: RE2 patterns with named groups, key=value text, or columns. The lake compiles it
to set-based SQL that makes a JSON document of a line, which shapes, fields and rules see like any
other record. What stands before the message (syslog's header, a container runtime's prefix) is
read by the lake for all formats alike; docs/mappers.md tells how.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Pairs:
    r"""Text of `key=value` pairs; every key becomes a field of the record.

    Args:
        of: the named group that holds the pairs; `body` is the whole message.
        spaced: a value runs on until the next ` key=` (CEF); else it is quoted or one word.
        separator: a character that stands between pairs besides white space, or, for `spaced`,
            in its place: `,`, or a tab.
        escapes: `\=`, `\|`, `\"` and `\\` in a value stand for the character.
        nested: a value in single quotes holds pairs itself (audit's `msg='op=login …'`); else
            single quotes quote as double ones do.
        assign: the character between key and value, for `spaced`.
    """

    of: str = "body"
    spaced: bool = False
    separator: str = ""
    escapes: bool = False
    nested: bool = False
    assign: str = "="


@dataclass(frozen=True, slots=True)
class Columns:
    r"""Delimited text; every named column becomes a field of the record.

    Args:
        names: the columns' names; None: a header line names them. An empty name is not kept.
        of: the named group that holds the columns; `body` is the whole message.
        separator: one character; several blanks in a row count as one separator.
        quoted: a value may stand in double quotes, with `""` or `\"` for a quote in it.
        bracketed: a value may stand in square brackets.
        header: RE2 pattern of the line that names the columns, the names in group `names`; where
            `names` is given too, the header line is only skipped.
        skips: RE2 pattern of other lines that are no records (`#Version: 1.0`).
    """

    names: tuple[str, ...] | None = None
    of: str = "body"
    separator: str = " "
    quoted: bool = True
    bracketed: bool = False
    header: str | None = None
    skips: str | None = None


@dataclass(frozen=True, slots=True)
class Layout:
    r"""One way in which a format's text lines are laid out.

    A line is of the layout if its message (the text after a header) matches `mark`, and if a
    program of `apps` wrote it where there are some, and if it has a header where `headed`.

    The document of a line holds, in this order: `event` (the name of the pattern that matched, or
    of the layout if it has no patterns), the pattern's named groups, `syslog` (the header's
    `time`, `host`, `app`, `pid`, `level`, `facility`, `msgid`, `data`, `repeated`, all optional),
    `body` (the message), then columns and pairs. The first of two members of one name counts, so
    no pair in a line can forge a group or the header.

    Args:
        name: short and unique in the mapper.
        mark: RE2 pattern, unanchored; empty: any message.
        apps: programs' names in lower case, as the header gives them.
        headed: only lines with a header.
        patterns: `(event, RE2 pattern)`, tried in order; groups are `(?P<name>…)`.
        pairs: key=value text in the message or in a group.
        columns: delimited text in the message or in a group.
    """

    name: str
    mark: str = ""
    apps: frozenset[str] = frozenset()
    headed: bool = False
    patterns: tuple[tuple[str, str], ...] = ()
    pairs: Pairs | None = None
    columns: Columns | None = None


@dataclass(frozen=True, slots=True)
class NamedColumns:
    """The columns that a header line names for the lines after it."""

    mapper: str
    layout: str
    names: tuple[str, ...]


@dataclass(slots=True)
class HeaderLines:
    """Finds the lines that name columns; each set of columns gets a number, from 1."""

    found: list[NamedColumns] = field(default_factory=list[NamedColumns])

    def number(self, mapper: str, layout: Layout, line: str) -> int | None:
        """Give the number of the columns that a line names; None where it names none."""
        columns = layout.columns
        if columns is None or columns.header is None:
            return None
        match = re.search(columns.header, line)
        if match is None:
            return None
        text = match["names"] if "names" in match.groupdict() else line
        names = columns.names or tuple(
            each.strip().strip('"') for each in _split(text, columns.separator)
        )
        named = NamedColumns(mapper, layout.name, names)
        if named not in self.found:
            self.found.append(named)
        return self.found.index(named) + 1


def _split(text: str, separator: str) -> list[str]:
    """Split a header line; W3C's stands in blanks where the rows stand in tabs."""
    return text.split(separator) if separator.strip() and separator in text else text.split()
