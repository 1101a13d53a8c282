"""Commands of many processes at one lake: none fails, readers see whole sources, sums are exact."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from lake_logs import lines, records

from sentree.lake.db import Lake
from sentree.lake.soundness import check
from sentree.settings import Settings

WRITERS = 4
READERS = 4
FILES = 2
ROWS = 25
SHARED = 5
"""Records at the end of a file that the next one begins with."""

READER = """
import sys
from sentree.lake.catalog import NoLakeError
from sentree.lake.db import Lake
from sentree.settings import Settings

seen = 0
for line in sys.stdin:
    try:
        with Lake.open(Settings(), create=False) as lake:
            lake.execute("BEGIN TRANSACTION")
            [row] = lake.query(
                "SELECT count(*) AS n, count(DISTINCT event_uid) AS u, (SELECT sum(accepted)"
                " FROM sources)::BIGINT AS a FROM events"
            )
            lake.execute("COMMIT")
        assert row["n"] == row["u"] == (row["a"] or 0), row
        assert row["n"] >= seen, (row, seen)
        seen = row["n"]
    except NoLakeError:
        assert not seen
    print(seen, flush=True)
"""


def sentree(home: Path, *words: str, code: str | None = None) -> subprocess.Popen[str]:
    """Start a command, or code, at a lake."""
    begin = ["-c", code or "from sentree.cli import main; main()"]
    return subprocess.Popen(
        [sys.executable, *begin, *words],
        env={**os.environ, "SENTREE_HOME": str(home), "SENTREE_THREADS": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def write_files(folder: Path) -> list[list[Path]]:
    """Write each writer's files; every file begins with what the one before it ends with."""
    files: list[list[Path]] = []
    for writer in range(WRITERS):
        files.append([folder / f"{writer}-{number}.jsonl" for number in range(FILES)])
        for number, path in enumerate(files[-1]):
            first = (writer * FILES + number) * ROWS
            path.write_text(lines(records(ROWS + SHARED, first)))
    return files


def ask(readers: list[subprocess.Popen[str]]) -> None:
    """Let all readers read at the same time."""
    for reader in readers:
        assert reader.stdin
        with suppress(BrokenPipeError):
            reader.stdin.write("read\n")
            reader.stdin.flush()
    for reader in readers:
        assert reader.stdout
        reader.stdout.readline()


def test_four_ingests_four_readers_and_upkeep_at_once(tmp_path: Path, settings: Settings) -> None:
    readers = [sentree(settings.home, code=READER) for _ in range(READERS)]
    writers = [
        sentree(settings.home, "ingest", *map(str, paths)) for paths in write_files(tmp_path)
    ]
    upkeep: list[subprocess.Popen[str]] = []
    while any(process.poll() is None for process in (*writers, *upkeep)):
        ask(readers)
        if not upkeep and any(writer.poll() is not None for writer in writers):
            upkeep = [sentree(settings.home, "lake", word) for word in ("compact", "check")]
    ask(readers)
    processes = (*writers, *upkeep, *readers)
    errors = [process.communicate(timeout=60)[1] for process in processes]
    assert [process.returncode for process in processes] == [0] * len(processes), errors
    assert errors == [""] * len(processes)
    total = WRITERS * FILES * ROWS + SHARED
    with Lake.open(settings, create=False) as lake:
        assert check(lake).is_sound
        [sums] = lake.query(
            "SELECT sum(accepted)::BIGINT AS a, sum(delivered)::BIGINT AS d FROM sources"
        )
        assert lake.info().tables["events"] == total
    assert sums == {"a": total, "d": WRITERS * FILES * (ROWS + SHARED)}
