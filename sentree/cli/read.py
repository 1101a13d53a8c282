"""Commands that read a finished run: `show`, `report`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from sentree.cli.common import COMMON, Common
from sentree.errors import ExitCode, NotFoundError

if TYPE_CHECKING:
    from schemas.result import Result
    from sentree.settings import Settings


def show(
    run: str = "latest",
    *,
    claim: str | None = None,
    node: str | None = None,
    event: str | None = None,
    common: Common = COMMON,
) -> int:
    """Show a run, or drill down to one claim, node or event.

    Args:
        run: The run's uid, the start of one, or latest.
        claim: Number or uid of a claim or timeline entry: its evidence.
        node: Uid of a node of the tree, or `tree` for all of it.
        event: Uid of a cited event: normalised and raw record, file and line.
        common: Options of every command.
    """
    from sentree.report import terminal_views
    from sentree.report.terminal import run_view

    result = find_run(common.settings(), run)
    if claim is not None:
        text = terminal_views.claim_view(result, claim)
    elif node is not None:
        text = terminal_views.node_view(result, node)
    elif event is not None:
        result = _with_event(common.settings(), result, event)
        text = terminal_views.event_view(result, event)
    else:
        text = run_view(result)
    common.emit(text, lambda: result.model_dump_json(indent=1))
    return ExitCode.DONE


def report(
    run: str = "latest",
    *,
    to: tuple[str, ...] = ("html",),
    out: Annotated[Path | None, Parameter(name=["--out", "-o"])] = None,
    common: Common = COMMON,
) -> int:
    """Write the reports of a run again, in any format; prints the paths.

    Args:
        run: The run's uid, the start of one, latest, or the path of a result.json.
        to: Formats: html, md, json, timesketch, navigator, csv, stix, oscal.
        out: Folder to write to; without it, the run's own.
        common: Options of every command.
    """
    from sentree.report.document import write_reports

    settings = common.settings()
    result = find_run(settings, run)
    paths = write_reports(result, to, out or settings.runs_dir / result.run_uid)
    lines = [str(path) for path in paths]
    common.emit("\n".join(lines), lambda: _json_list(lines))
    return ExitCode.DONE


def find_run(settings: Settings, run: str) -> Result:
    """Load the result a user names.

    Raises:
        NotFoundError: there is no such run, or several.
    """
    from sentree.report.document import load_result

    if run.endswith(".json"):
        return load_result(Path(run))
    folder = settings.runs_dir
    known = sorted(path.parent.name for path in folder.glob("*/result.json"))
    if not known:
        raise NotFoundError(f"no finished run in {folder}: start one with `sentree timeline`")
    matches = known[-1:] if run == "latest" else [name for name in known if name.startswith(run)]
    if len(matches) != 1:
        what = f"{len(matches)} runs start with" if matches else "no run is called"
        raise NotFoundError(f"{what} '{run}'; newest: {', '.join(known[-3:])}")
    return load_result(folder / matches[0] / "result.json")


def _with_event(settings: Settings, result: Result, event_uid: str) -> Result:
    """Give the result with an event that it looked at but did not cite, from the run's context."""
    context_path = settings.runs_dir / result.run_uid / "context.duckdb"
    if any(one.event_uid == event_uid for one in result.cited_events) or not context_path.is_file():
        return result
    from sentree.lake.context import Context

    with Context.open(context_path) as context:
        found = tuple(context.cited([event_uid]))
    return result.model_copy(update={"cited_events": (*result.cited_events, *found)})


def _json_list(lines: list[str]) -> str:
    import json

    return json.dumps(lines, indent=1)
