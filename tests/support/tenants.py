"""Makes OCSF events of several tenants, every field of which bears a mark of its tenant."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sentree.lake.db import Lake
from sentree.lake.ingest import ingest
from sentree.settings import Settings

START = datetime(2026, 1, 5, tzinfo=UTC)
DOMAIN, ADDRESS, DIGEST = "sync-relay77.top", "45.67.229.14", "ab12cd34" * 8


def mark(tenant: str, field: str) -> str:
    """Give the mark of a field: no other tenant has the like."""
    return f"canary{tenant}{field}"


def event(
    tenant: str, minute: float, class_uid: int, activity: int, **fields: Any
) -> dict[str, Any]:
    """Make an event with marks in all that names somebody or something of the tenant."""
    host = f"{mark(tenant, 'host')}.{mark(tenant, 'net')}.example"
    return {
        "time": round((START + timedelta(minutes=minute)).timestamp() * 1000),
        "class_uid": class_uid,
        "category_uid": class_uid // 1000,
        "activity_id": activity,
        "type_uid": class_uid * 100 + activity,
        "severity_id": 1,
        "message": mark(tenant, "message"),
        "metadata": {
            "version": "1.3.0",
            "product": {"name": mark(tenant, "product"), "vendor_name": "Example"},
            "tenant_uid": tenant,
        },
        "device": {"hostname": host, "ip": f"10.9.{ord(tenant[-1])}.7", "type_id": 2},
        "actor": {
            "user": {
                "name": mark(tenant, "user"),
                "email_addr": f"a@{mark(tenant, 'mail')}.example",
            },
            "process": {"name": "cmd.exe", "cmd_line": f"cmd /c {mark(tenant, 'line')}"},
        },
        "unmapped": {"note": mark(tenant, "note"), "nested": {"deep": mark(tenant, "deep")}},
        **fields,
    }


def attack(tenant: str, minute: float) -> list[dict[str, Any]]:
    """Make a short attack with a server and a program that several tenants meet."""
    path = f"C:\\Users\\{mark(tenant, 'home')}\\x\\updater.exe"
    file = {"name": "updater.exe", "path": path, "hashes": [{"algorithm_id": 3, "value": DIGEST}]}
    url = {"url_string": f"http://{DOMAIN}/g?who={mark(tenant, 'query')}", "hostname": DOMAIN}
    finding = {"title": mark(tenant, "title"), "uid": mark(tenant, "uid")}
    technique = {"attacks": [{"technique": {"uid": "T1105"}}]}
    return [
        event(tenant, minute, 4003, 2, query={"hostname": DOMAIN}),
        event(tenant, minute + 1, 4002, 3, http_request={"url": url}, dst_endpoint={"ip": ADDRESS}),
        event(tenant, minute + 2, 1001, 1, file=file),
        event(
            tenant,
            minute + 3,
            1007,
            1,
            process={"name": "updater.exe", "cmd_line": path, "file": file},
        ),
        {
            **event(tenant, minute + 4, 2004, 1, finding_info={**finding, **technique}),
            "severity_id": 4,
        },
    ]


def quiet(tenant: str, count: int = 30, day: int = 0) -> list[dict[str, Any]]:
    """Make the benign events of a day: lookups that every tenant makes."""
    return [
        event(
            tenant,
            day * 24 * 60 + 40.0 * n,
            4003,
            2,
            query={"hostname": f"app{n % 5}.vendor.example"},
        )
        for n in range(count)
    ]


def load(settings: Settings, events: list[dict[str, Any]], folder: Path) -> None:
    """Put the events into the lake, all as one file of one tenant of the lake."""
    path = folder / "events.jsonl"
    path.write_text("".join(json.dumps(each) + "\n" for each in events))
    with Lake.open(settings) as lake:
        ingest(lake, [path], settings=settings)
