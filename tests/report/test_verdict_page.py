"""The evaluation page: well-formed, alone, readable without sight, stamped everywhere."""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import UTC, datetime

import pytest
from planted_trials import flat, planted, rotting
from test_report_html import Page

from schemas.experiment import EvalPath
from schemas.verdict import VerdictReport
from sentree.evals.verdict import judge
from sentree.report.verdict import render_verdict
from sentree.report.verdict_figures import figure_rows
from sentree.report.verdict_text import verdict_text
from sentree.report.verdict_words import figure, size

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def made(*, simulated: bool) -> VerdictReport:
    trials = planted(
        rotting(0.9, 0.1),
        flat(0.6),
        seeds=5,
        simulated=simulated,
        route=lambda task, size: EvalPath.DIRECT,
    )
    return judge(trials, now=NOW, rounds=400)


@pytest.fixture(scope="module")
def report() -> VerdictReport:
    return made(simulated=True)


@pytest.fixture(scope="module")
def text(report: VerdictReport) -> str:
    return render_verdict(report)


def test_the_page_is_balanced_its_ids_unique_and_its_links_lead_somewhere(text: str):
    page = Page(text)
    assert page.open == []
    assert len(page.ids) == len(set(page.ids))
    assert page.links and all(link[1:] in page.ids for link in page.links)


def test_the_page_asks_for_nothing_and_runs_nothing(text: str):
    page = Page(text)
    assert not {"script", "img", "link", "iframe", "form"} & set(page.tags)
    assert not re.search(r"(?i)https?://|url\((?!#)|@import", text)
    (css,) = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in text.replace("&#39;", "'")
    assert "style=" not in text


def test_every_plot_has_a_title_a_description_and_its_data_as_a_table(text: str):
    plots = re.findall(r'<svg class="plot".*?</svg>', text, re.DOTALL)
    assert len(plots) == 6
    for plot in plots:
        assert 'role="img"' in plot
        assert re.search(r"<title id=.+?>.+?</title>\s*<desc id=.+?>.+?</desc>", plot, re.DOTALL)
    assert text.count("Data of the plots") >= 5


def test_a_simulated_page_says_so_at_every_heading_table_and_plot(text: str):
    for part in (
        *re.findall(r"<h2.*?</h2>", text, re.DOTALL),
        *re.findall(r"<caption>.*?</caption>", text, re.DOTALL),
        *re.findall(r'<svg class="plot".*?</svg>', text, re.DOTALL),
        *re.findall(r"<title>.*?</title>\n<style>", text, re.DOTALL),
    ):
        assert "SIMULATED" in part
    assert 'class="across"' in text
    assert all(row.stamp == "SIMULATED" for row in figure_rows(made(simulated=True)))


def test_a_real_page_bears_no_stamp():
    real = made(simulated=False)
    shown = re.sub(r"<style>.*?</style>", "", render_verdict(real), flags=re.DOTALL)
    assert "SIMULATED" not in shown and 'class="across"' not in shown
    assert "SIMULATED" not in verdict_text(real)
    assert {row.stamp for row in figure_rows(real)} == {""}


def test_the_embedded_analyst_is_never_taken_for_a_language_model(report: VerdictReport):
    trials = [
        one.model_copy(update={"language_model": False, "model": "embedded"})
        for one in planted(flat(0.5), flat(0.6), seeds=5, simulated=False)
    ]
    found = judge(trials, now=NOW, rounds=200)
    assert render_verdict(found).count("NOT A LANGUAGE MODEL") > 10
    assert "[NOT A LANGUAGE MODEL] rlm-planned against direct" in verdict_text(found)


def test_the_page_shows_every_part_and_the_criteria(text: str):
    shown = Page(text).text
    for words in (
        "H-RLM-CYBER-01",
        "overtakes the baseline at about",
        "Wins / ties / losses",
        "Per doubling",
        "95 of 100 below",
        "Share of runs that peek, grep, partition",
        "Router regret",
        "always rlm-planned",
        "Not rated.",
        "improvement > 20 % on at least 3 tasks",
        "paired cluster bootstrap, 400 draws, seed 7",
    ):
        assert words in shown, words


def test_figures_are_written_in_their_units():
    assert figure(0.2345, "share") == "+23 %"
    assert figure(0.00042, "usd") == "$0.0004" and figure(12.5, "usd") == "$12.50"
    assert [size(one) for one in (512, 4_096, 262_144, 999_999, 1_500_000)] == [
        "512",
        "4.1K",
        "262K",
        "1M",
        "1.5M",
    ]
