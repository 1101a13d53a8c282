"""The command `intel`: STIX bundles in, one cited report out."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from sentree.cli.common import COMMON, Common
from sentree.cli.scenarios import (
    NO_MODEL,
    Executor,
    ModelFlags,
    finish,
    pinned_to_lake,
    run_scenario,
)
from sentree.errors import UsageError

FORMATS = ("html", "md", "navigator")


def intel(
    *paths: str,
    title: str = "",
    as_of: str | None = None,
    strict: Annotated[bool, Parameter(help="Fail when any object had to be set aside.")] = False,
    executor: Executor | None = None,
    report: tuple[str, ...] = FORMATS,
    flags: ModelFlags = NO_MODEL,
    common: Common = COMMON,
) -> int:
    """Merge STIX 2.0 and 2.1 bundles into one report whose every line cites object ids.

    Args:
        paths: Files, folders or glob patterns; without any, what `sentree ingest` loaded.
        title: A title for the report.
        as_of: Decide at this time (ISO 8601, UTC) which indicators have expired; default now.
        strict: Exit with 5 when any object had to be set aside.
        executor: prefect (task runs with state) or local; default local without a server.
        report: Formats of the report: html, md, json, navigator, csv, stix.
        flags: A language model that reads the descriptions as well.
        common: Options of every command.
    """
    from schemas.intel import IntelRequest
    from sentree.intel.stix import read_time

    time = read_time(as_of) if as_of else None
    if as_of and time is None:
        raise UsageError(f"--as-of {as_of}: is no ISO 8601 time")
    settings = flags.settings(common)
    request = IntelRequest(
        paths=paths, title=title, as_of=time, tenant_uid=settings.tenant, formats=report
    )
    request = pinned_to_lake(settings, request, "STIX")
    result = run_scenario(settings, request, common, name="intel", executor=executor, flags=flags)
    return finish(result, common, strict=strict, what="objects or files")
