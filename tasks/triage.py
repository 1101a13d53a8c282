"""The triage scenario's steps as Prefect tasks: list, read one file, rank and conclude."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from prefect import task
from prefect.cache_policies import NO_CACHE

from schemas.result import Result
from schemas.triage import TriageRequest
from sentree.analysis.knowledge.stored import pinned
from sentree.analysis.scope import new_run_dir
from sentree.analysis.triage import conclude, list_files, read_stored, refuse_empty
from sentree.analysis.triage.run import Named, ReadFile
from sentree.intel.cve_read import read_cve_file
from sentree.report.document import save_result
from sentree.settings import Settings


@task(name="list", task_run_name="list files", cache_policy=NO_CACHE)
def list_records(request: TriageRequest) -> list[Named]:
    """List the files that the request names, each with its role."""
    return list_files(request)


@task(name="read", task_run_name="read {named.path}", cache_policy=NO_CACHE, persist_result=False)
def read_records(named: Named) -> ReadFile:
    """Read one file; what can't be used is counted in what it gives."""
    return ReadFile(named.role, read_cve_file(named.path, named.role))


@task(name="stored", task_run_name="read the lake", cache_policy=NO_CACHE, persist_result=False)
def read_lake(settings: Settings, request: TriageRequest) -> list[ReadFile]:
    """Read what the lake has, if the request names no records."""
    return read_stored(settings, request)


@task(name="pin", task_run_name="pin the snapshot", cache_policy=NO_CACHE)
def pin_triage(settings: Settings, request: TriageRequest) -> TriageRequest:
    """Pin the lake's snapshot, if the request names no records."""
    return pinned(settings, request)


@task(name="rank", task_run_name="rank and conclude", cache_policy=NO_CACHE)
def conclude_ranking(
    settings: Settings, request: TriageRequest, files: list[ReadFile]
) -> tuple[Result, Path]:
    """Rank what was read, write the checked result document."""
    refuse_empty(files)
    run_dir = new_run_dir(settings, request, datetime.now(UTC))
    result = conclude(request, files, run_dir)
    save_result(result, run_dir)
    return result, run_dir
