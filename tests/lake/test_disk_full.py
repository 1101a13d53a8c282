"""A disk that is full in the middle of a load: one line, nothing half-loaded, then all of it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from lake_child import start
from lake_logs import lines, records

from sentree.lake.db import Lake
from sentree.lake.soundness import check
from sentree.settings import Settings

SIZE = 8 * 1024 * 1024
LEFT = 200 * 1024
ROWS = 300


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of a few megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folder)]
    try:
        done = subprocess.run(mount, capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no `mount`")
    if done.returncode:
        pytest.skip("mounting needs rights that these tests don't have")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_full_disk_stops_a_load_and_the_next_one_has_everything(
    small_disk: Path, tmp_path: Path
) -> None:
    settings = Settings(home=small_disk / "home")
    home = ("--home", str(settings.home))
    with Lake.open(settings):
        pass
    # What can't be packed: 600 kB where 200 are left.
    several = [{**one, "Message": os.urandom(1000).hex()} for one in records(ROWS)]
    (tmp_path / "a.jsonl").write_text(lines(several))
    stat = os.statvfs(small_disk)
    filler = small_disk / "filler"
    filler.write_bytes(bytes(stat.f_bavail * stat.f_frsize - LEFT))
    log = tmp_path / "log.txt"
    process = start(log, "ingest", str(tmp_path / "a.jsonl"), *home)
    process.join(120)
    assert process.exitcode == 3, log.read_text()
    assert len(log.read_text().splitlines()) == 1 and "lake" in log.read_text()
    filler.unlink()
    with Lake.open(settings, create=False) as lake:
        assert lake.info().tables["events"] == lake.info().tables["sources"] == 0
    for words in (("ingest", str(tmp_path / "a.jsonl")), ("lake", "check", "--repair")):
        process = start(log, *words, *home)
        process.join(120)
        assert process.exitcode == 0, log.read_text()
    with Lake.open(settings, create=False) as lake:
        report = check(lake)
        assert report.is_sound and report.events == ROWS
