"""Correlation of tenants on demand: plan, read each tenant alone, compare, publish."""

from __future__ import annotations

from prefect import flow, unmapped
from pydantic.json_schema import SkipJsonSchema

from schemas.correlate import CorrelateRequest
from sentree.settings import Settings, load_settings
from tasks.correlate import conclude_tenants, plan_tenants, publish_tenants, read_one_tenant
from tasks.run_tags import tag_flow_run


@flow(name="correlate", flow_run_name="correlate {request.title}", validate_parameters=True)
def correlate(request: CorrelateRequest, settings: SkipJsonSchema[Settings | None] = None) -> str:
    """Find campaigns that reached several tenants; gives the run's uid."""
    settings = settings or load_settings()
    tag_flow_run("kind:correlate")
    found = plan_tenants(settings, request)
    slices = read_one_tenant.map(
        unmapped(settings), list(found.tenants), unmapped(request), unmapped(found.snapshot)
    ).result()
    made = conclude_tenants(settings, request, found, slices)
    publish_tenants(settings, request, made)
    return made.result.run_uid
