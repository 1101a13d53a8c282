"""The same questions in other words, kept apart: they measure what was not mended on.

They were written after the analyst's words were done, put once, and are not to be mended on: a
wording that fails stays, or another file of fresh wordings is written to measure by.
"""

from __future__ import annotations

import re
from random import Random

_NAME = r"(?P<a>\S+?)"
_OTHER = r"(?P<b>\S+?)"
_WORDINGS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        rf"(?:which host resolved|who looked up) {_NAME}\??$",
        (
            "what machine asked DNS for {a}?",
            "name the computer that queried {a}",
            "show hosts with dns lookups of {a}",
        ),
    ),
    (
        rf"when was the service {_NAME} installed$",
        (
            "at what time was {a} installed as a service?",
            "{a} service installation time",
            "when did somebody install service {a}",
        ),
    ),
    (
        rf"which user logged on from {_NAME}\??$",
        (
            "whose login came from {a}?",
            "list accounts with a successful logon from {a}",
            "which account signed in from {a}",
        ),
    ),
    (
        rf"what did anyone connect to on port {_NAME}$",
        (
            "list destinations contacted on port {a}",
            "which IPs were contacted over tcp port {a}?",
            "destination addresses for port {a}",
        ),
    ),
    (
        rf"on which host was service {_NAME} installed$",
        ("where was {a} installed as a service", "which box got the service {a} installed?"),
    ),
    (
        rf"how many failed logons were there for {_NAME}$",
        (
            "count the unsuccessful sign-ins of {a}",
            "number of login failures for account {a}",
            "how many times did {a} fail to log in?",
        ),
    ),
    (
        rf"how many failed logons on {_NAME} on {_OTHER}\??$",
        ("on {b}, how many logins failed on {a}?", "count failed logins, host {a}, {b}"),
    ),
    (
        rf"how often did {_NAME} log on to {_OTHER}$",
        (
            "how many successful logins of {a} on {b}?",
            "count logons by {a} to machine {b}",
            "number of times {a} signed in to {b}",
        ),
    ),
    (
        rf"how many connections from {_NAME} to {_OTHER}$",
        (
            "how many times did {a} connect to {b}?",
            "number of network connections {a} -> {b}",
            "count of connections made by {a} to {b}",
        ),
    ),
    (
        rf"number of DNS queries for {_NAME} by {_OTHER}$",
        ("how often did {b} look up {a}?", "how many times was {a} resolved by {b}"),
    ),
    (
        r"which user has the most failed logons$",
        (
            "who failed to log on most often?",
            "top account by failed logins",
            "user with the highest number of login failures",
        ),
    ),
    (
        r"which host made the most connections$",
        ("top source host by connections", "which machine opened the most network connections?"),
    ),
    (
        rf"how many different users logged on to {_NAME}\??$",
        (
            "number of distinct accounts that signed in to {a}",
            "how many unique users on {a} logged in",
        ),
    ),
    (
        rf"list the users who failed to log on to {_NAME}$",
        ("whose logons failed on {a}?", "accounts with failed logins on {a}"),
    ),
    (
        rf"how many times was whoami.exe run by {_NAME}$",
        ("how often did {a} execute whoami?", "count of whoami.exe executions by user {a}"),
    ),
    (
        r"List all pairs of users who logged on from the same address within one hour\.$",
        (
            "which pairs of users signed in from the same IP within 60 minutes of each other?",
            "find users that logged on from the same source address within an hour",
        ),
    ),
    (
        rf"which users logged on to both {_NAME} and {_OTHER}\?$",
        (
            "list users who logged on to {a} and also logged on to {b}",
            "who signed in to both {a} and {b}?",
        ),
    ),
    (
        rf"which hosts resolved {_NAME} and connected to {_OTHER}$",
        (
            "hosts that both looked up {a} and contacted {b}",
            "which machines queried {a} and also connected to {b}?",
        ),
    ),
    (
        rf"when did {_NAME} first log on\?$",
        ("time of the first successful login of {a}", "earliest logon by {a}?"),
    ),
    (
        rf"when was the last failed logon on {_NAME}$",
        ("most recent login failure on {a}", "at what time did a logon last fail on {a}?"),
    ),
    (
        rf"which came first: the lookup of {_NAME} or the installation of {_OTHER}\?$",
        (
            "what happened first, the lookup of {a} or the installation of {b}?",
            "was {a} looked up before {b} was installed?",
        ),
    ),
    (
        rf"which users logged on to the host that resolved {_NAME}\?$",
        (
            "who logged in to the machine that looked up {a}?",
            "list accounts that signed in on the computer which queried {a}",
        ),
    ),
    (
        rf"who logged on to the host with address {_NAME}$",
        ("which users signed in to the machine at {a}?", "accounts that logged on to {a}"),
    ),
    (
        rf"how many failed logons were there on the host that connected to {_NAME}\?$",
        ("count login failures on the machine that contacted {a}",),
    ),
)


def reworded(text: str, rng: Random) -> str | None:
    """Put a question in other words; None where there are none."""
    for pattern, wordings in _WORDINGS:
        if found := re.match(pattern, text):
            return rng.choice(wordings).format(**found.groupdict())
    return None
