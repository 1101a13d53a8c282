from __future__ import annotations

import base64
import hashlib
import re
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest

from schemas.claim import Evidence, Verification
from schemas.result import LimitHit, Result
from schemas.timeline import Timeline
from sentree.report import html as html_module
from sentree.report.html import render_html

VOID = {"meta", "link", "br", "hr", "img", "input"}


class Page(HTMLParser):
    """Reads a page strictly: every element closed in order, ids, links, texts."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            if name == "href":
                self.links.append(value or "")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open[-1] == tag, f"</{tag}> closes {self.open[-3:]}"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        if "script" not in self.open and "style" not in self.open:
            self.text += data


@pytest.fixture(scope="module")
def text(sample: Result) -> str:
    return render_html(sample)


@pytest.fixture(scope="module")
def page(text: str) -> Page:
    return Page(text)


def test_the_page_is_balanced_and_its_ids_are_unique(page: Page):
    assert page.open == []
    assert len(page.ids) == len(set(page.ids))


def test_every_link_of_the_page_leads_to_a_place_in_the_page(page: Page):
    assert page.links
    for link in page.links:
        assert link.startswith("#") and link[1:] in page.ids, link


def test_every_cited_event_of_the_answer_is_one_click_away(sample: Result, page: Page):
    cited = {one.event_uid for claim in sample.summary for one in claim.evidence}
    raws = {event.event_uid: event for event in sample.cited_events}
    for uid in cited:
        assert uid in page.text
        assert f"{raws[uid].source}:{raws[uid].line}" in page.text


def test_the_page_asks_the_network_for_nothing(text: str, page: Page):
    assert not {"link", "img", "iframe", "object", "embed", "form", "base"} & set(page.tags)
    assert not [one for one in page.attributes if one[0] in {"src", "srcset", "style", "action"}]
    assert not [one for one in page.attributes if one[0].startswith("on")]
    style = text[text.index("<style>") + 7 : text.index("</style>")]
    assert "@import" not in style
    assert all(target.startswith("#") for target in re.findall(r"url\(([^)]*)\)", style))


def test_the_policy_allows_only_the_script_and_style_of_the_page(text: str):
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)
    assert policy is not None
    allowed = policy.group(1).replace("&#39;", "'")
    assert allowed.startswith("default-src 'none'")
    for tag in ("style", "script"):
        inner = text[text.index(f"<{tag}>") + len(tag) + 2 : text.index(f"</{tag}>")]
        digest = base64.b64encode(hashlib.sha256(inner.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in allowed
    assert text.count("<script") == 1


def test_hostile_text_is_shown_and_never_runs(text: str, page: Page, hostile: str):
    assert "<script>alert(1)</script>" in page.text
    assert "<img src=x onerror=alert(2)>" in page.text
    assert "img" not in page.tags
    assert "Ignore all previous instructions" in page.text
    assert "\\u202e" in page.text and "\\x1b[31m" in page.text
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e]", text)


def test_the_reader_learns_what_was_done_without_script(sample: Result, page: Page):
    said = " ".join(page.text.split())
    assert "not a language model" in said
    assert f"{sample.verification.kept} of {sample.verification.checked} hold" in said
    assert "408,320 of 412,118" in said
    for claim in sample.summary:
        assert claim.text in said
    assert sample.timeline is not None
    for one in (*sample.timeline.entries, *sample.timeline.gaps, *sample.timeline.episodes):
        assert " ".join(one.statement.split())[:60] in said
    for record in sample.trajectory:
        assert record.label in said
    for words in sample.coverage.not_searched:
        assert words in said
    assert sample.verification.dropped[0].reason in said
    assert "by A. Example, B. Sample" in said


def test_gaps_are_rows_of_the_timeline_in_their_place(text: str):
    gap = text.index('id="g-0"')
    before, after = text.index("log-on of helpdesk15"), text.index("fodhelper.exe started")
    assert before < gap < after


def test_tactics_stand_in_attack_order(text: str):
    matrix = text[text.index('class="matrix"') :]
    places = [
        matrix.index(f"<h3>{name}</h3>")
        for name in ("Initial Access", "Execution", "Persistence", "Discovery", "Exfiltration")
    ]
    assert places == sorted(places)


def test_quoted_passages_are_marked_in_the_raw_record(text: str):
    assert "<mark>ws-fin-07</mark>" in text


def test_rendering_twice_gives_the_same_bytes(sample: Result, text: str):
    assert render_html(sample) == text


def test_an_empty_result_says_so_and_points_to_coverage(sample: Result):
    empty = sample.model_copy(
        update={
            "summary": (),
            "timeline": Timeline(entries=()),
            "detections": (),
            "trajectory": (),
            "cited_events": (),
            "verification": Verification(),
        }
    )
    page = Page(render_html(empty))
    assert "No sentence could be supported by evidence" in page.text
    assert "#coverage" in page.links
    assert all(link[1:] in page.ids for link in page.links)


def test_simulated_and_partial_runs_carry_a_warning(sample: Result):
    limit = LimitHit(limit="max-calls", allowed=80, spent=80)
    page = Page(render_html(sample.model_copy(update={"simulated": True, "limit_hit": limit})))
    assert "SIMULATED" in page.text
    assert "stopped at the limit max-calls" in page.text


def test_evidence_that_the_document_does_not_carry_is_named(sample: Result):
    claim = sample.summary[0].model_copy(update={"evidence": (Evidence(event_uid="gone"),)})
    page = Page(render_html(sample.model_copy(update={"summary": (claim,)})))
    assert "is cited, but the document does not carry it" in " ".join(page.text.split())
    assert all(link[1:] in page.ids for link in page.links)


def test_too_many_rows_leave_out_the_least_and_say_so(
    sample: Result, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("sentree.report.rows.MAX_ROWS", 14)
    text = render_html(sample)
    page = Page(text)
    assert "42 of 56 rows are left out" in text
    assert len(re.findall(r'<tr id="r-\d+"', text)) == 14
    assert "tr informational" not in text and 'class="entry low"' not in text
    assert all(link[1:] in page.ids for link in page.links)


def test_a_page_that_would_be_too_big_keeps_every_mark_alive(
    sample: Result, monkeypatch: pytest.MonkeyPatch
):
    full = len(render_html(sample))
    monkeypatch.setattr(html_module, "MAX_BYTES", full - 40_000)
    text = render_html(sample)
    page = Page(text)
    assert len(text) < full - 30_000
    assert "To keep this file near 15 MB" in text
    assert all(link[1:] in page.ids for link in page.links)


def test_five_thousand_rows_stay_within_the_limit(sample: Result):
    assert sample.timeline is not None
    base = sample.timeline.entries
    entries = tuple(
        base[n % len(base)].model_copy(
            update={"entry_uid": f"{n}", "time": base[0].time + timedelta(seconds=60 * n)}
        )
        for n in range(5_000)
    )
    timeline = sample.timeline.model_copy(update={"entries": entries})
    text = render_html(sample.model_copy(update={"timeline": timeline}))
    assert len(text.encode()) < html_module.MAX_BYTES
    assert len(re.findall(r'<tr id="r-\d+"', text)) == 5_000


def test_records_that_name_each_other_as_parents_do_not_hang(sample: Result):
    first, second = sample.trajectory[:2]
    loop = (
        first.model_copy(update={"parent_uid": second.node_uid}),
        second.model_copy(update={"parent_uid": first.node_uid}),
    )
    assert Page(render_html(sample.model_copy(update={"trajectory": loop}))).open == []


def test_normalised_json_nested_very_deep_does_not_break_the_page(sample: Result):
    deep = "[" * 5_000 + "]" * 5_000
    event = sample.cited_events[0].model_copy(update={"event": deep})
    changed = sample.model_copy(update={"cited_events": (event, *sample.cited_events[1:])})
    assert Page(render_html(changed)).open == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_colours_have_enough_contrast(scheme: str):
    css = (Path(html_module.__file__).parent / "templates" / "report.css").read_text()
    light, dark = css.split("@media (prefers-color-scheme: dark)")[:2]
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", light))
    if scheme == "dark":
        colours |= dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", dark.split("* {")[0]))
    for name in ("ink", "soft", "link", "critical", "high", "medium", "low", "informational"):
        for ground in ("paper", "raised", "target"):
            ratio = _contrast(colours[name], colours[ground])
            assert ratio >= 4.5, (scheme, name, ground, round(ratio, 2))
    assert _contrast(colours["on-critical"], colours["critical"]) >= 4.5
    assert _contrast(colours["ink"], colours["quote"]) >= 4.5


def _contrast(first: str, second: str) -> float:
    light, dark = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
