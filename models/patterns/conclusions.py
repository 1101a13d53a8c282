"""Findings that only the merged counts of all partitions allow: sprays, bursts, mass changes."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from models.patterns.wording import plain
from schemas.claim import Evidence
from schemas.finding import Finding, FindingKind, Tally

GUESSES = 8
"""Failed logons of one user from one source in ten minutes that make a guessing attack."""
SPRAYED_USERS = 5
SURVEY_OPERATIONS = 15
"""Distinct read operations of one principal in one hour that make a survey."""
SECRET_READS = 10
REFUSALS = 8
CHANGED_FILES = 150
CITED = 8


@dataclass(frozen=True, slots=True)
class Conclusion:
    """A finding to be: its words, and the tallies it rests on."""

    kind: FindingKind
    name: str
    tallies: tuple[Tally, ...]
    host: str | None
    user: str | None
    statement: str
    score: int
    techniques: tuple[str, ...]
    sensor: str
    quote: str | None

    @property
    def count(self) -> int:
        """How many events it rests on."""
        return sum(tally.count for tally in self.tallies)


def conclude(tallies: Iterable[Tally]) -> list[Conclusion]:
    """Draw every conclusion the tallies allow, in the order of their first event."""
    by_kind: dict[str, list[Tally]] = defaultdict(list)
    for tally in tallies:
        by_kind[tally.key[0]].append(tally)
    found = [
        *_guessing(by_kind["failed logon"], by_kind["logon"]),
        *_surveys(by_kind["survey call"]),
        *_secret_reads(by_kind["secret read"]),
        *_refusals(by_kind["refused call"]),
        *_mass_changes(by_kind["changed files"]),
    ]
    return sorted(found, key=lambda each: (each.tallies[0].first, each.name, each.statement))


def to_finding(conclusion: Conclusion, verified_quote: bool) -> Finding:
    """Make the finding: evidence is the smallest sample over its tallies."""
    sample = sorted({pair for tally in conclusion.tallies for pair in tally.sample})[:CITED]
    quote = conclusion.quote if verified_quote else None
    key = "|".join((conclusion.name, *(part for t in conclusion.tallies[:1] for part in t.key)))
    return Finding(
        finding_uid=hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()[:20],
        kind=conclusion.kind,
        time=min(tally.first for tally in conclusion.tallies),
        host=conclusion.host,
        user=conclusion.user,
        statement=conclusion.statement,
        evidence=tuple(Evidence(event_uid=uid, quote=quote) for _, uid in sample),
        techniques=conclusion.techniques,
        score=conclusion.score,
        fact=f"count|{key}"[:300],
        sensor=conclusion.sensor,
    )


def _guessing(failed: Sequence[Tally], succeeded: Sequence[Tally]) -> Iterable[Conclusion]:
    groups: dict[tuple[str, str], list[Tally]] = defaultdict(list)
    for tally in failed:
        _, host, source, _, _ = tally.key
        groups[host, source].append(tally)
    for (host, source), group in sorted(groups.items()):
        yield from _bursts(host, source, group, succeeded)


def _bursts(
    host: str, source: str, group: Sequence[Tally], succeeded: Sequence[Tally]
) -> Iterable[Conclusion]:
    buckets: dict[str, list[Tally]] = defaultdict(list)
    for tally in group:
        buckets[tally.key[3]].append(tally)
    for _, inside in sorted(buckets.items()):
        inside.sort(key=lambda tally: (tally.first, tally.key))
        users = sorted({tally.key[4] for tally in inside if tally.key[4]})
        count = sum(tally.count for tally in inside)
        where = f"{plain(host, 64)}: " if host else ""
        origin = f" from {plain(source, 64)}" if source else ""
        minutes = _span(inside)
        if len(users) >= SPRAYED_USERS:
            name, score, technique = "password spray", 70, "T1110.003"
            text = f"{where}{count} failed logons of {len(users)} users{origin} {minutes}"
        elif max(tally.count for tally in inside) >= GUESSES:
            name, score, technique = "password guessing", 60, "T1110.001"
            text = f"{where}{count} failed logons of {plain(', '.join(users[:3]), 80)}{origin} {minutes}"
        else:
            continue
        yield Conclusion(
            FindingKind.CREDENTIAL_ACCESS, name, tuple(inside), host or None,
            users[0] if len(users) == 1 else None,
            f"{text} — {name}.", score, (technique,), "logons", source or None,
        )  # fmt: skip
        yield from _success_after(host, source, inside, succeeded)


def _success_after(
    host: str, source: str, burst: Sequence[Tally], succeeded: Sequence[Tally]
) -> Iterable[Conclusion]:
    """Find a logon from the guessing source, of a guessed user, within an hour after the guesses."""
    start, users = burst[0].first, {tally.key[4] for tally in burst}
    for tally in sorted(succeeded, key=lambda each: (each.first, each.key)):
        late = (tally.last - start).total_seconds()
        if source and tally.key[2] == source and tally.key[4] in users and 0 <= late <= 3600:
            user = tally.key[4]
            yield Conclusion(
                FindingKind.INITIAL_ACCESS, "logon after guessing", (tally,), tally.key[1] or None, user,
                f"{plain(tally.key[1], 64) or 'A host'}: {plain(user, 64)} logged on from "
                f"{plain(source, 64)}, which had failed {sum(t.count for t in burst)} times before — "
                "the guesses seem to have succeeded.",
                85, ("T1110", "T1078"), "logons", source,
            )  # fmt: skip
            return


def _grouped(tallies: Sequence[Tally]) -> list[tuple[str, str, list[Tally]]]:
    """Group cloud tallies by account, principal and hour, dropping services without a name."""
    groups: dict[tuple[str, str, str], list[Tally]] = defaultdict(list)
    for tally in tallies:
        _, account, principal, hour, _ = tally.key
        groups[account, principal, hour].append(tally)
    return [
        (account, principal, sorted(group, key=lambda tally: (tally.first, tally.key)))
        for (account, principal, _), group in sorted(groups.items())
    ]


def _surveys(tallies: Sequence[Tally]) -> Iterable[Conclusion]:
    for account, principal, group in _grouped(tallies):
        operations = sorted({tally.key[4] for tally in group})
        if len(operations) >= SURVEY_OPERATIONS:
            count = sum(tally.count for tally in group)
            yield _cloud(
                FindingKind.DISCOVERY, "survey of the account", account, principal, group,
                f"made {count} calls of {len(operations)} read operations {_span(group)}, "
                f"such as {plain(', '.join(operations[:4]), 120)}",
                35, ("T1580", "T1526"),
            )  # fmt: skip


def _secret_reads(tallies: Sequence[Tally]) -> Iterable[Conclusion]:
    for account, principal, group in _grouped(tallies):
        reads = [tally for tally in group if tally.key[4] != "Decrypt"]
        count = sum(tally.count for tally in reads)
        if count >= SECRET_READS:
            operations = sorted({tally.key[4] for tally in reads})
            yield _cloud(
                FindingKind.CREDENTIAL_ACCESS, "reading of secrets", account, principal, reads,
                f"called {', '.join(operations)} {count} times {_span(reads)}",
                60, ("T1555.006",) if "GetPasswordData" not in operations else ("T1552.005",),
            )  # fmt: skip


def _refusals(tallies: Sequence[Tally]) -> Iterable[Conclusion]:
    for account, principal, group in _grouped(tallies):
        count = sum(tally.count for tally in group)
        operations = sorted({tally.key[4] for tally in group})
        if count >= REFUSALS:
            yield _cloud(
                FindingKind.DISCOVERY, "refused calls", account, principal, group,
                f"was refused or failed {count} times on {plain(', '.join(operations[:4]), 120)} "
                f"{_span(group)}",
                40, ("T1580",),
            )  # fmt: skip


def _cloud(
    kind: FindingKind, name: str, account: str, principal: str, group: Sequence[Tally],
    did: str, score: int, techniques: tuple[str, ...],
) -> Conclusion:  # fmt: skip
    who = plain(principal, 64) or "a service"
    where = f"aws:{plain(account, 32)}" if account else None
    prefix = f"{where}: " if where else ""
    return Conclusion(
        kind, name, tuple(group), where, principal or None,
        f"{prefix}{who} {did} — {name}.", score, techniques, "cloudtrail", group[0].key[4],
    )  # fmt: skip


def _mass_changes(tallies: Sequence[Tally]) -> Iterable[Conclusion]:
    for tally in sorted(tallies, key=lambda each: (each.first, each.key)):
        _, host, actor, _, pid = tally.key
        if tally.count >= CHANGED_FILES:
            name = actor.replace("\\", "/").rpartition("/")[2]
            yield Conclusion(
                FindingKind.IMPACT, "mass change of files", (tally,), host or None, None,
                f"{plain(host, 64)}: {plain(name, 80)} (pid {plain(pid, 12)}) created or deleted "
                f"{tally.count} files {_span([tally])} — mass change of files, as encryption "
                "or a clean-up makes.",
                50, ("T1486",), "sysmon", name or None,
            )  # fmt: skip


def _span(group: Sequence[Tally]) -> str:
    first: datetime = min(tally.first for tally in group)
    last: datetime = max(tally.last for tally in group)
    if (last - first).total_seconds() < 60:
        return f"at {first:%H:%M} UTC"
    return f"between {first:%H:%M} and {last:%H:%M} UTC"
