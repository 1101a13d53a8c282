"""Rules for the other Windows logs: System, PowerShell, Defender, tasks, WMI, BITS, RDP, DNS."""

from __future__ import annotations

from ocsf.mappers.windows_parts import SEVERITY, account, file_at, process_of
from ocsf.mapping import (
    Cut,
    Expression,
    First,
    Ip,
    Lookup,
    Lower,
    Match,
    Rule,
    Tree,
    c,
    f,
    num,
    under,
)

MESSAGE_LENGTH = 4096
POWERSHELL = 2
DATA = ("Data[0]", "Data.#text[0]", "param1")

CREATOR: Tree = {
    "actor.user.uid": f("UserID"),
    "actor.user.name": f("AccountName"),
    "actor.process.pid": num("ExecutionProcessID"),
    "actor.app_name": f("Provider"),
}
"""Who wrote the event, for logs that name no actor in their data."""


def _rule(
    channel: str,
    ids: set[int],
    name: str,
    class_uid: int,
    activity: Expression | int,
    tree: Tree,
    severity: Expression | int = 1,
) -> Rule:
    return Rule(
        name=name,
        class_uid=class_uid,
        activity_id=activity,
        severity_id=severity,
        tree=tree,
        when=(("Channel", frozenset({channel})), ("EventID", frozenset(map(str, ids)))),
    )


def _by_id(table: dict[int, int]) -> Expression:
    return Lookup(f("EventID"), {str(number): each for number, each in table.items()}, default=0)


def _manager(ids: set[int], name: str, activity: Expression | int, tree: Tree) -> Rule:
    """Make a rule for the Service Control Manager; other sources reuse its event ids."""
    rule = _rule("system", ids, name, 201004, activity, {**CREATOR, **tree})
    provider = ("Provider", frozenset({"service control manager"}))
    return Rule(
        rule.name, rule.class_uid, rule.tree, (*rule.when, provider), activity_id=rule.activity_id
    )


SERVICE_STATE: Tree = {
    "win_service.name": f("param4", "param1"),
    "win_service.service_type_id": c(0),
    "unmapped.param2": f("param2"),
    "unmapped.param3": f("param3"),
}

SCRIPT: Tree = {
    **CREATOR,
    "script.type_id": c(POWERSHELL),
    "script.type": c("PowerShell"),
}
CONTEXTS = (
    f("ContextInfo"),
    f("Data[1]", "Data.#text[1]"),
    f("Data[2]", "Data.#text[2]"),
    f("Message"),
)
"""Where PowerShell's logs tell the host's facts, as lines of `Name=value`."""

HOST_APPLICATION: Expression = First(
    tuple(Match(text, r"Host ?Application ?= ?([^\r\n]+)") for text in CONTEXTS)
)
HOST_VERSION: Expression = First(tuple(Match(text, r"HostVersion=([0-9.]+)") for text in CONTEXTS))
PIPELINE: Expression = First(
    (
        Match(f("Message"), r"(?s)command line: (.*?)\.\s*(?:\n|\r|Context)"),
        f(*DATA),
        f("Message"),
    )
)

POWERSHELL_LOG = "microsoft-windows-powershell/operational"
DEFENDER_LOG = "microsoft-windows-windows defender/operational"
TASK_LOG = "microsoft-windows-taskscheduler/operational"
WMI_LOG = "microsoft-windows-wmi-activity/operational"
BITS_LOG = "microsoft-windows-bits-client/operational"
SESSION_LOG = "microsoft-windows-terminalservices-localsessionmanager/operational"
CONNECTION_LOG = "microsoft-windows-terminalservices-remoteconnectionmanager/operational"
DNS_LOG = "microsoft-windows-dns-client/operational"

RULES: tuple[Rule, ...] = (
    _manager(
        {7045},
        "service installed",
        1,
        {
            "win_service.name": f("ServiceName"),
            "win_service.cmd_line": f("ImagePath"),
            "win_service.service_start_name": f("AccountName"),
            "win_service.service_type": f("ServiceType"),
            "win_service.service_start_type": f("StartType"),
            "win_service.service_start_type_id": Lookup(
                Lower(f("StartType")),
                {"boot start": 1, "system start": 2, "auto start": 3, "demand start": 4}
                | {"disabled": 5},
                other=99,
            ),
            "actor.user.name": f("SubjectUserName"),
        },
    ),
    _manager(
        {7036},
        "service state",
        Lookup(f("param2"), {"running": 3, "stopped": 4, "paused": 5}, default=0),
        SERVICE_STATE,
    ),
    _manager({7040}, "service start type changed", 2, SERVICE_STATE),
    _manager(
        {7023, 7024, 7031, 7034},
        "service stopped with an error",
        4,
        {**SERVICE_STATE, "status_id": c(2)},
    ),
    _manager(
        {7000, 7001, 7009},
        "service did not start",
        3,
        {**SERVICE_STATE, "status_id": c(2)},
    ),
    _rule(
        "system",
        {104},
        "log cleared",
        1008,
        1,
        {
            "actor.user.name": f(
                "SubjectUserName", "/Event.UserData.LogFileCleared.SubjectUserName", "AccountName"
            ),
            "actor.user.domain": f(
                "SubjectDomainName", "/Event.UserData.LogFileCleared.SubjectDomainName"
            ),
            "log_name": First(
                (
                    f("/Event.UserData.LogFileCleared.Channel"),
                    Match(f("Message"), r"The (.+?) log file was cleared"),
                    c("Unknown"),
                )
            ),
            "message": Cut(f("Message"), MESSAGE_LENGTH),
        },
    ),
    _rule(
        POWERSHELL_LOG,
        {4104},
        "script block",
        1009,
        1,
        {
            **SCRIPT,
            "script.script_content.value": f("ScriptBlockText"),
            "script.uid": f("ScriptBlockId"),
            **under("script.file", file_at(f("Path"))),
            "unmapped.message_number": num("MessageNumber"),
            "unmapped.message_total": num("MessageTotal"),
        },
        severity=SEVERITY,
    ),
    _rule(
        POWERSHELL_LOG,
        {4103},
        "pipeline",
        1009,
        1,
        {
            **SCRIPT,
            "actor.user.name": Match(
                f("ContextInfo"), r"(?m)^\s*User = (?:[^\\\r\n]*\\)?([^\r\n]+)"
            ),
            "script.script_content.value": f("Payload", "Message"),
            "unmapped.host_application": HOST_APPLICATION,
            **under(
                "script.file",
                file_at(Match(f("ContextInfo"), r"(?m)^\s*Script Name = ([^\r\n]+)")),
            ),
            "unmapped.command_name": Match(f("ContextInfo"), r"(?m)^\s*Command Name = ([^\r\n]+)"),
        },
    ),
    _rule(
        "windows powershell",
        {800},
        "pipeline (classic)",
        1009,
        1,
        {
            **SCRIPT,
            "script.script_content.value": PIPELINE,
            "unmapped.host_application": HOST_APPLICATION,
        },
    ),
    _rule(
        "windows powershell",
        {400, 403, 600},
        "engine state",
        6002,
        _by_id({400: 3, 403: 4, 600: 99}),
        {
            "app.name": c("PowerShell"),
            "app.vendor_name": c("Microsoft"),
            "app.version": HOST_VERSION,
            "unmapped.host_application": HOST_APPLICATION,
            "message": Cut(f("Message", *DATA), MESSAGE_LENGTH),
        },
    ),
    _rule(
        DEFENDER_LOG,
        {1006, 1007, 1008, 1116, 1117, 1118, 1119, 1121, 1122},
        "malware found",
        2004,
        1,
        {
            "finding_info.title": f("Threat Name", "ThreatName", "ID"),
            "finding_info.uid": First((f("Detection ID", "DetectionID", "ID"), f("RecordNumber"))),
            "is_alert": c(True),
            "unmapped.process_name": f("Process Name", "ProcessName"),
            "unmapped.path": f("Path"),
            "unmapped.action": f("Action Name"),
            "unmapped.user": f("Detection User", "User"),
            "unmapped.category": f("Category Name"),
            "message": Cut(f("Message"), MESSAGE_LENGTH),
        },
        severity=Lookup(
            f("Severity Name"), {"severe": 5, "high": 4, "moderate": 3, "low": 2}, default=3
        ),
    ),
    _rule(
        DEFENDER_LOG,
        {5000, 5001, 5004, 5007, 5010, 5012, 5013},
        "protection changed",
        5019,
        1,
        {
            **CREATOR,
            "state_id": _by_id({5000: 2, 5001: 1, 5010: 1, 5012: 1}),
            "unmapped.old_value": f("Old Value"),
            "unmapped.new_value": f("New Value"),
            "message": Cut(f("Message"), MESSAGE_LENGTH),
        },
        severity=_by_id({5000: 1, 5001: 3, 5004: 2, 5007: 2, 5010: 3, 5012: 3, 5013: 3}),
    ),
    _rule(
        TASK_LOG,
        {100, 101, 102, 106, 110, 118, 119, 129, 140, 141, 142, 200, 201},
        "task",
        1006,
        _by_id(
            {106: 1, 140: 2, 141: 3, 142: 5}
            | {each: 6 for each in (100, 110, 118, 119, 129, 200)}
            | {each: 99 for each in (101, 102, 201)}
        ),
        {
            "job.name": f("TaskName", "Name"),
            "job.cmd_line": f("ActionName", "Path"),
            **under("actor.user", account(f("UserContext", "UserName", "User"))),
            "unmapped.process_id": num("ProcessID"),
            "unmapped.result_code": f("ResultCode"),
        },
    ),
    _rule(
        WMI_LOG,
        {5857, 5858, 5859, 5860, 5861},
        "WMI activity",
        201003,
        1,
        {
            **CREATOR,
            "win_resource.name": f(
                "ProviderName",
                "/Event.UserData.Operation_StartedOperational.ProviderName",
                "Operation",
                "/Event.UserData.Operation_ClientFailure.Operation",
                "CONSUMER",
                "/Event.UserData.Operation_ESStoConsumerBinding.CONSUMER",
                "Query",
                "/Event.UserData.Operation_TemporaryEssStarted.Query",
                "EventID",
            ),
            "win_resource.details": f(
                "PossibleCause", "/Event.UserData.Operation_ESStoConsumerBinding.PossibleCause"
            ),
            "win_resource.type": c("WMI"),
            "win_resource.type_id": c(99),
        },
    ),
    _rule(
        BITS_LOG,
        {3, 4, 5, 59, 60, 61, 16403},
        "BITS job",
        1006,
        _by_id({3: 1, 4: 99, 5: 99, 59: 6, 60: 99, 61: 99, 16403: 1}),
        {
            "job.name": f("jobTitle", "name", "transferId", "jobId", "string"),
            **under("actor.user", account(f("jobOwner", "string2", "User"))),
            **under("actor.process", process_of(f("processPath"), f("processId"))),
            "unmapped.url": f("url", "RemoteName"),
            "unmapped.local_name": f("LocalName"),
        },
    ),
    _rule(
        SESSION_LOG,
        {21, 22, 23, 24, 25, 39, 40},
        "RDP session",
        3002,
        _by_id({21: 1, 22: 99, 23: 2, 24: 99, 25: 99, 39: 99, 40: 99}),
        {
            **under("user", account(f("User", "/Event.UserData.EventXML.User"))),
            "session.uid": f("SessionID", "/Event.UserData.EventXML.SessionID"),
            "src_endpoint.ip": Ip(f("Address", "/Event.UserData.EventXML.Address")),
            "dst_endpoint.hostname": f("Computer"),
            "logon_type_id": c(10),
        },
    ),
    _rule(
        CONNECTION_LOG,
        {1149},
        "RDP authentication",
        3002,
        1,
        {
            "user.name": f("Param1", "/Event.UserData.EventXML.Param1"),
            "user.domain": f("Param2", "/Event.UserData.EventXML.Param2"),
            "src_endpoint.ip": Ip(f("Param3", "/Event.UserData.EventXML.Param3")),
            "dst_endpoint.hostname": f("Computer"),
            "logon_type_id": c(10),
            "is_remote": c(True),
        },
    ),
    _rule(
        DNS_LOG,
        {3006, 3008, 3009, 3010, 3011, 3018, 3020},
        "DNS query",
        4003,
        _by_id({3008: 2, 3011: 2, 3018: 2, 3020: 2, 3006: 1, 3009: 1, 3010: 1}),
        {
            "src_endpoint.hostname": f("Computer"),
            "query.hostname": f("QueryName"),
            "query.type": f("QueryType"),
            "status_code": f("QueryStatus", "Status"),
            "actor.process.pid": num("ExecutionProcessID"),
        },
    ),
)
"""In the order they are tried."""

FALLBACK = Rule(
    name="other Windows event",
    class_uid=0,
    activity_id=99,
    severity_id=SEVERITY,
    tree={
        **CREATOR,
        "message": Cut(f("Message", "message", *DATA), MESSAGE_LENGTH),
        "unmapped.provider": f("Provider"),
    },
)
"""Takes every event no other rule takes: searchable, never dropped."""
