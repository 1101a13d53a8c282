"""What ATT&CK v19 made of v18's ids: rules carry the newer ones, the data here is v18.1.

v19 took Impair Defenses apart and moved the clearing of logs to it. A technique that v19 only
renumbered keeps the description it had.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Successor(NamedTuple):
    """A technique of v19, and those of v18 that it took over, the nearest first."""

    uid: str
    name: str
    before: tuple[str, ...] = ()
    tactics: tuple[str, ...] = ("defense-evasion",)


NEWER: tuple[Successor, ...] = (
    Successor("T1684", "Social Engineering", (), ("initial-access", "defense-evasion")),
    Successor("T1684.001", "Impersonation", ("T1656",)),
    Successor("T1684.002", "Email Spoofing", ("T1672",)),
    Successor("T1685", "Disable or Modify Tools", ("T1562.001", "T1562", "T1562.006")),
    Successor("T1685.001", "Disable or Modify Windows Event Log", ("T1562.002",)),
    Successor("T1685.002", "Disable or Modify Cloud Log", ("T1562.008",)),
    Successor("T1685.003", "Modify or Spoof Tool UI", ("T1562.011",)),
    Successor("T1685.004", "Disable or Modify Linux Audit System Log", ("T1562.012",)),
    Successor("T1685.005", "Clear Windows Event Logs", ("T1070.001",)),
    Successor("T1685.006", "Clear Linux or Mac System Logs", ("T1070.002",)),
    Successor("T1686", "Disable or Modify System Firewall", ("T1562.004",)),
    Successor("T1686.001", "Cloud Firewall", ("T1562.007",)),
    Successor("T1686.002", "Network Device Firewall", ("T1562.013",)),
    Successor("T1686.003", "Windows Host Firewall"),
    Successor("T1687", "Exploitation for Defense Impairment"),
    Successor("T1688", "Safe Mode Boot", ("T1562.009",)),
    Successor("T1689", "Downgrade Attack", ("T1562.010",)),
    Successor("T1690", "Prevent Command History Logging", ("T1562.003",)),
)
"""The ids that v19 brought, as far as rules and reports need them."""

FORWARD: Mapping[str, str] = {old: one.uid for one in NEWER for old in one.before}
BACKWARD: Mapping[str, str] = {
    **{one.uid: one.before[0] for one in NEWER if one.before},
    "T1686.003": "T1562.004",
    "T1687": "T1211",
}
"""The nearest id of v18.1 for each id that v19 brought."""

BY_ID: Mapping[str, Successor] = {one.uid: one for one in NEWER}
"""The techniques that v19 brought, by id."""
