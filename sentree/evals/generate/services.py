"""Records of an identity provider (Okta's System Log) and of a cluster's API server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random

from sentree.evals.generate.emission import Emission
from sentree.evals.generate.world import DOMAIN, iso

PROVIDER_STREAM = "okta/system-log.jsonl.gz"
CLUSTER_STREAM = "kubernetes/audit.jsonl.gz"
BROWSER = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 "
    "(KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"
)
_HEX = "0123456789abcdef"


def provider(
    time: int,
    rng: Random,
    event: str,
    says: str,
    actor: str,
    ip: str,
    *,
    agent: str = BROWSER,
    result: str = "SUCCESS",
    reason: str | None = None,
    targets: Sequence[Mapping[str, object]] = (),
    debug: Mapping[str, object] | None = None,
    city: str = "Portland",
) -> Emission:
    """Make one event of the identity provider's log; an actor without `@` is of the company."""
    time = time // 1000 * 1000
    address = actor if "@" in actor else f"{actor}@{DOMAIN}"
    number = f"{sum(address.encode()) * 7919:012x}"
    record: dict[str, object] = {
        "uuid": _uuid(rng),
        "published": iso(time),
        "eventType": event,
        "version": "0",
        "severity": "WARN" if result in {"FAILURE", "DENY"} else "INFO",
        "displayMessage": says,
        "actor": {
            "id": f"00u{number}",
            "type": "User",
            "alternateId": address,
            "displayName": actor.partition("@")[0],
        },
        "client": {
            "userAgent": {"rawUserAgent": agent, "os": "Windows", "browser": "CHROME"},
            "geographicalContext": {"city": city, "country": "United States"},
            "zone": "null",
            "ipAddress": ip,
            "device": "Computer",
        },
        "authenticationContext": {
            "externalSessionId": f"102{number}{rng.getrandbits(24):06x}",
            "authenticationStep": 0,
        },
        "outcome": {"result": result, **({"reason": reason} if reason else {})},
        "target": [dict(one) for one in targets] or None,
        "debugContext": {"debugData": {"requestUri": "/api/v1", **(debug or {})}},
        "transaction": {"type": "WEB", "id": _uuid(rng)[:24]},
    }
    return Emission(time, PROVIDER_STREAM, record)


def person(name: str) -> dict[str, object]:
    """Name an account as the target of an event."""
    address = name if "@" in name else f"{name}@{DOMAIN}"
    uid = f"00u{sum(address.encode()) * 7919:012x}"
    return {"id": uid, "type": "User", "alternateId": address, "displayName": name}


def cluster(
    time: int,
    rng: Random,
    verb: str,
    resource: str,
    user: str,
    ip: str,
    agent: str,
    *,
    namespace: str = "",
    name: str = "",
    part: str = "",
    code: int = 200,
    body: Mapping[str, object] | None = None,
) -> Emission:
    """Make one record of the API server's audit log, when its answer was complete."""
    uri = f"/api/v1/namespaces/{namespace}/{resource}" if namespace else f"/api/v1/{resource}"
    uri = "/".join(filter(None, (uri, name if verb != "list" else "", part)))
    reference = {
        "resource": resource,
        "namespace": namespace,
        "name": name,
        "subresource": part,
        "apiVersion": "v1",
    }
    is_service = user.startswith("system:serviceaccount:")
    group = "system:serviceaccounts" if is_service else "platform"
    record: dict[str, object] = {
        "kind": "Event",
        "apiVersion": "audit.k8s.io/v1",
        "level": "Request" if body else "Metadata",
        "auditID": _uuid(rng),
        "stage": "ResponseComplete",
        "requestURI": uri,
        "verb": verb,
        "user": {"username": user, "groups": [group, "system:authenticated"]},
        "sourceIPs": [ip],
        "userAgent": agent,
        "objectRef": {key: value for key, value in reference.items() if value},
        "responseStatus": {"metadata": {}, "code": code},
        **({"requestObject": dict(body)} if body else {}),
        "requestReceivedTimestamp": iso(time - 4000, "microseconds"),
        "stageTimestamp": iso(time, "microseconds"),
        "annotations": {
            "authorization.k8s.io/decision": "forbid" if code == 403 else "allow",
        },
    }
    return Emission(time, CLUSTER_STREAM, record)


def _uuid(rng: Random) -> str:
    text = "".join(rng.choices(_HEX, k=32))
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
