"""Make a tiny lake with the code that is installed, for the tests that open lakes of releases.

Run it once at a release, before the lake's schema changes: `python tests/data/lakes/make.py 1`
writes `schema-1.tar.gz`. Stored lakes are never made anew by newer code.
"""

from __future__ import annotations

import json
import sys
import tarfile
import tempfile
from pathlib import Path

from sentree.lake.db import Lake
from sentree.lake.ingest import ingest
from sentree.rules.detect import detect
from sentree.rules.load import load_rules
from sentree.rules.packs import OWN_RULES
from sentree.settings import Settings

COMMANDS = (
    "C:\\Windows\\System32\\whoami.exe /all",
    "powershell.exe -nop -w hidden -enc SQBFAFgA",
    "C:\\Windows\\System32\\vssadmin.exe delete shadows /all /quiet",
    "notepad.exe report.txt",
)


def log_lines() -> str:
    """Write process creations as Sysmon tells of them, on one host in one hour."""
    records = [
        {
            "EventID": 1,
            "Channel": "Microsoft-Windows-Sysmon/Operational",
            "SourceName": "Microsoft-Windows-Sysmon",
            "Hostname": "ws01.example.org",
            "@timestamp": f"2026-11-03T09:{minute:02}:00.000Z",
            "UtcTime": f"2026-11-03 09:{minute:02}:00.000",
            "ProcessId": str(4_000 + minute),
            "Image": command.split(".exe")[0] + ".exe",
            "CommandLine": command,
            "User": "EXAMPLE\\alice",
        }
        for minute, command in enumerate(COMMANDS * 3)
    ]
    return "".join(json.dumps(record) + "\n" for record in records) + "not a record\n"


def make(folder: Path) -> None:
    """Load, search, close."""
    log = folder / "sysmon.jsonl"
    log.write_text(log_lines(), encoding="utf-8")
    settings = Settings(home=folder / "home")
    with Lake.open(settings) as lake:
        ingest(lake, [log], settings=settings, tenant=settings.tenant)
        detect(lake, load_rules([OWN_RULES]), tenant=settings.tenant)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as work:
        make(Path(work))
        lake = Path(work) / "home" / "lake"
        with tarfile.open(Path(__file__).parent / f"schema-{sys.argv[1]}.tar.gz", "w:gz") as tar:
            for path in sorted(lake.rglob("*")):
                if path.is_file() and path.name != "writer.lock":
                    tar.add(path, path.relative_to(lake))
