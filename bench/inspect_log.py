"""Reads the logs of `sentree eval report --to inspect` back with inspect_ai itself.

Run `python bench/inspect_log.py FOLDER/inspect`. inspect_ai gets an environment of its own, made
once; `--python` names one that has it. Leaves with 1 if a log can't be read, or says otherwise of
its samples or of their mean than its own samples do.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.sigma_oracle.peer_environment import NoPeer, peer_python

PINNED = ("inspect-ai==0.3.285",)
READ = """
import sys
from statistics import fmean
from inspect_ai.log import list_eval_logs, read_eval_log

wrong = 0
logs = list_eval_logs(sys.argv[1])
for info in logs:
    log = read_eval_log(info)
    scores = [sample.scores["sentree"].as_float() for sample in log.samples]
    mean = log.results.scores[0].metrics["mean"].value
    sound = abs(fmean(scores) - mean) < 1e-9 and log.results.total_samples == len(scores)
    wrong += not sound
    print(f"{log.eval.task_display_name} ({log.eval.model}): {len(scores)} samples, mean {mean:.3f}"
          + ("" if sound else " WRONG"))
print(f"{len(logs)} logs read, {wrong} wrong")
sys.exit(bool(wrong or not logs))
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--python", type=Path, default=None)
    given = parser.parse_args()
    try:
        python = peer_python(given.python, None, PINNED)
    except NoPeer as reason:
        print(reason, file=sys.stderr)
        return 2
    return subprocess.run([str(python), "-c", READ, str(given.folder)], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
