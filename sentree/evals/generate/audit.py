"""Windows records of the Security, System and PowerShell logs, in the collector's shape."""

from __future__ import annotations

from random import Random
from zlib import crc32

from sentree.evals.generate.emission import Emission
from sentree.evals.generate.windows import (
    POWERSHELL,
    SECURITY,
    Process,
    subject,
    windows_event,
)
from sentree.evals.generate.world import DOMAIN, NETBIOS, SYSTEM, Host, User, guid


def logon(
    time: int,
    rng: Random,
    host: Host,
    user: User,
    logon_type: int,
    source: Host | None = None,
    *,
    logon_guid: str | None = None,
    port: int | None = None,
) -> tuple[str, Emission]:
    """Make Security 4624; gives the new logon id too.

    A Kerberos logon has the `logon_guid` of its service ticket (4769).
    """
    logon_id = f"0x{rng.randrange(0x100000, 0xFFFFFFF):x}"
    package = "Kerberos" if logon_type == 3 else "Negotiate"
    # New credentials (type 9) are made by the person, other sessions by the system.
    by, by_name = (user, user.name) if logon_type == 9 else (SYSTEM, f"{host.name}$")
    return logon_id, windows_event(
        time,
        host,
        SECURITY,
        4624,
        {
            "SubjectUserSid": "S-1-0-0" if logon_type == 3 else by.sid,
            "SubjectUserName": "-" if logon_type == 3 else by_name,
            "SubjectDomainName": "-" if logon_type == 3 else NETBIOS,
            "SubjectLogonId": "0x0" if logon_type == 3 else "0x3e7",
            "TargetUserSid": user.sid,
            "TargetUserName": user.name,
            "TargetDomainName": "NT AUTHORITY" if user is SYSTEM else NETBIOS,
            "TargetLogonId": logon_id,
            "LogonType": str(logon_type),
            "LogonProcessName": "Kerberos" if logon_type == 3 else "User32 ",
            "AuthenticationPackageName": package,
            "WorkstationName": source.name if source else "-",
            "LogonGuid": logon_guid or guid(rng),
            "TransmittedServices": "-",
            "LmPackageName": "-",
            "KeyLength": "0",
            "ProcessId": "0x0",
            "ProcessName": "-",
            "IpAddress": source.ip if source else "-",
            "IpPort": str(port or rng.randrange(49152, 65535)) if source else "-",
            "ImpersonationLevel": "%%1833",
            "ElevatedToken": "%%1842" if user.role == "admin" else "%%1843",
        },
    )


def special_logon(time: int, host: Host, user: User, logon_id: str) -> Emission:
    """Make Security 4672."""
    privileges = "SeSecurityPrivilege\n\t\t\tSeBackupPrivilege\n\t\t\tSeDebugPrivilege"
    fields = {**subject(host, user, logon_id), "PrivilegeList": privileges}
    return windows_event(time, host, SECURITY, 4672, fields)


def logoff(time: int, host: Host, user: User, logon_id: str, logon_type: int) -> Emission:
    """Make Security 4634."""
    fields = {
        "TargetUserSid": user.sid,
        "TargetUserName": user.name,
        "TargetDomainName": NETBIOS,
        "TargetLogonId": logon_id,
        "LogonType": str(logon_type),
    }
    return windows_event(time, host, SECURITY, 4634, fields)


def service_ticket(
    time: int,
    rng: Random,
    dc: Host,
    user: User,
    source: Host,
    service: str,
    encryption: str,
    *,
    logon_guid: str | None = None,
    port: int | None = None,
) -> Emission:
    """Make Security 4769 on the domain controller."""
    fields = {
        "TargetUserName": f"{user.name}@{DOMAIN.upper()}",
        "TargetDomainName": DOMAIN.upper(),
        "ServiceName": service,
        "ServiceSid": f"{user.sid.rsplit('-', 1)[0]}-{rng.randrange(1100, 1999)}",
        "TicketOptions": "0x40810000",
        "TicketEncryptionType": encryption,
        "IpAddress": f"::ffff:{source.ip}",
        "IpPort": str(port or rng.randrange(49152, 65535)),
        "Status": "0x0",
        "LogonGuid": logon_guid or guid(rng),
        "TransmittedServices": "-",
    }
    return windows_event(time, dc, SECURITY, 4769, fields)


def share_access(
    time: int, host: Host, user: User, source: Host, share: str, target: str, mask: str
) -> Emission:
    """Make Security 5145, a file on a share that was checked for access."""
    fields = {
        **subject(host, user, f"0x{crc32(f'{user.name} {source.ip}'.encode()):x}"),
        "ObjectType": "File",
        "IpAddress": source.ip,
        "IpPort": "50767",
        "ShareName": f"\\\\*\\{share}",
        "ShareLocalPath": "\\??\\C:\\Windows" if share == "ADMIN$" else f"\\??\\D:\\{share}",
        "RelativeTargetName": target,
        "AccessMask": mask,
        "AccessList": "%%4416\n\t\t\t\t",
        "AccessReason": "-",
    }
    return windows_event(time, host, SECURITY, 5145, fields)


def service_installed(time: int, host: Host, name: str, path: str, user: User) -> Emission:
    """Make System 7045."""
    fields = {
        "ServiceName": name,
        "ImagePath": path,
        "ServiceType": "user mode service",
        "StartType": "demand start",
        "AccountName": "LocalSystem",
        "UserID": user.sid,
    }
    return windows_event(time, host, "System", 7045, fields)


def task_created(time: int, process: Process, name: str, command: str, arguments: str) -> Emission:
    """Make Security 4698 with the task's XML."""
    content = (
        '<?xml version="1.0" encoding="UTF-16"?>\r\n<Task version="1.2" '
        'xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">\r\n'
        f"  <Actions><Exec><Command>{command}</Command><Arguments>{arguments}</Arguments></Exec>"
        "</Actions>\r\n</Task>"
    )
    fields = {
        **subject(process.host, process.user, process.logon_id),
        "TaskName": f"\\{name}",
        "TaskContent": content,
        "ClientProcessId": str(process.pid),
        "FQDN": process.host.fqdn,
    }
    return windows_event(time, process.host, SECURITY, 4698, fields)


def script_block(time: int, rng: Random, process: Process, text: str, path: str = "") -> Emission:
    """Make PowerShell 4104."""
    fields = {
        "MessageNumber": "1",
        "MessageTotal": "1",
        "ScriptBlockText": text,
        "ScriptBlockId": guid(rng).strip("{}"),
        "Path": path,
        "UserID": process.user.sid,
    }
    return windows_event(time, process.host, POWERSHELL, 4104, fields)


def log_cleared(time: int, process: Process) -> Emission:
    """Make Security 1102."""
    fields = subject(process.host, process.user, process.logon_id)
    return windows_event(time, process.host, SECURITY, 1102, fields, "eventlog")


def system_log_cleared(time: int, process: Process) -> Emission:
    """Make System 104."""
    fields = {
        "SubjectUserName": process.user.name,
        "SubjectDomainName": NETBIOS,
        "BackupPath": "-",
    }
    return windows_event(time, process.host, "System", 104, fields, "eventlog")


def account_created(time: int, process: Process, name: str, sid: str) -> Emission:
    """Make Security 4720."""
    fields = {
        "TargetUserName": name,
        "TargetDomainName": NETBIOS,
        "TargetSid": sid,
        **subject(process.host, process.user, process.logon_id),
        "PrivilegeList": "-",
        "SamAccountName": name,
        "UserAccountControl": "\n\t\t%%2080\n\t\t%%2082\n\t\t%%2084",
    }
    return windows_event(time, process.host, SECURITY, 4720, fields)


def group_member_added(time: int, process: Process, member_sid: str) -> Emission:
    """Make Security 4732, a member more in the local Administrators."""
    fields = {
        "MemberName": "-",
        "MemberSid": member_sid,
        "TargetUserName": "Administrators",
        "TargetDomainName": "Builtin",
        "TargetSid": "S-1-5-32-544",
        **subject(process.host, process.user, process.logon_id),
        "PrivilegeList": "-",
    }
    return windows_event(time, process.host, SECURITY, 4732, fields)


def failed_logon(
    time: int, rng: Random, host: Host, name: str, logon_type: int, source_ip: str
) -> Emission:
    """Make Security 4625, a refused logon from an address."""
    fields = {
        "SubjectUserSid": "S-1-0-0",
        "SubjectUserName": "-",
        "SubjectDomainName": "-",
        "SubjectLogonId": "0x0",
        "TargetUserSid": "S-1-0-0",
        "TargetUserName": name,
        "TargetDomainName": NETBIOS,
        "Status": "0xc000006d",
        "FailureReason": "%%2313",
        "SubStatus": "0xc000006a",
        "LogonType": str(logon_type),
        "LogonProcessName": "NtLmSsp ",
        "AuthenticationPackageName": "NTLM",
        "WorkstationName": "-",
        "IpAddress": source_ip,
        "IpPort": str(rng.randrange(49152, 65535)),
    }
    return windows_event(time, host, SECURITY, 4625, fields)


def explicit_logon(
    time: int, process: Process, user: User, target: str, logon_guid: str
) -> Emission:
    """Make Security 4648, a process that uses another account's credentials on a target."""
    fields = {
        **subject(process.host, process.user, process.logon_id),
        "LogonGuid": "{00000000-0000-0000-0000-000000000000}",
        "TargetUserName": user.name,
        "TargetDomainName": NETBIOS,
        "TargetLogonGuid": logon_guid,
        "TargetServerName": target,
        "TargetInfo": target,
        "ProcessId": f"0x{process.pid:x}",
        "ProcessName": process.image,
        "IpAddress": "-",
        "IpPort": "-",
    }
    return windows_event(time, process.host, SECURITY, 4648, fields)
