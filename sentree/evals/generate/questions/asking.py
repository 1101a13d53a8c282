"""The questions that are asked about the generated company, in an analyst's words."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from schemas.question_truth import AnswerKind, QuestionFamily, QuestionSpec
from sentree.evals.generate.questions.facts import Company, Fact, Needle
from sentree.evals.generate.questions.tickets import LABELS
from sentree.evals.generate.questions.tracking import (
    Asked,
    Both,
    Count,
    Earlier,
    Edge,
    Pairs,
    Test,
    Tracker,
    Values,
)
from sentree.evals.generate.world import HOUR, iso

NUMBER, LABEL, SET = AnswerKind.NUMBER, AnswerKind.LABEL, AnswerKind.SET
PAIRS, INSTANT = AnswerKind.PAIRS, AnswerKind.INSTANT
NEEDLE, COUNTING = QuestionFamily.NEEDLE, QuestionFamily.COUNTING
PAIRING, ORDERING = QuestionFamily.PAIRING, QuestionFamily.ORDERING
MULTI_HOP = QuestionFamily.MULTI_HOP


def questions(spec: QuestionSpec, company: Company, planted: Sequence[Needle]) -> list[Tracker]:
    """Give the questions of a specification, none answered yet."""
    rng = Random(f"{spec.seed}:questions:asked")
    once = {one.fact.kind: one.fact for one in planted}
    return [
        *_needle(rng, once),
        *_counting(rng, company),
        *_by_meaning(rng, company),
        *_pairing(rng, company),
        *_ordering(rng, company, once),
        *_multi_hop(rng, company, once),
    ]


def _is(kind: str, **wanted: object) -> Test:
    """Make the test that a fact is of a kind and has these values."""
    return lambda fact: (
        fact.kind == kind and all(getattr(fact, name) == value for name, value in wanted.items())
    )


def _user(fact: Fact) -> str:
    return fact.user.name


def _host(fact: Fact) -> str:
    return fact.host.name


def _needle(rng: Random, once: dict[str, Fact]) -> list[Tracker]:
    dns, service, logon = once["dns"], once["service"], once["logon"]
    port = once["connection"].port
    return [
        Values(
            Asked(
                NEEDLE,
                rng.choice((f"which host resolved {dns.name}", f"who looked up {dns.name}?")),
                SET,
            ),
            _is("dns", name=dns.name),
            _host,
        ),
        Edge(
            Asked(NEEDLE, f"when was the service {service.name} installed", INSTANT),
            _is("service", name=service.name),
        ),
        Values(
            Asked(NEEDLE, f"which user logged on from {logon.source}?", SET),
            _is("logon", source=logon.source),
            _user,
        ),
        Values(
            Asked(NEEDLE, f"what did anyone connect to on port {port}", SET),
            _is("connection", port=port),
            lambda fact: fact.target,
        ),
        Values(
            Asked(NEEDLE, f"on which host was service {service.name} installed", SET),
            _is("service", name=service.name),
            _host,
        ),
    ]


def _counting(rng: Random, company: Company) -> list[Tracker]:
    user, host = rng.choice(company.users[:3]), rng.choice(company.hosts)
    target, domain = rng.choice(company.targets), rng.choice(company.domains)
    day = iso(
        company.start
        + rng.randrange(max(1, (company.end - company.start) // (24 * HOUR))) * 24 * HOUR
    )[:10]
    return [
        Count(
            Asked(COUNTING, f"how many failed logons were there for {user.name}", NUMBER),
            _is("failed", user=user),
        ),
        Count(
            Asked(COUNTING, f"how many failed logons on {host.name} on {day}?", NUMBER),
            lambda fact: fact.kind == "failed" and fact.host == host and iso(fact.time)[:10] == day,
        ),
        Count(
            Asked(COUNTING, f"how often did {user.name} log on to {host.name}", NUMBER),
            _is("logon", user=user, host=host),
        ),
        Count(
            Asked(COUNTING, f"how many connections from {host.name} to {target}", NUMBER),
            _is("connection", host=host, target=target),
        ),
        Count(
            Asked(COUNTING, f"number of DNS queries for {domain} by {host.name}", NUMBER),
            _is("dns", host=host, name=domain),
        ),
        Values(
            Asked(COUNTING, "which user has the most failed logons", LABEL),
            _is("failed"),
            _user,
            "top",
        ),
        Values(
            Asked(COUNTING, "which host made the most connections", LABEL),
            _is("connection"),
            _host,
            "top",
        ),
        Values(
            Asked(COUNTING, f"how many different users logged on to {host.name}?", NUMBER),
            _is("logon", host=host),
            _user,
            "number",
        ),
        Values(
            Asked(COUNTING, f"list the users who failed to log on to {host.name}", SET),
            _is("failed", host=host),
            _user,
        ),
        Count(
            Asked(COUNTING, f"how many times was whoami.exe run by {user.name}", NUMBER),
            lambda fact: (
                fact.kind == "process" and fact.user == user and fact.name.endswith("whoami.exe")
            ),
        ),
    ]


def _by_meaning(rng: Random, company: Company) -> list[Tracker]:
    """Ask what the tickets are about: the label stands in none of them."""
    label, other = rng.sample(list(LABELS), 2)
    user = company.users[0]
    choices = ", ".join(LABELS)
    lead = f"Every helpdesk ticket is about one of: {choices}. "
    return [
        Count(
            Asked(COUNTING, f"{lead}How many tickets are about {label}?", NUMBER, True),
            _is("ticket", label=label),
        ),
        Values(
            Asked(COUNTING, f"{lead}Which is the most common?", LABEL, True),
            _is("ticket"),
            lambda fact: fact.label,
            "top",
        ),
        Count(
            Asked(
                COUNTING,
                f"{lead}How many tickets from {user.name} are about {other}?",
                NUMBER,
                True,
            ),
            _is("ticket", label=other, user=user),
        ),
        Values(
            Asked(COUNTING, f"which users opened a ticket about {label}", SET, True),
            _is("ticket", label=label),
            _user,
        ),
        Count(
            Asked(
                COUNTING, f"how many tickets in the help desk's log concern {other}", NUMBER, True
            ),
            _is("ticket", label=other),
        ),
    ]


def _pairing(rng: Random, company: Company) -> list[Tracker]:
    one, other = rng.sample(company.hosts, 2)
    domain, target = rng.choice(company.domains), rng.choice(company.targets)
    label, second = rng.sample(list(LABELS), 2)
    return [
        Pairs(
            Asked(
                PAIRING,
                "List all pairs of users who logged on from the same address within one hour.",
                PAIRS,
            ),
            _is("logon"),
            _user,
            lambda fact: fact.source,
            HOUR,
        ),
        Both(
            Asked(PAIRING, f"which users logged on to both {one.name} and {other.name}?", SET),
            (_is("logon", host=one), _is("logon", host=other)),
            _user,
        ),
        Both(
            Asked(PAIRING, f"which hosts resolved {domain} and connected to {target}", SET),
            (_is("dns", name=domain), _is("connection", target=target)),
            _host,
        ),
        Both(
            Asked(
                PAIRING,
                f"Which users have both a ticket about {label} and one about {second}?",
                SET,
                True,
            ),
            (_is("ticket", label=label), _is("ticket", label=second)),
            _user,
        ),
    ]


def _ordering(rng: Random, company: Company, once: dict[str, Fact]) -> list[Tracker]:
    user, host = company.users[0], rng.choice(company.hosts)
    dns, service = once["dns"], once["service"]
    return [
        Edge(
            Asked(ORDERING, f"when did {user.name} first log on?", INSTANT),
            _is("logon", user=user),
        ),
        Edge(
            Asked(ORDERING, f"when was the last failed logon on {host.name}", INSTANT),
            _is("failed", host=host),
            last=True,
        ),
        Earlier(
            Asked(
                ORDERING,
                f"which came first: the lookup of {dns.name} or the"
                f" installation of {service.name}?",
                LABEL,
            ),
            {
                f"the lookup of {dns.name}": _is("dns", name=dns.name),
                f"the installation of {service.name}": _is("service", name=service.name),
            },
        ),
    ]


def _multi_hop(rng: Random, company: Company, once: dict[str, Fact]) -> list[Tracker]:
    dns, far = once["dns"], once["connection"]
    host = rng.choice(company.hosts)
    return [
        Values(
            Asked(MULTI_HOP, f"which users logged on to the host that resolved {dns.name}?", SET),
            _is("logon", host=dns.host),
            _user,
        ),
        Values(
            Asked(MULTI_HOP, f"who logged on to the host with address {host.ip}", SET),
            _is("logon", host=host),
            _user,
        ),
        Count(
            Asked(
                MULTI_HOP,
                f"how many failed logons were there on the host that connected to {far.target}?",
                NUMBER,
            ),
            _is("failed", host=far.host),
        ),
    ]
