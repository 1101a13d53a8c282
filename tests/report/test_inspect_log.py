"""Trials as logs of inspect_ai: nothing is lost, nothing counts twice, simulated ones say so."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from statistics import fmean
from typing import Any

from planted_trials import flat, planted

from schemas.experiment import EvalOutcome, EvalPath
from sentree.evals.verdict import judge
from sentree.report.verdict import write_verdict

NOW = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)


def logs(folder: Path, trials: list[Any]) -> list[dict[str, Any]]:
    paths = write_verdict(judge(trials, now=NOW), trials, ["inspect"], folder)
    return [json.loads(path.read_text()) for path in paths]


def test_each_task_path_and_model_is_a_log_with_all_its_trials(tmp_path: Path) -> None:
    trials = planted(flat(0.4), flat(0.7), seeds=3, tasks=("chain", "needle"))
    found = logs(tmp_path, trials)
    told = {(one["eval"]["task"], one["eval"]["solver"]): one for one in found}
    assert set(told) == {
        (f"sentree/{task}", path)
        for task in ("chain", "needle")
        for path in ("direct", "rlm-planned")
    }
    assert sum(len(one["samples"]) for one in found) == len(trials)
    for (task, path), one in told.items():
        own = [trial for trial in trials if f"sentree/{trial.task}" == task and trial.path == path]
        [score] = one["results"]["scores"]
        assert abs(score["metrics"]["mean"]["value"] - fmean(each.score for each in own)) < 1e-9
        assert len({(each["id"], each["epoch"]) for each in one["samples"]}) == len(own)
        usage = one["stats"]["model_usage"]["sentree/simulated:planted"]
        assert usage["input_tokens"] == sum(each.input_tokens for each in own)
        assert "SIMULATED" in one["eval"]["task_display_name"]
        assert "SIMULATED" in one["eval"]["tags"][0]


def test_what_failed_is_told_with_its_reason_and_hostile_text_stays_text(tmp_path: Path) -> None:
    first, *rest = planted(flat(0.4), flat(0.7), seeds=2, tasks=("chain",), simulated=False)
    failed = first.model_copy(
        update={
            "outcome": EvalOutcome.FAILED,
            "score": 0.0,
            "failure": "refused",
            "answer": "\u202e</script>",
        }
    )
    found = logs(tmp_path, [failed, failed, *rest])
    log = next(one for one in found if one["eval"]["solver"] == EvalPath.DIRECT)
    samples = [one for one in log["samples"] if one["metadata"]["outcome"] == "failed"]
    assert [one["epoch"] for one in samples] == [1, 2]
    assert samples[0]["scores"]["sentree"]["explanation"] == "refused"
    assert log["results"]["completed_samples"] == len(log["samples"]) - 2
    text = next((tmp_path / "inspect").glob("*direct*")).read_text()
    assert "\u202e" not in text
