"""Wazuh (and OSSEC) alerts: `alerts.json`, and what indexers keep of it."""

from __future__ import annotations

from ocsf.mappers.audit_parts import MESSAGE_LENGTH, PORT_MAXIMUM, hashes, product
from ocsf.mapping import (
    PRESENT,
    Basename,
    Cut,
    EachAs,
    Expression,
    Ip,
    Listing,
    Lookup,
    Mapper,
    NotIp,
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

LEVELS = {
    **dict.fromkeys(map(str, range(4)), 1),
    **dict.fromkeys(("4", "5", "6"), 2),
    **dict.fromkeys(("7", "8", "9", "10", "11"), 3),
    **dict.fromkeys(("12", "13"), 4),
    **dict.fromkeys(("14", "15", "16"), 5),
}
"""OCSF severity of a rule's level."""
DATA = "data"
WINDOWS = "data.win.eventdata"
SCA = "data.sca.check"
FLAW = "data.vulnerability"
TECHNIQUES = 4

RULE_ID = f("rule.id")
TITLE = f("rule.description", "rule.id")
EVIDENCE: Expression = Obj(
    {
        "src_endpoint": Obj(
            {
                "ip": Ip(f(f"{DATA}.srcip", f"{DATA}.src_ip", f"{WINDOWS}.ipAddress")),
                "hostname": NotIp(f(f"{DATA}.srcip", f"{WINDOWS}.workstationName")),
                "port": num(f"{DATA}.srcport", f"{DATA}.src_port", maximum=PORT_MAXIMUM),
            }
        ),
        "dst_endpoint": Obj(
            {
                "ip": Ip(f(f"{DATA}.dstip", f"{DATA}.dest_ip", f"{WINDOWS}.destinationIp")),
                "port": num(f"{DATA}.dstport", f"{DATA}.dest_port", maximum=PORT_MAXIMUM),
            },
            needs=("ip",),
        ),
        "user.name": f(f"{DATA}.dstuser", f"{WINDOWS}.targetUserName", f"{DATA}.srcuser"),
        "process": Obj(
            {
                "name": Basename(f(f"{WINDOWS}.image", f"{DATA}.audit.exe")),
                "cmd_line": f(f"{WINDOWS}.commandLine", f"{DATA}.command", f"{DATA}.audit.command"),
                "pid": num(f"{DATA}.audit.pid"),
            },
            needs=("name",),
        ),
        "file": Obj(
            {
                "path": f("syscheck.path", f"{DATA}.audit.file.name"),
                "name": Basename(f("syscheck.path", f"{DATA}.audit.file.name")),
                "type_id": Lookup(f("syscheck.path"), {}, other=1, default=0),
                "size": num("syscheck.size_after"),
                "hashes": hashes(
                    md5=("syscheck.md5_after",),
                    sha1=("syscheck.sha1_after",),
                    sha256=("syscheck.sha256_after",),
                ),
            },
            needs=("name",),
        ),
        "data": Raw(DATA, "object"),
    }
)
FINDING: Tree = {
    "message": Cut(f("full_log", "rule.description"), MESSAGE_LENGTH),
    "finding_info.uid": f("id", "rule.id"),
    "finding_info.title": TITLE,
    "finding_info.types": EachAs("rule.groups"),
    "finding_info.analytic": Obj({"name": TITLE, "uid": RULE_ID, "type_id": c(1)}, needs=("uid",)),
    "status_id": c(1),
    "unmapped.level": num("rule.level"),
    "unmapped.fired_times": num("rule.firedtimes"),
    "unmapped.program": f("predecoder.program_name"),
    "unmapped.decoder": f("decoder.name"),
    "unmapped.location": f("location"),
    "unmapped.change": f("syscheck.event"),
}
SEVERITY = Lookup(f("rule.level"), LEVELS, default=0)

MAPPER = Mapper(
    name="wazuh",
    title="Wazuh and OSSEC alerts",
    limits="The event that an alert rests on is kept as evidence, not as an event of its own.",
    shapes=with_wrapped(
        Shape(
            name="alert",
            present=(
                frozenset({"rule.id"}),
                frozenset({"rule.level"}),
                frozenset({"agent.id", "manager.name"}),
                frozenset({"decoder", "location", "full_log", "manager"}),
            ),
        ),
    ),
    times=(TimeField("timestamp"), TimeField('"@timestamp"')),
    defaults={
        **product("Wazuh", "Wazuh", "host"),
        "metadata.uid": f("id"),
        "metadata.event_code": RULE_ID,
        "metadata.log_name": f("location"),
        "metadata.log_provider": f("manager.name"),
        "device.hostname": f("agent.name", "predecoder.hostname", "manager.name"),
        "device.ip": Ip(f("agent.ip")),
        "device.uid": f("agent.id"),
        "device.type_id": c(0),
    },
    rules=(
        Rule(
            name="vulnerability",
            class_uid=2002,
            activity_id=Lookup(f(f"{FLAW}.status"), {"active": 1, "solved": 3}, default=1),
            severity_id=SEVERITY,
            tree={
                **FINDING,
                "vulnerabilities": Listing(
                    (
                        Obj(
                            {
                                "cve.uid": f(f"{FLAW}.cve"),
                                "title": f(f"{FLAW}.title", f"{FLAW}.cve"),
                                "severity": f(f"{FLAW}.severity"),
                                "affected_packages": Listing(
                                    (
                                        Obj(
                                            {
                                                "name": f(f"{FLAW}.package.name"),
                                                "version": f(f"{FLAW}.package.version"),
                                            },
                                            needs=("name", "version"),
                                        ),
                                    )
                                ),
                            }
                        ),
                    )
                ),
                "status_id": Lookup(f(f"{FLAW}.status"), {"solved": 4}, default=1),
            },
            when=((f"{FLAW}.cve", PRESENT),),
        ),
        Rule(
            name="configuration check",
            class_uid=2003,
            activity_id=1,
            severity_id=SEVERITY,
            tree={
                **FINDING,
                "finding_info.title": f(f"{SCA}.title", "rule.description"),
                "finding_info.desc": f(f"{SCA}.description"),
                "compliance.control": f(f"{SCA}.title", f"{SCA}.id"),
                "compliance.standards": Listing((f("data.sca.policy", "data.sca.policy_id"),)),
                "compliance.status": f(f"{SCA}.result"),
                "compliance.status_id": Lookup(
                    f(f"{SCA}.result"), {"passed": 1, "failed": 3, "not applicable": 99}, default=0
                ),
                "remediation.desc": f(f"{SCA}.remediation"),
                "unmapped.reason": f(f"{SCA}.reason", f"{SCA}.rationale"),
            },
            when=((f"{SCA}.id", PRESENT),),
        ),
        Rule(
            name="alert",
            class_uid=2004,
            activity_id=1,
            severity_id=SEVERITY,
            tree={
                **FINDING,
                "finding_info.attacks": Listing(
                    tuple(
                        Obj(
                            {
                                "technique.uid": f(f"rule.mitre.id[{place}]"),
                                "technique.name": f(f"rule.mitre.technique[{place}]"),
                            },
                            needs=("technique.uid",),
                        )
                        for place in range(TECHNIQUES)
                    )
                ),
                "evidences": Listing((EVIDENCE,)),
                "actor.user.name": f(f"{DATA}.srcuser", f"{WINDOWS}.subjectUserName"),
                "unmapped.tactics": EachAs("rule.mitre.tactic"),
            },
        ),
    ),
)
