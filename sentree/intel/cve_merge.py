"""Brings files together: one vulnerability a CVE id, with the records that each fact comes from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from schemas.vulnerability import Asset, CveReference, Epss, KevEntry, Product, Vulnerability
from sentree.intel.cve_read import CveFile, Kind, Place
from sentree.intel.cve_values import best_cvss

_TRUST: tuple[Kind, ...] = ("cve", "nvd", "row", "kev")
"""Whose words hold where records differ, best first."""


@dataclass(slots=True)
class CveHolding:
    """All that was read: vulnerabilities by id, assets, and where every record stands."""

    files: list[CveFile]
    vulnerabilities: dict[str, Vulnerability] = field(default_factory=dict[str, Vulnerability])
    assets: list[Asset] = field(default_factory=list[Asset])
    places: dict[str, tuple[int, Place]] = field(default_factory=dict[str, tuple[int, Place]])
    copies: int = 0
    flaws: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    _numbers: dict[str, int] = field(default_factory=dict[str, int])

    def free(self, uid: str) -> str:
        """Give a uid that no record has yet: itself, or with a number behind it."""
        name = uid
        while name in self.places:
            self._numbers[uid] = self._numbers.get(uid, 1) + 1
            name = f"{uid}#{self._numbers[uid]}"
        return name

    def raw(self, uid: str) -> str:
        """Give the text of a record as it stands in its file."""
        number, place = self.places[uid]
        return self.files[number].text[place.start : place.end]


def merge(files: Iterable[CveFile], enriching: Iterable[CveFile] = ()) -> CveHolding:
    """Merge what was read.

    Args:
        files: what is to be ranked. Catalogue entries among other records only add to them;
            alone, they are ranked themselves.
        enriching: EPSS, KEV and asset files, which never add a vulnerability.
    """
    ranked, others = list(files), list(enriching)
    holding = CveHolding([*ranked, *others])
    parts: dict[str, list[tuple[Kind, Vulnerability]]] = {}
    only_kev = all(one.place.kind == "kev" for file in ranked for one in file.read)
    adding: dict[str, list[tuple[Kind, Vulnerability]]] = {}
    taken: set[tuple[str, int]] = set()
    for number, file in enumerate(holding.files):
        for one in file.read:
            cve, kind = one.body.cve, one.place.kind
            text = file.text[one.place.start : one.place.end]
            key = (cve, hash(text))
            if key in taken:
                holding.copies += 1
                continue
            taken.add(key)
            own = number < len(ranked) and (kind != "kev" or only_kev)
            uid = _uid(holding, cve, kind)
            holding.places[uid] = (number, one.place)
            target = parts if own else adding
            target.setdefault(cve, []).append((kind, _signed(one.body, uid)))
            holding.flaws.extend((uid, flaw) for flaw in one.body.flaws)
        for place, asset in file.assets:
            uid = holding.free(f"asset/{asset.host}")
            holding.places[uid] = (number, place)
            holding.assets.append(replace(asset, record=uid))
    for cve, listed in parts.items():
        made = combine([*listed, *adding.get(cve, ())])
        holding.vulnerabilities[cve] = _with_epss(holding, made)
    return holding


def combine(listed: Sequence[tuple[Kind, Vulnerability]]) -> Vulnerability:
    """Make one vulnerability of the records of one CVE id; the most trusted word holds."""
    if len(listed) == 1:
        return listed[0][1]
    bodies = [body for _, body in sorted(listed, key=lambda one: _TRUST.index(one[0]))]
    top = bodies[0]
    kevs = [one.kev for one in bodies if one.kev]
    return replace(
        top,
        title=next((one.title for one in bodies if one.title), ""),
        description=next((one.description for one in bodies if one.description), ""),
        cwes=_union(one.cwes for one in bodies),
        products=_products(bodies),
        published=next((one.published for one in bodies if one.published), None),
        assigner=next((one.assigner for one in bodies if one.assigner), ""),
        cvss=best_cvss(one.cvss for one in bodies),
        references=_references(bodies),
        catalogues=_union(one.catalogues for one in bodies),
        ssvc=next((one.ssvc for one in bodies if one.ssvc), None),
        kev=_kev(kevs) if kevs else None,
        epss=next((one.epss for one in bodies if one.epss), None),
        hosts=_union(one.hosts for one in bodies),
        records=_union(one.records for one in bodies),
        withdrawn=any(one.withdrawn for one in bodies),
        flaws=_union(one.flaws for one in bodies),
    )


def _with_epss(holding: CveHolding, one: Vulnerability) -> Vulnerability:
    """Take the score of the newest EPSS file that has the CVE; a file beats a record."""
    best: tuple[str, int] | None = None
    for number, file in enumerate(holding.files):
        if one.cve in file.epss and (best is None or file.epss_date > best[0]):
            best = (file.epss_date, number)
    if best is None:
        return one
    row = holding.files[best[1]].epss[one.cve]
    uid = holding.free(f"{one.cve}/epss")
    holding.places[uid] = (best[1], row.place)
    return replace(one, epss=Epss(row.score, best[0], uid))


def _uid(holding: CveHolding, cve: str, kind: Kind) -> str:
    plain = kind != "kev" and cve not in holding.places
    return cve if plain else holding.free(f"{cve}/{kind}")


def _signed(one: Vulnerability, uid: str) -> Vulnerability:
    return replace(
        one,
        records=(uid,),
        ssvc=replace(one.ssvc, record=uid) if one.ssvc else None,
        kev=replace(one.kev, record=uid) if one.kev else None,
        epss=replace(one.epss, record=uid) if one.epss else None,
    )


def _kev(entries: Sequence[KevEntry]) -> KevEntry:
    ransomware = next((one for one in entries if one.ransomware), None)
    return ransomware or next((one for one in entries if one.added), entries[0])


def _union(listed: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one for part in listed for one in part))


def _products(bodies: Sequence[Vulnerability]) -> tuple[Product, ...]:
    found: dict[tuple[str, str], Product] = {}
    for one in bodies:
        for product in one.products:
            key = (product.vendor.casefold(), product.product.casefold())
            if key not in found or (product.cpe and not found[key].cpe):
                found[key] = product
    return tuple(found.values())


def _references(bodies: Sequence[Vulnerability]) -> tuple[CveReference, ...]:
    tags: dict[str, dict[str, None]] = {}
    for one in bodies:
        for reference in one.references:
            tags.setdefault(reference.url, {}).update(dict.fromkeys(reference.tags))
    return tuple(CveReference(url, tuple(listed)) for url, listed in tags.items())
