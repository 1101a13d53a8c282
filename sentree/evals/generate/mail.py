"""OCSF events of a mail gateway (Email Activity) and of a resolver (DNS Activity)."""

from __future__ import annotations

from random import Random

from sentree.evals.generate.emission import Emission
from sentree.evals.generate.world import DOMAIN, Host, guid

MAIL_STREAM = "mail/gateway.ocsf.jsonl.gz"
RESOLVER_STREAM = "dns/resolver.ocsf.jsonl.gz"


def message(
    time: int, rng: Random, sender: str, to: str, subject: str, attachment: str | None = None
) -> Emission:
    """Make an Email Activity event (4009) of a message that was delivered to a person."""
    time = time // 1000 * 1000
    email: dict[str, object] = {
        "from": sender,
        "to": [f"{to}@{DOMAIN}"],
        "subject": subject,
        "uid": guid(rng).strip("{}"),
    }
    if attachment:
        email["files"] = [{"name": attachment, "type_id": 1}]
    record: dict[str, object] = {
        "activity_id": 2,
        "category_uid": 4,
        "class_uid": 4009,
        "class_name": "Email Activity",
        "type_uid": 400902,
        "severity_id": 1,
        "status_id": 1,
        "time": time // 1000,
        "direction_id": 1,
        "metadata": {
            "version": "1.3.0",
            "uid": guid(rng).strip("{}"),
            "product": {"name": "Mail Gateway", "vendor_name": "Example Mail"},
        },
        "email": email,
    }
    return Emission(time, MAIL_STREAM, record)


def resolved(time: int, rng: Random, source: Host, name: str, answer: str) -> Emission:
    """Make a DNS Activity event (4003) of an answered query."""
    time = time // 1000 * 1000
    record: dict[str, object] = {
        "activity_id": 6,
        "category_uid": 4,
        "class_uid": 4003,
        "class_name": "DNS Activity",
        "type_uid": 400306,
        "severity_id": 1,
        "status_id": 1,
        "time": time // 1000,
        "rcode_id": 0,
        "metadata": {
            "version": "1.3.0",
            "uid": guid(rng).strip("{}"),
            "product": {"name": "Resolver", "vendor_name": "Example DNS"},
        },
        "query": {"hostname": name, "type": "A", "class": "IN"},
        "answers": [{"rdata": answer, "type": "A"}],
        "src_endpoint": {"ip": source.ip, "port": rng.randrange(49152, 65535)},
        "dst_endpoint": {"ip": "198.51.100.53", "port": 53},
    }
    return Emission(time, RESOLVER_STREAM, record)
