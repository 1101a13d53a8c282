"""AWS Security Hub findings in the Security Finding Format (ASFF), single or wrapped."""

from __future__ import annotations

from ocsf.mappers.audit_parts import MESSAGE_LENGTH, PORT_MAXIMUM, product, said
from ocsf.mapping import (
    PRESENT,
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
    Tree,
    f,
    num,
    with_wrapped,
)

RESOURCES_LISTED = 5
SEVERITIES = {"informational": 1, "low": 2, "medium": 3, "high": 4, "critical": 5}
STATES = {"new": 1, "notified": 2, "suppressed": 3, "resolved": 4}
CHECKS = {"passed": 1, "warning": 2, "failed": 3, "not_available": 99}

RESOURCES: Expression = Listing(
    tuple(
        Obj(
            {
                "uid": f(f"Resources[{place}].Id"),
                "type": f(f"Resources[{place}].Type"),
                "region": f(f"Resources[{place}].Region"),
                "cloud_partition": f(f"Resources[{place}].Partition"),
            },
            needs=("uid",),
        )
        for place in range(RESOURCES_LISTED)
    )
)
COMMON: Tree = {
    "message": Cut(f("Title", "Description"), MESSAGE_LENGTH),
    "finding_info.uid": f("Id", "GeneratorId", "ProductArn"),
    "finding_info.title": f("Title", "GeneratorId"),
    "finding_info.desc": Cut(f("Description"), MESSAGE_LENGTH),
    "finding_info.types": EachAs("Types"),
    "finding_info.created_time": Millis(f("CreatedAt")),
    "finding_info.modified_time": Millis(f("UpdatedAt")),
    "finding_info.first_seen_time": Millis(f("FirstObservedAt")),
    "finding_info.last_seen_time": Millis(f("LastObservedAt")),
    "finding_info.product_uid": f("ProductArn"),
    "finding_info.src_url": f("SourceUrl"),
    "resources": RESOURCES,
    "status": f("Workflow.Status", "WorkflowState", "RecordState"),
    "status_id": First(
        (
            Lookup(f("RecordState"), {"archived": 5}),
            Lookup(f("Workflow.Status", "WorkflowState"), STATES, default=0),
        )
    ),
    "unmapped.generator": f("GeneratorId"),
    "unmapped.company": f("CompanyName"),
    "unmapped.product": f("ProductName"),
    "unmapped.record_state": f("RecordState"),
    "unmapped.product_fields": Raw("ProductFields", "object"),
    "unmapped.note": f("Note.Text"),
}
REMEDIATION: Tree = {
    "remediation.desc": f("Remediation.Recommendation.Text"),
    "remediation.references": Listing((f("Remediation.Recommendation.Url"),)),
}
ACTIVITY: Expression = Lookup(f("RecordState"), {"archived": 3}, default=1)
SEVERITY: Expression = First(
    (
        Lookup(f("Severity.Label", "FindingProviderFields.Severity.Label"), SEVERITIES),
        Lookup(
            Match(f("Severity.Normalized"), r"^(\d{1,2})\d$"),
            {
                **dict.fromkeys(("1", "2", "3"), 2),
                **dict.fromkeys(("4", "5", "6"), 3),
                **dict.fromkeys(("7", "8"), 4),
                **dict.fromkeys(("9", "10"), 5),
            },
        ),
        Lookup(f("Severity.Normalized"), {}, other=1, default=0),
    )
)

MAPPER = Mapper(
    name="security_hub",
    title="AWS Security Hub findings (ASFF)",
    limits="Of several vulnerabilities the first is mapped; five resources at most.",
    explode="detail.findings",
    shapes=with_wrapped(
        Shape(
            name="asff",
            present=(
                frozenset({"ProductArn"}),
                frozenset({"AwsAccountId"}),
                frozenset({"GeneratorId", "SchemaVersion", "Resources"}),
            ),
        ),
    ),
    times=(TimeField("UpdatedAt"), TimeField("LastObservedAt"), TimeField("CreatedAt")),
    defaults={
        **product("Security Hub", "AWS", "cloud", "host"),
        "metadata.event_code": f("GeneratorId"),
        "metadata.uid": f("Id"),
        "cloud.provider": said("AWS", "ProductArn"),
        "cloud.account.uid": f("AwsAccountId"),
        "cloud.region": f("Region", "Resources[0].Region"),
    },
    rules=(
        Rule(
            name="vulnerability",
            class_uid=2002,
            activity_id=ACTIVITY,
            severity_id=SEVERITY,
            tree={
                **COMMON,
                "vulnerabilities": Listing(
                    (
                        Obj(
                            {
                                "cve.uid": f("Vulnerabilities[0].Id"),
                                "title": f("Title"),
                                "vendor_name": f("Vulnerabilities[0].Vendor.Name"),
                                "references": EachAs("Vulnerabilities[0].ReferenceUrls"),
                                "is_fix_available": Lookup(
                                    f("Vulnerabilities[0].FixAvailable"),
                                    {"yes": True, "no": False},
                                ),
                                **REMEDIATION,
                            }
                        ),
                    )
                ),
            },
            when=(("Vulnerabilities[0].Id", PRESENT),),
        ),
        Rule(
            name="check",
            class_uid=2003,
            activity_id=ACTIVITY,
            severity_id=SEVERITY,
            tree={
                **COMMON,
                "compliance.status": f("Compliance.Status"),
                "compliance.status_id": Lookup(f("Compliance.Status"), CHECKS, other=99),
                "compliance.control": f(
                    "Compliance.SecurityControlId", "ProductFields.ControlId", "GeneratorId"
                ),
                "compliance.requirements": EachAs("Compliance.RelatedRequirements"),
                "compliance.standards": First(
                    (
                        Listing((f("Compliance.AssociatedStandards[0].StandardsId"),)),
                        Listing((f("ProductFields.StandardsArn"),)),
                    )
                ),
                "compliance.status_detail": f("Compliance.StatusReasons[0].Description"),
                **REMEDIATION,
            },
            when=(("Compliance.Status", PRESENT),),
        ),
        Rule(
            name="finding",
            class_uid=2004,
            activity_id=ACTIVITY,
            severity_id=SEVERITY,
            tree={
                **COMMON,
                **REMEDIATION,
                "evidences": Listing(
                    (
                        Obj(
                            {
                                "src_endpoint.ip": Ip(
                                    f(
                                        "Network.SourceIpV4",
                                        "Network.SourceIpV6",
                                        "Action.AwsApiCallAction.RemoteIpDetails.IpAddressV4",
                                        "Action.NetworkConnectionAction.RemoteIpDetails.IpAddressV4",
                                    )
                                ),
                                "src_endpoint.port": num(
                                    "Network.SourcePort", maximum=PORT_MAXIMUM
                                ),
                                "dst_endpoint.ip": Ip(
                                    f("Network.DestinationIpV4", "Network.DestinationIpV6")
                                ),
                                "dst_endpoint.port": num(
                                    "Network.DestinationPort", maximum=PORT_MAXIMUM
                                ),
                                "query": Obj(
                                    {
                                        "hostname": f(
                                            "Network.DestinationDomain",
                                            "Action.DnsRequestAction.Domain",
                                        )
                                    },
                                    needs=("hostname",),
                                ),
                                "api": Obj(
                                    {
                                        "operation": f("Action.AwsApiCallAction.Api"),
                                        "service.name": f("Action.AwsApiCallAction.ServiceName"),
                                    },
                                    needs=("operation",),
                                ),
                                "process": Obj(
                                    {"pid": num("Process.Pid"), "name": f("Process.Name")},
                                    needs=("pid",),
                                ),
                            }
                        ),
                    )
                ),
                "unmapped.malware": Raw("Malware", "array"),
                "unmapped.threats": Raw("Threats", "array"),
                "unmapped.indicators": Raw("ThreatIntelIndicators", "array"),
                "unmapped.action": Raw("Action", "object"),
            },
        ),
    ),
)
