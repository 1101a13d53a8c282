"""What a language model is to read of bundles: the objects that hold prose."""

from __future__ import annotations

from schemas.intel import IntelLeaf, IntelRequest
from schemas.query import Scenario
from sentree.analysis.intel.citing import ObjectTexts
from sentree.analysis.intel.run import read_inputs
from sentree.analysis.knowledge.stored import pinned
from sentree.analysis.model_reading import ReadingTask
from sentree.intel.stix_merge import merge
from sentree.settings import Settings

QUESTION = (
    "Who is attacked and why, where are actors placed and how surely, which capability matters, "
    "and which attribution or identity does the text itself put in doubt?"
)


def reading_task(settings: Settings, request: IntelRequest) -> ReadingTask:
    """Say what a language model is to read: the objects that hold prose, and what to look for."""
    holding = merge(read_inputs(settings, pinned(settings, request)))
    texts = ObjectTexts(holding)
    told = {
        uid: texts[uid]
        for uid, merged in holding.objects.items()
        if isinstance(merged.newest.body.get("description"), str)
    }
    return ReadingTask(Scenario.INTEL, QUESTION, IntelLeaf, told)
