"""CVE records, NVD items, KEV entries, EPSS scores and SSVC decisions as rows of the lake."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from schemas.vulnerability import Vulnerability
from sentree.analysis.knowledge.sniff import Kind
from sentree.intel.cve_read import CveFile, Place, Role, read_cve_file
from sentree.lake.knowledge import Delivery
from sentree.lake.records import Reject

COLUMNS = (
    "cve",
    "kind",
    "title",
    "published",
    "withdrawn",
    "cvss_version",
    "cvss_vector",
    "cvss_score",
    "epss",
    "epss_date",
    "kev_added",
    "kev_ransomware",
    "ssvc_exploitation",
    "ssvc_automatable",
    "ssvc_technical_impact",
    "record",
    "source_line",
)
_ROLES: dict[Kind, Role] = {"epss": "epss", "kev": "kev"}


def vulnerability_delivery(path: str, size: int, kind: Kind) -> Delivery:
    """Read one file of CVE data; `kind` decides where a row could be several things."""
    file = read_cve_file(path, _ROLES.get(kind, "any"))
    columns: dict[str, list[Any]] = {name: [] for name in COLUMNS}
    key: list[str] = []

    def add(cve: str, named: str, place: Place, values: dict[str, Any]) -> None:
        text = file.text[place.start : place.end]
        row = {**values, "cve": cve, "kind": named, "record": text}
        row["source_line"] = file.line(place.start)
        for name, column in columns.items():
            column.append(row.get(name))
        key.append(f"{cve}@{named}@{sha256(text.encode(errors='replace')).hexdigest()[:32]}")

    for one in file.read:
        named = "ssvc" if kind == "ssvc" and one.body.ssvc else one.place.kind
        add(one.body.cve, named, one.place, _values(one.body))
    for cve, score in file.epss.items():
        # The same score on another day is another fact.
        add(cve, "epss", score.place, {"epss": score.score, "epss_date": file.epss_date})
        key[-1] += f"@{file.epss_date}"
    rejects = [Reject(r.line, r.reason, r.text, len(r.text)) for r in file.rejected]
    rejects += [Reject(1, "is an asset, no vulnerability", "", 0) for _ in file.assets]
    rejects += [Reject(0, "could not be used, as others before", "", 0)] * file.more_rejected
    return Delivery(
        path=path,
        sha256=file.sha256,
        size=size,
        format=kind,
        table="vulnerabilities",
        columns=columns,
        key=key,
        rejects=rejects,
        issues=_issues(file),
        note=file.note or None,
    )


def _values(one: Vulnerability) -> dict[str, Any]:
    return {
        "title": one.title or None,
        "published": one.published.isoformat() if one.published else None,
        "withdrawn": one.withdrawn,
        "cvss_version": one.cvss.version if one.cvss else None,
        "cvss_vector": one.cvss.vector if one.cvss else None,
        "cvss_score": one.cvss.score if one.cvss else None,
        "epss": one.epss.score if one.epss else None,
        "epss_date": one.epss.date if one.epss else None,
        "kev_added": one.kev.added if one.kev else None,
        "kev_ransomware": one.kev.ransomware if one.kev else None,
        "ssvc_exploitation": one.ssvc.exploitation if one.ssvc else None,
        "ssvc_automatable": one.ssvc.automatable if one.ssvc else None,
        "ssvc_technical_impact": one.ssvc.technical_impact if one.ssvc else None,
    }


def _issues(file: CveFile) -> dict[str, int]:
    flawed = sum(bool(one.body.flaws) for one in file.read)
    withdrawn = sum(one.body.withdrawn for one in file.read)
    found = {"has a value that could not be read": flawed, "withdrawn": withdrawn}
    return {reason: count for reason, count in found.items() if count}
