"""Ask generated logs questions whose answers are known, and see what is answered and what declined.

Runs offline, without a language model: `python examples/ask.py`.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from schemas.ask import AskRequest
from schemas.query import Path as RoutePath
from schemas.query import Query
from schemas.question_truth import GeneratedQuestion, QuestionFamily, QuestionSpec
from sentree.analysis.ask import ask
from sentree.errors import ConfigurationError
from sentree.evals.generate.questions import generate_questions
from sentree.lake.db import Lake
from sentree.lake.ingest import ingest
from sentree.settings import Settings


def main() -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        settings = Settings(home=folder / "home")
        truth = generate_questions(folder / "logs", QuestionSpec(seed=7, tokens=16_000))
        with Lake.open(settings) as lake:
            ingest(lake, [folder / "logs"], settings=settings, tenant=settings.tenant)
        asked: dict[str, GeneratedQuestion] = {
            one.family: one
            for one in truth.questions
            if one.family in (QuestionFamily.PAIRING, QuestionFamily.MULTI_HOP)
            and not one.needs_language
        }
        asked["by meaning"] = next(one for one in truth.questions if one.needs_language)
        for family, question in asked.items():
            print(f"\n[{family}] {question.text}")
            try:
                # The path is named, so that the example doesn't wait for the router's model.
                result = ask(
                    settings, AskRequest(query=Query(text=question.text), route=RoutePath.DIRECT)
                )
            except ConfigurationError as declined:
                print(f"  declined: {str(declined).partition(':')[0]}")
            else:
                for claim in result.summary:
                    print(f"  {claim.text} [{len(claim.evidence)} events cited]")
                for line in result.ruled_out:
                    print(f"  not found: {line}")
            print(f"  truth: {', '.join(question.answer) or 'none'}")


if __name__ == "__main__":
    main()
