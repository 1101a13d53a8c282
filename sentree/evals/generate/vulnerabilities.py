"""Generates CVE records, EPSS scores, a KEV catalogue and an asset list, with known truth.

Records take turns in four shapes: CVE 5.x as CISA enriches it, NVD 2.0 pages, flat JSON lines and
a scanner's CSV. Copies, withdrawn and broken records are planted and counted.
"""

from __future__ import annotations

import csv
import gzip
import json
import math
from collections.abc import Callable, Iterable
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from schemas.triage_truth import TriageSpec, TriageTruth, TrueVulnerability
from schemas.vulnerability import Automatable, Exploitation, Mission, TechnicalImpact
from sentree.intel.ssvc import EXPLOITATION, MISSION, decide

_Object = dict[str, Any]
PAGE = 2_000
DATE = "2026-03-01"

_EDGE = ("Fortinet FortiOS", "Ivanti Connect Secure", "Citrix NetScaler ADC", "VMware vCenter")
_SYSTEM = ("Microsoft Windows Server 2019", "Google Chrome", "Apple macOS", "Linux Kernel")
_SERVER = ("Apache Tomcat", "Oracle WebLogic Server", "GitLab GitLab", "Atlassian Confluence")
_ADD_ON = ("Bright Forms", "Quick Gallery", "Easy Booking", "Smart Popup", "Tidy Slider")
_NOUNS = ("Ledger", "Portal", "Beacon", "Harbor", "Canvas", "Orchid", "Falcon", "Summit", "Pixel")
_HEADS = ("Acme", "Nordlicht", "Zenwave", "Corvid", "Umbra", "Kestrel", "Solace", "Vantor")


class _Weakness(NamedTuple):
    """A weakness: its CWE, how it reads, and which impact it has."""

    cwe: str
    text: str
    impact: TechnicalImpact


_WEAKNESSES = (
    _Weakness("CWE-78", "a command injection that allows execution of arbitrary commands", "total"),
    _Weakness("CWE-502", "a deserialization flaw that leads to remote code execution", "total"),
    _Weakness("CWE-287", "an authentication bypass that gives administrator access", "total"),
    _Weakness("CWE-787", "an out-of-bounds write that allows code execution", "total"),
    _Weakness("CWE-79", "a cross-site scripting flaw", "partial"),
    _Weakness("CWE-200", "an exposure of sensitive information", "partial"),
    _Weakness("CWE-22", "a path traversal that lets one read arbitrary files", "partial"),
    _Weakness("CWE-400", "a denial of service", "partial"),
)


class _Made(NamedTuple):
    """A CVE as it was drawn, before it is written in some shape."""

    cve: str
    vendor: str
    product: str
    weakness: _Weakness
    vector: str
    score: float
    text: str
    references: list[_Object]
    epss: float
    in_kev: bool
    truth: tuple[Exploitation, Automatable, TechnicalImpact]


def generate_vulnerabilities(folder: Path, spec: TriageSpec) -> TriageTruth:
    """Write the files of a specification into a folder; gives the truth.

    Memory grows with the truth only: records are written as they are drawn.
    """
    folder.mkdir(parents=True, exist_ok=True)
    random = Random(spec.seed)
    installed, missions, assets = _assets(folder, spec, random)
    writer = _Writer(folder, spec)
    truths: list[TrueVulnerability] = []
    for number in range(spec.cves):
        made = _draw(number, spec, Random(f"{spec.seed}/{number}"))
        hosts = installed.get(f"{made.vendor} {made.product}", ())
        levels = [MISSION.index(missions[host]) for host in hosts]
        unmatched = 0 if spec.assets else 1
        mission = MISSION[max(levels, default=unmatched)]
        truths.append(
            TrueVulnerability(
                cve=made.cve,
                exploitation=made.truth[0],
                automatable=made.truth[1],
                technical_impact=made.truth[2],
                mission=mission,
                decision=decide(*made.truth, mission),
                hosts=tuple(hosts),
                in_kev=made.in_kev,
            )
        )
        writer.add(number, made)
    writer.close()
    return TriageTruth(
        spec=spec,
        records=tuple(writer.names),
        assets=assets,
        epss=("epss_scores.csv.gz",),
        kev=("known_exploited_vulnerabilities.json",),
        vulnerabilities=tuple(truths),
        rejected=writer.broken,
        copies=writer.copies,
    )


def _draw(number: int, spec: TriageSpec, random: Random) -> _Made:
    """Draw one CVE: points first, then a record that shows them as real records do."""
    exploitation = random.choices(EXPLOITATION, (0.62, 0.3, 0.08))[0]
    weakness = random.choice(_WEAKNESSES)
    automatable: Automatable = "yes" if random.random() < 0.45 else "no"
    shows = random.random() < spec.hints
    vendor, product = _product(exploitation if shows else None, random)
    needs_person = weakness.cwe == "CWE-79"
    if needs_person:
        automatable = "no"
    hard = random.choice((("L", "L", "L", "N"), ("N", "L", "L", "N"), ("N", "H", "N", "N")))
    way = ("N", "L", "N", "R") if needs_person else hard
    reach, effort, rights, person = ("N", "L", "N", "N") if automatable == "yes" else way
    high = "H" if weakness.impact == "total" else "L"
    vector = (
        f"CVSS:3.1/AV:{reach}/AC:{effort}/PR:{rights}/UI:{person}/S:U/C:{high}/I:{high}/"
        f"A:{'H' if weakness.cwe in ('CWE-400', 'CWE-78') else 'N'}"
    )
    cve = f"CVE-{2020 + number % 6}-{10_000 + number}"
    text = f"{product} has {weakness.text}."
    references: list[_Object] = [{"url": f"https://vendor.example/advisory/{number}"}]
    if shows and exploitation == "poc":
        if random.random() < 0.5:
            references.append(
                {"url": f"https://www.exploit-db.com/exploits/{number}", "tags": ["Exploit"]}
            )
        else:
            text += " The exploit has been disclosed to the public and may be used."
    if shows and exploitation == "active" and random.random() < 0.6:
        text += " The vendor is aware of reports that it was exploited in the wild."
    in_kev = exploitation == "active" and random.random() < 0.8
    odds = random.gauss({"none": -6.5, "poc": -4.5, "active": -1.5}[exploitation], 1.2)
    return _Made(
        cve,
        vendor,
        product,
        weakness,
        vector,
        0.0,
        text,
        references,
        round(1 / (1 + math.exp(-odds)), 5),
        in_kev,
        (exploitation, automatable, weakness.impact),
    )


def _product(exploitation: Exploitation | None, random: Random) -> tuple[str, str]:
    if exploitation == "active":
        vendor, _, product = random.choice((*_EDGE, *_SYSTEM)).partition(" ")
        return vendor, product
    if exploitation == "poc" and random.random() < 0.4:
        return "Unknown", f"{random.choice(_ADD_ON)} plugin"
    if random.random() < 0.25:
        vendor, _, product = random.choice((*_SERVER, *_SYSTEM)).partition(" ")
        return vendor, product
    return random.choice(_HEADS), f"{random.choice(_NOUNS)} {random.choice(_NOUNS)}"


def _assets(
    folder: Path, spec: TriageSpec, random: Random
) -> tuple[dict[str, list[str]], dict[str, Mission], tuple[str, ...]]:
    """Write the asset list; gives hosts by product and missions by host."""
    if not spec.assets:
        return {}, {}, ()
    installed: dict[str, list[str]] = {}
    missions: dict[str, Mission] = {}
    listed = [*_EDGE, *_SYSTEM, *_SERVER]
    listed += [f"{head} {one} {two}" for head in _HEADS for one in _NOUNS for two in _NOUNS]
    with (folder / "assets.csv").open("w", encoding="utf-8", newline="") as out:
        rows = csv.writer(out)
        rows.writerow(("hostname", "exposure", "criticality", "software", "owner"))
        for number in range(spec.assets):
            host = f"host-{number:05d}"
            mission = random.choices(MISSION, (0.3, 0.5, 0.2))[0]
            software = random.sample(listed, 3)
            missions[host] = mission
            for one in software:
                installed.setdefault(one, []).append(host)
            exposure = random.choice(("internet", "internal", "none"))
            rows.writerow((host, exposure, mission, "; ".join(software), f"team {number % 7}"))
    return installed, missions, ("assets.csv",)


class _Writer:
    """Writes records in turns of four shapes, EPSS and KEV beside them."""

    def __init__(self, folder: Path, spec: TriageSpec) -> None:
        self._folder = folder
        self._spec = spec
        self.names: list[str] = []
        self.broken = self.copies = 0
        self._page: list[_Object] = []
        self._records: list[_Object] = []
        self._pages = 0
        self._flat = self._open("flat.jsonl")
        self._scan = self._open("scan.csv")
        self._rows = csv.writer(self._scan)
        self._rows.writerow(("Plugin ID", "CVE", "CVSS v3 Vector", "Risk", "Host", "Name"))
        self._rows.writerow(("0", "not a CVE", "", "None", "host-00000", "Ping the host"))
        self.broken += 1
        self._epss = gzip.open(folder / "epss_scores.csv.gz", "wt", encoding="utf-8")  # noqa: SIM115
        self._epss.write(f"#model_version:v2025.03.14,score_date:{DATE}T00:00:00Z\n")
        self._epss.write("cve,epss,percentile\n")
        self._kev: list[_Object] = []

    def add(self, number: int, made: _Made) -> None:
        """Write one CVE in the shape whose turn it is."""
        shape: Callable[[_Made], None] = (self._cve5, self._nvd, self._line, self._row)[number % 4]
        shape(made)
        self._epss.write(f"{made.cve},{made.epss:.5f},0.5\n")
        if made.in_kev:
            self._kev.append(
                {
                    "cveID": made.cve,
                    "vendorProject": made.vendor,
                    "product": made.product,
                    "vulnerabilityName": f"{made.product} vulnerability",
                    "dateAdded": "2026-01-15",
                    "shortDescription": made.text,
                    "knownRansomwareCampaignUse": "Known" if number % 3 == 0 else "Unknown",
                }
            )
        if number % 100 == 2:
            self._line(made)
            self.copies += 1
        if Random(f"{self._spec.seed}/broken/{number}").random() < self._spec.broken:
            self._flat.write('{"id":"CVE-20\n')
            self.broken += 1

    def close(self) -> None:
        """Write what is left and close every file."""
        self._flush_page()
        self._flush_records()
        self._flat.close()
        self._scan.close()
        self._epss.close()
        catalogue = {"title": "KEV", "count": len(self._kev), "vulnerabilities": self._kev}
        path = self._folder / "known_exploited_vulnerabilities.json"
        path.write_text(json.dumps(catalogue, indent=1), encoding="utf-8")

    def _open(self, name: str) -> Any:
        self.names.append(name)
        return (self._folder / name).open("w", encoding="utf-8", newline="")

    def _cve5(self, made: _Made) -> None:
        adp: list[_Object] = []
        if self._spec.with_ssvc:
            points = zip(
                ("Exploitation", "Automatable", "Technical Impact"), made.truth, strict=True
            )
            content = {
                "id": made.cve,
                "role": "CISA Coordinator",
                "version": "2.0.3",
                "timestamp": f"{DATE}T00:00:00Z",
                "options": [{name: value} for name, value in points],
            }
            metric = {"other": {"type": "ssvc", "content": content}}
            adp.append({"title": "CISA ADP Vulnrichment", "metrics": [metric]})
        self._records.append(
            {
                "dataType": "CVE_RECORD",
                "dataVersion": "5.1",
                "cveMetadata": {
                    "cveId": made.cve,
                    "state": "PUBLISHED",
                    "assignerShortName": made.vendor.casefold(),
                    "datePublished": f"{made.cve[4:8]}-06-01T00:00:00Z",
                },
                "containers": {
                    "cna": {
                        "title": f"{made.product}: {made.weakness.text[:60]}",
                        "descriptions": [{"lang": "en", "value": made.text}],
                        "affected": [{"vendor": made.vendor, "product": made.product}],
                        "problemTypes": [{"descriptions": [{"cweId": made.weakness.cwe}]}],
                        "references": made.references,
                        "metrics": [{"cvssV3_1": {"version": "3.1", "vectorString": made.vector}}],
                    },
                    "adp": adp,
                },
            }
        )
        if len(self._records) >= PAGE:
            self._flush_records()

    def _nvd(self, made: _Made) -> None:
        vendor, product = (
            part.casefold().replace(" ", "_") for part in (made.vendor, made.product)
        )
        cpe = f"cpe:2.3:a:{vendor}:{product}:*:*:*:*:*:*:*:*"
        data = {"version": "3.1", "vectorString": made.vector}
        self._page.append(
            {
                "cve": {
                    "id": made.cve,
                    "vulnStatus": "Analyzed",
                    "published": f"{made.cve[4:8]}-06-01T00:00:00.000",
                    "descriptions": [{"lang": "en", "value": made.text}],
                    "metrics": {"cvssMetricV31": [{"type": "Primary", "cvssData": data}]},
                    "weaknesses": [
                        {"description": [{"lang": "en", "value": made.weakness.cwe}]},
                    ],
                    "configurations": [
                        {"nodes": [{"cpeMatch": [{"vulnerable": True, "criteria": cpe}]}]}
                    ],
                    "references": made.references,
                }
            }
        )
        if len(self._page) >= PAGE:
            self._flush_page()

    def _line(self, made: _Made) -> None:
        record = {
            "id": made.cve,
            "description": made.text,
            "vendor": made.vendor,
            "product": made.product,
            "cwe": [made.weakness.cwe],
            "cvss": {"vector": made.vector, "version": "3.1"},
            "published": f"{made.cve[4:8]}-06-01",
            "references": [one["url"] for one in made.references],
        }
        self._flat.write(json.dumps(record) + "\n")

    def _row(self, made: _Made) -> None:
        """Write a scanner's row; the scanner knows the product from its name only."""
        name = f"{made.vendor} {made.product}: {made.text}"
        self._rows.writerow((made.cve[-5:], made.cve, made.vector, "High", "", name))

    def _flush_page(self) -> None:
        if self._page:
            self._dump(f"nvd-{self._pages:04d}.json", {"vulnerabilities": self._page})
            self._page = []

    def _flush_records(self) -> None:
        if self._records:
            self._dump(f"cve5-{self._pages:04d}.jsonl", None, self._records)
            self._records = []

    def _dump(self, name: str, whole: _Object | None, lines: Iterable[_Object] = ()) -> None:
        self._pages += 1
        self.names.append(name)
        with (self._folder / name).open("w", encoding="utf-8") as out:
            if whole is not None:
                json.dump({"format": "NVD_CVE", "version": "2.0", **whole}, out)
            for line in lines:
                out.write(json.dumps(line) + "\n")
