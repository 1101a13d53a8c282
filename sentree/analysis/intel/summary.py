"""The sentences a busy reader needs first, each citing the objects it rests on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from schemas.claim import Claim, Evidence
from schemas.intel import IntelReport, Target
from sentree.analysis.intel.overlaps import MAX_OVERLAPS
from sentree.analysis.intel.rows import names
from sentree.analysis.records import claim
from sentree.intel import attack

MAX_EVIDENCE = 400
_KINDS = {
    "country": "countries",
    "region": "regions",
    "sector": "sectors",
    "organization": "organizations",
    "other": "others",
}


def summarise(report: IntelReport) -> list[Claim]:
    """Say who, with what, how, against whom, which signs, what they share and where they differ."""
    sentences = (_who, _campaigns, _what, _how, _whom, _signs, _shared, _differ)
    return [said for one in sentences for said in one(report)]


def text_claims(report: IntelReport, limit: int = 40) -> list[Claim]:
    """Give the targets that only prose names as claims, so that their quotes are checked."""
    return [
        claim(
            f"The text names {one.name} ({one.kind}) as a target of {names(one.targeted_by, 6)}.",
            one.quotes[:6],
        )
        for one in report.targets
        if one.quotes and one.basis == "text"
    ][:limit]


def _who(report: IntelReport) -> Iterator[Claim]:
    actors = report.actors
    if not actors:
        return
    if len(actors) == 1:
        one = actors[0]
        also = f", also known as {names(one.aliases, 15)}" if one.aliases else ""
        uid = f" ({one.external_id})" if one.external_id else ""
        origin = f"; the records place it in {names(one.origin)}" if one.origin else ""
        text = f"The actor is {one.name}{uid}{also}{origin}."
    else:
        listed = ", ".join(
            f"{one.name} ({one.external_id})" if one.external_id else one.name
            for one in actors[:25]
        )
        more = f" and {len(actors) - 25} more" if len(actors) > 25 else ""
        text = f"{len(actors):,} actors are named: {listed}{more}."
    # Under several ids a name may be spelt in several ways; a lone object must hold it.
    yield claim(
        text,
        [
            Evidence(event_uid=uid, quote=None if len(one.object_uids) > 1 else one.name)
            for one in actors[:25]
            for uid in one.object_uids
        ],
    )


def _campaigns(report: IntelReport) -> Iterator[Claim]:
    found = report.campaigns
    if not found:
        return
    listed = "; ".join(
        one.name
        + (f" ({one.external_id})" if one.external_id else "")
        + (f", attributed to {names(one.attributed_to, 3)}" if one.attributed_to else "")
        + (f", first seen {one.first_seen:%Y-%m}" if one.first_seen else "")
        for one in found[:8]
    )
    more = f"; and {len(found) - 8} more" if len(found) > 8 else ""
    plural = "campaigns are" if len(found) > 1 else "campaign is"
    yield claim(
        f"{len(found):,} {plural} described: {listed}{more}.",
        _uids(uid for one in found for uid in one.evidence),
    )


def _what(report: IntelReport) -> Iterator[Claim]:
    found = report.software
    if not found:
        return
    kinds = Counter(one.type for one in found)
    words = {"malware": ("piece of malware", "pieces of malware"), "tool": ("tool", "tools")}
    counted = " and ".join(
        f"{number:,} {words[kind][number != 1]}" for kind, number in sorted(kinds.items())
    )
    shared = [one for one in found if len(one.used_by) > 1]
    if shared:
        tail = "the most widely used are " + ", ".join(
            f"{one.name} ({len(one.used_by)} users)" for one in shared[:5]
        )
    else:
        tail = names([one.name for one in found], 12)
    yield claim(
        f"Software: {counted}; {tail}.",
        _uids(uid for one in (shared[:5] or found[:60]) for uid in one.evidence),
    )


def _how(report: IntelReport) -> Iterator[Claim]:
    used = [one for one in report.techniques if one.basis == "relation"]
    found = used or list(report.techniques)
    if not found:
        return
    held = Counter(tactic for one in found for tactic in one.tactics)
    most = [short for short in attack.TACTICS if short in held]
    heavy = sorted(most, key=lambda short: -held[short])[:3]
    top = sorted(found, key=lambda one: (-len(one.used_by), one.technique))[:5]
    verb = "are used" if used else "are listed, without saying by whom"
    said = ", ".join(
        f"{one.name} ({one.technique}"
        + (f", {len(one.used_by)} users)" if len(one.used_by) > 1 else ")")
        for one in top
    )
    tactics = ", ".join(f"{attack.tactic_title(short)} ({held[short]})" for short in heavy)
    text = (
        f"{len(found):,} techniques in {len(most)} tactics {verb}, most of them in {tactics}; "
        f"{'the most common are' if len(top) > 1 else 'it is'} {said}."
    )
    if len(found) == 1:
        text = f"One technique {'is used' if used else 'is listed'}: {said}."
    yield claim(
        text,
        _uids(
            [uid for one in top for uid in one.evidence]
            + [uid for one in found for uid in one.object_uids]
        ),
        techniques=tuple(one.technique for one in top),
    )


def _whom(report: IntelReport) -> Iterator[Claim]:
    found = [one for one in report.targets if one.kind != "vulnerability"]
    if not found:
        return
    parts = [
        f"{plural} {names([one.name for one in listed], 8)}"
        for kind, plural in _KINDS.items()
        if (listed := [one for one in found if one.kind == kind])
    ]
    chosen: list[Target] = [
        one for kind in _KINDS for one in [each for each in found if each.kind == kind][:8]
    ]
    cited: list[str | Evidence] = []
    for one in chosen:
        quoted = {ev.event_uid for ev in one.quotes[:2]}
        cited += one.quotes[:2]
        cited += [uid for uid in (*one.relationship_uids, *one.object_uids) if uid not in quoted][
            : 0 if one.basis == "text" else 4
        ]
    text_only = sum(one.basis == "text" for one in found)
    share = "all" if text_only == len(found) else f"{text_only:,} of them"
    how = f", {share} in quoted prose only" if text_only else ""
    yield claim(f"{len(found):,} targets are named{how}: {'; '.join(parts)}.", _distinct(cited))


def _signs(report: IntelReport) -> Iterator[Claim]:
    found = report.indicators
    parts: list[str] = []
    cited: list[str] = []
    if found:
        states = Counter(one.state for one in found)
        kinds = Counter(kind for one in found for kind in one.kinds)
        parts.append(
            f"{len(found):,} {'indicator' if len(found) == 1 else 'indicators'} ("
            + ", ".join(f"{number:,} {state}" for state, number in sorted(states.items()))
            + ("; " + ", ".join(f"{n:,} {k}" for k, n in kinds.most_common(5)) if kinds else "")
            + ")"
        )
        cited += [uid for one in found[:100] for uid in one.object_uids]
    if report.vulnerabilities:
        listed = [one.external_id or one.name for one in report.vulnerabilities]
        parts.append(f"vulnerabilities {names(listed, 10)}")
        cited += [uid for one in report.vulnerabilities[:50] for uid in one.evidence]
    if report.infrastructure:
        parts.append(f"infrastructure {names([one.name for one in report.infrastructure], 6)}")
        cited += [uid for one in report.infrastructure[:50] for uid in one.evidence]
    if report.observables and not found:
        parts.append(f"{len(report.observables):,} observed values")
        cited += [uid for one in report.observables[:50] for uid in one.object_uids]
    if parts:
        yield claim(f"What to look for: {'; '.join(parts)}.", _uids(cited))


def _shared(report: IntelReport) -> Iterator[Claim]:
    found = [one for one in report.overlaps if one.scope == "actors"] or list(report.overlaps)
    if not found:
        return
    one = found[0]
    parts = [
        f"{len(one.techniques)} techniques (Jaccard {one.technique_jaccard:.2f})"
        if one.techniques
        else "",
        f"software {names(one.software, 6)} (Jaccard {one.software_jaccard:.2f})"
        if one.software
        else "",
        f"{len(one.indicators)} indicator values" if one.indicators else "",
    ]
    more = " or more" if len(report.overlaps) >= MAX_OVERLAPS else ""
    pairs = f"; {len(found):,}{more} pairs share something" if len(found) > 1 else ""
    yield claim(
        f"{one.one} and {one.other} are closest: they share "
        f"{' and '.join(filter(None, parts))}{pairs}.",
        one.evidence,
    )


def _differ(report: IntelReport) -> Iterator[Claim]:
    hard = [one for one in report.contradictions if one.kind != "stated doubt"]
    doubts = [one for one in report.contradictions if one.kind == "stated doubt"]
    if hard:
        kinds = Counter(one.kind for one in hard)
        counted = ", ".join(f"{number:,} {kind}" for kind, number in sorted(kinds.items()))
        first = hard[0]
        yield claim(
            f"The records contradict one another in {len(hard):,} "
            f"{'place' if len(hard) == 1 else 'places'} ({counted}), first: {first.subject}, "
            f"{first.property}: “{first.one[:120]}” against “{first.other[:120]}”.",
            _uids(uid for one in hard[:60] for uid in one.evidence),
        )
    elif doubts:
        yield claim(
            f"The records don't contradict one another; in {len(doubts):,} "
            f"{'place' if len(doubts) == 1 else 'places'} they state a doubt of their own, "
            f"about {names(list(dict.fromkeys(one.subject for one in doubts)), 6)}.",
            _uids(uid for one in doubts[:60] for uid in one.evidence),
        )


def _uids(uids: Iterator[str] | list[str] | tuple[str, ...]) -> list[str]:
    return list(dict.fromkeys(uids))[:MAX_EVIDENCE]


def _distinct(cited: list[str | Evidence]) -> list[str | Evidence]:
    return list(dict.fromkeys(cited))[:MAX_EVIDENCE]
