"""Defender's hunting tables (endpoint, identity, mail, cloud): streamed, exported, Sentinel."""

from __future__ import annotations

from ocsf.mappers.audit_parts import (
    MESSAGE_LENGTH,
    PORT_MAXIMUM,
    hashes,
    product,
)
from ocsf.mappers.defender_services import RULES
from ocsf.mapping import (
    PRESENT,
    Basename,
    Cut,
    Expression,
    First,
    Ip,
    Join,
    Listing,
    Lookup,
    Lower,
    Mapper,
    Match,
    Millis,
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

DEED = f("ActionType")
INTEGRITY = {"untrusted": 1, "low": 2, "medium": 3, "high": 4, "system": 5, "protected": 6}
STARTED = {"processcreated": 1, "openprocess": 3, "openprocessapicall": 3, "opernprocessapicall": 3}
INJECTED = {
    **dict.fromkeys(("createremotethreadapicall", "queueuserapcremoteapicall"), 4),
    **dict.fromkeys(("ntallocatevirtualmemoryremoteapicall", "setthreadcontextremoteapicall"), 4),
    **dict.fromkeys(("ntmapviewofsectionremoteapicall", "writeprocessmemoryapicall"), 4),
    "processprimarytokenmodified": 5,
}
CONNECTED = {
    **dict.fromkeys(("connectionsuccess", "connectionacknowledged", "connectionfound"), 1),
    **dict.fromkeys(("connectionrequest", "connectionattempt", "httpconnectioninspected"), 1),
    **dict.fromkeys(
        ("sslconnectioninspected", "sshconnectioninspected", "ftpconnectioninspected"), 6
    ),
    **dict.fromkeys(
        ("smtpconnectioninspected", "icmpconnectioninspected", "networksignatureinspected"), 6
    ),
    "connectionfailed": 4,
    "listeningconnectioncreated": 7,
    "firewalloutboundconnectionblocked": 5,
}
ACCEPTED = {
    "inboundconnectionaccepted": 1,
    "inboundconnectionattempted": 1,
    "inboundconnectionblocked": 5,
    "firewallinboundconnectionblocked": 5,
    "inboundinternetscaninspected": 6,
}
FILES = {
    "filecreated": 1,
    "filemodified": 3,
    "filedeleted": 4,
    "filerenamed": 5,
    "sensitivefileread": 2,
    "shelllinkcreatefileevent": 1,
    "fileattributeschanged": 6,
}
VALUES = {"registryvalueset": 2, "registryvaluedeleted": 4}
KEYS = {"registrykeycreated": 1, "registrykeydeleted": 4, "registrykeyrenamed": 5}
LOGONS = {
    "logonsuccess": 1,
    "logonfailed": 1,
    "logonattempted": 1,
    "logonunknown": 1,
    "logoff": 2,
}
LOGON_TYPES = {
    "interactive": 2,
    "network": 3,
    "batch": 4,
    "service": 5,
    "unlock": 7,
    "networkcleartext": 8,
    "newcredentials": 9,
    "remoteinteractive": 10,
    "remote interactive (rdp) logons": 10,
    "cachedinteractive": 11,
    "cachedremoteinteractive": 12,
    "cachedunlock": 13,
}
JOBS = {
    "scheduledtaskcreated": 1,
    "scheduledtaskupdated": 2,
    "scheduledtaskdeleted": 3,
    "scheduledtaskenabled": 4,
    "scheduledtaskdisabled": 5,
}
ALERTS = frozenset(
    {
        *("antivirusdetection", "antivirusreport", "exploitguardnetworkprotectionblocked"),
        *("smartscreenurlwarning", "smartscreenappwarning", "antivirusmalwareblocked"),
        *(
            "exploitguardnonmicrosoftsignedblocked",
            "tamperingattempt",
            "asrlsasscredentialtheftblocked",
        ),
        *("antivirusdetectionactiontype", "controlledfolderaccessviolationblocked"),
        *("asrofficechildprocessblocked", "asrexecutableofficecontentblocked"),
        *("asrpsexecwmichildprocessblocked", "asrobfuscatedscriptblocked"),
    }
)

ACTOR: Tree = {
    **under(
        "actor.process",
        {
            "pid": num("InitiatingProcessId"),
            "name": f("InitiatingProcessFileName"),
            "cmd_line": f("InitiatingProcessCommandLine"),
            "uid": f("InitiatingProcessUniqueId"),
            "created_time": Millis(f("InitiatingProcessCreationTime")),
            "integrity": f("InitiatingProcessIntegrityLevel"),
            "file": Obj(
                {
                    "name": First(
                        (f("InitiatingProcessFileName"), Basename(f("InitiatingProcessFolderPath")))
                    ),
                    "path": f("InitiatingProcessFolderPath"),
                    "type_id": c(1),
                    "hashes": hashes(
                        md5=("InitiatingProcessMD5",),
                        sha1=("InitiatingProcessSHA1",),
                        sha256=("InitiatingProcessSHA256",),
                    ),
                },
                needs=("name",),
            ),
            "parent_process": Obj(
                {
                    "pid": num("InitiatingProcessParentId"),
                    "name": f("InitiatingProcessParentFileName"),
                },
                needs=("pid",),
            ),
        },
    ),
    "actor.user.name": f("InitiatingProcessAccountName", "InitiatingProcessAccountUpn"),
    "actor.user.uid": f("InitiatingProcessAccountSid"),
    "actor.user.domain": f("InitiatingProcessAccountDomain"),
    "actor.app_name": DEED,
}
DEVICE: Tree = {
    "device.hostname": f("DeviceName"),
    "device.uid": f("DeviceId"),
    "device.type_id": c(0),
}
COMMON: Tree = {
    **ACTOR,
    **DEVICE,
    "unmapped.report_id": f("ReportId"),
    "unmapped.additional": f("AdditionalFields"),
    "unmapped.machine_group": f("MachineGroup"),
}
SUBJECT = f("FolderPath", "FileName")
HASHES = hashes(md5=("MD5",), sha1=("SHA1",), sha256=("SHA256",))
FILE: Tree = {
    "name": First((f("FileName"), Basename(f("FolderPath")), DEED)),
    "path": f("FolderPath"),
    "size": num("FileSize"),
    "type_id": c(1),
    "hashes": HASHES,
}
PROCESS: Tree = {
    "pid": num("ProcessId"),
    "uid": f("ProcessUniqueId", "ProcessId", "ReportId"),
    "name": f("FileName"),
    "cmd_line": f("ProcessCommandLine"),
    "created_time": Millis(f("ProcessCreationTime")),
    "integrity": f("ProcessIntegrityLevel"),
    "integrity_id": Lookup(f("ProcessIntegrityLevel"), INTEGRITY, other=99),
    "file": Obj(FILE, needs=("name",)),
    "user.name": f("AccountName", "AccountUpn", "AccountSid"),
    "user.uid": f("AccountSid"),
    "user.domain": f("AccountDomain"),
    "parent_process": Obj(
        {
            "pid": num("InitiatingProcessId"),
            "name": f("InitiatingProcessFileName"),
            "cmd_line": f("InitiatingProcessCommandLine"),
        },
        needs=("pid",),
    ),
}
LOCAL: Tree = {
    "ip": Ip(f("LocalIP")),
    "port": num("LocalPort", maximum=PORT_MAXIMUM),
    "hostname": f("DeviceName"),
    "uid": f("DeviceId"),
}
REMOTE: Tree = {
    "ip": Ip(f("RemoteIP")),
    "port": num("RemotePort", maximum=PORT_MAXIMUM),
    "hostname": First((Match(f("RemoteUrl"), r"^(?:[a-z]+://)?([^/:?#]+)"), f("RemoteDeviceName"))),
}
KEY = f("RegistryKey", "PreviousRegistryKey")


def _rule(
    name: str, uid: int, table: dict[str, int], tree: Tree, *needed: str, **more: Expression
) -> Rule:
    return Rule(
        name=name,
        class_uid=uid,
        activity_id=Lookup(DEED, table, default=0),
        tree={**COMMON, **tree, **more},
        when=(("ActionType", frozenset(table)), *((field, PRESENT) for field in needed)),
    )


def _shape(name: str, root: str) -> Shape:
    at = f"{root}." if root else ""
    return Shape(
        name=name,
        present=(
            frozenset({f"{at}ActionType"}),
            frozenset({f"{at}DeviceId", f"{at}DeviceName"}),
            frozenset(
                {
                    f"{at}InitiatingProcessFileName",
                    f"{at}ReportId",
                    f"{at}LogonType",
                    f"{at}MachineGroup",
                }
            ),
        ),
        roots=(root, "") if root else ("",),
    )


def _also(name: str, root: str, *present: tuple[str, ...]) -> Shape:
    at = f"{root}." if root else ""
    return Shape(
        name=name,
        present=tuple(frozenset(f"{at}{each}" for each in names) for names in present),
        roots=(root, "") if root else ("",),
    )


def _tables(prefix: str, root: str) -> tuple[Shape, ...]:
    return (
        _also(
            f"{prefix}mail",
            root,
            ("NetworkMessageId",),
            ("RecipientEmailAddress", "SenderFromAddress", "Url", "UrlDomain"),
            ("ReportId",),
        ),
        _also(
            f"{prefix}cloud app",
            root,
            ("ActionType",),
            ("Application",),
            ("AccountObjectId", "AccountId", "AccountDisplayName"),
            ("ActivityType", "AppInstanceId", "ReportId"),
        ),
        _also(
            f"{prefix}identity",
            root,
            ("ActionType",),
            ("Application", "Protocol"),
            (
                "AccountName",
                "AccountUpn",
                "AccountSid",
                "TargetAccountUpn",
                "DestinationDeviceName",
            ),
            ("ReportId",),
        ),
        _also(
            f"{prefix}click",
            root,
            ("ActionType",),
            ("Url",),
            ("IsClickedThrough", "UrlChain", "Workload"),
        ),
    )


MAPPER = Mapper(
    name="defender_hunting",
    title="Defender hunting tables",
    limits=(
        "Queries of directories, URLs in mail and what is done with mail after its delivery are "
        "Base Events; tables of things (devices, people) are not known. "
        "`AdditionalFields` stays text but for task names and scripts."
    ),
    shapes=(
        _shape("streamed", "properties"),
        *with_wrapped(_shape("table", "")),
        *_tables("streamed ", "properties"),
        *with_wrapped(*_tables("", "")),
    ),
    times=(
        TimeField("Timestamp"),
        TimeField("TimeGenerated"),
        TimeField("/time"),
        TimeField("Time"),
    ),
    defaults={
        **product("Microsoft Defender for Endpoint", "Microsoft", "host"),
        "metadata.event_code": DEED,
        "metadata.uid": f("ReportId"),
        "metadata.log_name": First(
            (f("/Type"), Match(f("/category"), r"AdvancedHunting-(.+)$"), f("/category"))
        ),
        "metadata.tenant_uid": f("/tenantId", "/TenantId"),
    },
    rules=(
        *RULES,
        _rule("process", 1007, {**STARTED, **INJECTED}, under("process", PROCESS)),
        _rule(
            "connection",
            4001,
            CONNECTED,
            {
                **under("src_endpoint", LOCAL),
                **under("dst_endpoint", REMOTE),
                "connection_info.protocol_name": Lower(f("Protocol")),
                "connection_info.direction_id": c(2),
                "unmapped.remote_url": f("RemoteUrl"),
            },
        ),
        _rule(
            "accepted connection",
            4001,
            ACCEPTED,
            {
                **under("src_endpoint", REMOTE),
                **under("dst_endpoint", LOCAL),
                "connection_info.protocol_name": Lower(f("Protocol")),
                "connection_info.direction_id": c(1),
            },
        ),
        _rule(
            "file",
            1001,
            FILES,
            {
                **under("file", FILE),
                "unmapped.previous": f("PreviousFileName"),
                "unmapped.origin": f("FileOriginUrl"),
            },
        ),
        _rule(
            "registry value",
            201002,
            VALUES,
            {
                "reg_value.path": First((KEY, DEED)),
                "reg_value.name": First(
                    (f("RegistryValueName", "PreviousRegistryValueName"), c("(Default)"))
                ),
                "reg_value.type": f("RegistryValueType"),
                "reg_value.reg_string_data": f("RegistryValueData"),
            },
        ),
        _rule("registry key", 201001, KEYS, {"reg_key.path": First((KEY, DEED))}),
        _rule(
            "module",
            1005,
            {"imageloaded": 1, "driverload": 1},
            {**under("module.file", FILE), "module.load_type_id": c(0)},
        ),
        _rule(
            "scheduled task",
            1006,
            JOBS,
            {
                "job.name": First(
                    (Match(f("AdditionalFields"), r'"TaskName\\*":\\*"((?:[^"\\]|\\\\)+)'), DEED)
                ),
                "job.cmd_line": f("ProcessCommandLine"),
            },
        ),
        _rule(
            "script",
            1009,
            {"powershellcommand": 1, "scriptcontent": 1, "amsiscriptcontent": 1},
            {
                "script.script_content.value": Cut(
                    First(
                        (
                            Match(
                                f("AdditionalFields"),
                                r'"(?:Command|ScriptContent)\\*":\s*\\*"(.+?)\\*"\}?$',
                            ),
                            f("AdditionalFields", "ActionType"),
                        )
                    ),
                    16384,
                ),
                "script.type_id": c(2),
            },
        ),
        _rule(
            "logon",
            3002,
            LOGONS,
            {
                "user.name": f("AccountName", "AccountUpn", "AccountSid", "DeviceName"),
                "user.uid": f("AccountSid"),
                "user.domain": f("AccountDomain"),
                "src_endpoint.ip": Ip(f("RemoteIP", "IPAddress")),
                "src_endpoint.port": num("RemotePort", "Port", maximum=PORT_MAXIMUM),
                "src_endpoint.hostname": f("RemoteDeviceName"),
                "dst_endpoint.ip": Ip(f("DestinationIPAddress")),
                "dst_endpoint.hostname": f(
                    *("DestinationDeviceName", "TargetDeviceName", "DeviceName", "DeviceId"),
                    "Application",
                ),
                "session.uid": f("LogonId"),
                "logon_type": f("LogonType"),
                "logon_type_id": Lookup(f("LogonType"), LOGON_TYPES, other=99),
                "auth_protocol": f("Protocol"),
                "is_remote": Lookup(
                    f("LogonType"),
                    {"network": True, "remoteinteractive": True, "interactive": False},
                ),
                "status_id": Lookup(
                    DEED, {"logonfailed": 2, "logonsuccess": 1, "logoff": 1}, default=0
                ),
                "status_detail": f("FailureReason"),
                "unmapped.is_local_admin": f("IsLocalAdmin"),
            },
        ),
        Rule(
            name="alert",
            class_uid=2004,
            activity_id=1,
            severity_id=3,
            tree={
                **COMMON,
                "finding_info.uid": First((Join((f("DeviceId"), f("ReportId")), "/"), DEED)),
                "finding_info.title": DEED,
                "finding_info.types": Listing((DEED,)),
                "evidences": Listing(
                    (
                        Obj(
                            {
                                "file": Obj(
                                    {**FILE, "name": f("FileName")},
                                    needs=("name",),
                                ),
                                "process": Obj(
                                    {"pid": num("ProcessId"), "cmd_line": f("ProcessCommandLine")},
                                    needs=("pid",),
                                ),
                                "dst_endpoint.ip": Ip(f("RemoteIP")),
                                "url": Obj({"url_string": f("RemoteUrl")}, needs=("url_string",)),
                            }
                        ),
                    )
                ),
            },
            when=(("ActionType", ALERTS),),
        ),
        Rule(
            name="other",
            class_uid=0,
            activity_id=99,
            tree={
                **COMMON,
                "message": Cut(
                    f("ActionType", "AdditionalFields", "Url", "/category"), MESSAGE_LENGTH
                ),
                "unmapped.file": SUBJECT,
                "unmapped.account": f("AccountName"),
                "unmapped.remote": f("RemoteIP", "RemoteUrl", "IPAddress"),
                "unmapped.destination": f("DestinationDeviceName", "DestinationIPAddress"),
                "unmapped.query": f("Query", "QueryTarget"),
                "unmapped.url": f("Url"),
                "unmapped.mail": f("NetworkMessageId"),
                "unmapped.recipient": f("RecipientEmailAddress"),
                "unmapped.command": f("ProcessCommandLine"),
            },
        ),
    ),
)
