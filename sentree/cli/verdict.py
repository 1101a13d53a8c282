"""The commands `eval report` and `eval decide`: what the trials of an experiment add up to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from sentree.cli.common import COMMON, Common
from sentree.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from schemas.experiment import EvalPath, Trial
    from schemas.verdict import Criteria, VerdictReport

PathName = Literal["direct", "rlm-planned", "rlm-agent", "retrieval"]
_RANK = {"Defer": 0, "Monitor": 1, "Adopt": 2}


@Parameter(name="*")
@dataclass(frozen=True)
class Judging:
    """Which trials are judged, and by which thresholds."""

    trials: Annotated[
        tuple[Path, ...], Parameter(help="Files of trials (JSON lines or Parquet) instead.")
    ] = ()
    baseline: Annotated[PathName, Parameter(help="What the paths are compared with.")] = "direct"
    path: Annotated[
        tuple[PathName, ...], Parameter(help="Only these paths; by default the RLM paths.")
    ] = ()
    model: Annotated[tuple[str, ...], Parameter(help="Only these models.")] = ()
    task: Annotated[tuple[str, ...], Parameter(help="Only these tasks.")] = ()
    improvement: Annotated[
        float, Parameter(help="Adopt: better than the baseline by more than this share.")
    ] = 0.20
    min_tasks: Annotated[int, Parameter(help="Adopt: on at least so many tasks.")] = 3
    cost: Annotated[float, Parameter(help="Adopt: at less than so many times the cost.")] = 2.0
    seconds: Annotated[
        float, Parameter(help="Adopt: 95 % of the answers come within so many seconds.")
    ] = 300.0
    above: Annotated[int, Parameter(help="Decide on contexts of more tokens only.")] = 0
    seed: Annotated[int, Parameter(help="Seed of the bootstrap.")] = 7

    def criteria(self) -> Criteria:
        """Give the thresholds.

        Raises:
            UsageError: one is out of its range.
        """
        from pydantic import ValidationError

        from schemas.verdict import Criteria

        try:
            return Criteria(
                improvement=self.improvement,
                tasks=self.min_tasks,
                cost_ratio=self.cost,
                seconds=self.seconds,
                above_tokens=self.above,
            )
        except ValidationError as error:
            first = error.errors()[0]
            names = {"cost_ratio": "cost", "above_tokens": "above", "tasks": "min-tasks"}
            name = str(first["loc"][0])
            raise UsageError(f"--{names.get(name, name)}: {first['msg']}") from None


JUDGING = Judging()


def decide(
    experiment: str | None = None,
    *,
    require: Literal["adopt", "monitor"] | None = None,
    judging: Judging = JUDGING,
    common: Common = COMMON,
) -> int:
    """Decide: Adopt, Monitor or Defer, and H-RLM-CYBER-01, each inequality with its numbers.

    Args:
        experiment: Name of an experiment of `sentree eval run`.
        require: Exit with 10 unless every comparison comes to this or better, and is not simulated.
        judging: Which trials, and which thresholds.
        common: Options of every command.
    """
    from sentree.report.verdict_text import verdict_text

    report, _ = _judge(experiment, judging, common)
    common.emit(verdict_text(report), lambda: report.model_dump_json(indent=1))
    if require is None:
        return ExitCode.DONE
    # A simulated Adopt is a test of the machine, never a reason to adopt anything.
    met = all(
        _RANK[one.decision] >= _RANK[require.capitalize()]
        and one.language_model
        and not one.simulated
        for one in report.comparisons
    )
    return ExitCode.DONE if met else ExitCode.FINDINGS


def report(
    experiment: str | None = None,
    *,
    to: tuple[Literal["html", "json", "csv", "parquet", "inspect"], ...] = ("html", "json", "csv"),
    out: Annotated[Path | None, Parameter(name=["--out", "-o"])] = None,
    ratings: tuple[Path, ...] = (),
    judging: Judging = JUDGING,
    common: Common = COMMON,
) -> int:
    """Write the report of an experiment: tables with intervals, crossover, tails; prints the paths.

    Args:
        experiment: Name of an experiment of `sentree eval run`.
        to: html (one file, offline), json, csv (figures), parquet (and trials), inspect (its logs).
        out: Folder to write to; by default HOME/evaluations/EXPERIMENT.
        ratings: What `sentree eval ab read` gave, to be shown beside.
        judging: Which trials, and which thresholds.
        common: Options of every command.
    """
    import json

    from sentree.report.verdict import write_verdict

    found, trials = _judge(experiment, judging, common, ratings)
    folder = out or common.settings().home / "evaluations" / _folder_name(found.experiment)
    try:
        paths = write_verdict(found, trials, to, folder)
    except OSError as error:
        raise UsageError(f"--out {folder}: {error.strerror}") from None
    lines = [str(path) for path in paths]
    common.emit("\n".join(lines), lambda: json.dumps(lines, indent=1))
    return ExitCode.DONE


def _judge(
    experiment: str | None, judging: Judging, common: Common, ratings: tuple[Path, ...] = ()
) -> tuple[VerdictReport, list[Trial]]:
    from datetime import UTC, datetime

    from schemas.experiment import EvalPath
    from sentree.evals.verdict import judge
    from sentree.evals.verdict.ratings import load_rating

    trials, rejected = _trials(experiment, judging, common)
    if judging.task:
        known = ", ".join(sorted({one.task for one in trials}))
        trials = [one for one in trials if one.task in judging.task]
        if not trials:
            raise UsageError(f"--task {' '.join(judging.task)}: no trial; there are: {known}")
    for reason, count in rejected.items():
        common.say(f"rejected {count:,} lines: {reason}")
    paths: list[EvalPath] = [EvalPath(one) for one in judging.path]
    found = judge(
        trials,
        now=datetime.now(UTC),
        criteria=judging.criteria(),
        baseline=EvalPath(judging.baseline),
        paths=paths,
        models=judging.model,
        rejected=rejected,
        ratings=[load_rating(path) for path in ratings],
        seed=judging.seed,
    )
    return found, trials


def _trials(
    experiment: str | None, judging: Judging, common: Common
) -> tuple[list[Trial], dict[str, int]]:
    from sentree.evals.verdict.read import read_trial_files
    from sentree.lake.trials import read_trials

    if not judging.trials:
        if experiment is None:
            raise UsageError("name an experiment of `sentree eval run`, or files: --trials FILE")
        return read_trials(common.settings(), experiment), {}
    read = read_trial_files(judging.trials)
    if experiment is None:
        return read.trials, read.rejected
    kept = [one for one in read.trials if one.experiment == experiment]
    if not kept:
        known = ", ".join(sorted({one.experiment for one in read.trials}))
        raise UsageError(f"no trial of experiment '{experiment}'; there are: {known}")
    return kept, read.rejected


def _folder_name(experiment: str) -> str:
    plain = "".join(one if one.isalnum() or one in "-_." else "-" for one in experiment)
    return plain.strip(".-")[:100] or "experiment"
