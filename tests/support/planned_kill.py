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
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import flow_zygote

import sentree
from sentree.analysis.local import run_timeline
from sentree.report.document import load_result
from sentree.settings import Settings

ROOT = Path(sentree.__file__).parents[1]
LEAF = 1_400
EARLY = 0.4


class Killed(NamedTuple):
    """How often a run was killed, and how many partitions were stored at each kill."""

    kills: int
    points: set[int]


def kill_until_done(settings: Settings, api: str, folder: Path, kills: int) -> Killed:
    """Kill a run up to `kills` times; check after each what was read, at the end the answer."""
    results, log, done = folder / "results", folder / "reads", folder / "reads.done"
    rng, points, count, status = random.Random(str(kills)), set[int](), 0, -1
    known: Counter[str] = Counter()
    errors = folder / "errors"
    with _zygote(api, results, errors) as zygote:
        assert zygote.stdin is not None and zygote.stdout is not None
        assert zygote.stdout.readline() == "ready\n"
        while status:
            goal = len(_files(results)) + rng.randint(1, 6)
            early = time.monotonic() + (rng.random() if rng.random() < EARLY else 60.0)
            zygote.stdin.write(json.dumps([str(settings.home), LEAF, str(log)]) + "\n")
            zygote.stdin.flush()
            pid = int(zygote.stdout.readline())
            assert pid > 1
            if count < kills:
                while len(_files(results)) < goal and time.monotonic() < early:
                    if done.exists():
                        break
                    time.sleep(0.02)
                time.sleep(rng.random() * 0.05)
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            status = int(zygote.stdout.readline())
            assert status in (0, signal.SIGKILL), errors.read_text(encoding="utf-8")[-2_000:]
            count += status != 0
            now = Counter(_reads(log))
            assert all(now[label] == times for label, times in known.items())
            known = Counter({label: now[label] for label in _leaves(results)})
            points.add(len(known))
        zygote.stdin.close()
    result = load_result(settings.runs_dir / done.read_text(encoding="utf-8") / "result.json")
    threads = settings.model_copy(update={"leaf_characters": LEAF})
    local = run_timeline(threads, flow_zygote.request())
    assert (result.timeline, result.summary) == (local.timeline, local.summary)
    assert result.coverage.events_looked_at == result.coverage.events_in_scope
    states = Counter(node.state for node in result.trajectory if node.kind == "leaf")
    assert states.total() == len(set(_reads(log))) and states["reused"]
    return Killed(count, points)


def _zygote(api: str, results: Path, errors: Path) -> subprocess.Popen[str]:
    environment = {
        **os.environ,
        "PREFECT_API_URL": api,
        "PREFECT_LOCAL_STORAGE_PATH": str(results),
        "PREFECT_LOGGING_LEVEL": "CRITICAL",
        "PYTHONPATH": str(ROOT),
    }
    return subprocess.Popen(
        [sys.executable, flow_zygote.__file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors.open("w", encoding="utf-8"),
        env=environment,
        text=True,
    )


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
