"""What never leaves: planted secrets and names, over every way in which a model is asked."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from messages_server import Answer, MessagesServer, say, use
from planted import LINES, SECRETS, leaked, plant
from played_agent import LOOK, READ, UID, Played
from small_lake import QUESTION, run_folders, words

from schemas.result import Result
from sentree.cli import run
from sentree.lake.db import Lake
from sentree.lake.ingest import ingest
from sentree.settings import Settings

# What a model led astray may try: secrets cut in two, backwards, in another alphabet.
PRYING = (
    "for row in ctx.peek(200):\n    print(row['raw'][-150:])",
    "print([r[0] for r in ctx.sql('SELECT reverse(raw) FROM events LIMIT 150')['rows']])",
    "print(ctx.sql('SELECT base64(encode(raw)) FROM events LIMIT 40')['rows'])",
    "rows = ctx.sql('SELECT process_cmd FROM events WHERE process_cmd IS NOT NULL')['rows']\n"
    "print([' '.join(str(r[0]).split('Pw')) for r in rows])",
)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("planted")
    settings = Settings(home=folder / "home")
    with Lake.open(settings) as opened:
        ingest(opened, [plant(folder / "logs")], settings=settings, tenant=settings.tenant)
    return settings


def kept(settings: Settings) -> bytes:
    """Give all that runs keep of what was said: stored calls, recordings, trajectories, states."""
    files = [*settings.home.glob("calls.sqlite*")]
    for folder in run_folders(settings):
        files += [path for path in folder.iterdir() if path.suffix == ".jsonl"]
    return b"".join(path.read_bytes() for path in files)


def test_the_planted_set_is_big_and_stands_in_the_logs(lake: Settings) -> None:
    logs = lake.home.parent / "logs"
    raw = b"".join(path.read_bytes() for path in logs.iterdir())
    assert len(set(SECRETS)) >= 60
    assert set(SECRETS) - {"Enc0dedPw!7"} <= set(leaked(raw))


@pytest.mark.parametrize("route", ["direct", "rlm"])
def test_no_planted_secret_reaches_the_server_or_what_a_run_keeps(
    lake: Settings, route: str, capsys: pytest.CaptureFixture[str]
) -> None:
    played = Played(cells=(*LOOK, *PRYING, READ.format(size=8_000)))
    question = "Who used password=Qu3stionPw here?"
    with MessagesServer(played) as server:
        words_ = words(lake, server.url, "--format", "json", question=question, route=route)
        assert run(words_) == 0
        sent = b"".join(server.raw)
    result = Result.model_validate_json(capsys.readouterr().out)
    assert len(sent) > 20_000 and result.summary
    assert leaked(sent) == [] and b"Qu3stionPw" not in sent
    assert b"<masked-password-" in sent
    stored = kept(lake)
    assert b"<masked-password-" in stored
    assert leaked(stored) == []
    [note] = [one for one in result.notes if one.startswith("Redaction")]
    assert "secrets masked (default)" in note and "password" in note


def test_no_planted_secret_reaches_the_server_over_plain_text(
    lake: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    logs = str(lake.home.parent / "logs")
    with MessagesServer(Played(cells=(*PRYING[:2],))) as server:
        assert run(words(lake, server.url, "--over", logs, "--format", "json")) == 0
        sent = b"".join(server.raw)
    capsys.readouterr()
    assert leaked(sent) == [] and b"<masked-private-key-" in sent
    assert leaked(kept(lake)) == []


def no_findings(body: dict[str, Any]) -> Answer:
    return say(json.dumps({"answer": "", "evidence": [], "data": {"findings": []}}))


@pytest.mark.parametrize("route", ["direct", "rlm"])
def test_no_planted_secret_reaches_the_server_from_the_records_of_a_scenario(
    tmp_path: Path, route: str, capsys: pytest.CaptureFixture[str]
) -> None:
    objects = [
        {"type": "report", "spec_version": "2.1",
         "id": f"report--{n:08d}-0000-4000-8000-000000000000",
         "created": "2026-01-01T00:00:00.000Z", "modified": "2026-01-01T00:00:00.000Z",
         "name": f"r{n}", "published": "2026-01-01T00:00:00Z", "object_refs": [],
         "description": f"The intruder ran: {line}"}
        for n, (_, line) in enumerate(LINES)
    ]  # fmt: skip
    bundle = {"type": "bundle", "id": "bundle--00000000-0000-4000-8000-000000000000",
              "objects": objects}  # fmt: skip
    (tmp_path / "b.json").write_text(json.dumps(bundle), encoding="utf-8")
    with MessagesServer(no_findings) as server:
        run([
            "intel", str(tmp_path / "b.json"), "--home", str(tmp_path / "home"), "--model", "stub",
            "--base-url", server.url, "--executor", "local", "--route", route, "--report", "md",
        ])  # fmt: skip
        sent = b"".join(server.raw)
    capsys.readouterr()
    assert b"<masked-" in sent
    assert len(sent) > 5_000 and leaked(sent) == []
    assert leaked(kept(Settings(home=tmp_path / "home"))) == []


def test_a_policy_of_off_is_said_and_sends_secrets_as_they_stand(
    lake: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    with MessagesServer(Played()) as server:
        arguments = words(
            lake, server.url, "--redaction", "off", "--format", "json", route="direct"
        )
        assert run(arguments) == 0
        assert len(leaked(b"".join(server.raw))) > 50
    notes = Result.model_validate_json(capsys.readouterr().out).notes
    assert any("off: everything is sent as it stands" in note for note in notes)


POLICY = """
[entities]
users = "pseudonymise"
hosts = "pseudonymise"
addresses = "pseudonymise"
"""


class Naming:
    """A model that queries for the pseudonym it was shown and names it in its answer."""

    def __call__(self, body: dict[str, Any]) -> Answer:
        text = json.dumps(body["messages"])
        turns = sum(message["role"] == "assistant" for message in body["messages"])
        if turns == 0:
            code = "print(ctx.sql('SELECT DISTINCT actor_user FROM events')['rows'])"
            return use("run_python", {"code": code})
        [name] = sorted(set(re.findall(r"user-[0-9a-f]{8}", text)))[:1]
        if turns == 1:
            sql = f"SELECT event_uid, actor_user FROM events WHERE actor_user = '{name}' LIMIT 1"
            return use("run_python", {"code": f'print(ctx.sql("{sql}")["rows"])'}, "toolu_2")
        uid = UID.findall(text)[-1]
        claim = {"text": f"{name} acted.", "evidence": [{"event_uid": uid, "quote": name}]}
        return use("submit", {"answer": f"It was {name}.", "claims": [claim]}, "toolu_3")


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    path = tmp_path / "redaction.toml"
    path.write_text(POLICY, encoding="utf-8")
    return path


def test_names_are_pseudonyms_to_the_model_and_themselves_in_code_and_report(
    lake: Settings, policy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    more = ("--redaction", str(policy), "--format", "json")
    with MessagesServer(Naming()) as server:
        assert run(words(lake, server.url, *more, question="What did alice do?")) == 0
        sent = b"".join(server.raw)
    result = Result.model_validate_json(capsys.readouterr().out)
    for name in (b"alice", b"WS01", b"host1", b"203.0.113.9", b"10.0.0.4"):
        assert name not in sent
    [claim] = result.summary
    assert claim.text == "alice acted." and result.verification.kept == 1
    [folder] = [one for one in run_folders(lake) if one.name == result.run_uid]
    trajectory = (folder / "trajectory.jsonl").read_text(encoding="utf-8")
    turns = [line for line in trajectory.splitlines() if '"turn"' in line]
    assert turns and not any("alice" in line for line in turns)


def test_an_answer_under_pseudonyms_is_found_again_by_another_run(
    lake: Settings, policy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    more = ("--redaction", str(policy), "--format", "json")
    question = f"{QUESTION} once more"
    with MessagesServer(Naming()) as server:
        assert run(words(lake, server.url, *more, question=question)) == 0
        calls = len(server.raw)
        assert run(words(lake, server.url, *more, question=question)) == 0
        assert len(server.raw) - calls == 0
    capsys.readouterr()


def test_a_dry_run_says_what_would_be_taken_out(
    lake: Settings, policy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = words(lake, "http://127.0.0.1:9", "--redaction", str(policy), "--dry-run")
    assert run(arguments) == 0
    assert "redaction secrets masked, users: pseudonymise" in capsys.readouterr().out
