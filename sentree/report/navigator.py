"""An ATT&CK Navigator layer (format 4.5) of the techniques that were seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from schemas.result import Result
from schemas.section import TechniqueScore
from sentree.intel.attack import VERSION
from sentree.intel.attack_newer import BY_ID
from sentree.report.attack import TechniqueUse, is_technique_id, technique_uses
from sentree.report.escape import cut, json_text, visible
from sentree.report.figures import plural

LAYER_VERSION = "4.5"
NAVIGATOR_VERSION = "5.1.0"
MAX_UIDS = 40


def render_navigator(result: Result) -> str:
    """Render the layer: score is the number of evidence events, comment their uids.

    Techniques that a scenario scored itself carry that score and its comment.
    """
    given = {one.technique: one for one in result.techniques}
    uses = [use for use in technique_uses(result) if is_technique_id(use.technique)]
    most = max((_score(use, given) for use in uses), default=1)
    what = "the score is the answer's own" if given else "the score is the number of events cited"
    description = (
        f"{plural(len(uses), 'technique')} in run {visible(result.run_uid)}; "
        f"{what}, the comment names the evidence. A technique without a score was not "
        "seen, which is not the same as not used."
    )
    return layer(
        result.title,
        description,
        [_technique(use, given) for use in uses],
        most=max(most, 1) if not given else most,
        metadata={"run": result.run_uid, "lake snapshot": str(result.coverage.snapshot_id)},
    )


def layer(
    name: str,
    description: str,
    techniques: Sequence[Mapping[str, Any]],
    *,
    most: float,
    colors: Sequence[str] = ("#fbe3d6", "#a5113f"),
    legend: Mapping[str, str] | None = None,
    metadata: Mapping[str, str] | None = None,
) -> str:
    """Write a layer of some techniques in the Navigator's own form, its parents opened.

    Args:
        name: the layer's title.
        description: what a score means, and what its absence does not.
        techniques: each with `techniqueID`, and `score` or `color`.
        most: the score of the last of `colors`.
        colors: from no score to the most.
        legend: a text for each colour.
        metadata: where the layer comes from.
    """
    ids = [str(one["techniqueID"]) for one in techniques]
    found: dict[str, Any] = {
        "name": visible(cut(name, 200)),
        "versions": {
            "attack": _edition(ids),
            "navigator": NAVIGATOR_VERSION,
            "layer": LAYER_VERSION,
        },
        "domain": "enterprise-attack",
        "description": description,
        "sorting": 3,
        "layout": {"layout": "side", "showName": True, "expandedSubtechniques": "annotated"},
        "hideDisabled": False,
        "techniques": [*_parents(ids), *techniques],
        "gradient": {"colors": list(colors), "minValue": 0, "maxValue": most},
        "legendItems": [{"label": text, "color": color} for color, text in (legend or {}).items()],
        "metadata": [
            {"name": key, "value": visible(value)} for key, value in (metadata or {}).items()
        ],
        "selectTechniquesAcrossTactics": True,
    }
    return json_text(found, indent=2) + "\n"


def _edition(ids: Sequence[str]) -> str:
    """Name the matrix that has all techniques: rules may carry ids newer than the data here."""
    newer = any(uid in BY_ID for uid in ids)
    return "19" if newer else VERSION.partition(".")[0]


def _score(use: TechniqueUse, given: Mapping[str, TechniqueScore]) -> float:
    one = given.get(use.technique)
    return one.score if one else len(use.event_uids)


def _technique(use: TechniqueUse, given: Mapping[str, TechniqueScore]) -> dict[str, Any]:
    one = given.get(use.technique)
    said = f"{visible(cut(one.comment, 500))}; " if one and one.comment else ""
    uids = ", ".join(visible(uid) for uid in use.event_uids[:MAX_UIDS])
    more = len(use.event_uids) - MAX_UIDS
    return {
        "techniqueID": use.technique,
        "score": _score(use, given),
        "comment": f"{said}{plural(len(use.event_uids), 'record' if given else 'event')}: {uids}"
        + (f" and {more:,} more" if more > 0 else ""),
        "enabled": True,
        "showSubtechniques": True,
    }


def _parents(ids: Sequence[str]) -> list[dict[str, Any]]:
    """Open the parents of sub-techniques, which the Navigator shows closed otherwise."""
    parents = {uid.partition(".")[0] for uid in ids} - set(ids)
    return [{"techniqueID": parent, "showSubtechniques": True} for parent in sorted(parents)]
