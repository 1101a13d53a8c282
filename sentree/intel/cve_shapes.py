"""Makes vulnerabilities of the shapes that CVE data comes in: CVE 5.x, NVD 2.0 and 1.1, flat rows.

A shape never fails on odd values: what can't be used becomes a flaw of the record that is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, cast

from schemas.vulnerability import (
    Automatable,
    CveReference,
    Cvss,
    Epss,
    Exploitation,
    KevEntry,
    Product,
    SsvcPoints,
    TechnicalImpact,
    Vulnerability,
)
from sentree.intel.cve_values import (
    as_dict,
    as_list,
    best_cvss,
    cve_of,
    cvss_of,
    cwes_of,
    each_cpe,
    english,
    known,
    number_of,
    plain_keys,
    product_of_cpe,
    text_of,
    time_of,
)

MAX_PRODUCTS = 60
MAX_REFERENCES = 200
_VERSIONS = ("4.0", "3.1", "3.0", "2.0")
_EXPLOITATION: dict[str, Exploitation] = {
    "none": "none",
    "poc": "poc",
    "public poc": "poc",
    "active": "active",
}
_YES = frozenset({"yes", "y", "true", "1", "x"})


class Columns(NamedTuple):
    """The names under which flat rows and scanners give a thing, in order of preference."""

    cve: tuple[str, ...] = ("cve", "cveid", "cves", "cvename", "vulnerabilityid", "vulnid", "id")
    title: tuple[str, ...] = ("title", "pluginname", "vulnerabilityname", "name", "summary")
    description: tuple[str, ...] = ("description", "shortdescription", "synopsis", "details")
    vendor: tuple[str, ...] = ("vendor", "vendorproject", "manufacturer")
    product: tuple[str, ...] = ("product", "software", "package", "packagename", "component", "pkg")
    version: tuple[str, ...] = ("version", "installedversion", "productversion", "packageversion")
    cpe: tuple[str, ...] = ("cpe", "cpes", "cpe23uri")
    vector: tuple[str, ...] = (
        "cvssvector",
        "cvss4vector",
        "cvssv4vector",
        "cvss3vector",
        "cvssv3vector",
        "cvss31vector",
        "vectorstring",
        "vector",
        "cvss2vector",
        "cvssv2vector",
    )
    score: tuple[str, ...] = (
        "cvssscore",
        "cvssbasescore",
        "basescore",
        "cvssv4basescore",
        "cvssv3basescore",
        "cvss3basescore",
        "cvssv31basescore",
        "cvssv30basescore",
        "cvssv3",
        "cvss3",
        "cvssv3score",
        "cvssv2basescore",
        "score",
    )
    published: tuple[str, ...] = ("published", "datepublished", "publishedat", "publicationdate")
    host: tuple[str, ...] = ("host", "hostname", "fqdn", "dnsname", "assetname", "asset", "ip")
    epss: tuple[str, ...] = ("epss", "epssscore", "epssprobability")
    kev: tuple[str, ...] = ("kevdate", "kevdateadded", "kev", "cisakev", "inkev", "knownexploited")


COLUMNS = Columns()


def from_cve_record(body: Mapping[str, Any], uid: str) -> Vulnerability | str:
    """Make a vulnerability of a CVE 5.x record; a reason as text when it can't be used."""
    metadata = as_dict(body.get("cveMetadata"))
    cve = cve_of(metadata.get("cveId"))
    if not cve:
        return "cveMetadata.cveId is no CVE id"
    containers = as_dict(body.get("containers"))
    cna = as_dict(containers.get("cna"))
    parts = [cna, *(as_dict(one) for one in as_list(containers.get("adp")))]
    flaws: list[str] = []
    metrics = [as_dict(one) for part in parts for one in as_list(part.get("metrics"))]
    others = [as_dict(one.get("other")) for one in metrics]
    kev = next((as_dict(o.get("content")) for o in others if o.get("type") == "kev"), None)
    assessed = [as_dict(o.get("content")) for o in others if o.get("type") == "ssvc"]
    ssvc = max(assessed, key=lambda one: text_of(one.get("timestamp")), default=None)
    affected = [as_dict(one) for part in parts for one in as_list(part.get("affected"))]
    types = [as_dict(one) for part in parts for one in as_list(part.get("problemTypes"))]
    problems = [as_dict(one) for kind in types for one in as_list(kind.get("descriptions"))]
    return Vulnerability(
        cve=cve,
        title=text_of(cna.get("title")),
        description=english(cna.get("descriptions")) or english(cna.get("rejectedReasons")),
        cwes=cwes_of(*(one.get("cweId") or one.get("description") for one in problems)),
        products=_affected(affected),
        published=time_of(metadata.get("datePublished")),
        assigner=text_of(metadata.get("assignerShortName")),
        cvss=best_cvss([_rated(one, flaws) for one in metrics]),
        references=_references(one for part in parts for one in as_list(part.get("references"))),
        ssvc=None if ssvc is None else _ssvc_options(ssvc, uid),
        kev=None if kev is None else KevEntry(text_of(kev.get("dateAdded")), "", uid),
        records=(uid,),
        withdrawn=text_of(metadata.get("state")).upper() == "REJECTED",
        flaws=tuple(flaws),
    )


def from_nvd(body: Mapping[str, Any], uid: str) -> Vulnerability | str:
    """Make a vulnerability of an NVD 2.0 item; a reason as text when it can't be used."""
    cve = cve_of(body.get("id"))
    if not cve:
        return "id is no CVE id"
    flaws: list[str] = []
    metrics = as_dict(body.get("metrics"))
    ratings: list[Cvss | None] = []
    for key in ("cvssMetricV40", "cvssMetricV31", "cvssMetricV30", "cvssMetricV2"):
        listed = [as_dict(one) for one in as_list(metrics.get(key))]
        for one in sorted(listed, key=lambda one: one.get("type") != "Primary"):
            data = as_dict(one.get("cvssData"))
            ratings.append(_rating(data, flaws, text_of(data.get("version"))))
    # A 4.0 rating is the producer's own and rare; NVD's 3.x leads, as everything here rests on it.
    ratings.sort(key=lambda one: one is None or one.version == "4.0")
    weaknesses = [as_dict(one) for one in as_list(body.get("weaknesses"))]
    added = text_of(body.get("cisaExploitAdd"))
    return Vulnerability(
        cve=cve,
        title=text_of(body.get("cisaVulnerabilityName")),
        description=english(body.get("descriptions")),
        cwes=cwes_of(
            *(
                as_dict(d).get("value")
                for one in weaknesses
                for d in as_list(one.get("description"))
            )
        ),
        products=_cpe_products(body.get("configurations")),
        published=time_of(body.get("published")),
        assigner=text_of(body.get("sourceIdentifier")),
        cvss=best_cvss(ratings),
        references=_references(as_list(body.get("references"))),
        kev=KevEntry(added, "", uid) if added else None,
        records=(uid,),
        withdrawn=text_of(body.get("vulnStatus")).casefold() == "rejected",
        flaws=tuple(flaws),
    )


def from_nvd_1(body: Mapping[str, Any], uid: str) -> Vulnerability | str:
    """Make a vulnerability of an item of an NVD 1.1 feed; a reason when it can't be used."""
    record, impact = as_dict(body.get("cve")), as_dict(body.get("impact"))
    cve = cve_of(as_dict(record.get("CVE_data_meta")).get("ID"))
    if not cve:
        return "CVE_data_meta.ID is no CVE id"
    flaws: list[str] = []
    description = english(as_dict(record.get("description")).get("description_data"))
    problems = as_list(as_dict(record.get("problemtype")).get("problemtype_data"))
    listed = [d for one in problems for d in as_list(as_dict(one).get("description"))]
    ratings = [
        _rating(as_dict(as_dict(impact.get(outer)).get(inner)), flaws, version)
        for outer, inner, version in (
            ("baseMetricV3", "cvssV3", "3.1"),
            ("baseMetricV2", "cvssV2", "2.0"),
        )
    ]
    return Vulnerability(
        cve=cve,
        description=description,
        cwes=cwes_of(*(as_dict(one).get("value") for one in listed)),
        products=_cpe_products(body.get("configurations")),
        published=time_of(body.get("publishedDate")),
        cvss=best_cvss(ratings),
        references=_references(as_list(as_dict(record.get("references")).get("reference_data"))),
        records=(uid,),
        withdrawn=description.startswith("** REJECT **"),
        flaws=tuple(flaws),
    )


def from_flat(body: Mapping[str, Any], cve: str, uid: str) -> Vulnerability:
    """Make a vulnerability of a flat record or a row of a table, by the names of its columns."""
    row = plain_keys(body)
    flaws: list[str] = []
    rated = row.get("cvss")
    vector, score = first(row, COLUMNS.vector), first(row, COLUMNS.score)
    if isinstance(rated, dict):
        vector, score = rated.get("vector") or rated.get("vectorString"), rated.get("score")
        score = rated.get("baseScore") if score is None else score
    elif rated not in (None, ""):
        is_vector = isinstance(rated, str) and ":" in rated
        vector, score = (vector or rated, score) if is_vector else (vector, score or rated)
    cvss, fault = cvss_of(vector, score)
    flaws += [fault] if fault else []
    share = number_of(first(row, COLUMNS.epss), 0.0, 1.0)
    if share is None and text_of(first(row, COLUMNS.epss)):
        flaws.append(f"EPSS {text_of(first(row, COLUMNS.epss))[:20]!r} is not 0 to 1")
    date = text_of(row.get("epssdate"))
    urls = _split(row.get("references") or row.get("reference") or row.get("seealso"))
    references = [CveReference(url) for url in urls[:MAX_REFERENCES]]
    if text_of(row.get("exploitavailable")).casefold() in _YES:
        references.append(CveReference("exploit available, says the scanner", ("Exploit",)))
    return Vulnerability(
        cve=cve,
        title=text_of(first(row, COLUMNS.title)),
        description=text_of(first(row, COLUMNS.description)),
        cwes=cwes_of(*_split(row.get("cwe") or row.get("cwes") or row.get("cweid"))),
        products=_row_products(row),
        published=time_of(first(row, COLUMNS.published)),
        assigner=text_of(row.get("assigner") or row.get("assignershortname")),
        cvss=cvss,
        references=tuple(references),
        catalogues=tuple(
            part.strip() for part in text_of(row.get("publicexploitsource")).split("/") if part
        ),
        ssvc=_row_ssvc(row, uid),
        kev=_row_kev(row, uid),
        epss=None if share is None else Epss(share, date, uid),
        hosts=tuple(dict.fromkeys(_split(first(row, COLUMNS.host)))),
        records=(uid,),
        flaws=tuple(flaws),
    )


def from_kev(body: Mapping[str, Any], cve: str, uid: str) -> Vulnerability:
    """Make a vulnerability of an entry of CISA's catalogue, JSON or CSV."""
    row = plain_keys(body)
    vendor, product = known(row.get("vendorproject")), known(row.get("product"))
    return Vulnerability(
        cve=cve,
        title=text_of(row.get("vulnerabilityname")),
        description=text_of(row.get("shortdescription")),
        cwes=cwes_of(*_split(row.get("cwes"))),
        products=(Product(vendor, product),) if product or vendor else (),
        kev=KevEntry(
            text_of(row.get("dateadded")), text_of(row.get("knownransomwarecampaignuse")), uid
        ),
        records=(uid,),
    )


def first(row: Mapping[str, Any], names: Iterable[str]) -> Any:
    """Give the first value that a row has under one of the names; None without any."""
    for name in names:
        value = row.get(name)
        if value not in (None, "", []):
            return value
    return None


def _split(value: Any) -> list[str]:
    listed = as_list(value)
    parts = [p for one in listed for p in text_of(one).replace("\n", ";").split(";")]
    if len(listed) == 1 and len(parts) == 1:
        parts = parts[0].split(",")
    return [part.strip() for part in parts if part.strip()]


def _row_products(row: Mapping[str, Any]) -> tuple[Product, ...]:
    named = [product_of_cpe(text) for text in _split(first(row, COLUMNS.cpe))]
    found = [one for one in named if one is not None]
    vendor, product = known(first(row, COLUMNS.vendor)), known(first(row, COLUMNS.product))
    if vendor or product:
        found.insert(0, Product(vendor, product, known(first(row, COLUMNS.version))))
    return tuple(found[:MAX_PRODUCTS])


def _row_ssvc(row: Mapping[str, Any], uid: str) -> SsvcPoints | None:
    if isinstance(row.get("options"), list):
        return _ssvc_options(row, uid)
    nested = row.get("ssvc")
    points = plain_keys(nested) if isinstance(nested, dict) else row
    made = SsvcPoints(
        _EXPLOITATION.get(text_of(points.get("exploitation")).casefold()),
        _one_of(points.get("automatable"), ("no", "yes")),
        _one_of(points.get("technicalimpact"), ("partial", "total")),
        text_of(points.get("assessor") or points.get("role")),
        time_of(points.get("date") if isinstance(nested, dict) else points.get("ssvcdate")),
        uid,
    )
    return made if made.exploitation or made.automatable or made.technical_impact else None


def _row_kev(row: Mapping[str, Any], uid: str) -> KevEntry | None:
    text = text_of(first(row, COLUMNS.kev))
    flag = row.get("kev") is True or row.get("inkev") is True or text.casefold() in _YES
    if not flag and time_of(text) is None:
        return None
    ransomware = text_of(row.get("kevransomware") or row.get("knownransomwarecampaignuse"))
    return KevEntry("" if flag else text, ransomware, uid)


def _one_of(value: Any, allowed: tuple[str, ...]) -> Any:
    text = text_of(value).casefold()
    return text if text in allowed else None


def _ssvc_options(content: Mapping[str, Any], uid: str) -> SsvcPoints | None:
    points: dict[str, str] = {}
    for option in as_list(content.get("options")):
        for key, value in as_dict(option).items():
            points[str(key).casefold()] = text_of(value).casefold()
    made = SsvcPoints(
        _EXPLOITATION.get(points.get("exploitation", "")),
        cast(Automatable | None, _one_of(points.get("automatable"), ("no", "yes"))),
        cast(TechnicalImpact | None, _one_of(points.get("technical impact"), ("partial", "total"))),
        text_of(content.get("role")),
        time_of(content.get("timestamp")),
        uid,
    )
    return made if made.exploitation or made.automatable or made.technical_impact else None


def _rated(metric: Mapping[str, Any], flaws: list[str]) -> Cvss | None:
    for version in _VERSIONS:
        data = metric.get(f"cvssV{version.replace('.', '_')}")
        if isinstance(data, dict):
            return _rating(data, flaws, version)
    return None


def _rating(data: Mapping[str, Any], flaws: list[str], version: str) -> Cvss | None:
    rating, fault = cvss_of(data.get("vectorString"), data.get("baseScore"), version)
    if fault:
        flaws.append(fault)
    return rating


def _affected(listed: Iterable[Mapping[str, Any]]) -> tuple[Product, ...]:
    found: dict[tuple[str, str], Product] = {}
    for one in listed:
        vendor, product = known(one.get("vendor")), known(one.get("product"))
        cpes = [text_of(cpe) for cpe in as_list(one.get("cpes"))]
        product = product or known(one.get("packageName"))
        if vendor or product:
            key = (vendor.casefold(), product.casefold())
            found.setdefault(key, Product(vendor, product, cpe=cpes[0] if cpes else ""))
    return tuple(found.values())[:MAX_PRODUCTS]


def _cpe_products(configurations: Any) -> tuple[Product, ...]:
    found: dict[tuple[str, str], Product] = {}
    for text in each_cpe(configurations):
        one = product_of_cpe(text)
        if one is not None:
            found.setdefault((one.vendor, one.product), one)
    return tuple(found.values())[:MAX_PRODUCTS]


def _references(listed: Iterable[Any]) -> tuple[CveReference, ...]:
    found: dict[str, set[str]] = {}
    for one in map(as_dict, listed):
        url = text_of(one.get("url"))
        if url and len(found) < MAX_REFERENCES:
            found.setdefault(url, set()).update(text_of(tag) for tag in as_list(one.get("tags")))
    return tuple(CveReference(url, tuple(sorted(tags))) for url, tags in found.items())
