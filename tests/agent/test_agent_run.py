"""The agent path on a real context: explore, ask readers, submit; what a limit leaves behind."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from incident import IncidentLake

from models.scripted import ScriptedResponder
from schemas.agent import AgentAnswer
from schemas.ask import AskRequest
from schemas.budget import Caps, Usage
from schemas.context import ContextInfo
from schemas.model import ModelReply, ModelRequest, TextBlock, ToolResultBlock, ToolUseBlock
from schemas.query import Query
from sentree.analysis.agent_run import AgentRun
from sentree.engine.budget import Budget
from sentree.engine.gate import Gate
from sentree.lake.calls import SqliteCallStore
from sentree.lake.context import Context, export_context
from sentree.lake.db import Lake

SECRET = b"a secret of the installation"


@pytest.fixture(scope="module")
def info(incident_lake: IncidentLake, tmp_path_factory: pytest.TempPathFactory) -> ContextInfo:
    folder = tmp_path_factory.mktemp("context")
    with Lake.open(incident_lake.settings) as lake:
        return export_context(lake, folder, tenant="default", entity="ws01")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteCallStore]:
    with SqliteCallStore(tmp_path / "calls.sqlite") as opened:
        yield opened


def uses(*calls: tuple[str, dict], text: str = "") -> ModelReply:
    blocks = [TextBlock(text=text)] if text else []
    blocks += [
        ToolUseBlock(id=f"u{n}", name=name, input=given) for n, (name, given) in enumerate(calls)
    ]
    return ModelReply(
        model="m",
        content=tuple(blocks),
        stop_reason="tool_use" if calls else "end_turn",
        usage=Usage(calls=1, input_tokens=100, output_tokens=10),
    )


def leaf(answer: str, **more: object) -> ModelReply:
    text = json.dumps({"answer": answer, "evidence": [], **more})
    return ModelReply(
        model="m",
        content=(TextBlock(text=text),),
        stop_reason="end_turn",
        usage=Usage(calls=1, input_tokens=1_000, output_tokens=20),
    )


def results(request: ModelRequest) -> list[ToolResultBlock]:
    return [
        block
        for message in request.messages
        for block in message.content
        if isinstance(block, ToolResultBlock)
    ]


def python(code: str) -> tuple[str, dict]:
    return "run_python", {"code": code}


def ask(
    info: ContextInfo,
    store: SqliteCallStore,
    respond,
    *,
    caps: Caps | None = None,
    **more: object,
) -> AgentAnswer:
    request = AskRequest(query=Query(text="What ran?"), model="m", caps=caps or Caps(), **more)
    gate = Gate(ScriptedResponder(respond), Budget(request.caps), store, run_uid="r1")
    with AgentRun(info, request, gate, SECRET) as run:
        return run.agent()


def submission(uid: str, quote: str | None = None, text: str = "It ran.") -> tuple[str, dict]:
    evidence = [{"event_uid": uid} | ({"quote": quote} if quote else {})]
    return "submit", {"answer": "Something ran.", "claims": [{"text": text, "evidence": evidence}]}


def any_uid(info: ContextInfo) -> str:
    with Context.open(Path(info.path)) as context:
        return context.query("SELECT event_uid FROM events ORDER BY time, event_uid LIMIT 1")[0][
            "event_uid"
        ]


def test_a_model_explores_by_code_and_its_checked_claims_are_the_answer(
    info: ContextInfo, store: SqliteCallStore
) -> None:
    uid = any_uid(info)
    script = [
        uses(python("d = ctx.describe()\nprint(d['events'], sorted(d['tables']))")),
        uses(python("rows = ctx.peek(1)\nprint(rows[0]['event_uid'])")),
        uses(python("print(ctx.sql('SELECT count(*) AS n FROM events')['rows'])")),
        uses(submission(uid)),
    ]
    answer = ask(info, store, lambda request: script[len(results(request))])
    assert (answer.ending, answer.turns) == ("submitted", 4)
    assert [ev.event_uid for claim in answer.claims for ev in claim.evidence] == [uid]
    outputs = [record.output or "" for record in answer.records if record.kind == "turn"]
    assert str(info.events) in outputs[0]
    assert uid in outputs[1]
    assert f"[[{info.events}]]" in outputs[2].replace(" ", "")


def test_map_query_asks_all_parts_at_once_and_keeps_their_order(
    info: ContextInfo, store: SqliteCallStore
) -> None:
    code = (
        "parts = ctx.partition(by='size', size=60000)\n"
        "answers = map_query(parts, 'How many records?')\n"
        "print(len(parts), [a.get('answer', a.get('error')) for a in answers])"
    )

    def respond(request: ModelRequest) -> ModelReply:
        if request.output_schema is not None:
            body = request.messages[0].content[0]
            assert isinstance(body, TextBlock)
            return leaf(f"{body.text.count(chr(10))} lines")
        if not results(request):
            return uses(python(code))
        return uses(submission(any_uid(info)))

    answer = ask(info, store, respond)
    subcalls = [record for record in answer.records if record.kind == "subcall"]
    assert len(subcalls) > 3
    assert sum(record.events_read for record in subcalls) == info.events
    assert {record.parent_uid for record in subcalls} == {"n"}


def test_citations_of_other_events_are_sent_back_and_then_dropped(
    info: ContextInfo, store: SqliteCallStore
) -> None:
    uid = any_uid(info)
    bad = (
        "submit",
        {
            "answer": "x",
            "claims": [
                {"text": "true", "evidence": [{"event_uid": uid}]},
                {"text": "made up", "evidence": [{"event_uid": "00" * 16}]},
                {
                    "text": "misquoted",
                    "evidence": [{"event_uid": uid, "quote": "never in any record"}],
                },
                {"text": "bare", "evidence": []},
            ],
        },
    )
    seen: list[str] = []

    def respond(request: ModelRequest) -> ModelReply:
        seen.extend(one.content for one in results(request)[-1:])
        return uses(bad)

    answer = ask(info, store, respond)
    assert [claim.text for claim in answer.claims] == ["true"]
    assert len(answer.verification.dropped) == 3
    assert "3 of 4 claims fail" in seen[0]


def test_text_never_ends_a_run(info: ContextInfo, store: SqliteCallStore) -> None:
    answer = ask(info, store, lambda request: uses(text="FINAL(the intruder's answer)"))
    assert (answer.ending, answer.claims) == ("failed", ())
    assert "intruder" not in answer.answer


def test_unknown_tools_and_bad_arguments_are_answered_and_the_run_goes_on(
    info: ContextInfo, store: SqliteCallStore
) -> None:
    script = [
        uses(("rm", {"path": "/"}), ("run_python", {"cell": 3}), ("submit", {"claims": "none"})),
        uses(submission(any_uid(info))),
    ]
    shown: list[ToolResultBlock] = []

    def respond(request: ModelRequest) -> ModelReply:
        shown.extend(results(request))
        return script[min(len(request.messages) // 2, 1)]

    answer = ask(info, store, respond)
    assert answer.ending == "submitted"
    assert [block.is_error for block in shown] == [True, True, True]


def test_the_budget_ends_a_run_with_a_typed_partial_answer(
    info: ContextInfo, store: SqliteCallStore
) -> None:
    answer = ask(info, store, lambda request: uses(python("print(1)")), caps=Caps(calls=3))
    assert (answer.ending, answer.turns, answer.usage.calls) == ("budget", 3, 3)
    assert "calls" in answer.reason


def test_turns_end_a_run(info: ContextInfo, store: SqliteCallStore) -> None:
    answer = ask(info, store, lambda request: uses(python("print(2)")), turns=4)
    assert (answer.ending, answer.turns) == ("turns", 4)


def test_a_part_too_big_gets_a_child_agent_that_sees_nothing_else(
    info: ContextInfo, store: SqliteCallStore
) -> None:
    code = (
        "parts = ctx.partition(by='class')\n"
        "big = parts[0]\nprint(big['events'])\n"
        "print(query(big, 'What is in here?'))"
    )
    child_code = "print('child', ctx.sql('SELECT count(*) FROM events')['rows'][0][0])"

    def respond(request: ModelRequest) -> ModelReply:
        opening = request.messages[0].content[0]
        assert isinstance(opening, TextBlock)
        child = "What is in here?" in opening.text
        if not results(request):
            return uses(python(child_code if child else code))
        return uses(submission(any_uid(info)))

    answer = ask(info, store, respond, leaf_characters=1_000, caps=Caps(depth=1))
    child_turns = [r for r in answer.records if r.kind == "turn" and r.depth == 1]
    parent = next(r for r in answer.records if r.kind == "turn" and r.depth == 0)
    size = (parent.output or "").split("\n")[1]
    assert f"child {size}" in (child_turns[0].output or "")


def test_a_run_repeated_after_it_was_cut_off_pays_for_nothing_twice(
    info: ContextInfo, store: SqliteCallStore
) -> None:
    made: list[str] = []

    def respond(request: ModelRequest) -> ModelReply:
        made.append(request.model_dump_json())
        turn = len(results(request))
        return uses(python(f"print({turn})")) if turn < 3 else uses(submission(any_uid(info)))

    cut = ask(info, store, respond, caps=Caps(calls=2))
    again = ask(info, store, respond)
    assert (cut.ending, again.ending) == ("budget", "submitted")
    assert len(made) == len(set(made)) == 4
