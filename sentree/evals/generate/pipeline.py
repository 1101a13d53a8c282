"""Records of a build pipeline and its cloud role: forge, CloudTrail, bucket access, findings."""

from __future__ import annotations

from random import Random

from sentree.evals.generate import cloud
from sentree.evals.generate.emission import Emission
from sentree.evals.generate.world import ACCOUNT, REGION, SECOND, guid, iso, to_datetime

FORGE_STREAM = "forge/audit.jsonl.gz"
BUCKET_STREAM = "s3/access.log"
FINDING_STREAM = "guardduty/findings.jsonl"
_PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"
WORKFLOW_SESSION = "GitHubActions"
"""The session name of a role that a workflow got for its token."""
_BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


def forge(
    time: int,
    rng: Random,
    action: str,
    actor: str,
    ip: str | None,
    repo: str,
    agent: str | None,
    fields: dict[str, object] | None = None,
) -> Emission:
    """Make one entry of the forge's audit log as its stream delivers it."""
    time = time // 1000 * 1000
    record: dict[str, object] = {
        "@timestamp": time // 1000,
        "_document_id": "".join(rng.choices(_BASE32, k=22)),
        "action": action,
        "actor": actor,
        "actor_id": sum(actor.encode()) * 7919,
        "actor_location": {"country_code": "US"},
        "business": "harborlane",
        "created_at": time // 1000,
        "org": "harborlane",
        "org_id": 70214411,
        "repo": f"harborlane/{repo}",
        "repository": f"harborlane/{repo}",
        **(fields or {}),
    }
    if ip:
        record["actor_ip"] = ip
    if agent:
        record["user_agent"] = agent
    return Emission(time, FORGE_STREAM, record)


def role_call(
    time: int,
    rng: Random,
    name: str,
    source: str,
    role: str,
    session: str,
    ip: str,
    agent: str,
    *,
    request: dict[str, object] | None = None,
    response: dict[str, object] | None = None,
    error: str | None = None,
    key: str = "ASIAEXAMPLE0CORPCI01",
    read_only: bool = False,
) -> Emission:
    """Make one CloudTrail record of an assumed role's session."""
    made = cloud.api_call(
        time, rng, name, source, role, ip, agent, request=request, response=response,
        error=error, mfa=False, key=key, read_only=read_only,
    )  # fmt: skip
    uid = f"AROAEXAMPLE{sum(role.encode()) * 7919:08d}"
    arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{session}"
    identity: dict[str, object] = {
        "type": "AssumedRole",
        "principalId": f"{uid}:{session}",
        "arn": arn,
        "accountId": ACCOUNT,
        "accessKeyId": key,
        "sessionContext": {
            "sessionIssuer": {
                "type": "Role",
                "principalId": uid,
                "arn": f"arn:aws:iam::{ACCOUNT}:role/{role}",
                "accountId": ACCOUNT,
                "userName": role,
            },
            "webIdFederationData": {"federatedProvider": _PROVIDER, "attributes": {}}
            if session == WORKFLOW_SESSION
            else {},
            "attributes": {
                "creationDate": iso(time - 400 * SECOND, "seconds"),
                "mfaAuthenticated": "false",
            },
        },
    }
    record = {**_fields(made), "userIdentity": identity}
    if error:
        action = f"{source.partition('.')[0]}:{name}"
        reason = "with an explicit deny in a service control policy"
        record["errorMessage"] = f"User: {arn} is not authorized to perform: {action} {reason}"
    return Emission(made.time, made.stream, record)


def web_identity(
    time: int, rng: Random, role: str, repo: str, branch: str, ip: str, key: str
) -> Emission:
    """Make the CloudTrail record of a workflow that exchanges its token for a role."""
    subject = f"repo:harborlane/{repo}:ref:refs/heads/{branch}"
    arn, session = f"arn:aws:iam::{ACCOUNT}:role/{role}", WORKFLOW_SESSION
    uid = f"AROAEXAMPLE{sum(role.encode()) * 7919:08d}"
    made = cloud.api_call(
        time, rng, "AssumeRoleWithWebIdentity", "sts.amazonaws.com", subject, ip,
        "aws-sdk-js/3.600.0 os/linux lang/js md/nodejs#20.14.0 configure-aws-credentials",
        request={"durationSeconds": 3600, "roleArn": arn, "roleSessionName": session},
        response={
            "credentials": {"accessKeyId": key, "sessionToken": "HIDDEN_DUE_TO_SECURITY_REASONS"},
            "subjectFromWebIdentityToken": subject,
            "assumedRoleUser": {
                "assumedRoleId": f"{uid}:{session}",
                "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{session}",
            },
            "provider": _PROVIDER,
            "audience": "sts.amazonaws.com",
        },
        read_only=True,
    )  # fmt: skip
    identity = {
        "type": "WebIdentityUser",
        "principalId": f"{_PROVIDER}:sts.amazonaws.com:{subject}",
        "userName": subject,
        "identityProvider": _PROVIDER,
    }
    resources = [{"accountId": ACCOUNT, "type": "AWS::IAM::Role", "ARN": arn}]
    record = {**_fields(made), "userIdentity": identity, "resources": resources}
    return Emission(made.time, made.stream, record)


def service_event(
    time: int, rng: Random, name: str, source: str, details: dict[str, object]
) -> Emission:
    """Make a CloudTrail record that the service itself wrote; nobody's call in this account."""
    made = cloud.api_call(time, rng, name, source, "", source, source)
    record = {
        **_fields(made),
        "userIdentity": {"accountId": ACCOUNT, "invokedBy": source},
        "eventType": "AwsServiceEvent",
        "serviceEventDetails": details,
    }
    return Emission(made.time, made.stream, record)


def bucket_access(
    time: int,
    rng: Random,
    bucket: str,
    operation: str,
    key: str,
    requester: str,
    ip: str,
    agent: str,
    *,
    status: int = 200,
    size: int = 0,
) -> Emission:
    """Make one line of a bucket's server access log."""
    time = time // SECOND * SECOND
    stamp = to_datetime(time).strftime("%d/%b/%Y:%H:%M:%S +0000")
    verb = operation.split(".")[1] if operation.startswith("REST") else "POST"
    path = f"/{key}" if key != "-" else "/?list-type=2&encoding-type=url"
    if operation.startswith("BATCH"):
        path = "/?delete"
    line = (
        f"{'7f3a' * 16} {bucket} [{stamp}] {ip} {requester} {rng.getrandbits(64):016X} "
        f'{operation} {key} "{verb} {path} HTTP/1.1" {status} - {size or "-"} {size or "-"} '
        f'{rng.randrange(8, 900)} {rng.randrange(5, 90)} "-" "{agent}" - '
        f"{rng.getrandbits(160):040x}= SigV4 TLS_AES_128_GCM_SHA256 AuthHeader "
        f"{bucket}.s3.{REGION}.amazonaws.com TLSv1.3 - -"
    )
    return Emission(time, BUCKET_STREAM, line)


def finding(
    time: int, rng: Random, kind: str, title: str, role: str, ip: str, severity: float
) -> Emission:
    """Make a finding of the cloud's own detector, as its event bus forwards it."""
    time = time // SECOND * SECOND
    stamp = iso(time, "seconds")
    uid = f"{rng.getrandbits(128):032x}"
    record: dict[str, object] = {
        "version": "0",
        "id": guid(rng).strip("{}").lower(),
        "detail-type": "GuardDuty Finding",
        "source": "aws.guardduty",
        "account": ACCOUNT,
        "time": stamp,
        "region": REGION,
        "resources": [],
        "detail": {
            "schemaVersion": "2.0",
            "accountId": ACCOUNT,
            "region": REGION,
            "partition": "aws",
            "id": uid,
            "type": kind,
            "severity": severity,
            "title": title,
            "description": title,
            "createdAt": stamp,
            "updatedAt": stamp,
            "resource": {
                "resourceType": "AccessKey",
                "accessKeyDetails": {"userName": role, "userType": "AssumedRole"},
            },
            "service": {
                "serviceName": "guardduty",
                "action": {
                    "actionType": "AWS_API_CALL",
                    "awsApiCallAction": {"remoteIpDetails": {"ipAddressV4": ip}},
                },
                "count": 1,
                "archived": False,
            },
        },
    }
    return Emission(time, FINDING_STREAM, record)


def _fields(made: Emission) -> dict[str, object]:
    if isinstance(made.record, str):
        raise TypeError("a cloud call is a record of fields")
    return dict(made.record)
