import gzip
import io
import os
from contextlib import suppress
from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from sentree.lake.readers import BrokenStreamError, ByteSource, NotTextError, find_inputs

TEXT = b'{"a":1}\n{"b":2}\n' * 2000


def content(path: Path) -> bytes:
    return b"".join(ByteSource(str(path)).blocks())


@pytest.mark.parametrize(
    "packed",
    [
        TEXT,
        gzip.compress(TEXT),
        gzip.compress(TEXT[:100]) + gzip.compress(TEXT[100:]),
        zstandard.compress(TEXT),
        zstandard.compress(TEXT[:100]) + zstandard.compress(TEXT[100:]),
        gzip.compress(zstandard.compress(TEXT)),
        b"\xef\xbb\xbf" + TEXT,
        b"\xff\xfe" + TEXT.decode().encode("utf-16-le"),
        b"\xfe\xff" + TEXT.decode().encode("utf-16-be"),
        TEXT.decode().encode("utf-16-le"),
    ],
    ids=["plain", "gz", "gz twice", "zst", "zst twice", "both", "bom", "le", "be", "le no mark"],
)
def test_text_is_read_by_what_it_is_and_not_by_its_name(tmp_path: Path, packed: bytes) -> None:
    path = tmp_path / "log.txt"
    path.write_bytes(packed)
    assert content(path) == TEXT


@pytest.mark.parametrize(("pack", "name"), [(gzip.compress, "gzip"), (zstandard.compress, "zstd")])
def test_a_packed_file_that_breaks_off_gives_what_came_before(
    tmp_path: Path, pack: object, name: str
) -> None:
    assert callable(pack)
    text = os.urandom(200_000).hex().encode()
    path = tmp_path / "log"
    path.write_bytes(pack(text)[:100_000])
    found = b""
    with pytest.raises(BrokenStreamError, match=f"truncated {name}"):
        for block in ByteSource(str(path)).blocks():
            found += block
    assert text.startswith(found)
    assert len(found) > 50_000


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300), st.integers(0, 320), st.sampled_from([gzip, zstandard]))
def test_no_damage_to_a_packed_file_raises_anything_unforeseen(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, at: int, packer: object
) -> None:
    packed = bytearray(packer.compress(data))  # type: ignore[attr-defined]
    packed[at % len(packed)] ^= 0x55
    path = tmp_path_factory.mktemp("damaged") / "log"
    path.write_bytes(bytes(packed))
    with suppress(BrokenStreamError, NotTextError):
        content(path)


def test_a_binary_file_is_named_for_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "Security.log"
    path.write_bytes(b"ElfFile\x00" + bytes(100))
    with pytest.raises(NotTextError, match="EVTX"):
        content(path)


def test_folders_are_read_in_one_order_and_without_hidden_files(tmp_path: Path) -> None:
    for name in ("b/2.log", "a/1.log", "a/.git/x", ".hidden", "c.log"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    found = find_inputs([tmp_path, tmp_path / "a"])
    assert [Path(each.path).name for each in found] == ["1.log", "2.log", "c.log"]


def test_a_glob_matches_in_order_and_a_file_with_a_glob_in_its_name_is_itself(
    tmp_path: Path,
) -> None:
    for name in ("2.log", "1.log", "[x].log"):
        (tmp_path / name).write_text("x")
    assert [Path(each.path).name for each in find_inputs([tmp_path / "?.log"])] == [
        "1.log",
        "2.log",
    ]
    assert [Path(each.path).name for each in find_inputs([tmp_path / "[x].log"])] == ["[x].log"]


def test_a_folder_without_permission_is_an_error_of_that_path_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "open").mkdir()
    (tmp_path / "open" / "1.log").write_text("x")
    (tmp_path / "shut").mkdir()
    scan = os.scandir

    def refusing(path: str) -> object:
        if str(path).endswith("shut"):
            raise PermissionError(13, "Permission denied", path)
        return scan(path)

    monkeypatch.setattr(os, "scandir", refusing)
    found = find_inputs([tmp_path])
    assert [(Path(each.path).name, each.error) for each in found] == [
        ("1.log", None),
        ("shut", "permission denied"),
    ]


def test_standard_input_is_read_as_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    class Pipe:
        buffer = io.BytesIO(gzip.compress(TEXT))

    monkeypatch.setattr("sys.stdin", Pipe())
    source = ByteSource("-")
    assert source.digest() is None
    assert b"".join(source.blocks()) == TEXT
