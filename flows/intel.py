"""The intelligence report on demand: find files, read each, merge and conclude, publish."""

from __future__ import annotations

from prefect import flow
from pydantic.json_schema import SkipJsonSchema

from schemas.intel import IntelRequest
from sentree.settings import Settings, load_settings
from tasks.intel import conclude_bundles, list_bundles, pin_intel, read_bundle, read_lake
from tasks.run_tags import tag_flow_run
from tasks.timeline import publish_result


@flow(name="intel", flow_run_name="intel {request.title}", validate_parameters=True)
def intel(request: IntelRequest, settings: SkipJsonSchema[Settings | None] = None) -> str:
    """Merge STIX bundles into one cited report; gives the run's uid."""
    settings = settings or load_settings()
    tag_flow_run("kind:intel")
    request = pin_intel(settings, request)
    stored = read_lake(settings, request)
    named = read_bundle.map(list_bundles(request)).result()
    result, run_dir = conclude_bundles(settings, request, [*stored, *named])
    publish_result(result, run_dir, request.formats)
    return result.run_uid
