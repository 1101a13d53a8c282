"""An ATT&CK Navigator layer (format 4.5) of the techniques that were seen."""

from __future__ import annotations

from collections.abc import Mapping
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
    layer: dict[str, Any] = {
        "name": visible(cut(result.title, 200)),
        "versions": {
            "attack": _edition(uses),
            "navigator": NAVIGATOR_VERSION,
            "layer": LAYER_VERSION,
        },
        "domain": "enterprise-attack",
        "description": f"{plural(len(uses), 'technique')} in run {visible(result.run_uid)}; "
        f"{what}, the comment names the evidence. A technique without a score was not "
        "seen, which is not the same as not used.",
        "sorting": 3,
        "layout": {"layout": "side", "showName": True, "expandedSubtechniques": "annotated"},
        "hideDisabled": False,
        "techniques": [*_parents(uses), *(_technique(use, given) for use in uses)],
        "gradient": {
            "colors": ["#fbe3d6", "#a5113f"],
            "minValue": 0,
            "maxValue": max(most, 1) if not given else most,
        },
        "legendItems": [],
        "metadata": [
            {"name": "run", "value": visible(result.run_uid)},
            {"name": "lake snapshot", "value": str(result.coverage.snapshot_id)},
        ],
        "selectTechniquesAcrossTactics": True,
    }
    return json_text(layer, indent=2) + "\n"


def _edition(uses: list[TechniqueUse]) -> str:
    """Name the matrix that has all techniques: rules may carry ids newer than the data here."""
    newer = any(use.technique in BY_ID for use in uses)
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


def _parents(uses: list[TechniqueUse]) -> list[dict[str, Any]]:
    """Open the parents of sub-techniques, which the Navigator shows closed otherwise."""
    known = {use.technique for use in uses}
    parents = {use.technique.partition(".")[0] for use in uses} - known
    return [{"techniqueID": parent, "showSubtechniques": True} for parent in sorted(parents)]
