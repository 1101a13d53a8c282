"""CloudTrail records, OCSF events of an EDR and an identity provider, and a Linux syslog."""

from __future__ import annotations

from random import Random

from sentree.evals.generate.emission import Emission
from sentree.evals.generate.world import (
    ACCOUNT,
    HOUR,
    LINUX_HOST,
    REGION,
    SECOND,
    Host,
    User,
    guid,
    iso,
)

EDR_STREAM = "edr/edr-findings.jsonl"
IDP_STREAM = "idp/signins.ocsf.jsonl.gz"
TRAIL_SPAN = 6 * HOUR


def api_call(
    time: int,
    rng: Random,
    name: str,
    source: str,
    user: str,
    ip: str,
    agent: str,
    *,
    request: dict[str, object] | None = None,
    response: dict[str, object] | None = None,
    error: str | None = None,
    mfa: bool = True,
    key: str = "AKIAEXAMPLE0CORP0001",
    read_only: bool = False,
) -> Emission:
    """Make one CloudTrail record; the service delivers them in one file per six hours."""
    time = time // SECOND * SECOND
    console = name == "ConsoleLogin"
    record: dict[str, object] = {
        "eventVersion": "1.08",
        "userIdentity": {
            "type": "IAMUser",
            "principalId": f"AIDAEXAMPLE{sum(user.encode()) * 7919:08d}",
            "arn": f"arn:aws:iam::{ACCOUNT}:user/{user}",
            "accountId": ACCOUNT,
            "accessKeyId": "" if console else key,
            "userName": user,
            "sessionContext": {
                "attributes": {
                    "creationDate": iso(time - 300 * SECOND, "seconds"),
                    "mfaAuthenticated": "true" if mfa else "false",
                }
            },
        },
        "eventTime": iso(time, "seconds"),
        "eventSource": source,
        "eventName": name,
        "awsRegion": REGION,
        "sourceIPAddress": ip,
        "userAgent": agent,
        "requestParameters": request,
        "responseElements": response,
        "requestID": guid(rng).strip("{}"),
        "eventID": guid(rng).strip("{}"),
        "readOnly": read_only,
        "eventType": "AwsConsoleSignIn" if console else "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": ACCOUNT,
        "eventCategory": "Management",
    }
    if error:
        record["errorCode"] = error
        record["errorMessage"] = f"User: arn:aws:iam::{ACCOUNT}:user/{user} is not authorized"
    if console:
        record["additionalEventData"] = {
            "LoginTo": "https://console.aws.amazon.com/console/home",
            "MobileVersion": "No",
            "MFAUsed": "Yes" if mfa else "No",
        }
    return Emission(time, trail_file(time), record)


def trail_file(time: int) -> str:
    """Name the file in which CloudTrail delivers a record of this instant."""
    span = time // TRAIL_SPAN * TRAIL_SPAN
    stamp = iso(span, "minutes").replace("-", "").replace(":", "")
    return f"cloudtrail/{ACCOUNT}_CloudTrail_{REGION}_{stamp}.json.gz"


def detection_finding(
    time: int, rng: Random, host: Host, user: User, title: str, technique: str, severity: int
) -> Emission:
    """Make an OCSF Detection Finding (2004) as an EDR product writes it."""
    time = time // 1000 * 1000
    level = {1: "Informational", 2: "Low", 3: "Medium", 4: "High", 5: "Critical"}[severity]
    uid = guid(rng).strip("{}")
    record: dict[str, object] = {
        "activity_id": 1,
        "activity_name": "Create",
        "category_uid": 2,
        "category_name": "Findings",
        "class_uid": 2004,
        "class_name": "Detection Finding",
        "type_uid": 200401,
        "severity_id": severity,
        "severity": level,
        "status_id": 1,
        "time": time // 1000,
        "message": title,
        "metadata": {
            "version": "1.3.0",
            "uid": uid,
            "product": {"name": "Lookout EDR", "vendor_name": "Example Security", "version": "4.2"},
            "profiles": ["host"],
        },
        "finding_info": {
            "uid": uid,
            "title": title,
            "created_time": time // 1000,
            "attacks": [{"technique": {"uid": technique}, "version": "16.1"}],
        },
        "device": {
            "hostname": host.fqdn,
            "ip": host.ip,
            "type_id": 2 if host.role == "workstation" else 1,
        },
        "actor": {"user": {"name": user.name, "uid": user.sid}},
    }
    return Emission(time, EDR_STREAM, record)


def sign_in(
    time: int, rng: Random, user: str, ip: str, *, success: bool, factor: str | None
) -> Emission:
    """Make an OCSF Authentication event (3002) as an identity provider's export holds it."""
    time = time // 1000 * 1000
    record: dict[str, object] = {
        "activity_id": 1,
        "activity_name": "Logon",
        "category_uid": 3,
        "class_uid": 3002,
        "class_name": "Authentication",
        "type_uid": 300201,
        "severity_id": 1,
        "status_id": 1 if success else 2,
        "status": "Success" if success else "Failure",
        "status_detail": None if success else "INVALID_CREDENTIALS",
        "time": time // 1000,
        "metadata": {
            "version": "1.1.0",
            "uid": guid(rng).strip("{}"),
            "product": {"name": "Identity Portal", "vendor_name": "Example Identity"},
            "event_code": "user.session.start",
        },
        "user": {"name": user, "email_addr": f"{user}@harborlane.example", "type_id": 1},
        "src_endpoint": {"ip": ip},
        "dst_endpoint": {"hostname": "sso.harborlane.example"},
        "is_mfa": factor is not None,
        "auth_factors": [{"factor_type_id": 5, "factor_type": factor}] if factor else None,
    }
    return Emission(time, IDP_STREAM, record)


def syslog(time: int, tag: str, pid: int, message: str, host: str = LINUX_HOST) -> Emission:
    """Make one line as rsyslog writes it with precise times."""
    stamp = iso(time, "microseconds").removesuffix("Z")
    return Emission(time, f"syslog/{host}.log", f"{stamp}+00:00 {host} {tag}[{pid}]: {message}")
