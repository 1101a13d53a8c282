"""Assets are read from lists as people keep them, and matched by product, not by accident."""

from __future__ import annotations

import pytest

from schemas.vulnerability import Product, Vulnerability
from sentree.intel.assets import AssetIndex
from sentree.intel.cve_merge import merge
from sentree.intel.cve_read import read_cve_text

LIST = """hostname;exposure;criticality;software;owner
web01;Internet-facing;Tier 1;Apache Tomcat 9.0, OpenSSL;web team
db01;internal;medium;cpe:2.3:a:oracle:weblogic_server:12.2.1:*:*:*:*:*:*:*;
lab;none;low;Nordlicht Harbor Ledger;
odd;moon;;Microsoft Windows Server 2019;
"""


@pytest.fixture(scope="module")
def index() -> AssetIndex:
    file = read_cve_text(LIST, "assets.csv", "assets")
    return AssetIndex(merge([], [file]).assets)


def hosts(index: AssetIndex, vendor: str, product: str, text: str = "") -> set[str]:
    one = Vulnerability("CVE-2024-1000", description=text, products=(Product(vendor, product),))
    return {match.asset.host for match in index.affected(one)}


def test_exposure_and_mission_are_understood_in_many_words(index: AssetIndex) -> None:
    found = {name: index.host(name) for name in ("WEB01", "db01", "lab", "odd")}
    assert [(a.exposure, a.mission) for a in found.values() if a] == [
        ("internet", "high"),
        ("internal", "medium"),
        ("none", "low"),
        ("unknown", None),
    ]


@pytest.mark.parametrize(
    ("vendor", "product", "wanted"),
    [
        ("Apache Software Foundation", "Apache Tomcat", {"web01"}),
        ("apache", "tomcat", {"web01"}),
        ("Oracle Corporation", "WebLogic Server", {"db01"}),
        ("Microsoft", "Windows Server 2019", {"odd"}),
        ("Microsoft", "Windows Server 2022", set()),
        ("Acme", "Harbor Ledger", set()),
        ("Nordlicht", "Harbor Ledger", {"lab"}),
        ("Acme", "Server", set()),
        ("Apache Software Foundation", "Apache Airflow", set()),
    ],
)
def test_a_product_finds_its_assets_and_no_others(
    index: AssetIndex, vendor: str, product: str, wanted: set[str]
) -> None:
    assert hosts(index, vendor, product) == wanted


def test_a_record_without_a_product_is_compared_by_its_text(index: AssetIndex) -> None:
    text = "An issue in Apache Tomcat before 9.0.1 allows remote attackers to do things."
    assert hosts(index, "", "", text) == {"web01"}
    assert hosts(index, "", "", "An issue in the server of a client application.") == set()


def test_json_lists_with_nested_software_are_read() -> None:
    text = """{"assets": [
      {"host": "a", "internet_facing": true, "importance": "critical",
       "software": [{"vendor": "GitLab", "product": "GitLab", "version": "16"}, "Redis 7"]},
      {"exposure": "internal"}]}"""
    file = read_cve_text(text, "assets.json")
    ((_, asset),) = file.assets
    assert (asset.exposure, asset.mission) == ("internet", "high")
    assert [product.name for product in asset.software] == ["GitLab", "Redis 7"]
    assert len(file.rejected) == 1
