"""Classification of raw records on demand: read, map, publish."""

from __future__ import annotations

from prefect import flow
from pydantic.json_schema import SkipJsonSchema

from schemas.classify import ClassifyRequest
from sentree.settings import Settings, load_settings
from tasks.classify import classify_files
from tasks.run_tags import tag_flow_run
from tasks.timeline import publish_result


@flow(name="classify", flow_run_name="classify {request.title}", validate_parameters=True)
def classify(request: ClassifyRequest, settings: SkipJsonSchema[Settings | None] = None) -> str:
    """Tell the OCSF class of every record of some files; gives the run's uid."""
    settings = settings or load_settings()
    tag_flow_run("kind:classify")
    result = classify_files(settings, request)
    publish_result(result, settings.runs_dir / result.run_uid, request.formats)
    return result.run_uid
