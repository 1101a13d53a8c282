"""`sentree doctor` tells what would not work, before it does not."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from lake_logs import lines, records
from messages_server import MessagesServer
from played_agent import Played

from sentree.cli import run
from sentree.lake.db import Lake
from sentree.settings import Settings


def checks(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, tuple[bool, str]]:
    capsys.readouterr()
    run(["doctor", "--format", "json", *words])
    return {one["name"]: (one["ok"], one["detail"]) for one in json.loads(capsys.readouterr().out)}


def test_a_fresh_machine_is_ready(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    found = checks(capsys, "--home", str(settings.home))
    assert all(ok for ok, _ in found.values()), found
    assert {"python", "lake", "clock", "space", "router", "prefect server", "model"} <= set(found)
    assert not settings.home.exists()


def test_a_clock_that_was_set_back_is_told(
    tmp_path: Path, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    home = ["--home", str(settings.home)]
    (tmp_path / "a.jsonl").write_text(lines(records(2)))
    assert run(["ingest", str(tmp_path / "a.jsonl"), *home]) == 0
    found = checks(capsys, *home)
    assert found["clock"][0] and found["lake"] == (True, found["lake"][1])
    assert "2 events" in found["lake"][1] and "schema" in found["lake"][1]
    with Lake.open(settings) as lake, lake.transaction():
        lake.execute("UPDATE sources SET loaded_at = loaded_at + ?", [timedelta(days=2)])
    ok, detail = checks(capsys, *home)["clock"]
    assert not ok and "before the last load" in detail


def test_a_model_needs_a_key_a_server_and_a_price(
    settings: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    home = ["--home", str(settings.home)]
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    monkeypatch.setenv("SENTREE_MODEL", "model-of-my-own")
    with MessagesServer(Played()) as server:
        monkeypatch.setenv("SENTREE_BASE_URL", server.url.replace("//", "//user:geheim@"))
        found = checks(capsys, *home)
    assert found["model server"][0] and not found["model key"][0]
    assert "price" in found["model price"][1]
    monkeypatch.setenv("SENTREE_API_KEY", "sk-geheim")
    found = checks(capsys, *home)
    assert found["model key"][0] and not found["model server"][0]
    assert "geheim" not in str(found)


def test_a_prefect_server_that_does_not_answer_is_told(
    settings: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:1/api")
    ok, detail = checks(capsys, "--home", str(settings.home))["prefect server"]
    assert not ok and "no answer" in detail
