"""Quick looks over the lake: `metrics`, `search`, `pivot`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from sentree.cli.common import COMMON, Common, read_window
from sentree.errors import ExitCode

if TYPE_CHECKING:
    from schemas.result import Result
    from sentree.settings import Settings

MOST_LINES = 40


def metrics(
    *parts: Literal["events", "computers", "channels", "logons"],
    window: str | None = None,
    limit: int = MOST_LINES,
    report: tuple[str, ...] = (),
    common: Common = COMMON,
) -> int:
    """Count what the events are: event ids, computers, channels, logons; by tenant.

    Args:
        parts: Only these tables; without it, all of them.
        window: Only events of START..END (ISO 8601, UTC).
        limit: Most rows of a table on the terminal; reports and JSON have more.
        report: Write a report as well: html, md, json, csv (of the first table).
        common: Options of every command.
    """
    from schemas.look import LookRequest
    from sentree.analysis.look.metrics import PARTS
    from sentree.analysis.look.metrics import metrics as run
    from sentree.lake.db import Lake

    settings = common.settings()
    request = LookRequest(tenants=chosen(settings), window=read_window(window), formats=report)
    with Lake.open(settings, create=False) as lake:
        result = run(lake, settings, request, parts or PARTS)
    tell(result, settings, common, report, limit)
    return ExitCode.DONE


def search(
    *terms: str,
    regex: Annotated[tuple[str, ...], Parameter(name="--regex", consume_multiple=False)] = (),
    field: Annotated[tuple[str, ...], Parameter(name="--field", consume_multiple=False)] = (),
    any_term: Annotated[bool, Parameter(name="--any")] = False,
    match_case: Annotated[bool, Parameter(name="--case")] = False,
    newest: bool = False,
    window: str | None = None,
    limit: int = 50,
    report: tuple[str, ...] = (),
    common: Common = COMMON,
) -> int:
    r"""Find the events that hold texts, regular expressions or values of fields.

    Args:
        terms: Texts that an event must hold, as they stand; in any letter case.
        regex: An RE2 pattern that must match; may be given several times.
        field: NAME=VALUE (* and ? stand for anything), NAME!=VALUE or NAME~REGEX; NAME is Sigma's,
            OCSF's or the producer's own. May be given several times.
        any_term: One of the texts is enough.
        match_case: Letter case counts.
        newest: Show the newest first.
        window: Only events of START..END (ISO 8601, UTC).
        limit: Most events to show; all are counted.
        report: Write a report as well: html, md, json, csv.
        common: Options of every command.
    """
    from pydantic import ValidationError

    from schemas.look import SearchRequest
    from sentree.analysis.look.search import search as run
    from sentree.errors import UsageError
    from sentree.lake.db import Lake

    settings = common.settings()
    try:
        request = SearchRequest(
            terms=terms,
            patterns=regex,
            fields=field,
            any_term=any_term,
            match_case=match_case,
            newest_first=newest,
            limit=limit,
            tenants=chosen(settings),
            window=read_window(window),
            formats=report,
        )
    except ValidationError as error:
        raise UsageError(f"--limit {limit}: {error.errors()[0]['msg']}") from None
    with Lake.open(settings, create=False) as lake:
        result = run(lake, settings, request)
    tell(result, settings, common, report, limit)
    return ExitCode.DONE


def pivot(
    *kinds: Literal[
        "user", "host", "address", "domain", "url", "hash", "process", "command", "file"
    ],
    level: Literal["informational", "low", "medium", "high", "critical"] = "medium",
    window: str | None = None,
    limit: int = MOST_LINES,
    indicators: Annotated[Path | None, Parameter(name="--indicators")] = None,
    report: tuple[str, ...] = (),
    common: Common = COMMON,
) -> int:
    """List what the findings name, to search for elsewhere: users, hosts, addresses, hashes.

    Args:
        kinds: Only these kinds; without it, all of them.
        level: Only findings of this level or a higher one.
        window: Only events of START..END (ISO 8601, UTC).
        limit: Most rows of a table on the terminal; reports and JSON have more.
        indicators: Write STIX 2.1 indicators there; internal addresses, users and hosts are none.
        report: Write a report as well: html, md, json, csv.
        common: Options of every command.
    """
    from schemas.look import PIVOT_KINDS, PivotReport, PivotRequest
    from sentree.analysis.look.pivot import pivot as run
    from sentree.lake.db import Lake
    from sentree.report.indicators import write_indicators

    settings = common.settings()
    request = PivotRequest(
        tenants=chosen(settings),
        window=read_window(window),
        level=level,
        kinds=kinds or PIVOT_KINDS,
        formats=report,
    )
    with Lake.open(settings, create=False) as lake:
        result = run(lake, settings, request)
    if indicators is not None:
        found = PivotReport.model_validate(result.data)
        number = write_indicators(found, result.created_at, indicators)
        common.say(f"{number:,} indicators are in {indicators}")
    tell(result, settings, common, report, limit)
    return ExitCode.DONE


def chosen(settings: Settings) -> tuple[str, ...]:
    """Give the tenant that was set, else none: then all of them are looked at."""
    return (settings.tenant,) if "tenant" in settings.model_fields_set else ()


def tell(
    result: Result, settings: Settings, common: Common, formats: tuple[str, ...], limit: int
) -> None:
    """Print a look, and write its reports if any are wanted."""
    import json

    from sentree.report.document import save_result, write_reports
    from sentree.report.terminal import look_lines

    if formats:
        run_dir = settings.runs_dir / result.run_uid
        save_result(result, run_dir)
        for path in write_reports(result, formats, run_dir):
            common.say(f"wrote {path}")
    common.emit("\n".join(look_lines(result, limit)), lambda: json.dumps(result.data, indent=1))
