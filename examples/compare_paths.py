"""Compare paths on cases with known answers: the embedded analyst, and a simulated model.

The simulated model's accuracy falls with the length of its prompt by a stated curve, so the
outcome is known beforehand: this shows the machine, and measures no language model.
Runs offline on logs it makes itself: `python examples/compare_paths.py`.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from schemas.budget import Caps
from schemas.experiment import EvalPath
from schemas.experiment_plan import Conditions, ExperimentPlan
from sentree.evals.experiment.run import run_experiment
from sentree.evals.experiment.summary import as_text, summarise_trials
from sentree.lake.trials import read_trials
from sentree.settings import Settings

ROT = "simulated:half_tokens=6000,slope=6,floor=0,top=1,decomposing=1"
PLAN = ExperimentPlan(
    experiment="example",
    tasks=("needle", "counting"),
    sizes=(3_000, 12_000),
    paths=(EvalPath.DIRECT, EvalPath.RLM_PLANNED),
    models=("embedded", ROT),
    seeds=1,
    conditions=Conditions(leaf_tokens=2_000),
    caps=Caps(usd=1.0),
)


def main() -> None:
    with tempfile.TemporaryDirectory() as place:
        settings = Settings(home=Path(place) / "home")
        ended = run_experiment(settings, PLAN)
        trials = read_trials(settings, PLAN.experiment)
        print(as_text(summarise_trials(trials)))
        print(f"\n{ended.trials} of {ended.total} trials; run again, none would be made twice:")
        print(run_experiment(settings, PLAN).trials, "are there already")


if __name__ == "__main__":
    main()
