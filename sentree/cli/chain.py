"""The command `chain`: accounts of an incident in, techniques in order and transitions out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from schemas.chain import Order
from sentree.cli.common import COMMON, Common
from sentree.cli.scenarios import (
    NO_MODEL,
    Executor,
    ModelFlags,
    finish,
    run_scenario,
)
from sentree.errors import UsageError

if TYPE_CHECKING:
    from schemas.result import Result
    from sentree.settings import Settings

FORMATS = ("html", "md", "navigator")


def chain(
    *paths: str,
    run: Annotated[str | None, Parameter(help="Show the chain of a timeline run.")] = None,
    title: str = "",
    order: Order = "auto",
    blind: bool = False,
    examples: tuple[str, ...] = (),
    attack_flow: Path | None = None,
    strict: Annotated[bool, Parameter(help="Fail when anything had to be set aside.")] = False,
    executor: Executor | None = None,
    report: tuple[str, ...] = FORMATS,
    flags: ModelFlags = NO_MODEL,
    common: Common = COMMON,
) -> int:
    """Give the ATT&CK chain of accounts in prose, JSON or Attack Flow, or of a timeline run.

    Args:
        paths: Files, folders or glob patterns.
        run: A timeline run whose chain to show instead.
        title: A title for the report.
        order: stated (the file's), inferred (from what steps say), or auto (the likelier).
        blind: Hide the technique ids and links that files state, as an examination does.
        examples: STIX files whose relationship descriptions teach the words of techniques.
        attack_flow: Write the chain there as an Attack Flow (STIX 2.1 bundle).
        strict: Exit with 5 when anything had to be set aside.
        executor: prefect (task runs with state) or local; default local without a server.
        report: Formats of the report: html, md, json, navigator, csv, stix, attack-flow.
        flags: A language model that reads the steps as well.
        common: Options of every command.
    """
    from schemas.chain import ChainRequest

    if bool(paths) == bool(run):
        raise UsageError("name files with accounts, or a timeline run with --run")
    settings = flags.settings(common)
    if run:
        result = _run_chain(settings, run, common)
    else:
        request = ChainRequest(
            paths=paths,
            title=title,
            order=order,
            blind=blind,
            examples=examples,
            tenant_uid=settings.tenant,
            formats=report,
        )
        result = run_scenario(
            settings, request, common, name="chain", executor=executor, flags=flags
        )
    if attack_flow:
        _write_flow(result, attack_flow, common)
    return finish(result, common, strict=strict, what="steps or files")


def _run_chain(settings: Settings, name: str, common: Common) -> Result:
    """Show the chain of a run that has a timeline."""
    from sentree.analysis.chain.tables import timeline_section
    from sentree.cli.read import find_run
    from sentree.report.terminal import section_lines

    result = find_run(settings, name)
    if result.timeline is None:
        raise UsageError(
            f"run {result.run_uid} has no timeline: name files, or a run of timeline or demo"
        )
    shown = result.model_copy(update={"sections": (timeline_section(result.timeline),)})
    common.emit(
        "\n".join(section_lines(shown)).strip(),
        lambda: (
            shown.timeline.model_dump_json(include={"chain", "transitions"}, indent=1)
            if shown.timeline
            else "{}"
        ),
    )
    return result


def _write_flow(result: Result, path: Path, common: Common) -> None:
    from sentree.errors import ConfigurationError
    from sentree.report.attack_flow import render_attack_flow

    try:
        path.write_text(render_attack_flow(result), encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"{path} can't be written: {error.strerror}") from None
    common.say(f"the Attack Flow is in {path}")
