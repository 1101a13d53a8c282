"""Commands find the server that `sentree serve` started, and no other."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from sentree.errors import ConfigurationError
from sentree.settings import Settings
from tasks.environment import SERVER_FILE, prepare
from tasks.serving import local_server


class Healthy(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/api/health" else 404)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def address() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Healthy)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/api"
    server.shutdown()
    server.server_close()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings whose `prepare` leaves the environment of other tests as it is."""
    monkeypatch.setattr(os, "environ", dict(os.environ))
    os.environ.pop("PREFECT_API_URL", None)
    settings = Settings(home=tmp_path)
    settings.prefect_home.mkdir()
    return settings


def note(settings: Settings, url: str) -> None:
    (settings.prefect_home / SERVER_FILE).write_text(json.dumps({"url": url, "pid": 1}))


def test_a_server_that_serve_started_is_used_while_it_answers(home: Settings, address: str) -> None:
    note(home, address)
    prepare(home)
    assert os.environ["PREFECT_API_URL"] == address


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/api", "http://elsewhere.example/api", "x"])
def test_a_note_of_a_server_that_is_gone_or_elsewhere_is_not_followed(
    home: Settings, url: str
) -> None:
    note(home, url)
    prepare(home)
    assert "PREFECT_API_URL" not in os.environ


def test_what_the_user_configured_wins_and_must_answer(home: Settings, address: str) -> None:
    note(home, address)
    os.environ["PREFECT_API_URL"] = "http://127.0.0.1:1/api"
    prepare(home)
    with (
        pytest.raises(ConfigurationError, match="no Prefect server answers"),
        local_server(home, 4200),
    ):
        raise AssertionError("no server was expected")
    os.environ["PREFECT_API_URL"] = address
    with local_server(home, 4200) as server:
        assert server == (address, "configured")
