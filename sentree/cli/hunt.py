"""The command `hunt`: indicators in, sightings in the lake's events out."""

from __future__ import annotations

from typing import Literal

from sentree.cli.common import COMMON, Common, read_window
from sentree.cli.look import MOST_LINES, chosen, tell
from sentree.errors import ExitCode, UsageError


def hunt(
    *,
    indicators: tuple[str, ...] = (),
    window: str | None = None,
    as_of: str | None = None,
    within_validity: bool = False,
    include_invalid: bool = False,
    keep: bool = False,
    fail_on: Literal["informational", "low", "medium", "high", "critical"] | None = None,
    limit: int = MOST_LINES,
    report: tuple[str, ...] = (),
    common: Common = COMMON,
) -> int:
    """Run STIX indicators' patterns over the events of the lake.

    Args:
        indicators: STIX files, folders or globs; without it, the indicators that the lake has.
        window: Only events of START..END (ISO 8601, UTC).
        as_of: Run the indicators that are valid at this time (ISO 8601, UTC); default now.
        within_validity: Only events that happened while their indicator was valid.
        include_invalid: Run revoked, deprecated, expired and future indicators as well.
        keep: Store the sightings as detections, so that digests and pivots have them.
        fail_on: Leave with code 10 if a sighting has this level or a higher one.
        limit: Most rows of a table on the terminal; reports and JSON have more.
        report: Write a report as well: html, md, json, csv.
        common: Options of every command.
    """
    from schemas.hunt import HuntReport, HuntRequest
    from schemas.look import LEVELS
    from sentree.analysis.hunt import hunt as run
    from sentree.analysis.hunt.keep import keep_sightings
    from sentree.intel.stix import read_time
    from sentree.lake.db import Lake

    time = read_time(as_of) if as_of else None
    if as_of and time is None:
        raise UsageError(f"--as-of {as_of}: is no ISO 8601 time")
    settings = common.settings()
    request = HuntRequest(
        paths=indicators,
        tenants=chosen(settings),
        window=read_window(window),
        as_of=time,
        within_validity=within_validity,
        include_invalid=include_invalid,
        formats=report,
    )
    with Lake.open(settings, create=False) as lake:
        result = run(lake, settings, request)
        found = HuntReport.model_validate(result.data)
        if keep:
            common.say(f"{keep_sightings(lake, found):,} new detections are stored")
    tell(result, settings, common, report, limit)
    least = LEVELS.index(fail_on) if fail_on else len(LEVELS)
    if any(LEVELS.index(level) >= least for level, _ in found.by_level):
        return ExitCode.FINDINGS
    return ExitCode.DONE
