"""The command `ask`: a question to the lake, or to any text."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from sentree.cli.analyse import exit_code
from sentree.cli.common import COMMON, Common, read_window
from sentree.errors import ExitCode

if TYPE_CHECKING:
    from schemas.ask import AskEstimate, AskRequest
    from schemas.model import Model
    from schemas.result import Result


def ask(
    question: str,
    *,
    over: tuple[str, ...] = (),
    window: str | None = None,
    entity: str | None = None,
    where: str | None = None,
    route: Literal["auto", "direct", "rlm"] = "auto",
    model: str = "embedded",
    leaf_model: str | None = None,
    base_url: str | None = None,
    prices: Path | None = None,
    dry_run: bool = False,
    max_usd: float | None = None,
    max_tokens: int | None = None,
    max_calls: int | None = None,
    max_minutes: float | None = None,
    depth: int = 1,
    turns: int = 20,
    report: tuple[str, ...] = (),
    common: Common = COMMON,
) -> int:
    """Ask the lake, or any text, a question; the answer cites what it rests on.

    Args:
        question: The question, in plain words.
        over: Ask these files, folders or globs instead of the lake.
        window: Only START..END (ISO 8601, UTC).
        entity: Only events that name this host, user or IP address.
        where: Only events that meet this SQL condition.
        route: Let the router choose, or force one direct call or the recursive path.
        model: embedded (no language model), or the name of a model of the Messages API.
        leaf_model: The model that reads parts; without it, the same.
        base_url: A server that speaks the Messages API, instead of Anthropic's.
        prices: A price file instead of the one that comes with Sentree.
        dry_run: Say what it would cost, and stop.
        max_usd: Most dollars to spend.
        max_tokens: Most tokens to use.
        max_calls: Most model calls to make.
        max_minutes: Most minutes to take.
        depth: How deep sub-calls may have sessions of their own, 0 to 4.
        turns: Most turns of a session.
        report: Formats of a report: html, md, json, timesketch, navigator, csv.
        common: Options of every command.
    """
    from schemas.ask import AskRequest
    from schemas.budget import Caps
    from schemas.query import Path as RoutePath
    from schemas.query import Query
    from sentree.analysis.ask import ask as run_ask
    from sentree.analysis.ask import dry_run as estimate
    from sentree.report.document import save_result, write_reports

    settings = common.settings()
    request = AskRequest(
        query=Query(
            text=question,
            window=read_window(window),
            tenant_uid=settings.tenant,
            where=where,
            entity=entity,
        ),
        over=over,
        route=None if route == "auto" else RoutePath(route),
        model=model,
        leaf_model=leaf_model,
        caps=Caps(
            usd=max_usd,
            tokens=max_tokens,
            calls=max_calls,
            seconds=None if max_minutes is None else max_minutes * 60,
            depth=depth,
        ),
        turns=turns,
        formats=report,
    )
    if dry_run:
        told = estimate(
            settings, request, None if model == "embedded" else _model(request, base_url, prices)
        )
        common.emit("\n".join(_estimate_lines(told)), lambda: told.model_dump_json(indent=1))
        return ExitCode.DONE
    result = run_ask(settings, request, lambda: _model(request, base_url, prices))
    folder = settings.runs_dir / result.run_uid
    save_result(result, folder)
    write_reports(result, report, folder)
    common.say(f"run {result.run_uid} is in {folder}")
    common.emit("\n".join(_answer_lines(result)), lambda: result.model_dump_json(indent=1))
    return exit_code(result)


def _model(request: AskRequest, base_url: str | None, prices: Path | None) -> Model:
    from models.claude import ClaudeModel
    from models.prices import load_prices

    book = load_prices(prices)
    book.require((request.model, request.leaf_model or request.model), request.caps)
    return ClaudeModel(base_url=base_url, prices=book)


def _estimate_lines(told: AskEstimate) -> list[str]:
    dollars = "no price known" if told.usd is None else f"${told.usd[0]:.2f} to ${told.usd[1]:.2f}"
    return [
        f"scope     {told.events:,} events, {told.characters:,} characters",
        f"route     {told.path}: {'; '.join(told.reasons)}",
        f"plan      {told.partitions:,} parts, {told.calls[0]:,} to {told.calls[1]:,} calls",
        f"estimate  in {told.input_tokens[0]:,} to {told.input_tokens[1]:,} tokens, "
        f"out {told.output_tokens[0]:,} to {told.output_tokens[1]:,}, {dollars}",
    ]


def _answer_lines(result: Result) -> list[str]:
    from sentree.report.escape import terminal

    lines = ["SIMULATED: no language model answered"] if result.simulated else []
    for claim in result.summary:
        cited = ", ".join(dict.fromkeys(ev.event_uid for ev in claim.evidence))
        lines.append(f"{terminal(claim.text)}  [{cited}]")
    lines += [f"not found: {terminal(text)}" for text in result.ruled_out]
    lines += [f"note: {terminal(text)}" for text in result.notes]
    coverage, check = result.coverage, result.verification
    lines.append(
        f"{check.kept} of {check.checked} claims hold; {coverage.events_looked_at:,} of "
        f"{coverage.events_in_scope:,} events looked at; {result.analyst.name}"
        f"{'' if result.analyst.is_language_model else ' (no language model)'}"
    )
    return lines
