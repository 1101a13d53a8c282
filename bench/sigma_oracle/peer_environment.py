"""The other engine's own virtual environment: made once, at pinned versions, or handed in."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path

PINNED = (
    "pysigma-backend-sqlite==2.1.1",
    "pysigma==2.0.1",
    "google-re2==1.1.20251105",
    "pyyaml==6.0.4",
    "pyparsing==3.3.3",
)


class NoPeer(Exception):
    """The other engine can't be had; the text says why."""


def peer_python(given: Path | None, folder: Path | None, pinned: Sequence[str] = PINNED) -> Path:
    """Give a Python that has the other engine, after making its environment where there is none.

    Raises:
        NoPeer: there is none and it can't be made.
    """
    if given is not None:
        return given
    root = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    name = pinned[0].replace("==", "-")
    folder = folder or root / "sentree-bench" / name
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    ready = folder / "pinned.txt"
    wanted = "\n".join(pinned)
    if ready.is_file() and ready.read_text("utf-8") == wanted and python.exists():
        return python
    print(f"making the other engine's environment in {folder}", file=sys.stderr)
    try:
        venv.create(folder, with_pip=True, clear=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise NoPeer(f"no environment in {folder}: {error}") from None
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *pinned]
    done = subprocess.run(pip, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["pip failed"])[-1]
        raise NoPeer(f"{pinned[0]} can't be installed: {last}")
    ready.write_text(wanted, "utf-8")
    return python
