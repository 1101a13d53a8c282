"""Filled sheets as they come back from raters: CSV as spreadsheets write it, in any dialect."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path

from schemas.rating import Choice, SheetKey
from sentree.errors import UnreadableInputError
from sentree.evals.verdict.ratings import Vote

_CHOICES = {
    "a": Choice.A,
    "b": Choice.B,
    "tie": Choice.TIE,
    "=": Choice.TIE,
    "'=": Choice.TIE,
    "equal": Choice.TIE,
    "same": Choice.TIE,
}


def read_votes(paths: Iterable[Path], key: SheetKey) -> tuple[list[Vote], list[str]]:
    """Read filled sheets; the rater is the column of that name, or the name of the file.

    Returns:
        The votes, and a reason for every row that holds none although something is filled in.

    Raises:
        UnreadableInputError: a file can't be opened or has no column `item` and `choice`.
    """
    votes: dict[tuple[str, str], Vote] = {}
    rejected: list[str] = []
    known = {one.item for one in key.items}
    for path in paths:
        for number, row in _rows(path):
            where = f"{path.name}, row {number}"
            item, said = row.get("item", "").strip(), row.get("choice", "").strip().casefold()
            rater = row.get("rater", "").strip() or path.stem
            if not said:
                continue
            choice = _CHOICES.get(said)
            if choice is None:
                rejected.append(f"{where}: '{said[:20]}' is not A, B or tie")
            elif row.get("sheet", key.sheet).strip() != key.sheet:
                rejected.append(f"{where}: of another sheet than the key")
            elif item not in known:
                rejected.append(f"{where}: unknown item '{item[:20]}'")
            elif votes.get((rater, item), Vote(rater, item, choice)).choice is not choice:
                rejected.append(f"{where}: {rater} chose otherwise before; the first choice holds")
            else:
                votes[rater, item] = Vote(rater, item, choice)
    return list(votes.values()), rejected


def _rows(path: Path) -> Iterable[tuple[int, dict[str, str]]]:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UnreadableInputError(f"{path}: {error.strerror}") from None
    try:
        text = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", errors="replace")
    head = text.partition("\n")[0]
    delimiter = max(",;\t", key=head.count)
    csv.field_size_limit(10_000_000)
    reader = csv.reader(io.StringIO(text.replace("\0", ""), newline=""), delimiter=delimiter)
    try:
        names = [name.strip().casefold() for name in next(reader, [])]
        if "item" not in names or "choice" not in names:
            raise UnreadableInputError(f"{path}: no columns 'item' and 'choice' in the first row")
        for number, cells in enumerate(reader, start=2):
            yield number, dict(zip(names, cells, strict=False))
    except csv.Error as error:
        raise UnreadableInputError(f"{path}: not CSV: {error}") from None
