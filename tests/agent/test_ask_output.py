"""What a user sees of an answer, and what neither user nor model may be shown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from messages_server import Answer, MessagesServer, say
from played_agent import READ, Played
from small_lake import QUESTION, logins, run_folders, small_lake, words

from schemas.result import Result
from sentree.cli import run
from sentree.lake.db import Lake
from sentree.lake.ingest import ingest
from sentree.settings import Settings

HIDDEN = "\u202egnp.exe\u202c \u200bzero\u200b \x1b[31mred \u2066isolate\u2069 \x7f"
SHOWING = (
    "print(ctx.describe())",
    "print(ctx.sql('SELECT DISTINCT source_path, source_uid FROM events')['rows'])",
    "print(ctx.partition(by='source'), ctx.peek(1))",
    READ.format(size=3_000),
)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("output")
    settings = small_lake(folder, 60)
    hostile = folder / "logs" / "hostile.log"
    hostile.write_text(logins(1).replace("user0", f"user{HIDDEN}"), encoding="utf-8")
    with Lake.open(settings) as opened:
        ingest(opened, [hostile], settings=settings, tenant=settings.tenant)
    return settings


def ask(lake: Settings, question: str, *more: str) -> int:
    return run(["ask", question, "--home", str(lake.home), *more])


def test_an_answer_is_said_once_and_its_rows_follow(
    lake: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ask(lake, "last 3 events on host1") == 0
    lines = capsys.readouterr().out.splitlines()
    assert sum("The last of 20 events" in line for line in lines) == 1
    head = next(at for at, line in enumerate(lines) if line.startswith("time "))
    assert lines[head].split() == ["time", "host", "what", "event"]
    minutes = [line.split()[1][3:5] for line in lines[head + 1 : head + 4]]
    assert minutes == ["58", "55", "52"]
    assert lines[head + 4] == "The first 3 of 20 rows."


def test_json_holds_all_rows_each_with_an_event_behind_it(
    lake: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ask(lake, "list events on host0", "--format", "json") == 0
    result = Result.model_validate_json(capsys.readouterr().out)
    [section] = result.sections
    [table] = section.tables
    assert [column.name for column in table.columns] == ["time", "host", "what", "event"]
    assert len(table.rows) == 21 and not table.note
    cited = {event.event_uid for event in result.cited_events}
    assert {uid for row in table.rows for uid in row.evidence} <= cited
    assert all(row.evidence == (row.cells[3],) for row in table.rows)
    assert result.coverage.events_looked_at == result.coverage.events_in_scope == 61
    assert all(one.events_looked_at == one.events_in_scope for one in result.coverage.by_source)


def test_what_was_not_found_is_said_without_a_table(
    lake: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ask(lake, "how many failed logons for mallory") == 0
    out = capsys.readouterr().out
    assert "mallory does not appear in the 61 events searched" in out
    assert not any(line.startswith("record type") for line in out.splitlines())


def test_a_question_that_needs_language_is_a_matter_of_configuration(
    lake: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ask(lake, "why did user3 log in?") == 3
    out, err = capsys.readouterr()
    assert not out
    assert err.splitlines()[-1].startswith("sentree: This question needs a language model")
    assert all(name in err for name in ("ANTHROPIC_API_KEY", "--base-url", "--model"))


def test_neither_model_nor_report_learns_where_logs_lie_on_this_machine(
    lake: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    with MessagesServer(Played(SHOWING)) as server:
        assert run(words(lake, server.url)) == 0
        sent = json.dumps(server.bodies)
    folder = run_folders(lake)[-1]
    shown = capsys.readouterr().out + (folder / "trajectory.jsonl").read_text("utf-8")
    assert "auth.log" in sent and "auth.log" in shown
    for place in (str(lake.home.parent), lake.home.parent.name, str(Path.home())):
        assert place not in sent and place not in shown


def test_characters_that_hide_or_reorder_reach_no_terminal_and_no_file(
    lake: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    question = f"{QUESTION} {HIDDEN}"
    with MessagesServer(Played(("print(ctx.grep('gnp'))", *SHOWING))) as server:
        assert run(words(lake, server.url, "--fresh", question=question)) == 0
        assert run(words(lake, server.url, "--format", "json", question=question)) == 0
    out, err = capsys.readouterr()
    assert ask(lake, "is there any event with gnp.exe") == 0
    more, _ = capsys.readouterr()
    written = (run_folders(lake)[-2] / "trajectory.jsonl").read_bytes()
    assert b"gnp.exe" in written and written.isascii() and b"\x1b" not in written
    for text in (out, err, more):
        assert not any(char in text for char in "\u202e\u202c\u200b\u2066\u2069\x1b\x7f")


def test_looked_at_counts_an_event_once_however_parts_overlap(
    lake: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    overlapping = (
        "parts = ctx.partition(by='size', size=3_000)[:1] + ctx.partition(by='time')[:1]\n"
        "print(sum(part['events'] for part in parts), len(map_query(parts, 'Who?')))",
    )
    with MessagesServer(Played(overlapping)) as server:
        assert run(words(lake, server.url, "--format", "json", "--fresh")) == 0
    result = Result.model_validate_json(capsys.readouterr().out)
    readings = [node.events_read for node in result.trajectory if node.kind == "subcall"]
    looked = result.coverage.events_looked_at
    assert max(readings) <= looked < sum(readings)
    assert sum(one.events_looked_at for one in result.coverage.by_source) == looked
    assert sum(one.events_looked_at for one in result.coverage.by_class) == looked


def test_a_server_without_structured_output_is_told_the_schema_in_words(
    lake: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    def respond(body: dict[str, Any]) -> Answer:
        assert "output_config" not in body
        schema = json.loads(body["system"][-1]["text"].split("\n", 1)[1])
        claim = {"text": "A record is there.", "evidence": [{"event_uid": "1"}]}
        answer = {"answer": "There.", "claims": [claim]}
        assert set(answer) == set(schema["required"])
        return say(f"```json\n{json.dumps(answer)}\n```")

    with MessagesServer(
        respond, lacks=("count_tokens", "cache_control", "output_config")
    ) as server:
        assert run(words(lake, server.url, "--fresh", route="direct")) == 0
    assert "A record is there." in capsys.readouterr().out


def test_a_turn_is_shown_with_its_code_and_what_came_of_it(
    lake: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    with MessagesServer(Played()) as server:
        assert run(words(lake, server.url, "--fresh", "--report", "html")) == 0
    capsys.readouterr()
    folder = run_folders(lake)[-1]
    show = ["show", folder.name, "--home", str(lake.home), "--node"]
    assert run([*show, "n/t01"]) == 0
    turn = capsys.readouterr().out
    assert "d = ctx.describe()" in turn and "61" in turn and "tokens" in turn
    assert run([*show, "n.q0001"]) == 0
    reading = capsys.readouterr().out
    assert "Who logs in here?" in reading and "records" in reading
    [page] = folder.glob("*.html")
    assert "ctx.describe()" in page.read_text(encoding="utf-8")
