"""SentinelOne: threats, alerts, activities, and Deep Visibility (Cloud Funnel) events."""

from __future__ import annotations

from ocsf.mappers.audit_parts import MESSAGE_LENGTH, PORT_MAXIMUM, endpoint, hashes, product, said
from ocsf.mapping import (
    PRESENT,
    Basename,
    Cut,
    Expression,
    First,
    Ip,
    Listing,
    Lookup,
    Mapper,
    Millis,
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
    under,
    with_wrapped,
)

THREAT = "threatInfo"
AGENT = ("agentRealtimeInfo", "agentDetectionInfo")
LOGONS = {"27": 1, "33": 2, "133": 1, "134": 1, "139": 1, "3626": 1, "3629": 1}
FAILED = {"133": 2, "134": 2}
PLACES = 3


def dotted(*names: str) -> Expression:
    """Give a field of Deep Visibility, whose names have dots in them."""
    return f(*(f'"{name}"' for name in names))


def number(*names: str, maximum: int | None = None) -> Expression:
    """Give a whole number of Deep Visibility."""
    return num(*(f'"{name}"' for name in names), maximum=maximum)


def process(prefix: str) -> Tree:
    """Give a process of Deep Visibility by the beginning of its fields' names."""
    path = dotted(f"{prefix}.image.path")
    return {
        "name": First((dotted(f"{prefix}.name", f"{prefix}.displayName"), Basename(path))),
        "pid": number(f"{prefix}.pid"),
        "uid": dotted(f"{prefix}.uid"),
        "cmd_line": dotted(f"{prefix}.cmdline"),
        "user.name": dotted(f"{prefix}.user"),
        "integrity": dotted(f"{prefix}.integrityLevel"),
        "file": Obj(
            {
                "path": path,
                "name": First((Basename(path), dotted(f"{prefix}.name"))),
                "type_id": c(1),
                "hashes": hashes(
                    md5=(f'"{prefix}.image.md5"',),
                    sha1=(f'"{prefix}.image.sha1"',),
                    sha256=(f'"{prefix}.image.sha256"',),
                ),
            },
            needs=("name",),
        ),
    }


SEEN: Tree = {
    "unmapped.storyline": dotted("src.process.storyline.id"),
    "unmapped.event_type": dotted("event.type"),
    "unmapped.site": dotted("site.name"),
    "unmapped.indicator": dotted("indicator.name"),
}
DEED: Tree = {
    **SEEN,
    **under("actor.process", process("src.process")),
    "actor.process.parent_process.name": dotted("src.process.parent.name"),
    "actor.process.parent_process.pid": number("src.process.parent.pid"),
    "actor.user.name": dotted("src.process.user"),
}
FILE = dotted("tgt.file.path")
KEY = dotted("registry.keyPath")
ADDRESSES: Tree = {
    "src_endpoint.ip": Ip(dotted("src.ip.address")),
    "src_endpoint.port": number("src.port.number", maximum=PORT_MAXIMUM),
    "dst_endpoint.ip": Ip(dotted("dst.ip.address")),
    "dst_endpoint.port": number("dst.port.number", maximum=PORT_MAXIMUM),
}


def event(*names: str) -> tuple[tuple[str, frozenset[str]], ...]:
    """Give the condition that a Deep Visibility event is of one of these types."""
    return (('"event.type"', frozenset(names)),)


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


MAPPER = Mapper(
    name="sentinelone",
    title="SentinelOne threats, alerts, activities, Deep Visibility",
    shapes=with_wrapped(
        Shape(
            name="threat",
            present=(frozenset({"threatInfo"}), frozenset({*AGENT})),
        ),
        Shape(
            name="alert of a rule",
            present=(
                frozenset({"alertInfo"}),
                frozenset({"ruleInfo"}),
                frozenset({*AGENT, "sourceProcessInfo"}),
            ),
        ),
        Shape(
            name="unified alert",
            present=(
                frozenset({"detectionSource"}),
                frozenset({"analystVerdict", "confidenceLevel"}),
                frozenset({"detectedAt"}),
                frozenset({"severity"}),
            ),
        ),
        Shape(
            name="activity",
            present=(
                frozenset({"activityType"}),
                frozenset({"primaryDescription"}),
                frozenset({"accountId", "siteId", "agentId"}),
            ),
        ),
        Shape(
            name="Deep Visibility",
            present=(
                frozenset({'"event.type"'}),
                frozenset({'"agent.uuid"', '"endpoint.name"'}),
                frozenset(
                    {'"src.process.uid"', '"src.process.name"', '"event.time"', '"event.category"'}
                ),
            ),
        ),
    ),
    times=(
        TimeField('"event.time"', unit="epoch"),
        TimeField(f"{THREAT}.identifiedAt"),
        TimeField(f"{THREAT}.createdAt"),
        TimeField(f"{ALERT}.createdAt"),
        TimeField("detectedAt"),
        TimeField("createdAt"),
    ),
    defaults={
        **product("Singularity", "SentinelOne", "host"),
        "metadata.event_code": f(
            '"event.type"',
            "activityType",
            f"{THREAT}.classification",
            f"{ALERT}.eventType",
            "classification",
        ),
        "metadata.uid": f('"event.id"', f"{THREAT}.threatId", f"{ALERT}.alertId", "id"),
        "device.hostname": f(
            '"endpoint.name"',
            *(f"{each}.agentComputerName" for each in AGENT),
            *(f"{each}.name" for each in AGENT),
            "data.computerName",
            "assets[0].name",
        ),
        "device.uid": f(
            '"agent.uuid"',
            *(f"{each}.agentUuid" for each in AGENT),
            *(f"{each}.uuid" for each in AGENT),
            "assets[0].agentUuid",
            "agentId",
            "accountId",
            "siteId",
        ),
        "device.ip": Ip(
            f(
                "agentDetectionInfo.agentIpV4",
                f"{ALERT}.srcMachineIp",
                "detectionTime.assets[0].asset.ipV4",
            )
        ),
        "device.domain": f(*(f"{each}.agentDomain" for each in AGENT)),
        "device.os.name": f(
            '"endpoint.os"',
            *(f"{each}.agentOsName" for each in AGENT),
            *(f"{each}.osName" for each in AGENT),
            "assets[0].osVersion",
            "assets[0].osType",
        ),
        "device.os.type_id": Lookup(
            f(
                '"endpoint.os"',
                *(f"{each}.agentOsType" for each in AGENT),
                *(f"{each}.osFamily" for each in AGENT),
                "assets[0].osType",
            ),
            {"windows": 100, "linux": 200, "osx": 300, "macos": 300},
            default=0,
        ),
        "device.type_id": c(0),
    },
    rules=(
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
                "message": Cut(
                    f(f"{THREAT}.threatName", f"{THREAT}.classification"), MESSAGE_LENGTH
                ),
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
        Rule(
            name="process creation",
            class_uid=1007,
            activity_id=1,
            when=event("process creation"),
            tree={
                **SEEN,
                **under("process", process("tgt.process")),
                "process.parent_process": Obj(
                    {
                        "name": dotted("src.process.name"),
                        "pid": number("src.process.pid"),
                        "cmd_line": dotted("src.process.cmdline"),
                        "file": Obj(
                            {
                                "path": dotted("src.process.image.path"),
                                "name": Basename(dotted("src.process.image.path")),
                                "type_id": c(1),
                            },
                            needs=("name",),
                        ),
                    }
                ),
                **under("actor.process", process("src.process")),
                "actor.user.name": dotted("src.process.user"),
            },
        ),
        Rule(
            name="process opened or injected into",
            class_uid=1007,
            activity_id=Lookup(
                dotted("event.type"),
                {"open remote process handle": 3, "duplicate process handle": 3},
                default=4,
            ),
            when=event(
                "open remote process handle", "duplicate process handle", "remote thread creation"
            ),
            tree={**DEED, **under("process", process("tgt.process")), "injection_type_id": c(0)},
        ),
        Rule(
            name="file",
            class_uid=1001,
            activity_id=Lookup(
                dotted("event.type"),
                {
                    "file creation": 1,
                    "file modification": 3,
                    "file deletion": 4,
                    "file rename": 5,
                    "file scan": 2,
                },
                default=99,
            ),
            when=event(
                "file creation", "file modification", "file deletion", "file rename", "file scan"
            ),
            tree={
                **DEED,
                "file.path": FILE,
                "file.name": Basename(FILE),
                "file.type_id": c(1),
                "file.hashes": hashes(
                    md5=('"tgt.file.md5"',),
                    sha1=('"tgt.file.sha1"',),
                    sha256=('"tgt.file.sha256"',),
                ),
                "unmapped.old_path": dotted("tgt.file.oldPath"),
            },
        ),
        Rule(
            name="module",
            class_uid=1005,
            activity_id=1,
            when=event("module load"),
            tree={
                **DEED,
                "module.file.path": dotted("module.path"),
                "module.file.name": Basename(dotted("module.path")),
                "module.file.type_id": c(1),
                "module.file.hashes": hashes(md5=('"module.md5"',), sha1=('"module.sha1"',)),
                "module.load_type_id": c(0),
            },
        ),
        Rule(
            name="registry value",
            class_uid=201002,
            activity_id=Lookup(
                dotted("event.type"),
                {
                    "registry value create": 2,
                    "registry value modified": 3,
                    "registry value delete": 4,
                },
                default=99,
            ),
            when=event("registry value create", "registry value modified", "registry value delete"),
            tree={
                **DEED,
                "reg_value.path": KEY,
                "reg_value.name": Basename(KEY),
                "reg_value.data": dotted("registry.value"),
                "unmapped.old_data": dotted("registry.oldValue"),
            },
        ),
        Rule(
            name="registry key",
            class_uid=201001,
            activity_id=Lookup(
                dotted("event.type"),
                {
                    "registry key create": 1,
                    "registry key delete": 4,
                    "registry key rename": 5,
                    "registry key import": 8,
                    "registry key export": 9,
                },
                default=99,
            ),
            when=event(
                "registry key create",
                "registry key delete",
                "registry key rename",
                "registry key import",
                "registry key export",
            ),
            tree={**DEED, "reg_key.path": KEY},
        ),
        Rule(
            name="connection",
            class_uid=4001,
            activity_id=Lookup(
                dotted("event.network.connectionStatus"), {"success": 1, "failure": 4}, default=1
            ),
            when=event("ip connect", "ip listen"),
            tree={
                **DEED,
                **ADDRESSES,
                "connection_info.protocol_name": dotted("event.network.protocolName"),
                "connection_info.direction_id": Lookup(
                    dotted("event.network.direction"), {"outgoing": 2, "incoming": 1}, default=0
                ),
            },
        ),
        Rule(
            name="DNS",
            class_uid=4003,
            activity_id=Lookup(dotted("event.dns.response"), {}, other=2, default=1),
            when=event("dns resolved", "dns unresolved"),
            tree={
                **DEED,
                "query.hostname": dotted("event.dns.request"),
                "answers": Listing((Obj({"rdata": dotted("event.dns.response")}),)),
                "src_endpoint.hostname": NotIp(dotted("endpoint.name")),
                "status_id": Lookup(dotted("event.type"), {"dns resolved": 1}, default=2),
            },
        ),
        Rule(
            name="logon",
            class_uid=3002,
            activity_id=Lookup(dotted("event.type"), {"login": 1, "logout": 2}, default=99),
            when=event("login", "logout"),
            tree={
                **SEEN,
                "user.name": dotted("event.login.userName"),
                "user.uid": dotted("event.login.accountSid"),
                "user.domain": dotted("event.login.accountDomain"),
                "logon_type_id": Lookup(
                    dotted("event.login.type"),
                    {
                        "interactive": 2,
                        "network": 3,
                        "batch": 4,
                        "service": 5,
                        "unlock": 7,
                        "remote_interactive": 10,
                    },
                    default=0,
                ),
                "is_remote": Lookup(
                    dotted("event.login.type"),
                    {"network": True, "remote_interactive": True},
                    default=False,
                ),
                "src_endpoint.ip": Ip(dotted("src.endpoint.ip.address")),
                "dst_endpoint.hostname": dotted("endpoint.name"),
                "status_id": Lookup(
                    dotted("event.login.loginIsSuccessful"), {"true": 1, "false": 2}, default=0
                ),
                "status_detail": dotted("event.login.failureReason"),
            },
        ),
        Rule(
            name="other",
            class_uid=0,
            tree={
                **SEEN,
                "actor.process.pid": number("src.process.pid"),
                "message": f('"event.type"', "id"),
            },
        ),
    ),
)
