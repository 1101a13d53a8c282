"""The correlation's steps as Prefect tasks: plan, read one tenant, conclude, publish."""

from __future__ import annotations

from datetime import UTC, datetime

from prefect import task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE

from schemas.correlate import CorrelateRequest
from schemas.tenant_slice import TenantSlice
from sentree.analysis.correlate import Correlation, Plan, conclude, plan, read_tenant
from sentree.analysis.scope import new_run_dir
from sentree.lake.db import Lake
from sentree.lake.tenants import Tenant
from sentree.report.document import FORMATS, save_correlation
from sentree.settings import Settings


@task(name="plan", task_run_name="plan tenants", cache_policy=NO_CACHE)
def plan_tenants(settings: Settings, request: CorrelateRequest) -> Plan:
    """Find the tenants and pin the lake's snapshot."""
    with Lake.open(settings, create=False) as lake:
        return plan(lake, request)


@task(name="tenant", task_run_name="read {tenant.name}", cache_policy=NO_CACHE)
def read_one_tenant(
    settings: Settings, tenant: Tenant, request: CorrelateRequest, snapshot: int
) -> TenantSlice:
    """Read one tenant's slice; nothing of another is looked at."""
    return read_tenant(settings, tenant, request, snapshot)


@task(name="conclude", task_run_name="compare and conclude", cache_policy=NO_CACHE)
def conclude_tenants(
    settings: Settings, request: CorrelateRequest, found: Plan, slices: list[TenantSlice]
) -> Correlation:
    """Compare what was read and check every citation."""
    run_dir = new_run_dir(settings, request, datetime.now(UTC))
    with Lake.open(settings, create=False) as lake:
        return conclude(lake, request, found, slices, run_dir)


@task(name="publish", task_run_name="publish {made.result.run_uid}", cache_policy=NO_CACHE)
def publish_tenants(settings: Settings, request: CorrelateRequest, made: Correlation) -> None:
    """Write the common report and each tenant's own, and the artifact that Prefect's UI shows."""
    save_correlation(made.result, made.by_tenant, request.formats, settings.runs_dir)
    text = FORMATS["md"].render(made.result)
    create_markdown_artifact(text, key="answer", description=f"Run {made.result.run_uid}")
