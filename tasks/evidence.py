"""The compliance scenario's steps as Prefect tasks: read the catalogues, gather, judge."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from prefect import task
from prefect.cache_policies import NO_CACHE

from schemas.control import Catalogue
from schemas.evidence import EvidenceRequest
from schemas.result import Result
from sentree.analysis.evidence import conclude, gather, requested_catalogues
from sentree.analysis.evidence.sources import Evidence
from sentree.analysis.scope import new_run_dir
from sentree.report.document import save_result
from sentree.settings import Settings


@task(name="catalogue", task_run_name="read {request.catalog}", cache_policy=NO_CACHE)
def read_catalogues(
    settings: Settings, request: EvidenceRequest
) -> tuple[Catalogue, list[Catalogue]]:
    """Read the catalogue and the mapped catalogues beside it."""
    return requested_catalogues(settings, request)


@task(name="gather", task_run_name="gather evidence", cache_policy=NO_CACHE, persist_result=False)
def gather_evidence(
    settings: Settings, request: EvidenceRequest, catalogue: Catalogue
) -> tuple[Evidence, Path]:
    """Read the evidence from files or from the lake into a new run."""
    run_dir = new_run_dir(settings, request, datetime.now(UTC))
    return gather(settings, request, catalogue, run_dir), run_dir


@task(name="judge", task_run_name="judge controls", cache_policy=NO_CACHE)
def judge_controls(
    request: EvidenceRequest,
    catalogue: Catalogue,
    references: list[Catalogue],
    found: Evidence,
    run_dir: Path,
) -> Result:
    """Judge every control and write the checked result document."""
    result = conclude(request, catalogue, references, found, run_dir)
    save_result(result, run_dir)
    return result
