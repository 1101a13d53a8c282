"""Finds the control catalogue that a request names: a file, or a framework that the lake has."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from schemas.control import Catalogue, Control
from sentree.analysis.evidence.catalogue import read_catalogue
from sentree.analysis.evidence.oscal_catalogue import framework_names
from sentree.errors import UnreadableInputError
from sentree.lake.db import Lake, sql_text
from sentree.settings import Settings

LAKE = "lake"
_Framework = tuple[str, str]
_Rows = list[dict[str, Any]]


def find_catalogue(
    settings: Settings, name: str, tenant: str, imports: Sequence[str] = ()
) -> Catalogue:
    """Read the catalogue of a file; `lake` is the lake's only framework, `lake:NAME` one of many.

    Raises:
        UnreadableInputError: it can't be read, holds no control, or the lake has no such framework.
        LakeError: there is no lake, or it can't be read.
    """
    kind, _, wanted = name.partition(":")
    if kind != LAKE:
        return read_catalogue(name, imports)
    with Lake.open(settings, create=False) as lake:
        snapshot = lake.snapshot_id()
        rows = lake.query(sql_text("stored_controls", snapshot=str(snapshot)), {"tenant": tenant})
    frameworks: dict[_Framework, _Rows] = {}
    for row in rows:
        key = (row["framework"], row["framework_version"] or "")
        frameworks.setdefault(key, []).append(row)
    chosen = _chosen(frameworks, wanted, tenant)
    return _catalogue(chosen, frameworks[chosen], snapshot)


def _chosen(frameworks: dict[_Framework, _Rows], wanted: str, tenant: str) -> _Framework:
    if not frameworks:
        raise UnreadableInputError(
            f"the lake has no control catalogue of tenant {tenant}: load one with `sentree ingest`,"
            " or name a file"
        )
    named = [key for key in frameworks if wanted.casefold() == _label(key).casefold()]
    found = named or [key for key in frameworks if wanted.casefold() in _label(key).casefold()]
    if len(found) == 1:
        return found[0]
    listed = ", ".join(f"lake:{_label(key)}" for key in (found or frameworks))
    what = "several catalogues fit" if found else "the lake has no such catalogue"
    raise UnreadableInputError(f"{LAKE}:{wanted}: {what}; name one of {listed}")


def _label(framework: _Framework) -> str:
    name, version = framework
    return name if not version or version in name else f"{name} {version}"


def _catalogue(framework: _Framework, rows: _Rows, snapshot: int) -> Catalogue:
    name, version = framework
    mapped = any(row["checks"] for row in rows)
    controls = tuple(
        Control(
            control_uid=row["control_uid"],
            title=row["title"] or row["control_uid"],
            text=row["text"] or "",
            family=row["family"] or "",
            section=row["section"] or "",
            checks=tuple(row["checks"] or ()) if mapped else None,
            line=row["line"] or 0,
        )
        for row in rows
    )
    content = "\n".join(control.model_dump_json() for control in controls)
    names = (name, _label(framework))
    if rows[0]["format"] == "oscal":
        names = framework_names(name)
    return Catalogue(
        title=_label(framework),
        version=version,
        format=rows[0]["format"],
        path=f"{LAKE}:{_label(framework)} (table controls, snapshot {snapshot})",
        sha256=hashlib.sha256(content.encode(errors="replace")).hexdigest(),
        names=tuple(dict.fromkeys(names)),
        controls=controls,
    )
