"""SentinelOne's threats, alerts of every kind, and console activities."""

from __future__ import annotations

from ocsf.mappers.audit_parts import MESSAGE_LENGTH, PORT_MAXIMUM, endpoint, hashes, said
from ocsf.mapping import (
    PRESENT,
    Basename,
    Cut,
    Expression,
    First,
    Ip,
    Listing,
    Lookup,
    Millis,
    Obj,
    Raw,
    Rule,
    Tree,
    c,
    f,
    num,
    under,
)

THREAT = "threatInfo"
AGENT = ("agentRealtimeInfo", "agentDetectionInfo")
LOGONS = {"27": 1, "33": 2, "133": 1, "134": 1, "139": 1, "3626": 1, "3629": 1}
FAILED = {"133": 2, "134": 2}
PLACES = 3


def star(prefix: str, parent: Expression | None = None) -> Tree:
    """Give a process of an alert by its group's name."""
    path = f(f"{prefix}.filePath")
    tree: dict[str, Expression] = {
        "name": First((f(f"{prefix}.name"), Basename(path))),
        "pid": num(f"{prefix}.pid"),
        "uid": f(f"{prefix}.uniqueId"),
        "cmd_line": f(f"{prefix}.commandline"),
        "created_time": Millis(f(f"{prefix}.pidStarttime")),
        "user.name": f(f"{prefix}.user"),
        "file": Obj(
            {
                "path": path,
                "name": First((Basename(path), f(f"{prefix}.name"))),
                "type_id": c(1),
                "hashes": hashes(
                    md5=(f"{prefix}.fileHashMd5",),
                    sha1=(f"{prefix}.fileHashSha1",),
                    sha256=(f"{prefix}.fileHashSha256",),
                ),
            },
            needs=("name",),
        ),
    }
    if parent is not None:
        tree["parent_process"] = parent
    return tree


ALERT = "alertInfo"
SEVERITIES = {"info": 1, "low": 2, "medium": 3, "high": 4, "critical": 5}
STATES = {"resolved": 4, "in_progress": 2, "in progress": 2}
DONE = {"resolved": 3, "in_progress": 2, "in progress": 2}

RULES: tuple[Rule, ...] = (
    Rule(
        name="threat",
        class_uid=2004,
        activity_id=Lookup(
            f(f"{THREAT}.incidentStatus"), {"resolved": 3, "in_progress": 2}, default=1
        ),
        severity_id=Lookup(
            f(f"{THREAT}.confidenceLevel"), {"malicious": 4, "suspicious": 3}, default=3
        ),
        tree={
            "message": Cut(f(f"{THREAT}.threatName", f"{THREAT}.classification"), MESSAGE_LENGTH),
            "finding_info.uid": f(f"{THREAT}.threatId", "id"),
            "finding_info.title": f(f"{THREAT}.threatName", f"{THREAT}.classification", "id"),
            "finding_info.types": Listing((f(f"{THREAT}.classification"),)),
            "finding_info.created_time": Millis(f(f"{THREAT}.createdAt")),
            "finding_info.modified_time": Millis(f(f"{THREAT}.updatedAt")),
            "finding_info.attacks": Listing(
                tuple(
                    Obj(
                        {
                            "technique.uid": f(
                                f"indicators[{place}].tactics[0].techniques[0].name"
                            ),
                            "tactic.name": f(f"indicators[{place}].tactics[0].name"),
                        },
                        needs=("technique.uid",),
                    )
                    for place in range(PLACES)
                )
            ),
            "status_id": Lookup(
                f(f"{THREAT}.incidentStatus"), {"resolved": 4, "in_progress": 2}, default=1
            ),
            "evidences": Listing(
                (
                    Obj(
                        {
                            "file": Obj(
                                {
                                    "path": f(f"{THREAT}.filePath"),
                                    "name": First(
                                        (
                                            Basename(f(f"{THREAT}.filePath")),
                                            f(f"{THREAT}.threatName"),
                                        )
                                    ),
                                    "type_id": c(1),
                                    "size": num(f"{THREAT}.fileSize"),
                                    "hashes": hashes(
                                        md5=(f"{THREAT}.md5",),
                                        sha1=(f"{THREAT}.sha1",),
                                        sha256=(f"{THREAT}.sha256",),
                                    ),
                                },
                                needs=("name",),
                            ),
                            "user.name": f(f"{THREAT}.processUser"),
                        }
                    ),
                )
            ),
            "unmapped.verdict": f(f"{THREAT}.analystVerdict"),
            "unmapped.originator": f(f"{THREAT}.originatorProcess"),
            "unmapped.arguments": f(f"{THREAT}.maliciousProcessArguments"),
            "unmapped.mitigation": f(f"{THREAT}.mitigationStatus"),
            "unmapped.engines": Raw(f"{THREAT}.engines", "array"),
            "unmapped.storyline": f(f"{THREAT}.storyline"),
        },
        when=((f"{THREAT}.threatId", PRESENT),),
    ),
    Rule(
        name="alert of a rule",
        class_uid=2004,
        activity_id=Lookup(f(f"{ALERT}.incidentStatus"), DONE, default=1),
        severity_id=Lookup(f("ruleInfo.severity"), SEVERITIES, default=3),
        tree={
            "message": f("ruleInfo.name"),
            "finding_info.uid": f(f"{ALERT}.alertId"),
            "finding_info.title": f("ruleInfo.name", f"{ALERT}.alertId"),
            "finding_info.desc": Cut(f("ruleInfo.description"), MESSAGE_LENGTH),
            "finding_info.types": Listing((f(f"{ALERT}.eventType"),)),
            "finding_info.created_time": Millis(f(f"{ALERT}.createdAt")),
            "finding_info.modified_time": Millis(f(f"{ALERT}.updatedAt")),
            "finding_info.analytic.name": f("ruleInfo.name"),
            "finding_info.analytic.uid": f("ruleInfo.id"),
            "finding_info.analytic.type_id": c(1),
            "status_id": Lookup(f(f"{ALERT}.incidentStatus"), STATES, default=1),
            "actor.user.name": f("sourceProcessInfo.user", f"{ALERT}.loginsUserName"),
            "evidences": Listing(
                (
                    Obj(
                        {
                            "process": Obj(
                                star(
                                    "sourceProcessInfo",
                                    Obj(star("sourceParentProcessInfo"), needs=("name",)),
                                ),
                                needs=("name",),
                            ),
                            "file": Obj(
                                {
                                    "path": f("targetProcessInfo.tgtFilePath"),
                                    "name": Basename(f("targetProcessInfo.tgtFilePath")),
                                    "type_id": c(1),
                                    "hashes": hashes(
                                        sha1=("targetProcessInfo.tgtFileHashSha1",),
                                        sha256=("targetProcessInfo.tgtFileHashSha256",),
                                    ),
                                },
                                needs=("name",),
                            ),
                            "src_endpoint.ip": Ip(f(f"{ALERT}.srcIp")),
                            "src_endpoint.port": num(f"{ALERT}.srcPort", maximum=PORT_MAXIMUM),
                            "dst_endpoint.ip": Ip(f(f"{ALERT}.dstIp")),
                            "dst_endpoint.port": num(f"{ALERT}.dstPort", maximum=PORT_MAXIMUM),
                            "query": Obj(
                                {"hostname": f(f"{ALERT}.dnsRequest")}, needs=("hostname",)
                            ),
                            "user.name": f(f"{ALERT}.loginsUserName"),
                        }
                    ),
                    Obj(
                        {
                            "process": Obj(
                                {
                                    "name": First(
                                        (
                                            f("targetProcessInfo.tgtProcName"),
                                            Basename(f("targetProcessInfo.tgtProcImagePath")),
                                        )
                                    ),
                                    "pid": num("targetProcessInfo.tgtProcPid"),
                                    "uid": f("targetProcessInfo.tgtProcUid"),
                                    "cmd_line": f("targetProcessInfo.tgtProcCmdLine"),
                                },
                                needs=("name",),
                            )
                        }
                    ),
                )
            ),
            "unmapped.verdict": f(f"{ALERT}.analystVerdict"),
            "unmapped.query": f("ruleInfo.s1ql"),
            "unmapped.storyline": f("sourceProcessInfo.storyline"),
            "unmapped.registry": f(f"{ALERT}.registryKeyPath", f"{ALERT}.registryPath"),
        },
        when=(("alertInfo.alertId", PRESENT),),
    ),
    Rule(
        name="unified alert",
        class_uid=2004,
        activity_id=Lookup(f("status"), DONE, default=1),
        severity_id=Lookup(f("severity"), SEVERITIES, default=3),
        tree={
            "message": f("name", "classification"),
            "finding_info.uid": f("id", "externalId"),
            "finding_info.title": f("name", "classification", "id"),
            "finding_info.desc": Cut(f("description"), MESSAGE_LENGTH),
            "finding_info.types": Listing((f("classification"),)),
            "finding_info.created_time": Millis(f("createdAt")),
            "finding_info.modified_time": Millis(f("updatedAt")),
            "finding_info.first_seen_time": Millis(f("firstSeenAt")),
            "finding_info.last_seen_time": Millis(f("lastSeenAt")),
            "status_id": Lookup(f("status"), STATES, default=1),
            "actor.user.name": f("assets[0].lastLoggedInUser"),
            "evidences": Listing(
                (
                    Obj(
                        {
                            "process": Obj(
                                {
                                    "name": First(
                                        (
                                            f("process.file.name"),
                                            Basename(f("process.file.path")),
                                        )
                                    ),
                                    "cmd_line": f("process.cmdLine"),
                                    "uid": f("storylineId", "id"),
                                    "file": Obj(
                                        {
                                            "path": f("process.file.path"),
                                            "name": f("process.file.name"),
                                            "type_id": c(1),
                                            "hashes": hashes(
                                                md5=("process.file.md5",),
                                                sha1=("process.file.sha1",),
                                                sha256=("process.file.sha256",),
                                            ),
                                        },
                                        needs=("name",),
                                    ),
                                },
                                needs=("name",),
                            ),
                            "src_endpoint.ip": Ip(f("detectionTime.attacker.ip")),
                            "src_endpoint.hostname": f("detectionTime.attacker.host"),
                            "user.name": f(
                                "detectionTime.targetUser.name",
                                "detectionTime.targetUser.emailAddress",
                            ),
                            "user.email_addr": f("detectionTime.targetUser.emailAddress"),
                        }
                    ),
                )
            ),
            "unmapped.verdict": f("analystVerdict"),
            "unmapped.confidence": f("confidenceLevel"),
            "unmapped.result": f("result"),
            "unmapped.source": f("detectionSource.product"),
            "unmapped.parent_process": f("process.parentName"),
            "unmapped.storyline": f("storylineId"),
        },
        when=(("detectedAt", PRESENT),),
    ),
    Rule(
        name="threat detected",
        class_uid=2004,
        activity_id=1,
        severity_id=Lookup(f("data.confidenceLevel"), {"malicious": 4}, default=3),
        tree={
            "message": Cut(f("primaryDescription"), MESSAGE_LENGTH),
            "finding_info.uid": f("threatId", "id"),
            "finding_info.title": f("primaryDescription"),
            "finding_info.types": Listing((f("data.threatClassification"),)),
            "evidences": Listing(
                (
                    Obj(
                        {
                            "file": Obj(
                                {
                                    "path": f("data.filePath"),
                                    "name": f("data.fileDisplayName"),
                                    "type_id": c(1),
                                    "hashes": hashes(sha1=("data.fileContentHash",)),
                                },
                                needs=("name",),
                            ),
                            "user.name": f("data.username"),
                        }
                    ),
                )
            ),
            "unmapped.data": Raw("data", "object"),
        },
        when=(
            ("activityType", frozenset({"18", "19", "4003"})),
            ("data.threatClassification", PRESENT),
        ),
    ),
    Rule(
        name="logon to the console",
        class_uid=3002,
        activity_id=Lookup(f("activityType"), LOGONS, default=99),
        tree={
            **under("src_endpoint", endpoint(f("data.ipAddress"), f("activityType"))),
            "user.name": f("data.username", "data.email", "userId", "data.userId"),
            "user.uid": f("userId"),
            "service.name": said("SentinelOne", "activityType"),
            "status_id": Lookup(f("activityType"), FAILED, other=1, default=0),
            "message": Cut(f("primaryDescription"), MESSAGE_LENGTH),
            "is_remote": c(True),
        },
        when=(("activityType", frozenset(LOGONS)),),
    ),
    Rule(
        name="activity",
        class_uid=6003,
        activity_id=99,
        tree={
            **under("src_endpoint", endpoint(f("data.ipAddress"), f("activityType"))),
            "actor.user.name": f("data.username", "data.byUser", "userId"),
            "actor.user.uid": f("userId"),
            "actor.app_name": said("SentinelOne", "activityType"),
            "api.operation": f("primaryDescription", "activityType"),
            "api.service.name": said("SentinelOne", "activityType"),
            "message": Cut(f("primaryDescription"), MESSAGE_LENGTH),
            "unmapped.secondary": f("secondaryDescription"),
            "unmapped.data": Raw("data", "object"),
        },
        when=(("activityType", PRESENT),),
    ),
)
