"""Folds what a language model says of records that code does not know; order never matters."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from ocsf.classes import CLASS_NAMES, category_name, category_uid, class_name
from schemas.classify import ClassFinding, ClassifiedRecord, ClassifyLeaf

MODEL = "a language model: "


def merge_leaves(leaves: Iterable[ClassifyLeaf]) -> ClassifyLeaf:
    """Merge the findings of all parts, each once; associative, commutative."""
    found = {one.model_dump_json(): one for leaf in leaves for one in leaf.findings}
    return ClassifyLeaf(findings=tuple(found[key] for key in sorted(found)))


def with_findings(
    records: Sequence[ClassifiedRecord], leaf: ClassifyLeaf
) -> tuple[ClassifiedRecord, ...]:
    """Put a model's class where no rule found one; what a rule knows is never overruled.

    Of several classes for one record the one named most often holds, then the lower uid. A class
    that OCSF does not have is left out.
    """
    votes: dict[str, Counter[int]] = defaultdict(Counter)
    said: dict[tuple[str, int], ClassFinding] = {}
    for one in merge_leaves([leaf]).findings:
        if one.class_uid in CLASS_NAMES and one.class_uid:
            votes[one.record_uid][one.class_uid] += 1
            said.setdefault((one.record_uid, one.class_uid), one)
    made: list[ClassifiedRecord] = []
    for record in records:
        found = votes.get(record.record_uid)
        if not found or (record.class_uid and record.probability is None):
            made.append(record)
            continue
        _, uid = min((-count, each) for each, count in found.items())
        category = category_uid(uid)
        made.append(
            record.model_copy(
                update={
                    "class_uid": uid,
                    "class_name": class_name(uid),
                    "category_uid": category,
                    "category_name": category_name(category),
                    "reason": MODEL + said[record.record_uid, uid].reason,
                    "probability": None,
                }
            )
        )
    return tuple(made)
