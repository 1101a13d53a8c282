"""CrowdStrike Falcon's event stream: detections, incidents, and the console's audit."""

from __future__ import annotations

from ocsf.mappers.audit_parts import MESSAGE_LENGTH, endpoint, hashes, product, said, verb
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
        *("kubernetesdetectionsummaryevent", "firewallmatchevent", "ngsiemdetectionsummaryevent"),
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
PATH: Expression = f("event.FilePath", "event.ImageFileName")
PREVENTED = r"(?i)(prevent|block|kill|quarantin)"
PROCESS: Tree = {
    "pid": num("event.LocalProcessId", "event.ProcessId"),
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
        },
        needs=("uid",),
    ),
    "user.name": f("event.UserName"),
}
DEVICE: Tree = {
    "device.hostname": f("event.ComputerName", "event.Hostname", "event.HostnameField"),
    "device.uid": f("event.SensorId", "event.AgentId"),
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

MAPPER = Mapper(
    name="crowdstrike_falcon",
    title="CrowdStrike Falcon event stream",
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
    ),
    times=(
        TimeField("event.ContextTimeStamp", unit="any"),
        TimeField("event.ProcessStartTime", unit="epoch"),
        TimeField("event.UTCTimestamp", unit="any"),
        TimeField("metadata.eventCreationTime", unit="any"),
    ),
    nulls=frozenset({"", "N/A"}),
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
            severity_id=First(
                (
                    Lookup(f("event.SeverityName", "event.DetectSeverity"), SEVERITIES),
                    Lookup(Match(f("event.Severity"), r"^([1-5])$"), SEVERITIES),
                    Lookup(
                        Match(f("event.Severity", "event.FineScore"), r"^(\d{1,2})\d(?:\.\d+)?$"),
                        SCALE,
                        default=0,
                    ),
                )
            ),
            tree={
                **DEVICE,
                "metadata.profiles": Listing((c("cloud"), c("host"), c("security_control"))),
                "message": Cut(f("event.DetectDescription", "event.Description"), MESSAGE_LENGTH),
                "finding_info.uid": f(
                    "event.DetectId",
                    "event.CompositeId",
                    "event.IncidentID",
                    "metadata.offset",
                    "metadata.eventType",
                ),
                "finding_info.title": f(
                    "event.DetectName",
                    "event.Name",
                    "event.DisplayName",
                    "event.IncidentType",
                    "metadata.eventType",
                ),
                "finding_info.desc": Cut(
                    f("event.DetectDescription", "event.Description"), MESSAGE_LENGTH
                ),
                "finding_info.types": Listing((f("event.Objective", "event.Category"),)),
                "finding_info.src_url": f("event.FalconHostLink"),
                "finding_info.attacks": Listing(
                    (
                        Obj(
                            {
                                "tactic.name": f("event.Tactic"),
                                "tactic.uid": Match(
                                    f("event.MitreAttack[0].TacticID"), r"^(TA\d{4})"
                                ),
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
                "action_id": Lookup(
                    Match(f("event.PatternDispositionDescription"), PREVENTED),
                    {},
                    other=2,
                    default=0,
                ),
                "disposition_id": Lookup(
                    Match(f("event.PatternDispositionDescription"), PREVENTED),
                    {},
                    other=2,
                    default=0,
                ),
                "status_detail": f("event.PatternDispositionDescription", "event.State"),
                "unmapped.ioc_type": f("event.IOCType"),
                "unmapped.ioc_value": f("event.IOCValue"),
                "unmapped.pattern": f("event.PatternId"),
            },
            when=(("metadata.eventType", DETECTIONS),),
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
                "actor.user.name": f("event.UserId", "event.UserName"),
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
