"""How long a run has worked, over all processes that worked on it; time between is free."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread
from time import monotonic
from typing import Self

FILE_NAME = "elapsed"
BEAT = 1.0


class RunClock:
    """Counts seconds of work, and writes them down every second: a kill loses no more than that.

    Use it as a context manager. `elapsed` is what earlier processes worked.
    """

    def __init__(self, run_dir: Path, *, clock: Callable[[], float] = monotonic) -> None:
        self._path = run_dir / FILE_NAME
        self._clock = clock
        self._started = clock()
        self._over = Event()
        self._thread = Thread(target=self._beat, name="run clock", daemon=True)
        self.elapsed = _read(self._path)

    def __enter__(self) -> Self:
        self._write()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self._write()

    def _beat(self) -> None:
        while not self._over.wait(BEAT):
            self._write()

    def _write(self) -> None:
        worked = self.elapsed + self._clock() - self._started
        part = self._path.with_name(f"{FILE_NAME}.part")
        # A disk that is full ends the run elsewhere, with an error that says so.
        with suppress(OSError):
            part.write_text(f"{worked:.3f}\n", encoding="ascii")
            os.replace(part, self._path)


def _read(path: Path) -> float:
    try:
        return max(0.0, float(path.read_text(encoding="ascii")))
    except (OSError, ValueError):
        return 0.0
