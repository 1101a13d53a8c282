"""Windows records of a domain's services: certificates, tickets, directory changes, gateway."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from sentree.evals.generate.emission import Emission
from sentree.evals.generate.windows import SECURITY, subject, windows_event
from sentree.evals.generate.world import DOMAIN, DOMAIN_SID, NETBIOS, Host, User, guid

ISSUER = "harborlane-DC01-CA"
_SCHEDULER = "Microsoft-Windows-TaskScheduler/Operational"
_GATEWAY = "Microsoft-Windows-TerminalServices-Gateway/Operational"
_BITS = "Microsoft-Windows-Bits-Client/Operational"
_DEFENDER = "Microsoft-Windows-Windows Defender/Operational"
_DOMAIN_CLASS = "{19195a5b-6da0-11d0-afd3-00c04fd930c9}"


def certificate(
    time: int, rng: Random, authority: Host, requester: str, host: Host, attributes: str, name: str
) -> list[Emission]:
    """Make Security 4886 and 4887: a certificate asked for on a host, and issued."""
    number = str(rng.randrange(40, 900))
    common = {"RequestId": number, "Requester": f"{NETBIOS}\\{requester}"}
    common["Attributes"] = f"{attributes}\nccm:{host.fqdn}"
    key = rng.randbytes(20).hex(" ")
    issued = {**common, "Disposition": "3", "SubjectKeyIdentifier": key, "Subject": f"CN={name}"}
    return [
        windows_event(time, authority, SECURITY, 4886, common),
        windows_event(time + 180_000, authority, SECURITY, 4887, issued),
    ]


def first_ticket(
    time: int, rng: Random, dc: Host, user: User, source: Host, *, by_certificate: bool = False
) -> Emission:
    """Make Security 4768, asked for with a password or (pre-authentication 16) a certificate."""
    fields = {
        "TargetUserName": user.name,
        "TargetDomainName": NETBIOS if not by_certificate else DOMAIN,
        "TargetSid": user.sid,
        "ServiceName": "krbtgt",
        "ServiceSid": f"{DOMAIN_SID}-502",
        "TicketOptions": "0x40800010" if by_certificate else "0x40810010",
        "Status": "0x0",
        "TicketEncryptionType": "0x12",
        "PreAuthType": "16" if by_certificate else "2",
        "IpAddress": f"::ffff:{source.ip}",
        "IpPort": str(rng.randrange(49152, 65535)),
        "CertIssuerName": ISSUER if by_certificate else "",
        "CertSerialNumber": rng.randbytes(19).hex().upper() if by_certificate else "",
        "CertThumbprint": rng.randbytes(20).hex().upper() if by_certificate else "",
    }
    return windows_event(time, dc, SECURITY, 4768, fields)


def object_changed(
    time: int, rng: Random, dc: Host, user: User, dn: str, kind: str, attribute: str, value: str
) -> Emission:
    """Make Security 5136, an attribute of a directory object that gets a value."""
    fields = {
        "OpCorrelationID": guid(rng),
        "AppCorrelationID": "-",
        **subject(dc, user, "0x6c21f0"),
        "DSName": DOMAIN,
        "DSType": "%%14676",
        "ObjectDN": dn,
        "ObjectGUID": guid(rng),
        "ObjectClass": kind,
        "AttributeLDAPDisplayName": attribute,
        "AttributeSyntaxOID": "2.5.5.12",
        "AttributeValue": value,
        "OperationType": "%%14674",
    }
    return windows_event(time, dc, SECURITY, 5136, fields)


def object_read(
    time: int, rng: Random, dc: Host, user: User, rights: Sequence[str], mask: str
) -> list[Emission]:
    """Make Security 4662, one record a right that was used on the domain object."""
    where = guid(rng)
    return [
        windows_event(
            time + n * 2_000,
            dc,
            SECURITY,
            4662,
            {
                **subject(dc, user, "0x7b1a44"),
                "ObjectServer": "DS",
                "ObjectType": f"%{_DOMAIN_CLASS}",
                "ObjectName": f"%{where}",
                "OperationType": "Object Access",
                "HandleId": "0x0",
                "AccessList": "%%7688\n\t\t\t\t",
                "AccessMask": mask,
                "Properties": f"%%7688\n\t\t{right}\n\t{_DOMAIN_CLASS}",
                "AdditionalInfo": "-",
                "AdditionalInfo2": "",
            },
        )
        for n, right in enumerate(rights)
    ]


def gateway_session(time: int, gateway: Host, user: User, ip: str, resource: Host) -> Emission:
    """Make event 302 of the remote desktop gateway, a person connected to a computer."""
    fields = {
        "Username": f"{NETBIOS}\\{user.name}",
        "IpAddress": ip,
        "AuthType": "NTLM",
        "Resource": resource.fqdn,
        "ConnectionProtocol": "HTTP",
        "ErrorCode": "0",
    }
    return windows_event(time, gateway, _GATEWAY, 302, fields)


def bits_transfer(time: int, rng: Random, host: Host, job: str, url: str, size: int) -> Emission:
    """Make event 59 of the background transfer service, a job that starts to load a file."""
    fields = {
        "transferId": guid(rng),
        "name": job,
        "Id": guid(rng),
        "url": url,
        "peer": "",
        "fileTime": "1601-01-01T00:00:00.000Z",
        "fileLength": str(size),
        "bytesTotal": str(size),
        "bytesTransferred": "0",
        "bytesTransferredFromPeer": "0",
    }
    return windows_event(time, host, _BITS, 59, fields)


def protection_off(time: int, host: Host) -> list[Emission]:
    """Make Defender's 5007 and 5001: its setting is changed, real-time protection is off."""
    product = {"Product Name": "Microsoft Defender Antivirus", "Product Version": "4.18.25110.5"}
    key = "HKLM\\SOFTWARE\\Microsoft\\Windows Defender\\Real-Time Protection"
    changed = {"Old Value": "", "New Value": f"{key}\\DisableRealtimeMonitoring = 0x1"}
    return [
        windows_event(time, host, _DEFENDER, 5007, {**product, **changed}),
        windows_event(time + 20_000, host, _DEFENDER, 5001, product),
    ]


def signatures_updated(time: int, rng: Random, host: Host) -> Emission:
    """Make Defender's 2000, the scanner has new signatures."""
    fields = {
        "Product Name": "Microsoft Defender Antivirus",
        "Product Version": "4.18.25110.5",
        "Current security intelligence Version": f"1.441.{rng.randrange(900)}.0",
        "Update Type": "Delta",
        "User": "NT AUTHORITY\\SYSTEM",
    }
    return windows_event(time, host, _DEFENDER, 2000, fields)


def task_run(time: int, rng: Random, host: Host, name: str, action: str) -> Emission:
    """Make event 200 of the task scheduler, an action of a task that was launched."""
    fields = {
        "TaskName": f"\\{name}",
        "ActionName": action,
        "TaskInstanceId": guid(rng),
        "EnginePID": str(rng.randrange(800, 3000) & ~3),
    }
    return windows_event(time, host, _SCHEDULER, 200, fields)


def task_registered(time: int, host: Host, name: str) -> Emission:
    """Make event 106 of the task scheduler."""
    fields = {"TaskName": f"\\{name}", "UserContext": f"{NETBIOS}\\{host.name}$"}
    return windows_event(time, host, _SCHEDULER, 106, fields)


def restarted(time: int, host: Host, program: str, reason: str = "") -> Emission:
    """Make System 1074, a restart that a program asked for."""
    fields = {
        "param1": f"{program} ({host.name})",
        "param2": host.name,
        "param3": reason or "No title for this reason could be found",
        "param4": "0x80020010" if reason else "0x800000ff",
        "param5": "restart",
        "param6": "",
        "param7": "NT AUTHORITY\\SYSTEM",
    }
    return windows_event(time, host, "System", 1074, fields, "User32")
