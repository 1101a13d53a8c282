"""What workers and task runs cost and give: the timeline's tree on threads, Prefect, Dask.

    python bench/scale.py [--events 20000] [--rounds 3]

One generated incident is cut into more and more parts and read by more and more workers. Only the
tree is timed: not the export before it, the report after it, or the start of server and cluster,
which has a line of its own. The reference of each ratio is the same tree on plain threads without
Prefect, in the same run. The best of the rounds counts: what else the machine does only adds. What
a task run costs is told in processor time, of the flow's process and of the workers but not of the
Prefect server: that of a busy machine can be compared, too.
"""

from __future__ import annotations

import argparse
import logging
import os
import platform
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, cast
from urllib.request import urlopen

from models.embedded import EmbeddedAnalyst
from schemas.context import ContextInfo
from schemas.scenario import IncidentSpec
from schemas.trajectory import Partition
from sentree.analysis.program import TimelineProgram
from sentree.engine.threads import ThreadExecutor
from sentree.engine.tree import TreeLimits, TreeRun, run_tree
from sentree.evals.generate.incident import generate_incident
from sentree.lake.context import Context, export_context
from sentree.lake.db import Lake
from sentree.lake.ingest import ingest
from sentree.settings import Settings

PARTS = (1, 4, 16, 64)
WORKERS = (1, 2, 4)
MIDDLE_PARTS = 16
MIDDLE_WORKERS = 2
SERVER_SECONDS = 180


class Shape(NamedTuple):
    """A tree to run: cut into about so many leaves, by so many workers."""

    parts: int
    workers: int


class Timed(NamedTuple):
    """What the best round of a tree took (`busy` is processor time), and what the tree was."""

    seconds: float
    busy: float
    leaves: int
    nodes: int
    findings: int
    load: float


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=20_000, help="of the background")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory(prefix="bench-") as place:
        folder = Path(place)
        info = incident(folder, given.events)
        print(
            f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores;"
            f" load {os.getloadavg()[0]:.1f}; {info.events:,} events,"
            f" {info.characters:,} characters; best of {given.rounds}"
        )
        with server(folder):
            measure(info, given.rounds)


def measure(info: ContextInfo, rounds: int) -> None:
    """Run every shape on every system, and print a table for each question."""
    shapes = [Shape(parts, MIDDLE_WORKERS) for parts in PARTS]
    shapes += [Shape(MIDDLE_PARTS, workers) for workers in WORKERS]
    plain: dict[Shape, Timed] = {}
    prefect: dict[Shape, Timed] = {}
    dask: dict[Shape, Timed] = {}
    started: dict[int, float] = {}
    # Shape by shape, so that what is compared has had the same neighbours.
    for shape in dict.fromkeys(shapes):
        plain[shape] = best(rounds, partial(on_threads, info, shape))
        prefect[shape] = on_prefect(info, shape, rounds)
        dask[shape], started[shape.workers] = on_dask(info, shape, rounds)
    systems = {
        "plain threads": plain,
        "Prefect threads": prefect,
        "Dask processes": dask,
    }
    for title, chosen in (
        (f"Partitions, {MIDDLE_WORKERS} workers", shapes[: len(PARTS)]),
        (f"Workers, about {MIDDLE_PARTS} partitions", shapes[len(PARTS) :]),
    ):
        print(f"\n{title} (ratio: throughput against plain threads of the same line)")
        print(
            f"{'system':<17}{'parts':>6}{'workers':>9}{'leaves':>8}{'nodes':>7}{'seconds':>9}"
            f"{'events/s':>10}{'ratio':>7}{'cpu s':>7}{'cpu ms/task run':>17}{'load':>6}"
        )
        for shape in chosen:
            for name, timed in systems.items():
                print(line(name, shape, timed[shape], plain[shape], info.events), flush=True)
    starts = ", ".join(f"{n} workers {started[n]:.1f} s" for n in WORKERS)
    print(f"\nStart of a Dask cluster on this machine: {starts}")


def line(name: str, shape: Shape, timed: Timed, reference: Timed, events: int) -> str:
    """Write a line; a task run's cost is the processor time that the reference did not need."""
    assert timed.findings == reference.findings, "the systems don't agree"
    over = (timed.busy - reference.busy) / timed.nodes * 1000
    shown = "-" if timed is reference else f"{over:.1f}"
    return (
        f"{name:<17}{shape.parts:>6}{shape.workers:>9}{timed.leaves:>8}{timed.nodes:>7}"
        f"{timed.seconds:>9.2f}{events / timed.seconds:>10,.0f}"
        f"{reference.seconds / timed.seconds:>7.2f}{timed.busy:>7.2f}{shown:>17}{timed.load:>6.1f}"
    )


def best(
    rounds: int,
    once: Callable[[], tuple[float, TreeRun]],
    clock: Callable[[], float] = time.process_time,
) -> Timed:
    """Give the shortest of some rounds; `clock` tells the processor time of all that works."""
    load = os.getloadavg()[0]
    found: list[tuple[float, TreeRun]] = []
    busy: list[float] = []
    for _ in range(rounds):
        before = clock()
        found.append(once())
        busy.append(clock() - before)
    run = found[0][1]
    leaves = sum(record.kind == "leaf" for record in run.records)
    return Timed(
        min(seconds for seconds, _ in found),
        min(busy),
        leaves,
        len(run.records),
        len(run.result.findings),
        max(load, os.getloadavg()[0]),
    )


def incident(folder: Path, events: int) -> ContextInfo:
    """Generate an incident, load it, export it."""
    settings = Settings(home=folder / "home", catalog=None)
    generate_incident(folder / "logs", IncidentSpec(seed=7, days=3, benign_events=events))
    with Lake.open(settings) as lake:
        ingest(lake, [folder / "logs"], settings=settings, tenant=settings.tenant)
        return export_context(lake, folder, tenant=settings.tenant)


def plan(info: ContextInfo, parts: int) -> tuple[Partition, TreeLimits]:
    """Give the tree's root, and limits that cut it into about so many leaves."""
    root = Partition(window=info.window, events=info.events, characters=info.characters)
    return root, TreeLimits(leaf_characters=-(-info.characters // parts), max_depth=8)


def on_threads(info: ContextInfo, shape: Shape) -> tuple[float, TreeRun]:
    """Run the tree on threads of this process."""
    root, limits = plan(info, shape.parts)
    with Context.open(Path(info.path)) as context:
        program = TimelineProgram(context, EmbeddedAnalyst(), limits.leaf_characters)
        with ThreadExecutor(program, shape.workers) as executor:
            started = time.perf_counter()
            run = run_tree(root, executor, limits)
            return time.perf_counter() - started, run


def on_prefect(info: ContextInfo, shape: Shape, rounds: int) -> Timed:
    """Run the tree as task runs in threads of this process."""
    from prefect.task_runners import ThreadPoolTaskRunner

    return in_flow(info, shape, ThreadPoolTaskRunner[Any](max_workers=shape.workers), rounds)[0]


def on_dask(info: ContextInfo, shape: Shape, rounds: int) -> tuple[Timed, float]:
    """Run the tree on a Dask cluster of processes; gives the seconds of its start as well."""
    from tasks.runners import task_runner

    settings = Settings(executor="dask", workers=shape.workers, dask_address=None)
    return in_flow(info, shape, task_runner(settings), rounds)


def in_flow(info: ContextInfo, shape: Shape, runner: Any, rounds: int) -> tuple[Timed, float]:
    """Run the tree some times in one flow run; results of earlier rounds are not found.

    Gives the seconds that a cluster took to start, too. A first tree is not timed: its workers
    import what they need.
    """
    from prefect import flow
    from prefect.context import FlowRunContext

    from tasks.executor import PrefectExecutor
    from tasks.programs import program_ref

    root, limits = plan(info, shape.parts)
    ref = program_ref(info, limits)
    workers = "Dask" in type(runner).__name__

    def once() -> tuple[float, TreeRun]:
        fresh = type(ref)(ref.context_path, f"{ref.key}:{time.time_ns()}", ref.leaf_characters)
        started = time.perf_counter()
        run = run_tree(root, PrefectExecutor(fresh, workers=workers), limits)
        return time.perf_counter() - started, run

    @flow(name="bench", validate_parameters=False, task_runner=runner)
    def trees() -> tuple[float, Timed]:
        context, started = FlowRunContext.get(), time.perf_counter()
        if not workers or context is None:
            once()
            return 0.0, best(rounds, once)
        # Asking for the client starts the cluster.
        client = cast(Any, context.task_runner).client
        start = time.perf_counter() - started
        once()

        def clock() -> float:
            return time.process_time() + sum(client.run(time.process_time).values())

        return start, best(rounds, once, clock)

    start, timed = trees()
    return timed, start


@contextmanager
def server(folder: Path) -> Generator[None]:
    """Run a Prefect server in a process of its own."""
    from tasks.environment import prepare

    prepare(Settings(home=folder / "home"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    os.environ["PREFECT_API_URL"] = f"http://127.0.0.1:{port}/api"
    command = [sys.executable, "-m", "prefect", "server", "start", "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            wait_until_up(os.environ["PREFECT_API_URL"])
            yield
        finally:
            process.terminate()


def wait_until_up(api: str) -> None:
    """Wait for the server's first answer."""
    latest = time.monotonic() + SERVER_SECONDS
    while True:
        try:
            with urlopen(f"{api}/health", timeout=5):
                return
        except OSError:
            if time.monotonic() > latest:
                raise
            time.sleep(0.5)


if __name__ == "__main__":
    main()
