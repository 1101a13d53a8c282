"""The demonstration: a generated incident with known truth, through the whole machine, offline."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from sentree.cli.analyse import FORMATS, detect_first, exit_code, run
from sentree.cli.common import COMMON, Common

if TYPE_CHECKING:
    from schemas.result import Result
    from schemas.scenario import IncidentTruth


def demo(*, out: Path = Path("demo"), seed: int = 7, common: Common = COMMON) -> int:
    """Generate a labelled incident, ingest it, detect, build the timeline, write the report.

    Args:
        out: Folder for logs, lake, run and report; a demo that is there already goes on.
        seed: Seed of the generated incident.
        common: Options of every command.
    """
    from schemas.request import TimelineRequest
    from schemas.scenario import IncidentSpec
    from sentree.evals.generate.incident import generate_incident, read_truth, truth_path
    from sentree.lake.db import Lake
    from sentree.lake.ingest import ingest
    from sentree.report.tables import ingest_line
    from sentree.report.terminal import summary_lines

    started = perf_counter()
    settings = common.settings()
    if common.home is None:
        # A demonstration has no place in the lake that others work with.
        settings = settings.model_copy(update={"home": out / "home", "catalog": None})
    logs, spec = out / "logs", IncidentSpec(seed=seed)
    if truth_path(logs).exists():
        truth = read_truth(logs)
        common.say(f"using the incident in {logs} (seed {truth.spec.seed})")
    else:
        common.say(f"generating an incident (seed {seed}) in {logs}")
        truth = generate_incident(logs, spec)
    with Lake.open(settings) as lake:
        report = ingest(lake, [logs], settings=settings, tenant=settings.tenant)
    common.say(ingest_line(report))
    detect_first(settings, (), common)
    request = TimelineRequest(case="demo", tenant_uid=settings.tenant, formats=FORMATS)
    result = run(settings, request, common)
    page = (settings.runs_dir / result.run_uid / "report.html").resolve()
    lines = [*summary_lines(result), against_truth(result, truth), f"report    {page.as_uri()}"]
    common.say(f"done in {perf_counter() - started:.0f} s")
    common.emit("\n".join(lines), lambda: result.model_dump_json(indent=1))
    return exit_code(result)


def against_truth(result: Result, truth: IncidentTruth) -> str:
    """Say how many planted steps the timeline holds; the generator knows, the analyst did not."""
    from sentree.evals.incident import score_incident

    score = score_incident(result, truth)
    return (
        f"truth     {score.steps_found} of {score.steps} planted attack steps found, "
        f"{score.ordered_share:.0%} of event pairs in the right order; "
        f"{score.precision:.0%} of the rows of medium level or above belong to the attack"
    )
