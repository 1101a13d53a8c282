"""Trials as logs of inspect_ai: one of each task, path and model, in its JSON format (version 2).

Written without that library, which brings some eighty packages; `bench/inspect_log.py` reads the
logs back with it.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from hashlib import sha256
from importlib import metadata
from itertools import groupby
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

from schemas.experiment import EvalOutcome, Trial
from schemas.verdict import VerdictReport
from schemas.window import iso
from sentree.report.escape import json_visible
from sentree.report.verdict_words import stamp

SCORER = "sentree"
_Group = tuple[str, str, str]


def write_inspect_logs(
    report: VerdictReport, trials: Sequence[Trial], folder: Path
) -> Iterator[Path]:
    """Write the logs into `folder/inspect`, where `inspect view --log-dir` shows them.

    A trial's score, what failed trials scored included, is as it was measured; what was asked is
    not kept with a trial, so a sample's input names the case.

    Raises:
        OSError: the folder can't be written.
    """
    target = folder / "inspect"
    target.mkdir(parents=True, exist_ok=True)
    ordered = sorted(trials, key=lambda one: (*_group(one), one.size_tokens, one.case_uid))
    for group, own in groupby(ordered, key=_group):
        name = re.sub(r"[^A-Za-z0-9.-]+", "-", "_".join(group)).strip("-")
        uid = _uid(report.experiment, *group)
        path = target / f"{iso(report.created_at)[:19].replace(':', '-')}_{name}_{uid}.json"
        text = json.dumps(_log(report, group, list(own), uid), indent=1, allow_nan=False)
        path.write_text(json_visible(text) + "\n", encoding="utf-8")
        yield path


def _group(trial: Trial) -> _Group:
    return trial.task, trial.path.value, trial.model


def _uid(*parts: str) -> str:
    return sha256("\0".join(parts).encode()).hexdigest()[:22]


def _log(report: VerdictReport, group: _Group, trials: list[Trial], uid: str) -> dict[str, Any]:
    task, path, model = group
    mark = stamp(any(one.simulated for one in trials), all(one.language_model for one in trials))
    created = iso(report.created_at)
    scores = [one.score for one in trials]
    sizes = sorted({one.size_tokens for one in trials})
    usage = _usage(trials)
    return {
        "version": 2,
        "status": "success",
        "eval": {
            "eval_id": uid,
            "run_id": _uid(report.experiment),
            "created": created,
            "task": f"sentree/{task}",
            "task_id": _uid(report.experiment, task, path),
            "task_display_name": " ".join(filter(None, (f"{task}, {path}", mark))),
            "task_args": {"path": path, "sizes": sizes},
            "solver": path,
            "tags": [mark] if mark else [],
            "dataset": {"name": task, "samples": len(trials), "shuffled": False},
            "model": f"sentree/{model}",
            "config": {},
            "packages": {"sentree": metadata.version("sentree")},
            "metadata": {"experiment": report.experiment, "stamp": mark},
        },
        "plan": {"name": "plan", "steps": [{"solver": path, "params": {}}]},
        "results": {
            "total_samples": len(trials),
            "completed_samples": sum(one.outcome is EvalOutcome.ANSWERED for one in trials),
            "scores": [{"name": SCORER, "scorer": SCORER, "metrics": _metrics(scores)}],
        },
        "stats": {"model_usage": {f"sentree/{model}": usage}},
        "samples": list(_samples(trials, model)),
    }


def _metrics(scores: list[float]) -> dict[str, Any]:
    error = stdev(scores) / len(scores) ** 0.5 if len(scores) > 1 else 0.0
    values = {"mean": fmean(scores), "stderr": error}
    return {name: {"name": name, "value": value} for name, value in values.items()}


def _usage(trials: Sequence[Trial]) -> dict[str, Any]:
    read, written, cached = (
        sum(getattr(one, f"{kind}_tokens") for one in trials)
        for kind in ("input", "output", "cached")
    )
    priced = [one.usd for one in trials if one.usd is not None]
    return {
        "input_tokens": read,
        "output_tokens": written,
        "total_tokens": read + written + cached,
        "input_tokens_cache_read": cached,
        "total_cost": sum(priced) if len(priced) == len(trials) else None,
    }


def _samples(trials: Sequence[Trial], model: str) -> Iterator[dict[str, Any]]:
    told: Counter[str] = Counter()
    kept = ("size_tokens", "context_tokens", "seed", "outcome", "failure", "calls", "sub_calls")
    more = ("turns", "peak_context_tokens", "peak_memory_bytes", "citations_valid", "coverage")
    for one in trials:
        case = f"{one.case_uid} at {one.size_tokens:,} tokens"
        told[case] += 1
        data = one.model_dump(mode="json")
        message = {"role": "assistant", "content": one.answer, "source": "generate"}
        stop = "stop" if one.outcome is EvalOutcome.ANSWERED else "unknown"
        yield {
            "id": case,
            "epoch": told[case],
            "uuid": one.trial_uid or _uid(case, str(told[case])),
            "input": f"case {one.case_uid} of the task {one.task}",
            "target": "",
            "messages": [message],
            "output": {
                "model": f"sentree/{model}",
                "choices": [{"message": message, "stop_reason": stop}],
                "usage": _usage([one]),
                "time": one.seconds,
            },
            "scores": {
                SCORER: {
                    "value": one.score,
                    "answer": one.answer,
                    "explanation": one.failure,
                    "metadata": dict(one.metrics),
                }
            },
            "metadata": {name: data[name] for name in (*kept, *more)},
            "model_usage": {f"sentree/{model}": _usage([one])},
            "total_time": one.seconds,
        }
