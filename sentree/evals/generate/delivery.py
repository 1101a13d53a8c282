"""Writes generated records as files the way collectors deliver them, faults included."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, NamedTuple, Self

from schemas.scenario import FileCount, RecordKey
from sentree.evals.generate.emission import Emission
from sentree.evals.generate.world import to_datetime

_FORMATS = {
    "windows": "windows-json",
    "zeek": "zeek-json",
    "cloudtrail": "cloudtrail",
    "edr": "ocsf",
    "idp": "ocsf",
    "syslog": "syslog",
    "audit": "auditd",
    "web": "access-log",
    "mail": "ocsf",
    "dns": "ocsf",
    "forge": "github-audit",
    "s3": "access-log",
    "guardduty": "guardduty",
    "edge": "syslog",
    "database": "postgresql",
    "office": "m365",
    "okta": "okta",
    "kubernetes": "kubernetes-audit",
}


class Redelivery(NamedTuple):
    """Records of a file within `start <= t < end` arrive again under another name."""

    name: str
    start: int
    end: int


@dataclass(slots=True)
class _File:
    name: str
    raw: IO[bytes]
    out: IO[bytes] | gzip.GzipFile
    array: bool
    lines: int = 0
    records: int = 0
    duplicate: int = 0
    broken: int = 0
    characters: int = 0
    numbers: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])

    def write(self, text: bytes) -> None:
        if self.array:
            self.out.write(b'{"Records":[' if self.records == 0 else b",")
            self.out.write(text)
            self.lines = 1
        else:
            self.out.write(text + b"\n")
            self.lines += 1
        self.records += 1
        self.characters += len(text)


class Delivery:
    """An open folder of log files. Writes as it goes, so memory doesn't grow with the incident."""

    def __init__(self, folder: Path, redeliveries: Mapping[str, Redelivery]) -> None:
        self._folder = folder
        self._redeliveries = redeliveries
        self._open: dict[str, _File] = {}
        self._closed: list[FileCount] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for file in self._open.values():
            self._finish(file)
        self._open.clear()

    def write(self, emission: Emission) -> RecordKey:
        """Write one record; gives where it stands."""
        file, text = self._put(emission)
        return RecordKey.model_construct(
            file=emission.stream,
            line=file.lines,
            index=file.records - 1 if file.array else 0,
            time=to_datetime(emission.time),
            sha256=hashlib.sha256(text).hexdigest(),
            recorded=None if emission.recorded is None else to_datetime(emission.recorded),
        )

    def write_unlabelled(self, emission: Emission) -> None:
        """Write one record that nobody will ask for."""
        self._put(emission)

    def _put(self, emission: Emission) -> tuple[_File, bytes]:
        file = self._file(emission.stream)
        text = _text(emission.record, file).encode()
        file.write(text)
        again = self._redeliveries.get(emission.stream)
        if again and again.start <= emission.time < again.end:
            copy = self._file(again.name)
            copy.write(text)
            copy.duplicate += 1
        return file, text

    def write_broken(self, name: str, line: bytes) -> None:
        """Write a line that holds no record."""
        file = self._file(name)
        file.write(line)
        file.broken += 1

    def close_stream(self, name: str) -> None:
        """Finish a file that gets no more records."""
        if file := self._open.pop(name, None):
            self._finish(file)

    def counts(self) -> tuple[FileCount, ...]:
        """Give what each finished file delivers, by name."""
        return tuple(sorted(self._closed, key=lambda count: count.file))

    @property
    def open_streams(self) -> tuple[str, ...]:
        """Files still being written."""
        return tuple(self._open)

    def _file(self, name: str) -> _File:
        if name not in self._open:
            if any(count.file == name for count in self._closed):
                raise ValueError(f"{name} is finished: a record came too late")
            path = self._folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            raw = path.open("wb")
            # No name and no time in the gzip header: equal specifications give equal bytes.
            packed = name.endswith(".gz")
            out = gzip.GzipFile("", "wb", 4, raw, mtime=0) if packed else raw
            self._open[name] = _File(name, raw, out, name.startswith("cloudtrail/"))
        return self._open[name]

    def _finish(self, file: _File) -> None:
        if file.array:
            file.out.write(b"]}")
        file.out.close()
        file.raw.close()
        self._closed.append(
            FileCount(
                file=file.name,
                format=_FORMATS[file.name.split("/")[0]],
                delivered=file.records,
                duplicate=file.duplicate,
                broken=file.broken,
                characters=file.characters,
            )
        )


def _text(record: Mapping[str, object] | str, file: _File) -> str:
    if isinstance(record, str):
        return record
    if "RecordNumber" not in record and "Channel" in record:
        key = (str(record["Hostname"]), str(record["Channel"]))
        file.numbers[key] += 1
        record = {**record, "RecordNumber": 10_000 + file.numbers[key]}
    return json.dumps(record, ensure_ascii=False, separators=(",", ":"))
