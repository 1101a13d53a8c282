"""One event as patterns see it: named lower-case texts, whatever shape its raw record has."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, cast

TEXT_LIMIT = 32_768
"""Patterns see this much of a text, both ends of it; a Windows command line can't be longer."""

_DEPTH_LIMIT = 12
_FIELD_LIMIT = 2_000
_XML_FIELD = re.compile(r"""Name=["'](\w{1,64})["']>([^<]{0,4096})<""")
_PAIR = re.compile(r"(?:^|[\s,;(\[])([A-Za-z][\w.]{0,40})[=:]\s*\"?([^\s\",;]{1,512})")
# RFC 5737 and 3849: examples and exercises use them as addresses of the internet.
_DOCUMENTATION = tuple(
    ipaddress.ip_network(text)
    for text in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
)
_ARGUMENT = re.compile(r"\s(?:a\d{1,3}(?:\[\d{1,3}\])?|proctitle)=(?:\"([^\"]*)\"|([^\s\"]+))")
_SYSCALL = re.compile(
    r"type=SYSCALL\s.{0,600}\bsyscall=(?:59|322|11|358|221|execve)\s.{0,600}\bexe=\"([^\"]+)\""
)
_TOLD = re.compile(
    r"sudo(?:\[\d{1,9}\])?:.{0,400}COMMAND=(.*)|cron(?:d)?(?:\[\d{1,9}\])?:.{0,120}CMD\s*\((.*)\)",
    re.IGNORECASE,
)
_SUDO_AUDITED = re.compile(r"type=USER_CMD\s.{0,600}\bcmd=(?:\"([^\"]*)\"|([0-9A-Fa-f]+))")
# A list of named values: of an event log, of a cloud's audit record, of a directory's.
_TOLD_UNDER = ("#text", "Value", "NewValue", "newValue")
_TOLD_AS = ("value", "boolValue", "intValue", "multiValue")
_FILES = re.compile(r"^.*?\"files\":\s?(\[[^\]]*\]).*$|^.*$", re.DOTALL)
_NAMES = re.compile(r"\"name\":\s?\"([^\"]{1,260})\"")
_DEVICE_PATH = re.compile(r"^\\device\\harddiskvolume\d+\\", re.IGNORECASE)


class Sight:
    """A row of `candidates.sql` with lazily read fields.

    `field(name)` knows the derived names below, then column names, then the names of raw fields in
    any case and at any depth; it gives text in lower case, empty when absent. `show(name)` gives
    the same text as it was written.
    """

    __slots__ = ("_lower", "_raw", "_shown", "row")

    def __init__(self, row: Mapping[str, Any]) -> None:
        self.row = row
        self._shown: dict[str, str] = {}
        self._lower: dict[str, str] = {}
        self._raw: dict[str, str] | None = None

    @property
    def scope(self) -> str:
        """What sort of fact the event records."""
        return str(self.row["scope"] or "")

    def field(self, name: str) -> str:
        """Give a field's text in lower case."""
        text = self._lower.get(name)
        if text is None:
            text = self._lower[name] = self.show(name).lower()
        return text

    def show(self, name: str) -> str:
        """Give a field's text as written, capped."""
        text = self._shown.get(name)
        if text is None:
            derive = DERIVED.get(name)
            text = self._shown[name] = _bounded(derive(self) if derive else self.plain(name))
        return text

    def plain(self, *names: str) -> str:
        """Give the first of some columns or raw fields that holds text."""
        for name in names:
            value = self.row.get(name)
            if value is None or value == "":
                value = self.raw.get(name.lower().replace("_", ""), "")
            if value not in ("", "-"):
                return str(value)
        return ""

    @property
    def raw(self) -> Mapping[str, str]:
        """The scalar fields of the raw record and the normalised event, breadth first.

        Names are in lower case without underscores: the last name, and with its parent's.
        """
        if self._raw is None:
            self._raw = {}
            for text in (self.row.get("raw"), self.row.get("event")):
                for parent, name, value in _fields(str(text or "")):
                    self._raw.setdefault(name, value)
                    if parent:
                        self._raw.setdefault(f"{parent}.{name}", value)
        return self._raw


def _bounded(text: str) -> str:
    """Keep both ends of an overlong text: padding in the middle must not hide what follows."""
    if len(text) <= TEXT_LIMIT:
        return text
    return f"{text[: TEXT_LIMIT // 2]} {text[-TEXT_LIMIT // 2 + 1 :]}"


def basename(path: str) -> str:
    """Give what stands after the last slash of either kind."""
    return path.replace("\\", "/").rstrip("/").rpartition("/")[2]


def number(text: str) -> int | None:
    """Read a decimal or 0x-hexadecimal whole number."""
    try:
        return int(text[:40], 0)
    except ValueError:
        return None


def address_kind(text: str) -> str:
    """Tell `external`, `internal`, `local` (loopback, link-local, multicast) or "" (no address)."""
    try:
        address = ipaddress.ip_address(text.removeprefix("::ffff:").partition("%")[0])
    except ValueError:
        return ""
    if address.is_loopback or address.is_link_local or address.is_multicast:
        return "local"
    if address.is_unspecified or address.is_reserved:
        return "local"
    if any(address.version == net.version and address in net for net in _DOCUMENTATION):
        return "external"
    return "internal" if address.is_private or not address.is_global else "external"


class _Scalar(NamedTuple):
    """A value of a record with the last two names of its path."""

    parent: str
    name: str
    value: str


def _fields(text: str) -> Iterator[_Scalar]:
    head = text[:1]
    if head in "{[":
        try:
            yield from _walk(json.loads(text))
            return
        except (ValueError, RecursionError):
            pass
    if head == "<":
        for match in _XML_FIELD.finditer(text):
            yield _Scalar("", _key(match[1]), match[2])
        return
    for match in _PAIR.finditer(text[:TEXT_LIMIT]):
        yield _Scalar("", _key(match[1]), match[2])


def _key(name: str) -> str:
    return name.lower().replace("_", "")


def _walk(document: Any) -> Iterator[_Scalar]:
    """Yield scalar fields breadth first, so that a shallow name wins over a deep one."""
    level: list[tuple[str, str, Any]] = [("", "", document)]
    budget = _FIELD_LIMIT
    for _ in range(_DEPTH_LIMIT):
        deeper: list[tuple[str, str, Any]] = []
        for parent, name, value in level:
            if isinstance(value, dict):
                item = cast("dict[str, Any]", value)
                named = item.get("@Name") or item.get("Name") or item.get("displayName")
                if isinstance(named, str):
                    told = next((item[key] for key in _TOLD_UNDER if key in item), None)
                    if told is not None:
                        deeper.append((name, _key(named), told))
                elif isinstance(named := item.get("name"), str):
                    told = next((item[key] for key in _TOLD_AS if key in item), None)
                    if told is not None:
                        deeper.append((name, _key(named), told))
                deeper += [(name, _key(key), each) for key, each in item.items()]
            elif isinstance(value, list):
                deeper += [(parent, name, each) for each in cast("list[Any]", value)[:50]]
            elif value is not None and value != "":
                yield _Scalar(parent, name, str(value))
            budget -= 1
            if budget < 0:
                return
        level = deeper


def _subject(sight: Sight) -> str:
    """Give the path of the process that acted; for a process start, of the one that started."""
    if sight.scope == "process":
        return sight.plain("process_path", "Image", "NewProcessName")
    return sight.plain(
        "actor_path", "SourceImage", "Image", "ProcessName", "process_path", "Application"
    )


def _subject_pid(sight: Sight) -> str:
    if sight.scope == "process":
        return sight.plain("process_pid", "NewProcessId", "ProcessId")
    text = sight.plain("actor_pid", "SourceProcessId", "process_pid", "ProcessId")
    value = number(text)
    return "" if value is None else str(value)


def _parent(sight: Sight) -> str:
    # Only a process start has its parent in the actor; elsewhere the actor is the process itself.
    if sight.scope == "process":
        return sight.plain("parent_path", "ParentImage", "ParentProcessName", "actor_path")
    return sight.plain("parent_path", "ParentImage")


def _target(sight: Sight) -> str:
    if sight.scope in {"access", "inject"}:
        return sight.plain("TargetImage", "process_path", "ObjectName")
    return sight.plain("ObjectName", "TargetImage")


def _script(sight: Sight) -> str:
    return sight.plain("ScriptBlockText", "script_content.value", "Payload", "Message", "message")


def _ran(sight: Sight) -> str:
    """Give the command of a process start, of an audit record, or of a line of sudo or cron."""
    if sight.scope == "process" and (command := sight.plain("process_cmd", "CommandLine")):
        return command
    line = _bounded(_text(sight))
    if "type=EXECVE" in line or "type=PROCTITLE" in line:
        return _audited(line)
    if program := _SYSCALL.search(line):
        return program[1]
    if asked := _SUDO_AUDITED.search(line):
        return asked[1] or _unhexed(asked[2])
    told = _TOLD.search(line)
    if told:
        return (told[1] or told[2] or "").strip()
    return sight.plain("process_path") if sight.scope == "process" else ""


def _audited(line: str) -> str:
    """Put the arguments of an audit record together; those with blanks in them are in hex."""
    parts = [quoted or _unhexed(coded) for quoted, coded in _ARGUMENT.findall(line)]
    return " ".join(parts)


def _unhexed(text: str) -> str:
    try:
        return bytes.fromhex(text).decode("utf-8", "replace").replace("\0", " ")
    except ValueError:
        return text


def _text(sight: Sight) -> str:
    """Give the line as it was written; of a record in JSON or XML, the message in it."""
    raw = str(sight.row.get("raw") or "")
    if raw[:1] in "{[<":
        return str(sight.row.get("message") or raw)
    return raw or str(sight.row.get("message") or "")


def _api(sight: Sight) -> str:
    return sight.plain("api_operation") or (
        sight.plain("original_id") if sight.scope in {"api", "finding"} else ""
    )


def _title(sight: Sight) -> str:
    """Give what a product calls its finding: title, kind and message."""
    raw = sight.raw
    named = (
        raw.get("findinginfo.title", ""),
        raw.get("type", "") if "finding" in sight.scope else "",
        sight.plain("original_id"),
        raw.get("analytic.name", ""),
        raw.get("alert.category", ""),
        str(sight.row.get("message") or ""),
    )
    return " / ".join(dict.fromkeys(each for each in named if each))


def _attachments(sight: Sight) -> str:
    """Give the names of a mail's files, parted by line breaks."""
    files = _NAMES.findall(_FILES.sub(r"\1", str(sight.row.get("event") or "")))
    return "\n".join(files)


def _user(sight: Sight) -> str:
    """Give who acted; of a mail from inside its sender, of one from outside who got it."""
    if sight.scope == "mail":
        sender, to = sight.raw.get("email.from", ""), sight.raw.get("email.to", "")
        inside = sender.rpartition("@")[2].lower() == to.rpartition("@")[2].lower()
        return sender if inside else to
    return sight.plain("actor_user", "target_user", "User", "SubjectUserName")


def _share(sight: Sight) -> str:
    if sight.scope == "smb file":
        return sight.plain("share_name", "path")
    return sight.plain("share_name", "ShareName", "path")


def _relative(sight: Sight) -> str:
    if sight.scope == "smb file":
        return sight.plain("file_path", "name")
    return sight.plain("RelativeTargetName", "file_path")


def _error(sight: Sight) -> str:
    if sight.scope == "api":
        return sight.plain("errorCode", "error")
    return sight.plain("Status", "SubStatus", "FailureReason", "status_code")


def _registry_path(sight: Sight) -> str:
    """Give key and value name as one path, whichever of them the sensor splits off."""
    key, value = sight.plain("reg_key", "TargetObject", "ObjectName"), sight.show("value")
    if value and basename(key).lower() != value.lower():
        return f"{key}\\{value}"
    return key


DERIVED: Mapping[str, Callable[[Sight], str]] = {
    "name": lambda s: basename(_subject(s)),
    "path": lambda s: _DEVICE_PATH.sub(r"C:\\", _subject(s)),
    "pid": _subject_pid,
    "original": lambda s: s.plain("OriginalFileName"),
    "cmd": lambda s: s.plain("process_cmd", "CommandLine"),
    "parent": lambda s: basename(_parent(s)),
    "parent_full": _parent,
    "parent_cmd": lambda s: s.plain("parent_cmd", "ParentCommandLine"),
    "user": _user,
    "account": lambda s: s.plain("target_user", "TargetUserName", "actor_user", "SubjectUserName"),
    "subject": lambda s: s.plain("SubjectUserName", "actor_user"),
    "target": lambda s: basename(_target(s)),
    "mask": lambda s: s.plain("GrantedAccess", "actual_permissions", "AccessMask"),
    "trace": lambda s: s.plain("CallTrace"),
    "file": lambda s: s.plain("file_path", "TargetFilename", "ImageLoaded", "name", "filename"),
    "module": lambda s: basename(s.plain("file_path", "ImageLoaded")),
    "key": _registry_path,
    "value": lambda s: s.plain("reg_value", "ObjectValueName"),
    "data": lambda s: s.plain("Details", "NewValue", "data"),
    "script": _script,
    "text": _text,
    "ran": _ran,
    "record": lambda s: str(s.row.get("raw") or ""),
    "attachments": _attachments,
    "subject_line": lambda s: s.raw.get("email.subject", ""),
    "sender": lambda s: s.raw.get("email.from", ""),
    "share": _share,
    "relative": _relative,
    "service": lambda s: s.plain("service_name", "ServiceName", "param1"),
    "binary": lambda s: s.plain("ImagePath", "ServiceFileName", "win_service.cmd_line"),
    "task": lambda s: s.plain("job_name", "TaskName"),
    "task_content": lambda s: s.plain("TaskContent", "TaskContentNew", "job.cmd_line", "Path"),
    "pipe": lambda s: s.plain("PipeName", "file_path"),
    "src": lambda s: s.plain("src_ip", "IpAddress", "SourceAddress", "SourceIp").removeprefix(
        "::ffff:"
    ),
    "src_kind": lambda s: address_kind(s.show("src")),
    "dst": lambda s: s.plain("dst_ip", "DestAddress", "DestinationIp").removeprefix("::ffff:"),
    "dst_kind": lambda s: address_kind(s.show("dst")),
    "port": lambda s: s.plain("dst_port", "DestPort", "DestinationPort"),
    "code": lambda s: s.plain("original_id"),
    "log": lambda s: s.plain("channel"),
    "sensor": lambda s: s.plain("sensor"),
    "class": lambda s: s.plain("class_uid"),
    "activity": lambda s: s.plain("activity_id"),
    "failed": lambda s: "yes" if s.row.get("status_id") == 2 or s.plain("errorCode") else "",
    "error": _error,
    "logon": lambda s: s.plain("logon_type_id", "LogonType"),
    "api": _api,
    "method": lambda s: s.plain("method", "http_method"),
    "service_called": lambda s: s.plain("api_service"),
    "finding": _title,
    "query": lambda s: s.plain("dns_query", "QueryName", "query"),
    "uri": lambda s: s.plain("url", "uri"),
    "http_host": lambda s: s.raw.get("host", "") or s.plain("url.hostname", "dst_host"),
    "agent": lambda s: s.plain("user_agent", "userAgent"),
    "operation": lambda s: s.plain("operation"),
    "endpoint": lambda s: s.plain("endpoint"),
    "hashes": lambda s: s.plain("Hashes"),
    "privileges": lambda s: s.plain("PrivilegeList", "EnabledPrivilegeList"),
}
"""Names that patterns may use for a fact, however the sensor calls it."""
