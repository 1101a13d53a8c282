"""The command `ask`: a question to the lake, or to any text."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from sentree.cli.analyse import exit_code
from sentree.cli.common import COMMON, Common, read_window
from sentree.errors import ExitCode, ModelError, UsageError

if TYPE_CHECKING:
    from schemas.ask import AskEstimate, AskRequest
    from schemas.budget import Caps
    from schemas.claim import Evidence
    from schemas.result import Result
    from sentree.settings import Settings

Checked = TypeVar("Checked")
SHOWN_ROWS = 50
SHOWN_UIDS = 8
SHOWN_NOTE = 2_000


def ask(
    question: str | None = None,
    *,
    over: tuple[str, ...] = (),
    window: str | None = None,
    entity: str | None = None,
    where: str | None = None,
    route: Literal["auto", "direct", "rlm"] = "auto",
    model: str | None = None,
    leaf_model: str | None = None,
    base_url: str | None = None,
    prices: Path | None = None,
    redaction: str | None = None,
    stream: bool = False,
    thinking: int | None = None,
    batch: int | None = None,
    workers: int = 8,
    dry_run: bool = False,
    fresh: bool = False,
    resume: str | None = None,
    executor: Literal["prefect", "local"] | None = None,
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

    The same question asked again after it was cut off goes on where it stopped.

    Args:
        question: The question, in plain words.
        over: Ask these files, folders or globs instead of the lake.
        window: Only START..END (ISO 8601, UTC).
        entity: Only events that name this host, user or IP address.
        where: Only events that meet this SQL condition.
        route: Let the router choose, or force one direct call or the recursive path.
        model: embedded (no language model), a model of the Messages API, or scripted:FILE (a
            recording: the calls.jsonl of a run).
        leaf_model: The model that reads parts; without it, the same.
        base_url: A server that speaks the Messages API, instead of Anthropic's.
        prices: A price file instead of the one that comes with Sentree.
        redaction: A policy file of what no model may see; secrets are masked without one, and
            `off` sends everything as it stands.
        stream: Stream every answer of the model.
        thinking: Tokens of thinking that a turn may use; thinking is never evidence.
        batch: Hand readings in as one Message Batch from this many of them on: half the price,
            answered within a day.
        workers: Most model calls at once.
        dry_run: Say what it would cost, and stop; nothing is sent, no key is needed.
        fresh: Ask anew, whatever was answered before.
        resume: Go on with this run, over the context it had; caps given here replace its own.
        executor: prefect (readings as task runs) or local (threads). Without it, what needs
            neither a model nor more than one call runs locally.
        max_usd: Most dollars to spend.
        max_tokens: Most tokens to use.
        max_calls: Most model calls to make.
        max_minutes: Most minutes to work, those before a resume among them.
        depth: How deep sub-calls may have sessions of their own, 0 to 4.
        turns: Most turns of a session.
        report: Formats of a report: html, md, json, timesketch, navigator, csv.
        common: Options of every command.
    """
    from schemas.ask import AskRequest
    from schemas.budget import Caps
    from schemas.query import Path as RoutePath
    from schemas.query import Query
    from sentree.analysis.ask import dry_run as estimate

    settings = common.settings(
        model=model,
        leaf_model=leaf_model,
        base_url=base_url,
        prices=prices,
        redaction=redaction,
        stream=stream or None,
    )
    caps = _checked(
        Caps,
        usd=max_usd,
        tokens=max_tokens,
        calls=max_calls,
        seconds=None if max_minutes is None else max_minutes * 60,
        depth=depth,
    )
    if resume is not None:
        request = _resumed(settings, resume, question, caps)
    elif question is None:
        raise UsageError("ask what? give a question, or --resume RUN")
    else:
        query = Query(
            text=question,
            window=read_window(window),
            tenant_uid=settings.tenant,
            where=where,
            entity=entity,
        )
        request = _checked(
            AskRequest,
            query=query,
            over=over,
            route=None if route == "auto" else RoutePath(route),
            model=settings.model,
            leaf_model=settings.leaf_model,
            caps=caps,
            turns=turns,
            workers=workers,
            batch=batch,
            thinking_tokens=thinking,
            fresh=fresh,
            formats=report,
        )
    if dry_run:
        told = estimate(settings, request)
        common.emit("\n".join(_estimate_lines(told)), lambda: told.model_dump_json(indent=1))
        return ExitCode.DONE
    result = _run(settings, request, resume, executor, common)
    common.say(f"run {result.run_uid} is in {settings.runs_dir / result.run_uid}")
    common.emit("\n".join(_answer_lines(result)), lambda: result.model_dump_json(indent=1))
    if result.failure:
        raise ModelError(result.failure)
    return exit_code(result)


def _checked(kind: type[Checked], **values: Any) -> Checked:
    """Build what the options describe.

    Raises:
        UsageError: an option's value is out of its range.
    """
    from pydantic import ValidationError

    try:
        return kind(**values)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"{name}: {first['msg']}") from None


def _resumed(settings: Settings, run_uid: str, question: str | None, caps: Caps) -> AskRequest:
    from sentree.analysis.ask_scope import request_of

    if question is not None:
        raise UsageError("--resume takes up a run's own question: leave the question out")
    request = request_of(settings, run_uid)
    given = caps.model_dump(exclude={"depth"}, exclude_none=True)
    return request.model_copy(update={"caps": request.caps.model_copy(update=given)})


def _run(
    settings: Settings,
    request: AskRequest,
    resume: str | None,
    executor: Literal["prefect", "local"] | None,
    common: Common,
) -> Result:
    """Answer in this process, or hand a prepared run to the flow where the agent is to work."""
    from schemas.ask import EMBEDDED
    from schemas.query import Path as RoutePath
    from sentree.analysis.ask import answer
    from sentree.analysis.ask_scope import prepare
    from sentree.analysis.model_choice import open_model
    from sentree.report.document import save_result, write_reports

    # A missing key or price is told before anything is exported.
    model = None if request.model == EMBEDDED else open_model(settings, request)
    if executor == "prefect":
        return _flow(settings, request, resume, common)
    with prepare(settings, request, resume) as prepared:
        small = model is None or prepared.route.path is RoutePath.DIRECT
        if prepared.resumed:
            common.say(f"going on with run {prepared.run_dir.name}")
        if executor == "local" or small or settings.executor == "local":
            result = answer(settings, prepared, model)
            save_result(result, prepared.run_dir)
            write_reports(result, request.formats, prepared.run_dir)
            return result
    return _flow(settings, request, prepared.run_dir.name, common)


def _flow(settings: Settings, request: AskRequest, resume: str | None, common: Common) -> Result:
    from sentree.errors import SentreeError
    from sentree.report.document import load_result
    from tasks.environment import prepare, server_is_configured

    prepare(settings)
    if not server_is_configured():
        common.say("no Prefect server is configured (PREFECT_API_URL): starting one for this run")
    from flows.ask import ask as ask_flow

    state = ask_flow(request, settings, resume, return_state=True)
    outcome = state.result(raise_on_failure=False)
    if isinstance(outcome, SentreeError):
        raise outcome
    # A failed state wraps its data, the run's uid, in an error.
    path = settings.runs_dir / str(outcome) / "result.json"
    if isinstance(outcome, BaseException) and not path.is_file():
        raise outcome
    return load_result(path)


def _estimate_lines(told: AskEstimate) -> list[str]:
    dollars = "no price known" if told.usd is None else f"${told.usd[0]:.2f} to ${told.usd[1]:.2f}"
    return [
        f"scope     {told.events:,} events, {told.characters:,} characters",
        f"route     {told.path}: {'; '.join(told.reasons)}",
        f"plan      {told.partitions:,} parts, {told.calls[0]:,} to {told.calls[1]:,} calls",
        f"estimate  in {told.input_tokens[0]:,} to {told.input_tokens[1]:,} tokens, "
        f"out {told.output_tokens[0]:,} to {told.output_tokens[1]:,}, {dollars}",
        f"meaning   {told.meaning}",
        *([f"redaction {told.redaction}"] if told.redaction else []),
    ]


def _cited(evidence: Sequence[Evidence]) -> str:
    uids = list(dict.fromkeys(one.event_uid for one in evidence))
    more = f" and {len(uids) - SHOWN_UIDS} more" if len(uids) > SHOWN_UIDS else ""
    return ", ".join(uids[:SHOWN_UIDS]) + more


def _answer_lines(result: Result) -> list[str]:
    from sentree.report.escape import cut, terminal
    from sentree.report.terminal import table_lines

    lines = ["SIMULATED: no language model answered"] if result.simulated else []
    if result.limit_hit or result.failure:
        lines.append("PARTIAL: the run ended before it was done")
    for claim in result.summary:
        lines.append(f"{terminal(claim.text)}  [{_cited(claim.evidence)}]")
        if claim.against:
            lines.append(f"  against it: [{_cited(claim.against)}]")
    lines += [f"not found: {terminal(text)}" for text in result.ruled_out]
    for table in (table for section in result.sections for table in section.tables):
        lines += ["", *table_lines(table, SHOWN_ROWS), *filter(None, [terminal(table.note)]), ""]
    lines += [f"note: {terminal(cut(text, SHOWN_NOTE))}" for text in result.notes]
    coverage, check = result.coverage, result.verification
    lines.append(
        f"{check.kept} of {check.checked} claims hold; {coverage.events_looked_at:,} of "
        f"{coverage.events_in_scope:,} events looked at; {terminal(result.analyst.name)}"
        f"{'' if result.analyst.is_language_model else ' (no language model)'}"
    )
    return lines
