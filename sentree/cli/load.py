"""Commands that bring something into the lake: `ingest`, `detect`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from schemas.rule_choice import Level
from sentree.cli.common import COMMON, Common, read_window
from sentree.cli.rule_options import ALL_RULES, RuleOptions
from sentree.cli.scenarios import Executor
from sentree.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from schemas.detection import DetectReport
    from schemas.ingest import IngestProgress
    from schemas.rule_choice import DetectRequest
    from sentree.rules.library import Library
    from sentree.rules.load import Rule
    from sentree.settings import Settings

LEVELS = ("informational", "low", "medium", "high", "critical")


def ingest(
    *paths: str,
    as_format: Annotated[str, Parameter(name="--as")] = "auto",
    strict: bool = False,
    common: Common = COMMON,
) -> int:
    """Load logs, and what is known beside them, into the lake: files, folders, globs, or -.

    Args:
        paths: What to load; .gz and .zst are unpacked.
        as_format: Read everything as this format: auto, a name that the page of sources gives, or
            stix, cve, nvd, epss, kev, ssvc, oscal, prowler, sigma.
        strict: Leave with code 5 if any record could not be read (the others are loaded).
        common: Options of every command.
    """
    from sentree.analysis.knowledge import deliver
    from sentree.lake.db import Lake
    from sentree.report.tables import ingest_table

    if not paths:
        raise UsageError("ingest what? name files, folders, globs, or - for standard input")
    settings = common.settings()
    with Lake.open(settings) as lake:
        report = deliver(
            lake,
            paths,
            settings=settings,
            as_format=as_format,
            tenant=settings.tenant,
            strict=strict,
            progress=_reading(common),
        )
    common.emit(ingest_table(report), lambda: report.model_dump_json(indent=1))
    return ExitCode.DONE


def _reading(common: Common) -> Callable[[IngestProgress], None] | None:
    """Say how far the reading is, where somebody asked for it."""
    if not common.verbose:
        return None

    def tell(progress: IngestProgress) -> None:
        total = f" of {progress.bytes_total:,}" if progress.bytes_total else ""
        common.say(f"{progress.path}: {progress.bytes_read:,}{total} bytes")

    return tell


def detect(
    *,
    options: RuleOptions = ALL_RULES,
    window: str | None = None,
    fail_on: Level | None = None,
    ocsf: Path | None = None,
    only_new: bool = False,
    layers: Path | None = None,
    executor: Executor | None = None,
    common: Common = COMMON,
) -> int:
    """Run Sigma rules over the lake and store the detections.

    Without --rules, those of Sentree and those that `sentree ingest` loaded are run.

    Args:
        options: Which rules.
        window: Only events of START..END (ISO 8601, UTC).
        fail_on: Leave with code 10 if a detection has this level or a higher one.
        ocsf: Write the stored detections as OCSF Detection Findings to this file, JSON lines.
        only_new: Of detections that were stored before, neither --ocsf nor --fail-on knows.
        layers: Write ATT&CK Navigator layers of rules, detections and the gap to this folder.
        executor: prefect (a task run for each part of the events) or local; default local without
            a server.
        common: Options of every command.
    """
    from sentree.lake.db import Lake
    from sentree.lake.detections import stored_findings
    from sentree.report.detect_table import detect_table
    from sentree.report.ocsf_findings import write_findings

    settings = common.settings()
    span = read_window(window)
    with Lake.open(settings, create=False) as lake:
        library = options.library(settings, common, stored=lake)
    library.loaded.demand(len(library.left_out))
    report = _run_rules(settings, options.request(span), library, executor, common)
    if ocsf is not None:
        with Lake.open(settings, create=False) as lake:
            since = report.snapshot_id if only_new else None
            found = stored_findings(lake, settings.tenant, window=span, since_snapshot=since)
            written = write_lines(ocsf, write_findings(found))
        common.say(f"{written:,} findings are in {ocsf}")
    if layers is not None:
        write_layers(layers, library.loaded.rules, report)
        common.say(f"three layers are in {layers}")
    common.emit(detect_table(report), lambda: report.model_dump_json(indent=1))
    if fail_on and any(
        rank(hit.level) >= rank(fail_on) and (hit.new or not only_new) for hit in report.hits
    ):
        return ExitCode.FINDINGS
    return ExitCode.DONE


def _run_rules(
    settings: Settings,
    request: DetectRequest,
    library: Library,
    executor: Executor | None,
    common: Common,
) -> DetectReport:
    from tasks.environment import prepare, server_is_configured

    if executor is None:
        executor = "prefect" if server_is_configured() else "local"
    if executor == "prefect":
        prepare(settings)
        from flows.detect import detect as detect_flow

        return detect_flow(request, settings)
    from sentree.lake.db import Lake
    from sentree.rules.detect import detect as run_rules

    with Lake.open(settings, create=False) as lake:
        report = run_rules(lake, library.loaded, window=request.window, tenant=settings.tenant)
    return report.model_copy(update={"left_out": library.notes})


def rank(level: str | None) -> int:
    """Give a level's place, -1 for none."""
    return LEVELS.index(level) if level in LEVELS else -1


def write_lines(path: Path, lines: Iterable[str]) -> int:
    """Write lines to a file; give their number.

    Raises:
        UsageError: the file can't be written.
    """
    count = 0
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="utf-8") as file:
            for line in lines:
                file.write(f"{line}\n")
                count += 1
    except OSError as error:
        raise UsageError(f"{path}: can't be written: {error.strerror}") from None
    return count


def write_layers(folder: Path, rules: Sequence[Rule], report: DetectReport) -> None:
    """Write the Navigator layers of rules, detections and the gap between them.

    Raises:
        UsageError: the folder can't be written.
    """
    from sentree.report.rule_layers import detections_layer, gap_layer, rules_layer

    write_lines(folder / "rules.navigator.json", [rules_layer(rules)])
    write_lines(folder / "detections.navigator.json", [detections_layer(report)])
    write_lines(folder / "gap.navigator.json", [gap_layer(rules, report)])
