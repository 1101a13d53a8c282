"""Trees that formats behind a syslog header share: time, host, program, severity, message."""

from __future__ import annotations

from ocsf.layout import Layout
from ocsf.mapping import (
    Cut,
    Expression,
    Ip,
    Listing,
    Lookup,
    Mapper,
    NotIp,
    Obj,
    Rule,
    Shape,
    TimeField,
    Tree,
    When,
    c,
    f,
    num,
)

MESSAGE_LENGTH = 4096
TEXT = Shape(name="line of text", present=(frozenset({"body"}), frozenset({"syslog"})))
"""The document that the lake makes of a line; every mapper with layouts may use it."""

SYSLOG_TIME = TimeField("syslog.time", unit="epoch")
NULLS = frozenset({"", "-"})

LEVELS = {
    "0": 6, "1": 5, "2": 5, "3": 4, "4": 3, "5": 1, "6": 1, "7": 1,
    "emerg": 6, "alert": 5, "crit": 5, "err": 4, "error": 4, "warning": 3, "warn": 3,
    "notice": 1, "info": 1, "debug": 1,
}  # fmt: skip
"""OCSF severity of a syslog level; notice and below are Informational."""

BY_LEVEL: Expression = Lookup(f("syslog.level"), LEVELS, default=1)
MESSAGE: Tree = {"message": Cut(f("body"), MESSAGE_LENGTH)}


def product(name: str, vendor: str) -> Tree:
    """Give the product that wrote the log."""
    return {"metadata.product.name": c(name), "metadata.product.vendor_name": c(vendor)}


HEADER: Tree = {
    "metadata.log_provider": f("syslog.app"),
    "metadata.profiles": Listing((c("host"),)),
    "device.hostname": NotIp(f("syslog.host")),
    "device.ip": Ip(f("syslog.host")),
    "device.type_id": c(0),
    "count": num("syslog.repeated"),
    "unmapped.syslog.facility": f("syslog.facility"),
    "unmapped.syslog.msgid": f("syslog.msgid"),
    "unmapped.syslog.data": f("syslog.data"),
}
"""What the header says, for the defaults of a mapper: host, program, how often the line came."""

PROGRAM: Tree = {
    "actor.app_name": f("syslog.app"),
    "actor.process": Obj({"name": f("syslog.app"), "pid": num("syslog.pid")}, ("pid",)),
}
"""The program that wrote the line, as the acting process where its id is known."""

LINUX: Tree = {
    "device.os.name": Lookup(f("body"), {}, other="Linux"),
    "device.os.type_id": c(200),
    "device.os.type": c("Linux"),
    # OCSF wants a device that is known by something; a line without header has no name for it.
    "device.uid": When(
        Lookup(f("node", "syslog.host"), {}, other="named", default="nameless"),
        frozenset({"nameless"}),
        c("unknown"),
    ),
}


def on(*events: str) -> tuple[tuple[str, frozenset[str]], ...]:
    """Give the condition that a line matched one of these patterns."""
    return (("event", frozenset(events)),)


def fallback(tree: Tree | None = None) -> Rule:
    """Give the last rule: what a program says besides, with its host, program and time."""
    return Rule(
        name="other message",
        class_uid=0,
        severity_id=BY_LEVEL,
        tree={**PROGRAM, **MESSAGE, **(tree or {})},
    )


SOURCE: Tree = {
    "src_endpoint.ip": Ip(f("ip")),
    "src_endpoint.hostname": NotIp(f("ip")),
    "src_endpoint.port": num("port", maximum=65_535),
}
"""The other side, by the groups `ip` (an address or a name) and `port`."""

HERE: Tree = {
    "dst_endpoint.hostname": NotIp(f("syslog.host")),
    "dst_endpoint.ip": Ip(f("syslog.host")),
}
"""The host that wrote the line, as the destination."""
SUCCESS: Tree = {"status_id": c(1)}
FAILURE: Tree = {"status_id": c(2)}
EVENT_CODE: Tree = {"metadata.event_code": f("event")}


def program_log(
    name: str,
    title: str,
    made_by: tuple[str, str],
    layouts: tuple[Layout, ...],
    rules: tuple[Rule, ...],
    *,
    linux: bool = False,
    times: tuple[TimeField, ...] = (),
    nulls: frozenset[str] = frozenset(),
    limits: str = "",
) -> Mapper:
    """Give the mapper of programs that write text behind a syslog header.

    Args:
        name: the mapper's name.
        title: what it reads, for people.
        made_by: product and vendor.
        layouts: the lines.
        rules: what they become.
        linux: the host is a Linux one.
        times: where a time stands besides the header's; they are tried first.
        nulls: texts that stand for nothing besides "" and "-".
        limits: what it does not do.
    """
    return Mapper(
        name=name,
        title=title,
        shapes=(TEXT,),
        layouts=layouts,
        times=(*times, SYSLOG_TIME),
        nulls=NULLS | nulls,
        defaults={**product(*made_by), **HEADER, **EVENT_CODE, **(LINUX if linux else {})},
        rules=rules,
        limits=limits,
    )
