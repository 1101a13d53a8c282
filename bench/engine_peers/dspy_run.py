"""Runs `dspy.RLM` on a job of the benchmark, in its own environment; prints what it measured.

Its interpreter is `LocalInterpreter`, a CPython process without a sandbox: the fastest it has.
The model cache of dspy is off, so nothing is written to disk for a call.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.metadata import version
from typing import Any

from job import Job, Measured, StubAnswers, read_job, write_measured

SAID = (
    "[[ ## reasoning ## ]]\nNext.\n\n[[ ## code ## ]]\n```python\n{cell}\n```\n\n"
    "[[ ## completed ## ]]"
)


def turns(job: Job, mode: str, calls: int) -> list[str]:
    """Give what the scripted model says, turn by turn: the cell, then the answer."""
    cells = list(job.peer_cells(mode, calls))
    cells.append(f"SUBMIT({job.answer!r})")
    return [SAID.format(cell=cell) for cell in cells]


def main() -> None:
    """Run the job that standard input holds."""
    job = read_job()
    dspy = import_module("dspy")
    answers = StubAnswers()
    if job.transport == "process":
        lm = dspy.LM("stub/stub", cache=False, engine=engine(dspy, answers))
    else:
        lm = dspy.LM("anthropic/stub", api_key="none", api_base=f"{job.url}/v1", cache=False)
    dspy.configure(lm=lm)
    measured = Measured(version("dspy"))
    for mode, calls in job.runs():
        answers.set(job, turns(job, mode, calls))
        rlm = dspy.RLM(
            "context: list[str], question -> answer",
            max_llm_calls=10 * job.calls,
            interpreter_factory=dspy.LocalInterpreter,
        )
        found = rlm(context=job.context(), question=job.question)
        measured.add(mode, calls, answers.seen(job))
        if found.answer != job.answer:
            sys.exit(f"dspy answered {found.answer!r}")
    write_measured(measured)


def engine(dspy: Any, answers: StubAnswers) -> Any:
    """Give an engine of dspy that asks the script itself."""

    lm15 = dspy.lm15

    class Engine:
        def complete(self, request: Any) -> Any:
            text = answers.text(request.messages[-1].text)
            return lm15.Response(
                id="r",
                model="stub",
                message=lm15.Message.assistant(text),
                finish_reason="stop",
                usage=lm15.Usage(input_tokens=10, output_tokens=10),
            )

    return Engine()


if __name__ == "__main__":
    main()
