"""Names the physical fact behind an event, so that several sensors' records of it can be folded."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from models.patterns.sight import Sight

_FACT_LIMIT = 300
_LONG_NAME = 60
_AUDIT = re.compile(r"\bmsg=audit\((\d{6,12}\.\d{1,6}:\d{1,12})\)")
_SCAN = re.compile(
    r"([0-9a-f.:]{3,45}) [^\n]{0,2500}"
    r"(nikto|sqlmap|wpscan|nuclei|gobuster|feroxbuster|dirbuster|acunetix|nessus|openvas|masscan|zgrab)"
)

_SCANNER = re.compile(
    r"nikto|sqlmap|wpscan|nuclei|gobuster|feroxbuster|dirbuster|acunetix|nessus|openvas|masscan|zgrab"
    r"|ffuf|dirsearch|wfuzz|whatweb|nmap scripting|zaproxy|burp|httpx|arachni"
)


def fact_of(sight: Sight) -> str:
    """Give the key of the fact an event records; equal for every sensor that saw it.

    A process start is `process|host|pid|path`, a connection `connection|src|dst|port`, a logon
    `logon|host|user|src|type`; what no second sensor could see is keyed by its event.
    """
    parts = _KEYS.get(sight.scope, _event)(sight)
    if not all(parts[: _NEEDED.get(parts[0], 1) + 1]):
        parts = _event(sight)
    return "|".join(part.replace("|", "/") for part in parts)[:_FACT_LIMIT]


def _host(s: Sight) -> str:
    return str(s.row.get("host") or "")


def _event(s: Sight) -> tuple[str, ...]:
    return ("event", str(s.row["event_uid"]))


def _process(s: Sight) -> tuple[str, ...]:
    if audit := _AUDIT.search(s.field("text")[:600]):
        return ("audit", audit[1], _host(s))
    return ("process", _host(s), s.field("pid"), s.field("path"))


def _access(s: Sight) -> tuple[str, ...]:
    return ("access", _host(s), s.field("path"), s.field("target"))


def _file(s: Sight) -> tuple[str, ...]:
    return ("file", _host(s), s.field("file"))


def _module(s: Sight) -> tuple[str, ...]:
    return ("module", _host(s), s.field("path"), s.field("file"))


def _registry(s: Sight) -> tuple[str, ...]:
    key = (
        s.field("key")
        .replace("\\registry\\machine\\", "hklm\\")
        .replace("\\registry\\user\\", "hku\\")
    )
    return ("registry", _host(s), key)


def _network(s: Sight) -> tuple[str, ...]:
    return ("connection", s.field("src"), s.field("dst"), s.field("port"))


def _logon(s: Sight) -> tuple[str, ...]:
    user = s.field("account").rpartition("\\")[2].partition("@")[0]
    return ("logon", _host(s), user, s.field("src"), s.field("logon"))


def _share(s: Sight) -> tuple[str, ...]:
    share = s.field("share").rstrip("\\").rpartition("\\")[2]
    return ("share", s.field("src"), share, s.field("relative"))


def _service(s: Sight) -> tuple[str, ...]:
    return ("service", _host(s), s.field("service"))


def _task(s: Sight) -> tuple[str, ...]:
    return ("task", _host(s), s.field("task"))


def _pipe(s: Sight) -> tuple[str, ...]:
    return ("pipe", _host(s), s.field("path"), s.field("pipe"))


def _dns(s: Sight) -> tuple[str, ...]:
    """Name a look-up's fact; long names below one zone are one channel, however many there are."""
    if len(s.field("query")) > _LONG_NAME:
        zone = ".".join(s.field("query").rstrip(".").split(".")[-3:])
        return ("lookup", s.field("src") or _host(s), f"long name below {zone}")
    return ("lookup", s.field("src") or _host(s), s.field("query"))


def _rpc(s: Sight) -> tuple[str, ...]:
    return ("rpc", s.field("src"), s.field("dst"), s.field("endpoint"), s.field("operation"))


def _http(s: Sight) -> tuple[str, ...]:
    """Name a request's fact; what one client asks of one server with one scanner is one fact."""
    scanner = _SCANNER.search(s.field("agent"))
    if scanner:
        return ("scan", s.field("src"), scanner[0])
    where = s.field("dst") or _host(s)
    return ("web", s.field("src"), where, s.field("uri").partition("?")[0])


def _api(s: Sight) -> tuple[str, ...]:
    """Name a call's fact: who called what from where, whatever it was called on."""
    who = s.field("user") or s.field("arn")
    return ("call", who, s.field("src"), s.field("service_called"), s.field("api"))


def _account(s: Sight) -> tuple[str, ...]:
    return ("account", _host(s), s.field("code") or s.field("activity"), s.field("account"))


def _text(s: Sight) -> tuple[str, ...]:
    """Name a line's fact.

    A scanner's requests are one fact of their client, however many pages it tries; the records of
    one audit event are one fact.
    """
    line = s.field("text")
    if audit := _AUDIT.search(line[:600]):
        return ("audit", audit[1], _host(s))
    scan = _SCAN.match(line)
    return ("scan", scan[1], scan[2]) if scan else _event(s)


_KEYS: Mapping[str, Callable[[Sight], tuple[str, ...]]] = {
    "process": _process,
    "access": _access,
    "object": _access,
    "inject": _access,
    "file": _file,
    "module": _module,
    "registry": _registry,
    "network": _network,
    "remote session": _network,
    "tls": _network,
    "notice": _network,
    "logon": _logon,
    "share": _share,
    "smb file": _share,
    "service": _service,
    "task": _task,
    "pipe": _pipe,
    "dns": _dns,
    "rpc": _rpc,
    "account": _account,
    "http": _http,
    "api": _api,
    "text": _text,
}

# How many parts after the first must be known for the key to say which fact it is.
_NEEDED: Mapping[str, int] = {
    "process": 3,
    "access": 3,
    "file": 2,
    "module": 3,
    "registry": 2,
    "connection": 3,
    "logon": 2,
    "share": 2,
    "service": 2,
    "task": 2,
    "pipe": 3,
    "lookup": 2,
    "rpc": 4,
    "account": 3,
    "web": 3,
    "call": 1,
    "scan": 2,
}
