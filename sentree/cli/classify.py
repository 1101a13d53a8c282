"""The command `classify`: raw records in, the OCSF category and class of each out."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from sentree.cli.common import COMMON, Common
from sentree.cli.scenarios import (
    NO_MODEL,
    Executor,
    ModelFlags,
    finish,
    run_scenario,
)
from sentree.errors import PartlyUnreadableError, UsageError

FORMATS = ("html", "md")


def classify(
    *paths: str,
    as_format: Annotated[str, Parameter(name="--as")] = "auto",
    title: str = "",
    guess: bool = True,
    strict: Annotated[bool, Parameter(help="Leave with code 5 if any line is no record.")] = False,
    executor: Executor | None = None,
    report: tuple[str, ...] = FORMATS,
    flags: ModelFlags = NO_MODEL,
    common: Common = COMMON,
) -> int:
    """Tell the OCSF category and class of every raw record, and why; nothing is loaded.

    What no format's rules know gets its class from a trained classifier, with a probability;
    what that does not know either is Base Event (class 0), said plainly, and no error.

    Args:
        paths: Files, folders or globs, or - for standard input; .gz and .zst are unpacked.
        as_format: Read everything as this format: auto, or a name that the page of sources gives.
        title: A title for the report.
        guess: Let the trained classifier tell the class of records of no known format.
        strict: Leave with code 5 if any line is no record.
        executor: prefect (task runs with state) or local; default local without a server.
        report: Formats of the report: html, md, json, csv.
        flags: A language model that reads the records of no known format as well.
        common: Options of every command.
    """
    from schemas.classify import ClassifyRequest

    if not paths:
        raise UsageError("classify what? name files, folders, globs, or - for standard input")
    settings = flags.settings(common)
    request = ClassifyRequest(
        paths=paths,
        as_format=as_format,
        guess=guess,
        title=title,
        tenant_uid=settings.tenant,
        formats=report,
    )
    result = run_scenario(
        settings, request, common, name="classify", executor=executor, flags=flags
    )
    common.say(f"each record's class is in {settings.runs_dir / result.run_uid / 'classes.jsonl'}")
    for one in result.inputs:
        if one.note:
            common.say(f"not read: {one.path}: {one.note}")
    code = finish(result, common, strict=strict, what="lines")
    if strict and any(one.note for one in result.inputs):
        raise PartlyUnreadableError("some files are no records")
    return code
