"""Measures the memory of one agent run over a large context, step by step.

Run `python bench/engine_memory.py [MEGABYTES] [--lake]`. A log of that size is made, and asked as
text (`--over`), or loaded into a lake first and asked there. A scripted model then has every helper
called once. After each step the peak resident memory since the step before is read from the
kernel, for this process and for the sandboxes' processes; Linux only.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

from models.scripted import ScriptedResponder
from schemas.ask import AskRequest
from schemas.budget import Usage
from schemas.context import ContextInfo
from schemas.model import Block, ModelReply, ModelRequest, TextBlock, ToolUseBlock
from schemas.query import Query
from sentree.analysis.agent_run import AgentRun
from sentree.engine.budget import Budget
from sentree.engine.gate import Gate
from sentree.lake.calls import SqliteCallStore
from sentree.lake.context import export_context
from sentree.lake.db import Lake
from sentree.lake.documents import export_documents
from sentree.lake.ingest import ingest
from sentree.settings import Settings

MEGABYTE = 1_000_000
BLOCK = 20_000
CELLS = {
    "describe": "print(ctx.describe()['events'])",
    "peek": "print(len(ctx.peek(50, at=1000)), len(ctx.sample(50)))",
    "grep": "print(len(ctx.grep('Failed password for user7 ', n=200)))",
    "sql": (
        "print(ctx.sql('SELECT count(*), count(DISTINCT event_uid), sum(length(raw)), "
        "min(raw) FROM events')['rows'][0][:3])"
    ),
    "search": "print(len(ctx.search('Failed user7 10.0.3.77', n=20)))",
    "partition": "big = ctx.partition(by='size', size={coarse})\nprint(len(big))",
    "map_query": (
        "parts = []\nfor one in big[:3]:\n    parts += ctx.partition('size', one, 150000)\n"
        "answers = map_query(parts, 'Who logs in here?')\n"
        "print(len(answers), [one['error'] for one in answers if 'error' in one][:1])"
    ),
    "submit": "",
}
LEAF = {"answer": "Some log in.", "evidence": [{"event_uid": "0" * 32, "quote": "Accepted"}]}


class Meter:
    """Reads and resets the kernel's marks of peak memory; a thread looks after other processes."""

    def __init__(self) -> None:
        self._others: dict[int, int] = {}
        self._stop = threading.Event()
        self._started = perf_counter()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._reset()
        self._thread.start()

    def step(self, name: str, note: str = "") -> None:
        """Print a step's peaks in megabytes and begin the next."""
        others = sum(self._others.values()) + sum(map(peak, new(self._others)))
        seconds = perf_counter() - self._started
        host = peak(os.getpid())
        print(f"{name:<12}{seconds:>9.1f}{host / 1e6:>10.0f}{others / 1e6:>12.0f}  {note}"[:110],
              flush=True)  # fmt: skip
        self._reset()

    def _watch(self) -> None:
        # A process that ends takes its mark along.
        while not self._stop.wait(0.05):
            for pid in children(os.getpid()):
                self._others[pid] = max(self._others.get(pid, 0), peak(pid))

    def _reset(self) -> None:
        for pid in (os.getpid(), *children(os.getpid())):
            try:
                Path(f"/proc/{pid}/clear_refs").write_text("5")
            except OSError:
                continue
        self._others.clear()
        self._started = perf_counter()


def new(known: dict[int, int]) -> list[int]:
    """Give the child processes that were not seen yet."""
    return [pid for pid in children(os.getpid()) if pid not in known]


def children(pid: int) -> list[int]:
    """Give the processes below one, at any depth."""
    found: list[int] = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            below = [int(one) for one in path.read_text().split()]
        except OSError:
            continue
        for one in below:
            found += [one, *children(one)]
    return found


def peak(pid: int) -> int:
    """Give the most bytes a process has had in memory since its mark was reset."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(x.split()[1]) * 1024 for x in lines if x.startswith("VmHWM")), 0)


def write_log(path: Path, size: int) -> None:
    """Write lines of a login server's log, each another, until the file has that size."""
    written = number = 0
    with path.open("w", encoding="ascii") as file:
        while written < size:
            lines = [log_line(one) for one in range(number, number + BLOCK)]
            number += BLOCK
            written += file.write("".join(lines))


def log_line(number: int) -> str:
    """Give one line; what varies follows from its number."""
    mixed = number * 2_654_435_761 % 4_294_967_296
    day, second = divmod(number // 40, 86_400)
    clock = f"{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}"
    said = "Failed" if mixed % 50 == 0 else "Accepted"
    return (
        f"2026-01-{1 + day % 28:02d}T{clock}Z host{mixed % 97} sshd[{number}]: {said} password for "
        f"user{mixed % 301} from 10.0.{mixed % 7}.{mixed % 251} port {1024 + mixed % 60_000} ssh2\n"
    )


def main() -> None:
    """Make the log, export it, and let the scripted model look at it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("megabytes", type=int, nargs="?", default=1_000)
    parser.add_argument("--lake", action="store_true", help="load the log into a lake first")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        write_log(folder / "auth.log", given.megabytes * MEGABYTE)
        print(f"{given.megabytes} MB of log, {os.cpu_count()} cores, Python "
              f"{platform.python_version()}, load {os.getloadavg()[0]:.1f}")  # fmt: skip
        print(f"{'step':<12}{'seconds':>9}{'host MB':>10}{'sandbox MB':>12}")
        meter = Meter()
        meter.step("before")
        info = export(folder, meter, in_lake=given.lake)
        run(info, folder, meter)


def export(folder: Path, meter: Meter, *, in_lake: bool) -> ContextInfo:
    """Export the log as a context, through a lake or as text."""
    log = folder / "auth.log"
    if not in_lake:
        info = export_documents([log], folder)
    else:
        settings = Settings(home=folder / "home")
        with Lake.open(settings) as lake:
            ingest(lake, [log], settings=settings, tenant=settings.tenant)
            meter.step("ingest")
            info = export_context(lake, folder, tenant=settings.tenant)
    size = Path(info.path).stat().st_size / MEGABYTE
    meter.step("export", f"{info.events:,} records, file of {size:,.0f} MB")
    return info


def run(info: ContextInfo, folder: Path, meter: Meter) -> None:
    """Run the agent with the scripted model, which reads the meter at every turn."""
    steps = list(CELLS.items())
    coarse = str(max(150_000, info.characters // 400))
    turn = 0

    def respond(request: ModelRequest) -> ModelReply:
        nonlocal turn
        if request.output_schema is not None:
            return reply(TextBlock(text=json.dumps(LEAF)))
        last = request.messages[-1].content[-1].model_dump()
        meter.step(steps[turn - 1][0] if turn else "open", shown(last) if turn else "")
        name, code = steps[turn]
        turn += 1
        given = {"code": code.replace("{coarse}", coarse)}
        if name == "submit":
            given = {"answer": "done", "claims": []}
        tool = name if name == "submit" else "run_python"
        return reply(ToolUseBlock(id=f"u{turn}", name=tool, input=given))

    request = AskRequest(query=Query(text="Who logs in here?"), model="scripted")
    with SqliteCallStore(folder / "calls.sqlite") as store:
        gate = Gate(ScriptedResponder(respond), Budget(request.caps), store, run_uid="r")
        with AgentRun(info, request, gate, b"benchmark", folder=folder) as agent_run:
            answer = agent_run.agent()
    meter.step("end", answer.ending)


def shown(block: dict[str, str]) -> str:
    """Give the line between a result's markers."""
    lines = str(block.get("content", "")).splitlines()
    return " ".join(lines[1:-1])[:80]


def reply(*content: Block) -> ModelReply:
    """Give an answer of the scripted model."""
    usage = Usage(calls=1, input_tokens=10, output_tokens=10)
    return ModelReply(model="scripted", content=content, stop_reason="end_turn", usage=usage)


STEPS: Sequence[str] = tuple(CELLS)

if __name__ == "__main__":
    main()
