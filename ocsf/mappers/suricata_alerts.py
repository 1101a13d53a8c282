"""Suricata's alerts: Detection Findings with what was seen as evidence."""

from __future__ import annotations

from ocsf.mappers.audit_parts import MESSAGE_LENGTH
from ocsf.mappers.suricata_parts import (
    CONNECTION,
    DESTINATION,
    FILE,
    HOST,
    HTTP,
    QUERY,
    SOURCE,
    TLS,
)
from ocsf.mapping import (
    Basename,
    Cut,
    First,
    Join,
    Listing,
    Lookup,
    Match,
    Obj,
    Raw,
    Rule,
    Tree,
    c,
    f,
    under,
)

ACTIONS = {"allowed": 1, "pass": 1, "blocked": 2, "drop": 2, "reject": 2}
TECHNIQUE = Match(
    f("alert.metadata.mitre_technique_id[0]", "alert.metadata.mitre_technique_id"),
    r"(T\d{4}(?:\.\d{3})?)",
)
EVIDENCE: Tree = {
    **under("src_endpoint", SOURCE),
    **under("dst_endpoint", DESTINATION),
    **under("connection_info", CONNECTION),
    "query": Obj(QUERY, needs=("hostname",)),
    "http_request.user_agent": f("http.http_user_agent"),
    "url": Obj(
        {"hostname": HOST, "url_string": HTTP["http_request.url.url_string"]},
        needs=("url_string",),
    ),
    "tls": TLS,
    "file": Obj(
        {**FILE, "name": Basename(f("fileinfo.filename", "files[0].filename"))}, needs=("name",)
    ),
}
ALERT = Rule(
    name="alert",
    class_uid=2004,
    activity_id=1,
    severity_id=Lookup(f("alert.severity"), {"1": 4, "2": 3, "3": 2, "4": 1, "255": 1}, default=0),
    tree={
        "metadata.profiles": Listing((c("security_control"),)),
        "finding_info.uid": First(
            (
                Join((f("flow_id"), f("alert.signature_id")), "/"),
                f("alert.signature_id", "alert.signature", "timestamp"),
            )
        ),
        "finding_info.title": f("alert.signature", "event_type"),
        "finding_info.types": Listing((f("alert.category"),)),
        "finding_info.analytic": Obj(
            {
                "name": f("alert.signature"),
                "uid": f("alert.signature_id"),
                "version": f("alert.rev"),
                "category": f("alert.category"),
                "type_id": c(1),
            },
            needs=("uid",),
        ),
        "finding_info.attacks": Listing(
            (
                Obj(
                    {
                        "technique.uid": TECHNIQUE,
                        "technique.name": f("alert.metadata.mitre_technique_name[0]"),
                        "tactic.uid": f("alert.metadata.mitre_tactic_id[0]"),
                        "tactic.name": f("alert.metadata.mitre_tactic_name[0]"),
                    }
                ),
            )
        ),
        "message": Cut(f("alert.signature"), MESSAGE_LENGTH),
        "evidences": Listing((Obj(EVIDENCE),)),
        "action_id": Lookup(f("alert.action"), ACTIONS, other=99, default=0),
        "disposition_id": Lookup(f("alert.action"), ACTIONS, default=0),
        "unmapped.app_proto": f("app_proto"),
        "unmapped.gid": f("alert.gid"),
        "unmapped.metadata": Raw("alert.metadata", "object"),
        "unmapped.http": Raw("http", "object"),
        "unmapped.flow": Raw("flow", "object"),
        "unmapped.payload": Cut(f("payload_printable"), MESSAGE_LENGTH),
        "unmapped.xff": f("xff", "http.xff"),
        "unmapped.sensor": f("host", "sensor_name"),
        "unmapped.in_iface": f("in_iface"),
    },
    when=(("event_type", frozenset({"alert"})),),
)
