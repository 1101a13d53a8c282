"""Loads that end in the middle: nothing of them is there, and the next load has everything."""

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from lake_logs import Load, lines, records

from sentree.lake.db import Lake
from sentree.settings import Settings

CHILD = """
import signal
import sys
from sentree.errors import SentreeError
from sentree.lake import framing, writing
from sentree.lake.db import Lake
from sentree.lake.ingest import ingest
from sentree.settings import Settings

# What starts the tests in the background has interrupts ignored, and children inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)
writing.FLUSH_ROWS = 100
framing.CHUNK = 100_000
home, path = sys.argv[1:]
settings = Settings(home=home)
flush = writing.Writer.flush

def told(self):
    flush(self)
    print("flushed", flush=True)

writing.Writer.flush = told
with Lake.open(settings) as lake:
    print("open", flush=True)
    try:
        ingest(lake, [path], settings=settings)
    except SentreeError as error:
        print(f"{type(error).__name__}: {error}", flush=True)
        raise SystemExit(int(error.exit_code))
"""


def child(home: Path, path: str, limit: int | None = None) -> subprocess.Popen[bytes]:
    def limited() -> None:
        if limit:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    return subprocess.Popen(
        [sys.executable, "-c", CHILD, str(home), path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=limited,
    )


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGKILL])
def test_a_load_that_is_stopped_after_a_flush_leaves_nothing(
    sign: signal.Signals, tmp_path: Path, lake: Lake, load: Load, settings: Settings
) -> None:
    fifo = tmp_path / "pipe"
    os.mkfifo(fifo)
    text = lines(records(300))
    with child(settings.home, str(fifo)) as process:
        assert process.stdout
        assert process.stdout.readline() == b"open\n"
        with fifo.open("w") as writer:
            # More than one block and one flush, then silence: the reader waits for more.
            writer.write(text * 20)
            writer.flush()
            assert process.stdout.readline() == b"flushed\n"
            process.send_signal(sign)
            process.wait(timeout=60)
    assert lake.query("SELECT count(*) AS n FROM events")[0]["n"] == 0
    assert lake.query("SELECT count(*) AS n FROM sources")[0]["n"] == 0
    (tmp_path / "a.log").write_text(text)
    assert load(tmp_path / "a.log").accepted == 300


def test_no_space_is_one_line_and_leaves_nothing(
    tmp_path: Path, lake: Lake, load: Load, settings: Settings
) -> None:
    path = tmp_path / "a.log"
    path.write_text(
        "".join(lines([{**each, "Message": os.urandom(2000).hex()}]) for each in records(300))
    )
    with child(settings.home, str(path), limit=200_000) as process:
        out, _ = process.communicate(timeout=120)
    last = out.decode().splitlines()[-1]
    assert process.returncode == 3
    assert last.startswith("LakeError: ")
    assert lake.query("SELECT count(*) AS n FROM events")[0]["n"] == 0
    assert load(path).accepted == 300


def test_two_processes_that_load_the_same_file_load_it_once(
    tmp_path: Path, lake: Lake, settings: Settings
) -> None:
    path = tmp_path / "a.log"
    path.write_text(lines(records(50)))
    children = [child(settings.home, str(path)) for _ in range(2)]
    for process in children:
        out, error = process.communicate(timeout=120)
        assert process.returncode == 0, (out, error)
    assert lake.query("SELECT count(*) AS n FROM events")[0]["n"] == 50
    assert lake.check() == []
