"""What many tenants have in common for benign reasons, and why each of it says nothing."""

from __future__ import annotations

import json
from collections.abc import Collection
from functools import cache
from importlib.resources import files
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any

from schemas.tenant_slice import Sighting

BROWSER = ("mozilla/5.0 ", "microsoft-", "windows-update", "microsoft bits", "office/")


def benign_reason(one: Sighting, own_names: Collection[str]) -> str | None:
    """Say why a value is no sign of anything, whoever has it; None where nothing is known.

    `own_names` has the tenant's own machines and domains, in lower case.
    """
    if one.kind == "ip":
        return _of_address(one.key)
    if one.kind == "domain":
        return _of_domain(one.key, own_names)
    if one.kind == "url":
        server = server_of(one.key)
        return _of_address(server, strict=True) or _of_domain(server, own_names)
    if one.kind == "hash":
        return _of_hash(one)
    if one.kind == "file":
        return _of_file(one)
    if one.kind == "account" and one.key in _known("accounts"):
        return "an account name found everywhere"
    if one.kind == "registry" and (one.key in _known("registry") or len(one.key) < 4):
        return "a value name found everywhere"
    if one.kind == "user_agent" and one.key.startswith(BROWSER):
        return "the name of a common browser"
    if one.kind == "email" and _of_domain(one.key.partition("@")[2], own_names):
        return "an address of a common or own domain"
    return None


def is_public_tool(one: Sighting) -> bool:
    """Tell whether a value stands for a tool that anybody may have, attackers among them."""
    if one.kind == "file":
        return one.key in _known("tools")
    if one.kind == "hash":
        return any(_name(path) in _known("tools") for path in one.folders)
    return False


def is_public_service(one: Sighting) -> bool:
    """Tell whether a value stands for a service on which anybody may host anything."""
    name = server_of(one.key) if one.kind == "url" else one.key
    return one.kind in ("domain", "url") and _under(name, _known("public_services"))


def _of_address(text: str, *, strict: bool = False) -> str | None:
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None if strict else "no address"
    if str(address) in _known("resolvers"):
        return "a public name server or a platform's own address"
    for network in _networks("private"):
        if address.version == network.version and address in network:
            return "an internal or reserved address"
    for owner in _lists()["networks"]:
        for network in _networks(owner):
            if address.version == network.version and address in network:
                return f"an address of a shared network ({owner})"
    return None


def _of_domain(name: str, own_names: Collection[str]) -> str | None:
    if name in own_names or any(_is_below(name, own) for own in own_names):
        return "a name of the tenant's own"
    if name.endswith(
        (".local", ".lan", ".internal", ".intranet", ".arpa", ".localdomain", ".corp")
    ):
        return "an internal name"
    if name.rpartition(".")[2] in _known("file_endings"):
        return "a file name"
    for owner, names in _lists()["domains"].items():
        if _under(name, names) and not _under(name, _known("public_services")):
            return f"a name of {owner}"
    return None


def _of_hash(one: Sighting) -> str | None:
    if len(set(one.key)) < 4 or one.key in _EMPTY:
        return "the hash of nothing"
    if one.folders and all(_is_system(path) for path in one.folders):
        return "a program of the operating system or in the folders of installed software"
    return None


def _of_file(one: Sighting) -> str | None:
    if one.key in _known("system_files"):
        return "a file name found everywhere"
    if one.folders and all(_in_system(folder) for folder in one.folders):
        return "a file in the folders of the operating system or of installed software"
    if "." not in one.key:
        return "a name without an ending"
    return None


def _is_system(path: str) -> bool:
    return _in_system(path) or _name(path) in _known("system_files")


def _in_system(path: str) -> bool:
    return any(
        path.startswith(folder) if folder.startswith("/") else folder in path
        for folder in _lists()["system_folders"]
    )


def _name(path: str) -> str:
    return path.replace("\\", "/").rpartition("/")[2]


def server_of(url: str) -> str:
    """Give the server's name or address in a URL."""
    rest = url.partition("://")[2]
    return rest.partition("/")[0].rpartition("@")[2].partition(":")[0].partition("?")[0]


def _under(name: str, domains: Collection[str]) -> bool:
    parts = name.split(".")
    return any(".".join(parts[n:]) in domains for n in range(len(parts) - 1))


def _is_below(name: str, own: str) -> bool:
    """Tell whether a name stands below the domain of a machine's own full name."""
    if "." not in own:
        return False
    domain = own.partition(".")[2] if own.count(".") > 1 else own
    return "." in domain and (name == domain or name.endswith("." + domain))


@cache
def _lists() -> dict[str, Any]:
    text = (files("sentree.analysis.correlate") / "common.json").read_text(encoding="utf-8")
    return json.loads(text)


@cache
def _known(name: str) -> frozenset[str]:
    return frozenset(_lists()[name])


@cache
def _networks(name: str) -> tuple[IPv4Network | IPv6Network, ...]:
    listed = _lists()["private"] if name == "private" else _lists()["networks"][name]
    return tuple(ip_network(each) for each in listed)


_EMPTY = frozenset(
    (
        "d41d8cd98f00b204e9800998ecf8427e",
        "da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    )
)
