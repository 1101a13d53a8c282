"""osquery's results log: differential, snapshot and batch results, from the daemon and Fleet."""

from __future__ import annotations

from ocsf.mappers.audit_parts import MESSAGE_LENGTH, PORT_MAXIMUM, hashes, product
from ocsf.mapping import (
    PRESENT,
    Basename,
    Cut,
    Expression,
    First,
    Integer,
    Ip,
    Join,
    Lookup,
    Mapper,
    Match,
    Obj,
    Raw,
    Rule,
    Shape,
    TimeField,
    Tree,
    c,
    f,
    num,
    with_wrapped,
)

COLUMNS = "columns"
NAME = f("name")


def column(*names: str) -> Expression:
    """Give a column of the row."""
    return f(*(f"{COLUMNS}.{name}" for name in names))


PID = num(f"{COLUMNS}.pid")
PATH = column("path", "process_path")
PROCESS: Tree = {
    "pid": PID,
    "name": First((column("name", "process_name"), Basename(PATH))),
    "file": Obj({"path": PATH, "name": Basename(PATH), "type_id": c(1)}, needs=("name",)),
    "cmd_line": column("cmdline", "process_cmdline"),
    "working_directory": column("cwd"),
    "parent_process.pid": num(f"{COLUMNS}.parent", f"{COLUMNS}.ppid"),
    "user.uid": column("uid", "auid"),
    "user.name": column("username", "user"),
}
COMMON: Tree = {
    "message": Cut(Join((NAME, First((f("action"), c("snapshot")))), ": "), MESSAGE_LENGTH),
    "unmapped.query": NAME,
    "unmapped.action": f("action"),
    "unmapped.columns": Raw(COLUMNS, "object"),
    "unmapped.snapshot": Raw("snapshot", "array"),
    "unmapped.diff": Raw("diffResults", "object"),
}
QUERY: Tree = {**COMMON, "query_result_id": c(1)}
ADDRESSES: Tree = {
    "dst_endpoint.ip": Ip(column("remote_address")),
    "dst_endpoint.port": num(f"{COLUMNS}.remote_port", maximum=PORT_MAXIMUM),
    "src_endpoint.ip": Ip(column("local_address")),
    "src_endpoint.port": num(f"{COLUMNS}.local_port", maximum=PORT_MAXIMUM),
    "connection_info.protocol_num": Integer(column("protocol"), 255),
    "connection_info.direction_id": Lookup(
        column("action"), {"connect": 2, "bind": 1, "accept": 1}, default=0
    ),
}
FILE = column("target_path", "path")


def has(*names: str) -> tuple[tuple[str, frozenset[str]], ...]:
    """Give the condition that the row has these columns."""
    return tuple((f"{COLUMNS}.{name}", PRESENT) for name in names)


EVENT = "uptime"
"""A column that only tables of events have; others are what a query found."""

MAPPER = Mapper(
    name="osquery",
    title="osquery results",
    limits=(
        "Which table a query reads is told by its columns: of events only if `uptime` (of files:"
        " `target_path`) is among them. A snapshot is one event with all its rows."
    ),
    shapes=with_wrapped(
        Shape(
            name="result",
            present=(
                frozenset({"name"}),
                frozenset({"hostIdentifier"}),
                frozenset({"unixTime", "calendarTime"}),
                frozenset({"columns", "snapshot", "diffResults"}),
            ),
        ),
    ),
    times=(
        TimeField("columns.time", unit="epoch"),
        TimeField("unixTime", unit="epoch"),
        TimeField("calendarTime", unit="%a %b %d %H:%M:%S %Y UTC|%a %b  %d %H:%M:%S %Y UTC"),
    ),
    defaults={
        **product("osquery", "osquery", "host"),
        "metadata.event_code": NAME,
        "metadata.log_name": f("logType"),
        "device.hostname": f("decorations.hostname", "hostIdentifier"),
        "device.uid": f("decorations.host_uuid", "hostIdentifier"),
        "device.type_id": c(0),
    },
    rules=(
        Rule(
            name="program run",
            class_uid=1007,
            activity_id=1,
            when=has("pid", "cmdline", EVENT),
            tree={
                **COMMON,
                **{f"process.{path}": each for path, each in PROCESS.items()},
                "actor.process.pid": num(f"{COLUMNS}.parent"),
                "actor.user.uid": column("auid", "uid"),
                "actor.app_name": c("osquery"),
                "status_id": Lookup(column("status"), {"0": 1, "success": 1}, default=0),
            },
        ),
        Rule(
            name="connection",
            class_uid=4001,
            activity_id=Lookup(column("action"), {"connect": 1, "accept": 1, "bind": 7}, default=6),
            when=has("remote_address", EVENT),
            tree={
                **COMMON,
                **ADDRESSES,
                "actor.process.pid": PID,
                "actor.process.name": Basename(PATH),
                "actor.process.file": Obj(
                    {"path": PATH, "name": Basename(PATH), "type_id": c(1)}, needs=("name",)
                ),
            },
        ),
        Rule(
            name="file",
            class_uid=1001,
            activity_id=Lookup(
                column("action"),
                {"created": 1, "opened": 14, "updated": 3, "deleted": 4, "moved_from": 5,
                 "moved_to": 5, "attributes_modified": 6, "accessed": 2},
                default=99,
            ),
            when=has("target_path"),
            tree={
                **COMMON,
                "file.path": FILE,
                "file.name": Basename(FILE),
                "file.type_id": c(1),
                "file.size": Integer(column("size")),
                "file.hashes": hashes(
                    md5=(f"{COLUMNS}.md5",),
                    sha1=(f"{COLUMNS}.sha1",),
                    sha256=(f"{COLUMNS}.sha256",),
                ),
                "actor.app_name": NAME,
                "unmapped.category": column("category"),
            },
        ),
        Rule(
            name="logon",
            class_uid=3002,
            activity_id=Lookup(column("type"), {"7": 1, "8": 2, "user": 1, "dead": 2}, default=99),
            when=has("username", "tty", "host"),
            tree={
                **COMMON,
                "user.name": column("username"),
                "src_endpoint.ip": Ip(column("host")),
                "src_endpoint.hostname": Match(column("host"), r"^([A-Za-z][\w.-]*)$"),
                "dst_endpoint.hostname": f("hostIdentifier"),
                "session.terminal": column("tty"),
                "status_id": c(1),
            },
        ),
        Rule(
            name="connections found",
            class_uid=5012,
            activity_id=1,
            when=has("remote_address", "pid"),
            tree={
                **QUERY,
                "connection_info.protocol_num": Integer(column("protocol"), 255),
                "connection_info.direction_id": c(0),
                "process.pid": PID,
                "process.name": Basename(PATH),
                "state": column("state"),
                "state_id": Lookup(
                    column("state"),
                    {"established": 1, "syn_sent": 2, "syn_recv": 3, "fin_wait1": 4,
                     "fin_wait2": 5, "time_wait": 6, "close": 7, "close_wait": 8, "last_ack": 9,
                     "listen": 10, "closing": 11},
                    default=0,
                ),
            },
        ),
        Rule(
            name="processes found",
            class_uid=5015,
            activity_id=1,
            when=has("pid"),
            tree={**QUERY, **{f"process.{path}": each for path, each in PROCESS.items()}},
        ),
        Rule(
            name="users found",
            class_uid=5018,
            activity_id=1,
            when=has("username"),
            tree={
                **QUERY,
                "user.name": column("username", "user"),
                "user.uid": column("uid"),
            },
        ),
        Rule(name="other result", class_uid=0, tree=COMMON),
    ),
)  # fmt: skip
