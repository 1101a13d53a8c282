"""Assets of one's own: reads their rows, and finds which of them a vulnerability may affect.

Products are compared by name, not by version: a match says "look here", not "is vulnerable".
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from typing import Any, NamedTuple

from schemas.vulnerability import Asset, Exposure, Mission, Product, Vulnerability
from sentree.intel.cve_values import as_list, known, product_of_cpe, text_of

_HOST = ("host", "hostname", "fqdn", "name", "asset", "assetname", "ip", "ipaddress", "id")
_EXPOSURE = ("exposure", "internetfacing", "internetexposed", "publiclyexposed", "zone", "network")
_MISSION = (
    "mission",
    "missionandwellbeing",
    "criticality",
    "businesscriticality",
    "importance",
    "tier",
    "priority",
)
_SOFTWARE = (
    "software",
    "installedsoftware",
    "products",
    "applications",
    "packages",
    "services",
    "os",
    "operatingsystem",
    "cpe",
    "cpes",
)
_INTERNET = ("internet", "external", "public", "dmz", "yes", "true", "1", "exposed", "open")
_INTERNAL = ("internal", "intranet", "lan", "private", "no", "false", "0", "controlled", "corp")
_NOWHERE = ("none", "isolated", "offline", "air-gapped", "airgapped", "small")
_HIGH = ("high", "critical", "very high", "mission critical", "essential", "crown", "tier 1", "1")
_MEDIUM = ("medium", "moderate", "support", "normal", "important", "tier 2", "2")
_LOW = ("low", "minimal", "none", "minor", "tier 3", "tier 4", "3", "4", "5")
_WORD = re.compile(r"[a-z]+|\d+")
MIN_NAME = 3


def is_asset_row(row: Mapping[str, Any]) -> bool:
    """Tell whether a row with folded keys is one of an asset list."""
    has_host = any(text_of(row.get(key)) for key in _HOST)
    others = (*_EXPOSURE, *_MISSION, *_SOFTWARE, "product", "vendor")
    return has_host and any(row.get(key) not in (None, "", []) for key in others)


def read_asset(row: Mapping[str, Any]) -> Asset | str:
    """Make an asset of a row with folded keys; a reason as text when it can't be used."""
    host = next((text for key in _HOST if (text := text_of(row.get(key)))), "")
    if not host:
        return "names no host"
    exposure = next((text_of(row[key]) for key in _EXPOSURE if row.get(key) not in (None, "")), "")
    raw = next((row[key] for key in _EXPOSURE if row.get(key) not in (None, "")), None)
    mission = next((text_of(row[key]) for key in _MISSION if text_of(row.get(key))), "")
    return Asset(
        host=host[:200],
        exposure=_exposure(str(raw).casefold() if isinstance(raw, bool) else exposure.casefold()),
        mission=_mission(mission.casefold()),
        software=tuple(_software(row)),
        owner=text_of(row.get("owner") or row.get("team") or row.get("contact"))[:200],
        record="",
    )


def _exposure(text: str) -> Exposure:
    listed: tuple[tuple[Exposure, tuple[str, ...]], ...] = (
        ("internet", _INTERNET),
        ("none", _NOWHERE),
        ("internal", _INTERNAL),
    )
    for value, words in listed:
        if text in words or any(len(w) > 3 and re.search(rf"\b{w}\b", text) for w in words):
            return value
    return "unknown"


def _mission(text: str) -> Mission | None:
    listed: tuple[tuple[Mission, tuple[str, ...]], ...] = (
        ("high", _HIGH),
        ("medium", _MEDIUM),
        ("low", _LOW),
    )
    for value, words in listed:
        if text in words or any(len(w) > 2 and re.search(rf"\b{w}\b", text) for w in words):
            return value
    return None


def _software(row: Mapping[str, Any]) -> Iterable[Product]:
    vendor, product = known(row.get("vendor")), known(row.get("product"))
    if product or vendor:
        yield Product(vendor, product, known(row.get("version")))
    for key in _SOFTWARE:
        for one in as_list(row.get(key)):
            if isinstance(one, dict):
                cpe = product_of_cpe(text_of(one.get("cpe")))
                named = Product(
                    known(one.get("vendor")),
                    known(one.get("product") or one.get("name")),
                    known(one.get("version")),
                )
                if found := cpe or (named if named.name else None):
                    yield found
                continue
            for part in re.split(r"[;|\n]|,(?! )|, ", text_of(one)):
                text = part.strip()
                if text.startswith("cpe:"):
                    if found := product_of_cpe(text):
                        yield found
                elif known(text):
                    yield Product("", text)


class Match(NamedTuple):
    """An asset that may be affected, by which of its software, and what that was compared with."""

    asset: Asset
    software: str
    found_in: str


class _Entry(NamedTuple):
    """An installed product by its words, and the assets that have it."""

    words: tuple[str, ...]
    vendor: frozenset[str]
    shown: str
    assets: list[Asset]


_Hit = tuple[list[Asset], str]


class AssetIndex:
    """Finds assets by the products that a vulnerability affects."""

    def __init__(self, assets: Sequence[Asset]) -> None:
        self._by_word: dict[str, list[_Entry]] = defaultdict(list)
        self._by_first: dict[str, list[_Entry]] = defaultdict(list)
        self._by_host = {asset.host.casefold(): asset for asset in assets}
        self._cache: dict[tuple[str, str], list[_Hit]] = {}
        entries: dict[tuple[str, ...], _Entry] = {}
        for asset in assets:
            for product in asset.software:
                words = _words(product.product or product.vendor)
                first = _first_telling(words)
                if first is None:
                    continue
                key = (*words, "|", product.vendor.casefold())
                entry = entries.get(key)
                if entry is None:
                    entry = _Entry(words, _vendor(product.vendor), product.name, [])
                    entries[key] = entry
                    self._by_first[first].append(entry)
                    for word in {word for word in words if _telling(word)}:
                        self._by_word[word].append(entry)
                if not entry.assets or entry.assets[-1] is not asset:
                    entry.assets.append(asset)

    def host(self, name: str) -> Asset | None:
        """Find an asset by its host name."""
        return self._by_host.get(name.casefold())

    def affected(self, one: Vulnerability) -> list[Match]:
        """List the assets that run a product which the vulnerability affects, each once."""
        found: dict[int, Match] = {}
        for product in one.products:
            key = (product.vendor, product.product)
            if key not in self._cache:
                self._cache[key] = self._search(product)
            for assets, software in self._cache[key]:
                for asset in assets:
                    found.setdefault(id(asset), Match(asset, software, product.name))
        if not any(product.product for product in one.products):
            for assets, software in self._mentioned(f"{one.title} {one.description[:250]}"):
                for asset in assets:
                    found.setdefault(id(asset), Match(asset, software, "the description"))
        return list(found.values())

    def _search(self, product: Product) -> list[_Hit]:
        """Compare names without their vendors; a vendor that differs rules a product out."""
        wanted, vendor = _words(product.product), _vendor(product.vendor)
        bare = tuple(word for word in wanted if word not in vendor) or wanted
        first = _first_telling(bare)
        hits: list[_Hit] = []
        for entry in self._by_word.get(first or "", ()):
            if vendor and entry.vendor and not vendor & entry.vendor:
                continue
            both = vendor | entry.vendor
            mine = tuple(word for word in entry.words if word not in both) or entry.words
            # With a vendor known, a name before the product's is another vendor's.
            if _within(bare, mine, bool(vendor)) or _within(mine, bare, True):
                hits.append((entry.assets, entry.shown))
        return hits

    def _mentioned(self, text: str) -> list[_Hit]:
        words = _words(text)
        return [
            (entry.assets, entry.shown)
            for word in dict.fromkeys(words)
            for entry in self._by_first.get(word, ())
            if _within(_unnumbered(entry.words), words, False)
        ]


@lru_cache(maxsize=50_000)
def _words(text: str) -> tuple[str, ...]:
    return tuple(_WORD.findall(text.casefold()))


def _vendor(text: str) -> frozenset[str]:
    return frozenset(_words(text)) - _listed("suffixes")


def _unnumbered(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(word for word in words if not word.isdigit()) or words


@lru_cache(maxsize=100_000)
def _telling(word: str) -> bool:
    return len(word) >= MIN_NAME and word not in _listed("common") and not word.isdigit()


def _first_telling(words: Iterable[str]) -> str | None:
    return next((word for word in words if _telling(word)), None)


def _within(short: tuple[str, ...], long: tuple[str, ...], at_start: bool) -> bool:
    """Tell whether words stand in a row in others, one of them being telling.

    `at_start`: nothing that tells products apart may stand before them.
    """
    first = _first_telling(short)
    if first is None or first not in long:
        return False
    size = len(short)
    for at in range(len(long) - size + 1):
        if at_start and at and _telling(long[at - 1]):
            return False
        if long[at : at + size] == short:
            return True
    return False


@lru_cache(maxsize=2)
def _listed(which: str) -> frozenset[str]:
    """Give the words that are no name: company forms, or those and words of many products."""
    words = json.loads((files("sentree.intel") / "asset_words.json").read_text("utf-8"))
    found = frozenset(words[which].split())
    return found if which == "suffixes" else found | _listed("suffixes")
