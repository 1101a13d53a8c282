"""Turns the rows of Zeek's tab-separated logs into the JSON records Zeek itself would write."""

from __future__ import annotations

import json
import re

from sentree.lake.records import Record, Reject, as_text, reject

ESCAPED = re.compile(r"\\x([0-9a-fA-F]{2})")
NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?")
NUMERIC = frozenset({"time", "interval", "double", "count", "int", "port"})
CONTAINER = re.compile(r"(?:set|vector|table)\[(\w+)\]")


class ZeekRows:
    """Reads a log line by line; directives change how the rows after them are read."""

    def __init__(self) -> None:
        self._separator = "\t"
        self._set_separator = ","
        self._empty = "(empty)"
        self._unset = "-"
        self._path: str | None = None
        self._fields: list[str] = []
        self._types: list[str] = []

    def read(self, line: int, row: bytes) -> Record | Reject | None:
        """Give the record of a row; None for a directive."""
        text, note = as_text(row)
        if text.startswith("#"):
            self._directive(text)
            return None
        values = text.split(self._separator)
        if not self._fields or len(values) != len(self._fields):
            return reject(
                line, f"{len(values)} columns where the header names {len(self._fields)}", row
            )
        members = [] if self._path is None else [f'"_path":{json.dumps(self._path)}']
        for name, kind, value in zip(self._fields, self._types, values, strict=True):
            written = self._value(kind, value)
            if written is not None:
                members.append(f"{json.dumps(name, ensure_ascii=False)}:{written}")
        return Record(line, text, "{" + ",".join(members) + "}", note)

    def _directive(self, text: str) -> None:
        if text.startswith("#separator"):
            self._separator = _unescaped(text[len("#separator") :].strip(" ")) or "\t"
            return
        name, *rest = text[1:].split(self._separator)
        if name == "fields":
            self._fields = rest
            self._types = ["string"] * len(rest)
        elif name == "types" and len(rest) == len(self._fields):
            self._types = rest
        elif rest and name in ("set_separator", "empty_field", "unset_field", "path"):
            value = _unescaped(rest[0])
            if name == "path":
                self._path = value
            elif name == "set_separator":
                self._set_separator = value or ","
            elif name == "empty_field":
                self._empty = value
            else:
                self._unset = value

    def _value(self, kind: str, value: str) -> str | None:
        """Write a column's value as JSON; None where it is not set."""
        if value == self._unset:
            return None
        container = CONTAINER.fullmatch(kind)
        if container:
            parts = [] if value == self._empty else value.split(self._set_separator)
            members = (self._value(container[1], part) or "null" for part in parts)
            return "[" + ",".join(members) + "]"
        if value == self._empty:
            return '""'
        if kind in NUMERIC and NUMBER.fullmatch(value):
            return value
        if kind == "bool" and value in ("T", "F"):
            return "true" if value == "T" else "false"
        return json.dumps(_unescaped(value), ensure_ascii=False)


def _unescaped(text: str) -> str:
    r"""Undo Zeek's `\xNN`, which stands for a byte."""
    if "\\x" not in text:
        return text
    raw = ESCAPED.sub(lambda match: chr(0xDC00 + int(match[1], 16)), text)
    joined = b"".join(
        bytes([ord(char) - 0xDC00]) if 0xDC00 <= ord(char) <= 0xDCFF else char.encode()
        for char in raw
    )
    return as_text(joined)[0]
