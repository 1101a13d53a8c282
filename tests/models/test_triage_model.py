"""Signals are seen where records show them, and every estimate is made of weights one can read."""

from __future__ import annotations

import json
from importlib.resources import files
from time import process_time

import pytest

from models.triage import TARGETS, estimate, estimate_signals, shipped
from models.triage_signals import read_signals
from schemas.vulnerability import CveReference, Cvss, Epss, Product, Vulnerability
from sentree.intel.cvss import parse_cvss

OPEN = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
CLOSED = "CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:N/A:N"


def record(text: str = "", vector: str = "", **more: object) -> Vulnerability:
    cvss = None
    if vector:
        read = parse_cvss(vector)
        cvss = Cvss(read.version, read.text, read.metrics, None, read.score)
    return Vulnerability("CVE-2024-1000", description=text, cvss=cvss, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    [
        "Google is aware that an exploit for CVE-2024-1000 exists in the wild.",
        "This flaw is actively exploited.",
        "It was exploited in the wild in August 2023 through October 2023.",
        "Apple is aware of a report that this issue may have been exploited.",
        "We have seen active exploitation by two groups.",
    ],
)
def test_words_that_report_attacks_are_seen(text: str) -> None:
    assert "stated exploited" in read_signals(record(text))
    assert estimate(record(text)).active > 0.8


@pytest.mark.parametrize(
    "text",
    [
        "The vendor is not aware of any active exploitation.",
        "There is no evidence that it was exploited in the wild.",
        "An attacker could exploit this by sending a packet.",
        "A use-after-free may be exploited to achieve local privilege escalation.",
        "It has not been exploited in the wild.",
    ],
)
def test_words_that_deny_or_only_imagine_attacks_are_not(text: str) -> None:
    assert "stated exploited" not in read_signals(record(text))


@pytest.mark.parametrize(
    ("reference", "seen"),
    [
        (CveReference("https://www.exploit-db.com/exploits/51234"), True),
        (CveReference("https://github.com/someone/CVE-2024-1000-PoC"), True),
        (CveReference("https://acme.example/a", ("Exploit", "Third Party Advisory")), True),
        (CveReference("https://github.com/acme/box/commit/0a1b2c"), False),
        (CveReference("https://acme.example/advisory", ("vendor-advisory",)), False),
    ],
)
def test_references_to_proofs_are_told_from_advisories(reference: CveReference, seen: bool) -> None:
    one = record(references=(reference,))
    assert ("proof reference" in read_signals(one)) == seen
    assert (estimate(one).poc > 0.8) == seen


def test_the_kind_of_product_counts_and_is_named() -> None:
    edge = record(products=(Product("Fortinet", "FortiOS"),))
    add_on = record("The Acme plugin for WordPress before 1.2 has a flaw.")
    assert read_signals(edge)["perimeter"].shown == "fortinet"
    assert estimate(edge).active > estimate(record()).active > estimate(add_on).active


@pytest.mark.parametrize(
    ("vector", "automatable", "total"),
    [
        (OPEN, True, True),
        (CLOSED, False, False),
        ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", True, True),
        ("CVSS:4.0/AV:N/AC:L/AT:P/PR:N/UI:N/VC:L/VI:N/VA:N/SC:N/SI:N/SA:N", False, False),
        ("AV:N/AC:L/Au:N/C:C/I:C/A:C", True, True),
        ("AV:N/AC:M/Au:S/C:P/I:N/A:N", False, False),
    ],
)
def test_every_version_of_vector_tells_automation_and_impact(
    vector: str, automatable: bool, total: bool
) -> None:
    made = estimate(record(vector=vector))
    assert (made.automatable > 0.5, made.total > 0.5) == (automatable, total)


def test_without_a_vector_the_words_decide() -> None:
    takeover = estimate(record("Allows unauthenticated remote attackers to execute arbitrary code"))
    leak = estimate(record("A stored cross-site scripting flaw lets a logged-in user read a name."))
    assert takeover.automatable > 0.5 > leak.automatable
    assert takeover.total > 0.5 > leak.total


def test_a_score_without_a_vector_still_tells_something() -> None:
    critical, modest = (
        estimate(Vulnerability("CVE-2024-1000", cvss=Cvss("", "", {}, score, None)))
        for score in (9.8, 4.3)
    )
    assert critical.automatable > 0.5 > modest.automatable
    assert critical.total > 0.5 > modest.total


def test_epss_moves_the_estimate_and_an_estimate_stands_in_without_it() -> None:
    high, low = (
        estimate(record(vector=OPEN, epss=Epss(x, "2024-10-24", "r"))) for x in (0.9, 0.0005)
    )
    none = estimate(record(vector=OPEN))
    assert high.active > low.active
    assert (high.epss, low.epss) == (None, None)
    assert none.epss is not None and 0.0 < none.epss < 1.0


def test_being_on_no_list_of_exploited_ones_counts_against_it() -> None:
    edge = record(products=(Product("Ivanti", "EPM"),))
    assert estimate(edge, not_in_kev=True).active < estimate(edge).active / 3


def test_the_effects_add_up_to_the_estimate() -> None:
    one = record("Type confusion in V8 in Google Chrome.", OPEN, epss=Epss(0.2, "", "r"))
    made = estimate(one)
    total = shipped()["total"].intercept + sum(e.effect for e in made.effects["total"])
    assert made.total == pytest.approx(1 / (1 + 2.718281828459045**-total))
    assert {effect.signal for effect in made.effects["active"]} >= {"platform", "memory", "EPSS"}


def test_the_model_is_small_and_says_how_it_was_made() -> None:
    data = json.loads((files("models") / "data" / "triage.json").read_text("utf-8"))
    assert set(data["fitted"]) == set(TARGETS) == set(shipped())
    assert sum(len(one["weights"]) for one in data["fitted"].values()) <= 36
    assert "train_triage" in data["comment"] and data["samples"] > 100


def test_an_endless_description_costs_no_time() -> None:
    text = "exploit for a a a a a a (vulnerability) in " * 200_000
    start = process_time()
    estimate_signals(read_signals(record(text)), None)
    assert process_time() - start < 1.0
