"""The chain scenario's steps as Prefect tasks: list, read one file, conclude."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from prefect import task
from prefect.cache_policies import NO_CACHE

from schemas.chain import ChainRequest
from schemas.result import Result
from sentree.analysis.chain import conclude, refuse_empty
from sentree.analysis.chain.sources import SourceFile, find_files, read_source
from sentree.analysis.scope import new_run_dir
from sentree.report.document import save_result
from sentree.settings import Settings


@task(name="list", task_run_name="list accounts", cache_policy=NO_CACHE)
def list_accounts(request: ChainRequest) -> list[str]:
    """List the files that the request names."""
    return find_files(request.paths)


@task(name="read", task_run_name="read {path}", cache_policy=NO_CACHE, persist_result=False)
def read_account(path: str) -> SourceFile:
    """Read one file; what can't be used is counted in what it gives."""
    return read_source(path)


@task(name="conclude", task_run_name="order and conclude", cache_policy=NO_CACHE)
def conclude_accounts(
    settings: Settings, request: ChainRequest, files: list[SourceFile]
) -> tuple[Result, Path]:
    """Name, order and link the steps, write the checked result document."""
    refuse_empty(files)
    run_dir = new_run_dir(settings, request, datetime.now(UTC))
    result = conclude(request, files, run_dir)
    save_result(result, run_dir)
    return result, run_dir
