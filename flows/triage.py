"""The triage on demand: find files, read each, rank and conclude, publish."""

from __future__ import annotations

from prefect import flow
from pydantic.json_schema import SkipJsonSchema

from schemas.triage import TriageRequest
from sentree.settings import Settings, load_settings
from tasks.run_tags import tag_flow_run
from tasks.timeline import publish_result
from tasks.triage import conclude_ranking, list_records, pin_triage, read_lake, read_records


@flow(name="triage", flow_run_name="triage {request.title}", validate_parameters=True)
def triage(request: TriageRequest, settings: SkipJsonSchema[Settings | None] = None) -> str:
    """Rank vulnerabilities by an explained score; gives the run's uid."""
    settings = settings or load_settings()
    tag_flow_run("kind:triage")
    request = pin_triage(settings, request)
    stored = read_lake(settings, request)
    named = read_records.map(list_records(request)).result()
    result, run_dir = conclude_ranking(settings, request, [*stored, *named])
    publish_result(result, run_dir, request.formats)
    return result.run_uid
