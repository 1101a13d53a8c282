"""Compiles the reading of JSON in which a line travels: journald, Docker, syslog relays, Beats."""

from __future__ import annotations

from sentree.lake.mapping_expressions import literal
from sentree.lake.mapping_time import epoch_instant, iso_instant

MESSAGES = ("MESSAGE", "message", "log")
PROGRAMS = (
    "SYSLOG_IDENTIFIER", "_COMM", "ident", "programname", "PROGRAM", "program", "appname",
    "app_name", "process.name", "syslog-tag", "syslogtag",
)  # fmt: skip
HOSTS = ("_HOSTNAME", "host.hostname", "host.name", "HOST", "hostname", "host", "agent.hostname")
PIDS = ("SYSLOG_PID", "_PID", "PID", "pid", "procid", "process.pid")
TIMES = ("__REALTIME_TIMESTAMP", "@timestamp", "timestamp", "time", "DATE", "timereported")
LEVELS = ("PRIORITY", "severity", "pri", "log.syslog.severity.code")
MARKS = (
    "__REALTIME_TIMESTAMP",
    "_HOSTNAME",
    "ident",
    "programname",
    "PROGRAM",
    "syslogtag",
    "syslog-tag",
)
"""Keys of which one stands beside the message where a log daemon wrote the JSON."""
SHIPPED = "@timestamp"
"""The key by which Beats and Logstash mark a line they shipped."""


def envelope_sql() -> str:
    """Give SQL for the struct of what an envelope holds, NULL where a record is none.

    Members are `entry` (the line), `time`, `host`, `app`, `pid`, `pri`, and `sure`: a daemon
    wrote it, so that no mapper of JSON is asked first.
    """
    paths = [
        f"$.{_quoted(each)}" for each in (*MESSAGES, *PROGRAMS, *HOSTS, *PIDS, *TIMES, *LEVELS)
    ]
    listed = ", ".join(literal(path) for path in paths)
    at = iter(range(1, len(paths) + 1))

    def first(names: tuple[str, ...]) -> str:
        return f"coalesce({', '.join(f'v[{next(at)}]' for _ in names)})"

    entry, app, host, pid, time, level = (
        first(names) for names in (MESSAGES, PROGRAMS, HOSTS, PIDS, TIMES, LEVELS)
    )
    struct = (
        f"{{'entry': rtrim({entry}, chr(10) || chr(13)),"
        f" 'time': coalesce({epoch_instant(time)}, {iso_instant(time)}),"
        f" 'host': CASE WHEN NOT starts_with({host}, '{{') THEN {host} END,"
        f" 'app': regexp_extract({app}, '^[^\\[:]+'), 'pid': {pid},"
        f" 'pri': TRY_CAST({level} AS INTEGER),"
        f" 'sure': NOT list_contains(keys, {literal(SHIPPED)})}}"
    )
    return (
        f"CASE WHEN type = 'OBJECT' AND {is_enveloped()}"
        f" THEN list_transform([json_extract_string(json, [{listed}])], lambda v: {struct})[1] END"
    )


def no_envelope_sql() -> str:
    """Give SQL for the struct of an envelope that is none."""
    members = "entry VARCHAR, time TIMESTAMP, host VARCHAR, app VARCHAR, pid VARCHAR"
    return f"CAST(NULL AS STRUCT({members}, pri INTEGER, sure BOOLEAN))"


def is_enveloped() -> str:
    """Give SQL that is true of an object, by its `keys`, in which a line travels."""
    marks = ", ".join(literal(each) for each in (*MARKS, SHIPPED))
    messages = ", ".join(literal(each) for each in MESSAGES)
    docker = "(list_contains(keys, 'log') AND list_contains(keys, 'stream') AND len(keys) <= 4)"
    return (
        f"(NOT list_contains(keys, 'winlog') AND"
        f" (list_has_any(keys, [{messages}]) AND list_has_any(keys, [{marks}]) OR {docker}))"
    )


def _quoted(name: str) -> str:
    return ".".join(f'"{step}"' for step in name.split("."))
