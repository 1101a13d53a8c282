"""Logs: JSON lines with run and node, nothing unless asked for, nothing that acts on a terminal."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from lake_logs import lines, records
from messages_server import MessagesServer
from played_agent import Played
from small_lake import small_lake, words

from sentree.cli import run
from sentree.logs import configure_logs
from sentree.settings import Settings


@pytest.fixture(autouse=True)
def silence_after() -> Iterator[None]:
    yield
    configure_logs(Settings())


def test_a_run_logs_its_calls_and_its_end_as_json_with_run_and_node(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lake = small_lake(tmp_path)
    monkeypatch.setenv("SENTREE_LOG_FORMAT", "json")
    capsys.readouterr()
    with MessagesServer(Played()) as server:
        assert run(words(lake, server.url)) == 0
    records = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    calls = [record for record in records if record["logger"] == "sentree.gate"]
    [end] = [record for record in records if record["logger"] == "sentree.run"]
    assert end["message"] == "run finished" and end["state"] == "done"
    assert {record["run_uid"] for record in calls} == {end["run_uid"]}
    assert len({record["node_uid"] for record in calls}) > 1
    assert all(record["input_tokens"] and record["usd"] for record in calls)
    assert all(record["time"] and record["level"] == "INFO" for record in records)


def test_loading_and_the_nodes_of_a_tree_are_logged_to_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "deep" / "sentree.log"
    monkeypatch.setenv("SENTREE_LOG_FORMAT", "json")
    monkeypatch.setenv("SENTREE_LOG_FILE", str(log))
    (tmp_path / "a.jsonl").write_text(lines(records(3)))
    home = ["--home", str(tmp_path / "home")]
    assert run(["ingest", str(tmp_path / "a.jsonl"), *home]) == 0
    assert run(["timeline", "--case", "c", "--executor", "local", *home]) == 0
    logged = [json.loads(line) for line in log.read_text().splitlines()]
    [loaded] = [one for one in logged if one["message"] == "source loaded"]
    assert (loaded["delivered"], loaded["accepted"]) == (3, 3)
    nodes = [one for one in logged if one["logger"] == "sentree.tree"]
    [end] = [one for one in logged if one["logger"] == "sentree.run"]
    assert nodes and {one["run_uid"] for one in nodes} == {end["run_uid"]}


def test_nothing_is_logged_unless_it_is_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.log").write_text("x\n")
    assert run(["ingest", str(tmp_path / "a.log"), "--home", str(tmp_path / "h"), "--quiet"]) == 0
    assert capsys.readouterr().err == ""


def test_a_line_of_text_holds_no_control_characters(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_logs(Settings(log_format="text"))
    hostile = {"path": "a\x1b[31m\nERROR forged\u202e"}
    logging.getLogger("sentree.lake").info("source loaded", extra=hostile)
    [line] = capsys.readouterr().err.splitlines()
    assert line.isprintable() and "forged" in line


def test_a_log_file_that_cant_be_written_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SENTREE_LOG_FORMAT", "json")
    monkeypatch.setenv("SENTREE_LOG_FILE", str(tmp_path))
    assert run(["doctor", "--home", str(tmp_path / "home")]) == 3
    assert "log_file" in capsys.readouterr().err
