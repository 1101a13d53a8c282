"""The classification as a Prefect task."""

from __future__ import annotations

from prefect import task
from prefect.cache_policies import NO_CACHE

from schemas.classify import ClassifyRequest
from schemas.result import Result
from sentree.analysis.classify import run
from sentree.report.document import save_result
from sentree.settings import Settings


@task(name="classify", task_run_name="classify records", cache_policy=NO_CACHE)
def classify_files(settings: Settings, request: ClassifyRequest) -> Result:
    """Classify all records and write the result document."""
    result = run(settings, request)
    save_result(result, settings.runs_dir / result.run_uid)
    return result
