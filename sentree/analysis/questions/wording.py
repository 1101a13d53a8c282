"""How answers read: values from logs made safe for one line, times, counts, events in few words."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from models.patterns.wording import plain, quote_from, stands_in
from ocsf.classes import class_name
from schemas.claim import Evidence
from schemas.ports import ContextReader
from sentree.analysis.questions.conditions import alike
from sentree.analysis.questions.entities import Entity
from sentree.analysis.questions.parts import Reading
from sentree.analysis.questions.subjects import SUBJECTS
from sentree.analysis.sql_texts import sql_text
from sentree.intel import attack

MOST_CITED = 20
_TELLING = (
    "process_cmd",
    "process_path",
    "dns_query",
    "url",
    "service_name",
    "job_name",
    "reg_key",
    "file_path",
    "api_operation",
    "share_name",
    "dst_ip",
    "target_user",
    "actor_user",
    "src_ip",
    "device_host",
    "original_id",
)
_KIND_WORDS = {
    "ip": "address",
    "cidr": "network",
    "event_id": "event id",
    "logon_type": "logon type",
    "text": "text",
    "reg_key": "registry key",
    "operation": "API operation",
    "uid": "event",
    "sid": "SID",
    "url": "URL",
    "task": "scheduled task",
    "process": "program",
}


def at(value: datetime | None) -> str:
    """Write an instant for people."""
    if value is None:
        return "an unknown time"
    return f"{value:%Y-%m-%d %H:%M:%S} UTC"


def cell_time(value: datetime | None) -> str:
    """Write an instant for a table."""
    return "" if value is None else f"{value:%Y-%m-%d %H:%M:%S.%f}"[:-3]


def amount(number: int, one: str, many: str) -> str:
    """Write a count with its noun."""
    return f"{number:,} {one if number == 1 else many}"


def named(entity: Entity) -> str:
    """Write what the question named, with its kind."""
    if entity.kind == "technique":
        known = attack.technique(entity.value)
        return f"technique {known.uid} {known.name}" if known.known else f"technique {known.uid}"
    if entity.kind == "tactic":
        return f"tactic {attack.tactic_title(entity.value)}"
    kind = _KIND_WORDS.get(entity.kind, entity.kind)
    value = plain(entity.value, 80)
    return f"{kind} '{value}'" if entity.kind in ("text", "rule") else f"{kind} {value}"


def scope_words(reading: Reading, entities: Sequence[Entity]) -> str:
    """Write the filters of a question after its noun: `, user x, on host y, between …`."""
    roles = {"on": "on ", "from": "from ", "to": "to ", "by": "by "}
    roles |= {"children": "started by ", "with": "with "}
    words = [
        roles.get(group[0].role, "")
        + (" and " if group[0].role == "with" else " or ").join(named(each) for each in group)
        for group in alike(entities)
    ]
    if reading.failed is not None:
        words.append("failed" if reading.failed else "successful")
    if reading.levels:
        words.append(f"level {' or '.join(reading.levels)}")
    if reading.extra_subjects:
        words.append("on " + " and ".join(SUBJECTS[each].label for each in reading.extra_subjects))
    if reading.time.given:
        words.append(reading.time.words)
    return "".join(f", {word}" for word in words)


def event_words(row: Mapping[str, Any]) -> str:
    """Say in few words what an event records."""
    name = class_name(row["class_uid"]) if row["class_uid"] is not None else "Event"
    what = next(
        (str(row[key]) for key in _TELLING[:10] if row.get(key)), str(row.get("message") or "")
    )
    parts = [name + (f" {row['original_id']}" if row["original_id"] else "")]
    if what:
        parts.append(plain(what, 120))
    user = row["target_user"] or row["actor_user"]
    if user:
        parts.append(f"user {plain(str(user), 60)}")
    if row["src_ip"] or row["dst_ip"]:
        port = f":{row['dst_port']}" if row["dst_port"] is not None else ""
        ends = [plain(str(row["src_ip"] or row["src_host"] or "?"), 60)]
        to = row["dst_ip"] or row["dst_host"]
        ends += [plain(str(to), 60) + port] if to else []
        parts.append(" → ".join(ends))
    return ", ".join(parts)


def cite(
    context: ContextReader, uids: Sequence[str], columns: Sequence[str] = ()
) -> tuple[Evidence, ...]:
    """Cite events, each with a value that stands in it, of the columns asked about if it can be."""
    wanted = list(dict.fromkeys(uids))[:MOST_CITED]
    if not wanted:
        return ()
    rows = context.query(sql_text("question_cited"), {"uids": wanted})
    return tuple(Evidence(event_uid=row["event_uid"], quote=_quote(row, columns)) for row in rows)


def _quote(row: Mapping[str, Any], columns: Sequence[str]) -> str | None:
    for column in (*columns, *_TELLING):
        value = row.get(column)
        if value is None or value == "":
            continue
        quote = quote_from(str(value))
        if quote and stands_in(quote, row["event"], row["raw"]):
            return quote
    return None


def shown_sql(sql: str, values: Mapping[str, Any]) -> str:
    """Write a SELECT with its bound values in place, for display; it is never run."""
    text = " ".join(line for line in sql.splitlines() if not line.lstrip().startswith("--"))
    text = " ".join(text.split())
    text = re.sub(r"\$(p\d+)\b", lambda mark: _literal(values.get(mark[1])), text)
    return plain(text, 4_000)


def _literal(value: Any) -> str:
    if isinstance(value, bool | int | float):
        return str(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(_literal(each) for each in value)}]"  # pyright: ignore
    return "'" + str(value)[:400].replace("'", "''") + "'"
