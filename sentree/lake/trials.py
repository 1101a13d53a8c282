"""Trials of experiments in the lake: written one by one as they end, read all together."""

from __future__ import annotations

from threading import Lock
from typing import NamedTuple, Self

from pydantic import ValidationError

from schemas.experiment import Trial
from sentree.errors import LakeError, NotFoundError
from sentree.lake.db import Lake, sql_text
from sentree.settings import Settings

TABLE = "eval_results"


class StoredExperiment(NamedTuple):
    """An experiment that the lake holds trials of."""

    name: str
    trials: int
    simulated: bool


class TrialStore:
    """The lake, held open to keep trials; any thread may use it, one at a time does."""

    def __init__(self, settings: Settings) -> None:
        self._lake = Lake.open(settings)
        self._lock = Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._lake.close()

    def store(self, trial: Trial) -> None:
        """Keep a trial; one of the same uid that is there already stays as it is.

        Raises:
            LakeError: the lake can't be written.
        """
        uid = trial.trial_uid
        values = [
            *(uid, trial.experiment, trial.task, trial.case_uid, trial.size_tokens),
            *(trial.path.value, trial.model, trial.seed, trial.score, trial.outcome.value),
            *(trial.usd, trial.simulated, trial.model_dump_json(), uid, trial.experiment),
        ]
        with self._lock:
            self._lake.retrying(lambda: self._lake.execute(sql_text("trials_insert"), values))


def store_trial(settings: Settings, trial: Trial) -> None:
    """Keep one trial, as `TrialStore.store` does."""
    with TrialStore(settings) as store:
        store.store(trial)


def read_trials(settings: Settings, experiment: str) -> list[Trial]:
    """Give the trials of an experiment, in the order of task, size, seed, case, path and model.

    Raises:
        NotFoundError: the lake holds no trial of it; names the experiments that there are.
        LakeError: a stored trial can't be read.
    """
    trials = find_trials(settings, experiment)
    if not trials:
        known = ", ".join(one.name for one in experiments(settings)) or "none yet"
        raise NotFoundError(f"no experiment '{experiment}' in the lake; there are: {known}")
    return trials


def find_trials(settings: Settings, experiment: str) -> list[Trial]:
    """Do as `read_trials` does, and give an empty list where there are none."""
    if not _has_lake(settings):
        return []
    with Lake.open(settings, create=False) as lake:
        stored = lake.query(
            f"SELECT trial FROM {TABLE} WHERE experiment = ?"
            " ORDER BY task, size_tokens, seed, case_uid, path, model, trial_uid",
            [experiment],
        )
    return [_trial(str(row["trial"]), experiment) for row in stored]


def experiments(settings: Settings) -> list[StoredExperiment]:
    """List the experiments of the lake by name; `simulated` if any trial is."""
    if not _has_lake(settings):
        return []
    with Lake.open(settings, create=False) as lake:
        found = lake.query(
            "SELECT experiment AS name, count(*) AS trials, bool_or(simulated) AS simulated"
            f" FROM {TABLE} GROUP BY experiment ORDER BY experiment"
        )
    return [StoredExperiment(**row) for row in found]


def _trial(text: str, experiment: str) -> Trial:
    try:
        return Trial.model_validate_json(text)
    except ValidationError as error:
        why = error.errors()[0]["msg"]
        raise LakeError(f"a stored trial of '{experiment}' can't be read: {why}") from None


def _has_lake(settings: Settings) -> bool:
    return (settings.lake_dir.expanduser() / "catalog.sqlite").is_file()
