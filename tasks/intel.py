"""The intelligence scenario's steps as Prefect tasks: list, read one file, conclude."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from prefect import task
from prefect.cache_policies import NO_CACHE

from schemas.intel import IntelRequest
from schemas.result import Result
from sentree.analysis.intel import conclude, refuse_empty
from sentree.analysis.knowledge.stored import pinned, stored_stix
from sentree.analysis.scope import new_run_dir
from sentree.intel.stix_read import StixFile, find_files, read_file
from sentree.report.document import save_result
from sentree.settings import Settings


@task(name="list", task_run_name="list bundles", cache_policy=NO_CACHE)
def list_bundles(request: IntelRequest) -> list[str]:
    """List the files that the request names."""
    return find_files(request.paths)


@task(name="read", task_run_name="read {path}", cache_policy=NO_CACHE, persist_result=False)
def read_bundle(path: str) -> StixFile:
    """Read one file; what can't be used is counted in what it gives."""
    return read_file(path)


@task(name="stored", task_run_name="read the lake", cache_policy=NO_CACHE, persist_result=False)
def read_lake(settings: Settings, request: IntelRequest) -> list[StixFile]:
    """Read what the lake has, if the request names no file."""
    return [] if request.paths else stored_stix(settings, request)


@task(name="pin", task_run_name="pin the snapshot", cache_policy=NO_CACHE)
def pin_intel(settings: Settings, request: IntelRequest) -> IntelRequest:
    """Pin the lake's snapshot, if the request names no file."""
    return pinned(settings, request)


@task(name="conclude", task_run_name="merge and conclude", cache_policy=NO_CACHE)
def conclude_bundles(
    settings: Settings, request: IntelRequest, files: list[StixFile]
) -> tuple[Result, Path]:
    """Merge what was read, write the checked result document."""
    refuse_empty(files)
    run_dir = new_run_dir(settings, request, datetime.now(UTC))
    result = conclude(request, files, run_dir)
    save_result(result, run_dir)
    return result, run_dir
