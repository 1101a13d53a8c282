"""Searches the events of a scope for texts, regular expressions and values of fields."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from schemas.look import Found, FoundGroup, SearchReport, SearchRequest
from schemas.query import Scenario
from schemas.result import Result
from schemas.section import Row, Section
from sentree.analysis.intel.rows import table, when
from sentree.analysis.look.answer import answer
from sentree.analysis.look.event_names import event_name
from sentree.analysis.look.field_test import FieldTest, re_quoted, read_test, values_sql
from sentree.analysis.records import Account, claim
from sentree.errors import LakeError, UsageError
from sentree.lake.db import Lake
from sentree.lake.look import RAW_CAP, LookScope, look, look_scope
from sentree.rules.taxonomy import load_taxonomy
from sentree.settings import Settings

AROUND = 48
LONGEST_MATCH = 200
MOST_GROUPS = 200
PLAIN = r"replace(replace(replace({}, '\\', '\'), '\"', '\"'), '\/', '/')"
RAW_JSON = "CASE WHEN json_valid(raw) THEN raw END AS raw_json"


class _Needle(NamedTuple):
    """One thing looked for: its condition, and what shows it.

    `shown` is a pattern that finds a text again; a field shows the `value` that met its test.
    """

    condition: str
    shown: str = ""
    field: FieldTest | None = None
    value: str = ""
    has: str = ""


def search(lake: Lake, settings: Settings, request: SearchRequest) -> Result:
    """Search; counts all that is found and gives the first of it.

    Raises:
        UsageError: nothing to search for, or a pattern or test that can't be read.
        NotFoundError: a tenant is not in the lake.
        LakeError: the lake can't be read.
    """
    scope = look_scope(lake, request.tenants, request.window)
    report = find(lake, scope, request)
    wanted = _wanted(request)
    rows = [
        Row(
            cells=(
                when(one.time),
                one.tenant,
                one.host,
                one.user,
                f"{one.channel} {one.event_id or ''}".strip(),
                one.match,
                one.where,
            ),
            evidence=(one.event_uid,),
        )
        for one in report.shown
    ]
    groups = [
        Row(
            cells=(
                one.tenant,
                one.host,
                one.channel,
                one.event_id,
                one.name,
                one.events,
                when(one.first),
                when(one.last),
            )
        )
        for one in report.groups
    ]
    found = Section(
        key="found",
        title="Found",
        tables=(
            table(
                "found",
                "Events found",
                "Time@ Tenant Host User Event Match In",
                rows,
                "What matched stands between « and ».",
                limit=request.limit,
            ),
            table(
                "groups",
                "Found by host and event",
                "Tenant Host Channel Event Name Events# First@ Last@",
                groups,
            ),
        ),
    )
    cited = [one.event_uid for one in report.shown[:1]] + [
        one.event_uid for one in report.shown[1:][-1:]
    ]
    hosts = len({one.host for one in report.groups if one.host})
    text = (
        f"{report.found:,} of {report.searched:,} events hold {wanted}, on {hosts:,} "
        f"{'host' if hosts == 1 else 'hosts'}; "
        f"{len(report.shown):,} are shown."
    )
    notes = [*report.notes]
    if not report.found:
        notes.append(f"None of {report.searched:,} events holds {wanted}.")
    return answer(
        lake,
        settings,
        request,
        Scenario.SEARCH,
        scope,
        question=f"Which events hold {wanted}?",
        title=f"Search for {wanted}",
        summary=[claim(text, cited)] if cited else [],
        sections=[found],
        account=Account(in_scope=report.searched, looked_at=report.searched),
        data=report,
        notes=notes,
    )


def find(lake: Lake, scope: LookScope, request: SearchRequest) -> SearchReport:
    """Run the search.

    Raises:
        UsageError: see `search`.
    """
    binder = _Binder()
    needles = _needles(request, binder)
    terms = [one.condition for one in needles[: len(request.terms)]]
    others = [one.condition for one in needles[len(request.terms) :]]
    joined = [f"({(' OR ' if request.any_term else ' AND ').join(terms)})"] if terms else []
    condition = " AND ".join([*joined, *others])
    searched = sum(row["events"] for row in look(lake, scope, "totals"))
    json_scope = scope.sql.replace("SELECT *", f"SELECT *, {RAW_JSON}", 1)
    order = "time DESC NULLS LAST, event_uid" if request.newest_first else "time, event_uid"
    try:
        groups = look(lake, scope, "counted", binder.values, condition=condition, inside=json_scope)
        found = look(
            lake,
            scope,
            "found",
            {**binder.values, "cap": RAW_CAP, "most": request.limit},
            condition=condition,
            held=", ".join(one.value for one in needles if one.field),
            order=order,
            inside=json_scope,
        )
    except LakeError as error:
        for pattern in (*request.patterns, *(one.field.pattern for one in needles if one.field)):
            _check(lake, pattern)
        raise error
    return SearchReport(
        snapshot_id=scope.snapshot,
        window=scope.window,
        searched=searched,
        found=sum(row["events"] for row in groups),
        shown=tuple(_found(row, needles, request) for row in found),
        groups=tuple(
            FoundGroup.model_validate(
                {
                    name: value
                    for name, value in row.items()
                    if name not in ("provider", "class_uid")
                }
                | {"name": _name(row)}
            )
            for row in groups[:MOST_GROUPS]
        ),
        notes=tuple(_absent(lake, scope, needles, binder, json_scope)),
    )


class _Binder:
    """Binds values under names of its own."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}

    def __call__(self, value: object) -> str:
        name = f"v{len(self.values)}"
        self.values[name] = value
        return f"${name}"


def _needles(request: SearchRequest, bind: _Binder) -> list[_Needle]:
    if not (request.terms or request.patterns or request.fields):
        raise UsageError("search for what? name a text, --regex or --field")
    if not all(request.terms) or not all(request.patterns):
        raise UsageError("an empty text is in every event: name what to search for")
    made = [_term(text, request.match_case, bind) for text in request.terms]
    made += [_pattern(text, request.match_case, bind) for text in request.patterns]
    taxonomy = load_taxonomy() if request.fields else None
    for text in request.fields:
        assert taxonomy is not None
        test = read_test(text)
        values = values_sql(test.name, taxonomy, bind)
        flags = "" if request.match_case else ", 'i'"
        match = "regexp_matches" if test.searches else "regexp_full_match"
        met = f"list_filter({values}, lambda v: {match}(v, {bind(test.pattern)}{flags}))"
        held = f"coalesce(len({met}), 0) > 0"
        made.append(
            _Needle(
                f"NOT ({held})" if test.negated else held,
                field=test,
                value="NULL" if test.negated else f"({met})[1]",
                has=f"len(list_filter({values}, lambda v: v IS NOT NULL)) > 0",
            )
        )
    return made


def _term(text: str, match_case: bool, bind: _Binder) -> _Needle:
    """Look for a text as it stands, and as JSON writes it down."""
    written = json.dumps(text, ensure_ascii=False)[1:-1]
    raw, event = ("raw", "event") if match_case else ("lower(raw)", "lower(event)")
    fold = str if match_case else str.lower
    plain, escaped = bind(fold(text)), bind(fold(written))
    parts = [f"contains({raw}, {plain})", f"contains({event}, {escaped})"]
    if written != text:
        parts.append(f"contains({raw}, {escaped})")
    return _Needle(f"({' OR '.join(parts)})", "".join(re_quoted(char) for char in text))


def _pattern(text: str, match_case: bool, bind: _Binder) -> _Needle:
    mark, flags = bind(text), "" if match_case else ", 'i'"
    places = ("raw", PLAIN.format("raw"), PLAIN.format("event"))
    parts = [f"regexp_matches({place}, {mark}{flags})" for place in places]
    return _Needle(f"({' OR '.join(parts)})", text)


def _check(lake: Lake, pattern: str) -> None:
    try:
        lake.query("SELECT regexp_matches('', ?) AS m", [pattern])
    except LakeError as error:
        reason = str(error).rpartition("Error: ")[2]
        raise UsageError(
            f"--regex {pattern}: is no RE2 pattern: {reason} (no look-around, no back references)"
        ) from None


def _absent(
    lake: Lake, scope: LookScope, needles: Sequence[_Needle], binder: _Binder, json_scope: str
) -> list[str]:
    """Say of which field no event has a value: that is no data, not no match."""
    notes: list[str] = []
    for one in needles:
        if one.field is None:
            continue
        marks = set(re.findall(r"\$(v\d+)", one.has))
        used = {name: value for name, value in binder.values.items() if name in marks}
        rows = look(
            lake,
            scope,
            "found",
            {**used, "cap": 0, "most": 1},
            condition=one.has,
            held="",
            order="event_uid",
            inside=json_scope,
        )
        if not rows:
            notes.append(f"No event in scope has a field {one.field.name}: no data, not no match.")
    return notes


def _found(row: dict[str, Any], needles: Sequence[_Needle], request: SearchRequest) -> Found:
    where, match = _highlight(row, needles, request.match_case)
    return Found(
        event_uid=row["event_uid"],
        tenant=row["tenant"],
        time=row["time"],
        host=row["host"],
        user=row["user"],
        channel=row["channel"] or "",
        event_id=row["event_id"],
        name=_name(row),
        where=where,
        match=match,
    )


def _name(row: dict[str, Any]) -> str:
    return event_name(
        row["provider"] or "", row["channel"] or "", row["event_id"] or "", row["class_uid"]
    )


def _highlight(
    row: dict[str, Any], needles: Sequence[_Needle], match_case: bool
) -> tuple[str, str]:
    """Show the value of a field that met its test, else a text that matched, with what is near."""
    fields = [one.field for one in needles if one.field]
    for field, value in zip(fields, row["held"], strict=True):
        if value:
            shown = value if len(value) <= LONGEST_MATCH else f"{value[:LONGEST_MATCH]}…"
            return field.name, f"«{' '.join(shown.split())}»"
    texts = {name: _plain(row[name] or "") for name in ("raw", "event")}
    for one in needles:
        pattern = _python(one.shown, match_case)
        for name, text in texts.items() if pattern else ():
            assert pattern is not None
            found = pattern.search(text[:RAW_CAP])
            if found is not None:
                start, end = found.span()
                end = min(end, start + LONGEST_MATCH)
                before, after = text[max(0, start - AROUND) : start], text[end : end + AROUND]
                cut = ("…" if start > AROUND else "") + before
                rest = after + ("…" if end + AROUND < len(text) else "")
                return name, " ".join(f"{cut}«{text[start:end]}»{rest}".split())
    return "record", " ".join(texts["raw"][: 2 * AROUND].split()) + "…"


def _plain(text: str) -> str:
    return text.replace("\\\\", "\\").replace('\\"', '"').replace("\\/", "/")


def _python(pattern: str, match_case: bool) -> re.Pattern[str] | None:
    """Read an RE2 pattern as Python does, to show a match; None where they differ."""
    spelled = re.sub(r"\\x\{([0-9a-f]{1,6})\}", lambda m: re.escape(chr(int(m[1], 16))), pattern)
    try:
        return re.compile(spelled, 0 if match_case else re.IGNORECASE) if spelled else None
    except (re.error, OverflowError, RecursionError):
        return None


def _wanted(request: SearchRequest) -> str:
    join = " or " if request.any_term else " and "
    parts = [join.join(f"'{text}'" for text in request.terms)] if request.terms else []
    parts += [f"/{text}/" for text in request.patterns]
    return " and ".join([*parts, *request.fields])
