"""Names under which a context shows log files: telling, different, and nothing of the machine."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentree.lake.source_names import source_names

PART = st.text("abc.", min_size=1, max_size=3).filter(lambda part: part.strip("."))
PATHS = st.lists(st.lists(PART, min_size=1, max_size=5).map("/".join), max_size=8)


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (["/home/alice/case/windows/dc.json", "/home/alice/case/zeek/conn.log"],
         ["windows/dc.json", "zeek/conn.log"]),
        (["/home/alice/case/dc.json"], ["dc.json"]),
        (["/home/alice/a.log", "/home/bob/a.log", "/home/bob/b.log"],
         ["alice/a.log", "bob/a.log", "b.log"]),
        (["/var/log/auth.log", "/home/alice/app.log"], ["auth.log", "app.log"]),
        (["/auth.log"], ["auth.log"]),
        (["logs/dc.json", "logs/ws.json"], ["logs/dc.json", "logs/ws.json"]),
        (["../../alice/dc.json"], ["dc.json"]),
        (["logs/dc.json", "/home/alice/case/dc.json"], ["logs/dc.json", "dc.json"]),
        ([r"C:\Users\alice\case\dc.json", r"C:\Users\alice\case\x\ws.json"],
         ["dc.json", "x/ws.json"]),
        (["-"], ["-"]),
    ],
)  # fmt: skip
def test_a_file_is_named_without_the_folders_of_its_machine(
    paths: list[str], names: list[str]
) -> None:
    assert [source_names(paths)[path] for path in paths] == names


@given(PATHS, st.booleans())
def test_different_files_have_different_names_and_each_ends_as_its_path(
    paths: list[str], absolute: bool
) -> None:
    given_paths = [f"/{path}" if absolute else path for path in paths]
    names = source_names(given_paths)
    assert set(names) == set(given_paths)
    assert len(set(names.values())) == len(set(given_paths))
    for path, name in names.items():
        assert not name.startswith("/")
        assert PurePosixPath(name.rstrip("'")).name == PurePosixPath(path).name
