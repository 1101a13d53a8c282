"""Questions about Windows Security and Sysmon records as flat JSON objects."""

from __future__ import annotations

from collections.abc import Sequence

from sentree.evals.asked.records import (
    RealQuestion,
    Record,
    busiest,
    members,
    number,
    short,
    top,
)


def questions(records: Sequence[Record]) -> list[RealQuestion]:
    """Ask about hosts, event ids, programs, logons, lookups, accesses and ports."""
    records = [one for one in records if "EventID" in one and one.get("Hostname")]
    sysmon = [one for one in records if "Sysmon" in str(one.get("SourceName"))]
    security = [one for one in records if str(one.get("Channel")).lower() == "security"]
    starts = _ids(sysmon, 1) + _ids(security, 4688)
    logons, lookups, accesses = _ids(security, 4624), _ids(sysmon, 22), _ids(sysmon, 10)
    flows = _ids(sysmon, 3) + _ids(security, 5156)
    asked = [
        members("which hosts are in the data?", map(_host, records)),
        top("what is the most common event id", (one["EventID"] for one in records)),
        top("which host has the most events", map(_host, records)),
        number("how many process starts are there", len(starts)),
        number("how many successful logons", len(logons)),
        number("how many failed logons", len(_ids(security, 4625))),
        number("how many dns queries", len(lookups)),
        number("how many times was the audit log cleared", len(_ids(security, 1102))),
        number("how many remote threads were created", len(_ids(sysmon, 8))),
        members("which users logged on?", (one.get("TargetUserName") for one in logons)),
        members("which domains were queried", (one.get("QueryName") for one in lookups)),
        members(
            "which shares were accessed",
            (one.get("ShareName") for one in _ids(security, 5140) + _ids(security, 5145)),
        ),
        top("which program started most often", map(_image, starts)),
    ]
    for host in busiest(map(_host, records), 3):
        own = [one for one in records if _host(one) == host]
        asked += [
            number(f"how many events on {host}", len(own)),
            number(f"how many sysmon events on {host}?", sum(_host(one) == host for one in sysmon)),
            number(f"how many process starts on {host}", sum(_host(one) == host for one in starts)),
            number(f"how many logons on {host}", sum(_host(one) == host for one in logons)),
            members(
                f"who logged on to {host}?",
                (one.get("TargetUserName") for one in logons if _host(one) == host),
            ),
        ]
        for event_id in busiest((one["EventID"] for one in own), 4):
            same = sum(str(one["EventID"]) == event_id for one in own)
            asked.append(number(f"how many events with event id {event_id} on {host}", same))
    for name in busiest((_base(_image(one)) for one in starts), 8):
        own = [one for one in starts if _base(_image(one)) == name]
        asked += [
            number(f"how many times was {name} started", len(own)),
            members(f"which programs started {name}", map(_parent, own)),
        ]
    for name in busiest((_base(_parent(one)) for one in starts if _parent(one)), 4):
        own = [one for one in starts if _base(_parent(one)) == name]
        asked.append(members(f"which programs did {name} start", map(_image, own)))
    for name in busiest((_base(str(one.get("TargetImage"))) for one in accesses), 3):
        own = [one for one in accesses if _base(str(one.get("TargetImage"))) == name]
        if name.endswith(".exe"):
            asked += [
                members(f"which programs accessed {name}?", (one["SourceImage"] for one in own)),
                number(f"how many times was {name} accessed", len(own)),
            ]
    for domain in busiest((one.get("QueryName") for one in lookups), 3):
        own = [one for one in lookups if str(one.get("QueryName")) == domain]
        if "." in domain:
            asked.append(members(f"which programs resolved {domain}", (o["Image"] for o in own)))
    for port in busiest(map(_port, flows), 5):
        own = [one for one in flows if _port(one) == port]
        asked.append(number(f"how many connections to port {port}", len(own)))
    return short(asked)


def _ids(records: Sequence[Record], event_id: int) -> list[Record]:
    return [one for one in records if str(one["EventID"]) == str(event_id)]


def _host(record: Record) -> str:
    return str(record["Hostname"]).split(".")[0].lower()


def _image(record: Record) -> str:
    return str(record.get("Image") or record.get("NewProcessName"))


def _parent(record: Record) -> str:
    return str(record.get("ParentImage") or record.get("ParentProcessName") or "")


def _port(record: Record) -> str | None:
    value = record.get("DestinationPort") or record.get("DestPort")
    return None if value is None else str(value)


def _base(path: str) -> str:
    return path.rpartition("\\")[2].lower()
