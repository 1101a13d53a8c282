"""The digest's steps as Prefect tasks: detect, read, compare, conclude, publish, commit, notify."""

from __future__ import annotations

from prefect import task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE

from schemas.digest import DigestOutcome, Span
from sentree.analysis.digest import (
    Detected,
    Ending,
    Made,
    Started,
    commit,
    conclude,
    detect_new,
    find_campaigns,
    read_new,
)
from sentree.analysis.digest.campaigns import Campaigns
from sentree.lake.db import Lake
from sentree.lake.news import News
from sentree.report.document import save_result
from sentree.report.escape import markdown
from sentree.report.notices import tell
from sentree.settings import Settings
from tasks.deliver import deliver
from tasks.timeline import publish_result

ROWS = 200


@task(name="detect", task_run_name="detect in {tenant}", cache_policy=NO_CACHE)
def detect_tenant(settings: Settings, started: Started, tenant: str) -> Detected:
    """Run the rules over a tenant's new events."""
    with Lake.open(settings, create=False) as lake:
        return detect_new(lake, started, tenant)


@task(name="news", task_run_name="read {span.tenant}", cache_policy=NO_CACHE)
def read_tenant_news(settings: Settings, started: Started, span: Span) -> News:
    """Read what is new of a tenant."""
    with Lake.open(settings, create=False) as lake:
        return read_new(lake, started, span)


@task(name="compare", task_run_name="compare tenants", cache_policy=NO_CACHE)
def compare_news(settings: Settings, started: Started, news: list[News]) -> Campaigns:
    """Look for campaigns over tenants."""
    with Lake.open(settings, create=False) as lake:
        return find_campaigns(lake, started, news)


@task(name="conclude", task_run_name="conclude the digest", cache_policy=NO_CACHE)
def conclude_digest(
    settings: Settings,
    started: Started,
    detected: list[Detected],
    news: list[News],
    campaigns: Campaigns,
) -> Made | None:
    """Put together what is new, every citation checked; write it, so that it can be committed."""
    with Lake.open(settings, create=False) as lake:
        made = conclude(lake, started, detected, news, campaigns)
    if made is not None:
        save_result(made.result, started.run_dir)
        publish_result(made.result, started.run_dir, started.request.formats)
    return made


@task(name="commit", task_run_name="commit the digest", cache_policy=NO_CACHE)
def commit_digest(settings: Settings, started: Started, made: Made | None) -> Ending:
    """Store the digest and move the watermarks."""
    with Lake.open(settings, create=False) as lake:
        ending = commit(lake, started, made)
    if made is not None and ending.result is not None:
        rows = [
            {
                "level": one.level,
                "finding": markdown(one.title),
                "host": markdown(one.host),
                "tenant": markdown(one.tenant),
                "events": one.events,
                "known before": one.before,
            }
            for one in made.report.findings[:ROWS]
        ]
        create_table_artifact(rows, key="findings", description=f"Run {started.run_uid}")
    return ending


@task(name="notify", task_run_name="notify", cache_policy=NO_CACHE)
def notify_digest(settings: Settings, ending: Ending) -> DigestOutcome:
    """Tell whoever asked to be told; what fails is reported and fails nothing."""
    if not settings.notify.urls or ending.outcome.run_uid is None:
        return ending.outcome
    with Lake.open(settings, create=False) as lake:
        recorded = None if ending.look_back else ending.result
        notices = tell(lake, settings.notify, recorded, deliver)
    return ending.outcome.model_copy(update={"notices": notices})
