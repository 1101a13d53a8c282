"""Full-text search in a context: BM25 by an index where one was built, by a scan where not."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from schemas.ports import ContextReader
from schemas.trajectory import Predicate
from sentree.errors import LakeError
from sentree.lake.db import first_line, sql_text
from sentree.lake.engines import NO_BAR, extension_file

# Indexing 10 million characters costs about 2.4 s and 6 MB; a search is then 1 to 4 times as fast
# as a scan, which takes 0.1 to 0.4 s there. Ten times as many cost 25 s and 1 GB of memory: beyond
# this limit nobody searches often enough to win the time back.
MOST_CHARACTERS = 10_000_000
WORDS = 16
LONGEST_WORD = 200
EVERYWHERE = Predicate("TRUE", ())
# What stands between the parts of a word, for the index and for the question alike.
BETWEEN = r"[\x00-/:-`{-\x7f]+"
QUOTING = "\"'`,;!?()[]{}<>"
CREATE = (
    "PRAGMA create_fts_index('events', 'event_uid', 'raw', stemmer = 'none', stopwords = 'none',"
    f" ignore = '{BETWEEN}', strip_accents = 0, lower = 1)"
)
HAS_INDEX = (
    "SELECT 1 AS one FROM duckdb_tables() WHERE schema_name = 'fts_main_events'"
    " AND table_name = 'stats'"
)


class _Part(NamedTuple):
    """A part of a word, and whether the text's own token must begin and end with it."""

    text: str
    opens: bool
    closes: bool


def build_index(context_file: Path, *, most_characters: int = MOST_CHARACTERS) -> bool:
    """Add the index to a context file that nobody has open; tell whether it is worth one.

    Raises:
        LakeError: the file can't be written.
        ConfigurationError: DuckDB's `fts` extension is not installed.
    """
    try:
        with duckdb.connect(
            str(context_file),
            config={
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
                "threads": 2,
            },
        ) as connection:
            connection.execute(NO_BAR)
            found = connection.execute("SELECT coalesce(sum(chars), 0) FROM events").fetchone()
            if not found or not 0 < found[0] <= most_characters:
                return False
            extension = str(extension_file("fts")).replace("'", "''")
            connection.execute(f"LOAD '{extension}'")
            connection.execute("BEGIN TRANSACTION")
            connection.execute(CREATE)
            connection.execute("COMMIT")
        return True
    except duckdb.Error as error:
        raise LakeError(f"the search index can't be written: {first_line(error)}") from None


def search(
    context: ContextReader, text: str, n: int, scope: Predicate = EVERYWHERE
) -> list[dict[str, Any]]:
    """Give the events that hold words of the text, the best matches first, always in one order.

    A word is anything between spaces. It matches wherever its characters stand in a row in the
    raw record, upper or lower case: a whole path, address or GUID as well as a piece of one.

    Args:
        context: what to search.
        text: the words; the first 16 count.
        n: how many events at most.
        scope: a condition over `events` that the results fulfil.

    Returns:
        Rows of event_uid, time (text), host, score and raw.
    """
    words = words_of(text)
    if not words:
        return []
    numbers = list(range(len(words)))
    if context.query(HAS_INDEX):
        parts = [_parts(word) for word in words]
        flat = [
            (n, at, *part)
            for n, of in zip(numbers, parts, strict=True)
            for at, part in enumerate(of)
        ]
        begin = "search_indexed"
        values: Sequence[Any] = (
            numbers,
            words,
            [len(of) for of in parts],
            [of[0].text == word for of, word in zip(parts, words, strict=True)],
            *(list(column) for column in zip(*flat, strict=True)),
            *scope.parameters,
            *scope.parameters,
        )
    else:
        begin = "search_scanned"
        values = (*scope.parameters, numbers, words, *scope.parameters)
    sql = f"{sql_text(begin, scope=scope.sql)}\n{sql_text('search_ranked')}"
    return context.query(sql, (*values, n))


def words_of(text: str) -> list[str]:
    """Give what to search for: distinct lower-cased words without the quotes around them."""
    words = (
        word.lstrip(QUOTING).rstrip(f"{QUOTING}.:")[:LONGEST_WORD] for word in text.lower().split()
    )
    worthy = (word for word in words if len(word) > 1 and re.sub(BETWEEN, "", word))
    return list(dict.fromkeys(worthy))[:WORDS]


def _parts(word: str) -> list[_Part]:
    return [
        _Part(part[0], opens=part.start() > 0, closes=part.end() < len(word))
        for part in re.finditer(r"[^\x00-/:-`{-\x7f]+", word)
    ]
