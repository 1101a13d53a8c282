"""How the commands of the record scenarios run: in this process, or as a Prefect flow."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from sentree.cli.common import Common
from sentree.errors import ExitCode

if TYPE_CHECKING:
    from schemas.reading import ModelUse
    from schemas.result import Result
    from sentree.settings import Settings

Executor = Literal["prefect", "local"]
NAMED = 20


@Parameter(name="*")
@dataclass(frozen=True)
class ModelFlags:
    """Options of the commands whose records a language model can read as well."""

    model: Annotated[
        str | None,
        Parameter(help="A model of the Messages API reads the records as well, or scripted:FILE."),
    ] = None
    route: Annotated[
        Literal["auto", "direct", "rlm"],
        Parameter(help="With a model: one call over what fits, or one call a part."),
    ] = "auto"
    base_url: Annotated[str | None, Parameter(help="A server instead of Anthropic's.")] = None
    prices: Annotated[Path | None, Parameter(help="A price file of your own.")] = None
    redaction: Annotated[
        str | None, Parameter(help="A policy file of what no model may see, or off.")
    ] = None
    batch: Annotated[
        int | None, Parameter(help="Hand readings in as one Message Batch from so many on.")
    ] = None
    fresh: Annotated[bool, Parameter(help="Ask the model anew, whatever was answered.")] = False
    max_usd: Annotated[float | None, Parameter(help="Most dollars to spend.")] = None
    max_tokens: Annotated[int | None, Parameter(help="Most tokens to use.")] = None
    max_calls: Annotated[int | None, Parameter(help="Most model calls to make.")] = None
    max_minutes: Annotated[float | None, Parameter(help="Most minutes of reading.")] = None

    def settings(self, common: Common, **more: object) -> Settings:
        """Load the settings with these flags on top."""
        return common.settings(
            base_url=self.base_url, prices=self.prices, redaction=self.redaction, **more
        )

    def use(self) -> ModelUse | None:
        """Give what the flags ask for; None if no model is named.

        Raises:
            UsageError: an option's value is out of its range.
        """
        from pydantic import ValidationError

        from schemas.budget import Caps
        from schemas.query import Path as RoutePath
        from schemas.reading import ModelUse
        from sentree.errors import UsageError

        if self.model in (None, "embedded"):
            return None
        try:
            return ModelUse(
                model=str(self.model),
                route=None if self.route == "auto" else RoutePath(self.route),
                caps=Caps(
                    usd=self.max_usd,
                    tokens=self.max_tokens,
                    calls=self.max_calls,
                    seconds=None if self.max_minutes is None else self.max_minutes * 60,
                ),
                batch=self.batch,
                fresh=self.fresh,
            )
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            raise UsageError(f"{where}: {first['msg']}") from None


NO_MODEL = ModelFlags()


def pinned_to_lake(settings: Settings, request: Any, what: str) -> Any:
    """Pin a request that names no file to the lake's newest snapshot; `what` it would read there.

    Raises:
        UsageError: there is no lake either.
    """
    from sentree.errors import UsageError

    if request.paths:
        return request
    from sentree.analysis.knowledge.stored import pinned
    from sentree.lake.catalog import NoLakeError

    try:
        return pinned(settings, request)
    except NoLakeError:
        raise UsageError(
            f"name at least one file, folder or glob pattern of {what}; without one those are read"
            " that `sentree ingest` loaded, but there is no lake"
        ) from None


def run_scenario(
    settings: Settings,
    request: Any,
    common: Common,
    *,
    name: str,
    executor: Executor | None,
    flags: ModelFlags = NO_MODEL,
) -> Result:
    """Run one scenario, write its reports, print its summary; gives the result.

    The scenario `name` is the function `run` of `sentree.analysis.<name>`, taking settings and
    the request, and the flow `<name>` of `flows.<name>`, taking the request and the settings.
    With a model, `reading_task` of that module says what is read and asked; the model reads after
    the computed part is done. Without a choice the flow runs where a Prefect server is
    configured: these commands take seconds, and a server of their own would take longer to start
    than they run.
    """
    from sentree.report.document import load_result, save_result, write_reports
    from sentree.report.terminal import summary_lines
    from tasks.environment import prepare, server_is_configured

    use = flags.use()
    if use is not None:
        from sentree.analysis.model_choice import open_model

        # A missing key or price is told before anything is read.
        open_model(settings, use)
    if executor is None:
        executor = "prefect" if server_is_configured() else "local"
    if executor == "local":
        result: Result = import_module(f"sentree.analysis.{name}").run(settings, request)
        run_dir = settings.runs_dir / result.run_uid
        save_result(result, run_dir)
        if use is not None:
            from sentree.analysis.model_reading import read_scenario

            result = read_scenario(settings, name, request, use, result, run_dir)
            save_result(result, run_dir)
        write_reports(result, request.formats, run_dir)
    else:
        prepare(settings)
        flow = getattr(import_module(f"flows.{name}"), name)
        run_uid = flow(request, settings)
        if use is not None:
            from flows.reading import reading

            reading(name, request, use, run_uid, settings)
        result = load_result(settings.runs_dir / run_uid / "result.json")
    common.say(f"run {result.run_uid} is in {settings.runs_dir / result.run_uid}")
    common.emit("\n".join(summary_lines(result)), lambda: result.model_dump_json(indent=1))
    return result


def finish(result: Result, common: Common, *, strict: bool, what: str) -> ExitCode:
    """Say what was set aside, and give the code that a scenario's command ends with.

    Args:
        result: what came out.
        common: options of every command.
        strict: whether anything set aside is an error.
        what: what may have been set aside, in the plural.

    Raises:
        UnverifiedError: verification dropped every claim.
        ModelError: the model refused or could not be reached.
        PartlyUnreadableError: something was set aside, and `strict`.
    """
    from sentree.errors import ModelError, PartlyUnreadableError, UnverifiedError

    set_aside = [one for one in result.inputs if one.rejected]
    for one in set_aside[:NAMED]:
        common.say(f"set aside in {one.path}: {one.rejected} ({one.note})")
    verification = result.verification
    if verification.checked and not verification.kept:
        raise UnverifiedError(f"verification dropped all {verification.checked} claims")
    if result.limit_hit is not None:
        return ExitCode.LIMIT_REACHED
    if result.failure:
        raise ModelError(result.failure)
    if strict and set_aside:
        number = sum(one.rejected for one in set_aside)
        raise PartlyUnreadableError(f"{number} {what} could not be used")
    return ExitCode.DONE
