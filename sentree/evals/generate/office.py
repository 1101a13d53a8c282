"""OCSF events of an office suite's audit log (API Activity), as an export writes them."""

from __future__ import annotations

from random import Random

from sentree.evals.generate.emission import Emission
from sentree.evals.generate.world import DOMAIN, guid

OFFICE_STREAM = "office/audit.ocsf.jsonl.gz"


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
    """Make an API Activity event (6003) of one audited operation."""
    time = time // 1000 * 1000
    record: dict[str, object] = {
        "activity_id": 99,
        "activity_name": name,
        "category_uid": 6,
        "class_uid": 6003,
        "class_name": "API Activity",
        "type_uid": 600399,
        "severity_id": 1,
        "status_id": 1,
        "time": time // 1000,
        "metadata": {
            "version": "1.3.0",
            "uid": guid(rng).strip("{}"),
            "product": {"name": service, "vendor_name": "Microsoft"},
        },
        "api": {
            "operation": name,
            "service": {"name": service},
            "request": {"uid": guid(rng).strip("{}"), "data": data or {}},
        },
        "actor": {"user": {"name": user, "email_addr": f"{user}@{DOMAIN}", "type_id": 1}},
        "src_endpoint": {"ip": ip},
        "http_request": {"user_agent": agent} if agent else None,
        "resources": [{"name": resource}] if resource else None,
    }
    return Emission(time, OFFICE_STREAM, record)
