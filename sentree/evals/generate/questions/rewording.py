"""The same questions in other words, written after the analyst's vocabulary was done.

What failed when they were first put has been mended since, so they are no measure of wordings
yet unseen any more: for that, write new ones, and put them before you read them.
"""

from __future__ import annotations

import re
from random import Random

_NAME = r"(?P<a>\S+?)"
_OTHER = r"(?P<b>\S+?)"
_WORDINGS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        rf"(?:which host resolved|who looked up) {_NAME}\??$",
        ("give me every endpoint with a query for {a}", "hosts resolving {a}?"),
    ),
    (
        rf"when was the service {_NAME} installed$",
        ("first time service {a} got installed", "when did {a} get installed?"),
    ),
    (
        rf"which user logged on from {_NAME}\??$",
        ("{a}: which user authenticated from there?", "users with logins originating from {a}"),
    ),
    (
        rf"what did anyone connect to on port {_NAME}$",
        ("which remote hosts were reached on port {a}?", "show me destinations for dst port {a}"),
    ),
    (
        rf"on which host was service {_NAME} installed$",
        ("which machine had service {a} installed?", "host where service {a} was created"),
    ),
    (
        rf"how many failed logons were there for {_NAME}$",
        ("total failed authentications for user {a}", "how many bad logins does {a} have?"),
    ),
    (
        rf"how many failed logons on {_NAME} on {_OTHER}\??$",
        ("total unsuccessful logons {b} at {a}", "failed login count for {a} during {b}"),
    ),
    (
        rf"how often did {_NAME} log on to {_OTHER}$",
        ("total logins for {a} at {b}", "how many times has {a} logged into {b}?"),
    ),
    (
        rf"how many connections from {_NAME} to {_OTHER}$",
        ("total flows between {a} and {b}", "how often did {a} reach out to {b}?"),
    ),
    (
        rf"number of DNS queries for {_NAME} by {_OTHER}$",
        ("how many lookups of {a} came from {b}?", "{b} dns requests for {a}, how many"),
    ),
    (
        r"which user has the most failed logons$",
        ("which account failed authentication the most?", "busiest user by failed sign-ins"),
    ),
    (
        r"which host made the most connections$",
        ("which computer has the highest number of connections?", "biggest talkers by connections"),
    ),
    (
        rf"how many different users logged on to {_NAME}\??$",
        ("count distinct users logging on to {a}", "{a}: how many individual accounts logged in?"),
    ),
    (
        rf"list the users who failed to log on to {_NAME}$",
        ("which identities had a failed logon at {a}?", "failed logins on {a}, by user"),
    ),
    (
        rf"how many times was whoami.exe run by {_NAME}$",
        ("number of whoami.exe runs for {a}", "how many whoami processes did {a} launch?"),
    ),
    (
        r"List all pairs of users who logged on from the same address within one hour\.$",
        ("show pairs of accounts that authenticated from the same ip within 1 hour",),
    ),
    (
        rf"which users logged on to both {_NAME} and {_OTHER}\?$",
        ("which accounts logged in on both {a} and {b}?",),
    ),
    (
        rf"which hosts resolved {_NAME} and connected to {_OTHER}$",
        ("which computers looked up {a} and talked to {b}?",),
    ),
    (
        rf"when did {_NAME} first log on\?$",
        ("{a}'s first logon", "what was the earliest successful sign-in by {a}?"),
    ),
    (
        rf"when was the last failed logon on {_NAME}$",
        ("latest failed authentication at {a}", "when did the last bad login on {a} happen?"),
    ),
    (
        rf"which users logged on to the host that resolved {_NAME}\?$",
        ("which accounts signed in to the computer that queried {a}?",),
    ),
    (
        rf"who logged on to the host with address {_NAME}$",
        ("who signed in on the machine with ip {a}?",),
    ),
    (
        rf"how many failed logons were there on the host that connected to {_NAME}\?$",
        ("how many failed sign-ins on the server that contacted {a}?",),
    ),
)


def reworded(text: str, rng: Random) -> str | None:
    """Put a question in other words; None where there are none."""
    for pattern, wordings in _WORDINGS:
        if found := re.match(pattern, text):
            return rng.choice(wordings).format(**found.groupdict())
    return None
