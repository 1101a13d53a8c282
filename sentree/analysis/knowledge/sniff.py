"""Tells what sort of knowledge a file holds from its head; None where it holds events, or text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from sentree.lake.readers import BrokenStreamError, ByteSource, NotTextError, peeked

Kind = Literal["stix", "cve", "nvd", "epss", "kev", "ssvc", "oscal", "prowler", "sigma"]
KINDS: tuple[Kind, ...] = (
    "stix",
    "cve",
    "nvd",
    "epss",
    "kev",
    "ssvc",
    "oscal",
    "prowler",
    "sigma",
)
HEAD = 65_536
MAX_TOKENS = 6_000
_TOKEN = re.compile(r'"((?:[^"\\]|\\.)*)"|([{}\[\]:,])|([^\s{}\[\]:,"]+)', re.DOTALL)
_STIX_ID = re.compile(r"[a-z0-9][a-z0-9-]*--[0-9a-fA-F-]{30,}")
_CVE = re.compile(r"CVE-\d{4}-\d{4,}")
_EPSS = re.compile(r"(#model_version:.*\n)?\"?cve\"?,\"?epss\"?(,|\s|$)", re.IGNORECASE)
_KEV = re.compile(r"\"?cveID\"?,\"?vendorProject\"?,", re.IGNORECASE)
_RULE = re.compile(r"^(detection|correlation|filter):", re.MULTILINE)
_SOURCE = re.compile(r"^(logsource|title|id):", re.MULTILINE)


def sniff_file(path: str) -> Kind | None:
    """Look into a file; what can't be read is left to those who say so."""
    try:
        head, _ = peeked(ByteSource(path).blocks(), HEAD)
    except (BrokenStreamError, NotTextError, OSError):
        return None
    return sniff(head.decode("utf-8", "replace"), path)


def sniff(head: str, path: str = "") -> Kind | None:
    """Tell the kind from the first characters of a text."""
    text = head.lstrip("\ufeff \t\r\n")
    if not text.startswith(("{", "[")):
        if _EPSS.match(text):
            return "epss"
        if _KEV.match(text):
            return "kev"
        name = path.lower()
        if name.endswith((".yml", ".yaml")) and _RULE.search(text) and _SOURCE.search(text):
            return "sigma"
        return None
    return _json(values_at(text))


def _json(found: Mapping[str, str]) -> Kind | None:
    """Judge by the keys near the root; `found` maps paths such as `objects[].id` to values."""
    for root in ("", "[]."):
        kind, uid = found.get(f"{root}type"), found.get(f"{root}id", "")
        if kind == "bundle" or (kind and _STIX_ID.fullmatch(uid) and uid.startswith(f"{kind}--")):
            return "stix"
        if f"{root}cveMetadata" in found or found.get(f"{root}dataType") == "CVE_RECORD":
            return "cve"
        if _CVE.fullmatch(found.get(f"{root}cveID", "")) and f"{root}dateAdded" in found:
            return "kev"
        if _CVE.fullmatch(uid) and "descriptions" in {key.removeprefix(root) for key in found}:
            return "nvd"
        if f"{root}schemaVersion" in found and any(
            f"{root}{key}" in found for key in ("selections", "options", "decision_points")
        ):
            return "ssvc"
        if _CVE.fullmatch(uid or found.get(f"{root}cve", "")) and any(
            key.removeprefix(root) in ("cvss", "epss", "ssvc", "cwe", "kev_date", "description")
            for key in found
        ):
            return "cve"
    first = found.get("objects[].id", "")
    if _STIX_ID.fullmatch(first) and first.startswith(f"{found.get('objects[].type')}--"):
        return "stix"
    if "catalogVersion" in found and "vulnerabilities" in found:
        return "kev"
    if _CVE.fullmatch(found.get("vulnerabilities[].cveID", "")):
        return "kev"
    if found.get("format", "").startswith("NVD_CVE") or "vulnerabilities[].cve" in found:
        return "nvd"
    if "CVE_Items" in found:
        return "nvd"
    if "data[].epss" in found and "data[].cve" in found:
        return "epss"
    if ("catalog" in found and ("catalog.metadata" in found or "catalog.groups" in found)) or (
        "profile" in found and "profile.imports" in found
    ):
        return "oscal"
    if "Requirements" in found and ("Framework" in found or "Provider" in found):
        return "prowler"
    if "Requirements[].Checks" in found:
        return "prowler"
    return None


def values_at(text: str) -> dict[str, str]:
    """Give the keys near the root of JSON text that may be cut off, with their scalar values.

    A key is `a.b` inside an object and `a[].b` inside the objects of a list, three steps deep.
    """
    found: dict[str, str] = {}
    steps: list[str] = []
    key = ""
    is_key: list[bool] = []
    for number, token in enumerate(_TOKEN.finditer(text)):
        if number > MAX_TOKENS:
            break
        string, sign, bare = token.groups()
        if sign in ("{", "["):
            step = "[]" if sign == "[" else ""
            if steps:
                step = (key if is_key[-1] else "") + step
            steps.append(step)
            is_key.append(sign == "{")
            key = ""
        elif sign in ("}", "]"):
            if steps:
                steps.pop()
                is_key.pop()
            key = ""
        elif sign == ",":
            key = ""
        elif sign is None and steps:
            value = string if string is not None else bare
            if is_key[-1] and not key:
                key = value
                _put(found, steps, key, "")
            elif key:
                _put(found, steps, key, value)
    return found


def _put(found: dict[str, str], steps: list[str], key: str, value: str) -> None:
    if len(steps) > 4:
        return
    path = ".".join(step for step in steps[1:] if step).replace(".[]", "[]")
    root = "[]" if steps[0] == "[]" else ""
    whole = ".".join(part for part in (root, path, key) if part)
    if value or whole not in found:
        # What stands first tells what sort of file it is.
        found[whole] = found.get(whole) or value
