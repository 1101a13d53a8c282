"""What a language model is to read of raw records: those that no known format tells of."""

from __future__ import annotations

from schemas.classify import ClassifyLeaf, ClassifyRequest
from schemas.query import Scenario
from sentree.analysis.model_reading import ReadingTask
from sentree.lake.classified import Classifier
from sentree.lake.readers import ByteSource, NotTextError, find_inputs
from sentree.lake.records import Reject
from sentree.settings import Settings

QUESTION = "To which OCSF class does each of these records belong?"
UNKNOWN = 0
MOST = 5_000


def reading_task(settings: Settings, request: ClassifyRequest) -> ReadingTask:
    """Give the first records that are of no known format, 5,000 at most; there may be none."""
    unknown: dict[str, str] = {}
    with Classifier(settings, request.as_format) as classifier:
        for given in find_inputs(request.paths):
            try:
                for one in classifier.read(ByteSource(given.path)) if not given.error else ():
                    if isinstance(one, Reject) or one.class_uid != UNKNOWN:
                        continue
                    unknown[one.uid] = one.raw
                    if len(unknown) >= MOST:
                        return ReadingTask(Scenario.CLASSIFY, QUESTION, ClassifyLeaf, unknown)
            except NotTextError:
                continue
    return ReadingTask(Scenario.CLASSIFY, QUESTION, ClassifyLeaf, unknown)
