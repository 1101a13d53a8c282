"""A small incident to ask questions about: rows as the lake exports them, and its rule matches."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta
from typing import Any

from contexts import MemoryContext

DAY = datetime(2026, 1, 6)
SECURITY = "Microsoft-Windows-Security-Auditing"
SYSMON = "Microsoft-Windows-Sysmon"
SYSTEM32 = "C:\\Windows\\System32\\"


class IncidentContext(MemoryContext):
    """Events in memory, with the table of detections beside them."""

    def __init__(self, rows: list[dict[str, Any]], detections: list[tuple[Any, ...]]) -> None:
        super().__init__(rows)
        self._connection.execute(
            "CREATE TABLE detections (detection_uid VARCHAR, rule_uid VARCHAR, rule_title VARCHAR,"
            " rule_author VARCHAR, level VARCHAR, techniques VARCHAR[], tactics VARCHAR[],"
            " time TIMESTAMP, event_uid VARCHAR, tenant_uid VARCHAR)"
        )
        for each in detections:
            self._connection.execute(
                "INSERT INTO detections VALUES (?, ?, ?, 'us', ?, ?, ?, ?, ?, 'default')",
                list(each),
            )


def incident() -> IncidentContext:
    """Give the context."""
    rows = incident_rows()
    return IncidentContext(rows, detections_of(rows))


def incident_rows() -> list[dict[str, Any]]:
    """Give the events, in no particular order."""
    rows: list[dict[str, Any]] = []

    def add(device: str | None, class_uid: int, clock: str, code: str, **columns: Any) -> None:
        day = columns.pop("day", 6)
        moment = datetime.fromisoformat(f"2026-01-{day:02d}T{clock}")
        rows.append(_row(len(rows), device, class_uid, moment, code, columns))

    for number in range(7):
        add(
            "dc01",
            3002,
            f"09:0{number}:00",
            "4625",
            activity_id=1,
            status_id=2,
            target_user="jdoe",
            src_ip="203.0.113.77",
            logon_type_id=3,
        )
    add(
        "dc01",
        3002,
        "09:10:00",
        "4625",
        day=5,
        activity_id=1,
        status_id=2,
        target_user="jdoe",
        src_ip="10.0.0.13",
    )
    add(
        "fs01",
        3002,
        "09:11:00",
        "4625",
        activity_id=1,
        status_id=2,
        target_user="bob",
        src_ip="10.0.0.13",
    )
    add(
        "dc01",
        3002,
        "09:08:30",
        "4624",
        activity_id=1,
        status_id=1,
        target_user="jdoe",
        src_ip="203.0.113.77",
        logon_type_id=3,
    )
    add(
        "fs01",
        3002,
        "10:15:00",
        "4624",
        activity_id=1,
        status_id=1,
        target_user="bob",
        src_ip="10.0.0.13",
        logon_type_id=3,
    )
    add(
        "fs01",
        3002,
        "10:40:00",
        "4624",
        activity_id=1,
        status_id=1,
        target_user="alice.ward",
        src_ip="10.0.0.14",
        logon_type_id=10,
    )
    add(
        "fs01",
        3002,
        "12:00:00",
        "4624",
        activity_id=1,
        status_id=1,
        target_user="admin",
        src_ip="10.0.0.14",
        logon_type_id=10,
    )
    add(
        "ws03",
        3002,
        "08:00:00",
        "4624",
        day=7,
        activity_id=1,
        status_id=1,
        target_user="admin",
        logon_type_id=2,
    )

    def process(
        host: str, clock: str, path: str, cmd: str, user: str, parent: str, **more: Any
    ) -> None:
        add(
            host,
            1007,
            clock,
            "1",
            activity_id=1,
            process_path=path,
            process_cmd=cmd,
            actor_user=user,
            parent_path=parent,
            actor_path=parent,
            **more,
        )

    word = "C:\\Program Files\\Microsoft Office\\WINWORD.EXE"
    shell = SYSTEM32 + "WindowsPowerShell\\v1.0\\powershell.exe"
    process(
        "ws03", "10:20:00", word, '"WINWORD.EXE" invoice.docm', "bob", "C:\\Windows\\explorer.exe"
    )
    process("ws03", "10:22:05", shell, "powershell.exe -enc SQBFAFgA", "bob", word)
    process("ws03", "10:25:00", SYSTEM32 + "whoami.exe", "whoami /all", "bob", shell)
    process("ws03", "10:26:00", SYSTEM32 + "whoami.exe", "whoami /groups", "bob", shell)
    process(
        "dc01", "11:30:00", shell, "powershell.exe Get-ADUser", "admin", "C:\\Windows\\explorer.exe"
    )
    process("fs01", "13:00:00", SYSTEM32 + "wevtutil.exe", "wevtutil cl Security", "admin", shell)
    add("fs01", 1008, "13:00:01", "1102", activity_id=1, actor_user="admin")

    for number in range(5):
        add(
            "ws03",
            4003,
            f"10:3{number}:00",
            "22",
            activity_id=1,
            dns_query="c2.evil.example",
            src_host="WS03.corp.example",
            actor_path=shell,
        )
    add(
        "ws01",
        4003,
        "08:00:00",
        "22",
        activity_id=1,
        dns_query="www.good.example",
        src_host="WS01.corp.example",
    )
    for number in range(6):
        add(
            "ws03",
            4001,
            f"10:4{number}:00",
            "3",
            activity_id=1,
            src_ip="10.0.0.13",
            src_host="WS03.corp.example",
            dst_ip="203.0.113.77",
            dst_port=443,
            actor_path=shell,
            actor_user="bob",
        )
    add(
        "ws01",
        4001,
        "08:05:00",
        "3",
        activity_id=1,
        src_ip="10.0.0.11",
        src_host="WS01.corp.example",
        dst_ip="198.51.100.9",
        dst_port=443,
    )
    add(
        "ws01",
        4001,
        "08:06:00",
        "3",
        activity_id=1,
        src_ip="10.0.0.11",
        src_host="WS01.corp.example",
        dst_ip="10.0.0.20",
        dst_port=3389,
    )
    add(
        "ws01",
        4001,
        "08:07:00",
        "3",
        activity_id=1,
        src_ip="10.0.0.11",
        src_host="WS01.corp.example",
        dst_ip="10.0.0.20",
        dst_port=3389,
    )
    add(
        None,
        4001,
        "10:50:00",
        "conn",
        mapper="zeek",
        activity_id=6,
        src_ip="10.0.0.13",
        dst_ip="203.0.113.77",
        dst_port=443,
        host="10.0.0.13",
        provider=None,
    )
    add("fs01", 201004, "12:30:00", "7045", activity_id=1, service_name="updsvc")
    add("dc01", 201004, "07:00:00", "7045", day=5, activity_id=1, service_name="Backup Agent")
    add("ws03", 1006, "10:55:00", "4698", activity_id=1, job_name="\\Updater", actor_user="bob")
    add("dc01", 3001, "11:40:00", "4720", activity_id=1, target_user="svc.new", actor_user="admin")
    add("dc01", 3001, "11:45:00", "4740", activity_id=9, target_user="jdoe")
    add(
        "ws03",
        1001,
        "10:23:00",
        "11",
        activity_id=1,
        actor_user="bob",
        actor_path=shell,
        file_path="C:\\Users\\Public\\a.exe",
    )
    add(
        "ws03",
        201002,
        "10:24:00",
        "13",
        activity_id=2,
        actor_user="bob",
        reg_key="HKLM\\Software\\Microsoft\\Windows\\CurrentVersion\\Run",
        reg_value="Updater",
    )
    add(
        "fs01",
        4006,
        "10:16:00",
        "5145",
        activity_id=2,
        actor_user="bob",
        src_ip="10.0.0.13",
        share_name="\\\\*\\Finance",
        file_path="q4.xlsx",
    )
    add(
        None,
        6003,
        "14:00:00",
        "StopLogging",
        mapper="cloudtrail",
        activity_id=3,
        status_id=1,
        actor_user="cloud.ops",
        src_ip="198.51.100.20",
        api_operation="StopLogging",
        host="198.51.100.20",
        provider="cloudtrail.amazonaws.com",
    )
    return rows


def detections_of(rows: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """Give the rule matches, one for each event that a rule's word stands in."""
    rules = (
        (
            "Encoded PowerShell",
            "high",
            ["T1059.001", "T1027.010"],
            ["execution", "defense-evasion"],
            "-enc ",
        ),
        ("Whoami", "low", ["T1033"], ["discovery"], "whoami /"),
        ("Event Log Cleared", "critical", ["T1070.001"], ["defense-evasion"], "wevtutil cl"),
        ("Remote Desktop Logon", "low", ["T1021.001"], ["lateral-movement"], '"LogonType": 10'),
    )
    return [
        (
            f"{row['event_uid'][:8]}{number}",
            f"rule{number}",
            title,
            level,
            techniques,
            tactics,
            row["time"],
            row["event_uid"],
        )
        for number, (title, level, techniques, tactics, word) in enumerate(rules)
        for row in rows
        if word in row["raw"]
    ]


def _row(
    number: int,
    host: str | None,
    class_uid: int,
    time: datetime,
    code: str,
    columns: dict[str, Any],
) -> dict[str, Any]:
    uid = hashlib.sha256(f"event {number}".encode()).hexdigest()[:32]
    device = f"{host.upper()}.corp.example" if host else None
    shown = {key: value for key, value in columns.items() if value is not None}
    record = {"EventID": code, "Computer": device, **shown}
    if "logon_type_id" in shown:
        record["LogonType"] = shown["logon_type_id"]
    row: dict[str, Any] = {
        "event_uid": uid,
        "tenant_uid": "default",
        "time": time + timedelta(milliseconds=number),
        "mapper": "windows",
        "host": host,
        "device_host": device,
        "class_uid": class_uid,
        "category_uid": class_uid % 100_000 // 1000,
        "original_id": code,
        "provider": SYSMON if len(code) < 3 else SECURITY,
        "shard_key": int(uid[:8], 16),
        "source_path": "dc.jsonl" if host == "dc01" else "other.jsonl",
        **columns,
    }
    row["event"] = json.dumps({"metadata": {"uid": uid, "event_code": code}, **shown})
    row["raw"] = json.dumps(record)
    row["chars"] = len(row["raw"])
    return row
