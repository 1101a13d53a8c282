"""Messages about digests: sent once to a real server, harmless, never the end of a run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, NamedTuple

import pytest
from pydantic import SecretStr
from tenants import event

from schemas.digest import DigestReport, DigestRequest
from schemas.result import Result
from sentree.analysis.digest import make
from sentree.cli import run as cli
from sentree.lake.db import Lake
from sentree.lake.ingest import ingest
from sentree.report.document import save_result
from sentree.report.notices import compose, tell, without_secrets
from sentree.settings import NotifySettings, Settings
from tasks.deliver import deliver

KEY = "k3yThatNobodyMaySee"
FINDING = {"finding_info": {"title": "Malware found", "uid": "1"}, "severity_id": 5}
EVIL = "<!channel> \x1b[31m@everyone https://evil.example/x [a](b) `rm` \u202egnp"


class Hook:
    """A webhook on loopback that remembers what it was sent."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.status = 200
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                hook.bodies.append(json.loads(self.rfile.read(length)))
                self.send_response(hook.status)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"json://127.0.0.1:{self.server.server_port}/hooks/{KEY}"
        Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def hook() -> Iterator[Hook]:
    made = Hook()
    yield made
    made.server.shutdown()
    made.server.server_close()


class Found(NamedTuple):
    """A lake, and the digest of one finding in it; each test takes it for another run."""

    lake: Lake
    result: Result

    def run(self, run_uid: str, **changed: Any) -> Result:
        """Give the digest as that of another run, with other values of its finding."""
        report = DigestReport.model_validate(self.result.data)
        findings = tuple(one.model_copy(update=changed) for one in report.findings)
        data = report.model_copy(update={"findings": findings}).model_dump(mode="json")
        return self.result.model_copy(update={"run_uid": run_uid, "data": data})


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Found]:
    folder = tmp_path_factory.mktemp("notices")
    path = folder / "events.jsonl"
    path.write_text(json.dumps(event("ta", 1, 2004, 1, **FINDING)) + "\n")
    settings = Settings(home=folder / "home")
    with Lake.open(settings) as lake:
        ingest(lake, [path], settings=settings)
        made = make(lake, settings, DigestRequest(), save_result)
        assert made.result is not None
        yield Found(lake, made.result)


def test_a_digest_is_told_once(found: Found, hook: Hook) -> None:
    notify = NotifySettings(urls=(SecretStr(hook.url),))
    [sent] = tell(found.lake, notify, found.result, deliver)
    assert (sent.outcome, sent.target, sent.attempts) == ("sent", "1: json", 1)
    assert tell(found.lake, notify, found.result, deliver) == ()
    [row] = found.lake.query(
        "SELECT outcome FROM digest_notices WHERE run_uid = ?", [found.result.run_uid]
    )
    assert row["outcome"] == "sent"
    [body] = hook.bodies
    assert body["title"] == "Sentree digest: 1 finding of level high or higher"
    assert "critical: Malware found" in body["message"]
    assert f"sentree show {found.result.run_uid}" in body["message"]


def test_what_failed_is_reported_and_tried_again_with_later_digests_but_not_for_ever(
    found: Found, hook: Hook
) -> None:
    notify, lake = NotifySettings(urls=(SecretStr(hook.url),)), found.lake
    hook.status = 500
    [failed] = tell(lake, notify, found.run("run-failed"), deliver)
    assert (failed.outcome, failed.attempts) == ("failed", 1)
    assert failed.detail and KEY not in failed.detail
    [again] = tell(lake, notify, None, deliver)
    assert (again.outcome, again.run_uid, again.attempts) == ("failed", "run-failed", 2)
    [last] = tell(lake, notify, None, deliver)
    assert (last.outcome, last.attempts) == ("failed", 3)
    hook.status = 200
    assert tell(lake, notify, None, deliver) == ()
    assert len({body["message"] for body in hook.bodies}) == 1


def test_a_message_that_may_have_been_sent_is_not_sent_again(found: Found) -> None:
    notify = NotifySettings(urls=(SecretStr("json://127.0.0.1:1/x"),))

    def die(url: str, title: str, body: str) -> str:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tell(found.lake, notify, found.run("run-died"), die)
    assert tell(found.lake, notify, found.run("run-died"), deliver) == ()


def test_addresses_that_lead_nowhere_are_a_reason_and_no_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    assert "no address" in deliver("nonsense", "title", "body")
    assert deliver("json://127.0.0.1:1/x", "title", "body")
    assert "needs a Prefect server" in deliver("prefect-block://nothing/here", "title", "body")


def test_a_message_is_sent_for_what_was_asked_for_only(found: Found) -> None:
    result = found.run("run", level="medium")
    assert compose(result, NotifySettings(level="high")) is None
    assert compose(result, NotifySettings(level="medium")) is not None
    report = DigestReport.model_validate(result.data)
    broken = report.model_copy(update={"degraded": ("acme: detection failed",)})
    degraded = result.model_copy(update={"data": broken.model_dump(mode="json")})
    told = compose(degraded, NotifySettings())
    assert told is not None and told.title == "Sentree digest: degraded"
    assert compose(degraded, NotifySettings(degraded=False)) is None


def test_hostile_names_reach_a_chat_without_power(found: Found) -> None:
    told = compose(found.run("run", title=EVIL + "A" * 5_000, host=EVIL), NotifySettings())
    assert told is not None
    text = told.title + told.body
    assert not {"<", "\x1b", "`", "\u202e"} & set(text)
    assert "@everyone" not in text and "https://" not in text
    assert len(told.body) <= 2_100
    assert "\\x1b" in text


def test_no_part_of_an_address_is_left_in_what_is_said() -> None:
    url = f"slack://tokenAAAA/tokenBBBB/{KEY}/#general"
    said = without_secrets(f"failed at {url} with {KEY}", url)
    assert not any(part in said for part in ("tokenAAAA", "tokenBBBB", KEY))


def test_the_command_tells_and_a_failing_webhook_does_not_fail_it(
    tmp_path: Path, hook: Hook, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sentree.toml").write_text(
        f'home = "home"\n[notify]\nurls = ["{hook.url}", "json://127.0.0.1:1/{KEY}"]\n'
    )
    (tmp_path / "a.jsonl").write_text(json.dumps(event("ta", 1, 2004, 1, **FINDING)) + "\n")
    assert cli(["ingest", "a.jsonl", "-q"]) == 0
    capsys.readouterr()
    assert cli(["digest", "--fail-on", "critical", "--report", "md"]) == 10
    said = capsys.readouterr()
    assert "notice to 1: json" in said.err and "sent" in said.err
    assert "notice to 2: json" in said.err and "failed" in said.err
    assert KEY not in said.err + said.out
    assert "Malware found" in said.out
    assert len(hook.bodies) == 1
    assert cli(["digest", "--fail-on", "critical", "--format", "json"]) == 0
    again = json.loads(capsys.readouterr().out)
    assert (again["state"], again["result"]) == ("nothing-new", None)
    assert len(hook.bodies) == 1
    assert cli(["config", "show"]) == 0
    assert KEY not in capsys.readouterr().out
    assert cli(["digest", "--since", "soon"]) == 2
