"""Questions about CloudTrail records."""

from __future__ import annotations

from collections.abc import Sequence

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


def user_of(record: Record) -> str:
    """Give who called: the user's name, the role of a session, or the service."""
    identity = record.get("userIdentity") or {}
    issuer = (identity.get("sessionContext") or {}).get("sessionIssuer") or {}
    return str(
        identity.get("userName")
        or issuer.get("userName")
        or identity.get("invokedBy")
        or identity.get("type")
    )


def questions(records: Sequence[Record]) -> list[RealQuestion]:
    """Ask about users, operations, addresses, failures and times."""
    users = busiest(map(user_of, records), 4)
    named = [user for user in users if "." not in user]
    names = busiest((one["eventName"] for one in records), 6)
    failed = [one for one in records if one.get("errorCode")]
    asked = [
        number("how many events are there", len(records)),
        number("how many different API operations were used?", _distinct(records, "eventName")),
        number("how many API calls failed", len(failed)),
        top("what is the most used API operation", (one["eventName"] for one in records)),
        top("which user made the most API calls", map(user_of, records)),
        top("which source ip has the most events", map(_address, records)),
        top("which API operation failed most often", (one["eventName"] for one in failed)),
        members("which API calls failed?", (one["eventName"] for one in failed)),
        members("list the aws services", (one["eventSource"] for one in records)),
        members("which regions were used", (one["awsRegion"] for one in records)),
        members("which source ips are there", map(_address, records)),
        instant("when was the last event", (one["eventTime"] for one in records), last=True),
        instant("first failed API call", (one["eventTime"] for one in failed)),
    ]
    for user in named:
        own = [one for one in records if user_of(one) == user]
        asked += [
            number(f"how many API calls did {user} make", len(own)),
            number(
                f"how many events by {user} failed", sum(bool(one.get("errorCode")) for one in own)
            ),
            members(f"from which addresses did {user} make API calls", map(_address, own)),
            members(f"which API operations did {user} use?", (one["eventName"] for one in own)),
            instant(f"when was the first API call by {user}", (one["eventTime"] for one in own)),
            instant(f"last API call by {user}", (one["eventTime"] for one in own), last=True),
        ]
    for name in names:
        own = [one for one in records if one["eventName"] == name]
        asked += [
            number(f"how often was {name} called", len(own)),
            number(f"count {name}", len(own)),
            members(f"who called {name}?", map(user_of, own)),
            instant(f"when was {name} first called", (one["eventTime"] for one in own)),
            number(f"how many {name} calls failed", sum(bool(one.get("errorCode")) for one in own)),
        ]
    for start, end in (("11:50", "12:00"), ("12:00", "12:10"), ("12:20", "12:30")):
        inside = [one for one in records if start <= one["eventTime"][11:16] < end]
        asked.append(number(f"how many events between {start} and {end}", len(inside)))
    return short(asked)


def _address(record: Record) -> str | None:
    address = str(record.get("sourceIPAddress"))
    return address if address.replace(".", "").isdigit() or ":" in address else None


def _distinct(records: Sequence[Record], name: str) -> int:
    return len({one[name] for one in records})
