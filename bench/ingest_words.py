"""Words of no meaning, and wide Windows records made of them."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

HOSTS = 40
SYLLABLES = ("ba", "ce", "di", "gu", "ha", "je", "ki", "lo", "mu", "qui", "ro", "su", "za")
SYSMON = "Microsoft-Windows-Sysmon/Operational"

Fields = dict[str, Any]


class Words:
    """Names, paths and texts from a seeded vocabulary: some common, many seen once."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.common = [self.word() for _ in range(600)]

    def word(self) -> str:
        """Make a word of syllables."""
        return "".join(self.random.choices(SYLLABLES, k=self.random.randint(2, 4)))

    def name(self) -> str:
        """Give a common word, or now and then a new one."""
        return self.random.choice(self.common) if self.random.random() < 0.8 else self.word()

    def text(self, count: int) -> str:
        """Give common words in a row."""
        return " ".join(self.random.choices(self.common, k=count))

    def digits(self, bits: int) -> str:
        """Give a hash of so many bits."""
        return f"{self.random.getrandbits(bits):0{bits // 4}X}"

    def guid(self) -> str:
        """Give a unique id as Windows writes it."""
        digits = f"{self.random.getrandbits(128):032x}"
        return f"{{{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}}}"

    def program(self) -> str:
        """Give the path of a program."""
        return f"C:\\Program Files\\{self.name()}\\{self.name()}.exe"

    def address(self) -> str:
        """Give a private address."""
        return "10." + ".".join(str(self.random.randint(1, 254)) for _ in range(3))

    def pid(self) -> str:
        """Give a process id."""
        return str(self.random.randint(4, 60_000))


def process_start(words: Words) -> Fields:
    return {
        "Channel": SYSMON,
        "EventID": 1,
        "Image": words.program(),
        "CommandLine": f'"{words.program()}" /{words.name()} --{words.name()}={words.text(4)}',
        "ProcessGuid": words.guid(),
        "ProcessId": words.pid(),
        "ParentImage": words.program(),
        "ParentCommandLine": f'"{words.program()}" {words.text(3)}',
        "ParentProcessGuid": words.guid(),
        "ParentProcessId": words.pid(),
        "CurrentDirectory": "C:\\Windows\\system32\\",
        "User": f"CORP\\{words.name()}",
        "LogonId": hex(words.random.getrandbits(24)),
        "IntegrityLevel": words.random.choice(["Low", "Medium", "High", "System"]),
        "Hashes": f"SHA1={words.digits(160)},MD5={words.digits(128)}",
        "Company": words.text(2),
        "Description": words.text(6),
        "FileVersion": "10.0.1904.1",
        "Product": words.text(3),
        "OriginalFileName": f"{words.name()}.EXE",
    }


def module_load(words: Words) -> Fields:
    return {
        "Channel": SYSMON,
        "EventID": 7,
        "Image": words.program(),
        "ImageLoaded": f"C:\\Windows\\System32\\{words.name()}.dll",
        "ProcessGuid": words.guid(),
        "ProcessId": words.pid(),
        "Signed": "true",
        "Signature": words.text(3),
        "SignatureStatus": "Valid",
        "Hashes": f"SHA1={words.digits(160)}",
        "Company": words.text(2),
        "Description": words.text(5),
        "User": f"CORP\\{words.name()}",
    }


def connection(words: Words) -> Fields:
    return {
        "Channel": SYSMON,
        "EventID": 3,
        "Image": words.program(),
        "ProcessGuid": words.guid(),
        "ProcessId": words.pid(),
        "Protocol": "tcp",
        "Initiated": "true",
        "SourceIp": words.address(),
        "SourcePort": str(words.random.randint(1024, 65_535)),
        "SourceHostname": f"{words.name()}.corp.example",
        "DestinationIp": words.address(),
        "DestinationPort": str(words.random.choice([53, 80, 88, 389, 443, 445])),
        "DestinationHostname": f"{words.name()}.example.net",
        "User": f"CORP\\{words.name()}",
    }


def registry_set(words: Words) -> Fields:
    return {
        "Channel": SYSMON,
        "EventID": 13,
        "EventType": "SetValue",
        "Image": words.program(),
        "ProcessGuid": words.guid(),
        "ProcessId": words.pid(),
        "TargetObject": f"HKLM\\SOFTWARE\\{words.name()}\\{words.name()}\\{words.name()}",
        "Details": words.text(3),
        "User": f"CORP\\{words.name()}",
    }


def log_on(words: Words) -> Fields:
    return {
        "Channel": "Security",
        "EventID": 4624,
        "TargetUserName": words.name(),
        "TargetDomainName": "CORP",
        "TargetUserSid": f"S-1-5-21-{words.random.getrandbits(31)}-{words.pid()}",
        "TargetLogonId": hex(words.random.getrandbits(24)),
        "LogonType": str(words.random.choice([2, 3, 5, 10])),
        "IpAddress": words.address(),
        "IpPort": str(words.random.randint(1024, 65_535)),
        "WorkstationName": words.name().upper(),
        "AuthenticationPackageName": words.random.choice(["NTLM", "Kerberos", "Negotiate"]),
        "LogonProcessName": "User32",
        "LogonGuid": words.guid(),
        "SubjectUserName": f"{words.name()}$",
        "SubjectLogonId": "0x3e7",
        "ProcessName": words.program(),
        "ElevatedToken": "%%1842",
    }


def handle_request(words: Words) -> Fields:
    return {
        "Channel": "Security",
        "EventID": 4656,
        "SubjectUserName": words.name(),
        "SubjectDomainName": "CORP",
        "SubjectLogonId": hex(words.random.getrandbits(24)),
        "ObjectServer": "Security",
        "ObjectType": words.random.choice(["File", "Key", "Process"]),
        "ObjectName": f"C:\\{words.name()}\\{words.name()}\\{words.name()}.dat",
        "HandleId": hex(words.random.getrandbits(12)),
        "AccessList": "%%1538 %%4416",
        "AccessMask": "0x20019",
        "ProcessId": hex(words.random.getrandbits(14)),
        "ProcessName": words.program(),
    }


def filtered_connection(words: Words) -> Fields:
    return {
        "Channel": "Security",
        "EventID": 5156,
        "Application": f"\\device\\harddiskvolume2\\{words.name()}\\{words.name()}.exe",
        "Direction": "%%14593",
        "SourceAddress": words.address(),
        "SourcePort": str(words.random.randint(1024, 65_535)),
        "DestAddress": words.address(),
        "DestPort": "443",
        "Protocol": "6",
        "FilterRTID": str(words.random.randint(1, 99_999)),
        "LayerName": "%%14611",
        "ProcessId": words.pid(),
    }


def script_block(words: Words) -> Fields:
    return {
        "Channel": "Microsoft-Windows-PowerShell/Operational",
        "EventID": 4104,
        "ScriptBlockText": "\r\n".join(f"${words.name()} = {words.text(6)}" for _ in range(12)),
        "ScriptBlockId": words.guid(),
        "MessageNumber": "1",
        "MessageTotal": "1",
        "Path": f"C:\\{words.name()}\\{words.name()}.ps1",
    }


KINDS: list[tuple[Callable[[Words], Fields], int]] = [
    (process_start, 8),
    (module_load, 25),
    (connection, 10),
    (registry_set, 22),
    (log_on, 6),
    (handle_request, 12),
    (filtered_connection, 14),
    (script_block, 3),
]


def windows_events(words: Words, count: int, start: datetime, span: timedelta) -> Iterator[Fields]:
    """Give events in the order of time, each with the header fields that a collector adds."""
    hosts = [f"{words.word()}.corp.example" for _ in range(HOSTS)]
    makers, weights = zip(*KINDS, strict=True)
    step = span / count
    for number, maker in enumerate(words.random.choices(makers, weights, k=count)):
        at = (start + number * step).isoformat(timespec="milliseconds")
        fields = maker(words)
        shown = "\r\n".join(f"{name}: {value}" for name, value in fields.items())
        head = {
            "TimeCreated": f"{at}Z",
            "@timestamp": f"{at}Z",
            "UtcTime": at.replace("T", " "),
            "Hostname": words.random.choice(hosts),
            "SourceName": "Microsoft-Windows-Sysmon"
            if fields["Channel"] == SYSMON
            else "Microsoft-Windows-Security-Auditing",
            "ProviderGuid": "{5770385f-c22a-43e0-bf4c-06f5698ffbd9}",
            "RecordNumber": number,
            "Level": "4",
            "Keywords": "0x8000000000000000",
            "Opcode": "Info",
            "Task": str(fields["EventID"]),
            "ThreadID": words.pid(),
            "Version": 5,
            "tags": ["collected"],
            "port": 60_000,
            "Message": f"{words.text(8)}\r\n{shown}\r\n{words.text(30)}",
        }
        yield head | fields
