"""Where an event keeps what indicators look for: a list of values for each kind of thing.

Each place is a SQL list over a row of `events`. Values are compared without regard to case.
"""

from __future__ import annotations

from collections.abc import Iterable


def _json(*paths: str) -> str:
    parts = [
        f"json_extract_string(event, '{path}')"
        if "*" in path or ".." in path
        else f"[json_extract_string(event, '{path}')]"
        for path in paths
    ]
    return parts[0] if len(parts) == 1 else f"flatten([{', '.join(parts)}])"


def _base(*columns: str) -> str:
    named = ", ".join(f"regexp_extract({one}, '[^\\\\/]+$')" for one in columns)
    return f"[{named}]"


def _folder(*columns: str) -> str:
    named = ", ".join(f"regexp_extract({one}, '^(.*)[\\\\/][^\\\\/]*$', 1)" for one in columns)
    return f"[{named}]"


def _columns(*columns: str) -> str:
    return f"[{', '.join(f'CAST({one} AS VARCHAR)' for one in columns)}]"


def _all(*lists: str) -> str:
    return f"flatten([{', '.join(lists)}])"


def _whole_hive(column: str) -> str:
    """Write out the hive of a registry key, whichever way a producer shortens it."""
    sql = f"upper({column})"
    for short, whole in (
        (r"HKLM|\\REGISTRY\\MACHINE", "HKEY_LOCAL_MACHINE"),
        (r"HKU|\\REGISTRY\\USER", "HKEY_USERS"),
        (r"HKCU", "HKEY_CURRENT_USER"),
        (r"HKCR", "HKEY_CLASSES_ROOT"),
    ):
        sql = rf"regexp_replace({sql}, '^(?:{short})(\\|$)', '{whole}\1')"
    return sql


_HTTP_URL = (
    "'http://' || json_extract_string(event, '$.http_request.url.hostname')"
    " || json_extract_string(event, '$.http_request.url.path')"
)
_IMAGES = ("process_path", "parent_path", "actor_path")

PLACES: dict[str, str] = {
    "address": _all(
        _columns("src_ip", "dst_ip", "device_ip"), _json("$..ip", "$.answers[*].rdata")
    ),
    "source address": _all(_columns("src_ip", "src_host"), _json("$.src_endpoint.ip")),
    "target address": _all(_columns("dst_ip", "dst_host"), _json("$.dst_endpoint.ip")),
    "domain": _all(
        "[rtrim(dns_query, '.'), rtrim(dst_host, '.'), rtrim(src_host, '.')]",
        _json("$.http_request.url.hostname", "$.url.hostname", "$.tls.sni", "$.answers[*].rdata"),
    ),
    "url": _all(_columns("url"), f"[{_HTTP_URL}]", _json("$..url_string")),
    "hash": _json("$..hashes[*].value"),
    "file name": _all(_base(*_IMAGES, "file_path"), _json("$..file.name")),
    "file folder": _folder(*_IMAGES, "file_path"),
    "file size": _json("$..file.size"),
    "file type": _json("$..file.mime_type"),
    "command line": _all(_columns("process_cmd", "parent_cmd"), _json("$..cmd_line")),
    "process name": _base("process_path", "actor_path"),
    "process path": _columns("process_path", "actor_path"),
    "process number": _columns("process_pid", "actor_pid"),
    "process folder": _all(
        _json("$.process.working_directory", "$.actor.process.working_directory")
    ),
    "parent name": _base("parent_path"),
    "parent command line": _columns("parent_cmd"),
    "parent number": _columns("parent_pid"),
    "service name": _columns("service_name"),
    "user": _columns("actor_user", "target_user"),
    "user id": _all(_json("$..user.uid"), _columns("actor_user", "target_user")),
    "source port": _columns("src_port"),
    "target port": _columns("dst_port"),
    "protocol": _json("$.connection_info.protocol_name", "$.app_protocol_name"),
    "bytes out": _json("$.traffic.bytes_out"),
    "bytes in": _json("$.traffic.bytes_in"),
    "packets out": _json("$.traffic.packets_out"),
    "packets in": _json("$.traffic.packets_in"),
    "request method": _json("$.http_request.http_method"),
    "request value": _json("$.http_request.url.path"),
    "user agent": _json("$.http_request.user_agent"),
    "request host": _json("$.http_request.url.hostname"),
    "registry key": f"[reg_key, {_whole_hive('reg_key')}]",
    "registry value": _columns("reg_value"),
    "registry data": _json("$.reg_value.data"),
    "email address": _json(
        "$..email_addr", "$.email.from", "$.email.to[*]", "$.email.cc[*]", "$.email.reply_to"
    ),
    "email sender": _json("$.email.from", "$.email.smtp_from"),
    "email receiver": _json("$.email.to[*]", "$.email.smtp_to[*]"),
    "email subject": _json("$.email.subject"),
    "email id": _json("$.email.message_uid"),
    "certificate hash": _json(
        "$..certificate.fingerprints[*].value", "$..certificate_chain[*].fingerprints[*].value"
    ),
    "certificate number": _json("$..certificate.serial_number"),
    "certificate subject": _json("$..certificate.subject"),
    "certificate issuer": _json("$..certificate.issuer"),
    "hardware address": _json("$..mac"),
    "network number": _json("$..autonomous_system.number"),
}


def values_list(places: Iterable[str]) -> str:
    """Give SQL for the list of {place, value} of an event, of these places."""
    parts = [
        f"list_transform({PLACES[place]}, lambda v: {{place: '{place}', value: v}})"
        for place in places
    ]
    return f"flatten([{', '.join(parts)}])"
