import gzip
import os
import random
import zlib
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ocsf.columns import PROMOTED
from schemas.context import ContextInfo
from sentree.engine.handles import Handles, SelectRunner
from sentree.engine.parts import Parts
from sentree.engine.verify import EVERYWHERE
from sentree.errors import LakeError, UnreadableInputError
from sentree.lake.context import Context
from sentree.lake.documents import export_documents
from sentree.lake.html_text import html_text
from sentree.lake.pdf_text import pdf_pages
from sentree.lake.readers import BrokenStreamError
from sentree.lake.records import as_text
from sentree.lake.search_index import search
from sentree.lake.text_chunks import LEAST, MOST, chunked
from sentree.lake.text_files import is_binary, read_chunks

WORDS = [
    "alpha",
    "beta\n",
    "gamma,delta\r\n\n",
    "# head\n",
    "{}\t",
    "é",
    "漢字",
    "\U0001f600",
    "\x00",
    "&amp;",
]
texts = st.lists(st.sampled_from(WORDS) | st.text(max_size=30), max_size=60).map(
    lambda some: " ".join(some) * 12
)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    folder = tmp_path / "run"
    folder.mkdir()
    return folder


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    return folder


def read(info: ContextInfo) -> dict[str, str]:
    """Give each document's text from the file."""
    with Context.open(Path(info.path)) as context:
        return {
            row["path"]: row["text"]
            for row in context.query(
                "SELECT path, string_agg(text, '' ORDER BY seq) AS text FROM documents GROUP BY 1"
            )
        }


def pdf(*pages: str) -> bytes:
    """Write a PDF by hand."""
    kids = " ".join(f"{4 + 2 * n} 0 R" for n in range(len(pages)))
    bodies = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for n, page in enumerate(pages):
        drawn = f"BT /F1 12 Tf 72 720 Td ({page}) Tj ET"
        bodies.append(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] "
            f"/Resources << /Font << /F1 3 0 R >> >> /Contents {5 + 2 * n} 0 R >>"
        )
        bodies.append(f"<< /Length {len(drawn)} >>\nstream\n{drawn}\nendstream")
    made, places = "%PDF-1.4\n", list[int]()
    for number, body in enumerate(bodies, 1):
        places.append(len(made))
        made += f"{number} 0 obj\n{body}\nendobj\n"
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    made += f"xref\n0 {len(bodies) + 1}\n0000000000 65535 f \n{table}"
    made += f"trailer << /Size {len(bodies) + 1} /Root 1 0 R >>\nstartxref\n"
    return f"{made}{made.index('xref')}\n%%EOF\n".encode("latin-1")


# Chunks


@given(st.binary(max_size=20_000) | texts.map(str.encode), st.integers(1, 9_000))
def test_chunks_put_together_are_the_text_however_it_came(text: bytes, size: int) -> None:
    blocks = [text[at : at + size] for at in range(0, len(text), size)]
    found = list(chunked(blocks))
    assert b"".join(chunk.text for chunk in found) == text
    assert found == list(chunked([text]))
    assert all(0 < len(chunk.text) <= MOST for chunk in found)
    place = 0
    for chunk in found:
        assert chunk.line == text.count(b"\n", 0, place) + 1
        place += len(chunk.text)


@given(st.binary(max_size=12_000) | st.text("aé漢\U0001f600", max_size=4_000).map(str.encode))
def test_no_cut_changes_how_the_text_decodes(text: bytes) -> None:
    assert "".join(as_text(chunk.text)[0] for chunk in chunked([text])) == as_text(text)[0]


def test_a_long_text_is_cut_at_headings_and_never_into_crumbs() -> None:
    section = "# Title\n\n" + "Some words of a paragraph.\n" * 30
    found = [chunk.text.decode() for chunk in chunked([(section * 20).encode()])]
    assert all(text.startswith("# Title") for text in found)
    assert all(LEAST <= len(text) <= MOST for text in found)


def test_lines_of_a_log_stay_whole() -> None:
    lines = [f"2026-01-01T00:00:{n % 60:02d}Z host sshd[{n}]: message {n}\n" for n in range(2_000)]
    found = list(chunked(["".join(lines).encode()]))
    assert all(chunk.text.endswith(b"\n") for chunk in found)
    assert all(f"sshd[{chunk.line - 1}]".encode() in chunk.text for chunk in found)


# Kinds of files


def test_every_kind_of_text_becomes_documents(docs: Path, out: Path) -> None:
    files = {
        "main.py": "def run():\n    return 1\n",
        "notes/README.md": "# Notes\n\nWords.\n",
        "data.json": '{"a": [1, 2]}',
        "rows.csv": "a,b\n1,2\n",
        "empty-lines.log": "\n\n\n",
    }
    for name, text in files.items():
        (docs / name).parent.mkdir(exist_ok=True)
        (docs / name).write_text(text)
    (docs / "old.log.gz").write_bytes(gzip.compress(b"packed line\n"))
    (docs / "new.log.zst").write_bytes(zstandard.compress(b"other packed line\n"))
    (docs / "wide.txt").write_bytes("Wide text\n".encode("utf-16"))
    info = export_documents([docs], out)
    assert read(info) == files | {
        "old.log.gz": "packed line\n",
        "new.log.zst": "other packed line\n",
        "wide.txt": "Wide text\n",
    }
    assert info.notes == ()
    assert [one.name for one in info.by_source] == sorted(read(info))


def test_html_gives_its_text_its_links_and_its_lines(docs: Path) -> None:
    page = docs / "mail.html"
    page.write_text(
        "<!DOCTYPE html><html><head><style>p {color: red}</style>\n"
        "<script>\nif (a < b) alert('x')\n</script></head>\n"
        '<body><p>Dear <b>user</b>,</p><p>click <a href="http://evil.example/?a=1&amp;b=2">here</a>'
        "</p><!-- hidden\n-- > still --></body></html>\n3 < 4 &eacute; &nosuch; &amp;lt;"
    )
    [chunk] = read_chunks(str(page))
    text = chunk.text.decode()
    assert text.count("\n") == page.read_text().count("\n")
    assert "Dear user," in text
    assert "(http://evil.example/?a=1&b=2) here" in text
    assert text.endswith("3 < 4 é &nosuch; &lt;")
    assert "alert" not in text and "hidden" not in text and "color" not in text


@given(st.lists(st.sampled_from(["<", ">", "a", "<!--", "-->", "<script>", "</script>", "&amp;",
                                 "&", ";", "\n", '<a href="x">', "</a>", "é"]), max_size=40),
       st.integers(1, 7))  # fmt: skip
def test_html_text_does_not_depend_on_the_blocks(pieces: list[str], size: int) -> None:
    page = "".join(pieces).encode()
    blocks = [page[at : at + size] for at in range(0, len(page), size)]
    text = b"".join(html_text(blocks))
    assert text == b"".join(html_text([page]))
    assert text.count(b"\n") == page.count(b"\n")


def test_stray_brackets_cost_no_quadratic_time() -> None:
    page = b"<a" * 300_000
    assert b"".join(html_text([page])) == page


def test_pages_of_a_pdf_are_its_lines(docs: Path, out: Path) -> None:
    (docs / "report.pdf").write_bytes(pdf("First page about lsass", "Second page"))
    info = export_documents([docs], out)
    with Context.open(Path(info.path)) as context:
        rows = context.query("SELECT line, text FROM documents ORDER BY seq")
    assert [(row["line"], row["text"]) for row in rows] == [
        (1, "First page about lsass"),
        (2, "Second page"),
    ]


def test_a_damaged_pdf_is_told_and_stops_nothing(docs: Path, out: Path) -> None:
    (docs / "bad.pdf").write_bytes(b"%PDF-1.7\n" + random.Random(1).randbytes(5_000))
    (docs / "good.txt").write_text("good\n")
    info = export_documents([docs], out)
    assert read(info) == {"good.txt": "good\n"}
    assert "bad.pdf" in " ".join(info.notes)


def test_a_pdf_that_unpacks_without_end_is_stopped(tmp_path: Path) -> None:
    bomb = zlib.compress(b"(x) Tj " * 30_000_000, 9)
    whole = pdf("page").replace(
        b"<< /Length 38 >>", b"<< /Length %d /Filter /FlateDecode >>" % len(bomb)
    )
    start, end = whole.index(b"stream\nBT") + 7, whole.index(b"\nendstream")
    (tmp_path / "bomb.pdf").write_bytes(whole[:start] + bomb + whole[end:])
    with pytest.raises(BrokenStreamError):
        list(pdf_pages(str(tmp_path / "bomb.pdf"), seconds=2))


# What is no text


def test_binary_files_are_skipped_and_counted(docs: Path, out: Path) -> None:
    noise = random.Random(0).randbytes(20_000)
    for name, content in {
        "a.png": b"\x89PNG\r\n\x1a\n" + noise,
        "b.bin": noise,
        "c.pyc": b"\xa7\r\r\n\x00\x00\x00\x00" + noise,
        "d.gz": gzip.compress(noise),
    }.items():
        (docs / name).write_bytes(content)
    (docs / "x.txt").write_text("text")
    info = export_documents([docs], out)
    assert info.notes == (
        "Files skipped because they hold no text: 4 (a.png, b.bin, c.pyc, d.gz).",
    )


@pytest.mark.parametrize("encoding", ["latin-1", "cp1251", "utf-8", "shift_jis"])
def test_text_in_an_old_encoding_is_text(encoding: str) -> None:
    words = {"cp1251": "Привет, мир. ", "shift_jis": "日本語の文書。"}.get(
        encoding, "Grüße, café. "
    )
    assert not is_binary((words * 500).encode(encoding))


def test_bytes_that_are_no_utf8_are_kept_and_marked(docs: Path, out: Path) -> None:
    (docs / "a.log").write_bytes(b"user J\xfcrgen\n" + b"plain line\n" * 1_000)
    info = export_documents([docs], out)
    with Context.open(Path(info.path)) as context:
        rows = context.query("SELECT raw, issues FROM events ORDER BY rowid")
    assert rows[0]["raw"].startswith("user Jürgen") and rows[0]["issues"] == ["invalid_utf8"]
    assert len(rows) > 1 and all(row["issues"] == [] for row in rows[1:])


def test_a_cut_archive_gives_what_came_before(docs: Path, out: Path) -> None:
    lines = "".join(f"line {random.Random(n).random()}\n" for n in range(20_000))
    (docs / "cut.log.gz").write_bytes(gzip.compress(lines.encode())[:-5_000])
    info = export_documents([docs], out)
    text = read(info)["cut.log.gz"]
    assert text and lines.startswith(text)
    assert info.notes == ("Files read in part only: 1 (cut.log.gz (truncated gzip)).",)


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    content=st.binary(max_size=3_000) | texts.map(str.encode),
    magic=st.sampled_from([b"", b"%PDF-", b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd", b"<html>"]),
    name=st.sampled_from(["a", "a.html", "a.pdf", "a.json.gz"]),
)
def test_no_bytes_make_the_reader_fail_otherwise_than_it_says(
    tmp_path: Path, content: bytes, magic: bytes, name: str
) -> None:
    folder = tmp_path / "any"
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    (folder / name).write_bytes(magic + content)
    try:
        info = export_documents([folder], tmp_path)
    except UnreadableInputError as error:
        assert "no text in" in str(error) and "\n" not in str(error)
    else:
        assert sum(map(len, read(info).values())) == info.characters


# Folders


def test_loops_and_what_may_not_be_read_stop_nothing(docs: Path, out: Path) -> None:
    (docs / "a.txt").write_text("one")
    (docs / "loop").symlink_to(docs)
    (docs / "gone").symlink_to(docs / "nowhere")
    (docs / ".hidden").write_text("no")
    os.mkfifo(docs / "pipe")
    info = export_documents([docs, docs / "missing.txt"], out)
    assert read(info) == {"a.txt": "one"}
    assert info.notes == (
        "Files that could not be read: 1 (missing.txt (no such file or directory)).",
    )


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_forbidden_file_is_told(docs: Path, out: Path) -> None:
    (docs / "a.txt").write_text("one")
    (docs / "secret.txt").write_text("two")
    (docs / "secret.txt").chmod(0)
    info = export_documents([docs], out)
    assert info.notes == ("Files that could not be read: 1 (secret.txt (permission denied)).",)


def test_a_file_named_twice_is_there_once(
    docs: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (docs / "a.md").write_text("one")
    (docs / "b.txt").write_text("two")
    monkeypatch.chdir(docs)
    info = export_documents(["a.md", docs / "a.md", f"{docs}/*.md", "."], out)
    assert read(info) == {"a.md": "one", "b.txt": "two"}


def test_equal_files_of_equal_name_in_two_folders_stay_two(tmp_path: Path, out: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "same.txt").write_text("same")
    info = export_documents([tmp_path / "a", tmp_path / "b"], out)
    assert read(info) == {"a/same.txt": "same", "b/same.txt": "same"}
    with Context.open(Path(info.path)) as context:
        [row] = context.query("SELECT count(DISTINCT event_uid) AS n FROM events")
    assert row["n"] == 2


def test_a_hostile_file_name_is_harmless(docs: Path, out: Path) -> None:
    for name in (b"\xff.txt", b"new\nline'; DROP TABLE events; --.txt", "‮gpj.txt".encode()):
        (docs / os.fsdecode(name)).write_text("text")
    info = export_documents([docs], out)
    assert len(read(info)) == 3
    assert all(name.isprintable() for name in read(info))


def test_nothing_readable_is_an_error_that_says_why(docs: Path, out: Path) -> None:
    (docs / "a.bin").write_bytes(b"\x00" * 100)
    (docs / "b.txt").write_text("")
    with pytest.raises(UnreadableInputError, match=r"no text: 1 \(a.bin\).*: 1 \(b.txt\)"):
        export_documents([docs], out)
    with pytest.raises(UnreadableInputError):
        export_documents([], out)
    assert list(out.iterdir()) == []


def test_a_folder_that_is_not_there_is_a_lake_error(docs: Path, tmp_path: Path) -> None:
    (docs / "a.txt").write_text("one")
    with pytest.raises(LakeError, match="can't be written"):
        export_documents([docs], tmp_path / "none")


# The context


def test_a_context_of_documents_has_the_columns_of_any_context(docs: Path, out: Path) -> None:
    (docs / "a.txt").write_text("one")
    info = export_documents([docs], out, tenant="acme")
    with Context.open(Path(info.path)) as context:
        columns = [row["column_name"] for row in context.query("DESCRIBE events")]
        [row] = context.query("SELECT * FROM events")
        tables = {row["name"] for row in context.query("SHOW TABLES")}
        [cited] = context.cited([row["event_uid"]])
    assert columns == [
        *("event_uid", "tenant_uid", "time", "ingested_at"),
        *(column.name for column in PROMOTED),
        *("observables", "issues", "event", "raw", "source_uid", "source_line", "mapper"),
        *("host", "shard_key", "chars", "source_path"),
    ]
    assert (row["tenant_uid"], row["time"], row["host"], row["class_uid"]) == (
        "acme",
        None,
        None,
        0,
    )
    assert {"detections", "baseline_scopes", "documents"} <= tables
    assert (cited.time, cited.source, cited.line, cited.raw) == (None, "a.txt", 1, "one")


def test_the_same_files_give_the_same_uids_wherever_they_lie(tmp_path: Path) -> None:
    found: list[tuple[str, list[str]]] = []
    for place in ("here", "there"):
        (tmp_path / place / "docs").mkdir(parents=True)
        for name in ("b.txt", "a.txt"):
            (tmp_path / place / "docs" / name).write_text(f"{name}\n" * 2_000)
        info = export_documents([tmp_path / place / "docs"], tmp_path / place)
        with Context.open(Path(info.path)) as context:
            rows = context.query("SELECT event_uid FROM events ORDER BY rowid")
        found.append((info.content_hash, [row["event_uid"] for row in rows]))
    assert found[0] == found[1]


class NoSql:
    """The handles under test need none."""

    select: SelectRunner


@pytest.fixture
def handles(docs: Path, out: Path) -> Iterator[Handles]:
    for name in ("a.log", "b.log"):
        lines = (f"{name} sshd[{n}]: Failed password for root\n" for n in range(500))
        (docs / name).write_text("".join(lines))
    with Context.open(Path(export_documents([docs], out).path)) as context:
        yield Handles(context, Parts(context, EVERYWHERE, "all"), NoSql(), search)  # type: ignore[arg-type]


def test_the_handles_of_a_node_work_on_documents(handles: Handles) -> None:
    assert handles.describe()["sources"].keys() == {"a.log", "b.log"}
    assert {row["time"] for row in handles.peek(50)} == {None}
    assert handles.grep(r"sshd\[499\]")[0]["match"] == "sshd[499]"
    assert handles.search("sshd[499]")
    by_source = handles.partition("source")
    assert [part["label"] for part in by_source] == ["a.log", "b.log"]
    by_size = handles.partition("size", size=5_000)
    assert len(by_size) > 2
    whole = handles.describe()
    for parts in (by_source, by_size, handles.partition("time")):
        assert sum(part["characters"] for part in parts) == whole["characters"]


def test_a_narrower_view_of_events_narrows_the_documents(docs: Path, out: Path) -> None:
    (docs / "a.txt").write_text("one")
    (docs / "b.txt").write_text("two")
    info = export_documents([docs], out)
    with duckdb.connect(info.path, read_only=True) as connection:
        connection.execute(
            "CREATE TEMP VIEW events AS FROM context.main.events WHERE source_path = 'a.txt'"
        )
        assert connection.execute("SELECT text FROM documents").fetchall() == [("one",)]
