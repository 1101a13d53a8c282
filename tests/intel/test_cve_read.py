"""CVE data of every shape is told apart, and what is broken is set aside with place and reason."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentree.intel.cve_merge import CveHolding, merge
from sentree.intel.cve_read import read_cve_file, read_cve_text

VECTOR = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
SSVC: dict[str, Any] = {
    "type": "ssvc",
    "content": {
        "options": [{"Exploitation": "poc"}, {"Automatable": "yes"}, {"Technical Impact": "total"}],
        "role": "CISA Coordinator",
        "timestamp": "2024-10-09T12:58:44Z",
    },
}
CVE_5: dict[str, Any] = {
    "dataType": "CVE_RECORD",
    "cveMetadata": {
        "cveId": "CVE-2024-1000",
        "state": "PUBLISHED",
        "assignerShortName": "acme",
        "datePublished": "2024-02-15T13:59:25.313Z",
    },
    "containers": {
        "cna": {
            "title": "Acme Box: command injection",
            "descriptions": [
                {"lang": "de", "value": "nein"},
                {"lang": "en", "value": "A command injection in Acme Box."},
            ],
            "affected": [{"vendor": "Acme", "product": "Box"}, {"vendor": "n/a", "product": "n/a"}],
            "problemTypes": [{"descriptions": [{"cweId": "CWE-78", "description": "x"}]}],
            "references": [{"url": "https://acme.example/1", "tags": ["vendor-advisory"]}],
            "metrics": [{"cvssV3_1": {"vectorString": VECTOR, "baseScore": 9.8}}],
        },
        "adp": [
            {
                "metrics": [
                    {"other": SSVC},
                    {"other": {"type": "kev", "content": {"dateAdded": "2024-10-09"}}},
                ],
                "references": [{"url": "https://acme.example/1", "tags": ["exploit"]}],
            }
        ],
    },
}
NVD = {
    "cve": {
        "id": "CVE-2024-1001",
        "vulnStatus": "Analyzed",
        "descriptions": [{"lang": "en", "value": "Overflow."}],
        "metrics": {
            "cvssMetricV2": [
                {"cvssData": {"version": "2.0", "vectorString": "AV:N/AC:L/Au:N/C:P/I:P/A:P"}}
            ],
            "cvssMetricV31": [
                {"type": "Secondary", "cvssData": {"vectorString": VECTOR[:-1] + "N"}},
                {"type": "Primary", "cvssData": {"vectorString": VECTOR, "baseScore": 9.8}},
            ],
        },
        "weaknesses": [{"description": [{"value": "CWE-787"}, {"value": "NVD-CWE-noinfo"}]}],
        "configurations": [
            {"nodes": [{"cpeMatch": [{"criteria": "cpe:2.3:a:acme:big_box:1.0:*:*:*:*:*:*:*"}]}]}
        ],
        "references": [{"url": "https://www.exploit-db.com/exploits/1", "tags": ["Exploit"]}],
        "cisaExploitAdd": "2024-03-01",
    }
}
KEV = {
    "title": "CISA catalogue",
    "catalogVersion": "2024.10.24",
    "vulnerabilities": [
        {
            "cveID": "CVE-2024-1000",
            "vendorProject": "Acme",
            "product": "Box",
            "dateAdded": "2024-10-09",
            "knownRansomwareCampaignUse": "Known",
            "shortDescription": "Acme Box has a flaw.",
        }
    ],
}


def one_of(text: str) -> Any:
    (vulnerability,) = holding_of(text).vulnerabilities.values()
    return vulnerability


def holding_of(*texts: str) -> CveHolding:
    return merge([read_cve_text(text, f"{n}.txt") for n, text in enumerate(texts)])


def test_a_cve_5_record_gives_its_facts_and_those_that_cisa_added() -> None:
    one = one_of(json.dumps(CVE_5))
    assert (one.cve, one.assigner, one.description) == (
        "CVE-2024-1000",
        "acme",
        "A command injection in Acme Box.",
    )
    assert (one.cvss.score, one.cwes) == (9.8, ("CWE-78",))
    assert [product.name for product in one.products] == ["Acme Box"]
    assert one.ssvc.exploitation == "poc" and one.ssvc.technical_impact == "total"
    assert one.kev.added == "2024-10-09"
    assert set(one.references[0].tags) == {"vendor-advisory", "exploit"}


def test_a_page_of_nvd_gives_its_primary_rating_and_products() -> None:
    one = one_of(json.dumps({"totalResults": 1, "format": "NVD_CVE", "vulnerabilities": [NVD]}))
    assert (one.cve, one.cvss.vector, one.cwes) == ("CVE-2024-1001", VECTOR, ("CWE-787",))
    assert (one.products[0].vendor, one.products[0].product) == ("acme", "big box")
    assert one.kev.added == "2024-03-01"


def test_a_feed_of_the_old_nvd_shape_is_read() -> None:
    item = {
        "cve": {
            "CVE_data_meta": {"ID": "CVE-2019-9999"},
            "description": {"description_data": [{"lang": "en", "value": "Old."}]},
        },
        "impact": {"baseMetricV2": {"cvssV2": {"vectorString": "AV:N/AC:L/Au:N/C:P/I:P/A:P"}}},
        "publishedDate": "2019-06-10T16:29Z",
    }
    one = one_of(json.dumps({"CVE_data_type": "CVE", "CVE_Items": [item]}))
    assert (one.cve, one.cvss.version, one.cvss.computed) == ("CVE-2019-9999", "2.0", 7.5)


def test_a_flat_record_gives_everything_that_its_names_say() -> None:
    record = {
        "id": "CVE-2024-29269",
        "cvss": {"score": 8.8, "vector": VECTOR, "version": "3.1"},
        "cwe": ["CWE-77"],
        "description": "An issue in Telesquare.",
        "epss": 0.00054,
        "epss_date": "2024-10-24",
        "kev_date": None,
        "kev_ransomware": None,
        "vendor": "n/a",
        "product": "n/a",
        "public_exploit_source": "CISA/Nuclei",
        "ssvc": {"exploitation": "poc", "automatable": "no", "technical_impact": "total"},
        "title": None,
    }
    one = one_of(json.dumps(record))
    assert (one.epss.score, one.epss.date, one.kev) == (0.00054, "2024-10-24", None)
    assert (one.catalogues, one.products) == (("CISA", "Nuclei"), ())
    assert (one.cvss.given, one.cvss.computed) == (8.8, 9.8)


def test_an_ssvc_assessment_in_a_file_of_its_own_adds_to_the_record() -> None:
    alone = json.dumps({"id": "CVE-2024-1001", **SSVC["content"]})
    table = "cve,exploitation,automatable,technical impact\nCVE-2024-1001,active,no,partial\n"
    by_json = holding_of(json.dumps(NVD), alone).vulnerabilities["CVE-2024-1001"].ssvc
    by_table = holding_of(json.dumps(NVD), table).vulnerabilities["CVE-2024-1001"].ssvc
    assert by_json and (by_json.exploitation, by_json.assessor) == ("poc", "CISA Coordinator")
    assert by_table and (by_table.exploitation, by_table.automatable) == ("active", "no")


def test_scanner_rows_split_by_cve_and_keep_their_hosts() -> None:
    text = (
        "Plugin ID,CVE,CVSS v3.0 Base Score,Risk,Host,Name,Synopsis\n"
        '1,"CVE-2021-1234, CVE-2021-9999",9.8,Critical,web01,OpenSSL,"two\nlines"\n'
        "2,CVE-2021-1234,9.8,Critical,web02,OpenSSL,again\n"
        "3,,,None,web02,Ping,nothing\n"
    )
    holding = holding_of(text)
    assert holding.vulnerabilities["CVE-2021-1234"].hosts == ("web01", "web02")
    assert holding.vulnerabilities["CVE-2021-9999"].hosts == ("web01",)
    (rejected,) = holding.files[0].rejected
    assert (rejected.line, rejected.reason) == (5, "names no CVE id")
    assert holding.raw("CVE-2021-1234").startswith('1,"CVE-2021-1234')


def test_a_plain_list_gives_ids_and_names_what_is_none() -> None:
    holding = holding_of("CVE-2021-1\ncve-2021-1234\nfoo\nCVE-2021-1234\n# a note\n")
    assert list(holding.vulnerabilities) == ["CVE-2021-1234"]
    assert [one.line for one in holding.files[0].rejected] == [1, 3]


def test_epss_is_read_with_its_comment_line_and_packed(tmp_path: Path) -> None:
    text = (
        "#model_version:v2023.03.01,score_date:2024-10-24T00:00:00+0000\n"
        "cve,epss,percentile\nCVE-2024-1000,0.97,0.9\nCVE-2024-1001,7,0.9\nCVE-x,0.1,0.1\n"
    )
    (tmp_path / "epss.csv.gz").write_bytes(gzip.compress(text.encode()))
    file = read_cve_file(str(tmp_path / "epss.csv.gz"))
    assert (file.epss_date, file.epss["CVE-2024-1000"].score) == ("2024-10-24", 0.97)
    assert [(one.line, one.uid) for one in file.rejected] == [(4, "CVE-2024-1001"), (5, "CVE-x")]
    holding = merge([read_cve_text(json.dumps(CVE_5)), file])
    epss = holding.vulnerabilities["CVE-2024-1000"].epss
    assert epss and (epss.date, holding.raw(epss.record)) == (
        "2024-10-24",
        "CVE-2024-1000,0.97,0.9\n",
    )


def test_a_catalogue_adds_to_records_and_is_ranked_alone() -> None:
    both = holding_of(json.dumps(KEV), json.dumps(NVD))
    assert list(both.vulnerabilities) == ["CVE-2024-1001"]
    together = holding_of(json.dumps(KEV), json.dumps(CVE_5)).vulnerabilities["CVE-2024-1000"]
    assert together.kev and together.kev.ransomware == "Known"
    assert together.kev.record == "CVE-2024-1000/kev"
    assert together.records == ("CVE-2024-1000", "CVE-2024-1000/kev")
    csv = (
        "cveID,vendorProject,product,vulnerabilityName,dateAdded,shortDescription\n"
        "CVE-2021-27104,Accellion,FTA,Accellion FTA Injection,2021-11-03,Accellion FTA flaw\n"
    )
    alone = one_of(csv)
    assert (alone.cve, alone.kev.added) == ("CVE-2021-27104", "2021-11-03")


def test_records_of_one_cve_are_merged_and_copies_counted() -> None:
    row = json.dumps({"id": "CVE-2024-1000", "epss": 0.5, "description": "other words"})
    holding = holding_of(json.dumps(CVE_5), f"{row}\n{row}\n")
    one = holding.vulnerabilities["CVE-2024-1000"]
    assert holding.copies == 1
    assert (one.description, one.epss and one.epss.score) == (
        "A command injection in Acme Box.",
        0.5,
    )
    assert one.records == ("CVE-2024-1000", "CVE-2024-1000/row")


def test_a_broken_line_costs_itself_alone() -> None:
    good = json.dumps({"id": "CVE-2024-1", "description": "no"})
    text = f'{json.dumps(CVE_5)}\n{{"id": "CVE-2024-10\n{good}\n{json.dumps(NVD)}\n[1]\n'
    holding = holding_of(text)
    assert set(holding.vulnerabilities) == {"CVE-2024-1000", "CVE-2024-1001"}
    assert len(holding.files[0].rejected) == 3


def test_wrong_values_are_flaws_and_the_record_stays() -> None:
    record = {"id": "CVE-2024-7777", "cvss": {"vector": "AV:Q", "score": "high"}, "epss": "lots"}
    holding = holding_of(json.dumps(record))
    assert [uid for uid, _ in holding.flaws] == ["CVE-2024-7777"] * 2
    assert holding.vulnerabilities["CVE-2024-7777"].cvss is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("<nessus/>", "XML"),
        ("name,age\nBob,7\n", "names no CVE id"),
        ('{"type": "bundle", "objects": []}', "names no CVE id"),
        ("[1, 2]", "no object"),
    ],
)
def test_other_files_are_refused_with_the_reason(text: str, reason: str) -> None:
    file = read_cve_text(text)
    assert not file.records
    assert reason in file.rejected[0].reason


def test_an_unreadable_file_is_a_reject_and_no_error(tmp_path: Path) -> None:
    (tmp_path / "cut.csv.gz").write_bytes(gzip.compress(bytes(range(256)) * 40)[:90])
    assert "can't be read" in read_cve_file(str(tmp_path / "cut.csv.gz")).rejected[0].reason
    assert "can't be read" in read_cve_file(str(tmp_path / "absent.json")).rejected[0].reason


def test_half_characters_are_replaced_since_no_report_could_hold_them() -> None:
    one = one_of(
        '{"id": "CVE-2024-0001", "title": "a\\ud800b", "vendor": "\\udfff", "product": "p"}'
    )
    assert (one.title, one.products[0].vendor) == ("a\ufffdb", "\ufffd")


@pytest.mark.parametrize("text", ["#", "# only\n# notes\n", "cve,epss\n", "\n\n"])
def test_a_file_without_rows_is_refused(text: str) -> None:
    file = read_cve_text(text)
    assert not file.records and file.rejected


values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(("value", "lang", "url", "cweId", "cvss", "x")), inner)
    ),
    max_leaves=8,
)
keys = ("containers", "cveMetadata", "cve", "metrics", "descriptions", "ssvc", "cvss", "epss")


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(st.sampled_from((*keys, "references", "weaknesses", "vendor")), values))
def test_no_value_of_any_type_makes_reading_fail(body: dict[str, Any]) -> None:
    for more in ({"id": "CVE-2024-5555"}, {"cveMetadata": {"cveId": "CVE-2024-5555"}}, {}):
        file = read_cve_text(json.dumps({**body, **more}))
        assert len(file.read) + len(file.rejected) == 1 or file.assets


@given(st.text(max_size=200))
def test_no_text_makes_reading_fail(text: str) -> None:
    file = read_cve_text(text)
    assert file.records or file.rejected or file.text.strip()[:1] in "{["
