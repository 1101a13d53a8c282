"""The columns promoted from a normalised OCSF event to typed columns of the lake.

Everything else stays in the event's JSON. A column is filled from the first of its paths that
holds a value; the type is DuckDB's. The paths are OCSF 1.8.0 attribute paths.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PromotedColumn:
    """A typed column and the JSON paths it is filled from, in order of preference."""

    name: str
    sql_type: str
    paths: tuple[str, ...]


PROMOTED: tuple[PromotedColumn, ...] = (
    PromotedColumn("class_uid", "INTEGER", ("$.class_uid",)),
    PromotedColumn("category_uid", "INTEGER", ("$.category_uid",)),
    PromotedColumn("activity_id", "INTEGER", ("$.activity_id",)),
    PromotedColumn("type_uid", "BIGINT", ("$.type_uid",)),
    PromotedColumn("severity_id", "INTEGER", ("$.severity_id",)),
    PromotedColumn("status_id", "INTEGER", ("$.status_id",)),
    PromotedColumn("device_host", "VARCHAR", ("$.device.hostname", "$.device.name")),
    PromotedColumn("device_ip", "VARCHAR", ("$.device.ip",)),
    PromotedColumn("actor_user", "VARCHAR", ("$.actor.user.name", "$.actor.user.uid")),
    PromotedColumn("target_user", "VARCHAR", ("$.user.name", "$.user.uid")),
    PromotedColumn("logon_type_id", "INTEGER", ("$.logon_type_id",)),
    PromotedColumn("process_path", "VARCHAR", ("$.process.file.path", "$.process.name")),
    PromotedColumn("process_cmd", "VARCHAR", ("$.process.cmd_line",)),
    PromotedColumn("process_pid", "BIGINT", ("$.process.pid",)),
    PromotedColumn("process_uid", "VARCHAR", ("$.process.uid",)),
    PromotedColumn(
        "parent_path",
        "VARCHAR",
        ("$.process.parent_process.file.path", "$.process.parent_process.name"),
    ),
    PromotedColumn("parent_cmd", "VARCHAR", ("$.process.parent_process.cmd_line",)),
    PromotedColumn("parent_pid", "BIGINT", ("$.process.parent_process.pid",)),
    PromotedColumn("actor_path", "VARCHAR", ("$.actor.process.file.path", "$.actor.process.name")),
    PromotedColumn("actor_pid", "BIGINT", ("$.actor.process.pid",)),
    PromotedColumn("src_ip", "VARCHAR", ("$.src_endpoint.ip", "$.evidences[0].src_endpoint.ip")),
    PromotedColumn("src_host", "VARCHAR", ("$.src_endpoint.hostname", "$.src_endpoint.name")),
    PromotedColumn("src_port", "INTEGER", ("$.src_endpoint.port",)),
    PromotedColumn("dst_ip", "VARCHAR", ("$.dst_endpoint.ip", "$.evidences[0].dst_endpoint.ip")),
    PromotedColumn("dst_host", "VARCHAR", ("$.dst_endpoint.hostname", "$.dst_endpoint.name")),
    PromotedColumn("dst_port", "INTEGER", ("$.dst_endpoint.port",)),
    PromotedColumn("file_path", "VARCHAR", ("$.file.path", "$.module.file.path", "$.file.name")),
    PromotedColumn("reg_key", "VARCHAR", ("$.reg_key.path", "$.reg_value.path")),
    PromotedColumn("reg_value", "VARCHAR", ("$.reg_value.name",)),
    PromotedColumn("url", "VARCHAR", ("$.http_request.url.url_string", "$.url.url_string")),
    PromotedColumn("dns_query", "VARCHAR", ("$.query.hostname",)),
    PromotedColumn("service_name", "VARCHAR", ("$.win_service.name", "$.service.name")),
    PromotedColumn("share_name", "VARCHAR", ("$.share",)),
    PromotedColumn("job_name", "VARCHAR", ("$.job.name",)),
    PromotedColumn("api_operation", "VARCHAR", ("$.api.operation", "$.unmapped.operation")),
    PromotedColumn("api_service", "VARCHAR", ("$.api.service.name",)),
    PromotedColumn("cloud_account", "VARCHAR", ("$.cloud.account.uid",)),
    PromotedColumn("finding_uid", "VARCHAR", ("$.finding_info.uid",)),
    PromotedColumn("original_id", "VARCHAR", ("$.metadata.event_code",)),
    PromotedColumn("channel", "VARCHAR", ("$.metadata.log_name",)),
    PromotedColumn("provider", "VARCHAR", ("$.metadata.log_provider",)),
    PromotedColumn("message", "VARCHAR", ("$.message",)),
    PromotedColumn("schema_version", "VARCHAR", ("$.metadata.version",)),
)
"""In column order. `time` is not here: it is parsed from the raw record by the mapper."""

OBSERVABLE_COLUMNS: tuple[str, ...] = (
    "device_host",
    "device_ip",
    "actor_user",
    "target_user",
    "src_ip",
    "dst_ip",
    "dst_host",
    "dns_query",
)
"""Promoted columns whose distinct values make the `observables` list of an event."""
