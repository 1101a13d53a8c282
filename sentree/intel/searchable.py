"""Which places of STIX objects events have, and how a value is written to be compared there."""

from __future__ import annotations

import ipaddress
import re
from typing import NamedTuple

from sentree.intel.pattern import Comparison, ObjectPath


class Place(NamedTuple):
    """A place of events; `number` where values are compared as numbers."""

    name: str
    number: bool = False


_IP = re.compile(r"ipv[46]-addr")
_IMAGE = r"(?:binary|image)_ref"
_PLACES: tuple[tuple[str, Place], ...] = (
    (r"ipv[46]-addr:value", Place("address")),
    (r"domain-name:value", Place("domain")),
    (r"domain-name:resolves_to_refs\.value", Place("address")),
    (r"url:value", Place("url")),
    (r"(?:file|artifact):hashes\..+", Place("hash")),
    (r"file:name", Place("file name")),
    (r"file:parent_directory_ref\.path|directory:path", Place("file folder")),
    (r"file:size", Place("file size", number=True)),
    (r"file:mime_type", Place("file type")),
    (r"process:command_line", Place("command line")),
    (r"process:name", Place("process name")),
    (rf"process:{_IMAGE}\.name", Place("process name")),
    (rf"process:{_IMAGE}\.path", Place("process path")),
    (rf"process:{_IMAGE}\.hashes\..+", Place("hash")),
    (rf"process:{_IMAGE}\.parent_directory_ref\.path", Place("file folder")),
    (r"process:pid", Place("process number", number=True)),
    (r"process:cwd", Place("process folder")),
    (rf"process:parent_ref\.(?:name|{_IMAGE}\.name)", Place("parent name")),
    (r"process:parent_ref\.command_line", Place("parent command line")),
    (r"process:parent_ref\.pid", Place("parent number", number=True)),
    (
        r"process:creator_user_ref\.(?:account_login|display_name|user_id)",
        Place("user"),
    ),
    (r"process:extensions\.windows-service-ext\.service_name", Place("service name")),
    (r"user-account:(?:account_login|display_name)", Place("user")),
    (r"user-account:user_id", Place("user id")),
    (r"network-traffic:src_port", Place("source port", number=True)),
    (r"network-traffic:dst_port", Place("target port", number=True)),
    (r"network-traffic:src_ref\.value", Place("source address")),
    (r"network-traffic:dst_ref\.value", Place("target address")),
    (r"network-traffic:protocols", Place("protocol")),
    (r"network-traffic:src_byte_count", Place("bytes out", number=True)),
    (r"network-traffic:dst_byte_count", Place("bytes in", number=True)),
    (r"network-traffic:src_packets", Place("packets out", number=True)),
    (r"network-traffic:dst_packets", Place("packets in", number=True)),
    (
        r"network-traffic:extensions\.http-request-ext\.request_method",
        Place("request method"),
    ),
    (
        r"network-traffic:extensions\.http-request-ext\.request_value",
        Place("request value"),
    ),
    (
        r"network-traffic:extensions\.http-request-ext\.request_header\.user-agent",
        Place("user agent"),
    ),
    (
        r"network-traffic:extensions\.http-request-ext\.request_header\.host",
        Place("request host"),
    ),
    (r"windows-registry-key:key|win-registry-key:key", Place("registry key")),
    (r"windows-registry-key:values\.name", Place("registry value")),
    (r"windows-registry-key:values\.data", Place("registry data")),
    (r"email-addr:value", Place("email address")),
    (r"email-message:(?:from_ref|sender_ref)\.value", Place("email sender")),
    (r"email-message:(?:to_refs|cc_refs|bcc_refs)\.value", Place("email receiver")),
    (r"email-message:subject", Place("email subject")),
    (r"email-message:message_id", Place("email id")),
    (r"x509-certificate:hashes\..+", Place("certificate hash")),
    (r"x509-certificate:serial_number", Place("certificate number")),
    (r"x509-certificate:subject", Place("certificate subject")),
    (r"x509-certificate:issuer", Place("certificate issuer")),
    (r"mac-addr:value", Place("hardware address")),
    (r"autonomous-system:number", Place("network number", number=True)),
)
_COMPILED = tuple((re.compile(pattern, re.IGNORECASE), place) for pattern, place in _PLACES)
_UNKNOWN = {
    "mutex": "OCSF has no place for mutexes",
    "software": "events don't list software",
    "artifact": "events don't hold the bytes of files",
}
_HIVES = {
    "HKLM": "HKEY_LOCAL_MACHINE",
    "HKU": "HKEY_USERS",
    "HKCU": "HKEY_CURRENT_USER",
    "HKCR": "HKEY_CLASSES_ROOT",
}
ADDRESSES = ("address", "source address", "target address")


def place_of(path: ObjectPath) -> Place | str:
    """Give the place where events keep what a path names, or the reason why there is none.

    List indices don't count: an event holds one of each.
    """
    plain = f"{path.type}:{'.'.join(step for step in path.steps if isinstance(step, str))}"
    for pattern, place in _COMPILED:
        if pattern.fullmatch(plain):
            return place
    if path.type in _UNKNOWN:
        return _UNKNOWN[path.type]
    if path.type.startswith("x-"):
        return f"{path.type} is an object of somebody's own"
    return f"events have no place for {plain}"


def written(text: str, place: str) -> str:
    """Write a value as events do, in lower case: addresses and registry hives have many forms."""
    if place in ADDRESSES:
        return _address(text)
    if place == "domain":
        return text.rstrip(".").lower()
    if place == "registry key":
        return whole_hive(text).lower()
    if place in ("hardware address", "certificate hash"):
        return text.lower().replace("-", ":") if place == "hardware address" else text.lower()
    return text.lower()


def whole_hive(text: str) -> str:
    """Write out the hive that a registry key, or a pattern of one, begins with."""
    hive, mark, rest = text.partition("\\")
    return f"{_HIVES.get(hive.upper(), hive)}{mark}{rest}"


def network_of(one: Comparison, place: str) -> str | None:
    """Give the network that a comparison means: ISSUBSET, or `=` with more than one address."""
    if place not in ADDRESSES or len(one.values) != 1 or not isinstance(one.values[0], str):
        return None
    if one.operator not in ("=", "!=", "ISSUBSET") or "/" not in one.values[0]:
        return None
    try:
        network = ipaddress.ip_network(one.values[0], strict=False)
    except ValueError:
        return None
    return str(network) if network.num_addresses > 1 or one.operator == "ISSUBSET" else None


def _address(text: str) -> str:
    plain = (
        text.removesuffix("/32").removesuffix("/128") if ":" in text else text.removesuffix("/32")
    )
    try:
        return str(ipaddress.ip_address(plain))
    except ValueError:
        return plain.lower()
