"""`sentree ask` for real: the command, the engine, the SDK, and a server that may misbehave."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from messages_server import Answer, Fault, FaultPlan, MessagesServer, say
from played_agent import LOOK, READ, Played
from small_lake import MODEL, QUESTION, asked, run_folders, small_lake, without_runs, words

from models.claude import ClaudeModel
from models.scripted import ScriptedResponder
from schemas.ask import AskEstimate
from schemas.budget import Caps, Usage
from schemas.model import ModelReply, ModelRequest, TextBlock, ToolUseBlock
from schemas.result import Result
from sentree.analysis.ask import ask
from sentree.analysis.ask_scope import RunLock, prepare
from sentree.cli import run
from sentree.engine.gate import RetryPolicy
from sentree.lake.calls import SqliteCallStore
from sentree.report.document import load_result
from sentree.settings import Settings

# A server that reports no usage can only be estimated, so it is no part of exact accounting.
EXACT = tuple(fault for fault in Fault if fault is not Fault.NO_USAGE)
SUBMITS = {"answer": "x", "claims": [{"text": "Made up.", "evidence": [{"event_uid": "0" * 32}]}]}


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return small_lake(tmp_path_factory.mktemp("ask"))


@pytest.fixture(autouse=True)
def alone(lake: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No key, no run of an earlier test, and no patience between attempts."""
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    monkeypatch.delenv("ANTHROPIC_BASE_URL", raising=False)
    monkeypatch.setattr(RetryPolicy, "delay", lambda *_: 0.001)
    without_runs(lake)
    yield


def only_run(settings: Settings) -> Path:
    [folder] = run_folders(settings)
    return folder


def result_of(settings: Settings) -> Result:
    return load_result(only_run(settings) / "result.json")


def calls_of(settings: Settings, run_uid: str) -> Usage:
    with SqliteCallStore(settings.home / "calls.sqlite") as store:
        return store.spent(run_uid)


@pytest.mark.parametrize("seed", range(8))
def test_with_three_faults_in_ten_calls_a_run_ends_typed_and_every_cent_is_right(
    lake: Settings, seed: int, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = FaultPlan(0.3, EXACT, seed=seed)
    over = ["--over", str(lake.home.parent / "logs")] if seed % 4 else []
    more = ["--format", "json", *over, *(["--stream"] if seed % 2 else [])]
    with MessagesServer(Played(), plan, drip_seconds=0.002) as server:
        code = run(words(lake, server.url, *more))
        result = Result.model_validate_json(capsys.readouterr().out)
        spent = calls_of(lake, result.run_uid)
        assert sum(server.faults.values()) >= 1 and not server.refused
        assert max(server.answered.values()) == 1
        assert round(spent.usd, 9) == round(float(server.charged), 9)
        assert spent.tokens == server.tokens
    assert code in (0, 6, 7)
    assert bool(result.failure) == (code == 7)
    if code == 6:
        assert result.limit_hit or result.coverage.partitions_failed
    tokens = sum(one.input_tokens + one.output_tokens for one in result.trajectory)
    assert tokens == spent.tokens
    assert round(sum(one.usd for one in result.trajectory), 9) == round(spent.usd, 9)


def test_a_trajectory_tells_what_each_node_did_and_cost(lake: Settings) -> None:
    with MessagesServer(Played()) as server:
        assert run(words(lake, server.url)) == 0
    lines = (only_run(lake) / "trajectory.jsonl").read_text(encoding="utf-8").splitlines()
    nodes = {node["node_uid"]: node for node in map(json.loads, lines)}
    turns = [node for node in nodes.values() if node["kind"] == "turn"]
    subcalls = [node for node in nodes.values() if node["kind"] == "subcall"]
    assert [turn["label"] for turn in turns] == [
        *(f"turn {n} run_python" for n in range(1, 5)), "turn 5 submit",
    ]  # fmt: skip
    assert len(subcalls) > 3
    assert [uid for uid, node in nodes.items() if node["parent_uid"] not in nodes] == ["n"]
    assert nodes["n"]["children"] == [node["node_uid"] for node in (*turns, *subcalls)]
    for node in (*turns, *subcalls):
        assert node["input_tokens"] and node["output_tokens"] and node["usd"]
        assert node["milliseconds"] > 0 and node["prompt_hash"]
    assert turns[0]["code"] == LOOK[0] and "200" in turns[0]["output"]
    assert sum(node["evidence_seen"] for node in subcalls) == 200


def test_no_key_is_told_in_one_line_before_anything_is_done(
    lake: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["ask", QUESTION, "--model", MODEL, "--home", str(lake.home)]) == 3
    out, err = capsys.readouterr()
    assert not out and len(err.splitlines()) == 1 and "ANTHROPIC_API_KEY" in err
    assert run_folders(lake) == []


def test_a_cap_in_dollars_on_a_model_without_a_price_is_refused_at_the_start(
    lake: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    with MessagesServer(Played()) as server:
        command = words(lake, server.url, "--max-usd", "1", "--leaf-model", "llama-of-my-own")
        assert run(command) == 3
        assert not server.seen and server.counted == 0
    assert "no price is known for model 'llama-of-my-own'" in capsys.readouterr().err


def test_a_server_out_of_reach_is_exit_seven_and_the_run_goes_on_when_it_is_back(
    lake: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    with MessagesServer() as gone:
        pass
    assert run(words(lake, gone.url)) == 7
    out, err = capsys.readouterr()
    assert "can't be reached" in err.splitlines()[-1] and "PARTIAL" in out
    folder = only_run(lake)
    with MessagesServer(Played()) as server:
        assert run(words(lake, server.url)) == 0
    assert only_run(lake) == folder


def test_a_limit_leaves_a_partial_answer_and_resume_goes_on_from_it(
    lake: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    with MessagesServer(Played()) as server:
        assert run(words(lake, server.url, "--max-calls", "6")) == 6
        out, _ = capsys.readouterr()
        assert "PARTIAL" in out and "limit reached: calls (allowed 6" in out
        result = result_of(lake)
        assert result.limit_hit is not None and result.limit_hit.limit == "calls"
        assert result.coverage.partitions_failed > 0
        assert sum(server.seen.values()) == 6
        command = ["ask", "--resume", result.run_uid, "--max-calls", "40", "--executor", "local"]
        command += ["--base-url", server.url, "--home", str(lake.home)]
        assert run(command) == 0
        # Readings that the limit had refused change what the agent reads from there on.
        assert all(times == 1 for times in server.answered.values())
    whole = result_of(lake)
    assert whole.run_uid == result.run_uid and whole.limit_hit is None
    assert calls_of(lake, whole.run_uid).calls == sum(server.answered.values())


def test_claims_that_all_fail_are_exit_eight(
    lake: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    with MessagesServer(lambda body: say(json.dumps(SUBMITS))) as server:
        code = run(words(lake, server.url, route="direct"))
    assert code == 8 and "dropped all 1 claims" in capsys.readouterr().err


def test_a_refusal_in_between_is_passed_over_and_three_end_the_run(lake: Settings) -> None:
    played = Played()

    def refuse(times: int) -> Callable[[dict], Answer]:
        left = [times]

        def respond(body: dict) -> Answer:
            if len(body["messages"]) > 1 and "output_config" not in body and left[0] > 0:
                left[0] -= 1
                return Answer(stop_reason="refusal")
            return played(body)

        return respond

    with MessagesServer(refuse(2)) as server:
        assert run(words(lake, server.url)) == 0 and not server.refused
    with MessagesServer(refuse(3)) as server:
        assert run(words(lake, server.url, "--fresh")) == 7 and not server.refused


def test_thinking_goes_back_unchanged_and_never_into_an_answer(
    lake: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    with MessagesServer(Played(thinking=True)) as server:
        assert run(words(lake, server.url, "--thinking", "1024", "--format", "json")) == 0
        later = [body for body in server.bodies if len(body["messages"]) > 1]
        assert not server.refused
        assert all(body["thinking"]["budget_tokens"] == 1024 for body in later)
        assert all(body["messages"][1]["content"][0]["type"] == "thinking" for body in later)
    assert "butler" not in capsys.readouterr().out


def test_key_server_and_model_can_come_from_settings_and_the_key_is_masked(
    lake: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with MessagesServer(Played()) as server:
        monkeypatch.setenv("SENTREE_BASE_URL", server.url)
        monkeypatch.setenv("SENTREE_MODEL", MODEL)
        monkeypatch.setenv("SENTREE_API_KEY", "sk-not-for-anyone")
        command = ["ask", QUESTION, "--route", "rlm", "--home", str(lake.home)]
        assert run([*command, "--executor", "local"]) == 0
        assert sum(server.seen.values()) > 5
        assert run(["config", "show"]) == 0
    assert "sk-not-for-anyone" not in capsys.readouterr().out
    stored = [path for path in only_run(lake).rglob("*") if path.is_file()]
    assert all(b"sk-not-for-anyone" not in path.read_bytes() for path in stored)


def test_the_same_question_again_makes_the_same_requests_and_pays_for_none(lake: Settings) -> None:
    with MessagesServer(Played()) as server:
        assert run(words(lake, server.url)) == 0
        first = sum(server.seen.values())
        assert run(words(lake, server.url)) == 0
        assert sum(server.seen.values()) == first
    one, two = (load_result(folder / "result.json") for folder in run_folders(lake))
    assert (one.summary, one.verification) == (two.summary, two.verification)
    scopes = [json.loads((f / "scope.json").read_text()) for f in run_folders(lake)]
    assert scopes[0]["content_hash"] == scopes[1]["content_hash"]


def test_a_recording_gives_the_answer_again_in_another_installation(
    lake: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    logs = str(lake.home.parent / "logs")
    with MessagesServer(Played()) as server:
        assert run(words(lake, server.url, "--over", logs)) == 0
    recording = only_run(lake) / "calls.jsonl"
    other = Settings(home=tmp_path / "home")
    command = ["ask", QUESTION, "--over", logs, "--route", "rlm", "--executor", "local"]
    command += ["--model", f"scripted:{recording}", "--home", str(other.home)]
    assert run(command) == 0
    assert "SIMULATED" in capsys.readouterr().out
    first, again = result_of(lake), result_of(other)
    assert (again.summary, again.simulated) == (first.summary, True)
    assert not again.analyst.is_language_model
    assert len(again.trajectory) == len(first.trajectory)
    assert run([*command, "--fresh", "--turns", "7"]) == 0
    command[1] = "Another question?"
    assert run(command) == 7


def test_readings_go_out_as_one_batch_at_half_the_price(lake: Settings) -> None:
    with MessagesServer(Played(), batch_polls=0) as server:
        assert run(words(lake, server.url, "--batch", "3")) == 0
        result = result_of(lake)
        readings = [node for node in result.trajectory if node.kind == "subcall"]
        assert len(server.batches) == 1 and len(readings) > 3
        assert all(node.state == "completed" and node.usd > 0 for node in readings)
        assert round(calls_of(lake, result.run_uid).usd, 9) == round(float(server.charged), 9)
        assert run(words(lake, server.url, "--fresh")) == 0
    whole = load_result(run_folders(lake)[-1] / "result.json")
    dear = [node for node in whole.trajectory if node.kind == "subcall"]
    assert sum(node.usd for node in readings) == pytest.approx(sum(node.usd for node in dear) / 2)
    assert whole.summary == result.summary


def uses(name: str, **given: object) -> ModelReply:
    block = ToolUseBlock(id=f"u-{name}", name=name, input=given)
    return ModelReply(
        model="m",
        content=(block,),
        stop_reason="tool_use",
        usage=Usage(calls=1, input_tokens=100, output_tokens=10),
    )


def dies_at(number: int, shown: list[str]) -> ScriptedResponder:
    """Print the budget turn after turn; the process is stopped at one of them."""

    def respond(request: ModelRequest) -> ModelReply:
        shown.append(request.model_dump_json())
        if len(shown) == number:
            raise KeyboardInterrupt
        if len(request.messages) >= 9:
            return uses("submit", answer="done", claims=[])
        return uses("run_python", code="print(budget())")

    return ScriptedResponder(respond)


def test_a_stopped_run_goes_on_in_its_folder_and_what_it_spent_counts(lake: Settings) -> None:
    request, shown = asked(model="m", caps=Caps(calls=5)), list[str]()
    with pytest.raises(KeyboardInterrupt):
        ask(lake, request, lambda: dies_at(4, shown))
    folder = only_run(lake)
    result = ask(lake, request, lambda: dies_at(99, shown))
    assert result.run_uid == folder.name and result.limit_hit is None
    # The fourth was cut off before its answer; the three before it were not asked again.
    assert len(shown) == 6 and len(set(shown)) == 5 and shown[3] == shown[4]
    assert calls_of(lake, folder.name).calls == 5
    less = asked(model="m", caps=Caps(calls=4), fresh=True)
    limited = ask(lake, less, lambda: dies_at(99, []))
    assert limited.limit_hit is not None and limited.limit_hit.allowed == 4


def test_a_run_at_work_is_not_taken_up_by_another_process(lake: Settings) -> None:
    with prepare(lake, asked()) as working, prepare(lake, asked()) as other:
        assert working.run_dir != other.run_dir and not other.resumed
        assert not RunLock(working.run_dir).take()
    with prepare(lake, asked()) as later:
        assert later.resumed
    with prepare(lake, asked("Something else?")) as another:
        assert not another.resumed


def test_a_child_agent_hangs_below_the_sub_call_it_answers(lake: Settings) -> None:
    played = Played(cells=("part = ctx.partition(by='host')[0]\nprint(query(part, 'Who?'))",))
    request = asked(leaf_characters=2_000, caps=Caps(depth=1))
    with MessagesServer(played) as server:
        result = ask(lake, request, lambda: ClaudeModel("k", server.url))
        assert not server.refused
    uids = [node.node_uid for node in result.trajectory]
    assert len(uids) == len(set(uids))
    above = {node.node_uid: node.parent_uid for node in result.trajectory}
    assert above["n.q0001"] == "n" and above["n.q0001.a"] == "n.q0001"
    assert above["n.q0001.a/t01"] == "n.q0001.a"
    places = {uid: place for place, uid in enumerate(uids)}
    assert all(places[up] < places[uid] for uid, up in above.items() if up is not None)
    spent = calls_of(lake, result.run_uid)
    assert sum(n.input_tokens + n.output_tokens for n in result.trajectory) == spent.tokens


LOW, HIGH = 0, 1
STEPS = (*LOOK, *(f"print(ctx.peek(1, {n}))" for n in range(4)))
SCRIPTS = {
    "looks and submits": (LOOK, LOW, False),
    "takes many small steps": (STEPS, LOW, True),
    "looks once and reads all in small parts": ((LOOK[0], READ.format(size=3_000)), HIGH, False),
    "looks, then reads all": ((*LOOK, READ.format(size=150_000)), HIGH, True),
}


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_dry_run_comes_within_a_factor_of_two_of_an_agent_that(
    lake: Settings, script: str, capsys: pytest.CaptureFixture[str]
) -> None:
    cells, end, over = SCRIPTS[script]
    more = ("--over", str(lake.home.parent / "logs")) if over else ()
    with MessagesServer(Played(cells)) as server:
        told, real = estimate_and_run(words(lake, server.url, *more), server, capsys)
    said = told.input_tokens[end] + told.output_tokens[end]
    assert real / 2 <= said <= real * 2, f"said {said}, was {real}"


@pytest.mark.parametrize("more", [(), ("--where", "contains(raw, 'user1 ')")])
def test_a_dry_run_comes_within_a_factor_of_two_of_a_direct_call(
    lake: Settings, more: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    with MessagesServer(Played()) as server:
        command = words(lake, server.url, *more, route="direct")
        told, real = estimate_and_run(command, server, capsys)
        assert told.calls == (1, 1) and sum(server.seen.values()) == 1
    assert told.usd is not None and told.usd[0] == told.usd[1]
    said = told.input_tokens[0] + told.output_tokens[0]
    assert real / 2 <= said <= real * 2, f"said {said}, was {real}"


def estimate_and_run(
    command: list[str], server: MessagesServer, capsys: pytest.CaptureFixture[str]
) -> tuple[AskEstimate, int]:
    assert run([*command, "--dry-run", "--format", "json"]) == 0
    assert not server.seen and server.counted == 0
    told = AskEstimate.model_validate_json(capsys.readouterr().out)
    assert run(command) == 0
    return told, server.tokens


def test_text_blocks_alone_are_answered_and_never_end_a_run(lake: Settings) -> None:
    reply = ModelReply(
        model="m",
        content=(TextBlock(text=""),),
        stop_reason="end_turn",
        usage=Usage(calls=1, input_tokens=1, output_tokens=1),
    )
    result = ask(lake, asked(model="m"), lambda: ScriptedResponder(lambda request: reply))
    assert result.failure == "the model used no tool" and result.summary == ()
