"""Kills a planned run at random points and starts it again, until it is done."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import sentree
from schemas.query import Path as RoutePath
from schemas.request import TimelineRequest
from sentree.analysis.local import run_timeline
from sentree.report.document import load_result
from sentree.settings import Settings

ROOT = Path(sentree.__file__).parents[1]
ZYGOTE = Path(__file__).with_name("flow_zygote.py")
REQUEST = TimelineRequest(case="killed", route=RoutePath.RLM, formats=("md",))
"""What every run is asked, the killed ones and the one in threads."""
LEAF = 1_000
EARLY = 0.6
SOON = 0.6
LATEST = 8.0
"""Seconds. Early kills meet the start; the others wait for a result or two, which every machine
reaches, and there are more parts than kills can use up."""


class Zygote(NamedTuple):
    """A process that forks runs, and where its errors go."""

    process: subprocess.Popen[str]
    errors: Path


class Killed(NamedTuple):
    """How often a run was killed, and how many partitions were stored at each kill."""

    kills: int
    points: set[int]


@contextmanager
def flow_zygote_process(folder: Path) -> Iterator[Zygote]:
    """Start the process; it loads what runs need while others work."""
    environment = {
        **os.environ,
        "PREFECT_LOGGING_LEVEL": "CRITICAL",
        # Few at once, so that there are many points between two results.
        "PREFECT_TASK_RUNNER_THREAD_POOL_MAX_WORKERS": "2",
        "PYTHONPATH": str(ROOT),
    }
    errors = folder / "errors"
    with (
        errors.open("w", encoding="utf-8") as stderr,
        subprocess.Popen(
            [sys.executable, str(ZYGOTE)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env=environment,
            text=True,
        ) as process,
    ):
        yield Zygote(process, errors)
        assert process.stdin is not None
        process.stdin.close()


def kill_until_done(
    settings: Settings, api: str, folder: Path, zygote: Zygote, kills: int
) -> Killed:
    """Kill a run `kills` times; check after each what was read, at the end the answer."""
    results, log, done = folder / "results", folder / "reads", folder / "reads.done"
    rng, points, count, status = random.Random(str(kills)), set[int](), 0, -1
    known, before = Counter[str](), 0
    order = json.dumps([str(settings.home), LEAF, str(log), api, str(results)])
    given, told = zygote.process.stdin, zygote.process.stdout
    assert given is not None and told is not None
    assert told.readline() == "ready\n"
    while status:
        before = len(known)
        goal = len(_leaves(results)) + rng.randint(1, 2)
        latest = time.monotonic() + (rng.random() * SOON if rng.random() < EARLY else LATEST)
        given.write(order + "\n")
        given.flush()
        pid = int(told.readline())
        assert pid > 1
        if count < kills or not known:
            while len(_leaves(results)) < goal and time.monotonic() < latest and not done.exists():
                time.sleep(0.02)
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        status = int(told.readline())
        assert status in (0, signal.SIGKILL), zygote.errors.read_text(encoding="utf-8")[-2_000:]
        count += status != 0
        now = Counter(_reads(log))
        assert all(now[label] == times for label, times in known.items())
        known = Counter({label: now[label] for label in _leaves(results)})
        points.add(len(known))
    result = load_result(settings.runs_dir / done.read_text(encoding="utf-8") / "result.json")
    threads = settings.model_copy(update={"leaf_characters": LEAF})
    local = run_timeline(threads, REQUEST)
    assert (result.timeline, result.summary) == (local.timeline, local.summary)
    assert result.coverage.events_looked_at == result.coverage.events_in_scope
    states = Counter(node.state for node in result.trajectory if node.kind == "leaf")
    assert states.total() == len(set(_reads(log))), (states, len(set(_reads(log))), before)
    assert states["reused"] == before > 0, (states, before)
    return Killed(count, points)


def _files(results: Path) -> list[Path]:
    return [path for path in results.rglob("*") if path.is_file()]


def _reads(log: Path) -> list[str]:
    return log.read_text(encoding="utf-8").splitlines() if log.exists() else []


def _leaves(results: Path) -> set[str]:
    """Give the labels of the partitions whose results are among Prefect's stored ones."""
    labels: set[str] = set()
    for path in _files(results):
        try:
            found = json.loads(json.loads(path.read_text(encoding="utf-8"))["result"])
        except ValueError:
            # Cut off by a kill as it was written: nothing that counts as stored.
            continue
        record = found["data"].get("record", {}) if isinstance(found, dict) else {}
        labels |= {record["label"]} if record.get("kind") == "leaf" else set()
    return labels
