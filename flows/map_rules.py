"""Rule mapping on demand: find files, read each, map and conclude, publish."""

from __future__ import annotations

from prefect import flow
from pydantic.json_schema import SkipJsonSchema

from schemas.map_rules import MapRulesRequest
from sentree.settings import Settings, load_settings
from tasks.map_rules import conclude_rules, list_rule_files, read_rules
from tasks.run_tags import tag_flow_run
from tasks.timeline import publish_result


@flow(name="map_rules", flow_run_name="map rules {request.title}", validate_parameters=True)
def map_rules(request: MapRulesRequest, settings: SkipJsonSchema[Settings | None] = None) -> str:
    """Map detection rules onto ATT&CK techniques; gives the run's uid."""
    settings = settings or load_settings()
    tag_flow_run("kind:map_rules")
    files = read_rules(list_rule_files(request))
    result, run_dir = conclude_rules(settings, request, files)
    publish_result(result, run_dir, request.formats)
    return result.run_uid
