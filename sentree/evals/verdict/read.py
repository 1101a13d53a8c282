"""Trials from files: JSON lines, a JSON list, or Parquet; what is no trial is counted by reason."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from math import isfinite
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from schemas.experiment import Trial
from sentree.errors import UnreadableInputError

MAX_LINE = 1_000_000
MAX_REASON = 120


class TrialsRead(NamedTuple):
    """The trials of some files, and why other lines held none."""

    trials: list[Trial]
    rejected: dict[str, int]


def read_trial_files(paths: Iterable[Path]) -> TrialsRead:
    """Read the trials of files.

    Raises:
        UnreadableInputError: a file can't be opened, or no line of any holds a trial.
    """
    trials: list[Trial] = []
    rejected: Counter[str] = Counter()
    named = list(paths)
    for path in named:
        for record in _records(path):
            found = record if isinstance(record, str) else _trial(record)
            if isinstance(found, str):
                rejected[found[:MAX_REASON]] += 1
            else:
                trials.append(found)
    if not trials:
        worst = f"; {rejected.most_common(1)[0][0]}" if rejected else ""
        raise UnreadableInputError(f"no trial in {', '.join(map(str, named))}{worst}")
    return TrialsRead(trials, dict(rejected))


def _records(path: Path) -> Iterator[dict[str, Any] | str]:
    """Give each record, or the reason why a line holds none."""
    try:
        if path.suffix == ".parquet":
            yield from _parquet(path)
            return
        with path.open("rb") as file:
            start = file.read(64).lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
            file.seek(0)
            if start == b"[":
                yield from _json_list(file.read())
                return
            while line := file.readline(MAX_LINE + 1):
                if len(line) > MAX_LINE:
                    while line and not line.endswith(b"\n"):
                        line = file.readline(MAX_LINE)
                    yield f"a line of more than {MAX_LINE:,} bytes"
                elif line.strip():
                    yield _json(line)
    except OSError as error:
        raise UnreadableInputError(f"{path}: {error.strerror or error}") from None


def _json_list(text: bytes) -> Iterator[dict[str, Any] | str]:
    try:
        found = json.loads(text.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        yield "not JSON"
        return
    for record in found:
        yield record if isinstance(record, dict) else "not a JSON object"


def _json(line: bytes) -> dict[str, Any] | str:
    try:
        found = json.loads(line.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return "not JSON"
    return found if isinstance(found, dict) else "not a JSON object"


def _parquet(path: Path) -> Iterator[dict[str, Any] | str]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=10_000):
                yield from batch.to_pylist(maps_as_pydicts="strict")
    except pa.ArrowException as error:
        raise UnreadableInputError(f"{path}: not Parquet: {str(error).splitlines()[0]}") from None


def _trial(record: dict[str, Any]) -> Trial | str:
    """Read a record; an absent value may be written as null."""
    known = {
        name: _metrics(value) if name == "metrics" else value
        for name, value in record.items()
        if value is not None
    }
    try:
        trial = Trial.model_validate_json(json.dumps(known))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        return f"{where}: {first['msg']}"
    except (TypeError, ValueError):
        return "a value that JSON does not know"
    if not all(isfinite(value) for value in (trial.score, trial.seconds, trial.usd or 0.0)):
        return "score, seconds or usd: not a finite number"
    return trial


def _metrics(value: Any) -> Any:
    """Parquet structs have every key in every row: a null one is absent."""
    if not isinstance(value, dict):
        return value
    return {key: one for key, one in value.items() if one is not None}
