"""The minutes of a run: counted over all processes that worked on it, not the time between."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from small_lake import asked, run_folders, small_lake

from models.scripted import ScriptedResponder
from schemas.budget import Caps, Usage
from schemas.model import ModelReply, ModelRequest, ToolUseBlock
from sentree.analysis.ask import ask
from sentree.analysis.run_clock import RunClock


class Ticking:
    """A clock that is set by hand."""

    now = 1_000.0

    def __call__(self) -> float:
        return self.now


def test_work_of_several_processes_adds_up_and_idle_time_does_not(tmp_path: Path) -> None:
    clock = Ticking()
    with RunClock(tmp_path, clock=clock) as first:
        assert first.elapsed == 0.0
        clock.now += 40
    clock.now += 5_000
    with RunClock(tmp_path, clock=clock) as second:
        assert second.elapsed == 40.0
        clock.now += 2
    assert RunClock(tmp_path, clock=clock).elapsed == 42.0


@pytest.mark.parametrize("text", ["", "nan?", "-5", "12\x00"])
def test_a_damaged_file_counts_as_no_work(tmp_path: Path, text: str) -> None:
    (tmp_path / "elapsed").write_text(text)
    assert RunClock(tmp_path).elapsed == 0.0


def test_a_run_taken_up_again_has_only_the_minutes_that_are_left(tmp_path: Path) -> None:
    lake = small_lake(tmp_path, 20)
    calls = list[int]()

    def respond(request: ModelRequest) -> ModelReply:
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        code = {"code": "print(budget()['seconds'])"}
        return ModelReply(
            model="m",
            content=(ToolUseBlock(id=f"u{len(calls)}", name="run_python", input=code),),
            stop_reason="tool_use",
            usage=Usage(calls=1),
        )

    request = asked(model="m", caps=Caps(seconds=600))
    with pytest.raises(KeyboardInterrupt):
        ask(lake, request, lambda: ScriptedResponder(respond))
    [folder] = run_folders(lake)
    worked = float((folder / "elapsed").read_text())
    assert 0 < worked < 600
    # As if the first process had worked for nearly all of its ten minutes.
    (folder / "elapsed").write_text("599.9999")
    started = time.monotonic()
    result = ask(lake, request, lambda: ScriptedResponder(respond))
    assert result.run_uid == folder.name and time.monotonic() - started < 60
    assert result.limit_hit is not None and result.limit_hit.limit == "seconds"
    assert result.limit_hit.spent >= 600 and len(calls) == 2
