"""Reads Attack Flow: builder files (`.afb`) and STIX 2.1 bundles with `attack-action` objects.

Both give actions and the links between them. Operators, conditions and every other node that
stands between two actions are followed through, since a link says which deed led to which.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple, cast

from sentree.intel.attack import tactic, technique
from sentree.intel.stix import read_time

MAX_NODES = 20_000

_Object = dict[str, Any]


class FlowAction(NamedTuple):
    """One action of a flow. `technique` is the current id of the one it states, if any."""

    uid: str
    name: str
    description: str
    technique: str | None
    tactic: str | None
    time: datetime | None


class Flow(NamedTuple):
    """A flow: its actions as the file lists them, and links between them as pairs of uids."""

    name: str
    actions: tuple[FlowAction, ...]
    links: tuple[tuple[str, str], ...]


def builder_flow(document: Mapping[str, Any]) -> Flow | None:
    """Read what the Attack Flow Builder saves; None when it is no such document."""
    objects = _objects(document)
    if not str(document.get("schema", "")).startswith("attack_flow") or not objects:
        return None
    anchors: dict[str, str] = {}
    latches: dict[str, str] = {}
    actions: list[FlowAction] = []
    name = ""
    for one in objects:
        uid = str(one.get("instance"))
        for anchor in _mapping(one.get("anchors")).values():
            anchors[str(anchor)] = uid
        for latch in _list(one.get("latches")):
            latches[str(latch)] = uid
        if one.get("id") == "action":
            actions.append(_builder_action(uid, _properties(one)))
        elif one.get("id") == "flow":
            name = _text(_properties(one).get("name"))
    edges: list[tuple[str, str]] = []
    for one in objects:
        if "source" in one and "target" in one:
            ends = [anchors.get(latches.get(str(one[end]), "")) for end in ("source", "target")]
            if ends[0] and ends[1]:
                edges.append((ends[0], ends[1]))
    return Flow(name, tuple(actions), _between(actions, edges))


def stix_flows(objects: Iterable[Mapping[str, Any]]) -> list[Flow]:
    """Read the flows of a STIX bundle's objects; what no flow leads to is in the first one."""
    actions: dict[str, FlowAction] = {}
    edges: list[tuple[str, str]] = []
    starts: list[tuple[str, list[str]]] = []
    for one in objects:
        uid, kind = _text(one.get("id")), one.get("type")
        if kind == "attack-flow":
            starts.append(
                (_text(one.get("name")), [str(ref) for ref in _list(one.get("start_refs"))])
            )
        elif kind == "attack-action":
            actions[uid] = stated_action(uid, one)
        for key in ("effect_refs", "on_true_refs", "on_false_refs"):
            edges += [(uid, str(target)) for target in _list(one.get(key))]
    if not actions:
        return []
    onward: dict[str, list[str]] = {}
    for source, target in edges:
        onward.setdefault(source, []).append(target)
    owner: dict[str, int] = {}
    for number, (_, refs) in enumerate(starts):
        stack = list(refs)
        while stack:
            node = stack.pop()
            if node not in owner:
                owner[node] = number
                stack += onward.get(node, ())
    found: list[Flow] = []
    for number, (name, _) in enumerate(starts or [("", [])]):
        own = [one for uid, one in actions.items() if owner.get(uid, 0) == number]
        if own:
            found.append(Flow(name, tuple(own), _between(own, edges)))
    return found


def stated_action(uid: str, body: Mapping[str, Any]) -> FlowAction:
    """Make an action of an object's fields, under the names that such objects commonly have."""
    return FlowAction(
        uid,
        _first(body, "name", "title", "action"),
        _first(body, "description", "text", "summary", "details", "step", "content", "narrative"),
        known_technique(_first(body, "technique_id", "technique", "attack_id")),
        tactic(_first(body, "tactic_id", "tactic", "phase")),
        read_time(_first(body, "execution_start", "start", "time", "timestamp", "date")),
    )


def known_technique(uid: str) -> str | None:
    """Give the current id of a technique, None when ATT&CK has no such id."""
    found = technique(uid) if uid else None
    return found.uid if found and found.known else None


def _builder_action(uid: str, properties: Mapping[str, Any]) -> FlowAction:
    both = _pairs(properties.get("ttp"))
    merged = {
        **properties,
        "technique_id": properties.get("technique_id") or both.get("technique"),
        "tactic_id": properties.get("tactic_id") or both.get("tactic"),
    }
    return stated_action(uid, merged)


def _between(
    actions: Iterable[FlowAction], edges: Iterable[tuple[str, str]]
) -> tuple[tuple[str, str], ...]:
    """Join actions whose path goes through nodes that are no actions."""
    onward: dict[str, list[str]] = {}
    for source, target in edges:
        onward.setdefault(source, []).append(target)
    wanted = {one.uid for one in actions}
    links: dict[tuple[str, str], None] = {}
    for start in wanted:
        seen: set[str] = set()
        stack = list(onward.get(start, ()))
        while stack and len(seen) < MAX_NODES:
            node = stack.pop()
            if node in seen:
                continue
            seen.add(node)
            if node in wanted:
                if node != start:
                    links[start, node] = None
            else:
                stack += onward.get(node, ())
    return tuple(sorted(links))


def _objects(document: Mapping[str, Any]) -> list[_Object]:
    listed = _list(document.get("objects"))
    return [cast(_Object, one) for one in listed if isinstance(one, dict)]


def _properties(one: Mapping[str, Any]) -> dict[str, Any]:
    return _pairs(one.get("properties"))


def _pairs(value: object) -> dict[str, Any]:
    """Read a list of [key, value] pairs as a mapping; what is no pair is left out."""
    pairs = [cast(list[Any], one) for one in _list(value) if isinstance(one, list)]
    return {str(one[0]): one[1] for one in pairs if len(one) == 2}


def _mapping(value: object) -> dict[str, Any]:
    return cast(dict[str, Any], value) if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return cast(list[Any], value) if isinstance(value, list) else []


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def _first(body: Mapping[str, Any], *keys: str) -> str:
    return next((text for key in keys if (text := _text(body.get(key)))), "")
