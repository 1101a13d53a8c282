"""The tables of a chain: steps in order, transitions, tactics nothing speaks of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from schemas.chain import ChainReport, ProseChain, TechniqueGuess
from schemas.section import Column, Row, Section, Table
from schemas.timeline import Timeline, TimelineEntry
from schemas.window import iso
from sentree.intel.attack import TACTICS, in_matrix_order, tactic_title, technique

MAX_ROWS = 500
MAX_CHAINS = 40
MAX_EVIDENCE = 40
LEAST_OTHER = 0.05
_PROBABILITY = "The probability says how likely the technique is the step's."

LOOK_FOR = {
    "reconnaissance": "scans, look-ups of staff and suppliers, phishing for information",
    "resource-development": "new domains, accounts and signing material that lead here",
    "initial-access": "mail, exposed services, suppliers and valid accounts before the first step",
    "execution": "process starts, script logs and scheduled or remote execution",
    "persistence": "new services, tasks, accounts, autostart entries and web shells",
    "privilege-escalation": "exploits, token use, changed policies and group memberships",
    "defense-evasion": "cleared logs, disabled sensors, renamed and signed binaries",
    "credential-access": "access to LSASS, SAM, NTDS and stores, odd ticket requests, keylogging",
    "discovery": "bursts of enumeration commands and directory queries",
    "lateral-movement": "logons, shares and remote sessions between hosts that rarely meet",
    "collection": "archives, staging folders, bulk reads of shares and mailboxes",
    "command-and-control": "beacons, tunnels, rare domains and remote access tools",
    "exfiltration": "large or regular outbound transfers and uploads to web storage",
    "impact": "encryption, deletion, stopped services, money moved",
}
"""Per tactic, where its traces usually are: hints of ours, not findings."""

_PAIR = (
    Column(name="from", kind="technique"),
    Column(name="from name"),
    Column(name="to", kind="technique"),
    Column(name="to name"),
    Column(name="probability", kind="share", note="link and both techniques together"),
)


def sections(report: ChainReport) -> list[Section]:
    """Arrange the report: what all accounts share first when there are several, then each."""
    found: list[Section] = []
    if len(report.chains) > 1:
        shared = _shared_transitions(report.chains)
        if shared.rows:
            found.append(Section(key="all", title="All accounts together", tables=(shared,)))
    for number, chain in enumerate(report.chains[:MAX_CHAINS], start=1):
        found.append(_chain_section(chain, number))
    if len(report.chains) > MAX_CHAINS:
        rest = len(report.chains) - MAX_CHAINS
        note = f"{rest:,} more accounts: the JSON report has all under data."
        found.append(Section(key="more", title="More accounts", notes=(note,)))
    if report.rejected:
        rows = tuple(
            Row(cells=(one.file, one.line, one.reason)) for one in report.rejected[:MAX_ROWS]
        )
        columns = (Column(name="file"), Column(name="line", kind="number"), Column(name="reason"))
        table = Table(key="rejected", title="Set aside", columns=columns, rows=rows)
        found.append(Section(key="read", title="What could not be used", tables=(table,)))
    return found


def timeline_section(timeline: Timeline) -> Section:
    """Show the chain of a timeline as the chain of an account is shown."""
    entries = {one.entry_uid: one for one in timeline.entries}
    steps = [
        Row(
            cells=(
                iso(one.time),
                one.host,
                ", ".join(tactic_title(name) for name in one.tactics) or None,
                one.technique,
                one.name,
                one.probability,
                entries[one.entry_uid].statement if one.entry_uid in entries else None,
            ),
            evidence=_events(entries, one.entry_uid),
        )
        for one in timeline.chain[:MAX_ROWS]
    ]
    links = [
        Row(
            cells=(
                one.source,
                technique(one.source).name,
                one.target,
                technique(one.target).name,
                one.probability,
            ),
            evidence=tuple(uid for entry in one.entry_uids for uid in _events(entries, entry)),
        )
        for one in timeline.transitions[:MAX_ROWS]
    ]
    step_columns = (
        Column(name="time", kind="time"),
        Column(name="host"),
        Column(name="tactic"),
        Column(name="technique", kind="technique"),
        Column(name="name"),
        Column(name="probability", kind="share"),
        Column(name="row"),
    )
    return Section(
        key="chain",
        title="Chain of the timeline",
        tables=(
            Table(key="steps", title="First sightings", columns=step_columns, rows=tuple(steps)),
            Table(key="links", title="Transitions", columns=_PAIR, rows=tuple(links)),
        ),
    )


def missing_tactics(chain: ProseChain) -> tuple[str, ...]:
    """Name the tactics from initial access on that no step speaks of, in matrix order."""
    seen = {tactic for step in chain.steps for tactic in step.tactics}
    if not seen:
        return ()
    first = TACTICS.index("initial-access")
    return tuple(one for one in TACTICS[first:] if one not in seen)


def seen_tactics(chain: ProseChain) -> tuple[str, ...]:
    """Name the tactics of the steps in matrix order."""
    return in_matrix_order({tactic for step in chain.steps for tactic in step.tactics})


def why(guess: TechniqueGuess) -> str:
    """Say in words what a technique rests on."""
    match guess.basis:
        case "stated":
            return "its id is stated"
        case "name":
            same = guess.quote.casefold() == guess.name.casefold()
            return "by its name" if same else f"named: {guess.quote}"
        case "tactic":
            return "its tactic is stated"
        case "text":
            return f"words: {guess.quote}" if guess.quote else "its words as a whole"


def _events(entries: Mapping[str, TimelineEntry], uid: str) -> tuple[str, ...]:
    return tuple(ev.event_uid for ev in entries[uid].evidence[:1]) if uid in entries else ()


def _chain_section(chain: ProseChain, number: int) -> Section:
    made = (_steps(chain, number), _transitions(chain, number), _missing(chain, number))
    return Section(
        key=f"chain-{number}",
        title=chain.name,
        tables=tuple(one for one in made if one.rows),
        notes=(chain.order_note,) if chain.order_note else (),
    )


def _steps(chain: ProseChain, number: int) -> Table:
    timed = any(step.time for step in chain.steps)
    rows: list[Row] = []
    for step in chain.steps[:MAX_ROWS]:
        first = step.guesses[0] if step.guesses else None
        rows.append(
            Row(
                cells=(
                    step.position,
                    *((iso(step.time) if step.time else None,) if timed else ()),
                    first.technique if first else None,
                    first.name if first else "no technique named",
                    first.probability if first else None,
                    step.summary,
                    _why_and_others(step.guesses) if first else None,
                    ", ".join(tactic_title(one) for one in step.tactics) or None,
                ),
                evidence=(step.step_uid,),
            )
        )
    columns = (
        Column(name="place", kind="number"),
        *((Column(name="time", kind="time"),) if timed else ()),
        Column(name="technique", kind="technique"),
        Column(name="name"),
        Column(name="probability", kind="share"),
        Column(name="step"),
        Column(name="why"),
        Column(name="tactic"),
    )
    return Table(
        key=f"steps-{number}",
        title="Steps in order",
        columns=columns,
        rows=tuple(rows),
        note=_PROBABILITY,
    )


def _why_and_others(guesses: Sequence[TechniqueGuess]) -> str:
    others = ", ".join(
        f"{one.technique} {one.probability:.0%}"
        for one in guesses[1:3]
        if one.probability >= LEAST_OTHER
    )
    return f"{why(guesses[0])}; or {others}" if others else why(guesses[0])


def _transitions(chain: ProseChain, number: int) -> Table:
    reasons: Mapping[tuple[str, ...], tuple[str, ...]] = {
        (link.source_uid, link.target_uid): link.reasons for link in chain.links
    }
    rows = [
        Row(
            cells=(
                one.source,
                technique(one.source).name,
                one.target,
                technique(one.target).name,
                one.probability,
                ", ".join(reasons.get(one.entry_uids, ())),
            ),
            evidence=one.entry_uids,
        )
        for one in chain.transitions[:MAX_ROWS]
    ]
    columns = (*_PAIR, Column(name="why"))
    return Table(
        key=f"transitions-{number}", title="Transitions", columns=columns, rows=tuple(rows)
    )


def _missing(chain: ProseChain, number: int) -> Table:
    rows = [Row(cells=(tactic_title(one), LOOK_FOR[one])) for one in missing_tactics(chain)]
    columns = (Column(name="tactic"), Column(name="look for"))
    return Table(
        key=f"missing-{number}",
        title="Tactics that no step speaks of",
        columns=columns,
        rows=tuple(rows),
        note="Not told is not the same as not done.",
    )


def _shared_transitions(chains: Sequence[ProseChain]) -> Table:
    """Count in how many accounts a transition is found."""
    counts: Counter[tuple[str, str]] = Counter()
    evidence: dict[tuple[str, str], list[str]] = {}
    for chain in chains:
        for one in chain.transitions:
            counts[one.source, one.target] += 1
            evidence.setdefault((one.source, one.target), []).extend(one.entry_uids)
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    rows = [
        Row(
            cells=(source, technique(source).name, target, technique(target).name, count),
            evidence=tuple(dict.fromkeys(evidence[source, target]))[:MAX_EVIDENCE],
        )
        for (source, target), count in ranked
        if count > 1
    ]
    columns = (*_PAIR[:4], Column(name="accounts", kind="number"))
    return Table(
        key="shared",
        title="Transitions found in more than one account",
        columns=columns,
        rows=tuple(rows[:MAX_ROWS]),
    )
