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


def _rare_pair(parent: str, name: str, times: int, _: float) -> str:
    return f"{parent} started {name}, a pair seen {_times(times)} in the slice"


def _new_process(path: str, name: str, times: int, _: float) -> str:
    return f"{basename(path)} ran for the first time, from {path}"


def _new_destination(src: str, dst: str, times: int, _: float) -> str:
    return f"{src} reached {dst} for the first time, outside the home networks"


def _rhythm(src: str, dst: str, times: int, gap: float) -> str:
    every = f"at even intervals of about {_duration(gap)}, as a beacon does"
    return f"{src} reached {dst} {times} times {every}"


def _upload(src: str, dst: str, times: int, size: float) -> str:
    return f"{src} sent {_megabytes(size)} to {dst} in {_count(times, 'connection')}"


def _long_connection(src: str, dst: str, times: int, length: float) -> str:
    return f"{src} kept a connection to {dst} open for {_duration(length)}"


def _much_contact(src: str, dst: str, times: int, length: float) -> str:
    return f"{src} opened {times} connections to {dst}, a large part of all it opened outside"


def _odd_port(src: str, dst: str, times: int, _: float) -> str:
    return f"{src} reached {dst}, an unusual port outside the home networks, {_times(times)}"


def _new_peer(src: str, dst: str, times: int, _: float) -> str:
    return f"{src} reached {dst}, a remote access port that no other host reached, {_times(times)}"


def _refused_peer(src: str, dst: str, times: int, _: float) -> str:
    tried = f"{src} tried {dst}, a remote access port that no other host reached"
    return f"{tried}, and was refused {_times(times)}"


def _attack_agent(who: str, agent: str, times: int, _: float) -> str:
    calls = _count(times, "call")
    return f"{who} made {calls} with a client that names a security testing tool, as `{agent}`"


def _port_scan(src: str, dst: str, times: int, length: float) -> str:
    return f"{src} tried {times} ports of {dst} within {_duration(length)}"


def _host_sweep(src: str, port: str, times: int, length: float) -> str:
    return f"{src} tried port {port} of {times} hosts within {_duration(length)}"


def _refused_fan(src: str, hosts: str, times: int, length: float) -> str:
    told = f"{times} refused connections from {src} to {hosts} hosts within {_duration(length)}"
    return f"{told}, to many ports"


def _new_logon(user: str, src: str, times: int, kind: float) -> str:
    how = f"logon type {kind:.0f}, {_times(times)} in the slice"
    return f"{user} logged on from {src} for the first time ({how})"


def _privileged(user: str, _: str, times: int, __: float) -> str:
    return f"{user} got administrator privileges at logon for the first time"


def _new_agent(who: str, agent: str, times: int, _: float) -> str:
    return f"{who} called with the client `{agent}` for the first time"


def _new_region(who: str, region: str, times: int, _: float) -> str:
    return f"{who} used the region {region} for the first time"


def _new_address(who: str, address: str, times: int, _: float) -> str:
    return f"{who} called from {address} for the first time"


def _taken_session(who: str, address: str, times: int, _: float) -> str:
    return f"a session of {who} that a build got was used from {address} for the first time"


def _many_copies(who: str, address: str, times: int, _: float) -> str:
    return f"{who} copied {times} repositories from {address} within an hour"


def _many_names(src: str, domain: str, times: int, length: float) -> str:
    return f"{src} looked up {times} long names below {domain} in an hour, as a DNS tunnel does"


def _sign_in(told: str) -> Callable[[str, str, int, float], str]:
    return lambda who, address, times, _: f"{who} signed in from {address} {told}"


def _from_new(did: str, thing: str) -> Callable[[str, str, int, float], str]:
    def say(who: str, address: str, times: int, _: float) -> str:
        return (
            f"{who} {did} from {address}, an address new for this account, {_count(times, thing)}"
        )

    return say


def _twin(sender: str, domain: str, times: int, _: float) -> str:
    return f"mail came from {sender}, whose domain is not {domain} but looks like it"


def _lure(name: str, sender: str, times: int, _: float) -> str:
    return f"{name} was looked up within a day of a mail from {sender} with a page to open"


def _inside(sender: str, domain: str, times: int, _: float) -> str:
    return f"mail from {sender}, inside {domain}, carries a file that runs or shows a page"


NOTABLE: Mapping[str, Notable] = {
    "rare pair": Notable(FindingKind.RARE_PROCESS, 22, (), _rare_pair),
    "new process": Notable(FindingKind.FIRST_SEEN, 20, (), _new_process),
    "new destination": Notable(FindingKind.FIRST_SEEN, 20, (), _new_destination),
    "rhythm": Notable(FindingKind.COMMAND_AND_CONTROL, 50, ("T1071",), _rhythm),
    "upload": Notable(FindingKind.EXFILTRATION, 45, ("T1041",), _upload),
    "long connection": Notable(FindingKind.COMMAND_AND_CONTROL, 30, ("T1571",), _long_connection),
    "much contact": Notable(FindingKind.COMMAND_AND_CONTROL, 45, ("T1071",), _much_contact),
    "odd port": Notable(FindingKind.COMMAND_AND_CONTROL, 30, ("T1571",), _odd_port),
    "new peer": Notable(FindingKind.LATERAL_MOVEMENT, 30, ("T1021",), _new_peer),
    "refused peer": Notable(FindingKind.DISCOVERY, 30, ("T1046",), _refused_peer),
    "attack agent": Notable(FindingKind.INDICATOR, 60, ("T1588.002",), _attack_agent),
    "port scan": Notable(FindingKind.DISCOVERY, 55, ("T1046",), _port_scan),
    "host sweep": Notable(FindingKind.DISCOVERY, 50, ("T1018", "T1046"), _host_sweep),
    "refused fan": Notable(FindingKind.DISCOVERY, 50, ("T1046",), _refused_fan),
    "new logon": Notable(FindingKind.LOGON, 25, ("T1078",), _new_logon),
    "privileged logon": Notable(FindingKind.PRIVILEGE, 20, ("T1078",), _privileged),
    "new agent": Notable(FindingKind.FIRST_SEEN, 30, ("T1078.004",), _new_agent),
    "new region": Notable(FindingKind.FIRST_SEEN, 35, ("T1535",), _new_region),
    "new address": Notable(FindingKind.FIRST_SEEN, 35, ("T1078.004",), _new_address),
    "session from new address": Notable(
        FindingKind.FIRST_SEEN, 45, ("T1550.001", "T1078.004"), _taken_session
    ),
    "new sign-in address": Notable(
        FindingKind.FIRST_SEEN, 35, ("T1078.004",), _sign_in("for the first time")
    ),
    "new gateway address": Notable(
        FindingKind.FIRST_SEEN, 35, ("T1133", "T1078"), _sign_in("for the first time")
    ),
    "sign-in without factor": Notable(
        FindingKind.LOGON,
        50,
        ("T1550.004", "T1078.004"),
        _sign_in("for the first time, without the factor that this account always gives"),
    ),
    "relayed sign-in": Notable(
        FindingKind.CREDENTIAL_ACCESS,
        60,
        ("T1557",),
        _sign_in(
            "with a second factor, and within the hour from another new address without, as after "
            "a page that passes the factor on"
        ),
    ),
    "session taken along": Notable(
        FindingKind.INITIAL_ACCESS,
        60,
        ("T1078.004", "T1550.004"),
        _sign_in(
            "without a second factor, within an hour of giving it at another new address, as with "
            "a stolen session"
        ),
    ),
    "secrets from new address": Notable(
        FindingKind.CREDENTIAL_ACCESS, 55, ("T1555.006",), _from_new("read secrets", "call")
    ),
    "objects from new address": Notable(
        FindingKind.COLLECTION, 50, ("T1530",), _from_new("fetched stored objects", "object")
    ),
    "role from new address": Notable(
        FindingKind.PRIVILEGE, 40, ("T1548.005",), _from_new("took a role or a session", "call")
    ),
    "function from new address": Notable(
        FindingKind.EXECUTION, 40, ("T1648",), _from_new("called functions", "call")
    ),
    "survey from new address": Notable(
        FindingKind.DISCOVERY, 38, ("T1580",), _from_new("asked what there is", "call")
    ),
    "stores from new address": Notable(
        FindingKind.DISCOVERY, 38, ("T1619",), _from_new("asked what is stored", "call")
    ),
    "code from new address": Notable(
        FindingKind.COLLECTION, 50, ("T1213.003",), _from_new("copied code", "repository")
    ),
    "many repositories": Notable(FindingKind.COLLECTION, 50, ("T1213.003",), _many_copies),
    "code changed from new address": Notable(
        FindingKind.EXECUTION, 45, ("T1677", "T1195.002"), _from_new("changed code", "push")
    ),
    "mail read from new address": Notable(
        FindingKind.COLLECTION, 38, ("T1114.002",), _from_new("read mail", "record")
    ),
    "mail sent from new address": Notable(
        FindingKind.LATERAL_MOVEMENT, 38, ("T1534",), _from_new("sent mail", "message")
    ),
    "mail deleted from new address": Notable(
        FindingKind.DEFENSE_EVASION, 38, ("T1070.008",), _from_new("deleted mail", "record")
    ),
    "files from new address": Notable(
        FindingKind.COLLECTION, 38, ("T1213.002",), _from_new("opened or took files", "record")
    ),
    "twin sender": Notable(FindingKind.INITIAL_ACCESS, 65, ("T1656", "T1566"), _twin),
    "lure visited": Notable(FindingKind.INITIAL_ACCESS, 55, ("T1566.002",), _lure),
    "page from inside": Notable(FindingKind.LATERAL_MOVEMENT, 55, ("T1534",), _inside),
    "many names": Notable(FindingKind.COMMAND_AND_CONTROL, 55, ("T1071.004", "T1048"), _many_names),
}
"""By the `kind` of a row of `baseline_notable`."""


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
