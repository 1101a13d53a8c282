"""The command `eval run`: an experiment, from its plan to stored trials."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from cyclopts import Parameter

from sentree.cli.common import COMMON, Common
from sentree.cli.scenarios import Executor
from sentree.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from schemas.experiment_plan import ExperimentPlan, Unasked
    from sentree.evals.experiment.plan import Trials
    from sentree.settings import Settings

SIZES = ("8k", "32k", "50k", "100k", "150k", "200k")
CASES = ("needle", "counting", "pairing")
PATHS = ("direct", "rlm-planned", "rlm-agent")
Checked = TypeVar("Checked")
_SIZE = re.compile(r"(\d+(?:\.\d+)?)([kM]?)")
_UNITS = {"": 1, "k": 1_000, "M": 1_000_000}


def run_evaluation(
    *,
    cases: tuple[str, ...] = CASES,
    sizes: tuple[str, ...] = SIZES,
    paths: tuple[str, ...] = PATHS,
    models: tuple[str, ...] = ("embedded",),
    seeds: int = 3,
    name: str | None = None,
    direct_tokens: str = "200k",
    retrieval_tokens: str = "16k",
    leaf_tokens: str = "25k",
    turns: int = 20,
    answer_tokens: int = 8_000,
    thinking: int | None = None,
    workers: int = 8,
    at_once: int = 1,
    base_url: str | None = None,
    prices: Path | None = None,
    max_usd: float | None = None,
    max_tokens: int | None = None,
    max_calls: int | None = None,
    max_minutes: float | None = None,
    trial_usd: float | None = None,
    trial_minutes: float | None = None,
    out: Path | None = None,
    dry_run: Annotated[bool, Parameter(help="List the trials and stop; nothing is made.")] = False,
    executor: Executor | None = None,
    common: Common = COMMON,
) -> int:
    """Compare paths on the same cases: every trial is kept in the lake as soon as it ends.

    The same command again makes only the trials that are left. Lists are separated by commas.

    Args:
        cases: Tasks whose cases have known answers; `--cases list` names them.
        sizes: Sizes of the contexts in tokens of four characters, such as 8k,32k,1M.
        paths: direct, rlm-planned, rlm-agent, retrieval.
        models: embedded (no language model), a model of the Messages API, or simulated:NAME
            (crossover, none, rlm-worse): a pretended one that proves the machine.
        seeds: How many cases of each task and size.
        name: The experiment's name; without it, one that follows from what is compared.
        direct_tokens: Most tokens of records in a direct prompt.
        retrieval_tokens: Tokens of records that a search puts into a prompt.
        leaf_tokens: Tokens of records in a part that one reader reads.
        turns: Most turns of an agent.
        answer_tokens: Most tokens of one answer.
        thinking: Tokens of thinking that a turn may use.
        workers: Most model calls at once in a trial.
        at_once: Trials side by side; more than one disturbs latencies, and memory is not measured.
        base_url: A server that speaks the Messages API, instead of Anthropic's.
        prices: A price file instead of the one that comes with Sentree.
        max_usd: Most dollars for the whole experiment, all its runs together.
        max_tokens: Most tokens for the whole experiment.
        max_calls: Most model calls for the whole experiment.
        max_minutes: Most minutes of this run.
        trial_usd: Most dollars for one trial; what it reached is scored.
        trial_minutes: Most minutes for one trial.
        out: Write the trials to this file as well, one JSON object a line.
        dry_run: List the trials and stop.
        executor: prefect (a task run per trial) or local (this process); default local without
            a server.
        common: Options of every command.
    """
    from schemas.budget import Caps
    from schemas.experiment_plan import Conditions
    from sentree.evals.experiment.plan import plan_trials
    from sentree.evals.experiment.registry import FROM_FILES, TASKS

    tasks = _listed(cases)
    if tasks == ["list"]:
        about = {**{name: task.about for name, task in TASKS.items()}, **FROM_FILES}
        text = "\n".join(f"{name:12} {each}" for name, each in about.items())
        common.emit(text, lambda: _json(about))
        return ExitCode.DONE
    conditions = _checked(
        Conditions,
        direct_tokens=read_size(direct_tokens),
        retrieval_tokens=read_size(retrieval_tokens),
        leaf_tokens=read_size(leaf_tokens),
        turns=turns,
        max_tokens=answer_tokens,
        thinking_tokens=thinking,
        workers=workers,
        caps=_checked(
            Caps, usd=trial_usd, seconds=None if trial_minutes is None else trial_minutes * 60
        ),
    )
    plan = _plan(
        name,
        tasks=tuple(tasks),
        sizes=tuple(read_size(one) for one in _listed(sizes)),
        paths=tuple(_listed(paths)),
        models=tuple(_listed(models)),
        seeds=seeds,
        at_once=at_once,
        conditions=conditions,
        caps=_checked(
            Caps,
            usd=max_usd,
            tokens=max_tokens,
            calls=max_calls,
            seconds=None if max_minutes is None else max_minutes * 60,
        ),
    )
    settings = common.settings(base_url=base_url, prices=prices)
    trials = plan_trials(plan)
    for text in not_asked(trials.unasked):
        common.say(text)
    if not trials.total:
        raise UsageError("nothing is left to ask: choose other paths or models")
    if dry_run:
        labels = [one.label for _, every in trials.by_case for one in every]
        common.emit("\n".join(labels), lambda: _json(labels))
        common.say(f"{trials.total} trials")
        return ExitCode.DONE
    return _carry_out(settings, plan, trials, executor, out, common)


def read_size(text: str) -> int:
    """Read a size such as `8k`, `1M` or `12000`.

    Raises:
        UsageError: it is none.
    """
    found = _SIZE.fullmatch(text.strip())
    if found is None or not float(found[1]):
        raise UsageError(f"size '{text}': write tokens like 8k, 150k, 1M or 12000")
    return int(float(found[1]) * _UNITS[found[2]])


def not_asked(unasked: Sequence[Unasked]) -> list[str]:
    """Say what can't be asked, one line for each reason."""
    groups: dict[tuple[int | None, str, str], list[Unasked]] = {}
    for one in unasked:
        whose = one.model if one.size_tokens is None else ""
        groups.setdefault((one.size_tokens, whose, one.reason), []).append(one)
    found: list[str] = []
    for (size, model, reason), some in groups.items():
        tasks = ", ".join(dict.fromkeys(one.task for one in some))
        paths = ", ".join(dict.fromkeys(one.path.value for one in some))
        what = f" of {model}: {tasks} on {paths}" if size is None else f": {tasks} at {size:,}"
        found.append(f"not asked{what} ({reason})")
    return found


def _carry_out(
    settings: Settings,
    plan: ExperimentPlan,
    trials: Trials,
    executor: Executor | None,
    out: Path | None,
    common: Common,
) -> int:
    from sentree.evals.experiment.run import run_experiment
    from sentree.evals.experiment.summary import as_text, summarise_trials
    from sentree.lake.trials import find_trials
    from tasks.environment import prepare, server_is_configured

    common.say(f"experiment {plan.experiment}: {trials.total} trials")
    if executor is None:
        executor = "prefect" if server_is_configured() else "local"
    if executor == "local":

        def say(done: int, total: int, what: str) -> None:
            common.say(f"{done}/{total} {what}")

        run_experiment(settings, plan, say)
    else:
        prepare(settings)
        from flows.compare_paths import compare_paths

        compare_paths(plan, settings)
    wanted = {one.trial_uid for _, every in trials.by_case for one in every}
    made = [one for one in find_trials(settings, plan.experiment) if one.trial_uid in wanted]
    if out is not None:
        try:
            text = "".join(f"{one.model_dump_json()}\n" for one in made)
            out.write_text(text, encoding="utf-8")
        except OSError as error:
            raise UsageError(f"--out {out}: {error.strerror}") from None
    lines = summarise_trials(made)
    common.emit(as_text(lines), lambda: _json([one._asdict() for one in lines]))
    if len(made) < trials.total:
        common.say(f"stopped at a cap: {len(made)} of {trials.total} trials are made")
        return ExitCode.LIMIT_REACHED
    common.say(f"sentree eval report {plan.experiment}")
    return ExitCode.DONE


def _plan(name: str | None, **fields: Any) -> ExperimentPlan:
    from hashlib import sha256

    from schemas.experiment_plan import ExperimentPlan

    plan = _checked(ExperimentPlan, experiment=name or "unnamed", **fields)
    if name is None:
        text = plan.model_dump_json(exclude={"caps", "at_once"})
        digest = sha256(text.encode()).hexdigest()[:8]
        plan = plan.model_copy(update={"experiment": f"paths-{digest}"})
    return plan


def _listed(values: Sequence[str]) -> list[str]:
    """Give the words of a list that was written with commas, spaces or both."""
    words = [word.strip() for value in values for word in value.split(",")]
    # The values of one simulated model stand between commas as well.
    joined: list[str] = []
    for word in filter(None, words):
        if re.fullmatch(r"[a-z_]+=[\d.]+", word) and joined and joined[-1].startswith("simulated:"):
            joined[-1] += f",{word}"
        else:
            joined.append(word)
    return joined


def _checked(kind: type[Checked], **fields: Any) -> Checked:
    from pydantic import ValidationError

    try:
        return kind(**fields)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"{where}: {first['msg']}") from None


def _json(value: object) -> str:
    import json

    return json.dumps(value, indent=1, default=str)
