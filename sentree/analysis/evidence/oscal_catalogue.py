"""Reads OSCAL catalogs and profiles (JSON, 1.x) as control catalogues."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeGuard

from schemas.control import Catalogue, Control, RejectedControl
from sentree.errors import UnreadableInputError

MAX_DEPTH = 12
MAX_CONTROL_TEXT = 20_000
_INSERT = re.compile(r"\{\{\s*insert:\s*param,\s*([^}\s]+)\s*\}\}")


def is_catalog(data: Any) -> TypeGuard[dict[str, Any]]:
    """Tell whether a document is an OSCAL catalog."""
    return isinstance(data, dict) and isinstance(data.get("catalog"), dict)


def is_profile(data: Any) -> TypeGuard[dict[str, Any]]:
    """Tell whether a document is an OSCAL profile that is not resolved."""
    return isinstance(data, dict) and isinstance(data.get("profile"), dict)


def read_catalog(data: dict[str, Any], path: str, sha256: str) -> Catalogue:
    """Read a catalog; withdrawn controls are set aside with that reason."""
    catalog: dict[str, Any] = data["catalog"]
    controls: dict[str, Control] = {}
    rejected: list[RejectedControl] = []
    for place, (body, family, parent) in enumerate(_walk(catalog, "", "", 0), start=1):
        uid = body.get("id")
        if not isinstance(uid, str) or not uid:
            rejected.append(RejectedControl(where=f"control {place}", reason="it has no id"))
        elif uid in controls:
            rejected.append(RejectedControl(where=uid, reason="the id occurs twice"))
        elif _property(body, "status") == "withdrawn":
            rejected.append(RejectedControl(where=uid, reason="it is withdrawn"))
        else:
            controls[uid] = Control(
                control_uid=uid,
                title=_string(body.get("title")) or uid,
                text=_statement(body),
                family=family,
                section=parent,
            )
    metadata: Any = catalog.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    title = _string(metadata.get("title")) or path
    return Catalogue(
        title=title,
        version=_string(metadata.get("version")),
        format="oscal",
        path=path,
        sha256=sha256,
        names=framework_names(title),
        controls=tuple(controls.values()),
        rejected=tuple(rejected),
    )


def read_profile(
    data: dict[str, Any], path: str, sha256: str, imported: Sequence[tuple[str, Any]]
) -> Catalogue:
    """Pick a profile's controls from the catalogs it imports, in their order.

    Raises:
        UnreadableInputError: what it imports is no catalog.
    """
    profile: dict[str, Any] = data["profile"]
    sources: list[Catalogue] = []
    for name, body in imported:
        if not is_catalog(body):
            raise UnreadableInputError(f"{name}, which {path} imports, is no OSCAL catalog")
        sources.append(read_catalog(body, name, sha256))
    wanted, unwanted, everything, with_children = _selection(profile)
    controls = {
        control.control_uid: control
        for source in sources
        for control in source.controls
        if (everything or _picked(control.control_uid, wanted, with_children))
        and control.control_uid not in unwanted
    }
    known = {control.control_uid for source in sources for control in source.controls}
    metadata: Any = profile.get("metadata")
    title = _string(metadata.get("title")) if isinstance(metadata, dict) else ""
    names = [name for source in sources for name in source.names]
    return Catalogue(
        title=title or path,
        version=_string(metadata.get("version")) if isinstance(metadata, dict) else "",
        format="oscal",
        path=path,
        sha256=sha256,
        names=tuple(dict.fromkeys((*framework_names(title), *names))),
        controls=tuple(controls.values()),
        rejected=tuple(
            RejectedControl(where=uid, reason="no imported catalog has it")
            for uid in sorted(wanted - known)
        ),
    )


def _selection(profile: dict[str, Any]) -> tuple[set[str], set[str], bool, set[str]]:
    wanted: set[str] = set()
    unwanted: set[str] = set()
    with_children: set[str] = set()
    everything = False
    for one in _dicts(profile.get("imports")):
        everything |= "include-all" in one
        for part in _dicts(one.get("include-controls")):
            ids = {uid for uid in part.get("with-ids") or () if isinstance(uid, str)}
            wanted |= ids
            if part.get("with-child-controls") == "yes":
                with_children |= ids
        for part in _dicts(one.get("exclude-controls")):
            unwanted |= {uid for uid in part.get("with-ids") or () if isinstance(uid, str)}
    return wanted, unwanted, everything, with_children


def _picked(uid: str, wanted: set[str], with_children: set[str]) -> bool:
    return uid in wanted or uid.rpartition(".")[0] in with_children


def _walk(
    holder: Mapping[str, Any], family: str, parent: str, depth: int
) -> Iterator[tuple[dict[str, Any], str, str]]:
    """Go through controls of groups and controls of controls, in the order of the file."""
    if depth > MAX_DEPTH:
        return
    for control in _dicts(holder.get("controls")):
        yield control, family, parent
        yield from _walk(control, family, _string(control.get("title")), depth + 1)
    for group in _dicts(holder.get("groups")):
        title = _string(group.get("title")) or _string(group.get("id"))
        name = f"{title} ({group['id'].upper()})" if isinstance(group.get("id"), str) else title
        yield from _walk(group, family or name, "", depth + 1)


def _statement(body: Mapping[str, Any]) -> str:
    labels = {
        str(param["id"]): _label(param) for param in _dicts(body.get("params")) if "id" in param
    }
    prose: list[str] = []
    for part in _dicts(body.get("parts")):
        if part.get("name") in ("statement", "item", "requirement"):
            _prose(part, prose, 0)
    text = " ".join(prose)
    filled = _INSERT.sub(lambda found: f"[Assignment: {labels.get(found[1], found[1])}]", text)
    return filled[:MAX_CONTROL_TEXT]


def _prose(part: Mapping[str, Any], into: list[str], depth: int) -> None:
    if depth > MAX_DEPTH:
        return
    said = _string(part.get("prose"))
    if said:
        into.append(said)
    for one in _dicts(part.get("parts")):
        _prose(one, into, depth + 1)


def _label(param: Mapping[str, Any]) -> str:
    label = _string(param.get("label"))
    select: Any = param.get("select")
    if not label and isinstance(select, dict):
        choices: Any = select.get("choice")
        label = "; ".join(str(one) for one in choices) if isinstance(choices, list) else ""
    return label or "organization-defined"


def _property(body: Mapping[str, Any], name: str) -> str:
    return next(
        (_string(one.get("value")) for one in _dicts(body.get("props")) if one.get("name") == name),
        "",
    )


def framework_names(title: str) -> tuple[str, ...]:
    """Name the framework as findings may: the title, and NIST's publication number if it is one."""
    found = re.search(r"800[- ]?(\d+)\D+?(?:rev(?:ision)?\.?|r)\s*(\d)", title, re.IGNORECASE)
    more = (f"NIST 800-{found[1]} Revision {found[2]}",) if found else ()
    return (*more, title) if title else more


def _dicts(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, list):
        yield from (one for one in value if isinstance(one, dict))


def _string(value: Any) -> str:
    return " ".join(value.split()) if isinstance(value, str) else ""
