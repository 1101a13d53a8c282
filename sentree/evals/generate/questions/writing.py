"""Facts as records: OCSF JSON, or what Windows collectors and a help desk's syslog deliver."""

from __future__ import annotations

import json
from collections.abc import Mapping
from random import Random

from schemas.question_truth import LogFormat
from sentree.evals.generate import windows
from sentree.evals.generate.emission import Emission
from sentree.evals.generate.questions.facts import Fact, FactKind
from sentree.evals.generate.world import MILLISECOND, NETBIOS, iso

OCSF_STREAM = "edr/events.jsonl"
TICKET_STREAM = "syslog/helpdesk.log"
CLASSES: Mapping[FactKind, tuple[int, int, int]] = {
    "logon": (3, 3002, 1),
    "failed": (3, 3002, 1),
    "dns": (4, 4003, 1),
    "connection": (4, 4001, 1),
    "process": (1, 1007, 1),
    "service": (1, 201004, 1),
    "ticket": (0, 0, 99),
}
"""Category, class and activity of OCSF by kind of fact."""

_VERSION = "1.4.0"


def as_record(fact: Fact, form: LogFormat, rng: Random, number: int) -> Emission:
    """Write a fact; `number` counts the records, so that no two are equal."""
    if form is LogFormat.OCSF:
        return Emission(fact.time, OCSF_STREAM, _dumped(_ocsf(fact, number)))
    if fact.kind == "ticket":
        line = (
            f"{iso(fact.time)} desk01 helpdesk[812]: ticket {10_000 + number} from"
            f" {fact.user.name}: {fact.text}"
        )
        return Emission(fact.time, TICKET_STREAM, line)
    made = _windows(fact, rng)
    record = (
        {**made.record, "RecordNumber": 10_000 + number} if isinstance(made.record, Mapping) else {}
    )
    return made._replace(record=_dumped(record), stream="windows/wec01.jsonl")


def _dumped(record: Mapping[str, object]) -> str:
    return json.dumps(record, ensure_ascii=False, separators=(",", ":"))


def _windows(fact: Fact, rng: Random) -> Emission:
    process = windows.running(rng, fact.host, fact.user, "C:\\Program Files\\Browser\\browser.exe")
    match fact.kind:
        case "logon" | "failed":
            good = fact.kind == "logon"
            fields = {
                **windows.subject(fact.host, windows.SYSTEM, "0x3e7"),
                "TargetUserSid": fact.user.sid if good else "S-1-0-0",
                "TargetUserName": fact.user.name,
                "TargetDomainName": NETBIOS,
                "LogonType": "3",
                "LogonProcessName": "NtLmSsp",
                "AuthenticationPackageName": "NTLM",
                "WorkstationName": "-",
                "IpAddress": fact.source,
                "IpPort": str(rng.randrange(49152, 65535)),
            }
            more = (
                {"TargetLogonId": process.logon_id}
                if good
                else {"Status": "0xc000006d", "SubStatus": "0xc000006a", "FailureReason": "%%2313"}
            )
            return windows.windows_event(
                fact.time, fact.host, windows.SECURITY, 4624 if good else 4625, {**fields, **more}
            )
        case "dns":
            return windows.dns_query(fact.time, rng, process, fact.name, "192.0.2.9")
        case "connection":
            return windows.connection(fact.time, rng, process, fact.target, fact.port)
        case "service":
            fields = {
                "ServiceName": fact.name,
                "ImagePath": f"C:\\Program Files\\{fact.name}\\agent.exe",
                "ServiceType": "user mode service",
                "StartType": "auto start",
                "AccountName": "LocalSystem",
            }
            return windows.windows_event(fact.time, fact.host, "System", 7045, fields)
        case _:
            _, [sysmon, _] = windows.process_start(fact.time, rng, process, fact.name, fact.name)
            return sysmon


def _ocsf(fact: Fact, number: int) -> dict[str, object]:
    device = {"hostname": fact.host.fqdn, "ip": fact.host.ip, "type_id": 2}
    user = {"name": fact.user.name, "uid": fact.user.sid}
    category, class_uid, activity = CLASSES[fact.kind]
    event: dict[str, object] = {
        "class_uid": class_uid,
        "category_uid": category,
        "activity_id": activity,
        "type_uid": class_uid * 100 + activity,
        "severity_id": 1,
        "time": fact.time // MILLISECOND,
        "metadata": {
            "version": _VERSION,
            "uid": f"{number:08d}",
            "product": {"name": "Harbour Agent", "vendor_name": "Quayside"},
        },
    }
    match fact.kind:
        case "logon" | "failed":
            event |= {
                "status_id": 1 if fact.kind == "logon" else 2,
                "user": user,
                "dst_endpoint": device,
                "device": device,
                "src_endpoint": {"ip": fact.source},
                "logon_type_id": 3,
                "is_remote": True,
            }
        case "dns":
            event |= {
                "device": device,
                "actor": {"user": user},
                "src_endpoint": {"ip": fact.host.ip, "hostname": fact.host.fqdn},
                "query": {"hostname": fact.name, "type": "A"},
            }
        case "connection":
            event |= {
                "device": device,
                "actor": {"user": user},
                "src_endpoint": {"ip": fact.host.ip, "hostname": fact.host.fqdn},
                "dst_endpoint": {"ip": fact.target, "port": fact.port},
                "connection_info": {"direction_id": 2, "protocol_name": "tcp"},
            }
        case "process":
            name = fact.name.rpartition("\\")[2]
            event |= {
                "device": device,
                "actor": {"user": user, "process": {"name": "explorer.exe", "pid": 4012}},
                "process": {
                    "name": name,
                    "pid": 5000 + number % 20_000,
                    "cmd_line": fact.name,
                    "file": {"name": name, "path": fact.name, "type_id": 1},
                },
            }
        case "service":
            event |= {
                "device": device,
                "actor": {"user": user},
                "win_service": {"name": fact.name, "cmd_line": f"C:\\{fact.name}\\agent.exe"},
            }
        case _:
            event |= {
                "activity_name": "Ticket",
                "message": f"ticket {10_000 + number} from {fact.user.name}: {fact.text}",
                "observables": [{"name": "user", "type_id": 4, "value": fact.user.name}],
            }
    return event
