"""What a language model is to read of CVEs: the records that describe them."""

from __future__ import annotations

from schemas.query import Scenario
from schemas.triage import TriageLeaf, TriageRequest
from sentree.analysis.knowledge.stored import pinned
from sentree.analysis.model_reading import ReadingTask
from sentree.analysis.triage.citing import RecordTexts
from sentree.analysis.triage.run import read_inputs
from sentree.intel.cve_merge import merge
from sentree.settings import Settings

QUESTION = (
    "For each of these vulnerabilities: is it exploited, is the attack automatable, is the "
    "technical impact total?"
)
DESCRIBING = ("cve", "nvd", "row")


def reading_task(settings: Settings, request: TriageRequest) -> ReadingTask:
    """Give the records that describe a vulnerability; scores, catalogues and assets are not read.

    Raises:
        UnreadableInputError: no file holds a vulnerability.
    """
    files = read_inputs(settings, pinned(settings, request))
    holding = merge([one.file for one in files if one.role == "any"], [])
    texts = RecordTexts(holding)
    told = {
        uid: texts[uid] for uid, (_, place) in holding.places.items() if place.kind in DESCRIBING
    }
    return ReadingTask(Scenario.TRIAGE, QUESTION, TriageLeaf, told)
