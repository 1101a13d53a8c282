"""Finds, for each control, the checks that count as evidence, and why each of them does."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping as MappingOf
from collections.abc import Sequence, Set
from typing import NamedTuple

import numpy as np

from models.evidence_cues import CheckText, SharedTopics
from models.evidence_features import Encoder
from models.evidence_head import Head
from schemas.control import Catalogue, Control
from schemas.evidence import Basis, EvidenceRecord
from sentree.analysis.evidence.control_ids import Key, control_key, parents, same_framework
from sentree.analysis.evidence.proposals import check_text, control_text, mapped_texts

DOCUMENT_LIKENESS = 0.6
MAX_DOCUMENTS = 400
_CONTROL_ID = re.compile(r"\b[A-Za-z]{1,8}[-_.]\d[\w.()\-]*")
_PROPOSABLE = ("finding", "check", "events")


class Why(NamedTuple):
    """Why a check counts for a control, how surely, and in plain words."""

    basis: Basis
    score: float
    reason: str


Links = dict[str, dict[str, Why]]
"""By control, by check."""


class Proposals(NamedTuple):
    """Proposed links, and the controls that by their wording no check can be evidence for."""

    links: Links
    beyond_checks: frozenset[str] = frozenset()


def group_checks(records: Sequence[EvidenceRecord]) -> dict[str, list[EvidenceRecord]]:
    """Put records that asked the same question together, in a fixed order."""
    found: dict[str, list[EvidenceRecord]] = defaultdict(list)
    for record in sorted(records, key=lambda one: (one.check, one.record_uid)):
        found[record.check].append(record)
    return dict(found)


def stated_links(
    catalogue: Catalogue,
    groups: MappingOf[str, Sequence[EvidenceRecord]],
    references: Sequence[Catalogue],
    *,
    use_catalogue: bool,
) -> Links:
    """Link what catalogue, references of the same framework, and records state themselves."""
    found: Links = {control.control_uid: {} for control in catalogue.controls}
    by_name = {name.casefold(): name for name in groups}
    index = {control_key(one.control_uid): one.control_uid for one in catalogue.controls}
    if use_catalogue:
        for control in catalogue.controls:
            why = Why("catalogue", 1.0, "the catalogue assigns this check")
            _add(found[control.control_uid], control.checks or (), by_name, why)
    for other in references:
        if _same(catalogue, other):
            why = Why("reference", 1.0, f"{other.title[:80]} assigns this check to it")
            for control in other.controls:
                for uid in _known(control.control_uid, index):
                    _add(found[uid], control.checks or (), by_name, why)
    for name, records in groups.items():
        for record in records:
            for uid, why in _named(record, catalogue, index):
                found[uid].setdefault(name, why)
    return found


def proposed_links(
    catalogue: Catalogue,
    controls: Sequence[Control],
    groups: MappingOf[str, Sequence[EvidenceRecord]],
    references: Sequence[Catalogue],
    head: Head,
    encoder: Encoder,
) -> Proposals:
    """Propose checks for controls by what both are about; a person has to confirm each."""
    found: Links = {}
    beyond: frozenset[str] = frozenset()
    known_ids = {control_key(one.control_uid) for one in catalogue.controls}
    checks = [
        wording
        for records in groups.values()
        if records[0].kind in _PROPOSABLE and not _claims(wording := _wording(records), known_ids)
    ]
    texts = [control_text(one) for one in controls]
    if checks and texts:
        names = {check.name for check in checks}
        borrowed = [
            mapped_texts(one, checks)
            for one in references
            if any(names.intersection(control.checks or ()) for control in one.controls)
        ]
        scores = head.scores(texts, checks, encoder, borrowed)
        chances = head.calibrated(scores)
        unfit = head.beyond(texts, scores)
        beyond = frozenset(one.control_uid for one, no in zip(controls, unfit, strict=True) if no)
        shared = SharedTopics(texts, checks)
        for row, chosen in enumerate(head.choose(texts, scores)):
            links = found.setdefault(controls[row].control_uid, {})
            for at in chosen:
                topics = shared.names(row, at)[:3]
                about = f"both are about {', '.join(topics)}" if topics else "alike wording"
                score = round(float(chances[row, at]), 3)
                links[checks[at].name] = Why("proposed", score, f"proposed: {about}")
    _propose_documents(found, controls, groups, encoder)
    return Proposals(found, beyond)


def _propose_documents(
    found: Links,
    controls: Sequence[Control],
    groups: MappingOf[str, Sequence[EvidenceRecord]],
    encoder: Encoder,
) -> None:
    documents = [
        (name, records[0])
        for name, records in groups.items()
        if records[0].kind == "document" and not records[0].named
    ][:MAX_DOCUMENTS]
    if not documents or not encoder.has_sentences:
        return
    alike = encoder.alike(
        [control_text(one).own for one in controls], [one.text for _, one in documents]
    )
    for row, at in zip(*np.where(alike >= DOCUMENT_LIKENESS), strict=True):
        score = round(float(alike[row, at]), 3)
        why = Why("proposed", score, "proposed: the section speaks of the same thing")
        found.setdefault(controls[row].control_uid, {})[documents[at][0]] = why


def _claims(check: CheckText, known: Set[Key]) -> bool:
    """Tell whether a check's wording names a control: such a claim in text proves nothing."""
    said = f"{check.title} {check.text}"
    return any(control_key(found) in known for found in _CONTROL_ID.findall(said))


def _wording(records: Sequence[EvidenceRecord]) -> CheckText:
    """Give the wording that most records of a check share: one odd record can't redefine it."""
    counted = Counter(check_text(one) for one in records)
    return min(counted, key=lambda text: (-counted[text], text))


def _named(
    record: EvidenceRecord, catalogue: Catalogue, index: MappingOf[Key, str]
) -> list[tuple[str, Why]]:
    found: list[tuple[str, Why]] = []
    for named in record.named:
        if named.framework and not any(
            same_framework(named.framework, name) for name in catalogue.names
        ):
            continue
        if record.kind == "document":
            why = Why("document", 1.0, "a heading of the document names the control")
        elif record.kind == "assessment":
            why = Why("assessment", 1.0, "an earlier assessment judged this control")
        elif named.framework:
            why = Why("finding", 1.0, f"the finding names {named.framework} {named.control_uid}")
        else:
            continue
        found += [(uid, why) for uid in _known(named.control_uid, index)]
    return found


def _known(control_uid: str, index: MappingOf[Key, str]) -> list[str]:
    """Give the catalogue's control of an id, or the one that the id is a lettered part of."""
    return next(([index[key]] for key in parents(control_key(control_uid)) if key in index), [])


def is_carried(catalogue: Catalogue, references: Sequence[Catalogue]) -> bool:
    """Tell whether a reference states checks for this very framework."""
    return any(_same(catalogue, other) for other in references)


def _same(one: Catalogue, other: Catalogue) -> bool:
    return other.is_mapped and any(
        same_framework(left, right) for left in one.names for right in other.names
    )


def _add(
    links: dict[str, Why], checks: Sequence[str], by_name: MappingOf[str, str], why: Why
) -> None:
    for check in checks:
        if name := by_name.get(check.casefold()):
            links.setdefault(name, why)
