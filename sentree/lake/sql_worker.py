"""The SQL sandbox's own process: opens one DuckDB file read-only and runs checked SELECTs on it.

It speaks frames (four bytes of length, then JSON) on its standard streams, limits itself before
it opens anything, and imports little so that it starts fast. `sql_sandbox` is the other end.
"""

from __future__ import annotations

import json
import math
import os
import struct
import sys
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO, cast

import duckdb

from sentree.lake.sql_gate import Gate, Refused

UNUSED = ("numpy", "pandas", "pyarrow", "polars")
BATCH = 64
MESSAGE_CHARACTERS = 600
Message = dict[str, Any]


def main() -> None:
    """Serve requests until the other end closes."""
    inward, outward = sys.stdin.buffer, sys.stdout.buffer
    order = read_frame(inward)
    if order is None:
        return
    restrict(order)
    # DuckDB imports these when it binds a value: half a second and 500 modules, for nothing.
    sys.modules.update(dict.fromkeys(UNUSED, cast(Any, None)))
    try:
        worker = Worker(order)
    except duckdb.Error:
        write_frame(outward, {"failed": "the context can't be opened"})
        return
    write_frame(outward, {"ready": True})
    while (request := read_frame(inward)) is not None:
        limit_processor_time(float(order["seconds"]))
        write_frame(outward, worker.answer(str(request.get("sql", "")), request.get("scope")))


class Worker:
    """One locked connection and its gate."""

    def __init__(self, order: Message) -> None:
        self.order = order
        self.secrets = _host_paths(str(order["path"]))
        functions = json.loads(Path(order["functions"]).read_text("utf-8"))
        self.gate = Gate(order["tables"], functions["scalar"], functions["table"])
        self.connection = duckdb.connect(order["path"], read_only=True, config=_config(order))
        row = self.connection.execute("SELECT current_database()").fetchone()
        self.database = '"' + str(row[0] if row else "").replace('"', '""') + '".main'
        self.connection.execute("SET TimeZone='UTC'")
        self.connection.execute("SET python_enable_replacements=false")
        self.connection.execute("SET lock_configuration=true")
        self.answer("SELECT 1")

    def answer(self, sql: str, scope: str | None = None) -> Message:
        """Check and run one statement, on a cursor of its own.

        With a scope, a condition over `events` written by the host, the evidence tables are
        views narrowed to it, and can't be named in any way that goes around them.
        """
        cursor = self.connection.cursor()
        try:
            if scope is not None:
                self._narrow(cursor, scope)
            self._check(cursor, sql, scoped=scope is not None)
            cursor.execute(sql)
            return self._rows(cursor)
        except Refused as refusal:
            return {"refused": str(refusal)}
        except (MemoryError, duckdb.OutOfMemoryException):
            return {"failed": "out of memory: ask for less at once"}
        except duckdb.Error as error:
            return {"failed": self._message(error)}
        except RecursionError:
            return {"refused": "nested too deep"}
        except Exception as error:
            return {"failed": f"values can't be shown ({type(error).__name__})"}
        finally:
            cursor.close()

    def _narrow(self, cursor: duckdb.DuckDBPyConnection, scope: str) -> None:
        inside = f"SELECT * FROM {self.database}.events WHERE {scope}"
        cursor.execute(f"CREATE TEMP VIEW events AS {inside}")
        cursor.execute(
            f"CREATE TEMP VIEW detections AS SELECT * FROM {self.database}.detections "
            "WHERE event_uid IN (SELECT event_uid FROM events)"
        )

    def _check(self, cursor: duckdb.DuckDBPyConnection, sql: str, *, scoped: bool) -> None:
        statements = cursor.extract_statements(sql)
        if len(statements) != 1:
            raise Refused(f"exactly one statement, please (there are {len(statements)})")
        if statements[0].type != duckdb.StatementType.SELECT:
            raise Refused(f"only SELECT may run, not {statements[0].type.name}")
        row = cursor.execute("SELECT json_serialize_sql(?::VARCHAR)", [sql]).fetchone()
        self.gate.check(json.loads(row[0]) if row else {}, scoped=scoped)

    def _rows(self, cursor: duckdb.DuckDBPyConnection) -> Message:
        order = self.order
        columns = [str(column[0])[:200] for column in cursor.description or ()]
        rows: list[list[Any]] = []
        renderer = Renderer(int(order["text_characters"]), int(order["nodes"]))
        size, truncated = 0, False
        while not truncated and (batch := cursor.fetchmany(BATCH)):
            for values in batch:
                row = [renderer.render(value) for value in values]
                size += sum(_length(value) for value in row)
                full = len(rows) >= order["rows"] or (rows and size > order["characters"])
                if full or renderer.nodes < 0:
                    truncated = True
                    break
                rows.append(row)
        return {"columns": columns, "rows": rows, "truncated": truncated}

    def _message(self, error: duckdb.Error) -> str:
        text = " ".join(str(error).split())
        for secret in self.secrets:
            text = text.replace(secret, "<path>")
        return text[:MESSAGE_CHARACTERS]


class Renderer:
    """Makes values JSON-safe on a budget of nodes; long texts are cut and say how long they are."""

    def __init__(self, characters: int, nodes: int) -> None:
        self.characters = characters
        self.nodes = nodes

    def render(self, value: Any, depth: int = 0) -> Any:
        """Render one value."""
        self.nodes -= 1
        if self.nodes < 0 or depth > 30:
            return "..."
        match value:
            case None | bool():
                return value
            case int():
                return value if abs(value) < 2**127 else str(value)
            case float():
                return value if math.isfinite(value) else str(value)
            case str():
                return self._text(value)
            case Decimal():
                return float(value) if value.is_finite() else str(value)
            case bytes() | bytearray() | memoryview():
                return self._text(bytes(value[: self.characters]).hex())
            case datetime():
                naive = value.replace(tzinfo=None) if value.utcoffset() == timedelta() else value
                return naive.isoformat() + ("Z" if naive.tzinfo is None else "")
            case date() | time():
                return value.isoformat()
            case timedelta():
                return value.total_seconds()
            case list() | tuple():
                return self._items(list(value), depth)
            case dict():
                return {
                    self._text(str(key)): self.render(item, depth + 1)
                    for key, item in list(value.items())[: max(self.nodes, 0)]
                }
            case _:
                return self._text(str(value))

    def _items(self, values: list[Any], depth: int) -> list[Any]:
        shown = [self.render(item, depth + 1) for item in values[: max(self.nodes, 0)]]
        if len(shown) < len(values):
            shown.append(f"... {len(values):,} in all")
        return shown

    def _text(self, value: str) -> str:
        if len(value) > self.characters:
            value = f"{value[: self.characters]}... [{len(value):,} characters in all]"
        return value.encode("utf-8", "replace").decode("utf-8")


def read_frame(stream: BinaryIO) -> Message | None:
    """Read one message; None at the end."""
    head = stream.read(4)
    if len(head) < 4:
        return None
    body = stream.read(struct.unpack(">I", head)[0])
    return json.loads(body)


def write_frame(stream: BinaryIO, message: Message) -> None:
    """Write one message."""
    body = json.dumps(message).encode("ascii")
    stream.write(struct.pack(">I", len(body)) + body)
    stream.flush()


def restrict(order: Message) -> None:
    """Give up what a reader of one file does not need: memory, files to write, environment."""
    os.environ.clear()
    try:
        import resource
    except ImportError:
        return
    for name, most in (
        ("RLIMIT_AS", int(order["address_space"])),
        ("RLIMIT_FSIZE", 0),
        ("RLIMIT_CORE", 0),
        ("RLIMIT_NOFILE", 64),
    ):
        try:
            resource.setrlimit(getattr(resource, name), (most, most))
        except (AttributeError, ValueError, OSError):
            continue


def limit_processor_time(seconds: float) -> None:
    """Let the system end this process should its parent not be there to do it."""
    try:
        import resource
    except ImportError:
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    most = math.ceil(used.ru_utime + used.ru_stime + 2 * seconds) + 1
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (most, hard))


def _config(order: Message) -> dict[str, Any]:
    return {
        "enable_external_access": False,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "allow_community_extensions": False,
        "allow_persistent_secrets": False,
        "temp_directory": "",
        "max_temp_directory_size": "0KB",
        "threads": 1,
        "memory_limit": f"{int(order['memory']) // 1_000_000}MB",
    }


def _host_paths(path: str) -> list[str]:
    """List the paths of this host that an error message could name, longest first."""
    context = Path(path)
    found = {path, str(context.resolve()), str(context.parent), str(context.resolve().parent)}
    found |= {str(Path(__file__).resolve().parents[2]), sys.prefix, sys.base_prefix}
    return sorted((one for one in found if len(one) > 1), key=len, reverse=True)


def _length(value: Any) -> int:
    return len(value) if isinstance(value, str) else len(json.dumps(value))


if __name__ == "__main__":
    main()
