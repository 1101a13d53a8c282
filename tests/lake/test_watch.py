"""Watched folders: new files are loaded, those that were are not read again."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tenants import event

from schemas.digest import WatchRequest
from sentree.errors import UsageError
from sentree.lake.db import Lake
from sentree.lake.watch import load_new
from sentree.settings import Settings


def line(minute: int) -> str:
    return json.dumps(event("ta", minute, 4003, 2)) + "\n"


def test_each_look_loads_what_came_since_and_no_file_is_read_twice(
    tmp_path: Path, settings: Settings
) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    request = WatchRequest(paths=(str(inbox),), settle_seconds=0)
    with Lake.open(settings) as lake:
        assert load_new(lake, settings, request).found == 0
        (inbox / "a.jsonl").write_text(line(1))
        first = load_new(lake, settings, request)
        assert (first.loaded, first.accepted) == (1, 1)
        again = load_new(lake, settings, request)
        assert (again.loaded, again.unchanged, again.snapshot_id) == (0, 1, lake.snapshot_id())
        # The same content under another name, a file that grew, and one that is new.
        (inbox / "copy.jsonl").write_text(line(1))
        with (inbox / "a.jsonl").open("a") as grown:
            grown.write(line(2))
        (inbox / "b.jsonl").write_text(line(3))
        third = load_new(lake, settings, request)
        assert (third.loaded, third.already_loaded) == (2, 1)
        assert (third.accepted, third.duplicate) == (2, 2)
        assert load_new(lake, settings, request).unchanged == 3
        assert lake.query("SELECT count(*) AS n FROM events")[0]["n"] == 3


def test_a_file_that_is_still_written_waits_for_the_next_look(
    tmp_path: Path, settings: Settings
) -> None:
    (tmp_path / "a.jsonl").write_text(line(1))
    request = WatchRequest(paths=(str(tmp_path / "a.jsonl"),), settle_seconds=60)
    with Lake.open(settings) as lake:
        early = load_new(lake, settings, request)
        assert (early.loaded, early.unsettled) == (0, (str(tmp_path / "a.jsonl"),))
        later = datetime.now(UTC) + timedelta(seconds=61)
        assert load_new(lake, settings, request, later).loaded == 1


def test_what_can_t_be_read_is_named_and_looked_at_again(
    tmp_path: Path, settings: Settings
) -> None:
    bad, good = tmp_path / "picture.png", tmp_path / "good.jsonl"
    bad.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40)
    good.write_text(line(1))
    request = WatchRequest(
        paths=(str(bad), str(good), str(tmp_path / "none.jsonl")), settle_seconds=0
    )
    with Lake.open(settings) as lake:
        report = load_new(lake, settings, request)
        assert (report.found, report.loaded, report.accepted) == (3, 1, 1)
        assert len(report.unreadable) == 2
        again = load_new(lake, settings, request)
        assert (again.unchanged, len(again.unreadable)) == (1, 2)


def test_a_bucket_is_refused_with_what_to_do(settings: Settings) -> None:
    with Lake.open(settings) as lake, pytest.raises(UsageError, match="mount the bucket"):
        load_new(lake, settings, WatchRequest(paths=("s3://logs/acme",)))
