"""Generate logs and questions from the command line.

python -m sentree.evals.generate.questions OUT --seed 0 --tokens 1000000 --form raw
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from schemas.question_truth import LogFormat, QuestionSpec
from sentree.errors import SentreeError
from sentree.evals.generate.questions.generate import (
    CHARACTERS_PER_TOKEN,
    generate_questions,
    truth_path,
)


def main(arguments: list[str] | None = None) -> int:
    """Write one folder of logs."""
    defaults = QuestionSpec()
    parser = argparse.ArgumentParser(prog="python -m sentree.evals.generate.questions")
    parser.add_argument("folder", type=Path, help="folder for the logs; questions go beside it")
    parser.add_argument("--seed", type=int, default=defaults.seed)
    parser.add_argument("--tokens", type=int, default=defaults.tokens)
    parser.add_argument("--days", type=int, default=defaults.days)
    parser.add_argument("--form", type=LogFormat, choices=list(LogFormat), default=defaults.format)
    chosen = parser.parse_args(arguments)
    spec = QuestionSpec(
        seed=chosen.seed, tokens=chosen.tokens, days=chosen.days, format=chosen.form
    )
    try:
        truth = generate_questions(chosen.folder, spec)
    except SentreeError as error:
        print(f"error: {error}", file=sys.stderr)
        return int(error.exit_code)
    print(
        f"{truth.records:,} records, {truth.characters // CHARACTERS_PER_TOKEN:,} tokens under"
        f" {chosen.folder}; {len(truth.questions)} questions in {truth_path(chosen.folder)}",
        file=sys.stderr,
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
