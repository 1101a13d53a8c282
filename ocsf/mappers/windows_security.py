"""Rules for the Security log."""

from __future__ import annotations

from ocsf.mappers.windows_parts import (
    BY_STATUS,
    CALLER,
    FAILURE,
    PORT_MAXIMUM,
    SUBJECT,
    SUCCESS,
    file_at,
    guid,
    named_user,
    process_of,
)
from ocsf.mapping import (
    Expression,
    First,
    Ip,
    Lookup,
    Match,
    NotIp,
    Rule,
    Split,
    Tree,
    c,
    f,
    num,
    under,
)

CHANNEL = frozenset({"security"})
LIST_SEPARATOR = r"[\s,]+"

LOGON_TYPES = {str(number): number for number in (2, 3, 4, 5, 7, 8, 9, 10, 11, 12, 13)} | {"0": 1}
REMOTE_TYPES = {"3": True, "8": True, "10": True, "12": True} | {
    each: False for each in ("0", "2", "4", "5", "7", "9", "11", "13")
}
AUTH_PROTOCOLS = {"ntlm": 1, "kerberos": 2, "wdigest": 3}

TARGET: Tree = under("user", named_user("Target"))
CLIENT: Tree = {
    "src_endpoint.ip": Ip(f("IpAddress", "ClientAddress")),
    "src_endpoint.port": num("IpPort", maximum=PORT_MAXIMUM),
    "src_endpoint.hostname": First(
        (f("WorkstationName", "Workstation", "ClientName"), NotIp(f("IpAddress", "ClientAddress")))
    ),
}
SERVER: Tree = {"dst_endpoint.hostname": f("Computer")}
"""The device that logs an authentication is the one logged on to."""

LOGON: Tree = {
    **SERVER,
    **SUBJECT,
    **TARGET,
    **CLIENT,
    "session.uid": f("TargetLogonId"),
    "session.uid_alt": guid("LogonGuid"),
    "logon_type": f("LogonType"),
    "logon_type_id": Lookup(f("LogonType"), LOGON_TYPES, other=99),
    "is_remote": Lookup(f("LogonType"), REMOTE_TYPES),
    "auth_protocol": f("AuthenticationPackageName"),
    "auth_protocol_id": Lookup(f("AuthenticationPackageName"), AUTH_PROTOCOLS, other=99),
    **under("logon_process", process_of(f("ProcessName"), f("ProcessId"))),
    "unmapped.logon_process_name": f("LogonProcessName"),
    "unmapped.lm_package_name": f("LmPackageName"),
    "unmapped.elevated_token": Lookup(f("ElevatedToken"), {"%%1842": True, "%%1843": False}),
    "unmapped.target_server_name": f("TargetServerName"),
}
KERBEROS: Tree = {
    **SERVER,
    **TARGET,
    **CLIENT,
    **BY_STATUS,
    "user.uid": f("TargetSid", "TargetUserSid"),
    "auth_protocol_id": c(2),
    "auth_protocol": c("Kerberos"),
    "service.name": f("ServiceName"),
    "service.uid": f("ServiceSid"),
    "unmapped.ticket_encryption_type": f("TicketEncryptionType"),
    "unmapped.ticket_options": f("TicketOptions"),
    "unmapped.pre_auth_type": f("PreAuthType"),
}

_TARGET_ACCOUNT: Tree = {
    **SUBJECT,
    "user.name": f("TargetUserName", "TargetAccount", "NewTargetUserName"),
    "user.domain": f("TargetDomainName"),
    "user.uid": f("TargetSid", "TargetUserSid"),
    "unmapped.privileges": Split(f("PrivilegeList"), LIST_SEPARATOR),
    "unmapped.sam_account_name": f("SamAccountName"),
    "unmapped.user_account_control": f("UserAccountControl"),
    "unmapped.new_name": f("NewTargetUserName"),
}
_GROUP: Tree = {
    **SUBJECT,
    "group.name": f("TargetUserName"),
    "group.domain": f("TargetDomainName"),
    "group.uid": f("TargetSid", "TargetUserSid"),
    "user.name": f("MemberName"),
    "user.uid": f("MemberSid"),
    "unmapped.privileges": Split(f("PrivilegeList"), LIST_SEPARATOR),
}

_JOB: Tree = {
    **SUBJECT,
    "job.name": f("TaskName"),
    "job.cmd_line": Match(f("TaskContent", "TaskContentNew"), r"(?s)<Command>(.*?)</Command>"),
    "job.desc": Match(f("TaskContent", "TaskContentNew"), r"(?s)<Description>(.*?)</Description>"),
    "unmapped.arguments": Match(
        f("TaskContent", "TaskContentNew"), r"(?s)<Arguments>(.*?)</Arguments>"
    ),
}

_PERMISSIONS: Tree = {
    "unmapped.access_mask": f("AccessMask"),
    "unmapped.access_list": Split(f("AccessList", "Accesses"), LIST_SEPARATOR),
    "unmapped.object_server": f("ObjectServer"),
    "unmapped.handle_id": f("HandleId"),
}
RESOURCE_TYPES = {
    "directory": 1,
    "event": 2,
    "timer": 3,
    "device": 4,
    "mutant": 5,
    "file": 7,
    "token": 8,
    "thread": 9,
    "section": 10,
    "windowstation": 11,
    "driver": 15,
    "symboliclink": 18,
    "process": 20,
    "desktop": 22,
    "key": 25,
    "semaphore": 28,
    "job": 29,
    "port": 30,
    "alpc port": 32,
    "sam_alias": 33,
    "sam_group": 34,
    "sam_user": 35,
    "sam_domain": 36,
    "sam_server": 37,
}

_NETWORK: Tree = {
    **under("actor.process", process_of(f("Application"), f("ProcessId", "ProcessID"))),
    "src_endpoint.ip": Ip(f("SourceAddress")),
    "src_endpoint.port": num("SourcePort", maximum=PORT_MAXIMUM),
    "dst_endpoint.ip": Ip(f("DestAddress")),
    "dst_endpoint.port": num("DestPort", maximum=PORT_MAXIMUM),
    "connection_info.protocol_num": num("Protocol"),
    "connection_info.protocol_name": Lookup(
        f("Protocol"), {"1": "icmp", "6": "tcp", "17": "udp", "58": "ipv6-icmp"}
    ),
    "connection_info.direction_id": Lookup(
        f("Direction"), {"%%14592": 1, "%%14593": 2, "inbound": 1, "outbound": 2}, default=0
    ),
    "unmapped.layer": f("LayerName"),
    "unmapped.filter_id": f("FilterRTID"),
}


def _security(
    ids: set[int],
    name: str,
    class_uid: int,
    activity: Expression | int,
    tree: Tree,
    more: tuple[tuple[str, frozenset[str]], ...] = (),
) -> Rule:
    return Rule(
        name=f"security {name}",
        class_uid=class_uid,
        activity_id=activity,
        tree=tree,
        when=(("Channel", CHANNEL), ("EventID", frozenset(map(str, ids))), *more),
    )


def _by_id(table: dict[int, int]) -> Expression:
    return Lookup(f("EventID"), {str(number): each for number, each in table.items()}, default=0)


def _object(name: str, kinds: set[str], class_uid: int, activity: int, tree: Tree) -> Rule:
    """Make the rule for handles to and accesses of one kind of object."""
    return _security(
        {4656, 4660, 4663, 4670},
        f"object access ({name})",
        class_uid,
        activity,
        {**CALLER, **_PERMISSIONS, **tree},
        more=(("ObjectType", frozenset(kinds)), ("ObjectName", frozenset())),
    )


NEW_IMAGE: Expression = f("NewProcessName")
PARENT: Tree = {
    **process_of(f("ParentProcessName"), f("ProcessId", "CreatorProcessId")),
}
ACCOUNT_CHANGES = {
    4720: 1,
    4722: 2,
    4723: 3,
    4724: 4,
    4725: 5,
    4726: 6,
    4738: 99,
    4740: 9,
    4741: 1,
    4742: 99,
    4743: 6,
    4765: 99,
    4767: 12,
    4781: 99,
}
GROUP_CHANGES = (
    {each: 6 for each in (4727, 4731, 4744, 4749, 4754, 4759)}
    | {each: 3 for each in (4728, 4732, 4746, 4751, 4756, 4761)}
    | {each: 4 for each in (4729, 4733, 4747, 4752, 4757, 4762)}
    | {each: 5 for each in (4730, 4734, 4748, 4753, 4758, 4763)}
    | {each: 99 for each in (4735, 4737, 4745, 4750, 4755, 4760, 4764)}
)

RULES: tuple[Rule, ...] = (
    _security(
        {4688},
        "process create",
        1007,
        1,
        {
            **SUBJECT,
            **under("process", process_of(NEW_IMAGE, f("NewProcessId"))),
            "process.cmd_line": f("CommandLine", "ProcessCommandLine"),
            **under("process.user", named_user("Target")),
            "process.session.uid": f("TargetLogonId"),
            "process.integrity": f("MandatoryLabel"),
            **under("process.parent_process", PARENT),
            **under("actor.process", PARENT),
            "unmapped.token_elevation_type": f("TokenElevationType"),
        },
    ),
    _security(
        {4689},
        "process exit",
        1007,
        2,
        {**CALLER, **under("process", process_of(f("ProcessName"), f("ProcessId")))},
    ),
    _security({4624}, "logon", 3002, 1, {**LOGON, **SUCCESS}),
    _security(
        {4625},
        "failed logon",
        3002,
        1,
        {
            **LOGON,
            **FAILURE,
            "status_code": f("SubStatus", "Status"),
            "status_detail": f("FailureReason"),
        },
    ),
    _security({4634, 4647}, "logoff", 3002, 2, {**LOGON, **SUCCESS}),
    _security({4648}, "logon with explicit credentials", 3002, 1, LOGON),
    _security(
        {4778, 4779},
        "session reconnect",
        3002,
        99,
        {
            "user.name": f("AccountName"),
            "user.domain": f("AccountDomain"),
            "session.uid": f("LogonID", "LogonId"),
            **SERVER,
            **CLIENT,
        },
    ),
    _security(
        {4768, 4769, 4770, 4771},
        "Kerberos",
        3002,
        _by_id({4768: 3, 4769: 4, 4770: 5, 4771: 6}),
        {
            **KERBEROS,
        },
    ),
    _security(
        {4776},
        "credential validation",
        3002,
        1,
        {
            **SERVER,
            "user.name": f("TargetUserName"),
            "src_endpoint.hostname": f("Workstation"),
            "auth_protocol": f("PackageName"),
            "auth_protocol_id": c(1),
            **BY_STATUS,
        },
    ),
    _security(
        {4672, 4964},
        "special privileges",
        3003,
        1,
        {
            **under("user", named_user("Subject")),
            "session.uid": f("SubjectLogonId"),
            "privileges": Split(f("PrivilegeList"), LIST_SEPARATOR),
        },
    ),
    _security(
        {4627},
        "group membership",
        3003,
        2,
        {
            **TARGET,
            "session.uid": f("TargetLogonId"),
            "group.uid": Match(f("GroupMembership"), r"(S-1-[0-9-]+)"),
            "unmapped.groups": Split(f("GroupMembership"), LIST_SEPARATOR),
        },
    ),
    _security(
        {4703},
        "token rights adjusted",
        3003,
        1,
        {
            **CALLER,
            **TARGET,
            "session.uid": f("TargetLogonId"),
            "privileges": Split(f("EnabledPrivilegeList", "DisabledPrivilegeList"), LIST_SEPARATOR),
            "unmapped.disabled_privileges": Split(f("DisabledPrivilegeList"), LIST_SEPARATOR),
        },
    ),
    _security(
        {4704, 4705, 4717, 4718},
        "user rights",
        3005,
        _by_id({4704: 1, 4705: 2, 4717: 1, 4718: 2}),
        {
            **SUBJECT,
            "user.uid": f("TargetSid"),
            "privileges": Split(
                f("PrivilegeList", "AccessGranted", "AccessRemoved"), LIST_SEPARATOR
            ),
        },
    ),
    _security(
        set(ACCOUNT_CHANGES), "account change", 3001, _by_id(ACCOUNT_CHANGES), _TARGET_ACCOUNT
    ),
    _security(set(GROUP_CHANGES), "group change", 3006, _by_id(GROUP_CHANGES), _GROUP),
    _security(
        {4797, 4798},
        "account enumerated",
        5018,
        1,
        {
            **under("actor.user", named_user("Subject")),
            **under("actor.process", process_of(f("CallerProcessName"), f("CallerProcessId"))),
            **TARGET,
            "user.uid": f("TargetSid", "TargetUserSid"),
            "query_result_id": c(0),
        },
    ),
    _security(
        {4799},
        "group enumerated",
        5009,
        1,
        {
            **under("actor.user", named_user("Subject")),
            **under("actor.process", process_of(f("CallerProcessName"), f("CallerProcessId"))),
            "group.name": f("TargetUserName"),
            "group.domain": f("TargetDomainName"),
            "group.uid": f("TargetSid"),
            "query_result_id": c(0),
        },
    ),
    _security(
        {4697},
        "service installed",
        201004,
        1,
        {
            **SUBJECT,
            "win_service.name": f("ServiceName"),
            "win_service.cmd_line": f("ServiceFileName"),
            "win_service.service_start_name": f("ServiceAccount"),
            "win_service.service_start_type_id": Lookup(
                f("ServiceStartType"), {"0": 1, "1": 2, "2": 3, "3": 4, "4": 5}, other=99
            ),
            "win_service.service_type": f("ServiceType"),
        },
    ),
    _security(
        {4698, 4699, 4700, 4701, 4702},
        "scheduled task",
        1006,
        _by_id({4698: 1, 4699: 3, 4700: 4, 4701: 5, 4702: 2}),
        _JOB,
    ),
    _security(
        {5140, 5145},
        "share access",
        4006,
        _by_id({5140: 99, 5145: 2}),
        {
            **SUBJECT,
            **CLIENT,
            **SERVER,
            "share": f("ShareName"),
            "share_type": f("ObjectType"),
            **under("file", file_at(f("RelativeTargetName"))),
            "unmapped.share_local_path": f("ShareLocalPath"),
            **_PERMISSIONS,
        },
    ),
    _security(
        {5142, 5143, 5144},
        "share changed",
        201003,
        99,
        {
            **SUBJECT,
            "win_resource.name": f("ShareName"),
            "win_resource.details": f("ShareLocalPath"),
            "win_resource.type": c("Share"),
            "win_resource.type_id": c(99),
        },
    ),
    _security(
        {5152, 5153, 5154, 5155, 5156, 5157, 5158, 5159, 5150, 5151},
        "firewall",
        4001,
        _by_id(
            {5154: 7, 5155: 5, 5156: 1, 5157: 5, 5158: 99, 5159: 5}
            | {each: 5 for each in (5150, 5151, 5152, 5153)}
        ),
        _NETWORK,
    ),
    _security(
        {1102, 1100, 1104, 1105},
        "log cleared or stopped",
        1008,
        _by_id({1102: 1, 1100: 7, 1104: 99, 1105: 4}),
        {
            "actor.user.name": f(
                "SubjectUserName", "/Event.UserData.LogFileCleared.SubjectUserName"
            ),
            "actor.user.domain": f(
                "SubjectDomainName", "/Event.UserData.LogFileCleared.SubjectDomainName"
            ),
            "actor.user.uid": f("SubjectUserSid", "/Event.UserData.LogFileCleared.SubjectUserSid"),
            "actor.session.uid": f(
                "SubjectLogonId", "/Event.UserData.LogFileCleared.SubjectLogonId"
            ),
            "log_name": c("Security"),
            "message": First((f("Message"), c("Security log"))),
        },
    ),
    _object("file", {"file"}, 1001, 14, under("file", file_at(f("ObjectName")))),
    _object("registry", {"key"}, 201001, 2, {"reg_key.path": f("ObjectName")}),
    _security(
        {4657},
        "registry value",
        201002,
        _by_id({4657: 2}),
        {
            **CALLER,
            "reg_value.path": f("ObjectName"),
            "reg_value.name": First((f("ObjectValueName"), c("(Default)"))),
            "reg_value.data": f("NewValue"),
            "unmapped.old_value": f("OldValue"),
        },
    ),
    _security(
        {4656, 4658, 4660, 4661, 4662, 4663, 4670, 4673, 4674, 4690, 5379, 5381, 5382, 4693, 4692},
        "object access",
        201003,
        1,
        {
            **CALLER,
            "actor.process.pid": num("ProcessId", "SourceProcessId", "ClientProcessId"),
            "win_resource.name": f(
                "ObjectName",
                "TargetName",
                "Resource",
                "Service",
                "MasterKeyId",
                "HandleId",
                "SourceHandleId",
                "ObjectServer",
                "SchemaFriendlyName",
                "PrivilegeList",
                "EventID",
            ),
            "win_resource.type": f("ObjectType"),
            "win_resource.type_id": Lookup(f("ObjectType"), RESOURCE_TYPES, default=0),
            "unmapped.privileges": Split(f("PrivilegeList"), LIST_SEPARATOR),
            **_PERMISSIONS,
        },
    ),
    _security(
        {5136, 5137, 5138, 5139, 5141},
        "directory change",
        3004,
        _by_id({5136: 3, 5137: 1, 5138: 99, 5139: 5, 5141: 4}),
        {
            **SUBJECT,
            "entity.name": f("ObjectDN", "NewObjectDN"),
            "entity.uid": f("ObjectGUID"),
            "entity.type": f("ObjectClass"),
            "unmapped.attribute": f("AttributeLDAPDisplayName"),
            "unmapped.value": f("AttributeValue"),
        },
    ),
)
"""In the order they are tried."""
