"""The benchmark of the engine: what its stub answers, what it counts, how it reckons."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
import sentree_run
from count import count, pieces
from job import Job, Measured, Seen, StubAnswers, get, post
from stub import READ, Script

from models.claude import ClaudeModel
from schemas.model import Message, ModelRequest, TextBlock

STUB = Path(sentree_run.__file__).with_name("stub.py")
LEAF = json.dumps({"answer": "Some log in.", "evidence": []})


@pytest.fixture
def url() -> Iterator[str]:
    with subprocess.Popen(
        [sys.executable, STUB], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        process.stdin.close()


def asked(text: str, *, leaf: bool = False) -> ModelRequest:
    schema = {"type": "object", "properties": {}, "additionalProperties": False}
    return ModelRequest(
        model="stub",
        messages=(Message(role="user", content=(TextBlock(text=text),)),),
        max_tokens=100,
        output_schema=schema if leaf else None,
    )


def test_the_stub_answers_the_sdk_and_tells_roots_from_sub_calls(url: str, tmp_path: Path) -> None:
    log = tmp_path / "bodies.jsonl"
    turns = [[{"type": "text", "text": text}] for text in ("first", "second")]
    post(f"{url}/script", {"turns": turns, "leaf": "read", "log": str(log)})
    model = ClaudeModel(base_url=url, counting=False)
    replies = [
        model.call(asked("go")),
        model.call(asked("a part", leaf=True)),
        model.call(asked(f"{READ} a part")),
        model.call(asked("go on")),
    ]
    assert [one.text for one in replies] == ["first", "read", "read", "second"]
    stats = get(f"{url}/stats")
    assert stats["leaves"] == 2
    assert 0 < stats["busy"] < stats["cell"] * 10
    assert len(log.read_text("utf-8").splitlines()) == 4


def test_the_overhead_is_the_best_run_less_the_best_empty_run_and_the_stub() -> None:
    measured = Measured("1")
    for empty, full in ((0.5, 1.9), (0.3, 1.3)):
        for mode in ("sequential", "mapped"):
            measured.add(mode, 0, Seen(0, 0.0, empty))
            measured.add(mode, 10, Seen(10, 0.2, full))
    assert measured.overhead("mapped") == pytest.approx(100.0)
    assert measured.overhead("sequential") == pytest.approx(80.0)


def test_a_run_with_other_sub_calls_than_asked_for_is_no_measurement() -> None:
    with pytest.raises(SystemExit, match="9 sub-calls"):
        Measured("1").add("mapped", 10, Seen(9, 0.0, 1.0))


def test_sentree_makes_as_many_sub_calls_as_the_job_asks_for(tmp_path: Path) -> None:
    texts = [
        "".join(
            f"2026-01-01T1{part}:{n:02d}:00Z host sshd[{n}]: Accepted for u{n}\n" for n in range(40)
        )
        for part in range(4)
    ]
    parts = tmp_path / "parts.json"
    parts.write_text(json.dumps(texts), "utf-8")
    job = Job(parts=str(parts), url="", transport="process", calls=4, rounds=1, leaf=LEAF)
    system = sentree_run.System(job, tmp_path)
    system.run_all(None)
    found = system.measured.summary()
    assert set(found["overhead"]) == {"sequential", "mapped"}
    assert all(found["empty"].values())


def test_a_root_that_never_comes_back_took_no_time() -> None:
    script = Script([[{"type": "text", "text": "only"}]], "leaf")
    script.answer({"messages": [{"role": "user", "content": "go"}]})
    answers = StubAnswers()
    answers.script = script
    assert answers.seen(Job(parts="", url="", transport="process")) == Seen(0, 0.0, 0.0)


def test_counting_takes_all_that_a_model_is_shown_and_what_a_cache_would_hold(
    tmp_path: Path,
) -> None:
    mark = {"cache_control": {"type": "ephemeral"}}
    opening = {"role": "user", "content": "one two"}
    said = [{"type": "tool_use", "id": "u", "name": "t", "input": {"code": "three"}}]
    told = [{"type": "tool_result", "tool_use_id": "u", "content": "four five"}]
    bodies = [
        {
            "system": [{"type": "text", "text": "rules here", **mark}],
            "messages": [opening, *more],
            "tools": [{"name": "t"}],
        }
        for more in (
            [],
            [{"role": "assistant", "content": said}, {"role": "user", "content": told}],
        )
    ]
    bodies.append({"messages": [{"role": "user", "content": f"{READ} now"}]})
    path = tmp_path / "bodies.jsonl"
    path.write_text("".join(json.dumps(body) + "\n" for body in bodies), "utf-8")
    words = SimpleNamespace(encode_ordinary=str.split)
    found = count(path, words)
    assert found["requests"] == 3
    assert found["leaf"] == 4
    assert found["root"] == sum(
        len(" ".join(text for text, _ in pieces(body)).split()) for body in bodies[:2]
    )
    assert found["cached"] == 6  # {"name": "t"} rules here one two
