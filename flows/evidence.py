"""The compliance check: read the catalogue and the evidence, judge, publish."""

from __future__ import annotations

from prefect import flow
from pydantic.json_schema import SkipJsonSchema

from schemas.evidence import EvidenceRequest
from sentree.settings import Settings, load_settings
from tasks.evidence import gather_evidence, judge_controls, read_catalogues
from tasks.run_tags import tag_flow_run
from tasks.timeline import publish_result


@flow(name="evidence", flow_run_name="evidence {request.catalog}", validate_parameters=True)
def evidence(request: EvidenceRequest, settings: SkipJsonSchema[Settings | None] = None) -> str:
    """Judge every control of a catalogue by the evidence; gives the run's uid."""
    settings = settings or load_settings()
    tag_flow_run("kind:evidence")
    catalogue, references = read_catalogues(settings, request)
    found, run_dir = gather_evidence(settings, request, catalogue)
    result = judge_controls(request, catalogue, references, found, run_dir)
    publish_result(result, run_dir, request.formats)
    return result.run_uid
