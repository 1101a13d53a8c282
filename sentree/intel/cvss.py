"""CVSS vectors of versions 2.0, 3.0, 3.1 and 4.0: parsed whole, with the score they amount to.

Base scores of 2.0 and 3.x follow the formulas of their specifications; 4.0 is in `cvss4`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from sentree.intel.cvss4 import METRICS_4, REQUIRED_4, score_4

_LEVELS_3 = {"AV": "NALP", "AC": "LH", "PR": "NLH", "UI": "NR", "S": "UC", "C": "NLH"}
_METRICS_3: dict[str, tuple[str, ...]] = {
    **{name: tuple(values) for name, values in _LEVELS_3.items()},
    "I": ("N", "L", "H"),
    "A": ("N", "L", "H"),
    "E": ("X", "U", "P", "F", "H"),
    "RL": ("X", "O", "T", "W", "U"),
    "RC": ("X", "U", "R", "C"),
    **{f"{name}R": ("X", "L", "M", "H") for name in "CIA"},
    **{f"M{name}": ("X", *values) for name, values in _LEVELS_3.items()},
    "MI": ("X", "N", "L", "H"),
    "MA": ("X", "N", "L", "H"),
}
_REQUIRED_3 = ("AV", "AC", "PR", "UI", "S", "C", "I", "A")
_METRICS_2: dict[str, tuple[str, ...]] = {
    "AV": ("L", "A", "N"),
    "AC": ("H", "M", "L"),
    "Au": ("M", "S", "N"),
    "C": ("N", "P", "C"),
    "I": ("N", "P", "C"),
    "A": ("N", "P", "C"),
    "E": ("U", "POC", "F", "H", "ND"),
    "RL": ("OF", "TF", "W", "U", "ND"),
    "RC": ("UC", "UR", "C", "ND"),
    "CDP": ("N", "L", "LM", "MH", "H", "ND"),
    "TD": ("N", "L", "M", "H", "ND"),
    **{f"{name}R": ("L", "M", "H", "ND") for name in "CIA"},
}
_REQUIRED_2 = ("AV", "AC", "Au", "C", "I", "A")
_RULES: dict[str, tuple[Mapping[str, tuple[str, ...]], tuple[str, ...]]] = {
    "2.0": (_METRICS_2, _REQUIRED_2),
    "3.0": (_METRICS_3, _REQUIRED_3),
    "3.1": (_METRICS_3, _REQUIRED_3),
    "4.0": (METRICS_4, REQUIRED_4),
}
MAX_LENGTH = 400


class CvssError(ValueError):
    """Text that is no CVSS vector; says which part is wrong."""


class CvssVector(NamedTuple):
    """A vector, its metrics by abbreviation, and the score computed from it, 0 to 10.

    The score is the base score; for 4.0 it takes in threat and environmental metrics if given.
    """

    version: str
    text: str
    metrics: Mapping[str, str]
    score: float


@lru_cache(maxsize=4096)
def parse_cvss(text: str) -> CvssVector:
    """Parse a vector of any version; a prefix or brackets around it may be missing.

    Raises:
        CvssError: it is no vector: unknown, doubled or missing metric, or unknown value.
    """
    whole = text.strip().strip("()").rstrip("/")
    if not whole or len(whole) > MAX_LENGTH:
        raise CvssError("is empty" if not whole else "is too long for a CVSS vector")
    head, _, rest = whole.partition("/")
    if head.upper().startswith("CVSS:"):
        version, parts = head[5:], rest.split("/")
        version = "2.0" if version == "2" else version
    else:
        head, parts = "", whole.split("/")
        names = {part.partition(":")[0] for part in parts}
        version = "2.0" if "Au" in names else "4.0" if "VC" in names else "3.1"
    if version not in _RULES:
        raise CvssError(f"version {version[:12]} is not known")
    known, required = _RULES[version]
    metrics: dict[str, str] = {}
    for part in parts:
        name, colon, value = part.partition(":")
        if not colon or name not in known:
            raise CvssError(f"{part[:20]!r} is no metric of CVSS {version}")
        if value not in known[name]:
            raise CvssError(f"{name} can't be {value[:12]!r} in CVSS {version}")
        if name in metrics:
            raise CvssError(f"{name} stands twice")
        metrics[name] = value
    missing = [name for name in required if name not in metrics]
    if missing:
        raise CvssError(f"{', '.join(missing)} missing")
    score = {"2.0": _score_2, "4.0": score_4}.get(version, _score_3)(metrics)
    return CvssVector(version, whole, metrics, score)


def severity(score: float) -> str:
    """Name the severity of a score on the scale of versions 3 and 4."""
    for least, name in ((9.0, "critical"), (7.0, "high"), (4.0, "medium"), (0.1, "low")):
        if score >= least:
            return name
    return "none"


_WEIGHT_3 = {
    "AV": {"N": 0.85, "A": 0.62, "L": 0.55, "P": 0.2},
    "AC": {"L": 0.77, "H": 0.44},
    "UI": {"N": 0.85, "R": 0.62},
}
_PRIVILEGES = {"U": {"N": 0.85, "L": 0.62, "H": 0.27}, "C": {"N": 0.85, "L": 0.68, "H": 0.5}}
_IMPACT_3 = {"N": 0.0, "L": 0.22, "H": 0.56}


def _score_3(metrics: Mapping[str, str]) -> float:
    changed = metrics["S"] == "C"
    lost = 1.0
    for name in "CIA":
        lost *= 1 - _IMPACT_3[metrics[name]]
    base = 1 - lost
    impact = 7.52 * (base - 0.029) - 3.25 * (base - 0.02) ** 15 if changed else 6.42 * base
    if impact <= 0:
        return 0.0
    ease = 8.22 * _PRIVILEGES[metrics["S"]][metrics["PR"]]
    for name, weights in _WEIGHT_3.items():
        ease *= weights[metrics[name]]
    return _round_up(min((1.08 if changed else 1.0) * (impact + ease), 10.0))


def _round_up(value: float) -> float:
    """Round up to a tenth as version 3.1 defines it, free of binary fractions."""
    whole = round(value * 100_000)
    return whole / 100_000 if whole % 10_000 == 0 else (whole // 10_000 + 1) / 10


_WEIGHT_2 = {
    "AV": {"L": 0.395, "A": 0.646, "N": 1.0},
    "AC": {"H": 0.35, "M": 0.61, "L": 0.71},
    "Au": {"M": 0.45, "S": 0.56, "N": 0.704},
}
_IMPACT_2 = {"N": 0.0, "P": 0.275, "C": 0.660}


def _score_2(metrics: Mapping[str, str]) -> float:
    lost = 1.0
    for name in "CIA":
        lost *= 1 - _IMPACT_2[metrics[name]]
    impact = 10.41 * (1 - lost)
    ease = 20.0
    for name, weights in _WEIGHT_2.items():
        ease *= weights[metrics[name]]
    total = (0.6 * impact + 0.4 * ease - 1.5) * (1.176 if impact else 0.0)
    # Half a tenth goes up, where a binary fraction would sometimes go down.
    return int(total * 10 + 0.5 + 1e-9) / 10
