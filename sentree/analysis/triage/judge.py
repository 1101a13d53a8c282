"""Judges one vulnerability: its decision points with their reasons, its decision, its score."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from models.triage import Effect, Estimate, estimate
from schemas.triage import (
    Basis,
    DecisionPoint,
    PointName,
    RankedVulnerability,
    TriageFinding,
    TriageLeaf,
    TriageRequest,
)
from schemas.vulnerability import Asset, Exposure, Mission, Vulnerability
from sentree.analysis.triage.score import (
    EXPOSURE_FACTOR,
    Spread,
    expected_urgency,
    likeliest,
    spread,
)
from sentree.analysis.triage.wording import reasons
from sentree.intel.assets import AssetIndex
from sentree.intel.ssvc import AUTOMATABLE, EXPLOITATION, MISSION, TECHNICAL_IMPACT, decide

MAX_ASSETS = 20
NOT_FOUND = 0.5
UNMATCHED = 0.75
AFTER_BREAK_IN = 0.75
"""Factors of the score: no listed asset runs it; that can't be told; it needs a local foothold."""

_EXPOSURES: tuple[Exposure, ...] = ("internet", "unknown", "internal", "none")
_STATED = {
    "active": frozenset({"stated exploited", "exploit list of CISA"}),
    "poc": frozenset({"stated proof", "proof reference", "proof catalogue", "maturity"}),
    "none": frozenset[str](),
}
"""The signals by which a record says outright what a model would only infer."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What is known beside the records: assets, whether anybody looked into KEV, opinions."""

    index: AssetIndex | None = None
    has_kev: bool = False
    opinions: Mapping[str, TriageFinding] = field(default_factory=dict[str, TriageFinding])


@dataclass(frozen=True, slots=True)
class _Context:
    """What the assets say of one vulnerability."""

    mission: Mission
    basis: Basis
    reasons: tuple[str, ...]
    exposure: Exposure
    factor: float
    assets: tuple[Asset, ...]
    extra_hosts: tuple[str, ...]


def hide(one: Vulnerability, request: TriageRequest) -> Vulnerability:
    """Drop what the request hides, as if no file had held it."""
    if request.use_epss and request.use_kev and request.use_ssvc:
        return one
    kept = tuple(name for name in one.catalogues if name.casefold() not in ("cisa", "kev"))
    return replace(
        one,
        epss=one.epss if request.use_epss else None,
        kev=one.kev if request.use_kev else None,
        catalogues=one.catalogues if request.use_kev else kept,
        ssvc=one.ssvc if request.use_ssvc else None,
    )


def merge_findings(leaves: Iterable[TriageLeaf]) -> dict[str, TriageFinding]:
    """Fold what a language model read of parts: the gravest reading of each point holds.

    The result doesn't depend on how the records were cut into parts, nor on their order.
    """
    found: dict[str, TriageFinding] = {}
    for one in (finding for leaf in leaves for finding in leaf.findings):
        other = found.get(one.cve)
        found[one.cve] = one if other is None else _gravest(one, other)
    return found


def judge(one: Vulnerability, setting: Setting) -> RankedVulnerability:
    """Judge a vulnerability; its rank is 0 until all are judged."""
    guess = estimate(one, not_in_kev=setting.has_kev and one.kev is None)
    opinion = setting.opinions.get(one.cve)
    exploitation, p_exploited = _exploitation(one, guess, opinion)
    automatable, p_automatable = _second(one, guess, opinion, "automatable")
    impact, p_impact = _second(one, guess, opinion, "technical impact")
    shares = Spread(p_exploited, p_automatable, p_impact)
    context = _context(one, setting.index)
    mission = DecisionPoint(
        point="mission and well-being",
        value=context.mission,
        probability=1.0,
        basis=context.basis,
        reasons=context.reasons,
        evidence=tuple(asset.record for asset in context.assets[:MAX_ASSETS]),
    )
    decision = decide(
        EXPLOITATION[likeliest(shares.exploitation)],
        AUTOMATABLE[likeliest(shares.automatable)],
        TECHNICAL_IMPACT[likeliest(shares.impact)],
        context.mission,
    )
    scale = 100 * context.factor
    score = scale * expected_urgency(*shares, context.mission)
    mildest = {
        "exploitation": shares._replace(exploitation=(1.0, 0.0, 0.0)),
        "automatable": shares._replace(automatable=(1.0, 0.0)),
        "technical impact": shares._replace(impact=(1.0, 0.0)),
    }
    hosts = [asset.host for asset in context.assets] + list(context.extra_hosts)
    points = (exploitation, automatable, impact, mission)
    cited = dict.fromkeys((*one.records, *(uid for point in points for uid in point.evidence)))
    return RankedVulnerability(
        rank=0,
        cve=one.cve,
        score=round(score, 4),
        decision=decision,
        product="; ".join(dict.fromkeys(p.name for p in one.products[:3] if p.name))[:160],
        title=(one.title or one.description)[:160],
        points=points,
        adds={
            name: round(score - scale * expected_urgency(*less, context.mission), 1)
            for name, less in mildest.items()
        },
        exploited=round(p_exploited[2], 4),
        cvss=one.cvss.score if one.cvss else None,
        cvss_version=one.cvss.version or None if one.cvss else None,
        vector=one.cvss.vector or None if one.cvss else None,
        epss=one.epss.score if one.epss else None,
        epss_estimate=None if guess.epss is None else float(f"{guess.epss:.2g}"),
        kev_added=(one.kev.added or "yes") if one.kev else None,
        ransomware=bool(one.kev and one.kev.ransomware.casefold() == "known"),
        exposure=context.exposure,
        assets=tuple(dict.fromkeys(hosts))[:MAX_ASSETS],
        assets_total=len(set(hosts)),
        missing=tuple(_missing(one, setting)),
        evidence=tuple(cited),
    )


def _exploitation(
    one: Vulnerability, guess: Estimate, opinion: TriageFinding | None
) -> tuple[DecisionPoint, tuple[float, float, float]]:
    if one.kev:
        since = f" since {one.kev.added}" if one.kev.added else ""
        said = [f"in the catalogue of known exploited vulnerabilities{since}"]
        if one.kev.ransomware.casefold() == "known":
            said.append("ransomware campaigns are known to use it")
        if one.ssvc and one.ssvc.exploitation not in (None, "active"):
            said.append(f"an SSVC assessment has {one.ssvc.exploitation}; the catalogue holds")
        point = _measured("exploitation", "active", said, one.kev.record)
        return point, (0.0, 0.0, 1.0)
    if one.ssvc and one.ssvc.exploitation:
        place = EXPLOITATION.index(one.ssvc.exploitation)
        point = _measured("exploitation", one.ssvc.exploitation, [_assessed(one)], one.ssvc.record)
        return point, (float(place == 0), float(place == 1), float(place == 2))
    shares = spread(guess.active, guess.poc, 0.0, 0.0).exploitation
    if opinion and opinion.exploitation:
        place = EXPLOITATION.index(opinion.exploitation)
        return _read("exploitation", opinion.exploitation, opinion), (
            float(place == 0),
            float(place == 1),
            float(place == 2),
        )
    place = likeliest(shares)
    effects = (*guess.effects["active"], *(() if place == 2 else guess.effects["poc"]))
    stated = _STATED[EXPLOITATION[place]]
    for_it = sorted(
        _once(effects), key=lambda effect: (effect.signal not in stated, -abs(effect.effect))
    )
    basis: Basis = "EPSS" if one.epss else "estimated"
    if for_it and for_it[0].signal in stated:
        basis = "stated"
    said = reasons(for_it, epss_given=one.epss is not None)
    evidence = [*one.records, *([one.epss.record] if one.epss else [])]
    point = DecisionPoint(
        point="exploitation",
        value=EXPLOITATION[place],
        probability=round(shares[place], 4),
        basis=basis,
        reasons=tuple(said) or ("nothing in the record points to exploitation or a proof",),
        evidence=tuple(dict.fromkeys(evidence)),
    )
    return point, shares


def _second(
    one: Vulnerability, guess: Estimate, opinion: TriageFinding | None, name: PointName
) -> tuple[DecisionPoint, tuple[float, float]]:
    """Judge a point of two values: automatable, or technical impact."""
    automatable = name == "automatable"
    values: Sequence[str] = AUTOMATABLE if automatable else TECHNICAL_IMPACT
    assessed = one.ssvc and (one.ssvc.automatable if automatable else one.ssvc.technical_impact)
    if one.ssvc and assessed:
        grave = assessed == values[1]
        return _measured(name, assessed, [_assessed(one)], one.ssvc.record), (
            float(not grave),
            float(grave),
        )
    read = opinion and (opinion.automatable if automatable else opinion.technical_impact)
    if opinion and read:
        grave = read == values[1]
        return _read(name, read, opinion), (float(not grave), float(grave))
    chance = guess.automatable if automatable else guess.total
    grave = chance >= 0.5
    effects = guess.effects["automatable" if automatable else "total"]
    said = reasons(effects, epss_given=False)
    basis: Basis = "estimated"
    if not said:
        basis = "assumed"
        said = ["the record says nothing of it; the commoner value is assumed"]
    point = DecisionPoint(
        point=name,
        value=values[int(grave)],
        probability=round(chance if grave else 1 - chance, 4),
        basis=basis,
        reasons=tuple(said),
        evidence=one.records,
    )
    return point, (1 - chance, chance)


def _context(one: Vulnerability, index: AssetIndex | None) -> _Context:
    """Find the affected assets; without an asset list the middle mission is assumed."""
    if index is None:
        said = "no asset list was given, so medium is assumed"
        return _Context("medium", "assumed", (said,), "unknown", 1.0, (), one.hosts)
    matches = {match.asset.host: match for match in index.affected(one)}
    scanned = [asset for host in one.hosts if (asset := index.host(host))]
    assets = list({id(a): a for a in (*scanned, *(m.asset for m in matches.values()))}.values())
    extra = tuple(host for host in one.hosts if index.host(host) is None)
    if not assets:
        if extra:
            said = "a scanner found it on hosts that are not in the asset list"
            return _Context("medium", "assumed", (said,), "unknown", 1.0, (), extra)
        if any(product.product for product in one.products):
            said = "no listed asset runs the product (compared by name)"
            return _Context("low", "assets", (said,), "unknown", NOT_FOUND, (), ())
        said = "the record names no product, so assets can't be compared; medium is assumed"
        return _Context("medium", "assumed", (said,), "unknown", UNMATCHED, (), ())
    missions: list[Mission] = [a.mission or "medium" for a in assets]
    mission = MISSION[max(MISSION.index(value) for value in missions)]
    exposure = _EXPOSURES[min(_EXPOSURES.index(a.exposure) for a in assets)]
    factor = EXPOSURE_FACTOR[exposure]
    assets.sort(key=lambda a: (-MISSION.index(a.mission or "medium"), a.host))
    gravest = assets[0]
    named = matches.get(gravest.host)
    how = f"it has {named.software}" if named else "a scanner found it there"
    weight = gravest.mission or "no stated mission, medium assumed"
    said = [f"{gravest.host} ({weight}) may be affected: {how}"]
    if len(assets) > 1:
        said.append(f"{len(assets) - 1} more assets")
    said.append(f"most exposed: {exposure}")
    if one.cvss and one.cvss.metrics.get("AV") in ("L", "P") and factor > AFTER_BREAK_IN:
        factor = AFTER_BREAK_IN
        said.append("exposure counts less: it needs a foothold on the machine")
    return _Context(mission, "assets", tuple(said), exposure, factor, tuple(assets), extra)


def _measured(name: PointName, value: str, said: Sequence[str], record: str) -> DecisionPoint:
    return DecisionPoint(
        point=name,
        value=value,
        probability=1.0,
        basis="measured",
        reasons=tuple(said),
        evidence=(record,),
    )


def _read(name: PointName, value: str, opinion: TriageFinding) -> DecisionPoint:
    cited = tuple(dict.fromkeys(one.event_uid for one in opinion.evidence))
    said = f"a language model reads it so: {opinion.reason}"[:400]
    return DecisionPoint(
        point=name, value=value, probability=1.0, basis="stated", reasons=(said,), evidence=cited
    )


def _assessed(one: Vulnerability) -> str:
    ssvc = one.ssvc
    when = f" on {ssvc.assessed:%Y-%m-%d}" if ssvc and ssvc.assessed else ""
    who = f" by {ssvc.assessor}" if ssvc and ssvc.assessor else ""
    return f"assessed{who}{when} (SSVC)"


def _once(effects: Iterable[Effect]) -> list[Effect]:
    """Keep the stronger effect of a signal that counts in both models of exploitation."""
    best: dict[str, Effect] = {}
    for one in effects:
        if one.signal not in best or abs(one.effect) > abs(best[one.signal].effect):
            best[one.signal] = one
    return list(best.values())


def _missing(one: Vulnerability, setting: Setting) -> Iterable[str]:
    if one.epss is None:
        yield "EPSS"
    if one.cvss is None:
        yield "CVSS"
    elif not one.cvss.metrics:
        yield "CVSS vector"
    if not one.description:
        yield "description"
    if not any(product.product for product in one.products):
        yield "product"
    if not setting.has_kev:
        yield "KEV catalogue"


def _gravest(one: TriageFinding, other: TriageFinding) -> TriageFinding:
    def worse(values: Sequence[str], first: str | None, second: str | None) -> str | None:
        told = [value for value in (first, second) if value is not None]
        return max(told, key=values.index, default=None)

    head = max(one, other, key=lambda finding: (len(finding.evidence), finding.reason))
    cited = {(ev.event_uid, ev.quote): ev for ev in (*one.evidence, *other.evidence)}
    return TriageFinding.model_validate(
        {
            "cve": one.cve,
            "exploitation": worse(EXPLOITATION, one.exploitation, other.exploitation),
            "automatable": worse(AUTOMATABLE, one.automatable, other.automatable),
            "technical_impact": worse(
                TECHNICAL_IMPACT, one.technical_impact, other.technical_impact
            ),
            "reason": head.reason,
            "evidence": [cited[key] for key in sorted(cited, key=str)],
        }
    )
