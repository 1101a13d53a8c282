"""Makes Windows log records as a collector sends them, numbered so that each is another."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from schemas.ingest import IngestReport

Load = Callable[..., IngestReport]

START = datetime(2026, 1, 5, 9)


def record(number: int, **fields: Any) -> dict[str, Any]:
    """One start of a process."""
    at = START + timedelta(seconds=number)
    return {
        "TimeCreated": at.isoformat() + "Z",
        "Channel": "Security",
        "EventID": 4688,
        "Hostname": "ws01.corp.example",
        "SourceName": "Microsoft-Windows-Security-Auditing",
        "NewProcessName": "C:\\Windows\\System32\\cmd.exe",
        "CommandLine": f"cmd /c echo {number}",
        "SubjectUserName": "maria",
        **fields,
    }


def records(count: int, first: int = 0) -> list[dict[str, Any]]:
    """Several of them, a second apart."""
    return [record(number) for number in range(first, first + count)]


def lines(of: list[dict[str, Any]]) -> str:
    """Write records as JSON lines."""
    return "".join(json.dumps(each) + "\n" for each in of)
