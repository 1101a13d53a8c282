"""The rule-mapping scenario's steps as Prefect tasks: list, read, map and conclude."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from prefect import task
from prefect.cache_policies import NO_CACHE

from schemas.map_rules import MapRulesRequest
from schemas.result import Result
from sentree.analysis.map_rules import conclude, refuse_empty
from sentree.analysis.map_rules.reading import RuleFile, find_rule_files, read_rule_file
from sentree.analysis.scope import new_run_dir
from sentree.report.document import save_result
from sentree.settings import Settings


@task(name="list", task_run_name="list rule files", cache_policy=NO_CACHE)
def list_rule_files(request: MapRulesRequest) -> list[str]:
    """List the files that the request names."""
    return find_rule_files(request.paths)


@task(name="read", task_run_name="read rules", cache_policy=NO_CACHE, persist_result=False)
def read_rules(paths: list[str]) -> list[RuleFile]:
    """Read all files in one task: there are thousands, of a kilobyte each."""
    return [read_rule_file(path) for path in paths]


@task(name="conclude", task_run_name="map and conclude", cache_policy=NO_CACHE)
def conclude_rules(
    settings: Settings, request: MapRulesRequest, files: list[RuleFile]
) -> tuple[Result, Path]:
    """Map what was read, write the checked result document."""
    refuse_empty(files)
    run_dir = new_run_dir(settings, request, datetime.now(UTC))
    result = conclude(settings, request, files, run_dir)
    save_result(result, run_dir)
    return result, run_dir
