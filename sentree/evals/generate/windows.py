"""Windows records as a collector ships them: one flat object with the event's own fields."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from sentree.evals.generate.emission import Emission
from sentree.evals.generate.world import (
    MILLISECOND,
    NETBIOS,
    SYSTEM,
    Host,
    User,
    guid,
    iso,
    sysmon_hashes,
)

SYSMON = "Microsoft-Windows-Sysmon/Operational"
SECURITY = "Security"
POWERSHELL = "Microsoft-Windows-PowerShell/Operational"

_PROVIDERS = {
    SYSMON: ("Microsoft-Windows-Sysmon", "{5770385f-c22a-43e0-bf4c-06f5698ffbd9}"),
    SECURITY: ("Microsoft-Windows-Security-Auditing", "{54849625-5478-4994-a5ba-3e3b0328c30d}"),
    POWERSHELL: ("Microsoft-Windows-PowerShell", "{a0c1853b-5c40-4b15-8766-3cf1c58f985a}"),
    "System": ("Service Control Manager", "{555908d1-a6d7-4695-8e1e-26931d2012f4}"),
    "Microsoft-Windows-Windows Defender/Operational": (
        "Microsoft-Windows-Windows Defender",
        "{11cd958a-c507-4ef3-b3f2-5fd9dfbd2c78}",
    ),
    "Microsoft-Windows-TaskScheduler/Operational": (
        "Microsoft-Windows-TaskScheduler",
        "{de7b24ea-73c8-4a09-985d-5bdadcfa9017}",
    ),
    "Microsoft-Windows-Bits-Client/Operational": (
        "Microsoft-Windows-Bits-Client",
        "{ef1cc15b-46c1-414e-bb95-e76b077bd51e}",
    ),
    "Microsoft-Windows-TerminalServices-Gateway/Operational": (
        "Microsoft-Windows-TerminalServices-Gateway",
        "{4d5ae6a1-c7c8-4e6d-b840-4d8080b42e1b}",
    ),
    "User32": ("User32", "{b0aa8734-56f7-41cc-b2f4-de228e98b946}"),
    "eventlog": ("Microsoft-Windows-Eventlog", "{fc65ddd8-d6ef-4962-83d5-6e5cfe9ce148}"),
}
_KEYWORDS = {SYSMON: "0x8000000000000000", SECURITY: "0x8020000000000000", POWERSHELL: "0x0"}
_TASKS = {4624: "12544", 4634: "12545", 4672: "12548", 4688: "13312", 4768: "14339"}
WindowsFields = dict[str, str]


@dataclass(frozen=True, slots=True)
class Process:
    """A running process, as far as later records refer to it."""

    host: Host
    user: User
    image: str
    command_line: str
    pid: int
    guid: str
    logon_id: str


def windows_event(
    time: int, host: Host, channel: str, event_id: int, fields: WindowsFields, provider: str = ""
) -> Emission:
    """Make one record with the collector's header and the event's own fields."""
    source, provider_guid = _PROVIDERS[provider or channel]
    recorded = host.clock.header(time)
    stamp = iso(recorded)
    task = str(event_id) if channel == SYSMON else _TASKS.get(event_id, "0")
    record: dict[str, object] = {
        "SourceName": source,
        "ProviderGuid": provider_guid,
        "Level": "0" if channel == SECURITY else "4",
        "Keywords": _KEYWORDS.get(channel, "0x8080000000000000"),
        "Channel": channel,
        "Hostname": host.fqdn,
        "TimeCreated": stamp,
        "@timestamp": stamp,
        "EventID": event_id,
        "Task": task,
        **fields,
    }
    name = "wec01" if host.role == "workstation" else host.name.lower()
    time, recorded = (one // MILLISECOND * MILLISECOND for one in (time, recorded))
    wrong = None if recorded == time else recorded
    return Emission(time, f"windows/{name}.jsonl.gz", record, host.name, wrong)


def _sysmon(time: int, rng: Random, host: Host, event_id: int, fields: WindowsFields) -> Emission:
    shown = host.clock.shows(time - rng.randrange(1, 9) * MILLISECOND)
    seen = iso(shown).replace("T", " ").rstrip("Z")
    return windows_event(time, host, SYSMON, event_id, {"RuleName": "-", "UtcTime": seen, **fields})


def account(user: User) -> str:
    """Write a user as Sysmon does."""
    return "NT AUTHORITY\\SYSTEM" if user is SYSTEM else f"{NETBIOS}\\{user.name}"


def running(rng: Random, host: Host, user: User, image: str, command_line: str = "") -> Process:
    """Take a process that has been running since before the logs begin."""
    return Process(
        host=host,
        user=user,
        image=image,
        command_line=command_line or image,
        pid=rng.randrange(1000, 30000) & ~3,
        guid=guid(rng),
        logon_id="0x3e7" if user is SYSTEM else f"0x{rng.randrange(0x10000, 0xFFFFFF):x}",
    )


def process_start(
    time: int,
    rng: Random,
    parent: Process,
    image: str,
    command_line: str,
    *,
    user: User | None = None,
    original_name: str | None = None,
    directory: str = "C:\\Windows\\System32\\",
) -> tuple[Process, list[Emission]]:
    """Start a process: Sysmon 1 and Security 4688 tell of it, some milliseconds apart."""
    user = user or parent.user
    child = running(rng, parent.host, user, image, command_line)
    if user is parent.user:
        child = Process(
            child.host, user, image, command_line, child.pid, child.guid, parent.logon_id
        )
    high = user.role in {"admin", "system", "service"}
    system = user is SYSTEM
    name = image.rsplit("\\", 1)[-1]
    sysmon = _sysmon(
        time,
        rng,
        parent.host,
        1,
        {
            "ProcessGuid": child.guid,
            "ProcessId": str(child.pid),
            "Image": image,
            "FileVersion": "10.0.19041.1949",
            "Description": name.removesuffix(".exe"),
            "Product": "-",
            "Company": "-",
            "OriginalFileName": original_name or name,
            "CommandLine": command_line,
            "CurrentDirectory": directory,
            "User": account(user),
            "LogonGuid": "{00000000-0000-0000-0000-000000000000}",
            "LogonId": child.logon_id,
            "TerminalSessionId": "0" if system else "1",
            "IntegrityLevel": "System" if system else "High" if high else "Medium",
            "Hashes": sysmon_hashes(image),
            "ParentProcessGuid": parent.guid,
            "ParentProcessId": str(parent.pid),
            "ParentImage": parent.image,
            "ParentCommandLine": parent.command_line,
            "ParentUser": account(parent.user),
        },
    )
    security = windows_event(
        time + rng.randrange(1, 60) * MILLISECOND,
        parent.host,
        SECURITY,
        4688,
        {
            **subject(parent.host, user, child.logon_id),
            "NewProcessId": f"0x{child.pid:x}",
            "NewProcessName": image,
            "TokenElevationType": "%%1937" if high else "%%1938",
            "ProcessId": f"0x{parent.pid:x}",
            "CommandLine": command_line,
            "TargetUserSid": "S-1-0-0",
            "TargetUserName": "-",
            "TargetDomainName": "-",
            "TargetLogonId": "0x0",
            "ParentProcessName": parent.image,
            "MandatoryLabel": "S-1-16-12288" if high else "S-1-16-8192",
        },
    )
    return child, [sysmon, security]


def subject(host: Host, user: User, logon_id: str) -> WindowsFields:
    """Make the `Subject*` fields of a Security record."""
    machine = user is SYSTEM
    return {
        "SubjectUserSid": user.sid,
        "SubjectUserName": f"{host.name}$" if machine else user.name,
        "SubjectDomainName": NETBIOS,
        "SubjectLogonId": logon_id,
    }


def _of(process: Process) -> WindowsFields:
    return {
        "ProcessGuid": process.guid,
        "ProcessId": str(process.pid),
        "Image": process.image,
        "User": account(process.user),
    }


def connection(
    time: int,
    rng: Random,
    process: Process,
    ip: str,
    port: int,
    name: str = "-",
    source_port: int | None = None,
) -> Emission:
    """Make Sysmon 3, an outgoing TCP connection."""
    return _sysmon(
        time,
        rng,
        process.host,
        3,
        {
            **_of(process),
            "Protocol": "tcp",
            "Initiated": "true",
            "SourceIsIpv6": "false",
            "SourceIp": process.host.ip,
            "SourceHostname": process.host.fqdn,
            "SourcePort": str(source_port or rng.randrange(49152, 65535)),
            "SourcePortName": "-",
            "DestinationIsIpv6": "false",
            "DestinationIp": ip,
            "DestinationHostname": name,
            "DestinationPort": str(port),
            "DestinationPortName": "-",
        },
    )


def dns_query(time: int, rng: Random, process: Process, name: str, answer: str) -> Emission:
    """Make Sysmon 22, a name looked up by a process."""
    fields = {"QueryName": name, "QueryStatus": "0", "QueryResults": f"::ffff:{answer};"}
    return _sysmon(time, rng, process.host, 22, {**_of(process), **fields})


def file_created(time: int, rng: Random, process: Process, path: str) -> Emission:
    """Make Sysmon 11."""
    created = iso(process.host.clock.shows(time - 9 * MILLISECOND)).replace("T", " ").rstrip("Z")
    fields = {"TargetFilename": path, "CreationUtcTime": created}
    return _sysmon(time, rng, process.host, 11, {**_of(process), **fields})


def registry_set(time: int, rng: Random, process: Process, key: str, details: str) -> Emission:
    """Make Sysmon 13."""
    fields = {"EventType": "SetValue", "TargetObject": key, "Details": details}
    return _sysmon(time, rng, process.host, 13, {**_of(process), **fields})


def image_loaded(time: int, rng: Random, process: Process, path: str, signed: bool) -> Emission:
    """Make Sysmon 7."""
    fields = {
        "ImageLoaded": path,
        "OriginalFileName": path.rsplit("\\", 1)[-1],
        "Hashes": sysmon_hashes(path),
        "Signed": "true" if signed else "false",
        "Signature": "Microsoft Windows" if signed else "-",
        "SignatureStatus": "Valid" if signed else "Unavailable",
    }
    return _sysmon(time, rng, process.host, 7, {**_of(process), **fields})


def process_access(
    time: int, rng: Random, source: Process, target: Process, access: str, trace: str
) -> Emission:
    """Make Sysmon 10."""
    return _sysmon(
        time,
        rng,
        source.host,
        10,
        {
            "SourceProcessGUID": source.guid,
            "SourceProcessId": str(source.pid),
            "SourceThreadId": str(rng.randrange(100, 9999)),
            "SourceImage": source.image,
            "TargetProcessGUID": target.guid,
            "TargetProcessId": str(target.pid),
            "TargetImage": target.image,
            "GrantedAccess": access,
            "CallTrace": trace,
            "SourceUser": account(source.user),
            "TargetUser": account(target.user),
        },
    )


def raw_read(time: int, rng: Random, process: Process, device: str) -> Emission:
    """Make Sysmon 9, a disk that is opened below its file system."""
    return _sysmon(time, rng, process.host, 9, {**_of(process), "Device": device})


def driver_loaded(time: int, rng: Random, host: Host, path: str, signer: str) -> Emission:
    """Make Sysmon 6."""
    fields = {
        "ImageLoaded": path,
        "Hashes": sysmon_hashes(path),
        "Signed": "true",
        "Signature": signer,
        "SignatureStatus": "Valid",
    }
    return _sysmon(time, rng, host, 6, fields)
