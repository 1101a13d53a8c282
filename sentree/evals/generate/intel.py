"""Generates STIX bundles of the shapes that producers send, with known truth.

Five shapes take turns: an ATT&CK group (STIX 2.0), a vendor's report with indicators (2.1), a
TAXII envelope, an export as MISP writes it, and one as OpenCTI writes it. Copies, newer versions,
contradictions, dangling references, revoked and broken objects are planted and counted.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from schemas.intel_truth import IntelSpec, IntelTruth, Planted, TrueActor
from sentree.evals.generate.intel_world import (
    ActorFacts,
    indicator_values,
    make_actors,
    stix_id,
)
from sentree.intel.attack import technique

_Object = dict[str, Any]
_CREATED = "2024-03-01T09:00:00.000Z"
_NEWER = "2024-09-01T09:00:00.000Z"
_OPENCTI = "extension-definition--ea279b3e-5c71-4632-ac08-831c66a786ba"


class _Bundle:
    """The objects of one file as they are made, and what is planted among them."""

    def __init__(self, spec: IntelSpec, number: int, truth: _Truth, version: str) -> None:
        self.number = number
        self.truth = truth
        self.version = version
        self.random = Random(f"{spec.seed}/{number}")
        self.objects: list[_Object] = []
        self.broken: list[Any] = []
        self.spec = spec

    def add(self, kind: str, *key: object, **body: Any) -> str:
        """Add an object; gives its id."""
        uid = stix_id(kind, *key)
        common: _Object = {"type": kind, "id": uid, "created": _CREATED, "modified": _CREATED}
        if self.version == "2.1":
            common["spec_version"] = "2.1"
        made = {**common, **body}
        if all(one["id"] != uid for one in self.objects[-400:]):
            self.objects.append(made)
        return uid

    def relate(self, source: str, relation: str, target: str, text: str = "") -> str:
        """Add a relationship; gives its id."""
        body: _Object = {"relationship_type": relation, "source_ref": source, "target_ref": target}
        if text:
            body["description"] = text
            body["external_references"] = [
                {"source_name": f"Report {self.number}", "url": f"https://r{self.number}.example/"}
            ]
        return self.add("relationship", self.number, source, relation, target, **body)


class _Truth:
    """Collects what is true while bundles are made."""

    def __init__(self) -> None:
        self.techniques: dict[str, set[str]] = {}
        self.software: dict[str, set[str]] = {}
        self.campaigns: dict[str, set[str]] = {}
        self.targets: dict[str, set[str]] = {}
        self.origins: dict[str, str] = {}
        self.indicators: dict[str, str] = {}
        self.vulnerabilities: set[str] = set()
        self.planted: list[Planted] = []
        self.dangling: set[tuple[str, str]] = set()
        self.rejected = 0
        self.revoked: set[str] = set()


def generate_intel(folder: Path, spec: IntelSpec) -> IntelTruth:
    """Write the files `bundle-NNN.json` into a folder; gives what is true of them."""
    folder.mkdir(parents=True, exist_ok=True)
    actors, truth = make_actors(spec), _Truth()
    seen: dict[str, None] = {}
    names: list[str] = []
    delivered = 0
    for number in range(spec.bundles):
        shape, version, wrap = _SHAPES[number % len(_SHAPES)]
        bundle = _Bundle(spec, number, truth, version)
        shape(bundle, actors[number % len(actors)])
        _plant(bundle, actors[number % len(actors)])
        delivered += len(bundle.objects)
        seen.update(dict.fromkeys(str(one["id"]) for one in bundle.objects))
        name = f"bundle-{number:03}.json"
        names.append(name)
        (folder / name).write_text(wrap(bundle), encoding="utf-8")
    return IntelTruth(
        spec=spec,
        files=tuple(names),
        actors=tuple(_true_actor(one, truth) for one in actors if one.name in truth.techniques),
        indicators=dict(sorted(truth.indicators.items())),
        vulnerabilities=tuple(sorted(truth.vulnerabilities)),
        contradictions=tuple(truth.planted),
        dangling=len(truth.dangling),
        rejected=truth.rejected,
        revoked=tuple(sorted(truth.revoked)),
        delivered=delivered,
        distinct=len(seen),
    )


def _attack_group(bundle: _Bundle, actor: ActorFacts) -> None:
    """A group with campaign, software and cited procedures, as ATT&CK publishes it."""
    group = bundle.add(
        "intrusion-set",
        actor.name,
        name=actor.name,
        aliases=[actor.name, *actor.aliases],
        description=_prose(actor),
        external_references=[_mitre(f"G{7000 + actor.number}", "groups")],
        x_mitre_version="1.0",
    )
    for uid in actor.techniques:
        pattern = _pattern(bundle, uid)
        words = f"{actor.name} has used {technique(uid).name} on its way.(Citation: Report)"
        bundle.relate(group, "uses", pattern, words)
    for uid in _software(bundle, actor):
        bundle.relate(group, "uses", uid, f"{actor.name} brings this along.")
    campaign = bundle.add(
        "campaign",
        actor.campaign,
        name=actor.campaign,
        description=f"{actor.campaign} was run in {actor.since}.",
        first_seen=f"{actor.since}-05-01T00:00:00Z",
        last_seen=f"{actor.since}-08-01T00:00:00Z",
    )
    bundle.relate(campaign, "attributed-to", group)
    bundle.relate(campaign, "uses", _pattern(bundle, actor.campaign_technique))
    _note_actor(bundle, actor, campaign=True)
    bundle.truth.targets.setdefault(actor.name, set()).add(actor.prose_country)


def _vendor_report(bundle: _Bundle, actor: ActorFacts) -> None:
    """A vendor's own ids, a report object, targets as relations, indicators, a vulnerability."""
    group = bundle.add(
        "threat-actor",
        "vendor",
        actor.name,
        name=actor.name,
        aliases=list(actor.aliases),
        threat_actor_types=["crime-syndicate"],
        description=_prose(actor),
    )
    for uid in actor.techniques:
        bundle.relate(group, "uses", _pattern(bundle, uid, "vendor"), "Seen in an intrusion.")
    software = _software(bundle, actor)
    for uid in software:
        bundle.relate(group, "uses", uid)
    place = bundle.add("location", actor.country[0], country=actor.country[1])
    sector = bundle.add(
        "identity", actor.sector, name=actor.sector, identity_class="class", sectors=[actor.sector]
    )
    weak = bundle.add(
        "vulnerability",
        actor.vulnerability,
        name=actor.vulnerability,
        external_references=[{"source_name": "cve", "external_id": actor.vulnerability}],
    )
    for target in (place, sector):
        bundle.relate(group, "targets", target)
    bundle.relate(group, "exploits", weak)
    _indicators(bundle, software[0])
    bundle.add(
        "report",
        bundle.number,
        name=f"Report {bundle.number} on {actor.name}",
        published=_CREATED,
        report_types=["threat-actor"],
        object_refs=[one["id"] for one in bundle.objects],
    )
    bundle.truth.vulnerabilities.add(actor.vulnerability)
    _note_actor(bundle, actor)
    bundle.truth.targets.setdefault(actor.name, set()).update(
        (actor.country[0], actor.sector, actor.prose_country)
    )


def _misp_event(bundle: _Bundle, actor: ActorFacts) -> None:
    """A report that lists everything, galaxies named `Name - T1234`, tags in labels."""
    group = bundle.add(
        "intrusion-set",
        "misp",
        actor.name,
        name=actor.name,
        aliases=list(actor.aliases),
        labels=['misp:galaxy-name="Threat Actor"', 'misp:galaxy-type="threat-actor"'],
    )
    for uid in actor.techniques:
        pattern = bundle.add(
            "attack-pattern",
            "misp",
            uid,
            name=f"{technique(uid).name} - {uid}",
            labels=['misp:galaxy-name="Attack Pattern"'],
        )
        bundle.relate(group, "uses", pattern)
    _indicators(bundle, None)
    bundle.add(
        "observed-data",
        bundle.number,
        first_observed=_CREATED,
        last_observed=_NEWER,
        number_observed=1,
        objects={"0": {"type": "domain-name", "value": f"seen{bundle.number}.example"}},
    )
    bundle.add(
        "report",
        bundle.number,
        name=f"Event {bundle.number}",
        published=_CREATED,
        labels=[
            'misp:threat-level="2"',
            f'misp-galaxy:sector="{actor.sector}"',
            f'misp-galaxy:target-information="{actor.country[0]}"',
        ],
        object_refs=[one["id"] for one in bundle.objects],
    )
    bundle.truth.techniques.setdefault(actor.name, set()).update(actor.techniques)
    bundle.truth.targets.setdefault(actor.name, set()).update((actor.country[0], actor.sector))


def _opencti_export(bundle: _Bundle, actor: ActorFacts) -> None:
    """Extensions carry ids, locations are named, observables stand beside indicators."""
    extension = {_OPENCTI: {"extension_type": "property-extension", "id": str(bundle.number)}}
    group = bundle.add(
        "intrusion-set",
        "opencti",
        actor.name,
        name=actor.name,
        aliases=list(actor.aliases),
        confidence=75,
        extensions=extension,
        object_marking_refs=["marking-definition--f88d31f6-486f-44da-b317-01333bde0b82"],
    )
    for uid in actor.techniques:
        pattern = bundle.add(
            "attack-pattern", "opencti", uid, name=technique(uid).name, x_mitre_id=uid
        )
        bundle.relate(group, "uses", pattern)
    for uid in _software(bundle, actor):
        bundle.relate(group, "uses", uid)
    place = bundle.add("location", "named", actor.country[0], name=actor.country[0], region="x")
    bundle.relate(group, "targets", place)
    home = bundle.add("location", "named", actor.origin[0], name=actor.origin[0])
    bundle.relate(group, "originates-from", home)
    seen = bundle.add("domain-name", bundle.number, value=f"o{bundle.number}.opencti.example")
    bundle.relate(group, "related-to", seen)
    _note_actor(bundle, actor)
    bundle.truth.targets.setdefault(actor.name, set()).add(actor.country[0])


def _taxii_page(bundle: _Bundle, actor: ActorFacts) -> None:
    """A page of a collection: indicators, and the malware that they point to."""
    malware = bundle.add(
        "malware", actor.malware[0], name=actor.malware[0], is_family=True, malware_types=["bot"]
    )
    _indicators(bundle, malware)


def _indicators(bundle: _Bundle, malware: str | None) -> None:
    """Add indicators: most in force, some expired, one revoked."""
    values = indicator_values(bundle.random, bundle.spec.indicators, bundle.number)
    for number, (kind, value) in enumerate(values):
        path = "hashes.'SHA-256'" if kind == "file" else "value"
        quoted = value.replace("'", "\\'")
        body: _Object = {
            "pattern": f"[{kind}:{path} = '{quoted}']",
            "valid_from": _CREATED,
            "indicator_types": ["malicious-activity"],
        }
        state = "valid"
        if number % 5 == 3:
            body["valid_until"], state = "2024-04-01T00:00:00Z", "expired"
        if number == 2:
            body["revoked"], state = True, "revoked"
        if bundle.version == "2.1":
            body["pattern_type"] = "stix"
        uid = bundle.add("indicator", bundle.number, number, name=f"Sign {number}", **body)
        if state == "revoked":
            bundle.truth.revoked.add(uid)
        if malware:
            bundle.relate(uid, "indicates", malware)
        bundle.truth.indicators[value] = state


def _plant(bundle: _Bundle, actor: ActorFacts) -> None:
    """Plant what every reader meets: broken objects, dangling references, contradictions."""
    truth, number = bundle.truth, bundle.number
    if number % 3 == 0:
        bundle.broken += [
            {"type": "malware", "name": "no id"},
            {"type": "tool", "id": "malware--1", "name": "wrong type"},
            "not an object",
        ]
        truth.rejected += 3
    if number % 4 == 1:
        nobody = stix_id("malware", "nobody", number)
        tool = bundle.add("tool", "lonely", number, name=f"Lonely tool {number}")
        truth.dangling.add((bundle.relate(tool, "related-to", nobody), nobody))
    if number % 5 == 4:
        shared = stix_id("tool", "shared", number % 2)
        name = f"Shared tool {number % 2}"
        for copy in range(2):
            body = {"name": name, "tool_types": ["remote-access"]}
            body["description"] = f"Told in the {('first', 'second')[copy]} way."
            made = {"type": "tool", "id": shared, "created": _CREATED, "modified": _CREATED, **body}
            bundle.objects.append(made)
        planted = Planted(kind="same version, different content", subject=name)
        if planted not in truth.planted:
            truth.planted.append(planted)
    if number % 7 == 5:
        uid = bundle.add(
            "campaign",
            "backwards",
            number,
            name=f"Backwards {number}",
            first_seen="2023-06-01T00:00:00Z",
            last_seen="2022-06-01T00:00:00Z",
        )
        truth.planted.append(Planted(kind="dates", subject=f"Backwards {number}"))
        groups = [
            bundle.add("intrusion-set", "blamed", number, n, name=f"Blamed {number} {word}")
            for n, word in enumerate(("left", "right"))
        ]
        for group in groups:
            bundle.relate(uid, "attributed-to", group)
        truth.planted.append(Planted(kind="attribution", subject=f"Backwards {number}"))
    if number % 6 == 2:
        for word in ("One", "Two"):
            bundle.add(
                "malware",
                "twin",
                number,
                word,
                name=f"Twin {number} {word}",
                is_family=True,
                aliases=[f"Twin alias {number}"],
            )
        truth.planted.append(Planted(kind="alias", subject=f"Twin alias {number}"))


def _pattern(bundle: _Bundle, uid: str, *producer: str) -> str:
    known = technique(uid)
    return bundle.add(
        "attack-pattern",
        *producer,
        uid,
        name=known.name,
        external_references=[_mitre(uid, "techniques")],
        kill_chain_phases=[
            {"kill_chain_name": "mitre-attack", "phase_name": phase} for phase in known.tactics
        ],
    )


def _software(bundle: _Bundle, actor: ActorFacts) -> list[str]:
    malware = [
        bundle.add("malware", name, name=name, is_family=True, labels=["trojan"])
        for name in actor.malware
    ]
    return malware + [bundle.add("tool", name, name=name) for name in actor.tools]


def _note_actor(bundle: _Bundle, actor: ActorFacts, *, campaign: bool = False) -> None:
    truth = bundle.truth
    techniques = truth.techniques.setdefault(actor.name, set())
    techniques.update(actor.techniques)
    truth.software.setdefault(actor.name, set()).update((*actor.malware, *actor.tools))
    truth.origins[actor.name] = actor.origin[0]
    if campaign:
        techniques.add(actor.campaign_technique)
        truth.campaigns.setdefault(actor.name, set()).add(actor.campaign)


def _prose(actor: ActorFacts) -> str:
    return (
        f"{actor.name} is a suspected {actor.origin[1]} cyber espionage group active since at "
        f"least {actor.since}. It has targeted organizations in {actor.prose_country}."
    )


def _mitre(uid: str, what: str) -> _Object:
    url = f"https://attack.mitre.org/{what}/{uid.replace('.', '/')}"
    return {"source_name": "mitre-attack", "external_id": uid, "url": url}


def _true_actor(actor: ActorFacts, truth: _Truth) -> TrueActor:
    def of(found: dict[str, set[str]]) -> tuple[str, ...]:
        return tuple(sorted(found.get(actor.name, ())))

    return TrueActor(
        name=actor.name,
        aliases=actor.aliases,
        techniques=of(truth.techniques),
        software=of(truth.software),
        campaigns=of(truth.campaigns),
        targets=of(truth.targets),
        origin=truth.origins.get(actor.name, ""),
    )


def _as_bundle(bundle: _Bundle) -> str:
    head: _Object = {"type": "bundle", "id": stix_id("bundle", bundle.number)}
    if bundle.version == "2.0":
        head["spec_version"] = "2.0"
    return json.dumps({**head, "objects": [*bundle.objects, *bundle.broken]}, indent=1)


def _as_envelope(bundle: _Bundle) -> str:
    return json.dumps({"more": False, "objects": [*bundle.objects, *bundle.broken]})


def _as_lines(bundle: _Bundle) -> str:
    return "\n".join(json.dumps(one) for one in (*bundle.objects, *bundle.broken)) + "\n"


_SHAPES: tuple[tuple[Callable[[_Bundle, ActorFacts], None], str, Callable[[_Bundle], str]], ...] = (
    (_attack_group, "2.0", _as_bundle),
    (_vendor_report, "2.1", _as_bundle),
    (_misp_event, "2.1", _as_bundle),
    (_opencti_export, "2.1", _as_lines),
    (_taxii_page, "2.1", _as_envelope),
)
