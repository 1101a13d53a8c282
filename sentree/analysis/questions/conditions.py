"""What a question names as SQL over `events`: fixed text, every value bound."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from ipaddress import ip_network
from string import Template
from typing import Any

from schemas.ports import ContextReader
from sentree.analysis.questions.entities import Entity
from sentree.analysis.questions.parts import Reading, Unanswerable
from sentree.analysis.questions.subjects import SUBJECTS
from sentree.analysis.sql_texts import sql_text

_BARE = r"regexp_replace(lower({}), '^.*\\|@.*$', '', 'g')"
_BASE = r"lower(regexp_extract({}, '[^\\/]*$'))"
_SHORT = "split_part(lower({}), '.', 1)"
_ADDRESSES = ("src_ip", "dst_ip", "device_ip")
_PATHS = ("process_path", "file_path", "actor_path", "parent_path")
_ENDS = ("from", "to")
_SEVERITIES = ("informational", "low", "medium", "high", "critical")
_PROGRAM = re.compile(r"\.(?:exe|com|scr|pif)$", re.IGNORECASE)
_OF_CALLS = ("api", "cloudtrail", "access key")
_OF_FILES = ("file", "module", "driver", "share", "smb")
DETECTED = "event_uid IN (SELECT event_uid FROM detections WHERE {})"
ALERTS = (
    "(SELECT events.*, d.detection_uid, d.rule_title, d.level, d.techniques, d.tactics"
    " FROM detections AS d JOIN events ON events.event_uid = d.event_uid)"
)
COLUMNS: dict[str, tuple[str, ...]] = {
    "host": ("device_host", "src_host", "dst_host", "src_ip", "dst_ip", "device_ip"),
    "user": ("target_user", "actor_user"),
    "ip": ("src_ip", "dst_ip", "device_ip"),
    "cidr": ("src_ip", "dst_ip", "device_ip"),
    "port": ("dst_port",),
    "process": ("process_path", "actor_path", "parent_path", "process_cmd"),
    "file": ("file_path", "process_path", "process_cmd"),
    "path": ("file_path", "process_path", "process_cmd", "parent_path"),
    "reg_key": ("reg_key",),
    "domain": ("dns_query", "dst_host", "url"),
    "url": ("url",),
    "service": ("service_name",),
    "task": ("job_name",),
    "share": ("share_name",),
    "operation": ("api_operation",),
    "event_id": ("original_id",),
    "logon_type": ("logon_type_id",),
}
"""Where the value of a thing that is named stands in an event, for quoting it."""


def with_endpoints(name: str) -> str:
    """Give a SELECT over the addresses that hosts are known to have had."""
    return Template(sql_text(name)).substitute(endpoints=sql_text("question_endpoints"))


@dataclass(slots=True)
class Binder:
    """Collects values and gives the marks they are bound to."""

    values: dict[str, Any] = field(default_factory=dict[str, Any])

    def bind(self, value: Any) -> str:
        """Give the mark of a value."""
        name = f"p{len(self.values) + 1}"
        self.values[name] = value
        return f"${name}"


@dataclass(frozen=True, slots=True)
class Where:
    """A condition over a relation, the values bound in it, and the columns it looks at."""

    sql: str
    values: dict[str, Any]
    relation: str
    measure: str
    columns: tuple[str, ...] = ()


def build_where(context: ContextReader, reading: Reading, entities: Sequence[Entity]) -> Where:
    """Put the parts of a question together: sort of event, names, times, levels."""
    binder = Binder()
    clauses: list[str] = []
    alerts = reading.subject == "alert"
    for name in [reading.subject, *reading.extra_subjects]:
        if name and SUBJECTS[name].sql != "TRUE":
            clauses.append(f"({SUBJECTS[name].sql})")
    columns: list[str] = []
    pair = [each for each in entities if each.role == "with" and each.kind in ("host", "ip")]
    if len(pair) == 2:
        clauses.append(_between(context, reading, pair, binder))
        entities = [each for each in entities if each not in pair]
    for group in alike(entities):
        tests = [_entity(context, reading, each, binder) for each in group]
        clauses.append(f"({' OR '.join(tests)})" if len(tests) > 1 else tests[0])
        # A host stands in nearly every event: any other value says more when it is quoted.
        columns += COLUMNS.get(group[0].kind, ()) if group[0].kind != "host" else ()
    clauses += times(reading, binder)
    finding = _family(reading) == "finding"
    if reading.failed is not None and finding:
        code = binder.bind("fail" if reading.failed else "pass")
        clauses.append(f"lower(json_extract_string(event, '$.status_code')) = {code}")
    elif reading.failed is not None:
        clauses.append(f"status_id = {2 if reading.failed else 1}")
    if reading.levels and finding:
        ids = binder.bind([_SEVERITIES.index(level) + 1 for level in reading.levels])
        clauses.append(f"list_contains({ids}::INTEGER[], severity_id)")
    elif reading.levels:
        mark = binder.bind(reading.levels)
        test = f"list_contains({mark}::VARCHAR[], level)"
        clauses.append(test if alerts else DETECTED.format(test))
    return Where(
        " AND ".join(clauses) or "TRUE",
        binder.values,
        f"{ALERTS} AS alerts" if alerts else "events",
        "count(DISTINCT detection_uid)" if alerts else "count(*)",
        tuple(dict.fromkeys(columns)),
    )


def times(reading: Reading, binder: Binder) -> list[str]:
    """Give the conditions of the question's time."""
    time = reading.time
    if time.window is not None:
        start = binder.bind(time.window.start.replace(tzinfo=None))
        end = binder.bind(time.window.end.replace(tzinfo=None))
        return [f"time >= {start} AND time < {end}"]
    if time.daily is not None:
        start, end = (binder.bind(each) for each in time.daily)
        word = "AND" if time.daily[0] <= time.daily[1] else "OR"
        return [f"(time::TIME >= {start} {word} time::TIME < {end})"]
    return []


def anywhere(entity: Entity, binder: Binder) -> str:
    """Give the condition that a value stands anywhere in an event, promoted or not."""
    low = entity.value.lower()
    if entity.kind == "uid":
        return f"event_uid = {binder.bind(entity.value)}"
    if entity.kind in ("technique", "tactic", "rule"):
        return _detected(entity, binder, alerts=False)
    if entity.kind in ("port", "cidr", "event_id", "logon_type"):
        return _by_columns(entity, binder)
    if entity.kind == "ip":
        mark = binder.bind(low)
        edge = binder.bind(rf"(^|[^0-9a-f.:]){re.escape(low)}($|[^0-9a-f.:]|[.:]($|[^0-9a-f]))")
        texts = " OR ".join(
            f"(contains(lower({text}), {mark}) AND regexp_matches(lower({text}), {edge}))"
            for text in ("raw", "event")
        )
        return f"({' OR '.join(f'{column} = {mark}' for column in _ADDRESSES)} OR {texts})"
    marks = [binder.bind(text) for text in dict.fromkeys((low, json.dumps(low)[1:-1]))]
    tests = [f"contains(lower({text}), {mark})" for text in ("raw", "event") for mark in marks]
    return f"({' OR '.join(tests)})"


def _between(
    context: ContextReader, reading: Reading, pair: Sequence[Entity], binder: Binder
) -> str:
    ways = (
        [replace(one, role="from"), replace(other, role="to")]
        for one, other in (pair, reversed(pair))
    )
    tests = [" AND ".join(_entity(context, reading, e, binder) for e in way) for way in ways]
    return f"(({tests[0]}) OR ({tests[1]}))"


def alike(entities: Sequence[Entity]) -> list[list[Entity]]:
    """Group what is meant as alternatives: the same kind of thing in the same role."""
    groups: dict[tuple[str, str], list[Entity]] = {}
    for entity in entities:
        groups.setdefault((entity.kind, entity.role), []).append(entity)
    return list(groups.values())


def _entity(context: ContextReader, reading: Reading, entity: Entity, binder: Binder) -> str:
    if entity.cue == "mention":
        return anywhere(entity, binder)
    if entity.kind in ("technique", "tactic", "rule"):
        return _detected(entity, binder, alerts=reading.subject == "alert")
    if entity.kind in ("text", "quoted") and reading.dimension == "command":
        return f"contains(lower(process_cmd), {binder.bind(entity.value.lower())})"
    if reading.dimension == "peer" and entity.kind in ("host", "ip") and entity.role not in _ENDS:
        ways = (replace(entity, role=end) for end in _ENDS)
        return f"({' OR '.join(_entity(context, reading, way, binder) for way in ways)})"
    if entity.kind == "host":
        return _host(context, reading, entity, binder)
    if entity.kind == "ip":
        return _ip(context, reading, entity, binder)
    if entity.kind == "user":
        return _user(reading, entity, binder)
    if entity.kind == "process" and (reading.subject or "").split(" ")[0] in _OF_FILES:
        return _by_columns(replace(entity, kind="file"), binder)
    if entity.kind == "process":
        return _process(reading, entity, binder)
    if entity.kind == "path" and _family(reading) == "process" and _PROGRAM.search(entity.value):
        return f"lower(process_path) = {binder.bind(entity.value.lower())}"
    if entity.kind in COLUMNS:
        return _by_columns(entity, binder)
    return anywhere(entity, binder)


def _detected(entity: Entity, binder: Binder, *, alerts: bool) -> str:
    if entity.kind == "rule":
        test = f"contains(lower(rule_title), {binder.bind(entity.value.lower())})"
    elif entity.kind == "tactic":
        test = f"list_contains(tactics, {binder.bind(entity.value)})"
    else:
        mark = binder.bind(entity.value)
        under = binder.bind(f"{entity.value}.")
        test = (
            f"len(list_filter(techniques, lambda each: each = {mark}"
            f" OR starts_with(each, {under}))) > 0"
        )
    return test if alerts else DETECTED.format(test)


def _direction(reading: Reading, entity: Entity) -> str:
    """Tell whether an endpoint is meant as source or destination; "" for either."""
    if entity.role == "from" or (entity.role == "by" and _family(reading) == "network"):
        return "from"
    if entity.role == "to":
        return "to"
    if reading.dangling in ("to", "with") or (
        reading.dimension == "destination" and entity.role in ("of", "for", "on", "")
    ):
        return "from"
    if reading.dangling == "from":
        return "to"
    return "to" if reading.dimension in ("source", "source address") else ""


def _family(reading: Reading) -> str:
    return SUBJECTS[reading.subject].family if reading.subject else ""


def _host(context: ContextReader, reading: Reading, entity: Entity, binder: Binder) -> str:
    name = entity.value.lower()
    mark = binder.bind(name)
    rows = context.query(with_endpoints("question_addresses"), {"host": name})
    addresses = [row["ip"] for row in rows]
    owned = binder.bind(addresses) if addresses else None

    def own(column: str) -> str:
        return f" OR list_contains({owned}::VARCHAR[], {column})" if owned else ""

    family, direction = _family(reading), _direction(reading, entity)
    if family in ("network", "logon") and direction == "from":
        itself = f" OR (src_host IS NULL AND src_ip IS NULL AND host = {mark})"
        if family == "logon" and entity.role != "from":
            return f"(host = {mark} OR {_SHORT.format('dst_host')} = {mark})"
        return f"({_SHORT.format('src_host')} = {mark}{own('src_ip')}{itself})"
    if family == "network" and direction == "to":
        served = f" OR (host = {mark} AND class_uid = 4006 AND mapper = 'windows')"
        return f"({_SHORT.format('dst_host')} = {mark}{own('dst_ip')}{served})"
    if family == "logon":
        return f"(host = {mark} OR {_SHORT.format('dst_host')} = {mark})"
    return f"(host = {mark}{own('host')})"


def _ip(context: ContextReader, reading: Reading, entity: Entity, binder: Binder) -> str:
    mark = binder.bind(entity.value)
    if _family(reading) == "logon" and entity.role in ("to", "on"):
        # A logon's record names the host it was on; the host's address stands in other records.
        rows = context.query(with_endpoints("question_hosts"), {"ip": entity.value})
        hosts = binder.bind([row["name"] for row in rows])
        return f"(dst_ip = {mark} OR list_contains({hosts}::VARCHAR[], host))"
    direction = _direction(reading, entity) if _family(reading) in ("network", "logon") else ""
    if direction == "from":
        return f"src_ip = {mark}"
    if direction == "to":
        return f"dst_ip = {mark}"
    return f"({' OR '.join(f'{column} = {mark}' for column in _ADDRESSES)})"


def _user(reading: Reading, entity: Entity, binder: Binder) -> str:
    mark = binder.bind(entity.value.lower())

    def named(column: str) -> str:
        return f"(lower({column}) = {mark} OR {_BARE.format(column)} = {mark})"

    if _family(reading) == "logon":
        return named("coalesce(target_user, actor_user)")
    if reading.subject in _OF_CALLS or (reading.dimension == "operation" and not reading.subject):
        # A call's other user is whom it is about, e.g. the role that was assumed.
        return named("actor_user")
    about = reading.subject is not None and SUBJECTS[reading.subject].about
    if entity.role == "by" and about:
        return named("actor_user")
    if about and (entity.cue == "user" or entity.role in ("for", "to")):
        return named("target_user")
    return f"({named('actor_user')} OR {named('target_user')})"


def _process(reading: Reading, entity: Entity, binder: Binder) -> str:
    low = entity.value.lower()
    mark = binder.bind([low] if "." in low else [low, f"{low}.exe"])

    def named(*columns: str) -> str:
        tests = [f"list_contains({mark}::VARCHAR[], {_BASE.format(col)})" for col in columns]
        return f"({' OR '.join(tests)})"

    if entity.role == "children":
        return named("parent_path", "actor_path")
    if _family(reading) == "process" or reading.subject == "alert":
        if entity.role == "by" and reading.family == "list":
            return named("parent_path", "actor_path")
        return named("process_path")
    if reading.subject and reading.subject != "event":
        return named("actor_path", "process_path")
    return named("process_path", "actor_path", "parent_path")


def _by_columns(entity: Entity, binder: Binder) -> str:
    low = entity.value.lower()
    match entity.kind:
        case "port":
            column = (
                "src_port" if entity.role == "from" and entity.detail == "source" else "dst_port"
            )
            return f"{column} = {binder.bind(int(entity.value))}"
        case "event_id":
            sysmon = " AND provider ILIKE '%sysmon%'" if entity.detail == "sysmon" else ""
            return f"(original_id = {binder.bind(entity.value)}{sysmon})"
        case "logon_type":
            return f"logon_type_id = {binder.bind(int(entity.value))}"
        case "cidr":
            return _cidr(entity, binder)
        case "domain":
            mark, dotted = binder.bind(low), binder.bind(f".{low}")
            host = "regexp_extract(lower(url), '^[a-z]+://([^/:]+)', 1)"
            columns = ("lower(dns_query)", "lower(dst_host)", host)
            return f"({' OR '.join(f'{c} = {mark} OR ends_with({c}, {dotted})' for c in columns)})"
        case "file":
            mark = binder.bind(low)
            tests = [f"{_BASE.format(column)} = {mark}" for column in _PATHS]
            return f"({' OR '.join(tests)} OR contains(lower(process_cmd), {mark}))"
        case "path":
            mark = binder.bind(low)
            tests = [f"starts_with(lower({column}), {mark})" for column in (*_PATHS, "share_name")]
            return f"({' OR '.join(tests)} OR contains(lower(process_cmd), {mark}))"
        case "task" | "share":
            column = COLUMNS[entity.kind][0]
            mark = binder.bind(low)
            return f"(lower({column}) = {mark} OR {_BASE.format(column)} = {mark})"
        case "reg_key":
            root = {"hklm": "hkey_local_machine", "hkcu": "hkey_current_user", "hku": "hkey_users"}
            short, _, rest = low.partition("\\")
            names = {low, *(f"{long}\\{rest}" for key, long in root.items() if key == short)}
            names |= {f"{key}\\{rest}" for key, long in root.items() if long == short}
            marks = [binder.bind(name) for name in sorted(names)]
            return f"({' OR '.join(f'starts_with(lower(reg_key), {mark})' for mark in marks)})"
        case _:
            [column] = COLUMNS[entity.kind]
            return f"lower({column}) = {binder.bind(low)}"


def _cidr(entity: Entity, binder: Binder) -> str:
    network = ip_network(entity.value)
    if network.version == 6:
        raise Unanswerable("ranges of IPv6 addresses are not searched")
    low = binder.bind(int(network.network_address))
    high = binder.bind(int(network.broadcast_address))
    columns = {"from": ("src_ip",), "to": ("dst_ip",)}.get(entity.role, ("src_ip", "dst_ip"))
    tests: list[str] = []
    for column in columns:
        octets = " + ".join(
            f"TRY_CAST(split_part({column}, '.', {place}) AS BIGINT) * {256 ** (4 - place)}"
            for place in (1, 2, 3, 4)
        )
        tests.append(f"(contains({column}, '.') AND {octets} BETWEEN {low} AND {high})")
    return f"({' OR '.join(tests)})"
