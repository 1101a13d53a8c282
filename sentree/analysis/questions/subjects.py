"""The sorts of events a question may ask about, each a fixed SQL condition over `events`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Subject:
    """A sort of event.

    Attributes:
        label: plural, for answers.
        sql: the condition; free of values from outside.
        listed: the dimension that "list X" means; None for the events themselves.
        family: how hosts and users are matched: `network`, `logon`, `process`, `alert` or "".
        about: the events are about an account, which is their target.
    """

    label: str
    sql: str
    listed: str | None = None
    family: str = ""
    about: bool = False


# Zeek's files log tells which way a file went, not who opened the connection it came in.
# Its logs of protocols repeat the connections of its conn log, where there is one.
_REPEATED = (
    "(mapper = 'zeek' AND class_uid = 4001 AND original_id <> 'conn' AND EXISTS"
    " (SELECT 1 FROM events AS other WHERE other.mapper = 'zeek' AND other.original_id = 'conn'))"
)
NETWORK = (
    f"category_uid = 4 AND NOT (mapper = 'zeek' AND original_id = 'files') AND NOT {_REPEATED}"
)
# 4648 tells that credentials were handed over; the logon itself has a record of its own.
_LOGON = "class_uid = 3002 AND activity_id = 1 AND original_id IS DISTINCT FROM '4648'"
_POWERSHELL = (
    r"regexp_matches(lower(coalesce(process_path, '')), '(^|[\\/])(powershell|pwsh)[^\\/]*$')"
)

SUBJECTS: dict[str, Subject] = {
    "event": Subject("events", "TRUE"),
    "alert": Subject("rule matches", "TRUE", "rule", "alert"),
    "logon": Subject(
        "successful logons", f"{_LOGON} AND status_id IS DISTINCT FROM 2", None, "logon"
    ),
    "failed logon": Subject(
        "failed logons",
        "class_uid = 3002 AND activity_id IN (1, 3, 6) AND status_id = 2",
        None,
        "logon",
    ),
    "logon attempt": Subject("logons, successful or not", _LOGON, None, "logon"),
    "rdp logon": Subject(
        "Remote Desktop logons (logon type 10)",
        f"{_LOGON} AND logon_type_id = 10 AND status_id IS DISTINCT FROM 2",
        None,
        "logon",
    ),
    "console logon": Subject(
        "cloud console sign-ins",
        "class_uid = 3002 AND lower(api_operation) = 'consolelogin'",
        None,
        "logon",
    ),
    "network logon": Subject(
        "network logons (logon type 3)",
        f"{_LOGON} AND logon_type_id = 3 AND status_id IS DISTINCT FROM 2",
        None,
        "logon",
    ),
    "interactive logon": Subject(
        "interactive logons (logon types 2, 7, 10 and 11)",
        f"{_LOGON} AND logon_type_id IN (2, 7, 10, 11) AND status_id IS DISTINCT FROM 2",
        None,
        "logon",
    ),
    "explicit logon": Subject(
        "logons with explicit credentials (4648)",
        "class_uid = 3002 AND original_id = '4648'",
        None,
        "logon",
    ),
    "privileged logon": Subject(
        "logons with special privileges", "class_uid = 3003 AND activity_id = 1", None, "logon"
    ),
    "logoff": Subject("logoffs", "class_uid = 3002 AND activity_id = 2", None, "logon"),
    "kerberos": Subject(
        "Kerberos ticket requests",
        "class_uid = 3002 AND activity_id IN (3, 4, 5, 6)",
        "service",
        "logon",
    ),
    "process": Subject(
        "process starts", "class_uid = 1007 AND activity_id = 1", "process", "process"
    ),
    "process end": Subject(
        "process ends", "class_uid = 1007 AND activity_id = 2", "process", "process"
    ),
    "process access": Subject(
        "accesses to processes", "class_uid = 1007 AND activity_id = 3", "process", "process"
    ),
    "injection": Subject(
        "remote thread starts",
        "class_uid = 1007 AND activity_id = 4",
        "process",
        "process",
    ),
    "powershell": Subject(
        "PowerShell starts and script blocks",
        f"((class_uid = 1007 AND activity_id = 1 AND {_POWERSHELL})"
        " OR (class_uid = 1009 AND coalesce(provider, channel, '') ILIKE '%powershell%'))",
        "command",
        "process",
    ),
    "script": Subject("script executions", "class_uid = 1009", None, "process"),
    "script block": Subject(
        "PowerShell script blocks (4104)",
        "class_uid = 1009 AND original_id = '4104'",
        None,
        "process",
    ),
    "module": Subject("module loads", "class_uid = 1005", "file", "process"),
    "driver": Subject("driver events", "class_uid IN (1002, 1003)", "file"),
    "dns": Subject("DNS queries", "class_uid = 4003", "domain", "network"),
    # Binding or listening to a port (Windows 5158, 5154) connects nothing yet.
    "connection": Subject(
        "network connections",
        f"class_uid = 4001 AND NOT {_REPEATED}"
        " AND coalesce(original_id, '') NOT IN ('5154', '5155', '5158', '5159')",
        "destination",
        "network",
    ),
    "traffic": Subject("network events", NETWORK, "destination", "network"),
    "record of traffic": Subject("network events", "category_uid = 4", "destination", "network"),
    "http": Subject("HTTP requests", "class_uid = 4002", "url", "network"),
    "smb": Subject(
        "SMB events",
        "((class_uid IN (4006, 4010) AND NOT (mapper = 'zeek' AND original_id = 'files'))"
        f" OR (class_uid = 4001 AND dst_port = 445)) AND NOT {_REPEATED}",
        "share",
        "network",
    ),
    "smb connection": Subject(
        "connections to port 445",
        f"class_uid = 4001 AND dst_port = 445 AND NOT {_REPEATED}",
        None,
        "network",
    ),
    "share": Subject(
        "file share accesses",
        "class_uid IN (4006, 4010) AND share_name IS NOT NULL",
        "share",
        "network",
    ),
    "rdp": Subject(
        "RDP connections",
        f"(class_uid = 4005 OR (class_uid = 4001 AND dst_port = 3389)) AND NOT {_REPEATED}",
        "destination",
        "network",
    ),
    "ssh": Subject(
        "SSH connections",
        f"(class_uid = 4007 OR (class_uid = 4001 AND dst_port = 22)) AND NOT {_REPEATED}",
        "destination",
        "network",
    ),
    "email": Subject("e-mail events", "class_uid IN (4009, 4011, 4012)", None, "network"),
    "file": Subject("file events", "class_uid = 1001", "file"),
    "file create": Subject("file creations", "class_uid = 1001 AND activity_id = 1", "file"),
    "file delete": Subject("file deletions", "class_uid = 1001 AND activity_id = 4", "file"),
    "file modify": Subject(
        "file changes", "class_uid = 1001 AND activity_id IN (3, 5, 6, 7)", "file"
    ),
    "registry": Subject("registry events", "class_uid IN (201001, 201002)", "key"),
    "run key": Subject(
        "Run key changes",
        "class_uid IN (201001, 201002) AND NOT (class_uid = 201001 AND activity_id = 2)"
        r" AND regexp_matches(lower(reg_key), '\\currentversion\\(policies\\explorer\\)?run')",
        "key",
    ),
    "registry modify": Subject(
        "registry changes",
        "class_uid IN (201001, 201002) AND activity_id IN (1, 2, 3, 4, 5, 6, 7)"
        " AND NOT (class_uid = 201001 AND activity_id = 2)",
        "key",
    ),
    "service": Subject("service events", "class_uid = 201004", "service"),
    "service create": Subject(
        "service installations",
        "((class_uid = 201004 AND activity_id = 1) OR original_id IN ('7045', '4697'))",
        "service",
    ),
    "service start": Subject("service starts", "class_uid = 201004 AND activity_id = 3", "service"),
    "service stop": Subject("service stops", "class_uid = 201004 AND activity_id = 4", "service"),
    "task": Subject("scheduled task events", "class_uid = 1006", "task"),
    "task create": Subject(
        "scheduled tasks created", "class_uid = 1006 AND activity_id = 1", "task"
    ),
    "task delete": Subject(
        "scheduled tasks deleted", "class_uid = 1006 AND activity_id = 3", "task"
    ),
    "account": Subject("account changes", "class_uid = 3001", "target", "", True),
    "account create": Subject(
        "accounts created",
        "class_uid = 3001 AND activity_id = 1 AND (api_operation IS NULL"
        " OR lower(api_operation) LIKE 'createuser%')",
        "target",
        "",
        True,
    ),
    "account enable": Subject(
        "accounts enabled", "class_uid = 3001 AND activity_id = 2", "target", "", True
    ),
    "account disable": Subject(
        "accounts disabled", "class_uid = 3001 AND activity_id = 5", "target", "", True
    ),
    "account delete": Subject(
        "accounts deleted", "class_uid = 3001 AND activity_id = 6", "target", "", True
    ),
    "account lock": Subject(
        "account lockouts", "class_uid = 3001 AND activity_id = 9", "target", "", True
    ),
    "password": Subject(
        "password changes and resets",
        "class_uid = 3001 AND activity_id IN (3, 4)",
        "target",
        "",
        True,
    ),
    "group": Subject("group changes", "class_uid = 3006", None, "", True),
    "group add": Subject(
        "additions to groups", "class_uid = 3006 AND activity_id = 3", None, "", True
    ),
    "log clear": Subject(
        "clearings of an event log",
        "(class_uid = 1008 AND activity_id = 1 OR event_uid IN (SELECT event_uid FROM detections"
        " WHERE list_contains(techniques, 'T1070.001')))",
    ),
    "finding": Subject("findings", "category_uid = 2", "finding", "finding"),
    "audit log clear": Subject(
        "clearings of the security audit log",
        "(class_uid = 1008 AND activity_id = 1 AND original_id IN ('1102', '517'))",
    ),
    "sysmon": Subject("Sysmon events", "provider ILIKE '%sysmon%'"),
    "zeek": Subject("Zeek records", "mapper = 'zeek'"),
    "windows security": Subject(
        "Windows Security events", "mapper = 'windows' AND lower(channel) = 'security'"
    ),
    "cloudtrail": Subject("CloudTrail events", "mapper = 'cloudtrail'", "operation"),
    "api": Subject("API calls", "class_uid = 6003 OR api_operation IS NOT NULL", "operation"),
    "access key": Subject(
        "access key creations", "lower(api_operation) = 'createaccesskey'", "target"
    ),
}

COMPOSED: dict[tuple[str, str], str] = {
    **{("file", act): f"file {act}" for act in ("create", "delete", "modify")},
    **{("service", act): f"service {act}" for act in ("create", "start", "stop")},
    **{("task", act): f"task {act}" for act in ("create", "delete")},
    **{
        ("account", act): f"account {act}"
        for act in ("create", "delete", "enable", "disable", "lock")
    },
    ("registry", "create"): "registry modify",
    **{("run key", act): "run key" for act in ("create", "modify", "delete", "add")},
    ("injection", "create"): "injection",
    ("registry", "modify"): "registry modify",
    ("registry", "delete"): "registry modify",
    ("task", "start"): "task",
    ("log", "clear"): "log clear",
    ("log", "delete"): "log clear",
    ("audit log", "clear"): "audit log clear",
    ("audit log", "delete"): "audit log clear",
    ("group", "add"): "group add",
    ("group", "modify"): "group",
    ("process", "start"): "process",
    ("process", "create"): "process",
    ("process", "stop"): "process end",
    ("process", "access"): "process access",
    ("script", "start"): "script",
    ("powershell", "start"): "powershell",
    ("share", "access"): "share",
    ("file", "access"): "file",
    ("registry", "access"): "registry",
    ("account", "modify"): "account",
    ("password", "modify"): "password",
    ("module", "load"): "module",
    ("driver", "load"): "driver",
    ("access key", "create"): "access key",
}
"""What a noun and a verb make together."""

ALONE: dict[str, str] = {
    "start": "process",
    "connect": "traffic",
    "create service": "service create",
}
"""What a verb means when the question names no object."""
