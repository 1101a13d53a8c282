"""Runs Sentree's agent on a job of the benchmark, in threads or as Prefect task runs.

The store of model calls is a file on disk, as in every real run, and new for every run.
"""

from __future__ import annotations

import logging
import sys
import tempfile
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from job import Job, Measured, StubAnswers, read_job, write_measured

from models.claude import ClaudeModel
from models.scripted import ScriptedResponder
from schemas.agent import AgentAnswer
from schemas.ask import AskRequest
from schemas.budget import Usage
from schemas.context import ContextInfo
from schemas.model import Model, ModelReply, ModelRequest, TextBlock, ToolUseBlock
from schemas.query import Query
from sentree.analysis.agent_run import AgentRun
from sentree.engine.budget import Budget
from sentree.engine.gate import Gate
from sentree.engine.readings import RunAll
from sentree.lake.calls import SqliteCallStore
from sentree.lake.context import export_context
from sentree.lake.db import Lake
from sentree.lake.ingest import ingest
from sentree.settings import Settings

CUT = "parts = ctx.partition(by='size', size={size})\n"
LOOP = (
    "answers = []\nfor part in parts[:{calls}]:\n    answers.append(query(part, {question!r}))\n"
    "print(len(answers), [one['error'] for one in answers if 'error' in one][:1])"
)
MAP = (
    "answers = map_query(parts[:{calls}], {question!r})\n"
    "print(len(answers), [one['error'] for one in answers if 'error' in one][:1])"
)
SPARE = 1.03

RunOnce = Callable[[str, int], AgentAnswer]


def turns(job: Job, mode: str, calls: int) -> list[list[dict[str, Any]]]:
    """Give what the scripted model does, turn by turn: the cell, then the answer."""
    whole = sum(map(len, job.context()))
    cut = CUT.format(size=int(whole / (job.calls * SPARE)))
    code = (LOOP if mode == "sequential" else MAP).format(calls=calls, question=job.question)
    cells = job.cells or [cut + code]
    used = [{"code": cell} for cell in cells]
    named: list[tuple[str, dict[str, Any]]] = [("run_python", one) for one in used]
    named.append(("submit", {"answer": job.answer, "claims": []}))
    return [
        [{"type": "tool_use", "id": f"toolu_{number}", "name": name, "input": given}]
        for number, (name, given) in enumerate(named)
    ]


class System:
    """A context, and the runs over it."""

    def __init__(self, job: Job, folder: Path) -> None:
        self.job = job
        self.folder = folder
        self.info = exported(job, folder)
        self.answers = StubAnswers()
        self.measured = Measured(version("sentree"))
        self.number = 0

    def run_all(self, run_all: RunAll | None) -> None:
        """Do all runs of the job.

        Raises:
            SystemExit: a run did not end as scripted.
        """
        for mode, calls in self.job.runs():
            self.answers.set_blocks(self.job, turns(self.job, mode, calls))
            found = self.once(run_all)
            if found.ending != "submitted":
                sys.exit(f"sentree ended {found.ending}: {found.reason}")
            self.measured.add(mode, calls, self.answers.seen(self.job))

    def once(self, run_all: RunAll | None) -> AgentAnswer:
        """Do one run, with a store of its own."""
        self.number += 1
        request = AskRequest(query=Query(text=self.job.question), model="stub")
        with SqliteCallStore(self.folder / f"calls-{self.number}.sqlite") as store:
            gate = Gate(
                self.model(), Budget(request.caps), store, run_uid="r", concurrency=request.workers
            )
            with AgentRun(self.info, request, gate, b"benchmark", run_all=run_all) as run:
                return run.agent()

    def model(self) -> Model:
        """Give the model: a client of the stub, or the stub itself."""
        if self.job.transport == "process":
            return ScriptedResponder(self.reply)
        counting = bool(self.job.extra.get("counting"))
        return ClaudeModel(base_url=self.job.url, counting=counting)

    def reply(self, request: ModelRequest) -> ModelReply:
        """Answer in this process, without the detour of a body in JSON."""
        script = self.answers.script
        if request.output_schema is not None:
            script.leaves += 1
            blocks: list[Any] = [TextBlock(text=script.leaf)]
        else:
            found = script.answer({"messages": [{"role": "user", "content": ""}]})["content"]
            blocks = [ToolUseBlock.model_validate(block) for block in found]
        return ModelReply(
            model="stub",
            content=tuple(blocks),
            stop_reason="end_turn",
            usage=Usage(calls=1, input_tokens=10, output_tokens=10),
        )


def exported(job: Job, folder: Path) -> ContextInfo:
    """Load the job's parts as one log, and export it."""
    log = folder / "auth.log"
    log.write_text("".join(job.context()), "utf-8")
    settings = Settings(home=folder / "home")
    with Lake.open(settings) as lake:
        ingest(lake, [log], settings=settings, tenant=settings.tenant)
        return export_context(lake, folder, tenant=settings.tenant)


def in_prefect(system: System) -> None:
    """Do all runs inside one flow run, every sub-call as a task run."""
    from tasks.environment import prepare

    prepare(Settings(home=system.folder / "home"))
    from prefect import flow

    from tasks.ask import PrefectSubCalls

    @flow(name="bench", validate_parameters=False)
    def bench() -> None:
        system.run_all(PrefectSubCalls(8))

    bench()


def main() -> None:
    """Run the job that standard input holds."""
    job = read_job()
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        system = System(job, Path(folder))
        if job.extra.get("executor") == "prefect":
            in_prefect(system)
        else:
            system.run_all(None)
        write_measured(system.measured)


if __name__ == "__main__":
    main()
