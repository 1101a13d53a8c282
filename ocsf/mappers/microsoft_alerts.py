"""Microsoft security alerts: Graph (v2 and legacy), Defender for Endpoint, Sentinel's tables."""

from __future__ import annotations

from ocsf.mappers.audit_parts import MESSAGE_LENGTH, hashes, product, said
from ocsf.mapping import (
    Cut,
    EachAs,
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
    c,
    f,
    with_wrapped,
)

TITLE = f("title", "DisplayName", "AlertName", "alertDisplayName", "AlertDisplayName", "Title")
IDS = f(
    "id", "SystemAlertId", "systemAlertId", "AlertId", "alertId", "IncidentName", "ProviderAlertId"
)
DESCRIPTION = f("description", "Description")
PRODUCT = f(
    *(
        "serviceSource",
        "vendorInformation.provider",
        "detectionSource",
        "ProductName",
        "ProviderName",
    ),
    *("productName", "ServiceSource", "productComponentName"),
)
SEVERITIES = {
    **dict.fromkeys(("informational", "information", "unspecified"), 1),
    "low": 2,
    "medium": 3,
    "high": 4,
    "critical": 5,
}
STATES = {
    **dict.fromkeys(("new", "newalert", "active", "unknown"), 1),
    **dict.fromkeys(("inprogress", "in progress"), 2),
    **dict.fromkeys(("dismissed", "suppressed"), 3),
    **dict.fromkeys(("resolved", "closed"), 4),
}
TECHNIQUES = f("mitreTechniques", "Techniques", "techniques", "AttackTechniques", "SubTechniques")
MANY = 8
STATUS = f("status", "Status")
USER = f(
    *("userStates[0].userPrincipalName", "userStates[0].accountName", "relatedUser.userName"),
    *(f"evidence[{n}].userAccount.userPrincipalName" for n in range(MANY)),
    *(f"evidence[{n}].userAccount.accountName" for n in range(MANY)),
    *(f"evidence[{n}].userPrincipalName" for n in range(MANY)),
    *(f"evidence[{n}].accountName" for n in range(MANY)),
    "actorDisplayName",
)
HOST = f(
    *("computerDnsName", "hostStates[0].fqdn", "hostStates[0].netBiosName", "CompromisedEntity"),
    *(f"evidence[{n}].deviceDnsName" for n in range(MANY)),
    *(f"evidence[{n}].hostName" for n in range(MANY)),
    "compromisedEntity",
)
ADDRESS = f(
    *(f"evidence[{n}].ipAddress" for n in range(MANY)),
    *(f"evidence[{n}].lastExternalIpAddress" for n in range(MANY)),
    *("networkConnections[0].sourceAddress", "userStates[0].logonIp"),
)
EVIDENCE: Expression = Obj(
    {
        "src_endpoint.ip": Ip(ADDRESS),
        "process": First(
            tuple(
                Obj(
                    {
                        "uid": f(f"evidence[{n}].processId"),
                        "cmd_line": f(
                            f"evidence[{n}].processCommandLine", f"evidence[{n}].commandLine"
                        ),
                        "created_time": Millis(
                            f(
                                f"evidence[{n}].processCreationDateTime",
                                f"evidence[{n}].processCreationTime",
                            )
                        ),
                        "parent_process": Obj(
                            {
                                "uid": f(f"evidence[{n}].parentProcessId"),
                                "name": f(
                                    f"evidence[{n}].parentProcessImageFile.fileName",
                                    f"evidence[{n}].parentProcessFileName",
                                ),
                            },
                            needs=("uid",),
                        ),
                        "file": Obj(
                            {
                                "name": f(
                                    f"evidence[{n}].imageFile.fileName", f"evidence[{n}].fileName"
                                ),
                                "path": f(f"evidence[{n}].imageFile.filePath"),
                                "type_id": c(1),
                                "hashes": hashes(
                                    sha1=(f"evidence[{n}].imageFile.sha1",),
                                    sha256=(f"evidence[{n}].imageFile.sha256",),
                                ),
                            },
                            needs=("name",),
                        ),
                        "name": f(f"evidence[{n}].imageFile.fileName", f"evidence[{n}].fileName"),
                    },
                    needs=("uid",),
                )
                for n in range(MANY)
            )
        ),
        "file": First(
            tuple(
                Obj(
                    {
                        "name": f(f"evidence[{n}].fileDetails.fileName", f"evidence[{n}].fileName"),
                        "path": f(f"evidence[{n}].fileDetails.filePath", f"evidence[{n}].filePath"),
                        "type_id": c(1),
                        "hashes": Listing(
                            (
                                Obj(
                                    {
                                        "algorithm_id": c(3),
                                        "value": f(
                                            f"evidence[{n}].fileDetails.sha256",
                                            f"evidence[{n}].sha256",
                                        ),
                                    }
                                ),
                            )
                        ),
                    },
                    needs=("name",),
                )
                for n in range(MANY)
            )
        ),
        "url": Obj(
            {"url_string": f(*(f"evidence[{n}].url" for n in range(MANY)))},
            needs=("url_string",),
        ),
        "user.name": USER,
        "data": First((Raw("evidence", "array"), Raw("Entities"), Raw("entities"))),
    }
)


def _shape(name: str, *present: frozenset[str]) -> Shape:
    return Shape(name=name, present=present)


MAPPER = Mapper(
    name="microsoft_alerts",
    title="Microsoft security alerts (Defender, Sentinel, Graph)",
    limits=(
        "The first eight pieces of evidence are looked at; all are in the evidence's data. "
        "Two techniques at most. Sentinel's entities stay text."
    ),
    shapes=with_wrapped(
        _shape(
            "Graph alert",
            frozenset({"createdDateTime", "eventDateTime"}),
            frozenset({"title"}),
            frozenset({"severity"}),
            frozenset({"serviceSource", "vendorInformation", "providerAlertId", "detectionSource"}),
        ),
        _shape(
            "Defender alert",
            frozenset({"alertCreationTime"}),
            frozenset({"title"}),
            frozenset({"machineId", "incidentId", "investigationId"}),
        ),
        _shape(
            "Sentinel table",
            frozenset({"AlertSeverity", "Severity"}),
            frozenset({"SystemAlertId", "IncidentName", "AlertLink", "VendorOriginalId"}),
            frozenset({"TimeGenerated", "StartTime", "StartTimeUtc", "Title"}),
        ),
        _shape(
            "hunting table",
            frozenset({"AlertId"}),
            frozenset({"Title"}),
            frozenset({"ServiceSource", "DetectionSource", "AttackTechniques"}),
        ),
    ),
    times=(
        *(
            TimeField(name)
            for name in (
                *(
                    "lastActivityDateTime",
                    "firstActivityDateTime",
                    "lastEventTime",
                    "eventDateTime",
                ),
                *("alertCreationTime", "EndTime", "StartTime", "createdDateTime", "TimeGenerated"),
                *("Timestamp", "CreatedTime", "FirstActivityTime"),
            )
        ),
    ),
    defaults={
        **product("Microsoft Defender", "Microsoft", "cloud", "host"),
        "cloud.provider": said("Microsoft", *TITLE.names, *IDS.names),
        "cloud.account.uid": f("tenantId", "azureTenantId", "TenantId", "AadTenantId"),
        "metadata.event_code": f("detectorId", "AlertType", "alertType", "category", "Category"),
        "metadata.uid": IDS,
        "metadata.log_provider": PRODUCT,
        "metadata.tenant_uid": f("tenantId", "azureTenantId", "TenantId", "AadTenantId"),
    },
    rules=(
        Rule(
            name="alert",
            class_uid=2004,
            activity_id=Lookup(STATUS, {"resolved": 3, "dismissed": 3, "closed": 3}, default=1),
            severity_id=Lookup(f("severity", "AlertSeverity", "Severity"), SEVERITIES, default=0),
            tree={
                "message": Cut(f("title", "DisplayName", "AlertName", "Title"), MESSAGE_LENGTH),
                "status": STATUS,
                "status_id": Lookup(STATUS, STATES, other=99, default=0),
                "finding_info.uid": First((IDS, TITLE)),
                "finding_info.title": TITLE,
                "finding_info.desc": Cut(DESCRIPTION, MESSAGE_LENGTH),
                "finding_info.types": Listing((f("category", "Category", "AlertType", "Tactics"),)),
                "finding_info.src_url": f("alertWebUrl", "AlertLink", "IncidentUrl"),
                "finding_info.created_time": Millis(
                    f("createdDateTime", "alertCreationTime", "TimeGenerated", "CreatedTime")
                ),
                "finding_info.modified_time": Millis(
                    f(
                        "lastUpdateDateTime",
                        "lastUpdateTime",
                        "LastModifiedTime",
                        "lastModifiedDateTime",
                    )
                ),
                "finding_info.first_seen_time": Millis(
                    f("firstActivityDateTime", "firstEventTime", "StartTime", "FirstActivityTime")
                ),
                "finding_info.last_seen_time": Millis(
                    f("lastActivityDateTime", "lastEventTime", "EndTime", "LastActivityTime")
                ),
                "finding_info.attacks": Listing(
                    tuple(
                        Obj({"technique.uid": Match(TECHNIQUES, pattern)})
                        for pattern in (
                            r"\b(T\d{4}(?:\.\d{3})?)\b",
                            r"\bT\d{4}(?:\.\d{3})?\b[^T]+\b(T\d{4}(?:\.\d{3})?)\b",
                        )
                    )
                ),
                "device.hostname": HOST,
                "device.uid": f("machineId", *(f"evidence[{n}].mdeDeviceId" for n in range(MANY))),
                "device.type_id": c(0),
                "actor.user.name": USER,
                "resources": Listing(
                    (Obj({"uid": f("ResourceId", "_ResourceId", "AzureResourceId")}),)
                ),
                "evidences": Listing((EVIDENCE,)),
                "unmapped.product": PRODUCT,
                "unmapped.incident": f("incidentId", "SystemIncidentId", "IncidentNumber"),
                "unmapped.classification": f("classification", "Classification"),
                "unmapped.determination": f("determination"),
                "unmapped.assigned_to": f("assignedTo", "Owner.assignedTo"),
                "unmapped.threat": f("threatDisplayName", "threatFamilyName", "threatName"),
                "unmapped.tactics": f("Tactics", "tactics"),
                "unmapped.entities": f("Entities"),
                "unmapped.actions": EachAs("recommendedActions"),
            },
        ),
    ),
)
