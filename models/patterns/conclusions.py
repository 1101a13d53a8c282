"""Findings that only the merged counts of all partitions allow: sprays, bursts, mass changes."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from models.patterns.wording import plain, quote_from, stands_in
from schemas.claim import Evidence
from schemas.finding import Finding, FindingKind, Tally

BUCKET_S = 600
"""Length of the buckets in which logons are counted."""

GUESSES = 8
"""Failed logons of one user from one source in two neighbouring buckets that make guessing."""
SPRAYED_USERS = 5
REFUSED_FACTORS = 5
"""Refused second factors of one user in two neighbouring buckets: a password is known by then."""
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
    def cited(self) -> tuple[str, ...]:
        """The events it cites: the first ones of its tallies."""
        sample = sorted({pair for tally in self.tallies for pair in tally.sample})
        return tuple(uid for _, uid in sample[:CITED])


def conclude(tallies: Iterable[Tally]) -> list[Conclusion]:
    """Draw every conclusion the tallies allow, in the order of their first event."""
    by_kind: dict[str, list[Tally]] = defaultdict(list)
    for tally in tallies:
        by_kind[tally.key[0]].append(tally)
    found = [
        *_guessing(by_kind["failed logon"], by_kind["logon"]),
        *_guessing(by_kind["refused factor"], by_kind["logon"]),
        *_surveys(by_kind["survey call"]),
        *_secret_reads(by_kind["secret read"]),
        *_refusals(by_kind["refused call"]),
        *_mass_changes(by_kind["changed files"]),
    ]
    return sorted(found, key=lambda each: (each.tallies[0].first, each.name, each.statement))


def to_finding(conclusion: Conclusion, texts: Mapping[str, tuple[str, ...]]) -> Finding:
    """Make the finding: evidence is the smallest sample, each quoting what stands in its event."""
    key = "|".join((conclusion.name, *conclusion.tallies[0].key))
    return Finding(
        finding_uid=hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()[:20],
        kind=conclusion.kind,
        time=min(tally.first for tally in conclusion.tallies),
        host=conclusion.host,
        user=plain(conclusion.user, 128) if conclusion.user else None,
        statement=conclusion.statement,
        evidence=tuple(
            Evidence(event_uid=uid, quote=_quote(conclusion, texts.get(uid, ())))
            for uid in conclusion.cited
        ),
        techniques=conclusion.techniques,
        score=conclusion.score,
        fact=f"count|{key}"[:300],
        sensor=conclusion.sensor,
    )


def _quote(conclusion: Conclusion, texts: tuple[str, ...]) -> str | None:
    named = (conclusion.quote, *(tally.key[4] for tally in conclusion.tallies))
    quotes = (quote_from(value) for value in named if value)
    return next((quote for quote in quotes if quote and stands_in(quote, *texts)), None)


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
    for run in _runs(group):
        users = sorted({tally.key[4] for tally in run if tally.key[4]})
        densest = _densest(run)
        where = f"{plain(host, 64)}: " if host else ""
        origin = f" from {plain(source, 64)}" if source else ""
        text = f"{where}{sum(tally.count for tally in run)} failed logons of "
        if run[0].key[0] == "refused factor":
            if densest.guesses < REFUSED_FACTORS:
                continue
            name, score, technique = "requests for the second factor", 65, "T1621"
            text += f"{plain(', '.join(users[:3]), 80)} at the second factor{origin} {_span(run)}"
        elif densest.users >= SPRAYED_USERS:
            name, score, technique = "password spray", 70, "T1110.003"
            text += f"{len(users)} users{origin} {_span(run)}"
        elif densest.guesses >= GUESSES:
            name, score, technique = "password guessing", 60, "T1110.001"
            text += f"{plain(', '.join(users[:3]), 80)}{origin} {_span(run)}"
        else:
            continue
        yield Conclusion(
            kind=FindingKind.CREDENTIAL_ACCESS,
            name=name,
            tallies=tuple(run),
            host=host or None,
            user=users[0] if len(users) == 1 else None,
            statement=f"{text} — {name}.",
            score=score,
            techniques=(technique,),
            sensor="logons",
            quote=source or None,
        )
        yield from _success_after(host, source, run, succeeded)


class _Density(NamedTuple):
    """The most that any twenty minutes of a run hold: users tried, guesses at one of them."""

    users: int
    guesses: int


def _runs(group: Sequence[Tally]) -> Iterable[list[Tally]]:
    """Split tallies into runs of buckets that follow each other without an empty one between."""
    run: list[Tally] = []
    last: datetime | None = None
    for tally in sorted(group, key=lambda each: (each.key[3], each.key)):
        bucket = datetime.fromisoformat(tally.key[3])
        if last is not None and (bucket - last).total_seconds() > BUCKET_S:
            yield run
            run = []
        run.append(tally)
        last = bucket
    if run:
        yield run


def _densest(run: Sequence[Tally]) -> _Density:
    """Look at each bucket with the next one: a burst may lie across their border."""
    counts: dict[datetime, Counter[str]] = defaultdict(Counter)
    for tally in run:
        counts[datetime.fromisoformat(tally.key[3])][tally.key[4]] += tally.count
    pairs = [
        here + counts.get(bucket + timedelta(seconds=BUCKET_S), Counter())
        for bucket, here in list(counts.items())
    ]
    return _Density(
        max(sum(1 for user in pair if user) for pair in pairs),
        max(max(pair.values()) for pair in pairs),
    )


def _success_after(
    host: str, source: str, burst: Sequence[Tally], succeeded: Sequence[Tally]
) -> Iterable[Conclusion]:
    """Find a logon of a guessed user from the guessing source, up to an hour after the guesses."""
    start, users = min(tally.first for tally in burst), {tally.key[4] for tally in burst}
    end = max(tally.last for tally in burst) + timedelta(hours=1)
    for tally in sorted(succeeded, key=lambda each: (each.first, each.key)):
        _, at, origin, _, user = tally.key
        if (
            source
            and origin == source
            and user in users
            and start <= tally.last
            and tally.first <= end
        ):
            yield Conclusion(
                kind=FindingKind.INITIAL_ACCESS,
                name="logon after guessing",
                tallies=(tally,),
                host=at or None,
                user=user,
                statement=(
                    f"{plain(at, 64) or 'A host'}: {plain(user, 64)} logged on from "
                    f"{plain(source, 64)}, which had failed {sum(t.count for t in burst)} times — "
                    "the guesses seem to have succeeded."
                ),
                score=85,
                techniques=("T1078",),
                sensor="logons",
                quote=source,
            )
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
