"""Compiles the reading of what stands before a message: syslog's header, a runtime's prefix.

Forms are tried in order; each is a cheap test and a pattern with the same groups, of which only
the first `HEAD_LENGTH` characters are read. A message may be JSON, or any format's text.
"""

# Patterns are long; a broken one can't be read.
# ruff: noqa: E501

from __future__ import annotations

import re
from typing import NamedTuple

from sentree.lake.mapping_expressions import literal

HEAD_LENGTH = 4096
GROUPS = (
    "head", "pri", "time", "host", "app", "pid", "msgid", "data", "level", "lone_app", "lone_pid",
)  # fmt: skip

PRI = r"(?:<(?P<pri>\d{1,3})>)"
MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
CLOCK = r"\d{1,2}:\d{2}:\d{2}(?:[.,]\d{1,9})?"
ISO = r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:[.,]\d{1,9})?(?:[zZ]|[+-]\d{2}:?\d{2})?"
# RHEL 4 wrote `sshd(pam_unix)[1]:`, GDM still writes `gdm-password]:`.
NAME = r"[A-Za-z_(/][\w./@+()-]{0,80}"
PID = r"\[(?P<pid>[\w.-]{1,40})\]"
LONE_PID = r"\[(?P<lone_pid>[\w.-]{1,40})\]"
# Solaris puts an id and the priority before the message.
SOLARIS = r"(?:\[ID \d+ [\w.]+\] )?"
TAG = rf"(?P<app>{NAME})(?:{PID}|\])?:(?:\s+|$){SOLARIS}"
LONE_TAG = rf"(?P<lone_app>{NAME})(?:{LONE_PID}|\])?:(?:\s+|$){SOLARIS}"
HOST = r"(?P<host>[^\s<>\[\]{}|=,]{1,255})"
# What a device sends without a program's name before it.
UNTAGGED = r"(?:%[A-Z]|CEF:|LEEF:|\{|\d,\d{4}/|date=|[A-Za-z_]+=)"

FIRST_IS_MONTH = rf"^(?:<\d{{1,3}}>)?[*.:]?(?:[A-Z][a-z]{{2}} )?{MONTH} [ \d]?\d "
LEVELS = (
    "debug",
    "info",
    "notice",
    "warn",
    "warning",
    "error",
    "err",
    "fatal",
    "critical",
    "trace",
)


class Form(NamedTuple):
    """A form of header: a test of the line's beginning, and the pattern."""

    test: str
    pattern: str


def _form(test: str, pattern: str) -> Form:
    """Complete a pattern so that every form gives the same groups."""
    missing = "".join(f"(?P<{each}>)" for each in GROUPS[1:] if f"(?P<{each}>" not in pattern)
    return Form(test, f"^(?P<head>{missing}{pattern}")


FORMS = (
    # RFC 5424 cut off after the host, before a device's own format.
    _form(
        r"^(?:<\d{1,3}>)?\d{1,2} \d{4}-\d\d-\d\dT\S{4,25} \S+ (?:CEF|LEEF): ?\d",
        rf"{PRI}?\d{{1,2}} (?P<time>{ISO}) (?P<host>\S{{1,255}}) (?P<app>CEF|LEEF):)",
    ),
    # RFC 5424, its priority optional as in files.
    _form(
        r"^(?:<\d{1,3}>)?\d{1,2} (?:-|\d{4}-\d\d-\d\dT)",
        rf"{PRI}?\d{{1,2}} (?P<time>-|{ISO}) (?P<host>\S{{1,255}}) (?P<app>\S{{1,255}})"
        r" (?P<pid>\S{1,128}) (?P<msgid>\S{1,64})"
        # What stands in brackets and is no structured data (`[key:"value"; …]`) is the message.
        r' (?:(?P<data>-|(?:\[[^"\]:]*(?:"(?:[^"\\]|\\.)*"[^"\]]*)*\])+)(?: |$)|)\x{FEFF}?)',
    ),
    # A container's line as the runtime keeps it.
    _form(
        r"^\d{4}-\d\d-\d\dT\S{8,25} std(?:out|err) [FP] ",
        rf"(?P<time>{ISO}) std(?:out|err) [FP] )",
    ),
    # RFC 3339 time as rsyslog writes it, and `journalctl -o short-iso`.
    _form(
        rf"^(?:<\d{{1,3}}>)?\d{{4}}-\d\d-\d\dT\S{{8,25}} \S+ (?:{NAME}(?:\[[\w.-]+\]|\])?:|-- |last )",
        rf"{PRI}?(?P<time>{ISO}) {HOST} (?:{TAG})?)",
    ),
    # The same before a device's own format.
    _form(
        rf"^(?:<\d{{1,3}}>)?\d{{4}}-\d\d-\d\dT\S{{8,25}}:? (?:\S+ {{1,3}})??(?:: )?{UNTAGGED}",
        rf"{PRI}?(?P<time>{ISO}):? (?:{HOST} {{1,3}})??(?:: )?){UNTAGGED}",
    ),
    # `journalctl -o short-full`, and `-o short-unix`.
    _form(
        r"^[A-Z][a-z]{2} \d{4}-\d\d-\d\d \d\d:\d\d:\d\d",
        rf"[A-Z][a-z]{{2}} (?P<time>\d{{4}}-\d\d-\d\d {CLOCK}(?: [A-Z]{{1,5}})?) {HOST} (?:{TAG})?)",
    ),
    _form(
        rf"^1\d{{9}}(?:\.\d{{1,9}})? \S+ {NAME}(?:\[[\w.-]+\])?: ",
        rf"(?P<time>1\d{{9}}(?:\.\d{{1,9}})?) {HOST} {TAG})",
    ),
    # RFC 3164 with what real senders change in it: a year, a fraction, a zone, no host, no tag.
    _form(
        FIRST_IS_MONTH,
        rf"{PRI}?[*.:]?(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) )?"
        rf"(?P<time>{MONTH} [ \d]?\d (?:\d{{4}} )?{CLOCK}"
        r"(?: \d{4})?(?: (?:UTC|GMT|Z|[A-Z][A-Z]{2,3}|[+-]\d{2}:?\d{2})\b)?)"
        r":? (?:: )?(?:<?(?P<level>(?:kern|user|mail|daemon|auth|syslog|lpr|news|uucp|cron|authpriv"
        r"|ftp|security|console|local\d)\.[a-z]+)>? )?"
        rf"(?:{LONE_TAG}|%|{HOST} (?:: )?(?:{TAG})?))",
    ),
    # Cisco's routers: a sequence number, the host and another number before the time.
    _form(
        rf"^<\d{{1,3}}>(?:: ?)?(?:\d+: )?(?:[\w.-]*[A-Za-z.:][\w.:-]{{0,64}} )?(?:\d+: )?[*.]?{MONTH} [ \d]?\d (?:\d{{4}} )?{CLOCK}(?: [A-Za-z]{{1,5}})?(?:[+-]\d[\d:]*)?: ",
        rf"{PRI}(?:: ?)?(?:\d+: )?(?:(?P<host>[\w.-]*?[A-Za-z.:][\w.:-]{{0,64}}?):? )??(?:\d+: )?[*.]?"
        rf"(?P<time>{MONTH} [ \d]?\d (?:\d{{4}} )?{CLOCK}(?: (?:UTC|GMT|Z)\b)?)"
        r"(?: [A-Za-z]{1,5})?(?:[+-]\d[\d:]*)?: )",
    ),
    # A priority and no more.
    _form(r"^<\d{1,3}>", rf"{PRI}\s*(?:{LONE_TAG})?)"),
    # `docker compose logs`.
    _form(r"^[\w.-]+[-_]\d+ +\| ", r"(?P<app>[\w.-]+[-_]\d+) +\| )"),
)  # fmt: skip

FAST = (
    Form(
        r"^[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d [^\s:]+ [A-Za-z][\w./-]*(?:\[\d+\])?: \S",
        r"^(?P<head>(?P<time>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d) (?P<host>[^\s:]+)"
        r" (?P<app>[A-Za-z][\w./-]*(?:\[\d+\])?): )",
    ),
    Form(
        r"^\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d) [\w.-]+ [A-Za-z][\w./-]*(?:\[\d+\])?: \S",
        r"^(?P<head>(?P<time>\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)) (?P<host>[\w.-]+)"
        r" (?P<app>[A-Za-z][\w./-]*(?:\[\d+\])?): )",
    ),
)
"""The forms that most lines have, in patterns of so few groups that RE2 needs one pass; `app` has
the process id with it."""

YEARS_BACK = 8
"""29 February is looked for this far back."""


def fast_sql(line: str) -> str:
    """Give SQL for the struct `(head, time, host, app)` of a line in the forms that most have."""
    return f"CASE WHEN {line} IS NULL THEN NULL {_arms(FAST, line)} END"


def header_sql(line: str, fast: str) -> str:
    """Give SQL for the struct of a line's header groups; `head` is empty where there is none.

    Args:
        line: SQL of the line.
        fast: SQL of what `fast_sql` found.
    """
    start = f"left({line}, {HEAD_LENGTH})"
    return (
        f"CASE WHEN {fast}.head <> '' THEN NULL WHEN {line} IS NULL THEN NULL"
        f" {_arms(FORMS, start)} END"
    )


def unified_sql(fast: str, slow: str) -> str:
    """Give SQL for one struct of header groups from the two."""
    own = {
        "head": f"{fast}.head",
        "time": f"{fast}.time",
        "host": f"{fast}.host",
        "app": f"split_part({fast}.app, '[', 1)",
        "pid": f"rtrim(split_part({fast}.app, '[', 2), ']')",
    }
    members = ", ".join(f"{literal(each)}: {own.get(each, literal(''))}" for each in GROUPS)
    return f"CASE WHEN {fast}.head <> '' THEN {{{members}}} ELSE {slow} END"


def _arms(forms: tuple[Form, ...], start: str) -> str:
    return " ".join(
        f"WHEN regexp_matches({start}, {literal(form.test)}) THEN {_groups(start, form.pattern)}"
        for form in forms
    )


def _groups(start: str, pattern: str) -> str:
    names = ", ".join(literal(each) for each in group_names(pattern))
    return f"regexp_extract({start}, {literal(pattern)}, [{names}])"


def group_names(pattern: str) -> list[str]:
    """List a pattern's named groups in their order."""
    return re.findall(r"\(\?P<(\w+)>", pattern)


def header_length(header: str) -> str:
    """Give SQL for how many characters of the line the header takes; 0 where it has none.

    A device's format that looks like a program's tag (`CEF:0|`) is the message's; a log level
    where the host should stand says that this is no syslog; a lone `%` begins the message.
    """
    app = f"CASE WHEN {header}.app <> '' THEN {header}.app ELSE {header}.lone_app END"
    levels = ", ".join(literal(each) for each in LEVELS)
    return (
        f"CASE WHEN {header} IS NULL OR list_contains([{levels}], lower({header}.host)) THEN 0"
        f" WHEN {app} IN ('CEF', 'LEEF')"
        f" THEN length({header}.head) - length({app}) - 1"
        f" - (length({header}.head) - length(rtrim({header}.head)))"
        f" WHEN ends_with({header}.head, '%') THEN length({header}.head) - 1"
        f" ELSE length({header}.head) END"
    )


def dated_sql(time: str, reference: str) -> str:
    """Give SQL for the instant of a time without a year, in the year of the reference.

    A 29 February is in the last year that has one.
    """
    leap = f"CASE WHEN starts_with({time}, 'Feb 29') THEN {_earlier(time, reference)} END"
    read = f"coalesce({_in_year(time, reference, '0')}, {leap})"
    return f"CASE WHEN {_is_yearless(time)} THEN {read} END"


def time_sql(time: str, dated: str, reference: str) -> str:
    """Give SQL for the instant of a header's time, a TIMESTAMP in UTC.

    A time without a year is in the last year in which it is not later than the reference by more
    than a day; a time without a zone is UTC, and so are the letters of a zone other than UTC's.

    Args:
        time: SQL of the time's text.
        dated: SQL of what `dated_sql` found.
        reference: SQL of the TIMESTAMP by which a year is told.
    """
    iso = f"make_timestamp(epoch_us(TRY_CAST(replace({time}, ',', '.') AS TIMESTAMPTZ)))"
    epoch = f"make_timestamp(CAST(round(TRY_CAST({time} AS DOUBLE) * 1e6) AS BIGINT))"
    formats = [
        *(f"%b %d %Y %H:%M:%S{tail}" for tail in ("", ".%n", " %z", ".%n %z")),
        *(f"%b %d %H:%M:%S{tail} %Y" for tail in ("", ".%n")),
        *(f"%b %d %H:%M:%S{tail} %Y %z" for tail in ("", ".%n")),
    ]
    listed = ", ".join(literal(each) for each in formats)
    with_year = f"CAST(try_strptime({_plain(time)}, [{listed}]) AS TIMESTAMP)"
    return (
        f"CASE WHEN {dated} <= {_latest(reference)} THEN {dated}"
        f" WHEN {time} IN ('', '-') THEN NULL"
        f" WHEN {_is_yearless(time)} THEN {_earlier(time, reference)}"
        f" WHEN {time}[:1] BETWEEN 'A' AND 'Z' THEN {with_year}"
        f" WHEN {time}[5] = '-' THEN {iso} ELSE {epoch} END"
    )


def _is_yearless(time: str) -> str:
    named = f"{time}[:1] BETWEEN 'A' AND 'Z'"
    return (
        f"({named} AND (length({time}) = 15 OR NOT regexp_matches({time}, '[ ]\\d{{4}}(?:[ ]|$)')))"
    )


def _plain(time: str) -> str:
    """Drop the letters of a zone."""
    text = f"replace({time}, ',', '.')"
    return (
        f"CASE WHEN length({time}) = 15 THEN {time}"
        f" ELSE regexp_replace({text}, ' [A-Z]{{1,4}}$', '') END"
    )


def _latest(reference: str) -> str:
    return f"({reference} + INTERVAL 1 DAY)"


def _in_year(time: str, reference: str, back: str) -> str:
    formats = ", ".join(
        literal(f"%Y %b %d %H:%M:%S{tail}") for tail in ("", ".%n", " %z", ".%n %z")
    )
    year = f"CAST(year({_latest(reference)}) - {back} AS VARCHAR)"
    read = f"CAST(try_strptime(concat({year}, ' ', {_plain(time)}), [{formats}]) AS TIMESTAMP)"
    # strptime makes 1 March of a 29 February that a year does not have.
    return f"CASE WHEN NOT starts_with({time}, 'Feb 29') OR month({read}) = 2 THEN {read} END"


def _earlier(time: str, reference: str) -> str:
    years = f"list_transform(range(1, {YEARS_BACK + 1}), lambda back: {_in_year(time, reference, 'back')})"
    return f"list_filter({years}, lambda each: each IS NOT NULL)[1]"


def header_json(header: str, dated: str, repeated: str, envelope: str, reference: str) -> str:
    """Give SQL for the JSON object of a header, `{}` where there is none; empty members are left out.

    Args:
        header: SQL of the struct of groups.
        dated: SQL of what `dated_sql` found.
        repeated: SQL of how often the message came, or NULL.
        envelope: SQL of a struct with `time`, `host`, `app`, `pid`, `pri` that a JSON envelope gives.
        reference: SQL of the TIMESTAMP by which a year is told.
    """

    def given(name: str, other: str = "") -> str:
        own = f"nullif(nullif({header}.{name}, ''), '-')"
        lone = f", nullif({header}.{other}, '')" if other else ""
        return f"coalesce({own}{lone})" if lone else own

    pri = f"coalesce(TRY_CAST(nullif({header}.pri, '') AS INTEGER), {envelope}.pri)"
    time = f"coalesce({time_sql(f'{header}.time', dated, reference)}, {envelope}.time)"
    members = {
        "time": f"epoch_us({time})",
        "host": f"coalesce({given('host')}, {envelope}.host)",
        "app": f"coalesce({given('app', 'lone_app')}, {envelope}.app)",
        "pid": f"coalesce({given('pid', 'lone_pid')}, {envelope}.pid)",
        "msgid": given("msgid"),
        "level": f"coalesce(CAST({pri} % 8 AS VARCHAR), nullif(split_part({header}.level, '.', 2), ''))",
        "facility": (
            f"coalesce(CAST(TRY_CAST(nullif({header}.pri, '') AS INTEGER) // 8 AS VARCHAR), nullif(split_part({header}.level, '.', 1), ''))"
        ),
        "data": given("data"),
        "repeated": repeated,
        "inferred": f"CASE WHEN {dated} IS NOT NULL THEN 1 END",
    }
    struct = ", ".join(f"{literal(name)}: {sql}" for name, sql in members.items())
    return f"CAST(to_json({{{struct}}}) AS VARCHAR)"
