"""Runs `rlms` on a job of the benchmark, in its own environment, and prints what it measured."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from importlib.metadata import version
from typing import Any

from job import Job, Measured, StubAnswers, read_job, write_measured


def turns(job: Job, mode: str, calls: int) -> list[str]:
    """Give what the scripted model says, turn by turn: the cell, then the answer."""
    cells = list(job.peer_cells(mode, calls))
    cells.append(f"answer['content'] = {job.answer!r}\nanswer['ready'] = True")
    return [f"```repl\n{cell}\n```" for cell in cells]


def main() -> None:
    """Run the job that standard input holds."""
    job = read_job()
    os.environ["ANTHROPIC_BASE_URL"] = job.url
    module = import_module("rlm")
    answers = StubAnswers()
    if job.transport == "process":

        def client(*_: object) -> object:
            return in_process(answers)

        setattr(import_module("rlm.core.rlm"), "get_client", client)  # noqa: B010
    measured = Measured(version("rlms"))
    for mode, calls in job.runs():
        answers.set(job, turns(job, mode, calls))
        rlm = module.RLM(
            backend="anthropic", backend_kwargs={"api_key": "none", "model_name": "stub"}
        )
        found = rlm.completion(job.context(), root_prompt=job.question)
        measured.add(mode, calls, answers.seen(job))
        if found.response != job.answer:
            sys.exit(f"rlms answered {found.response!r}")
    write_measured(measured)


def in_process(answers: Any) -> Any:
    """Give a client of `rlms` that asks the script itself."""
    base = import_module("rlm.clients").BaseLM
    usage = import_module("rlm.core.types")

    class Client(base):
        def completion(self, prompt: Any, model: str | None = None) -> str:
            return answers.text(prompt)

        async def acompletion(self, prompt: Any, model: str | None = None) -> str:
            return answers.text(prompt)

        def get_usage_summary(self) -> Any:
            return usage.UsageSummary(model_usage_summaries={})

        def get_last_usage(self) -> Any:
            return usage.ModelUsageSummary(1, 10, 10)

    return Client(model_name="stub")


if __name__ == "__main__":
    main()
