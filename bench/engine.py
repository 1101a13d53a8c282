"""Measures the engine against `rlms` and `dspy.RLM`: what a sub-call costs, and what is sent.

Run `python bench/engine.py`. The peers are installed from PyPI into an environment of their own,
once, in a folder of the user's cache. Every system gets the same parts, the same number of
sub-calls and the same scripted model: in its own process, and as a loopback server that speaks the
Messages API, which each reaches by its own client.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import subprocess
import sys
import tempfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).parent
PEERS = HERE / "engine_peers"
INSTALLED = ("rlms==0.1.3", "dspy==3.4.1")
CACHE = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / "sentree-bench"
QUESTION = "Who logs in here, and from where?"
READ = "READ THIS PART."
LEAF = "Some users log in from a private network."
# Every answer cites a record and quotes it, so that each citation is looked up and kept.
CITED = {"answer": LEAF, "evidence": [{"event_uid": "1", "quote": "sshd"}]}
SENTREE_LEAF = json.dumps(CITED)
PER_PART = 20
READ_PARTS = 20
READ_CHARACTERS = 50_000


class System(NamedTuple):
    """A system under measurement: its script, and what its job says more."""

    name: str
    script: str
    executor: str | None = None

    @property
    def is_ours(self) -> bool:
        """Whether it is Sentree."""
        return self.executor is not None


SYSTEMS = (
    System("sentree, threads", "sentree_run.py", "threads"),
    System("sentree, Prefect tasks", "sentree_run.py", "prefect"),
    System("rlms", "rlms_run.py"),
    System("dspy.RLM", "dspy_run.py"),
)
OUR_CELLS = (
    "for row in ctx.peek(5):\n    print(row['raw'])\nprint(ctx.describe()['events'])",
    "hits = ctx.grep('Failed password', n=50)\nfor hit in hits[:20]:\n    print(hit['excerpt'])\n"
    "print(len(hits))",
    f"parts = ctx.partition(by='size', size={{size}})\nanswers = map_query(parts, {QUESTION!r})\n"
    "print(len(answers), answers[0]['answer'])",
    "print(sorted({one['answer'] for one in answers}))",
)
THEIR_CELLS = (
    "lines = ''.join(context).splitlines()\nfor line in lines[:5]:\n    print(line)\n"
    "print(len(lines))",
    "hits = [line for line in lines if 'Failed password' in line][:50]\nfor hit in hits[:20]:\n"
    "    print(hit)\nprint(len(hits))",
    f"prompts = [{f'{READ} {QUESTION}'!r} + '\\n\\n' + part for part in context]\n"
    "answers = llm_query_batched(prompts)\nprint(len(answers), answers[0])",
    "print(sorted(set(answers)))",
)


def main() -> None:
    """Install the peers, measure, print tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=100, help="sub-calls of a run")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each kind; the best counts")
    parser.add_argument("--only", choices=("overhead", "tokens"))
    given = parser.parse_args()
    peers = peers_python()
    print(f"{machine()}; load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory(prefix="bench-") as name, stub() as url:
        folder = Path(name)
        if given.only != "tokens":
            overhead(folder, url, peers, given.calls, given.rounds)
        if given.only != "overhead":
            tokens(folder, url, peers)


def overhead(folder: Path, url: str, peers: Path, calls: int, rounds: int) -> None:
    """Print what a sub-call costs in each system, the model's own time taken off."""
    parts = write_parts(folder / "parts.json", calls, PER_PART)
    print(f"\nOverhead of a sub-call in ms: {calls} sub-calls, best of {rounds}")
    print(f"{'system':<24}{'version':<9}{'model':<9}{'in turn':>9}{'mapped':>9}{'load':>7}")
    for transport in ("process", "http"):
        for system in SYSTEMS:
            job = {"parts": str(parts), "calls": calls, "rounds": rounds, "question": QUESTION}
            found = run(system, peers, {**job, "url": url, "transport": transport})
            per = found["overhead"]
            print(
                f"{system.name:<24}{found['version']:<9}{transport:<9}{per['sequential']:>9.2f}"
                f"{per['mapped']:>9.2f}{os.getloadavg()[0]:>7.1f}",
                flush=True,
            )


def tokens(folder: Path, url: str, peers: Path) -> None:
    """Print what each system sends in the same trajectory."""
    lines = READ_CHARACTERS // len(log_line(random.Random(0), 0))
    parts = write_parts(folder / "big.json", READ_PARTS, lines)
    texts: list[str] = json.loads(parts.read_text("utf-8"))
    size = str(max(map(len, texts)))
    logs: dict[System, Path] = {}
    for system in SYSTEMS:
        if system.executor == "prefect":
            continue
        logs[system] = log = folder / f"{system.name}.jsonl"
        ours = [cell.replace("{size}", size) for cell in OUR_CELLS]
        job = {
            "parts": str(parts), "calls": READ_PARTS, "question": QUESTION, "url": url,
            "cells": ours if system.is_ours else THEIR_CELLS, "log": str(log),
        }  # fmt: skip
        run(system, peers, job)
    done = subprocess.run(
        [peers, PEERS / "count.py", *logs.values()], capture_output=True, text=True, check=True
    )
    whole = sum(map(len, texts))
    print(
        f"\nTokens sent in one trajectory: {len(OUR_CELLS)} cells and an answer, {READ_PARTS} "
        f"sub-calls, {whole:,} characters of logs"
    )
    print(
        f"{'system':<24}{'requests':>9}{'characters':>12}{'root':>9}{'sub-calls':>11}{'all':>10}"
        f"{'of it cached':>14}"
    )
    for system, found in zip(logs, json.loads(done.stdout), strict=True):
        print(
            f"{system.name:<24}{found['requests']:>9,}{found['characters']:>12,}"
            f"{found['root']:>9,}{found['leaf']:>11,}{found['root'] + found['leaf']:>10,}"
            f"{found['cached']:>14,}"
        )


def run(system: System, peers: Path, job: dict[str, Any]) -> dict[str, Any]:
    """Let a system do a job in a process of its own.

    Raises:
        SystemExit: it failed; says what it wrote.
    """
    leaf = SENTREE_LEAF if system.is_ours else LEAF
    order = {**job, "read": READ, "leaf": leaf, "extra": {"executor": system.executor}}
    python = sys.executable if system.is_ours else peers
    root = str(HERE.parent)
    done = subprocess.run(
        [python, PEERS / system.script],
        input=json.dumps(order),
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": root} if system.is_ours else dict(os.environ),
    )
    if done.returncode:
        sys.exit(f"{system.name} failed: {done.stderr[-3_000:]}")
    return json.loads(done.stdout.splitlines()[-1])


@contextmanager
def stub() -> Generator[str]:
    """Give the address of a stub server in a process of its own."""
    with subprocess.Popen(
        [sys.executable, PEERS / "stub.py"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        process.stdin.close()


def peers_python() -> Path:
    """Give the Python of the peers' environment, made when it is not there."""
    home = CACHE / "-".join(one.replace("==", "-") for one in INSTALLED)
    python = home / "bin" / "python"
    done = home / "installed"
    if not done.exists():
        print(f"installing {', '.join(INSTALLED)}", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", "--clear", home], check=True)
        subprocess.run([python, "-m", "pip", "install", "-q", *INSTALLED], check=True)
        done.touch()
    return python


def write_parts(path: Path, parts: int, lines: int) -> Path:
    """Write a context as a list of texts, each so many lines of a server's log."""
    rng = random.Random(7)
    texts = [
        "".join(log_line(rng, part * lines + number) for number in range(lines))
        for part in range(parts)
    ]
    path.write_text(json.dumps(texts), "utf-8")
    return path


def log_line(rng: random.Random, number: int) -> str:
    """Give one line of a login server's log."""
    day, second = divmod(number, 86_400)
    clock = f"{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}"
    said = "Failed" if rng.random() < 0.02 else "Accepted"
    return (
        f"2026-01-{1 + day % 28:02d}T{clock}Z host{rng.randrange(9)} sshd[{number}]: {said} "
        f"password for user{rng.randrange(40)} from 10.0.{rng.randrange(9)}.{rng.randrange(250)} "
        f"port {rng.randrange(1024, 60_000)} ssh2\n"
    )


def machine() -> str:
    """Tell what this runs on, without names."""
    return f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"


__all__: Sequence[str] = ("SYSTEMS", "main", "overhead", "tokens")

if __name__ == "__main__":
    main()
