"""A run that was cut off goes on from its newest state, or makes its turns again: one answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from small_lake import small_lake

from models.scripted import ScriptedResponder
from schemas.agent import AgentAnswer
from schemas.ask import AskRequest
from schemas.budget import Caps, Usage
from schemas.context import ContextInfo
from schemas.model import ModelReply, ModelRequest, TextBlock, ToolUseBlock
from schemas.query import Query
from sentree.analysis.agent_run import AgentRun
from sentree.engine.budget import Budget
from sentree.engine.gate import Gate
from sentree.engine.sandbox import PythonSession
from sentree.lake.calls import SqliteCallStore
from sentree.lake.context import export_context
from sentree.lake.db import Lake
from sentree.lake.node_states import NodeStates

SECRET = b"a secret of the installation"
CELLS = (
    "import random\nseen = [random.random()]\ndef twice(n): return 2 * n\nprint(ctx.peek(2))",
    "parts = ctx.partition(by='size', size=2_500)\nprint(len(parts), budget())",
    "found = map_query(parts[:3], 'Who logs in?')\nprint([one['answer'] for one in found])",
    "more = ctx.partition(by='host', part=parts[1])\nprint([p['part'] for p in more])",
    "seen.append(random.random())\nprint(seen, twice(21), len(parts), more[0]['events'])",
    "print(query(more[0], 'Who?'), budget(), ctx.sql('SELECT min(event_uid) AS u FROM events'))",
)
Respond = Callable[[ModelRequest], ModelReply]


class Cut(BaseException):
    """The process ends here."""


@pytest.fixture(scope="module")
def info(tmp_path_factory: pytest.TempPathFactory) -> ContextInfo:
    folder = tmp_path_factory.mktemp("resume")
    settings = small_lake(folder, 120)
    with Lake.open(settings) as lake:
        return export_context(lake, folder, tenant=settings.tenant)


@pytest.fixture
def cells(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Collects the code of every cell that really runs."""
    ran: list[str] = []
    run = PythonSession.run

    def noted(self: PythonSession, code: str):
        ran.append(code)
        return run(self, code)

    monkeypatch.setattr(PythonSession, "run", noted)
    yield ran


def reply(*blocks: TextBlock | ToolUseBlock) -> ModelReply:
    used = any(isinstance(block, ToolUseBlock) for block in blocks)
    return ModelReply(
        model="m",
        content=blocks,
        stop_reason="tool_use" if used else "end_turn",
        usage=Usage(calls=1, input_tokens=100, output_tokens=10, usd=0.0625),
    )


def playing(cells: tuple[str, ...], cut_at: int | None = None, fault: str = "") -> Respond:
    """Play a model that runs the cells in order; the process ends at the call of one turn."""

    def respond(request: ModelRequest) -> ModelReply:
        text = json.dumps([message.model_dump() for message in request.messages])
        if request.output_schema is not None:
            uid = text.split("[0]")[0][-40:]
            return reply(TextBlock(text=json.dumps({"answer": f"read {len(uid)}", "evidence": []})))
        turn = sum(message.role == "assistant" for message in request.messages)
        if turn == cut_at:
            raise Cut
        if turn < len(cells):
            return reply(
                ToolUseBlock(id=f"u{turn}", name="run_python", input={"code": cells[turn]})
            )
        return reply(
            ToolUseBlock(id="end", name="submit", input={"answer": text[-3_000:], "claims": []})
        )

    return respond


def run_once(info: ContextInfo, home: Path, respond: Respond, **more: object) -> AgentAnswer:
    request = AskRequest(
        query=Query(text="Who?"), model="m", caps=Caps(calls=200), leaf_characters=4_000, **more
    )
    folder = home / "run"
    folder.mkdir(parents=True, exist_ok=True)
    with SqliteCallStore(home / "calls.sqlite") as store:
        gate = Gate(ScriptedResponder(respond), Budget(request.caps), store, run_uid="run")
        states = NodeStates(store, folder)
        with AgentRun(info, request, gate, SECRET, folder=folder, states=states) as run:
            return run.agent()


def timeless(answer: AgentAnswer) -> AgentAnswer:
    records = [one.model_copy(update={"milliseconds": 0.0}) for one in answer.records]
    return answer.model_copy(update={"records": tuple(records)})


def cut_off(info: ContextInfo, home: Path, at: int) -> None:
    with pytest.raises(Cut):
        run_once(info, home, playing(CELLS, at))


def sessions(home: Path) -> list[Path]:
    return sorted((home / "run" / "sessions").glob("*.monty"))


@pytest.fixture(scope="module")
def unbroken(info: ContextInfo, tmp_path_factory: pytest.TempPathFactory) -> AgentAnswer:
    answer = run_once(info, tmp_path_factory.mktemp("unbroken"), playing(CELLS))
    assert answer.ending == "submitted" and "42" in answer.answer
    return answer


@pytest.mark.parametrize("at", [1, 3, 4, 5, 6])
def test_a_run_goes_on_from_its_newest_state_and_runs_only_the_cells_that_are_left(
    info: ContextInfo, tmp_path: Path, unbroken: AgentAnswer, cells: list[str], at: int
) -> None:
    cut_off(info, tmp_path, at)
    del cells[:]
    answer = run_once(info, tmp_path, playing(CELLS))
    assert cells == list(CELLS[at:])
    assert timeless(answer) == timeless(unbroken)
    assert not sessions(tmp_path), "an answered run keeps no sessions"


def test_without_its_states_a_run_makes_its_turns_again_and_gives_the_same_answer(
    info: ContextInfo, tmp_path: Path, unbroken: AgentAnswer, cells: list[str]
) -> None:
    cut_off(info, tmp_path, 5)
    with SqliteCallStore(tmp_path / "calls.sqlite") as store:
        NodeStates(store, tmp_path / "run").clear()
    del cells[:]
    assert timeless(run_once(info, tmp_path, playing(CELLS))) == timeless(unbroken)
    assert cells == list(CELLS)


def test_a_session_that_was_changed_is_never_loaded(
    info: ContextInfo, tmp_path: Path, unbroken: AgentAnswer, cells: list[str]
) -> None:
    cut_off(info, tmp_path, 5)
    kept = sessions(tmp_path)
    assert len(kept) == 2
    # The bytes of one are whole, but another's: only the hash tells.
    first, second = (path.read_bytes() for path in kept)
    kept[0].write_bytes(second)
    kept[1].write_bytes(first)
    del cells[:]
    assert timeless(run_once(info, tmp_path, playing(CELLS))) == timeless(unbroken)
    assert cells == list(CELLS)


def test_where_only_the_newest_session_is_damaged_the_one_before_it_is_taken(
    info: ContextInfo, tmp_path: Path, unbroken: AgentAnswer, cells: list[str]
) -> None:
    cut_off(info, tmp_path, 5)
    with SqliteCallStore(tmp_path / "calls.sqlite") as store, store.reading() as connection:
        [newest] = connection.execute(
            "SELECT session_sha256 FROM node_states ORDER BY seq DESC LIMIT 1"
        ).fetchone()
    path = tmp_path / "run" / "sessions" / f"{newest}.monty"
    path.write_bytes(path.read_bytes()[:-1])
    del cells[:]
    assert timeless(run_once(info, tmp_path, playing(CELLS))) == timeless(unbroken)
    assert cells == list(CELLS[4:])


def test_a_state_that_does_not_follow_from_the_stored_replies_is_not_taken(
    info: ContextInfo, tmp_path: Path, cells: list[str]
) -> None:
    cut_off(info, tmp_path, 4)
    with SqliteCallStore(tmp_path / "calls.sqlite") as store, store.writing() as connection:
        connection.execute("DELETE FROM model_calls WHERE node_uid = 'n/t02'")
    del cells[:]
    assert run_once(info, tmp_path, playing(CELLS)).ending == "submitted"
    assert cells == list(CELLS)


def test_child_agents_and_what_they_found_outlive_a_kill(
    info: ContextInfo, tmp_path_factory: pytest.TempPathFactory, cells: list[str]
) -> None:
    over = "print(query('all', 'Children?')['answer'], query('all', 'Again?')['answer'])"
    program = (CELLS[0], over, "print(twice(4))")

    def model(cut_at: int | None) -> Respond:
        play, child = playing(program, cut_at), playing(("print(ctx.describe()['events'])",))

        def respond(request: ModelRequest) -> ModelReply:
            first = str(request.messages[0].content)
            return (play if "Question: Who?" in first else child)(request)

        return respond

    whole, broken = tmp_path_factory.mktemp("whole"), tmp_path_factory.mktemp("broken")
    expected = run_once(info, whole, model(None))
    assert sum(one.kind == "agent" for one in expected.records) == 3
    with pytest.raises(Cut):
        run_once(info, broken, model(2))
    del cells[:]
    assert timeless(run_once(info, broken, model(None))) == timeless(expected)
    assert cells == [program[2]]


def test_no_state_is_kept_after_a_reading_that_a_limit_refused(
    info: ContextInfo, tmp_path: Path, cells: list[str]
) -> None:
    def run(calls: int) -> AgentAnswer:
        request = AskRequest(query=Query(text="Who?"), model="m", caps=Caps(calls=calls))
        folder = tmp_path / "run"
        folder.mkdir(exist_ok=True)
        with SqliteCallStore(tmp_path / "calls.sqlite") as store:
            gate = Gate(
                ScriptedResponder(playing(CELLS)), Budget(request.caps), store, run_uid="run"
            )
            states = NodeStates(store, folder)
            with AgentRun(info, request, gate, SECRET, folder=folder, states=states) as one:
                return one.agent()

    assert run(5).ending == "budget"
    del cells[:]
    answer = run(50)
    assert answer.ending == "submitted"
    assert not any(one.limit_hit == "calls" for one in answer.records)
    assert cells == list(CELLS[2:])
