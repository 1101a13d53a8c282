"""Rules for Sysmon's events."""

from __future__ import annotations

from ocsf.mappers.windows_parts import (
    NAMED_PIPE,
    PORT_MAXIMUM,
    SEVERITY,
    account,
    file_at,
    guid,
    hashes,
    process_of,
)
from ocsf.mapping import (
    AfterLast,
    BeforeLast,
    Expression,
    First,
    Ip,
    Lookup,
    Match,
    Millis,
    Rule,
    Split,
    Tree,
    When,
    c,
    f,
    num,
    under,
)

CHANNELS = frozenset({"microsoft-windows-sysmon/operational", "microsoft-windows-sysmon"})

IMAGE = process_of(f("Image"), f("ProcessId"), guid("ProcessGuid"))
ACTOR: Tree = {
    **under("actor.process", IMAGE),
    **under("actor.user", account(f("User"))),
}
"""The process that did it, and its user."""

SOURCE: Tree = {
    **under(
        "actor.process",
        process_of(
            f("SourceImage"), f("SourceProcessId"), guid("SourceProcessGUID", "SourceProcessGuid")
        ),
    ),
    "actor.process.tid": num("SourceThreadId"),
    **under("actor.user", account(f("SourceUser"))),
}
TARGET: Tree = {
    **under(
        "process",
        process_of(
            f("TargetImage"), f("TargetProcessId"), guid("TargetProcessGUID", "TargetProcessGuid")
        ),
    ),
    **under("process.user", account(f("TargetUser"))),
}

FILE_FACTS: Tree = {
    "hashes": hashes("Hashes", "Hash"),
    "company_name": f("Company"),
    "desc": f("Description"),
    "internal_name": f("OriginalFileName"),
    "version": f("FileVersion"),
    "product.name": f("Product"),
}

SIGNATURE: Tree = {
    "algorithm_id": c(0),
    "developer_uid": f("Signature"),
    "state": f("SignatureStatus"),
    "state_id": Lookup(
        f("SignatureStatus"), {"valid": 1, "expired": 2, "revoked": 3, "unavailable": 0}, other=99
    ),
}

PARENT = {
    **process_of(f("ParentImage"), f("ParentProcessId"), guid("ParentProcessGuid")),
    "cmd_line": f("ParentCommandLine"),
    **under("user", account(f("ParentUser"))),
}

EVENT_TYPE: Expression = First((f("EventType"), f("EventTypeOrignal")))
MESSAGE_TYPE: Expression = Match(f("Message"), r"EventType: (\w+)")


def _by_type(table: dict[str, int]) -> Expression:
    """Choose by Sysmon's EventType, which relays may have overwritten: then by the message."""
    return First((Lookup(EVENT_TYPE, table), Lookup(MESSAGE_TYPE, table, default=0)))


def _sysmon(
    ids: set[int], name: str, class_uid: int, activity: Expression | int, tree: Tree
) -> Rule:
    return Rule(
        name=f"sysmon {name}",
        class_uid=class_uid,
        activity_id=activity,
        tree={**tree, "unmapped.rule_name": f("RuleName")},
        when=(("Channel", CHANNELS), ("EventID", frozenset(map(str, ids)))),
    )


def _file(ids: set[int], name: str, activity: int, tree: Tree) -> Rule:
    return _sysmon(
        ids, name, 1001, activity, {**ACTOR, **under("file", file_at(f("TargetFilename"))), **tree}
    )


def _pipe(event_id: int, name: str, activity: int) -> Rule:
    return _sysmon(
        {event_id},
        name,
        1001,
        activity,
        {**ACTOR, **under("file", file_at(f("PipeName"), NAMED_PIPE))},
    )


KEY_PATH: Expression = f("TargetObject")
VALUE_KEY: Expression = First((BeforeLast(KEY_PATH, "\\"), KEY_PATH))
VALUE_NAME: Expression = First((AfterLast(KEY_PATH, "\\"), KEY_PATH))

ENDPOINTS: Tree = {
    "src_endpoint.ip": Ip(f("SourceIp")),
    "src_endpoint.hostname": f("SourceHostname"),
    "src_endpoint.port": num("SourcePort", maximum=PORT_MAXIMUM),
    "src_endpoint.svc_name": f("SourcePortName"),
    "dst_endpoint.ip": Ip(f("DestinationIp")),
    "dst_endpoint.hostname": f("DestinationHostname"),
    "dst_endpoint.port": num("DestinationPort", maximum=PORT_MAXIMUM),
    "dst_endpoint.svc_name": f("DestinationPortName"),
    "connection_info.protocol_name": f("Protocol"),
    "connection_info.protocol_ver_id": Lookup(f("SourceIsIpv6"), {"true": 6, "false": 4}),
    "connection_info.direction_id": Lookup(f("Initiated"), {"true": 2, "false": 1}, default=0),
}

RULES: tuple[Rule, ...] = (
    _sysmon(
        {1},
        "process create",
        1007,
        1,
        {
            **under("process", IMAGE),
            **under("process.file", FILE_FACTS),
            "process.cmd_line": f("CommandLine"),
            "process.working_directory": f("CurrentDirectory"),
            "process.created_time": Millis(f("UtcTime")),
            "process.integrity": f("IntegrityLevel"),
            "process.session.uid": f("LogonId"),
            **under("process.user", account(f("User"))),
            **under("process.parent_process", PARENT),
            **under("actor.process", PARENT),
            **under("actor.user", account(f("User"))),
            "unmapped.logon_guid": guid("LogonGuid"),
            "unmapped.terminal_session_id": num("TerminalSessionId"),
        },
    ),
    _file(
        {2},
        "file time changed",
        6,
        {
            "file.created_time": Millis(f("CreationUtcTime")),
            "unmapped.previous_creation_time": f("PreviousCreationUtcTime"),
        },
    ),
    _sysmon({3}, "network connection", 4001, 1, {**ACTOR, **ENDPOINTS}),
    _sysmon(
        {5},
        "process terminated",
        1007,
        2,
        {**ACTOR, **under("process", IMAGE), **under("process.user", account(f("User")))},
    ),
    _sysmon(
        {6},
        "driver loaded",
        1002,
        1,
        {
            "actor.app_name": f("Provider"),
            **under("driver.file", file_at(f("ImageLoaded"))),
            "driver.file.hashes": hashes("Hashes"),
            **under("driver.file.signature", SIGNATURE),
        },
    ),
    _sysmon(
        {7},
        "image loaded",
        1005,
        1,
        {
            **ACTOR,
            **under("module.file", {**file_at(f("ImageLoaded")), **FILE_FACTS}),
            **under("module.file.signature", SIGNATURE),
            "module.load_type_id": c(1),
            "unmapped.signed": Lookup(f("Signed"), {"true": True, "false": False}),
        },
    ),
    _sysmon(
        {8},
        "remote thread",
        1007,
        4,
        {
            **SOURCE,
            **TARGET,
            "injection_type_id": c(1),
            "module.function_name": f("StartFunction"),
            "module.start_address": f("StartAddress"),
            **under("module.file", file_at(f("StartModule"))),
            "module.load_type_id": c(0),
            "unmapped.new_thread_id": num("NewThreadId"),
        },
    ),
    _sysmon(
        {9},
        "raw disk read",
        1001,
        2,
        {**ACTOR, **under("file", file_at(f("Device"), 4))},
    ),
    _sysmon(
        {10},
        "process access",
        1007,
        3,
        {
            **SOURCE,
            **TARGET,
            "actual_permissions": num("GrantedAccess"),
            "unmapped.granted_access": f("GrantedAccess"),
            "unmapped.call_trace": f("CallTrace"),
        },
    ),
    _file({11}, "file created", 1, {"file.created_time": Millis(f("CreationUtcTime"))}),
    _sysmon(
        {12},
        "registry key",
        201001,
        _by_type({"createkey": 1, "deletekey": 4, "deletevalue": 3, "createvalue": 3}),
        {**ACTOR, "reg_key.path": KEY_PATH},
    ),
    _sysmon(
        {13},
        "registry value set",
        201002,
        2,
        {
            **ACTOR,
            "reg_value.name": VALUE_NAME,
            "reg_value.path": VALUE_KEY,
            "reg_value.data": f("Details"),
        },
    ),
    _sysmon(
        {14},
        "registry rename",
        201001,
        5,
        {**ACTOR, "reg_key.path": f("NewName"), "prev_reg_key.path": KEY_PATH},
    ),
    _file(
        {15},
        "file stream created",
        1,
        {
            "file.hashes": hashes("Hash", "Hashes"),
            "file.created_time": Millis(f("CreationUtcTime")),
            "unmapped.contents": f("Contents"),
        },
    ),
    _pipe(17, "pipe created", 1),
    _pipe(18, "pipe connected", 14),
    _sysmon(
        {19, 20, 21},
        "WMI subscription",
        201003,
        1,
        {
            **under("actor.user", account(f("User"))),
            "win_resource.name": f("Name", "Consumer"),
            "win_resource.type": f("EventType"),
            "win_resource.type_id": c(99),
            "win_resource.details": f("Query", "Destination", "Filter"),
            "unmapped.wmi_operation": f("Operation"),
            "unmapped.event_namespace": f("EventNamespace"),
            "unmapped.consumer_type": f("Type"),
        },
    ),
    _sysmon(
        {22},
        "DNS query",
        4003,
        1,
        {
            **ACTOR,
            "src_endpoint.hostname": f("Computer"),
            "query.hostname": f("QueryName"),
            "answers": Split(f("QueryResults"), r";\s*", key="rdata"),
            "status_code": f("QueryStatus"),
            "status_id": Lookup(f("QueryStatus"), {"0": 1}, other=2),
        },
    ),
    _file(
        {23, 26},
        "file deleted",
        4,
        {
            "file.hashes": hashes("Hashes"),
            "unmapped.archived": f("Archived"),
            "unmapped.is_executable": f("IsExecutable"),
        },
    ),
    _file({27}, "file blocked", 1, {"file.hashes": hashes("Hashes"), "status_id": c(2)}),
    _file({28}, "file shredding blocked", 4, {"file.hashes": hashes("Hashes"), "status_id": c(2)}),
    _file({29}, "executable file detected", 1, {"file.hashes": hashes("Hashes")}),
    _sysmon(
        {25},
        "process tampering",
        1007,
        99,
        {
            **ACTOR,
            **under("process", IMAGE),
            "activity_name": First((f("Type"), c("Process Tampering"))),
        },
    ),
    Rule(
        name="sysmon clipboard and service",
        class_uid=0,
        activity_id=When(f("EventID"), frozenset({"24", "4", "16", "255"}), c(99)),
        severity_id=SEVERITY,
        tree={
            **ACTOR,
            "message": First((f("Message"), f("Description"))),
            "unmapped.client_info": f("ClientInfo"),
            "unmapped.configuration": f("Configuration"),
            "unmapped.state": f("State"),
            "unmapped.hashes": hashes("Hashes"),
            "unmapped.rule_name": f("RuleName"),
        },
        when=(("Channel", CHANNELS),),
    ),
)
"""In the order they are tried; the last takes every other Sysmon event."""
