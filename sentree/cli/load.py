"""Commands that bring something into the lake: `ingest`, `detect`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from sentree.cli.common import COMMON, Common, pick_rules, read_window
from sentree.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from schemas.ingest import IngestProgress

LEVELS = ("informational", "low", "medium", "high", "critical")


def ingest(
    *paths: str,
    as_format: Annotated[str, Parameter(name="--as")] = "auto",
    strict: bool = False,
    common: Common = COMMON,
) -> int:
    """Load logs into the lake: files, folders, globs, or - for standard input.

    Args:
        paths: What to load; .gz and .zst are unpacked.
        as_format: Read everything as this format: auto, ocsf, windows, cloudtrail, m365,
            entra, zeek, base.
        strict: Leave with code 5 if any record could not be read (the others are loaded).
        common: Options of every command.
    """
    from sentree.lake.db import Lake
    from sentree.lake.ingest import ingest as load
    from sentree.report.tables import ingest_table

    if not paths:
        raise UsageError("ingest what? name files, folders, globs, or - for standard input")
    settings = common.settings()
    with Lake.open(settings) as lake:
        report = load(
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
    rules: tuple[Path, ...] = (),
    window: str | None = None,
    fail_on: Literal["informational", "low", "medium", "high", "critical"] | None = None,
    common: Common = COMMON,
) -> int:
    """Run Sigma rules over the lake and store the detections.

    Args:
        rules: Rule files or folders; without it, the rules that come with Sentree.
        window: Only events of START..END (ISO 8601, UTC).
        fail_on: Leave with code 10 if a detection has this level or a higher one.
        common: Options of every command.
    """
    from sentree.lake.db import Lake
    from sentree.report.tables import detect_table
    from sentree.rules.detect import detect as run_rules
    from sentree.rules.load import load_rules

    settings = common.settings()
    loaded = load_rules(pick_rules(rules), cache=settings.rule_cache)
    for problem in loaded.errors if not common.quiet else ():
        common.say(f"rule not used: {problem}")
    with Lake.open(settings, create=False) as lake:
        report = run_rules(lake, loaded, window=read_window(window), tenant=settings.tenant)
    common.emit(detect_table(report), lambda: report.model_dump_json(indent=1))
    if fail_on and any(level in LEVELS[LEVELS.index(fail_on) :] for level, _ in report.by_level):
        return ExitCode.FINDINGS
    return ExitCode.DONE
