"""How facts that the baselines found remarkable become findings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from models.patterns.sight import basename
from models.patterns.wording import plain
from schemas.finding import FindingKind


@dataclass(frozen=True, slots=True)
class Notable:
    """A kind of remarkable fact: what to say of it and how much it matters."""

    kind: FindingKind
    score: int
    techniques: tuple[str, ...]
    say: Callable[[str, str, int, float], str]


def wording(row: Mapping[str, Any]) -> str:
    """Give the sentence, without its host, for a row of `baseline_notable`."""
    subject, item = plain(str(row["subject"] or ""), 100), plain(str(row["object"] or ""), 100)
    return NOTABLE[row["kind"]].say(
        subject, item, int(row["times"] or 0), float(row["amount"] or 0)
    )


def _megabytes(count: float) -> str:
    return f"{count / 1e6:.3g} MB"


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.3g} s"
    return f"{seconds / 60:.3g} min" if seconds < 7200 else f"{seconds / 3600:.3g} h"


NOTABLE: Mapping[str, Notable] = {
    "rare pair": Notable(
        FindingKind.RARE_PROCESS, 22, (),
        lambda parent, name, times, _: f"{parent} started {name}, a pair seen {_times(times)} in the slice",
    ),
    "new process": Notable(
        FindingKind.FIRST_SEEN, 20, (),
        lambda path, name, times, _: f"{basename(path)} ran for the first time, from {path}",
    ),
    "new destination": Notable(
        FindingKind.FIRST_SEEN, 20, (),
        lambda src, dst, times, _: f"{src} reached {dst} for the first time, outside the home networks",
    ),
    "rhythm": Notable(
        FindingKind.COMMAND_AND_CONTROL, 50, ("T1071",),
        lambda src, dst, times, gap: f"{src} reached {dst} {times} times at even intervals of about "
        f"{_duration(gap)}, as a beacon does",
    ),
    "upload": Notable(
        FindingKind.EXFILTRATION, 45, ("T1041",),
        lambda src, dst, times, size: f"{src} sent {_megabytes(size)} to {dst} in {times} connections",
    ),
    "long connection": Notable(
        FindingKind.COMMAND_AND_CONTROL, 30, ("T1571",),
        lambda src, dst, times, length: f"{src} kept a connection to {dst} open for {_duration(length)}",
    ),
    "port scan": Notable(
        FindingKind.DISCOVERY, 55, ("T1046",),
        lambda src, dst, times, length: f"{src} tried {times} ports of {dst} within {_duration(length)}",
    ),
    "host sweep": Notable(
        FindingKind.DISCOVERY, 50, ("T1018", "T1046"),
        lambda src, port, times, length: f"{src} tried port {port} of {times} hosts within "
        f"{_duration(length)}",
    ),
    "new logon": Notable(
        FindingKind.LOGON, 25, ("T1078",),
        lambda user, src, times, kind: f"{user} logged on from {src} for the first time "
        f"(logon type {kind:.0f}, {_times(times)} in the slice)",
    ),
    "privileged logon": Notable(
        FindingKind.PRIVILEGE, 20, ("T1078",),
        lambda user, _, times, __: f"{user} got administrator privileges at logon for the first time",
    ),
    "new agent": Notable(
        FindingKind.FIRST_SEEN, 30, ("T1078.004",),
        lambda who, agent, times, _: f"{who} called with the client `{agent}` for the first time",
    ),
    "new region": Notable(
        FindingKind.FIRST_SEEN, 35, ("T1535",),
        lambda who, region, times, _: f"{who} used the region {region} for the first time",
    ),
    "new address": Notable(
        FindingKind.FIRST_SEEN, 25, ("T1078.004",),
        lambda who, address, times, _: f"{who} called from {address} for the first time",
    ),
    "many names": Notable(
        FindingKind.COMMAND_AND_CONTROL, 55, ("T1071.004", "T1048"),
        lambda src, domain, times, length: f"{src} looked up {times} long names below {domain} within an "
        "hour, as a DNS tunnel does",
    ),
}  # fmt: skip


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
