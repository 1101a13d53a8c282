"""Records of a Linux web server: the kernel's audit log and the web server's access log."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from sentree.evals.generate.emission import Emission
from sentree.evals.generate.world import LINUX_HOST, SECOND, to_datetime

WEB_STREAM = f"web/{LINUX_HOST}.access.log"


def executed(
    time: int,
    rng: Random,
    exe: str,
    args: Sequence[str],
    uid: int,
    parent: int | None = None,
    *,
    host: str = LINUX_HOST,
    session: int | None = None,
) -> list[Emission]:
    """Make the SYSCALL and EXECVE lines of one program start, under one serial number.

    `session` is the user id that logged in (auid), None for what no login started.
    """
    time = time // 1000 * 1000
    stamp = f"msg=audit({time / SECOND:.3f}:{rng.randrange(1_000_000)})"
    pid, above = rng.randrange(800, 99_999), parent or rng.randrange(300, 900)
    listed = " ".join(f'a{n}="{one}"' for n, one in enumerate(args))
    login = "4294967295" if session is None else str(session)
    terminal, number = ("(none)", login) if session is None else ("pts0", str(session % 97 + 3))
    call = (
        f"type=SYSCALL {stamp}: arch=c000003e syscall=59 success=yes exit=0 items=2 "
        f"ppid={above} pid={pid} auid={login} uid={uid} gid={uid} euid={uid} tty={terminal} "
        f'ses={number} comm="{exe.rpartition("/")[2]}" exe="{exe}" key="exec"'
    )
    line = f"type=EXECVE {stamp}: argc={len(args)} {listed}"
    stream = f"audit/{host}.audit.log"
    return [Emission(time, stream, call), Emission(time, stream, line)]


def requested(
    time: int,
    rng: Random,
    client: str,
    method: str,
    uri: str,
    status: int,
    agent: str,
    *,
    size: int | None = None,
) -> Emission:
    """Make one line of the access log in the combined format, with the time of answering."""
    time = time // SECOND * SECOND
    stamp = to_datetime(time).strftime("%d/%b/%Y:%H:%M:%S +0000")
    sent = size if size is not None else rng.randrange(300, 90_000)
    line = (
        f'{client} - - [{stamp}] "{method} {uri} HTTP/1.1" {status} {sent} "-" "{agent}" '
        f"{rng.randrange(1, 900) / 1000:.3f} {rng.getrandbits(40):010x}"
    )
    return Emission(time, WEB_STREAM, line)
