"""The score of a CVSS 4.0 vector, interpolated between MacroVectors as specified."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files

_RANKS = {
    "AV": "NALP",
    "PR": "NLH",
    "UI": "NPA",
    "AC": "LH",
    "AT": "NP",
    "VC": "HLN",
    "VI": "HLN",
    "VA": "HLN",
    "SC": "SHLN",
    "SI": "SHLN",
    "SA": "SHLN",
    "CR": "HML",
    "IR": "HML",
    "AR": "HML",
}
"""Values of each metric, worst first; a step down is one unit of distance."""

REQUIRED_4 = ("AV", "AC", "AT", "PR", "UI", "VC", "VI", "VA", "SC", "SI", "SA")
_SUPPLEMENTAL = {
    "S": ("X", "N", "P"),
    "AU": ("X", "N", "Y"),
    "R": ("X", "A", "U", "I"),
    "V": ("X", "D", "C"),
    "RE": ("X", "L", "M", "H"),
    "U": ("X", "Clear", "Green", "Amber", "Red"),
}
METRICS_4: dict[str, tuple[str, ...]] = {
    **{name: tuple(_RANKS[name].lstrip("S")) for name in REQUIRED_4},
    "E": ("X", "A", "P", "U"),
    **{f"{name}R": ("X", "H", "M", "L") for name in "CIA"},
    **{f"M{name}": ("X", *_RANKS[name].lstrip("S")) for name in REQUIRED_4},
    "MSI": ("X", "S", "H", "L", "N"),
    "MSA": ("X", "S", "H", "L", "N"),
    **_SUPPLEMENTAL,
}

_GROUPS = (
    ("AV", "PR", "UI"),
    ("AC", "AT"),
    ("VC", "VI", "VA", "CR", "IR", "AR"),
    ("SC", "SI", "SA"),
)
"""The metrics of EQ1, EQ2, EQ3 joined with EQ6, and EQ4."""

_HIGHEST: tuple[dict[str, tuple[str, ...]], ...] = (
    {"0": ("NNN",), "1": ("ANN", "NLN", "NNP"), "2": ("PNN", "ALP")},
    {"0": ("LN",), "1": ("HN", "LP")},
    {
        "00": ("HHHHHH",),
        "01": ("HHLMMH", "HHHMMM"),
        "10": ("LHHHHH", "HLHHHH"),
        "11": ("LHLHMH", "LHHHMM", "HLHMHM", "HLLMHH", "LLHHHM"),
        "21": ("LLLHHH",),
    },
    {"0": ("HSS",), "1": ("HHH",), "2": ("LLL",)},
)
"""The highest severity vectors of each level, metrics in the order of `_GROUPS`."""

_DEPTH: tuple[dict[str, int], ...] = (
    {"0": 1, "1": 4, "2": 5},
    {"0": 1, "1": 2},
    {"00": 7, "01": 6, "10": 8, "11": 8, "21": 10},
    {"0": 6, "1": 5, "2": 4},
)
_EPSILON = 1e-6


def score_4(metrics: Mapping[str, str]) -> float:
    """Give the score of complete metrics, 0 to 10; what is not defined counts as the worst."""
    value = {name: _effective(metrics, name) for name in (*_RANKS, "E")}
    if all(value[name] == "N" for name in ("VC", "VI", "VA", "SC", "SI", "SA")):
        return 0.0
    eq = _levels(value)
    table = _table()
    top = table[eq]
    keys = (eq[0], eq[1], eq[2] + eq[5], eq[3])
    losses: list[float] = []
    for place, key in enumerate(keys):
        lower = max((table[one] for one in _below(eq, place) if one in table), default=None)
        if lower is not None:
            losses.append((top - lower) * _distance(value, place, key) / _DEPTH[place][key])
    if _replaced(eq, 4) in table:
        losses.append(0.0)
    score = top - (sum(losses) / len(losses) if losses else 0.0)
    return int(min(max(score, 0.0), 10.0) * 10 + 0.5 + _EPSILON) / 10


def _effective(metrics: Mapping[str, str], name: str) -> str:
    modified = metrics.get(f"M{name}", "X")
    given = modified if modified != "X" else metrics.get(name, "X")
    if given != "X":
        return given
    return "A" if name == "E" else "H"


def _levels(value: Mapping[str, str]) -> str:
    open_ = [value["AV"] == "N", value["PR"] == "N", value["UI"] == "N"]
    high = [value[name] == "H" for name in ("VC", "VI", "VA")]
    one = 0 if all(open_) else 1 if any(open_) and value["AV"] != "P" else 2
    two = 0 if value["AC"] == "L" and value["AT"] == "N" else 1
    three = 0 if high[0] and high[1] else 1 if any(high) else 2
    safety = "S" in (value["SI"], value["SA"])
    four = 0 if safety else 1 if "H" in (value["SC"], value["SI"], value["SA"]) else 2
    five = "APU".index(value["E"])
    needed = any(
        value[f"{name}R"] == "H" and is_high for name, is_high in zip("CIA", high, strict=True)
    )
    return f"{one}{two}{three}{four}{five}{0 if needed else 1}"


def _below(eq: str, place: int) -> list[str]:
    """Give the MacroVectors one level lower in one group; EQ3 and EQ6 fall together."""
    if place != 2:
        return [_replaced(eq, place)]
    if eq[2] == "0" and eq[5] == "0":
        return [_replaced(eq, 2), _replaced(eq, 5)]
    return [_replaced(eq, 5 if eq[2] == "1" and eq[5] == "0" else 2)]


def _replaced(eq: str, place: int) -> str:
    return f"{eq[:place]}{int(eq[place]) + 1}{eq[place + 1 :]}"


def _distance(value: Mapping[str, str], place: int, key: str) -> int:
    """Count the steps from the first highest vector that is nowhere below the vector."""
    names = _GROUPS[place]
    for highest in _HIGHEST[place][key]:
        steps = [
            _RANKS[name].index(value[name]) - _RANKS[name].index(top)
            for name, top in zip(names, highest, strict=True)
        ]
        if min(steps) >= 0:
            return sum(steps)
    return 0


@lru_cache(maxsize=1)
def _table() -> dict[str, float]:
    text = (files("sentree.intel") / "cvss4.json").read_text("utf-8")
    scores: dict[str, float] = json.loads(text)["scores"]
    return scores
