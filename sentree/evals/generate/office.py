"""Records of an office suite's audit log, as the Management Activity API of Microsoft 365 gives."""

from __future__ import annotations

from random import Random

from sentree.evals.generate.emission import Emission
from sentree.evals.generate.world import DOMAIN, SECOND, guid, iso

OFFICE_STREAM = "office/audit.jsonl.gz"
ORGANISATION = "5f0c1d3e-7a52-4b1c-9d1e-0a4f6b2c8e11"
_ITEM_RECORD = {"MailItemsAccessed": 50, "HardDelete": 3, "SoftDelete": 3, "MoveToDeletedItems": 3}
_ON_ITEMS = frozenset((*_ITEM_RECORD, "Send", "SendAs", "UpdateInboxRules", "MailboxLogin"))


def operation(
    time: int,
    rng: Random,
    name: str,
    service: str,
    user: str,
    ip: str,
    *,
    resource: str | None = None,
    data: dict[str, object] | None = None,
    agent: str | None = None,
) -> Emission:
    """Make the record of one audited operation; `data` are its parameters or properties."""
    time = time // SECOND * SECOND
    address = f"{user}@{DOMAIN}"
    record: dict[str, object] = {
        "CreationTime": iso(time, "seconds").removesuffix("Z"),
        "Id": guid(rng).strip("{}"),
        "Operation": name,
        "OrganizationId": ORGANISATION,
        "ResultStatus": "Success" if service == "AzureActiveDirectory" else "Succeeded",
        "UserKey": f"1003{sum(address.encode()) * 7919:012X}",
        "UserType": 0,
        "Version": 1,
        "Workload": service,
        "UserId": address,
    }
    named = [{"Name": key, "Value": str(value)} for key, value in (data or {}).items()]
    if service == "AzureActiveDirectory":
        record |= _directory(name, address, resource, named, agent) | {"ClientIP": ip}
    elif service == "Exchange":
        record |= _mailbox(name, address, resource, named, ip, rng)
    else:
        record |= _stored(resource or "", agent) | {"ClientIP": ip}
    return Emission(time, OFFICE_STREAM, record)


def _directory(
    name: str,
    address: str,
    resource: str | None,
    named: list[dict[str, str]],
    agent: str | None,
) -> dict[str, object]:
    extended = [{"Name": "UserAgent", "Value": agent}] if agent else []
    if name.startswith("UserLog"):
        return {
            "RecordType": 15,
            "ObjectId": "00000003-0000-0000-c000-000000000000",
            "ErrorNumber": "0",
            "ExtendedProperties": [*extended, *named],
        }
    return {
        "RecordType": 8,
        "ObjectId": resource or address,
        "ExtendedProperties": extended,
        "ModifiedProperties": [
            {"Name": one["Name"], "NewValue": one["Value"], "OldValue": ""} for one in named
        ],
    }


def _mailbox(
    name: str,
    address: str,
    resource: str | None,
    named: list[dict[str, str]],
    ip: str,
    rng: Random,
) -> dict[str, object]:
    if name not in _ON_ITEMS:
        return {
            "RecordType": 1,
            "ClientIP": f"{ip}:{rng.randrange(1024, 65535)}",
            "ObjectId": resource or address,
            "ExternalAccess": False,
            "Parameters": named,
        }
    item = {"Subject": resource, "ParentFolder": {"Path": "\\Sent Items"}} if resource else None
    found: dict[str, object] = {
        "RecordType": _ITEM_RECORD.get(name, 2),
        "ClientIPAddress": ip,
        "ClientInfoString": "Client=OWA;Action=ViaProxy",
        "MailboxOwnerUPN": address,
        "LogonType": 0,
        "ExternalAccess": False,
        "OperationProperties": named,
    }
    if item and name in _ITEM_RECORD:
        return found | {"AffectedItems": [item]}
    return found | ({"Item": item} if item else {})


def _stored(resource: str, agent: str | None) -> dict[str, object]:
    site, _, name = resource.rpartition("/")
    return {
        "RecordType": 6,
        "ObjectId": resource,
        "SiteUrl": f"{site}/",
        "SourceFileName": name,
        "ItemType": "File",
        "UserAgent": agent or "Mozilla/5.0 (Windows NT 10.0; Win64; x64)",
    }
