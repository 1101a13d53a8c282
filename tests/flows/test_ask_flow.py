"""A question as a Prefect flow: readings as task runs, honest states, the answer threads give."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from messages_server import Answer, MessagesServer
from planned_kill import Zygote, flow_zygote_process, kill_until_done
from played_agent import Played
from small_lake import asked, run_folders, small_lake, without_runs, words

from models.claude import ClaudeModel
from schemas.ask import AskRequest
from schemas.budget import Caps
from sentree.analysis.ask import ask as ask_in_threads
from sentree.cli import run
from sentree.engine.gate import RetryPolicy
from sentree.report.document import load_result
from sentree.settings import Settings
from tasks.environment import prepare

pytestmark = pytest.mark.slow

KILLS = int(os.environ.get("SENTREE_KILLS", "5"))
"""More on demand: each costs seconds."""


@pytest.fixture(scope="module", autouse=True)
def zygote(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Zygote]:
    """A process for flows that are killed; it gets ready while the server starts."""
    prepare(Settings(home=tmp_path_factory.mktemp("zygote")))
    with flow_zygote_process(tmp_path_factory.mktemp("kills")) as process:
        yield process


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return small_lake(tmp_path_factory.mktemp("ask-flow"))


@pytest.fixture(autouse=True)
def alone(lake: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RetryPolicy, "delay", lambda *_: 0.001)
    without_runs(lake)


def flow_runs(name: str) -> list[Any]:
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as client:
        return [one for one in client.read_flow_runs() if one.name == name]


def readings_of(flow_run: Any, expected: int) -> list[Any]:
    """Give the task runs of readings; Prefect's server learns of them after the fact."""
    given_up = time.monotonic() + 30
    while True:
        found = [one for one in task_runs(flow_run) if re.match(r"d\d ", one.name)]
        if len(found) >= expected or time.monotonic() > given_up:
            return found
        time.sleep(0.1)


def task_runs(flow_run: Any) -> list[Any]:
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId

    this = FlowRunFilter(id=FlowRunFilterId(any_=[flow_run.id]))
    with get_client(sync_client=True) as client:
        return client.read_task_runs(flow_run_filter=this, limit=200)


def test_each_reading_is_a_task_run_and_the_answer_is_that_of_threads(
    server: str, lake: Settings
) -> None:
    from prefect.client.orchestration import get_client

    from flows.ask import ask

    request = asked("Who logs in, with tasks?", workers=2, formats=("md",))
    with MessagesServer(Played()) as messages:
        settings = lake.model_copy(update={"base_url": messages.url})
        state = ask(request, settings, return_state=True)
        assert (state.name, messages.refused) == ("Completed", [])
        assert messages.most_at_once <= 2
        result = load_result(lake.runs_dir / state.result() / "result.json")
        fresh = request.model_copy(update={"fresh": True})
        local = ask_in_threads(lake, fresh, lambda: ClaudeModel("k", messages.url))
    assert (result.summary, result.verification) == (local.summary, local.verification)
    assert [node.node_uid for node in result.trajectory] == [n.node_uid for n in local.trajectory]

    [flow_run] = flow_runs("ask Who logs in, with tasks?")
    subcalls = [node for node in result.trajectory if node.kind == "subcall"]
    readings = readings_of(flow_run, len(subcalls))
    assert sorted(one.name for one in readings) == sorted(f"d1 {node.label}" for node in subcalls)
    assert {"route:rlm", "kind:ask"} <= set(flow_run.tags)
    # A tag on a task run would cost a call to the server each.
    assert not any(one.tags for one in task_runs(flow_run))
    names = {one.name for one in task_runs(flow_run)}
    assert {"scope Who logs in, with tasks?", "route Who logs in, with tasks?"} <= names
    with get_client(sync_client=True) as client:
        artifacts = {a.key: a for a in client.read_artifacts() if a.flow_run_id == flow_run.id}
    assert {"answer", "tree"} <= set(artifacts)


def test_child_agents_and_their_readings_never_wait_for_each_others_room(
    server: str, lake: Settings
) -> None:
    from flows.ask import ask

    cell = (
        "parts = ctx.partition(by='size', size={size})\n"
        "print(len(parts), [a.get('answer', a) for a in map_query(parts, 'Who?')])"
    )

    class Nested(Played):
        def __call__(self, body: dict[str, Any]) -> Answer:
            child = "Question: Who?" in json.dumps(body["messages"][0])
            done = sum(message["role"] == "assistant" for message in body["messages"])
            if "output_config" not in body and done == 0:
                return Played((cell.format(size=1_000 if child else 1_500),))(body)
            return Played(("",))(body)

    # More child agents at once than Prefect has threads for tasks.
    request = asked("Who, nested?", leaf_characters=1_100, caps=Caps(depth=1), workers=16)
    with MessagesServer(Nested()) as messages:
        settings = lake.model_copy(update={"base_url": messages.url})
        run_uid = ask(request, settings)
    result = load_result(lake.runs_dir / run_uid / "result.json")
    subcalls = [node for node in result.trajectory if node.kind == "subcall"]
    depths = [node.depth for node in subcalls]
    assert depths.count(1) > 8 and depths.count(2) > 8
    # The last part of the root's cut may be small enough for a reader.
    read = [node for node in subcalls if node.events_read]
    [flow_run] = flow_runs("ask Who, nested?")
    names = [one.name for one in readings_of(flow_run, len(read))]
    assert sorted(names) == sorted(f"d{node.depth} {node.label}" for node in read)


def test_a_limit_makes_the_run_degraded_and_a_lost_server_makes_it_fail(
    server: str, lake: Settings
) -> None:
    from flows.ask import ask

    def end_of(request: AskRequest, url: str) -> Any:
        settings = lake.model_copy(update={"base_url": url})
        return ask(request, settings, return_state=True)

    with MessagesServer(Played()) as messages:
        limited = end_of(asked("Who, at most?", caps=Caps(calls=5)), messages.url)
    assert (limited.name, limited.is_completed()) == ("Degraded", True)
    result = load_result(lake.runs_dir / limited.result() / "result.json")
    assert result.limit_hit is not None and result.limit_hit.limit == "calls"
    lost = end_of(asked("Who, in vain?"), messages.url)
    assert lost.is_failed() and "can't be reached" in lost.message


def test_the_command_hands_the_agent_to_the_flow_and_keeps_its_exit_codes(
    server: str,
    lake: Settings,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("PREFECT_API_URL", server)
    monkeypatch.setenv("SENTREE_API_KEY", "sk-not-for-anyone")
    with MessagesServer(Played()) as messages:
        command = words(lake, messages.url, question="Who, by command?")
        command[command.index("local")] = "prefect"
        assert run(command) == 0
        assert run([*command, "--max-calls", "3", "--fresh"]) == 6
    assert run([*command, "--fresh"]) == 7
    out, err = capsys.readouterr()
    assert "PARTIAL" in out and "can't be reached" in err
    first, _, _ = run_folders(lake)
    assert (first / "result.json").is_file()
    for flow_run in flow_runs("ask Who, by command?"):
        assert "sk-not-for-anyone" not in flow_run.model_dump_json()
    stored = [path.read_bytes() for path in lake.home.rglob("*") if path.is_file()]
    assert not any(b"sk-not-for-anyone" in text for text in stored)


def test_a_planned_run_killed_many_times_never_reads_again_what_was_stored(
    server: str, lake: Settings, zygote: Zygote, tmp_path: Path
) -> None:
    killed = kill_until_done(lake, server, tmp_path, zygote, KILLS)
    assert killed.kills >= KILLS and len(killed.points) >= KILLS // 5
