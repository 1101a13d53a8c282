"""The attributes by which a question counts or lists events, as fixed SQL expressions."""

from __future__ import annotations

from dataclasses import dataclass

_SHORT = "split_part(lower({}), '.', 1)"
_NAME_OF = "(SELECT name FROM names WHERE names.ip = {})"
_SOURCE = f"coalesce({_NAME_OF.format('src_ip')}, src_ip, {_SHORT.format('src_host')}, host)"
_DESTINATION = (
    f"coalesce({_NAME_OF.format('dst_ip')}, dst_ip, (SELECT min(name) FROM names"
    f" WHERE names.name = {_SHORT.format('dst_host')}), lower(dst_host))"
)


@dataclass(frozen=True, slots=True)
class Dimension:
    """An attribute: its words, the SQL that gives its value, and the column to quote from."""

    one: str
    many: str
    sql: str
    columns: tuple[str, ...]
    named: bool = False


DIMENSIONS: dict[str, Dimension] = {
    # A network sensor knows a host by its address only: it is the same host all the same.
    "host": Dimension(
        "host",
        "hosts",
        f"coalesce({_NAME_OF.format('host')}, host)",
        ("device_host", "src_ip", "device_ip"),
        True,
    ),
    "user": Dimension(
        "user", "users", "coalesce(actor_user, target_user)", ("actor_user", "target_user")
    ),
    "target": Dimension("account", "accounts", "target_user", ("target_user",)),
    "logon user": Dimension(
        "user", "users", "coalesce(target_user, actor_user)", ("target_user", "actor_user")
    ),
    "source": Dimension(
        "source",
        "sources",
        _SOURCE,
        ("src_ip", "src_host", "device_host"),
        True,
    ),
    "destination": Dimension(
        "destination",
        "destinations",
        _DESTINATION,
        ("dst_ip", "dst_host"),
        True,
    ),
    "peer": Dimension(
        "peer",
        "peers",
        f"unnest(list_distinct(list_filter([{_SOURCE}, {_DESTINATION}],"
        " lambda each: each IS NOT NULL)))",
        ("src_ip", "dst_ip", "src_host", "dst_host"),
        True,
    ),
    "address": Dimension(
        "IP address",
        "IP addresses",
        "unnest(list_distinct(list_filter([src_ip, dst_ip, device_ip],"
        " lambda each: each IS NOT NULL)))",
        ("src_ip", "dst_ip", "device_ip"),
    ),
    "source address": Dimension("source address", "source addresses", "src_ip", ("src_ip",)),
    "port": Dimension("destination port", "destination ports", "dst_port::VARCHAR", ("dst_port",)),
    "process": Dimension(
        "program", "programs", "coalesce(process_path, actor_path)", ("process_path", "actor_path")
    ),
    "actor": Dimension(
        "program", "programs", "coalesce(actor_path, process_path)", ("actor_path", "process_path")
    ),
    "parent": Dimension("parent program", "parent programs", "parent_path", ("parent_path",)),
    "command": Dimension("command line", "command lines", "process_cmd", ("process_cmd",)),
    "file": Dimension("file", "files", "file_path", ("file_path",)),
    "domain": Dimension("domain", "domains", "lower(dns_query)", ("dns_query",)),
    "url": Dimension("URL", "URLs", "url", ("url",)),
    "service": Dimension("service", "services", "service_name", ("service_name",)),
    "share": Dimension("share", "shares", "share_name", ("share_name",)),
    "task": Dimension("scheduled task", "scheduled tasks", "job_name", ("job_name",)),
    "key": Dimension("registry key", "registry keys", "reg_key", ("reg_key",)),
    "operation": Dimension("API operation", "API operations", "api_operation", ("api_operation",)),
    "api service": Dimension("service", "services", "api_service", ("api_service",)),
    "finding": Dimension(
        "finding",
        "findings",
        "coalesce(json_extract_string(event, '$.finding_info.title'),"
        " json_extract_string(event, '$.finding.title'), message)",
        (),
    ),
    "check": Dimension("check", "checks", "original_id", ("original_id",)),
    "resource": Dimension(
        "resource",
        "resources",
        "coalesce(json_extract_string(event, '$.resources[0].uid'),"
        " json_extract_string(event, '$.resources[0].name'))",
        (),
    ),
    "severity": Dimension(
        "severity",
        "severities",
        "CASE severity_id WHEN 1 THEN 'informational' WHEN 2 THEN 'low' WHEN 3 THEN 'medium'"
        " WHEN 4 THEN 'high' WHEN 5 THEN 'critical' WHEN 6 THEN 'fatal' END",
        (),
    ),
    "region": Dimension("region", "regions", "json_extract_string(event, '$.cloud.region')", ()),
    "user agent": Dimension(
        "user agent",
        "user agents",
        "json_extract_string(event, '$.http_request.user_agent')",
        (),
    ),
    "error": Dimension(
        "status code", "status codes", "json_extract_string(event, '$.status_code')", ()
    ),
    "conversation": Dimension(
        "pair of hosts",
        "pairs of hosts",
        f"{_SOURCE} || ' → ' || {_DESTINATION}",
        ("src_ip", "dst_ip", "src_host", "dst_host"),
        True,
    ),
    "event id": Dimension("event id", "event ids", "original_id", ("original_id",)),
    "class": Dimension("class of event", "classes of events", "class_uid::VARCHAR", ()),
    "log": Dimension("log source", "log sources", "coalesce(source_path, mapper)", ()),
    "record": Dimension(
        "record type", "record types", "concat_ws(' ', coalesce(provider, mapper), original_id)", ()
    ),
    "logon type": Dimension("logon type", "logon types", "logon_type_id::VARCHAR", ()),
    "rule": Dimension("rule", "rules", "rule_title", ()),
    "technique": Dimension("technique", "techniques", "unnest(techniques)", ()),
    "tactic": Dimension("tactic", "tactics", "unnest(tactics)", ()),
    "level": Dimension("level", "levels", "level", ()),
}

OF_RULES = frozenset({"rule", "technique", "tactic", "level"})
"""Dimensions that only rule matches have."""

OF_FINDINGS = frozenset({"check", "resource"})
"""Dimensions that mean findings when the question names no sort of event."""

OF_NETWORK = frozenset({"source", "destination", "peer", "port", "conversation"})
"""Dimensions that mean network events when the question names no sort of event."""
