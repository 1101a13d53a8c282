"""What a language model is to read of compliance: controls, with the list of checks beside them."""

from __future__ import annotations

from schemas.evidence import EvidenceLeaf, EvidenceRequest
from schemas.query import Scenario
from sentree.analysis.evidence.mapping import group_checks
from sentree.analysis.evidence.sources import read_files
from sentree.analysis.evidence.stored_catalogue import find_catalogue
from sentree.analysis.model_reading import ReadingTask
from sentree.errors import ConfigurationError
from sentree.settings import Settings

QUESTION = (
    "Which of the checks listed below the records would an assessor take as evidence for which of "
    "these controls?"
)


def reading_task(settings: Settings, request: EvidenceRequest) -> ReadingTask:
    """Give the controls as records, and with every part of them the list of all checks.

    Raises:
        ConfigurationError: the evidence is in the lake, not in files.
    """
    if not request.evidence:
        raise ConfigurationError("a language model reads evidence in files: name them, --evidence")
    catalogue = find_catalogue(settings, request.catalog, request.tenant_uid, request.imports)
    found = read_files(request.evidence, catalogue.controls)
    controls = {
        control.control_uid: f"{control.control_uid} {control.title}\n{control.text}"
        for control in catalogue.controls
    }
    groups = group_checks(found.records)
    checks = "\n".join(f"{check}: {records[0].title}" for check, records in groups.items())
    return ReadingTask(Scenario.EVIDENCE, QUESTION, EvidenceLeaf, controls, checks)
