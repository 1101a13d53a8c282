"""SentinelOne: threats, alerts, activities, and Deep Visibility (Cloud Funnel) events."""

from __future__ import annotations

from ocsf.mappers.audit_parts import PORT_MAXIMUM, hashes, product
from ocsf.mappers.sentinelone_findings import AGENT, ALERT, RULES, THREAT
from ocsf.mapping import (
    Basename,
    Expression,
    First,
    Ip,
    Listing,
    Lookup,
    Mapper,
    NotIp,
    Obj,
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
        *RULES,
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
