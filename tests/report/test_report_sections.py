"""A scenario's sections in every format: whole, cited, and harmless whatever the records hold."""

import csv
import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from schemas.claim import Evidence
from schemas.event import Reference
from schemas.query import Query, Scenario
from schemas.result import Result
from schemas.section import Column, InputFile, Row, Section, Table, TechniqueScore
from sentree.analysis.records import Account, cited_record, claim, record_result
from sentree.report.document import FORMATS, load_result, save_result
from sentree.report.terminal import run_view, summary_lines

HOSTILE = '</td><script>alert(1)</script>\x1b[31m=HYPERLINK("http://evil")'
TEXTS = {"CVE-2030-1": '{"id": "CVE-2030-1", "score": 9.8}', "CVE-2030-2": HOSTILE}


def make(rows: tuple[Row, ...], tmp_path: Path, *claims) -> Result:
    table = Table(
        key="ranked",
        title="Ranked",
        columns=(
            Column(name="CVE", kind="id"),
            Column(name="Score", kind="number"),
            Column(name="Chance", kind="share"),
            Column(name="Decision", kind="verdict"),
            Column(name="Technique", kind="technique"),
        ),
        rows=rows,
    )
    run_dir = tmp_path / "20300101T000000-abcdef"
    run_dir.mkdir(exist_ok=True)
    return record_result(
        run_dir,
        Scenario.TRIAGE,
        "Triage",
        Query(text="Which first?"),
        summary=claims,
        sections=(Section(key="main", title="Ranking", tables=(table,), notes=("A note.",)),),
        texts=TEXTS,
        records={
            uid: cited_record(
                uid,
                "CVE record",
                text,
                "cves.json",
                references=(Reference(source_name="NVD", url="https://nvd.example/1"),),
            )
            for uid, text in TEXTS.items()
        },
        account=Account(in_scope=2, looked_at=2),
        inputs=(
            InputFile(path="cves.json", sha256="0" * 64, format="cve5", records=2, rejected=1),
        ),
        techniques=(TechniqueScore(technique="T1190", score=0.75, evidence=("CVE-2030-1",)),),
        created_at=datetime(2030, 1, 1, tzinfo=UTC),
    )


GOOD = Row(cells=("CVE-2030-1", 9.8, 0.5, "Act", "T1190"), evidence=("CVE-2030-1",))
BAD = Row(cells=(HOSTILE, None, 0.0, HOSTILE, HOSTILE), evidence=("CVE-2030-2",))


@pytest.mark.parametrize("name", ["html", "md", "json", "csv", "navigator"])
def test_every_format_names_the_record_and_keeps_hostile_text_harmless(name, tmp_path):
    text = FORMATS[name].render(make((GOOD, BAD), tmp_path))
    assert "CVE-2030-1" in text
    assert "\x1b" not in text
    if name == "html":
        assert "<script>alert" not in text
        assert text.count("[E1]") >= 1 and 'id="E1"' in text
        assert "nvd.example" in text and 'href="https://nvd.example' not in text


def test_a_cell_that_looks_like_a_formula_reaches_a_spreadsheet_as_text(tmp_path):
    row = Row(cells=("=1+1", 1, 0.1, "Track", ""), evidence=("CVE-2030-1",))
    text = FORMATS["csv"].render(make((row,), tmp_path))
    lines = list(csv.reader(io.StringIO(text)))
    assert lines[0] == ["CVE", "Score", "Chance", "Decision", "Technique", "evidence"]
    assert lines[1][0] != "=1+1" and lines[1][0].endswith("=1+1")
    assert lines[1][-1] == "CVE-2030-1"


def test_rows_and_claims_that_cite_what_was_not_read_are_dropped_and_counted(tmp_path):
    invented = Row(cells=("CVE-1999-9", 1, 0.1, "Act", ""), evidence=("CVE-1999-9",))
    result = make(
        (GOOD, invented),
        tmp_path,
        claim("True.", ["CVE-2030-1"]),
        claim("Misquoted.", [Evidence(event_uid="CVE-2030-1", quote="score 10")]),
        claim("From nothing.", []),
    )
    assert [one.text for one in result.summary] == ["True."]
    assert len(result.sections[0].tables[0].rows) == 1
    assert (result.verification.checked, result.verification.kept) == (5, 2)
    assert {one.reason.split()[0] for one in result.verification.dropped} == {"record", "cites"}


def test_a_long_table_is_cut_in_the_page_and_says_so_and_is_whole_in_the_json(tmp_path):
    rows = tuple(
        Row(cells=(f"CVE-2031-{n}", n, 0.1, "Track", ""), evidence=("CVE-2030-1",))
        for n in range(1000)
    )
    result = make(rows, tmp_path)
    assert "700 more rows in the JSON report" in FORMATS["html"].render(result)
    assert "CVE-2031-999" in FORMATS["json"].render(result)
    assert len(FORMATS["md"].render(result).encode()) <= 100_000


def test_the_navigator_layer_carries_the_scenarios_own_score(tmp_path):
    layer = json.loads(FORMATS["navigator"].render(make((GOOD,), tmp_path)))
    assert [one["score"] for one in layer["techniques"]] == [0.75]


def test_the_terminal_shows_the_main_table_and_the_document_loads_again(tmp_path):
    result = make((GOOD, BAD), tmp_path, claim("One is worst.", ["CVE-2030-1"]))
    text = "\n".join(summary_lines(result))
    assert "One is worst. [E1]" in text and "9.8" in text and "50 %" in text
    assert "1 record rejected" in text and "\x1b" not in run_view(result)
    assert load_result(save_result(result, tmp_path)) == result


def test_a_column_without_a_value_is_left_to_the_json(tmp_path):
    rows = tuple(row.model_copy(update={"cells": (*row.cells[:4], "")}) for row in (GOOD, BAD))
    result = make(rows, tmp_path)
    for name in ("html", "md"):
        assert '<th scope="col">Technique' not in FORMATS[name].render(result)
        assert "Decision" in FORMATS[name].render(result)
    assert "Technique" in FORMATS["json"].render(result)
