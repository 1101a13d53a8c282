"""AWS GuardDuty findings: exports, EventBridge's `detail` and the API's capitalised names."""

from __future__ import annotations

from ocsf.mappers.audit_parts import MESSAGE_LENGTH, PORT_MAXIMUM, hashes, product
from ocsf.mapping import (
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
    When,
    c,
    f,
    fields_of,
    num,
    with_wrapped,
)

TYPE = f("type")
ACTION = "service.action"
CALL = f"{ACTION}.awsApiCallAction"
NETWORK = f"{ACTION}.networkConnectionAction"
PROBE = f"{ACTION}.portProbeAction.portProbeDetails[0]"
KUBERNETES = f"{ACTION}.kubernetesApiCallAction"
LOGIN = f"{ACTION}.rdsLoginAttemptAction"
PROCESS = "service.runtimeDetails.process"
LINEAGE = f"{PROCESS}.lineage[0]"
SEVERITIES = {
    "0": 1,
    **dict.fromkeys(("1", "2", "3"), 2),
    **dict.fromkeys(("4", "5", "6"), 3),
    **dict.fromkeys(("7", "8"), 4),
    **dict.fromkeys(("9", "10"), 5),
}
PURPOSES = {
    "backdoor": "Command and Control",
    "credentialaccess": "Credential Access",
    "cryptocurrency": "Impact",
    "defenseevasion": "Defense Evasion",
    "discovery": "Discovery",
    "execution": "Execution",
    "exfiltration": "Exfiltration",
    "impact": "Impact",
    "initialaccess": "Initial Access",
    "persistence": "Persistence",
    "privilegeescalation": "Privilege Escalation",
    "recon": "Reconnaissance",
}
REMOTE = f(
    *(
        f"{each}.remoteIpDetails.{name}"
        for each in (NETWORK, CALL, KUBERNETES, PROBE, LOGIN)
        for name in ("ipAddressV4", "ipAddressV6")
    )
)
USER = f(
    "resource.accessKeyDetails.userName",
    "resource.kubernetesDetails.kubernetesUserDetails.username",
    "resource.rdsDbUserDetails.user",
    "resource.accessKeyDetails.principalId",
)
RESOURCE_ID: Expression = First(
    (
        f(
            "resource.instanceDetails.instanceId",
            "resource.s3BucketDetails[0].arn",
            "resource.eksClusterDetails.arn",
            "resource.ecsClusterDetails.arn",
            "resource.lambdaDetails.functionArn",
            "resource.rdsDbInstanceDetails.dbInstanceArn",
            "resource.containerDetails.id",
            "resource.accessKeyDetails.accessKeyId",
            "resource.ebsVolumeDetails.scannedVolumeDetails[0].volumeArn",
        ),
        f("resource.resourceType"),
    )
)
EVIDENCE: Tree = {
    "src_endpoint.ip": Ip(REMOTE),
    "src_endpoint.port": num(f"{NETWORK}.remotePortDetails.port", maximum=PORT_MAXIMUM),
    "src_endpoint.location.city": f(
        f"{NETWORK}.remoteIpDetails.city.cityName", f"{CALL}.remoteIpDetails.city.cityName"
    ),
    "dst_endpoint.ip": Ip(
        f(
            f"{NETWORK}.localIpDetails.ipAddressV4",
            f"{PROBE}.localIpDetails.ipAddressV4",
            "resource.instanceDetails.networkInterfaces[0].privateIpAddress",
        )
    ),
    "dst_endpoint.port": num(
        f"{NETWORK}.localPortDetails.port",
        f"{PROBE}.localPortDetails.port",
        maximum=PORT_MAXIMUM,
    ),
    "dst_endpoint.instance_uid": f("resource.instanceDetails.instanceId"),
    "connection_info": Obj(
        {
            "direction_id": Lookup(
                f(f"{NETWORK}.connectionDirection"), {"inbound": 1, "outbound": 2}, default=0
            ),
            "protocol_name": f(f"{NETWORK}.protocol"),
        },
        needs=("protocol_name",),
    ),
    "query": Obj(
        {"hostname": f(f"{ACTION}.dnsRequestAction.domain")},
        needs=("hostname",),
    ),
    "api": Obj(
        {
            "operation": f(f"{CALL}.api", f"{KUBERNETES}.verb"),
            "service.name": f(f"{CALL}.serviceName"),
            "response.error": f(f"{CALL}.errorCode"),
        },
        needs=("operation",),
    ),
    "process": Obj(
        {
            "pid": num(f"{PROCESS}.pid"),
            "uid": f(f"{PROCESS}.uuid"),
            "name": f(f"{PROCESS}.name"),
            "cmd_line": f(f"{PROCESS}.commandLine"),
            "working_directory": f(f"{PROCESS}.pwd"),
            "created_time": Millis(f(f"{PROCESS}.startTime")),
            "file": Obj(
                {
                    "name": Basename(f(f"{PROCESS}.executablePath")),
                    "path": f(f"{PROCESS}.executablePath"),
                    "type_id": c(1),
                    "hashes": hashes(sha256=(f"{PROCESS}.executableSha256",)),
                },
                needs=("path",),
            ),
            "parent_process": Obj(
                {
                    "pid": num(f"{LINEAGE}.pid"),
                    "uid": f(f"{LINEAGE}.uuid"),
                    "name": Basename(f(f"{LINEAGE}.executablePath")),
                },
                needs=("pid",),
            ),
            "user": Obj(
                {"name": f(f"{PROCESS}.user"), "uid": f(f"{PROCESS}.userId")}, needs=("name",)
            ),
        },
        needs=("pid",),
    ),
    "user.name": USER,
    "data": Raw("service.action", "object"),
}
RULE = Rule(
    name="finding",
    class_uid=2004,
    activity_id=First(
        (
            When(f("service.archived"), frozenset({"true"}), c(3)),
            Lookup(f("service.count"), {"1": 1}, other=2, default=1),
        )
    ),
    severity_id=Lookup(Match(f("severity"), r"^(\d{1,2})"), SEVERITIES, other=99, default=0),
    tree={
        "message": Cut(f("title", "description"), MESSAGE_LENGTH),
        "finding_info.uid": f("id", "arn", "type"),
        "finding_info.title": f("title", "type"),
        "finding_info.desc": Cut(f("description"), MESSAGE_LENGTH),
        "finding_info.types": Listing((TYPE,)),
        "finding_info.created_time": Millis(f("createdAt")),
        "finding_info.modified_time": Millis(f("updatedAt")),
        "finding_info.first_seen_time": Millis(f("service.eventFirstSeen")),
        "finding_info.last_seen_time": Millis(f("service.eventLastSeen")),
        "finding_info.product_uid": f("service.detectorId"),
        "finding_info.analytic": Obj(
            {"name": TYPE, "uid": TYPE, "type_id": c(1)},
            needs=("uid",),
        ),
        "finding_info.attacks": Listing(
            (Obj({"tactic.name": Lookup(Match(TYPE, r"^([A-Za-z]+):"), PURPOSES)}),)
        ),
        "count": num("service.count"),
        "status_id": Lookup(f("service.archived"), {"true": 5}, default=1),
        "resources": Listing(
            (
                Obj(
                    {
                        "uid": RESOURCE_ID,
                        "name": f(
                            "resource.s3BucketDetails[0].name",
                            "resource.eksClusterDetails.name",
                            "resource.lambdaDetails.functionName",
                        ),
                        "type": f("resource.resourceType"),
                        "region": f("region"),
                    },
                    needs=("uid",),
                ),
            )
        ),
        "evidences": Listing((Obj(EVIDENCE),)),
        "actor.user.name": USER,
        "actor.user.uid": f("resource.accessKeyDetails.principalId"),
        "actor.user.type": f("resource.accessKeyDetails.userType"),
        "actor.user.credential_uid": f("resource.accessKeyDetails.accessKeyId"),
        "unmapped.severity": f("severity"),
        "unmapped.country": f(
            f"{NETWORK}.remoteIpDetails.country.countryName",
            f"{CALL}.remoteIpDetails.country.countryName",
        ),
        "unmapped.resource": Raw("resource", "object"),
        "unmapped.runtime": Raw("service.runtimeDetails.context", "object"),
        "unmapped.additional": Raw("service.additionalInfo", "object"),
    },
)
DEFAULTS: Tree = {
    **product("GuardDuty", "AWS", "cloud", "host"),
    "metadata.event_code": TYPE,
    "metadata.uid": f("id"),
    "cloud.provider": c("AWS"),
    "cloud.account.uid": f("accountId"),
    "cloud.region": f("region"),
    "cloud.cloud_partition": f("partition"),
}


def _capital(path: str) -> str:
    return ".".join(part[:1].upper() + part[1:] for part in path.split("."))


def _shape(name: str, root: str) -> Shape:
    at = f"{root}." if root else ""
    return Shape(
        name=name,
        present=(
            frozenset({f"{at}type"}),
            frozenset({f"{at}accountId"}),
            frozenset(
                {f"{at}service.serviceName", f"{at}service.detectorId", f"{at}service.action"}
            ),
        ),
        roots=(root,),
    )


TIMES = ("service.eventLastSeen", "updatedAt", "createdAt")

MAPPER = Mapper(
    name="guardduty",
    title="AWS GuardDuty findings",
    limits=(
        "Updates of a finding are events of their own. Of several probed ports the first is"
        " evidence."
    ),
    explode="Findings",
    shapes=(
        *with_wrapped(_shape("finding", "")),
        _shape("finding in detail", "detail"),
        Shape(
            name="API's finding",
            present=(
                frozenset({"Type"}),
                frozenset({"AccountId"}),
                frozenset({"Service.ServiceName", "Service.DetectorId", "Service.Action"}),
            ),
            aliases={
                name: (_capital(name),)
                for name in fields_of(RULE) | fields_of(DEFAULTS) | frozenset(TIMES)
            },
        ),
    ),
    times=tuple(TimeField(name) for name in TIMES),
    defaults=DEFAULTS,
    rules=(RULE,),
)
