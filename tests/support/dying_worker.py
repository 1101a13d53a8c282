"""A Dask worker's start-up script: leaves are logged, and one kills the worker that reads it.

`SENTREE_TEST_DEATHS` names the folder of the log, and of the mark that a worker has died.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

LETHAL = 3
"""The leaf of the whole run, counted as they are begun, that is its worker's last."""

HEAVY = {"torch", "setfit", "sentence_transformers"}
"""What a worker has no need of."""


def dask_setup(worker: object) -> None:
    """Have this worker log what it reads. Dask calls this by its name."""
    from models.embedded import EmbeddedAnalyst

    folder, read = Path(os.environ["SENTREE_TEST_DEATHS"]), EmbeddedAnalyst.read

    def logged(self, context, partition):
        with (folder / "reads").open("a", encoding="utf-8") as file:
            heavy = HEAVY & set(sys.modules)
            file.write(f"{os.getpid()} {','.join(heavy) or '-'} {partition.label}\n")
        begun = len((folder / "reads").read_text(encoding="utf-8").splitlines())
        if begun >= LETHAL:
            try:
                mark = (folder / "died").open("x", encoding="utf-8")
            except FileExistsError:
                pass
            else:
                with mark:
                    mark.write(partition.label)
                os.kill(os.getpid(), signal.SIGKILL)
        return read(self, context, partition)

    EmbeddedAnalyst.read = logged
