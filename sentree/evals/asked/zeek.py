"""Questions about Zeek's logs in JSON, whichever way the fields' dots are written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime

from sentree.evals.asked.records import (
    RealQuestion,
    Record,
    busiest,
    instant,
    members,
    number,
    short,
    top,
)


def field(record: Record, name: str) -> str | None:
    """Give a field, with a dot or an underscore in its name."""
    value = record.get(name, record.get(name.replace(".", "_")))
    return None if value is None else str(value)


def questions(records: Sequence[Record]) -> list[RealQuestion]:
    """Ask about connections, ports, lookups and times."""
    timed = [one for one in records if one.get("ts")]
    conn, dns, http = (_log(timed, name) for name in ("conn", "dns", "http"))
    every = [one for one in timed if field(one, "id.orig_h")]
    asked = [
        number("how many connections were there?", len(conn)),
        number("how many DNS queries", len(dns)),
        number("number of HTTP requests", len(http)),
        top("which destination port has the most connections", _of(conn, "id.resp_p")),
        top("which source has the most connections", _of(conn, "id.orig_h")),
        top("most queried domain", _of(dns, "query")),
        top("which host made the most dns queries", _of(dns, "id.orig_h")),
        members("which hosts made DNS queries?", _of(dns, "id.orig_h")),
        instant("when was the last dns query", map(_time, dns), last=True),
        instant("first http request", map(_time, http)),
    ]
    for day in busiest((_time(one)[:10] for one in timed), 2):
        asked.append(
            number(f"how many events on {day}", sum(_time(one)[:10] == day for one in timed))
        )
    pairs = busiest((f"{field(one, 'id.orig_h')} {field(one, 'id.resp_h')}" for one in conn), 6)
    for source, target in (pair.split() for pair in pairs):
        own = [
            one
            for one in conn
            if (field(one, "id.orig_h"), field(one, "id.resp_h")) == (source, target)
        ]
        asked += [
            number(f"how many connections from {source} to {target}", len(own)),
            instant(f"first connection from {source} to {target}", map(_time, own)),
        ]
    for port in busiest(_of(conn, "id.resp_p"), 6):
        test = _is("id.resp_p", port)
        asked += [
            members(f"which hosts connected to port {port}", _of(filter(test, every), "id.orig_h")),
            number(f"how many connections to port {port}", sum(map(test, conn))),
        ]
    for host in busiest(_of(conn, "id.orig_h"), 4):
        own = [one for one in every if field(one, "id.orig_h") == host]
        asked += [
            members(f"which hosts did {host} connect to", _of(own, "id.resp_h")),
            members(f"which domains did {host} look up", _of(_log(own, "dns"), "query")),
            number(f"how many dns queries by {host}", len(_log(own, "dns"))),
        ]
    for target in busiest(_of(conn, "id.resp_h"), 4):
        own = [one for one in every if field(one, "id.resp_h") == target]
        asked.append(members(f"who talked to {target}", _of(own, "id.orig_h")))
    for domain in busiest(_of(dns, "query"), 6):
        own = [one for one in dns if str(field(one, "query")).lower() == domain.lower()]
        if "." in domain:
            asked += [
                members(f"which hosts resolved {domain}?", _of(own, "id.orig_h")),
                instant(f"when was {domain} last queried", map(_time, own), last=True),
            ]
    return short(asked)


def _log(records: Sequence[Record], name: str) -> list[Record]:
    return [one for one in records if (one.get("@stream") or one.get("_path")) == name]


def _of(records: Iterable[Record], name: str) -> list[str | None]:
    return [field(one, name) for one in records]


def _is(name: str, value: str) -> Callable[[Record], bool]:
    return lambda one: field(one, name) == value


def _time(record: Record) -> str:
    return datetime.fromtimestamp(float(record["ts"]), UTC).isoformat()
