"""CrowdStrike Falcon's event stream, its events in FDR files, and the alerts of its API."""

from __future__ import annotations

from ocsf.mappers.audit_parts import (
    MESSAGE_LENGTH,
    PORT_MAXIMUM,
    endpoint,
    hashes,
    product,
    said,
    verb,
)
from ocsf.mapping import (
    PRESENT,
    Basename,
    Cut,
    Expression,
    First,
    Integer,
    Ip,
    Join,
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
    under,
    with_wrapped,
)

KIND = f("metadata.eventType")
DETECTIONS = frozenset(
    {
        *("detectionsummaryevent", "eppdetectionsummaryevent", "idpdetectionsummaryevent"),
        *("identityprotectionevent", "mobiledetectionsummaryevent", "xdrdetectionsummaryevent"),
        *("dataprotectiondetectionsummaryevent", "customeriocevent", "cspmioaevent"),
        *("cspmsearchstreamingevent", "reconnotificationsummaryevent", "incidentsummaryevent"),
        *("cwpdetectionsummaryevent", "thirdpartydetectionsummaryevent", "detection"),
        *("kubernetesdetectionsummaryevent", "ngsiemdetectionsummaryevent"),
        *("automatedleadsummaryevent", "overwatchgenericdetectionsummaryevent"),
    }
)
AUDITS = frozenset({"authactivityauditevent", "useractivityauditevent"})
LOGONS = {
    "userauthenticate": 1,
    "twofactorauthenticate": 1,
    "saml2assert": 1,
    "userlogin": 1,
    "userlogout": 2,
    "userlogoff": 2,
    "oauth2clienttoken": 1,
    "requestresetpassword": 99,
}
SEVERITIES = {
    **dict.fromkeys(("informational", "info", "1"), 1),
    **dict.fromkeys(("low", "2"), 2),
    **dict.fromkeys(("medium", "3"), 3),
    **dict.fromkeys(("high", "4"), 4),
    **dict.fromkeys(("critical", "5"), 5),
}
SCALE = {
    **dict.fromkeys(("0", "1"), 1),
    **dict.fromkeys(("2", "3"), 2),
    **dict.fromkeys(("4", "5"), 3),
    **dict.fromkeys(("6", "7"), 4),
    **dict.fromkeys(("8", "9", "10"), 5),
}
FOLDER = f("event.FilePath")
PATH: Expression = First(
    (
        When(
            KIND,
            frozenset({"detectionsummaryevent", "event_detectionsummaryevent"}),
            First(
                (
                    Join(
                        (
                            Match(FOLDER, r"^(.*[^/\\])[/\\]*$"),
                            Lookup(Match(FOLDER, r"(\\)"), {}, other="\\", default="/"),
                            f("event.FileName"),
                        )
                    ),
                    Join((Match(FOLDER, r"^([/\\])$"), f("event.FileName"))),
                )
            ),
        ),
        f("event.FilePath", "event.ImageFileName"),
    )
)
"""The old detections have the folder and the file's name apart, all others the whole path."""
HANDLED: Expression = Match(
    f("event.PatternDispositionDescription"), r"(?i)^\s*(prevention|detection/quarantine|detection)"
)
"""`Detection, process would have been killed if …` is no prevention."""
PROCESS: Tree = {
    "pid": num("event.LocalProcessId"),
    "uid": f("event.ProcessId"),
    "name": First((f("event.FileName"), Basename(PATH))),
    "cmd_line": f("event.CommandLine"),
    "created_time": Millis(f("event.ProcessStartTime")),
    "file.name": First((f("event.FileName"), Basename(PATH))),
    "file.path": PATH,
    "file.type_id": c(1),
    "file.hashes": hashes(
        md5=("event.MD5String",), sha1=("event.SHA1String",), sha256=("event.SHA256String",)
    ),
    "parent_process": Obj(
        {
            "uid": f("event.ParentProcessId"),
            "name": Basename(f("event.ParentImageFileName", "event.ParentImageFilePath")),
            "cmd_line": f("event.ParentCommandLine"),
            "file": Obj(
                {
                    "path": f("event.ParentImageFilePath", "event.ParentImageFileName"),
                    "name": Basename(f("event.ParentImageFilePath", "event.ParentImageFileName")),
                    "type_id": c(1),
                },
                needs=("path",),
            ),
        },
        needs=("uid",),
    ),
    "user.name": f("event.UserName"),
}
DEVICE: Tree = {
    "device.hostname": f(
        *("event.ComputerName", "event.Hostname", "event.HostnameField", "event.HostName"),
        *("event.EndpointName", "event.SourceEndpointHostName"),
    ),
    "device.uid": f(
        *("event.SensorId", "event.AgentId", "event.AgentIdString", "event.DeviceId"),
        *("event.SourceEndpointSensorId", "event.HostID"),
    ),
    "device.ip": Ip(f("event.LocalIP", "event.LocalIPv6")),
    "device.domain": f("event.MachineDomain"),
    "device.type_id": c(0),
}
AUDIT: Tree = {
    **under("src_endpoint", endpoint(f("event.UserIp", "event.RemoteAddress"), KIND)),
    "unmapped.attributes": f("event.AuditKeyValues", "event.Attributes"),
    "unmapped.service": f("event.ServiceName"),
}
STATUS: Expression = Lookup(f("event.Success"), {"true": 1, "false": 2}, default=0)

OF_FDR = frozenset(f"event_{each}" for each in DETECTIONS)
PROTOCOLS = {"1": "icmp", "6": "tcp", "17": "udp", "58": "ipv6-icmp"}


def incoming(name: str) -> Expression:
    """Give a field where the connection came from outside, else nothing."""
    return When(f("event.ConnectionDirection"), frozenset({"1"}), f(f"event.{name}"))


def num_of(of: Expression) -> Integer:
    """Give a port."""
    return Integer(of, PORT_MAXIMUM)


SEVERITY: Expression = First(
    (
        Lookup(f("event.SeverityName", "event.DetectSeverity"), SEVERITIES),
        Lookup(Match(f("event.Severity"), r"^([1-5])$"), SEVERITIES),
        Lookup(Match(f("event.FineScore"), r"^(\d|10)\.\d+$"), SCALE),
        Lookup(
            Match(f("event.Severity", "event.FineScore"), r"^(\d{1,2})\d(?:\.\d+)?$"),
            SCALE,
            default=0,
        ),
    )
)
DETECTION: Tree = {
    **DEVICE,
    "metadata.profiles": Listing((c("cloud"), c("host"), c("security_control"))),
    "message": Cut(f("event.DetectDescription", "event.Description"), MESSAGE_LENGTH),
    "finding_info.uid": f(
        "event.DetectId",
        "event.CompositeId",
        "event.IncidentID",
        "event.IdentityProtectionIncidentId",
        "metadata.offset",
        "metadata.eventType",
    ),
    "finding_info.title": First(
        (
            f("event.DetectName", "event.Name", "event.DisplayName"),
            Match(f("event.IncidentType"), r"^(.*[A-Za-z].*)$"),
            KIND,
        )
    ),
    "finding_info.desc": Cut(f("event.DetectDescription", "event.Description"), MESSAGE_LENGTH),
    "finding_info.types": Listing((f("event.Objective", "event.Category"),)),
    "finding_info.src_url": f("event.FalconHostLink"),
    "finding_info.attacks": Listing(
        (
            Obj(
                {
                    "tactic.name": f("event.Tactic"),
                    "tactic.uid": Match(f("event.MitreAttack[0].TacticID"), r"^(TA\d{4})"),
                    "technique.name": f("event.Technique"),
                    "technique.uid": Match(
                        f("event.MitreAttack[0].TechniqueID"), r"^(T\d{4}(?:\.\d+)?)"
                    ),
                }
            ),
        )
    ),
    "actor.user.name": f("event.UserName", "event.SourceAccountName"),
    "actor.user.uid": f("event.UserId", "event.SourceAccountObjectSid"),
    "actor.user.domain": f("event.LogonDomain", "event.SourceAccountDomain"),
    "evidences": Listing(
        (
            Obj(
                {
                    "process": Obj(PROCESS, needs=("uid",)),
                    "src_endpoint.ip": Ip(
                        f(
                            "event.SourceEndpointIpAddress",
                            "event.LocalAddress",
                            "event.LocalIP",
                        )
                    ),
                    "dst_endpoint.ip": Ip(
                        f(
                            "event.RemoteAddress",
                            "event.NetworkAccesses[0].RemoteAddress",
                            "event.TargetEndpointIpAddress",
                        )
                    ),
                    "query": Obj(
                        {"hostname": f("event.DnsRequests[0].DomainName")},
                        needs=("hostname",),
                    ),
                    "data": Raw("event", "object"),
                }
            ),
        )
    ),
    "action_id": Lookup(HANDLED, {"detection": 3}, other=2, default=0),
    "disposition_id": Lookup(
        HANDLED, {"prevention": 2, "detection/quarantine": 3, "detection": 15}, default=0
    ),
    "status_detail": f("event.PatternDispositionDescription", "event.State"),
    "unmapped.ioc_type": f("event.IOCType"),
    "unmapped.ioc_value": f("event.IOCValue"),
    "unmapped.pattern": f("event.PatternId"),
}
NAMES = sorted(
    name
    for name in fields_of(DETECTION) | fields_of(SEVERITY) | {"event.UTCTimestamp"}
    if name.startswith("event.")
)
ALERT: dict[str, tuple[str, ...]] = {
    "alerted": ("composite_id",),
    "metadata.eventType": ("type",),
    "metadata.customerIDString": ("cid",),
    "metadata.eventCreationTime": ("timestamp", "created_timestamp"),
    "event.ContextTimeStamp": ("context_timestamp",),
    "event.ProcessStartTime": ("process_start_time",),
    "event.CompositeId": ("composite_id",),
    "event.SeverityName": ("severity_name",),
    "event.Severity": ("severity",),
    "event.DetectName": ("display_name", "name"),
    "event.DetectDescription": ("description",),
    "event.Objective": ("objective",),
    "event.Category": ("scenario",),
    "event.FalconHostLink": ("falcon_host_link",),
    "event.Tactic": ("tactic",),
    "event.Technique": ("technique",),
    "event.MitreAttack[0].TacticID": ("tactic_id",),
    "event.MitreAttack[0].TechniqueID": ("technique_id",),
    "event.UserName": ("user_name", "source_account_name"),
    "event.UserId": ("user_id", "source_account_object_sid"),
    "event.LogonDomain": ("logon_domain", "source_account_domain"),
    "event.LocalProcessId": ("local_process_id",),
    "event.ProcessId": ("process_id",),
    "event.FileName": ("filename",),
    "event.FilePath": ("filepath",),
    "event.CommandLine": ("cmdline",),
    "event.MD5String": ("md5",),
    "event.SHA1String": ("sha1",),
    "event.SHA256String": ("sha256",),
    "event.ParentProcessId": ("parent_process_id",),
    "event.ParentImageFileName": ("parent_details.filename",),
    "event.ParentImageFilePath": ("parent_details.filepath",),
    "event.ParentCommandLine": ("parent_details.cmdline",),
    "event.ComputerName": ("device.hostname", "source_endpoint_host_name", "host_names[0]"),
    "event.SensorId": ("agent_id", "device.device_id", "source_endpoint_sensor_id"),
    "event.LocalIP": ("device.local_ip",),
    "event.MachineDomain": ("device.machine_domain",),
    "event.SourceEndpointIpAddress": ("source_endpoint_ip_address", "source_endpoint_address_ip4"),
    "event.TargetEndpointIpAddress": ("target_endpoint_ip_address",),
    "event.PatternDispositionDescription": ("pattern_disposition_description",),
    "event.State": ("status",),
    "event.IOCType": ("ioc_type",),
    "event.IOCValue": ("ioc_value",),
    "event.PatternId": ("pattern_id",),
}

MAPPER = Mapper(
    name="crowdstrike_falcon",
    title="CrowdStrike Falcon event stream and alerts",
    limits=(
        "Of several network accesses and DNS requests the first is evidence; the whole is "
        "in its data."
    ),
    shapes=with_wrapped(
        Shape(
            name="stream",
            present=(
                frozenset({"metadata.eventType"}),
                frozenset(
                    {"metadata.customerIDString", "metadata.offset", "metadata.eventCreationTime"}
                ),
                frozenset({"event"}),
            ),
        ),
        Shape(
            name="event in FDR",
            present=(
                frozenset({"ExternalApiType"}),
                frozenset({"CustomerIdString", "cid", "AgentIdString"}),
            ),
            aliases={
                **{name: (name.removeprefix("event."),) for name in NAMES},
                "metadata.eventType": ("ExternalApiType",),
                "metadata.customerIDString": ("CustomerIdString", "cid"),
                "metadata.offset": ("EventUUID",),
                "metadata.eventCreationTime": ("timestamp",),
            },
        ),
        Shape(
            name="alert",
            present=(
                frozenset({"composite_id"}),
                frozenset({"cid"}),
                frozenset({"severity", "severity_name"}),
            ),
            aliases=ALERT,
        ),
    ),
    times=(
        TimeField(
            "event.ContextTimeStamp", unit="any", pattern=r"^(\d{10,13}(?:\.\d+)?|\d{4}-.+)$"
        ),
        TimeField("event.Timestamp", unit="any"),
        TimeField("event.ProcessStartTime", unit="epoch"),
        TimeField("event.UTCTimestamp", unit="any"),
        TimeField("metadata.eventCreationTime", unit="any"),
    ),
    nulls=frozenset({"", "N/A", "0" * 32, "0" * 40, "0" * 64}),
    defaults={
        **product("Falcon", "CrowdStrike", "cloud", "host"),
        "cloud.provider": said("CrowdStrike", "metadata.eventType"),
        "cloud.account.uid": f("metadata.customerIDString"),
        "metadata.event_code": KIND,
        "metadata.uid": f("event.DetectId", "event.CompositeId", "metadata.offset"),
        "metadata.log_name": KIND,
        "metadata.tenant_uid": f("metadata.customerIDString"),
    },
    rules=(
        Rule(
            name="detection",
            class_uid=2004,
            activity_id=1,
            severity_id=SEVERITY,
            tree=DETECTION,
            when=(("metadata.eventType", DETECTIONS | OF_FDR),),
        ),
        Rule(
            name="alert of the API",
            class_uid=2004,
            activity_id=Lookup(f("event.State"), {"closed": 3, "in_progress": 2}, default=1),
            severity_id=SEVERITY,
            tree=DETECTION,
            when=(("alerted", PRESENT),),
        ),
        Rule(
            name="firewall rule matched",
            class_uid=4001,
            activity_id=Lookup(f("event.RuleAction"), {"1": 1, "2": 5}, default=6),
            tree={
                **DEVICE,
                "metadata.profiles": Listing((c("cloud"), c("host"), c("security_control"))),
                "src_endpoint.ip": First(
                    (Ip(incoming("RemoteAddress")), Ip(f("event.LocalAddress")))
                ),
                "src_endpoint.port": num_of(First((incoming("RemotePort"), f("event.LocalPort")))),
                "dst_endpoint.ip": First(
                    (Ip(incoming("LocalAddress")), Ip(f("event.RemoteAddress")))
                ),
                "dst_endpoint.port": num_of(First((incoming("LocalPort"), f("event.RemotePort")))),
                "connection_info.protocol_num": num("event.Protocol"),
                "connection_info.protocol_name": Lookup(f("event.Protocol"), PROTOCOLS),
                "connection_info.direction_id": Lookup(
                    f("event.ConnectionDirection"), {"0": 2, "1": 1}, default=0
                ),
                "action_id": Lookup(f("event.RuleAction"), {"1": 1, "2": 2}, default=0),
                "disposition_id": Lookup(f("event.RuleAction"), {"1": 1, "2": 2}, default=0),
                "firewall_rule.name": f("event.RuleName"),
                "firewall_rule.uid": f("event.RuleId"),
                "actor.process": Obj(
                    {
                        "name": Basename(f("event.ImageFileName")),
                        "uid": f("event.PID"),
                        "cmd_line": f("event.CommandLine"),
                    },
                    needs=("name",),
                ),
                "unmapped.policy": f("event.PolicyName"),
                "unmapped.rule_group": f("event.RuleGroupName"),
            },
            when=(
                ("metadata.eventType", frozenset({"firewallmatchevent"})),
                ("event.RemoteAddress", PRESENT),
            ),
        ),
        Rule(
            name="sign-in to the console",
            class_uid=3002,
            activity_id=Lookup(f("event.OperationName"), LOGONS, default=0),
            tree={
                **AUDIT,
                "user.name": f("event.UserId"),
                "service.name": f("event.ServiceName", "metadata.eventType"),
                "status_id": STATUS,
                "is_remote": c(True),
            },
            when=(
                ("metadata.eventType", AUDITS),
                ("event.OperationName", frozenset(LOGONS)),
                ("event.UserId", PRESENT),
            ),
        ),
        Rule(
            name="audit",
            class_uid=6003,
            activity_id=verb(f("event.OperationName")),
            tree={
                **AUDIT,
                "actor.user.name": f("event.UserId", "event.UserName", "event.UserID"),
                "actor.app_name": said("CrowdStrike Falcon", "metadata.eventType"),
                "api.operation": f("event.OperationName", "metadata.eventType"),
                "api.service.name": f("event.ServiceName"),
                "api.request": Obj({"uid": f("event.SessionId", "metadata.offset")}),
                "status_id": STATUS,
                "resources": Listing(
                    (Obj({"name": f("event.HostnameField", "event.ComputerName")}),)
                ),
                "unmapped.event": Raw("event", "object"),
            },
        ),
    ),
)
