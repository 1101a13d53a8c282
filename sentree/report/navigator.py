"""An ATT&CK Navigator layer (format 4.5) of the techniques that were seen."""

from __future__ import annotations

from typing import Any

from schemas.result import Result
from sentree.intel.attack import VERSION
from sentree.report.attack import TechniqueUse, is_technique_id, technique_uses
from sentree.report.escape import cut, json_text, visible
from sentree.report.figures import plural

LAYER_VERSION = "4.5"
NAVIGATOR_VERSION = "5.1.0"
MAX_UIDS = 40


def render_navigator(result: Result) -> str:
    """Render the layer: score is the number of evidence events, comment their uids."""
    uses = [use for use in technique_uses(result) if is_technique_id(use.technique)]
    most = max((len(use.event_uids) for use in uses), default=1)
    layer: dict[str, Any] = {
        "name": visible(cut(result.title, 200)),
        "versions": {
            "attack": VERSION.partition(".")[0],
            "navigator": NAVIGATOR_VERSION,
            "layer": LAYER_VERSION,
        },
        "domain": "enterprise-attack",
        "description": f"{plural(len(uses), 'technique')} in run {visible(result.run_uid)}; the "
        "score is the number of events cited as evidence. A technique without a score was not "
        "seen, which is not the same as not used.",
        "sorting": 3,
        "layout": {"layout": "side", "showName": True, "expandedSubtechniques": "annotated"},
        "hideDisabled": False,
        "techniques": [*_parents(uses), *(_technique(use) for use in uses)],
        "gradient": {"colors": ["#fbe3d6", "#a5113f"], "minValue": 0, "maxValue": max(most, 1)},
        "legendItems": [],
        "metadata": [
            {"name": "run", "value": visible(result.run_uid)},
            {"name": "lake snapshot", "value": str(result.coverage.snapshot_id)},
        ],
        "selectTechniquesAcrossTactics": True,
    }
    return json_text(layer, indent=2) + "\n"


def _technique(use: TechniqueUse) -> dict[str, Any]:
    uids = ", ".join(visible(uid) for uid in use.event_uids[:MAX_UIDS])
    more = len(use.event_uids) - MAX_UIDS
    return {
        "techniqueID": use.technique,
        "score": len(use.event_uids),
        "comment": f"{plural(len(use.event_uids), 'event')}: {uids}"
        + (f" and {more:,} more" if more > 0 else ""),
        "enabled": True,
        "showSubtechniques": True,
    }


def _parents(uses: list[TechniqueUse]) -> list[dict[str, Any]]:
    """Open the parents of sub-techniques, which the Navigator shows closed otherwise."""
    known = {use.technique for use in uses}
    parents = {use.technique.partition(".")[0] for use in uses} - known
    return [{"techniqueID": parent, "showSubtechniques": True} for parent in sorted(parents)]
