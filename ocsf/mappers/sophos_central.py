"""Sophos Central: events and alerts of its SIEM interface, as they come or as its script writes."""

from __future__ import annotations

from ocsf.mappers.audit_parts import MESSAGE_LENGTH, PORT_MAXIMUM, hashes, product
from ocsf.mapping import (
    PRESENT,
    AfterLast,
    Basename,
    Cut,
    Expression,
    First,
    Ip,
    Listing,
    Lookup,
    Mapper,
    Match,
    Millis,
    Obj,
    Raw,
    Rule,
    Shape,
    TimeField,
    Tree,
    c,
    f,
    num,
    with_wrapped,
)

TYPE = f("type")
SAID = f("name", "description")
SEVERITIES = {"none": 1, "low": 2, "medium": 3, "high": 4, "critical": 5}
GROUPS = frozenset(
    {
        *("malware", "pua", "runtime_detections", "ips", "amsi", "data_loss_prevention", "xdr"),
        *("malicious_activity", "denc", "cix_detections"),
    }
)
USER = f("source", "suser")
PATH: Expression = First((f("filePath"), Match(SAID, r"' at '([^']+)'")))
THREAT: Expression = First(
    (
        f("threat", "detection_identity_name"),
        Match(SAID, r"(?:detected|required|cleaned up): '([^']+)'"),
    )
)
IPS = ("ips_threat_data", "data.ips_threat")
EXECUTABLE = f(
    *("ips_threat_data.executablePath", "data.ips_threat.executable_path"),
    *("amsi_threat_data.processPath", "data.hmpa_exploit.process_path"),
)
DEVICE: Tree = {
    "device.hostname": f("location", "dhost"),
    "device.uid": f("endpoint_id", "data.endpoint_id"),
    "device.ip": Ip(f("source_info.ip", "data.source_info.ip", "source_info_ip")),
    "device.type_id": Lookup(
        f("endpoint_type", "data.endpoint_type"),
        {"server": 1, "computer": 0, "mobile": 5},
        default=0,
    ),
    "device.os.name": f("data.endpoint_platform"),
    "device.os.type_id": Lookup(
        f("data.endpoint_platform"), {"windows": 100, "linux": 200, "macos": 300}, other=99
    ),
}
SEEN: Tree = {
    **DEVICE,
    "message": Cut(SAID, MESSAGE_LENGTH),
    "unmapped.group": f("group"),
    "unmapped.origin": f("origin"),
    "unmapped.user_id": f("user_id", "duid"),
}
FINDING: Tree = {
    **SEEN,
    "actor.user.name": USER,
    "finding_info.uid": f("id", "type"),
    "finding_info.title": First((Cut(SAID, MESSAGE_LENGTH), TYPE)),
    "finding_info.types": Listing((AfterLast(TYPE, ":"),)),
    "finding_info.created_time": Millis(f("created_at", "rt")),
    "finding_info.analytic": Obj({"name": THREAT, "type_id": c(1)}, needs=("name",)),
    "evidences": Listing(
        (
            Obj(
                {
                    "file": Obj(
                        {
                            "name": Basename(PATH),
                            "path": PATH,
                            "type_id": c(1),
                            "hashes": hashes(sha256=("appSha256", "sha256")),
                        },
                        needs=("path",),
                    ),
                    "process": Obj(
                        {
                            "name": Basename(EXECUTABLE),
                            "pid": num(
                                *("ips_threat_data.executablePid", "data.hmpa_exploit.process_pid"),
                                "data.ips_threat.executable_pid",
                            ),
                            "file": Obj(
                                {
                                    "name": Basename(EXECUTABLE),
                                    "path": EXECUTABLE,
                                    "type_id": c(1),
                                },
                                needs=("path",),
                            ),
                        },
                        needs=("name",),
                    ),
                    "src_endpoint": Obj(
                        {
                            "ip": Ip(f(*(f"{IPS[0]}.remoteIp", f"{IPS[1]}.remote_ip"))),
                            "port": num(
                                f"{IPS[0]}.remotePort",
                                f"{IPS[1]}.remote_port",
                                maximum=PORT_MAXIMUM,
                            ),
                        },
                        needs=("ip",),
                    ),
                    "user": Obj({"name": USER}, needs=("name",)),
                }
            ),
        )
    ),
    "unmapped.threat": THREAT,
    "unmapped.cleanable": f("threat_cleanable"),
    "unmapped.remedies": Raw("core_remedy_items", "object"),
    "unmapped.event": f("event_service_event_id"),
}


def _finding(name: str, *when: tuple[str, frozenset[str]]) -> Rule:
    return Rule(
        name=name,
        class_uid=2004,
        activity_id=1,
        severity_id=Lookup(f("severity"), SEVERITIES, other=99, default=0),
        tree=FINDING,
        when=when,
    )


MAPPER = Mapper(
    name="sophos_central",
    title="Sophos Central events and alerts",
    limits="Events of updates, policies, web and device control are Base Events.",
    shapes=with_wrapped(
        Shape(
            name="event",
            present=(
                frozenset({"customer_id", "datastream"}),
                frozenset({"type"}),
                frozenset({"when", "end"}),
                frozenset({"created_at", "rt"}),
                frozenset({"severity"}),
                frozenset(
                    {"endpoint_id", "endpoint_type", "event_service_event_id", "location", "dhost"}
                ),
                frozenset({"name", "description"}),
            ),
        ),
    ),
    times=tuple(TimeField(name, unit="any") for name in ("when", "end", "created_at", "rt")),
    nulls=frozenset({"", "n/a"}),
    defaults={
        **product("Sophos Central", "Sophos", "host"),
        "metadata.event_code": TYPE,
        "metadata.uid": f("id"),
        "metadata.tenant_uid": f("customer_id"),
    },
    rules=(
        _finding("alert", ("event_service_event_id", PRESENT)),
        _finding("detection", ("group", GROUPS)),
        Rule(
            name="new user",
            class_uid=3001,
            activity_id=1,
            severity_id=1,
            tree={**SEEN, "user.name": USER, "user.uid": f("user_id", "duid"), "status_id": c(1)},
            when=(("type", frozenset({"event::endpoint::userautocreated"})), ("source", PRESENT)),
        ),
        Rule(
            name="other event",
            class_uid=0,
            activity_id=99,
            severity_id=Lookup(f("severity"), SEVERITIES, other=99, default=0),
            tree={**SEEN, "unmapped.user": USER},
        ),
    ),
)
