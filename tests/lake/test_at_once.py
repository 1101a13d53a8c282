"""Commands of many processes at one lake: none fails, readers see whole sources, sums are exact."""

from __future__ import annotations

import multiprocessing
from multiprocessing.process import BaseProcess
from multiprocessing.synchronize import Event
from pathlib import Path

from lake_child import PRELOADED, start
from lake_logs import lines, records

from sentree.lake.catalog import NoLakeError
from sentree.lake.db import Lake
from sentree.lake.soundness import check
from sentree.settings import Settings

WRITERS = 4
READERS = 4
FILES = 2
ROWS = 25
SHARED = 5
"""Records at the end of a file that the next one begins with."""


def read(settings: Settings, over: Event, log: Path) -> None:
    """Read until all is over, and once more; a line of the log for each reading."""
    seen, last = 0, False
    with log.open("w") as file:
        while not last:
            last = over.is_set()
            try:
                with Lake.open(settings, create=False) as lake:
                    lake.execute("BEGIN TRANSACTION")
                    # What others write anew from here on must not change what is seen below.
                    lake.snapshot_id()
                    [row] = lake.query(
                        "SELECT count(*) AS n, count(DISTINCT event_uid) AS u,"
                        " (SELECT coalesce(sum(accepted), 0)::BIGINT FROM sources) AS a FROM events"
                    )
                    lake.execute("COMMIT")
            except NoLakeError:
                continue
            assert row["n"] == row["u"] == row["a"] and row["n"] >= seen, (row, seen)
            seen = row["n"]
            file.write(f"{seen}\n")
            file.flush()
            # Waiting for the end leaves the processor to the writers.
            over.wait(1.0)


def write_files(folder: Path) -> list[list[Path]]:
    """Write each writer's files; every file begins with what the one before it ends with."""
    files: list[list[Path]] = []
    for writer in range(WRITERS):
        files.append([folder / f"{writer}-{number}.jsonl" for number in range(FILES)])
        for number, path in enumerate(files[-1]):
            first = (writer * FILES + number) * ROWS
            path.write_text(lines(records(ROWS + SHARED, first)))
    return files


def test_four_ingests_then_upkeep_beside_four_readers(tmp_path: Path, settings: Settings) -> None:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    over, home = context.Event(), ("--home", str(settings.home))
    logs = [tmp_path / f"reader-{number}.txt" for number in range(READERS)]
    readers = [context.Process(target=read, args=(settings, over, log)) for log in logs]
    for reader in readers:
        reader.start()
    processes: list[BaseProcess] = [
        start(tmp_path / f"writer-{number}.txt", "ingest", *map(str, paths), *home)
        for number, paths in enumerate(write_files(tmp_path))
    ]
    for process in processes:
        process.join(120)
    upkeep = [
        start(tmp_path / f"{word}.txt", "lake", word, *home)
        for word in ("compact", "check", "expire")
    ]
    for process in upkeep:
        process.join(120)
    over.set()
    for reader in readers:
        reader.join(60)
    processes += upkeep
    told = {path.name: path.read_text() for path in sorted(tmp_path.glob("*.txt"))}
    assert {process.exitcode for process in (*processes, *readers)} == {0}, told
    total = WRITERS * FILES * ROWS + SHARED
    assert [log.read_text().split()[-1] for log in logs] == [str(total)] * READERS
    with Lake.open(settings, create=False) as lake:
        assert check(lake).is_sound
        [sums] = lake.query(
            "SELECT sum(accepted)::BIGINT AS a, sum(delivered)::BIGINT AS d FROM sources"
        )
        assert lake.info().tables["events"] == total
    assert sums == {"a": total, "d": WRITERS * FILES * (ROWS + SHARED)}
