"""Reads the single values of CVE records, whatever type a producer gave them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from schemas.vulnerability import Cvss, Product
from sentree.intel.cvss import CvssError, parse_cvss
from sentree.intel.stix import read_time

CVE_ID = re.compile(r"CVE-(?:19|20)\d\d-\d{4,19}", re.I)
_CWE_ID = re.compile(r"CWE-\d{1,5}", re.I)
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_UNKNOWN = frozenset({"", "n/a", "na", "unknown", "none", "null", "-", "*", "not applicable"})
MAX_TEXT = 32_768


def as_dict(value: Any) -> dict[str, Any]:
    """Give an object, or an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def as_list(value: Any) -> list[Any]:
    """Give a list, a single value as a list of it, nothing as an empty list."""
    return value if isinstance(value, list) else [] if value is None else [value]


def text_of(value: Any) -> str:
    """Give text without surrounding space; other types as nothing, numbers as written."""
    if isinstance(value, str):
        text = value.strip()[:MAX_TEXT]
        # Half characters can't be written to any file.
        return text if text.isascii() else _LONE_SURROGATE.sub("\ufffd", text)
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def known(value: Any) -> str:
    """Give a name, or nothing where a producer wrote that it has none (`n/a`)."""
    text = text_of(value)
    return "" if text.casefold() in _UNKNOWN else text


def cve_of(value: Any) -> str:
    """Give a CVE id in upper case, or nothing when a value is none."""
    match = CVE_ID.fullmatch(text_of(value))
    return match.group().upper() if match else ""


def cwes_of(*values: Any) -> tuple[str, ...]:
    """Find the CWE ids in texts and lists of them, each once."""
    found: dict[str, None] = {}
    for value in values:
        for one in as_list(value):
            found.update(dict.fromkeys(m.upper() for m in _CWE_ID.findall(text_of(one))))
    return tuple(found)


def number_of(value: Any, least: float, most: float) -> float | None:
    """Give a number within bounds; None for anything else, infinite and NaN too."""
    if isinstance(value, bool):
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if least <= number <= most else None


def time_of(value: Any) -> datetime | None:
    """Give a time; None where a value is none."""
    return read_time(text_of(value))


def cvss_of(vector: Any, score: Any, version: str = "") -> tuple[Cvss | None, str]:
    """Make a CVSS rating of a vector and a score; gives what is wrong with it as text.

    A wrong vector leaves the score, a wrong score the vector; with neither there is no rating.
    """
    text, given = text_of(vector), number_of(score, 0.0, 10.0)
    fault = f"CVSS score {text_of(score)[:20]!r} is not 0 to 10" if given is None and score else ""
    if not text:
        return (Cvss(version, "", {}, given, None) if given is not None else None), fault
    try:
        parsed = parse_cvss(text)
    except CvssError as error:
        fault = f"CVSS vector {text[:60]!r} can't be used: {error}"
        return (Cvss(version, "", {}, given, None) if given is not None else None), fault
    return Cvss(parsed.version, parsed.text, parsed.metrics, given, parsed.score), fault


def best_cvss(ratings: Iterable[Cvss | None]) -> Cvss | None:
    """Choose among ratings in order of trust: the first with a vector, else the first."""
    listed = [one for one in ratings if one is not None]
    return next((one for one in listed if one.vector), listed[0] if listed else None)


def product_of_cpe(text: str) -> Product | None:
    """Read vendor, product and version from a CPE 2.3 or 2.2 name."""
    parts = re.split(r"(?<!\\):", text.strip())
    if text.startswith("cpe:2.3:") and len(parts) >= 5:
        named = parts[3:6]
    elif text.startswith("cpe:/") and len(parts) >= 4:
        named = parts[2:5]
    else:
        return None
    vendor, product, version = (
        known(re.sub(r"\\(.)", r"\1", one)).replace("_", " ") for one in (*named, "")[:3]
    )
    return Product(vendor, product, version, text.strip()) if product else None


def english(descriptions: Any) -> str:
    """Give the English text of a list of descriptions, else the first of any language."""
    listed = [one for one in map(as_dict, as_list(descriptions)) if text_of(one.get("value"))]
    chosen = [one for one in listed if text_of(one.get("lang")).casefold().startswith("en")]
    return text_of((chosen or listed)[0].get("value")) if listed else ""


def each_cpe(value: Any) -> Iterator[str]:
    """Find the CPE names anywhere in the configurations of a record."""
    if isinstance(value, dict):
        if value.get("vulnerable", True) is not False:
            for key, one in value.items():
                if key in ("criteria", "cpe23Uri", "cpe") and isinstance(one, str):
                    yield one
                else:
                    yield from each_cpe(one)
    elif isinstance(value, list):
        for one in value:
            yield from each_cpe(one)


def plain_keys(body: Mapping[str, Any]) -> dict[str, Any]:
    """Fold the keys of a row to letters and digits, so that `CVE ID` and `cve_id` are one."""
    folded: dict[str, Any] = {}
    for key, value in body.items():
        name = "".join(c for c in str(key).casefold() if c.isalnum())
        if folded.get(name) in (None, ""):
            folded[name] = value
    return folded
