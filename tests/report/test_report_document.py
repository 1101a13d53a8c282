from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from schemas.result import Result
from sentree.errors import (
    ConfigurationError,
    ExitCode,
    NotFoundError,
    UnreadableInputError,
    UsageError,
)
from sentree.report.document import (
    FORMATS,
    load_result,
    render_json,
    save_result,
    write_reports,
)


def test_a_saved_result_loads_equal_and_renders_the_same(sample: Result, tmp_path: Path):
    save_result(sample, tmp_path)
    loaded = load_result(tmp_path)
    assert loaded == sample
    assert load_result(tmp_path / "result.json") == sample
    for renderer in FORMATS.values():
        # Assessment results are made from compliance runs only (tests/analysis/test_evidence.py).
        if renderer.name != "oscal":
            assert renderer.render(loaded) == renderer.render(sample), renderer.name


def test_json_is_harmless_to_print(sample: Result, hostile: str):
    text = render_json(sample)
    assert text.replace("\n", "").isprintable() and text.isascii()
    assert hostile in json.dumps(json.loads(text), ensure_ascii=False) or any(
        entry["statement"].endswith(hostile) for entry in json.loads(text)["timeline"]["entries"]
    )


def test_reports_are_written_in_the_order_asked_for(sample: Result, tmp_path: Path):
    folder = tmp_path / "new" / "folder"
    paths = write_reports(sample, ["md", "html", "md"], folder)
    assert [path.name for path in paths] == ["report.md", "report.html"]
    assert sorted(path.name for path in folder.iterdir()) == ["report.html", "report.md"]
    assert load_result(write_reports(sample, ["json"], folder)[0]) == sample


def test_an_unknown_format_is_a_usage_error_and_writes_nothing(sample: Result, tmp_path: Path):
    with pytest.raises(UsageError, match="unknown format 'pdf': choose from html, md"):
        write_reports(sample, ["html", "pdf"], tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_can_not_be_made_is_one_line_of_error(sample: Result, tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError) as caught:
        write_reports(sample, ["md"], tmp_path / "file" / "below")
    assert "\n" not in str(caught.value) and "can't be written" in str(caught.value)


def test_a_failed_write_leaves_the_old_report_and_no_litter(
    sample: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "report.md").write_text("old")

    def no_space(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", no_space)
    with pytest.raises(ConfigurationError, match="No space left on device"):
        write_reports(sample, ["md"], tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["report.md"]
    assert (tmp_path / "report.md").read_text() == "old"


def test_a_missing_document_is_not_found(tmp_path: Path):
    with pytest.raises(NotFoundError, match="no such result document"):
        load_result(tmp_path / "none.json")


@pytest.mark.parametrize("content", ["", "{", "[]", '{"schema_version": "9.0"}', "\x00\xff"])
def test_what_is_no_result_document_is_unreadable(content: str, tmp_path: Path):
    path = tmp_path / "result.json"
    path.write_text(content, encoding="latin-1")
    with pytest.raises(UnreadableInputError) as caught:
        load_result(path)
    assert caught.value.exit_code is ExitCode.NOTHING_READABLE
    assert "\n" not in str(caught.value)


def test_the_terminal_views_load_no_template_engine():
    code = "import sentree.report.terminal, sys; sys.exit('jinja2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
