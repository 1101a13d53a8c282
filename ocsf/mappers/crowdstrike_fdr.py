"""CrowdStrike Falcon Data Replicator sensor events (`event_simpleName`)."""

from __future__ import annotations

from ocsf.mappers.audit_parts import PORT_MAXIMUM, hashes, product
from ocsf.mapping import (
    PRESENT,
    Basename,
    Cut,
    First,
    Ip,
    Join,
    Listing,
    Lookup,
    Mapper,
    Millis,
    Obj,
    Rule,
    Shape,
    Split,
    TimeField,
    Tree,
    c,
    f,
    num,
    under,
    with_wrapped,
)

KIND = f("event_simpleName")
PLATFORMS = {"win": 100, "lin": 200, "mac": 300, "ios": 301, "and": 201}
PROTOCOLS = {"1": "icmp", "6": "tcp", "17": "udp", "58": "ipv6-icmp"}
INTEGRITY = {"0": 1, "4096": 2, "8192": 3, "12288": 4, "16384": 5, "20480": 6}
DIRECTIONS = {"0": 2, "1": 1}
QTYPES = {
    "1": "A",
    "2": "NS",
    "5": "CNAME",
    "6": "SOA",
    "12": "PTR",
    "15": "MX",
    "16": "TXT",
    "28": "AAAA",
    "33": "SRV",
    "65": "HTTPS",
    "255": "ANY",
}
LOGON_TYPES = frozenset({"2", "3", "4", "5", "7", "8", "9", "10", "11", "12", "13"})

DEVICE: Tree = {
    "device.hostname": f("ComputerName", "event_host"),
    "device.uid": f("aid", "AgentIdString", "cid", "event_platform"),
    "device.ip": Ip(f("LocalAddressIP4", "LocalIP", "aip")),
    "device.mac": f("MAC"),
    "device.domain": f("MachineDomain"),
    "device.type_id": c(0),
    "device.os.name": f("event_platform"),
    "device.os.type_id": Lookup(f("event_platform"), PLATFORMS, other=99),
}
USER: Tree = {
    "name": f("UserName", "UserPrincipal", "UserSid", "UID", "UID_decimal", "AuthenticationUuid"),
    "uid": f("UserSid", "UID", "UID_decimal"),
    "domain": f("LogonDomain", "UserDomain"),
}
IMAGE = f("ImageFileName", "FilePath")
HASHES = hashes(
    md5=("MD5HashData", "MD5String"),
    sha1=("SHA1HashData",),
    sha256=("SHA256HashData", "SHA256String"),
)
PROCESS: Tree = {
    "uid": f(
        "TargetProcessId",
        "TargetProcessId_decimal",
        "ContextProcessId",
        "ContextProcessId_decimal",
        "RawProcessId",
        "RawProcessId_decimal",
    ),
    "pid": num("RawProcessId", "RawProcessId_decimal"),
    "name": Basename(IMAGE),
    "cmd_line": f("CommandLine", "CommandHistory"),
    "created_time": Millis(f("ProcessStartTime", "StartTime")),
    "terminated_time": Millis(f("ProcessEndTime")),
    "integrity_id": Lookup(f("IntegrityLevel"), INTEGRITY, other=99),
    "working_directory": f("WorkingDirectory"),
    "file.name": Basename(IMAGE),
    "file.path": IMAGE,
    "file.type_id": c(1),
    "file.hashes": HASHES,
    "parent_process": Obj(
        {
            "uid": f(
                "ParentProcessId",
                "ParentProcessId_decimal",
                "SourceProcessId",
                "SourceProcessId_decimal",
            ),
            "name": Basename(f("ParentBaseFileName", "ParentImageFileName")),
            "cmd_line": f("ParentCommandLine"),
        },
        needs=("uid",),
    ),
    **under("user", USER),
}
ACTOR: Tree = {
    "actor.process.uid": f(
        "ContextProcessId",
        "ContextProcessId_decimal",
        "SourceProcessId",
        "SourceProcessId_decimal",
        "ParentProcessId",
        "ParentProcessId_decimal",
        "TargetProcessId",
        "TargetProcessId_decimal",
    ),
    "actor.process.name": Basename(
        f("ContextBaseFileName", "ParentBaseFileName", "ContextImageFileName")
    ),
    **under("actor.user", USER),
    "actor.app_name": KIND,
}
REMOTE = f("RemoteAddressIP4", "RemoteAddressIP6", "RemoteIP")
LOCAL = f("LocalAddressIP4", "LocalAddressIP6", "LocalIP", "aip")
CONNECTION: Tree = {
    "src_endpoint.ip": Ip(LOCAL),
    "src_endpoint.port": num("LocalPort", "LocalPort_decimal", "LPort", maximum=PORT_MAXIMUM),
    "src_endpoint.uid": f("aid"),
    "src_endpoint.hostname": f("ComputerName"),
    "dst_endpoint.ip": Ip(REMOTE),
    "dst_endpoint.port": num("RemotePort", "RemotePort_decimal", "RPort", maximum=PORT_MAXIMUM),
    "connection_info.protocol_num": num("Protocol", "Protocol_decimal"),
    "connection_info.protocol_name": Lookup(f("Protocol", "Protocol_decimal"), PROTOCOLS),
    "connection_info.direction_id": Lookup(
        f("ConnectionDirection", "ConnectionDirection_decimal"), DIRECTIONS, default=0
    ),
}
INBOUND: Tree = {
    **{name: each for name, each in CONNECTION.items() if name.startswith("connection_info")},
    "src_endpoint.ip": Ip(REMOTE),
    "src_endpoint.port": num("RemotePort", "RemotePort_decimal", "RPort", maximum=PORT_MAXIMUM),
    "dst_endpoint.ip": Ip(LOCAL),
    "dst_endpoint.port": num("LocalPort", "LocalPort_decimal", "LPort", maximum=PORT_MAXIMUM),
    "dst_endpoint.uid": f("aid"),
    "dst_endpoint.hostname": f("ComputerName"),
    "connection_info.direction_id": c(1),
}


UNMAPPED: Tree = {
    "unmapped.cid": f("cid"),
    "unmapped.agent_ip": f("aip"),
    "unmapped.status": f("Status", "SubStatus"),
    "unmapped.grandparent": f("GrandParentBaseFileName"),
    "unmapped.tags": f("Tags"),
}
TARGET = f("TargetFileName", "TargetFile", "ImageFileName", "SourceFileName", "TargetDirectoryName")
FILE: Tree = {
    "file.name": First((Basename(TARGET), KIND)),
    "file.path": TARGET,
    "file.size": num("Size", "FileSize"),
    "file.uid": f("FileIdentifier"),
    "file.hashes": HASHES,
    "file.type_id": c(1),
}
KEY = f("RegObjectName", "RegKeyName")
CREATED = [
    "NewExecutableWritten",
    "NewExecutableRenamed",
    "PeFileWritten",
    "ElfFileWritten",
    "MachOFileWritten",
    "NewScriptWritten",
    "ScriptFileWritten",
    "PdfFileWritten",
    "OleFileWritten",
    "OoxmlFileWritten",
    "RtfFileWritten",
    "ZipFileWritten",
    "RarFileWritten",
    "SevenZipFileWritten",
    "TarFileWritten",
    "GzipFileWritten",
    "CabFileWritten",
    "JarFileWritten",
    "JavaClassFileWritten",
    "LnkFileWritten",
    "EmailFileWritten",
    "MSDocxFileWritten",
    "MSXlsxFileWritten",
    "MSPptxFileWritten",
    "BmpFileWritten",
    "GifFileWritten",
    "JpegFileWritten",
    "PngFileWritten",
    "TiffFileWritten",
    "DmpFileWritten",
    "DmgFileWritten",
    "ArcFileWritten",
    "BlfFileWritten",
    "DwgFileWritten",
    "DxfFileWritten",
    "EseFileWritten",
    "IdwFileWritten",
    "VmdkFileWritten",
    "VdiFileWritten",
    "WebScriptFileWritten",
    "WebScriptFileWriteMetadata",
    "PythonFileWritten",
    "SuspiciousPeFileWritten",
    "CriticalFileModified",
    "QuarantinedFile",
    "FileCreateInfo",
    "GenericFileWritten",
    "UnixFileWritten",
    "FileWritten",
    "DirectoryCreate",
    "MotwWritten",
    "XarFileWritten",
    "IsoFileWritten",
]
DELETED = [
    "FileDeleteInfo",
    "ExecutableDeleted",
    "FileDeleted",
    "DirectoryDeleted",
    "FirmwareDeleted",
]
RENAMED = ["FileRenameInfo", "FileRenamed", "NewExecutableRenamed"]
OPENED = ["FileOpenInfo", "CriticalFileAccessed", "FileTimestampMetadata", "SensitiveFileAccess"]
FILES = {
    **{name.lower(): 1 for name in CREATED},
    **{name.lower(): 4 for name in DELETED},
    **{name.lower(): 5 for name in RENAMED},
    **{name.lower(): 14 for name in OPENED},
}
STARTED = {
    "processrollup2": 1,
    "syntheticprocessrollup2": 1,
    "processrollup2stats": 1,
    "processblocked": 1,
    "commandhistory": 99,
    "endofprocess": 2,
    "endofprocessmacos": 2,
    "terminateprocess": 2,
    "injectedthread": 4,
    "createremotethread": 4,
    "javainjectedthread": 4,
    "injectedthreadfromunsignedmodule": 4,
    "suspiciouscreatethread": 4,
    "browserinjectedthread": 4,
    "documentprograminjectedthread": 4,
    "dllinjection": 4,
    "processinjection": 4,
    "setuid": 5,
}
CONNECTED = {
    **dict.fromkeys(("networkconnectip4", "networkconnectip6"), 1),
    **dict.fromkeys(("networkcloseip4", "networkcloseip6"), 2),
    **dict.fromkeys(("networklistenip4", "networklistenip6"), 7),
    **dict.fromkeys(("rawbindip4", "rawbindip6", "localipaddressip4"), 99),
}
ACCEPTED = {
    **dict.fromkeys(("networkreceiveacceptip4", "networkreceiveacceptip6"), 1),
}
LOGONS = {
    "userlogon": 1,
    "userlogonfailed": 1,
    "userlogonfailed2": 1,
    "userlogoff": 2,
    "useridentity": 1,
    "sudocommandattempt": 7,
}
REGISTRY = {
    **dict.fromkeys(("asepvalueupdate", "reggenericvalueupdate", "regsystemconfigvalueupdate"), 2),
    **dict.fromkeys(("suspiciousregasepupdate", "regcredentialaccessdetectinfo"), 2),
    **dict.fromkeys(("asepkeyupdate", "reggenericvalue", "regsystemconfigkey"), 3),
}
SERVICES = {
    "createservice": 1,
    "servicestarted": 3,
    "hostedservicestarted": 3,
    "servicestopped": 4,
    "hostedservicestopped": 4,
    "modifyservicebinary": 2,
    "deleteservice": 7,
}
JOBS = {
    "scheduledtaskregistered": 1,
    "scheduledtaskmodified": 2,
    "scheduledtaskdeleted": 3,
    "bitsjobcreated": 1,
}
MODULES = {
    "imagehash": 1,
    "classifiedmoduleload": 1,
    "moduleloadv3": 1,
    "reflectivedllload": 1,
    "unsignedmoduleload": 1,
    "driverload": 1,
    "kernelmodeloadimage": 1,
}
SCRIPTS = (
    *("scriptcontrolscantelemetry", "scriptcontrolscaninfo", "scriptcontroldetectinfo"),
    *("scriptcontrolblocked", "amsibuffer", "javascriptcontent"),
)
ATTACKS = {"dcsyncattempted": "T1003.006"}
DNS = {"dnsrequest": 1, "suspiciousdnsrequest": 1, "dnsrequestv2": 1}


def _rule(name: str, uid: int, table: dict[str, int], tree: Tree, *needed: str) -> Rule:
    return Rule(
        name=name,
        class_uid=uid,
        activity_id=Lookup(KIND, table, default=0),
        tree={**DEVICE, **UNMAPPED, **tree},
        when=(
            ("event_simpleName", frozenset(table)),
            *((field, PRESENT) for field in needed),
        ),
    )


MAPPER = Mapper(
    name="crowdstrike_fdr",
    title="CrowdStrike Falcon Data Replicator",
    limits=(
        "About ninety of the sensor's events have classes; others are Base Events. Devices "
        "by `aid`: the tables that name hosts are not joined."
    ),
    shapes=with_wrapped(
        Shape(
            name="fdr",
            present=(
                frozenset({"event_simpleName"}),
                frozenset({"aid", "cid", "id", "timestamp", "event_platform"}),
            ),
        ),
    ),
    times=(
        TimeField("ContextTimeStamp", unit="any"),
        TimeField("ContextTimeStamp_decimal", unit="any"),
        TimeField("timestamp", unit="any"),
        TimeField("@timestamp", unit="any"),
        TimeField("_time", unit="any"),
    ),
    defaults={
        **product("Falcon", "CrowdStrike", "host"),
        "metadata.event_code": KIND,
        "metadata.uid": f("id"),
        "metadata.log_name": f("name"),
        "metadata.tenant_uid": f("cid"),
    },
    rules=(
        _rule(
            "process",
            1007,
            STARTED,
            {
                **ACTOR,
                **under("process", PROCESS),
                "exit_code": num("ExitCode"),
                "unmapped.injected_dll": f("InjectedDll"),
            },
        ),
        _rule("connection", 4001, CONNECTED, {**CONNECTION, **ACTOR}),
        _rule("accepted connection", 4001, ACCEPTED, {**INBOUND, **ACTOR}, "RemotePort"),
        _rule(
            "DNS request",
            4003,
            DNS,
            {
                **ACTOR,
                "src_endpoint.ip": Ip(LOCAL),
                "src_endpoint.uid": f("aid", "event_simpleName"),
                "src_endpoint.hostname": f("ComputerName"),
                "query": Obj(
                    {
                        "hostname": f("DomainName"),
                        "type": Lookup(f("RequestType"), QTYPES),
                    },
                    needs=("hostname",),
                ),
                "answers": Split(
                    f("IP4Records", "IP6Records", "CNAMERecords"), r"[;,|\s]+", "rdata"
                ),
                "connection_info.direction_id": c(2),
            },
        ),
        _rule(
            "authentication",
            3002,
            LOGONS,
            {
                "actor.process.uid": f(
                    "ContextProcessId",
                    "ContextProcessId_decimal",
                    "TargetProcessId",
                    "TargetProcessId_decimal",
                ),
                **under("user", USER),
                "dst_endpoint.hostname": f("ComputerName"),
                "dst_endpoint.uid": f("aid", "event_simpleName"),
                "src_endpoint.ip": Ip(REMOTE),
                "src_endpoint.hostname": f("ClientComputerName", "RemoteHostName"),
                "session.uid": f("AuthenticationId", "LogonSessionId"),
                "session.created_time": Millis(f("LogonTime")),
                "logon_type_id": Lookup(
                    f("LogonType", "LogonType_decimal"),
                    {each: int(each) for each in sorted(LOGON_TYPES)},
                    other=99,
                ),
                "is_remote": Lookup(
                    f("UserIsRemote", "LogonType", "LogonType_decimal"),
                    {"3": True, "8": True, "10": True, "true": True, "false": False},
                ),
                "status_id": Lookup(KIND, {"userlogonfailed": 2, "userlogonfailed2": 2}, default=1),
                "status_code": f("SubStatus", "Status", "SubStatus_decimal"),
                "unmapped.logon_server": f("LogonServer"),
                "unmapped.is_admin": f("UserIsAdmin"),
            },
            "UserName",
        ),
        _rule(
            "registry value",
            201002,
            REGISTRY,
            {
                **ACTOR,
                "reg_value.path": First((KEY, KIND)),
                "reg_value.name": First((f("RegValueName"), c("(Default)"))),
                "reg_value.reg_string_data": f("RegStringValue"),
                "reg_value.reg_integer_data": num("RegNumericValue"),
                "unmapped.operation": f("RegOperationType"),
            },
        ),
        _rule(
            "service",
            201004,
            SERVICES,
            {
                **ACTOR,
                "win_service.name": f(
                    "ServiceDisplayName", "ServiceName", "ServiceObjectName", "event_simpleName"
                ),
                "win_service.cmd_line": f(
                    "ServiceImagePath", "ImageFileName", "CommandLine", "ServiceDisplayName", "aid"
                ),
                "win_service.service_start_type_id": Lookup(
                    f("ServiceStart"), {"0": 1, "1": 2, "2": 3, "3": 4, "4": 5}
                ),
            },
        ),
        _rule(
            "scheduled task",
            1006,
            JOBS,
            {
                **ACTOR,
                "job.name": f("TaskName", "TaskXml", "BITSJobName", "event_simpleName"),
                "job.file": Obj(
                    {
                        "name": Basename(f("TargetFileName")),
                        "path": f("TargetFileName"),
                        "type_id": c(1),
                    },
                    needs=("path",),
                ),
                "job.cmd_line": Join((f("TaskExecCommand"), f("TaskExecArguments")), " "),
                "job.user.name": f("TaskAuthor", "UserName"),
                "unmapped.command": f("TaskExecCommand"),
            },
        ),
        _rule(
            "module",
            1005,
            MODULES,
            {
                **ACTOR,
                "module.file.name": First(
                    (Basename(f("ImageFileName", "ModuleFileName", "TargetFileName")), KIND)
                ),
                "module.file.path": f("ImageFileName", "ModuleFileName", "TargetFileName"),
                "module.file.hashes": HASHES,
                "module.file.type_id": c(1),
                "module.load_type_id": c(0),
            },
        ),
        Rule(
            name="script",
            class_uid=1009,
            activity_id=1,
            tree={
                **DEVICE,
                **UNMAPPED,
                **ACTOR,
                "script.script_content.value": Cut(
                    f("ScriptContent", "ScriptContentName", "ScriptContentBytes", "CommandLine"),
                    16384,
                ),
                "script.type_id": c(0),
                "script.hashes": hashes(sha256=("ContentSHA256HashData", "SHA256HashData")),
                "script.name": f("ScriptContentName"),
            },
            when=(("event_simpleName", frozenset(SCRIPTS)), ("ScriptContent", PRESENT)),
        ),
        _rule("file", 1001, FILES, {**ACTOR, **FILE}),
        Rule(
            name="attack",
            class_uid=2004,
            activity_id=1,
            tree={
                **DEVICE,
                **UNMAPPED,
                "message": KIND,
                "finding_info.uid": f("id", "event_simpleName"),
                "finding_info.title": KIND,
                "finding_info.analytic.name": KIND,
                "finding_info.analytic.type_id": c(1),
                "finding_info.attacks": Listing((Obj({"technique.uid": Lookup(KIND, ATTACKS)}),)),
                "evidences": Listing(
                    (
                        Obj(
                            {
                                "src_endpoint.ip": Ip(REMOTE),
                                "src_endpoint.hostname": f("ClientComputerName"),
                                "process.uid": f("ContextProcessId", "ContextProcessId_decimal"),
                                **under("user", USER),
                            }
                        ),
                    )
                ),
            },
            when=(("event_simpleName", frozenset(ATTACKS)),),
        ),
        Rule(
            name="other event",
            class_uid=0,
            activity_id=99,
            tree={
                **UNMAPPED,
                **DEVICE,
                "message": KIND,
                "unmapped.command": f("CommandLine"),
                "unmapped.image": IMAGE,
                "unmapped.user": f("UserName"),
                "unmapped.remote": REMOTE,
                "unmapped.target": f("TargetFileName"),
                "unmapped.process": f(
                    "TargetProcessId",
                    "TargetProcessId_decimal",
                    "ContextProcessId",
                    "ContextProcessId_decimal",
                ),
            },
        ),
    ),
)
