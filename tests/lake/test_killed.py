"""Loads and upkeep killed at random points and run again: nothing lost, doubled or left over."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

from lake_child import start
from lake_logs import lines, record, records

from sentree.lake.db import Lake
from sentree.lake.soundness import check
from sentree.settings import Settings

KILLS = int(os.environ.get("SENTREE_KILLS", "8")) // 2
"""Of each test; more on demand: each costs seconds."""
KILLS_A_LAKE = 4
ROWS = 40
FILES = 3
MOST = 120


class Killer:
    """Runs a command, kills it at a random point of its usual time, and runs it to its end."""

    def __init__(self, log: Path, seed: int) -> None:
        self.killed = 0
        self._rng = random.Random(seed)
        self._log = log
        self._usual: dict[str, float] = {}

    def __call__(self, name: str, *words: str, between: Callable[[], None] | None = None) -> None:
        """Do it; `between` looks at what the kill left."""
        if name in self._usual:
            process = start(self._log, *words)
            process.join(self._rng.uniform(0, self._usual[name]))
            process.kill()
            process.join(MOST)
            self.killed += process.exitcode == -signal.SIGKILL
            if between is not None:
                between()
        begun = time.monotonic()
        process = start(self._log, *words)
        process.join(MOST)
        assert process.exitcode == 0, self._log.read_text()
        self._usual[name] = time.monotonic() - begun


def whole_sources(settings: Settings) -> None:
    """Check that what is there is whole sources."""
    if not (settings.lake_dir / "catalog.sqlite").is_file():
        return
    with Lake.open(settings) as lake:
        assert lake.check() == []
        [row] = lake.query("SELECT count(*) AS n, count(DISTINCT event_uid) AS u FROM events")
        assert row["n"] == row["u"] and row["n"] % ROWS == 0


def files_on_disk(lake: Lake) -> set[str]:
    return {str(path) for path in Path(lake.data.path).rglob("*") if path.is_file()}


def files_known(lake: Lake) -> set[str]:
    """Every file that the catalogue knows: of the newest snapshot, of older ones, and to remove."""
    known: set[str] = set()
    for row in lake.query("SELECT table_name AS t FROM ducklake_table_info('lake')"):
        for snapshot in lake.query("SELECT snapshot_id AS s FROM ducklake_snapshots('lake')"):
            try:
                found = lake.query(
                    "SELECT unnest([data_file, delete_file]) AS path"
                    " FROM ducklake_list_files('lake', ?, snapshot_version => ?)",
                    [row["t"], snapshot["s"]],
                )
            except Exception:
                # The table was not there yet.
                continue
            known |= {each["path"] for each in found if each["path"]}
    waiting = "CALL ducklake_cleanup_old_files('lake', cleanup_all => true, dry_run => true)"
    return known | {row["path"] for row in lake.query(waiting)}


def test_a_killed_ingest_that_is_run_again_loses_and_doubles_nothing(tmp_path: Path) -> None:
    kill = Killer(tmp_path / "log.txt", seed=11)
    lakes = 0
    while kill.killed < KILLS:
        lakes += 1
        assert lakes <= KILLS * 2, "the kills come too late"
        settings = Settings(home=tmp_path / f"home-{lakes}")
        for number in range(KILLS_A_LAKE):
            folder = tmp_path / f"logs-{lakes}-{number}"
            folder.mkdir()
            for file in range(FILES):
                first = (number * FILES + file) * ROWS
                (folder / f"{file}.jsonl").write_text(lines(records(ROWS, first)))
            kill(
                "make" if number == 0 else "load",
                *("ingest", str(folder), "--home", str(settings.home)),
                between=lambda settings=settings: whole_sources(settings),
            )
        with Lake.open(settings, create=False) as lake:
            report = check(lake, repair=True)
            assert report.problems == () and report.events == KILLS_A_LAKE * FILES * ROWS
            assert check(lake).orphans == ()
            assert files_on_disk(lake) == files_known(lake)


def test_killed_upkeep_that_is_run_again_does_what_it_would_have_done(tmp_path: Path) -> None:
    kill = Killer(tmp_path / "log.txt", seed=12)
    settings = Settings(home=tmp_path / "home")
    home = ("--home", str(settings.home))
    rounds, kept = 0, 0
    while kill.killed < KILLS:
        assert rounds <= KILLS * 2, "the kills come too late"
        who = f"person{rounds}"
        path = tmp_path / f"{rounds}.jsonl"
        several = records(ROWS, rounds * ROWS)
        path.write_text(lines([*several, record(9_000 + rounds, SubjectUserName=who)]))
        assert start(tmp_path / "ingest.txt", "ingest", str(path), *home).join(MOST) is None
        kept += ROWS
        kill("compact", "lake", "compact", *home)
        kill("expire", "lake", "expire", "--older-than", "0h", *home)
        kill("forget", "lake", "forget", "--entity", f"user={who}", "--yes", *home)
        rounds += 1
        with Lake.open(settings, create=False) as lake:
            report = check(lake, repair=True)
            assert report.problems == () and report.events == kept
            assert report.removed_events == rounds
            named = lake.query("SELECT count(*) AS n FROM events WHERE contains(raw, ?)", [who])
            assert named == [{"n": 0}]
            assert files_on_disk(lake) == files_known(lake)
            # Forgetting leaves one snapshot, of which the files are all that there is.
            assert len(lake.query("FROM ducklake_snapshots('lake')")) == 1
