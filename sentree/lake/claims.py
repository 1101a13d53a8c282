"""Claims of running work: who holds one is told to whoever comes second, and a dead holder's ends.

The lock of the operating system says that the holder lives; no clock is asked.
"""

from __future__ import annotations

import fcntl
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from sentree.errors import LakeError

HOLDER_CHARACTERS = 100


class Claims(NamedTuple):
    """What was claimed, and what others hold: name -> who holds it."""

    held: tuple[str, ...]
    taken: dict[str, str]


@contextmanager
def claimed(folder: Path, kind: str, names: Sequence[str], holder: str) -> Generator[Claims]:
    """Claim each name that nobody holds until the block ends; never wait.

    Args:
        folder: where the lock files are, one a name.
        kind: what sort of work is claimed.
        names: what is claimed.
        holder: who claims, told to others.

    Raises:
        LakeError: a lock file can't be written.
    """
    held: list[str] = []
    taken: dict[str, str] = {}
    with ExitStack() as stack:
        for name in sorted(set(names)):
            path = folder / f"{kind}-{sha256(name.encode()).hexdigest()[:16]}.lock"
            try:
                handle = stack.enter_context(path.open("a+", encoding="utf-8"))
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    handle.seek(0)
                    taken[name] = handle.read(HOLDER_CHARACTERS) or "another run"
                    continue
                handle.truncate(0)
                handle.write(holder)
                handle.flush()
            except OSError as error:
                raise LakeError(f"{path} can't be locked: {error.strerror}") from None
            held.append(name)
        yield Claims(tuple(held), taken)
