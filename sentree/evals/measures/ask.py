"""How often `sentree ask`, without a language model, is right, wrong, or declines."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import NamedTuple

from schemas.ports import ContextReader
from schemas.query import Query
from schemas.question_truth import AnswerKind, LogFormat, QuestionSpec
from sentree.analysis.questions import answer_question
from sentree.engine.verify import verify_claims
from sentree.evals.asked import cloudtrail, windows, zeek
from sentree.evals.asked.records import RealQuestion, Record, read_records
from sentree.evals.generate.questions import generate_questions
from sentree.evals.generate.questions.rewording import reworded
from sentree.evals.measures.measure import Measure
from sentree.evals.metrics import bootstrap
from sentree.evals.questions import AnswerScore, Outcome, read_embedded, score_answer
from sentree.lake.context import Context, export_context
from sentree.lake.db import Lake
from sentree.lake.ingest import ingest
from sentree.settings import Settings

SIZES = (8_000, 64_000, 512_000)
REWORDED_SIZE = 64_000
Wanted = Callable[["Case"], bool]

REAL: dict[str, tuple[str, str, Callable[[Sequence[Record]], list[RealQuestion]]]] = {
    "Windows attack simulations": ("mordor", "*.jsonl.gz", windows.questions),
    "CloudTrail attack simulation": ("cloudtrail-attack", "*.jsonl.gz", cloudtrail.questions),
    "Windows campaign, 57,724 events": (
        "campaigns/LSASS_campaign_07",
        "*-json.gz",
        windows.questions,
    ),
    "Windows records in a wrapper": ("ocsf-raw-windows", "events.jsonl", windows.questions),
    "Zeek, two days of APT29": ("campaigns/apt29", "*zeek*.gz", zeek.questions),
}


class Case(NamedTuple):
    """One question put, and what became of it."""

    family: str
    needs_language: bool
    score: AnswerScore
    dropped: int
    text: str
    answer: str


def generated_rows(seeds: int = 6) -> list[Measure]:
    """Measure on generated logs of several sizes, OCSF and raw, one unit a log."""
    by_size = {size: [ask_generated(seed, size) for seed in range(seeds)] for size in SIZES}
    found: list[Measure] = []
    for size, logs in by_size.items():
        found += _outcomes(f"ask: generated, {size // 1_000} K tokens", logs)
    everything = [log for logs in by_size.values() for log in logs]
    for family in dict.fromkeys(case.family for case in everything[0]):
        found += _shares(
            f"ask: generated, {family}", everything, lambda one, f=family: one.family == f
        )
    fresh = [ask_generated(seed, REWORDED_SIZE, fresh=True) for seed in range(seeds)]
    found += _shares("ask: generated, other wordings", fresh, lambda _: True)
    dropped = sum(case.dropped for log in everything for case in log)
    found.append(
        Measure(
            "ask: generated",
            "statements with a false citation",
            dropped,
            None,
            None,
            len(everything),
        )
    )
    return found


def rows(data: Path) -> list[Measure]:
    """Measure on real logs, one unit a question, with truth from the raw records."""
    found: list[Measure] = []
    for name, cases in ask_real(data).items():
        found += _shares(f"ask: {name}", [[case] for case in cases], lambda _: True)
    return found


def ask_real(data: Path) -> dict[str, list[Case]]:
    """Put the questions about each real data set.

    Raises:
        FileNotFoundError: a data set is missing.
    """
    found: dict[str, list[Case]] = {}
    for name, (folder, pattern, make) in REAL.items():
        paths = sorted(path for path in (data / folder).glob(pattern) if path.name != "index.jsonl")
        if not paths:
            raise FileNotFoundError(2, "no data", str(data / folder / pattern))
        asked = make(read_records(paths))
        with tempfile.TemporaryDirectory() as place, opened(Path(place), paths) as context:
            found[name] = [put(context, one.text, one.kind, one.answer, name) for one in asked]
    return found


def ask_generated(seed: int, tokens: int, *, fresh: bool = False) -> list[Case]:
    """Put the questions of one generated log; every second seed is raw vendor format.

    `fresh` puts those that have other wordings, in these: see `rewording`.
    """
    rng = Random(f"{seed}:fresh")
    form = LogFormat.OCSF if seed % 2 == 0 else LogFormat.RAW
    with tempfile.TemporaryDirectory() as place:
        logs = Path(place) / "logs"
        truth = generate_questions(logs, QuestionSpec(seed=seed, tokens=tokens, format=form))
        with opened(Path(place) / "home", [logs]) as context:
            return [
                put(context, text, one.kind, one.answer, one.family, one.needs_language)
                for one in truth.questions
                if (text := reworded(one.text, rng) if fresh else one.text)
            ]


@contextmanager
def opened(home: Path, paths: Sequence[Path]) -> Generator[Context]:
    """Load files into a lake of their own, and open all of it as the context of questions."""
    settings = Settings(home=home, catalog=None)
    with Lake.open(settings) as lake:
        ingest(lake, list(paths), settings=settings, tenant=settings.tenant)
        info = export_context(lake, home, tenant=settings.tenant)
    with Context.open(Path(info.path)) as context:
        yield context


def put(
    context: ContextReader,
    text: str,
    kind: AnswerKind,
    truth: Sequence[str],
    family: str,
    needs_language: bool = False,
) -> Case:
    """Put one question to the embedded analyst, and score what it says."""
    answer = answer_question(context, Query(text=text))
    if answer.declined:
        score = AnswerScore(Outcome.DECLINED, 0.0)
        return Case(family, needs_language, score, 0, text, answer.interpreted_as)
    score = score_answer(kind, truth, read_embedded(kind, answer))
    dropped = len(verify_claims(context, answer.claims)[1].dropped)
    return Case(family, needs_language, score, dropped, text, answer.answer)


def _outcomes(task: str, logs: Sequence[Sequence[Case]]) -> list[Measure]:
    found = _shares(f"{task}, countable", logs, lambda case: not case.needs_language)
    language = [[case for case in log if case.needs_language] for log in logs]
    share = bootstrap(language, lambda drawn: _share(drawn, Outcome.DECLINED))
    put = sum(map(len, language))
    note = f"{put} questions; n counts logs"
    return [*found, Measure(f"{task}, needs language", "declined", *share, len(logs), note)]


def _shares(task: str, logs: Sequence[Sequence[Case]], wanted: Wanted) -> list[Measure]:
    chosen = [[case for case in log if wanted(case) and not case.needs_language] for log in logs]
    total = sum(map(len, chosen))
    note = f"{total} questions; n counts logs" if total > len(chosen) else "n counts questions"
    return [
        Measure(
            task,
            str(outcome),
            *bootstrap(chosen, lambda drawn, o=outcome: _share(drawn, o)),
            len(logs),
            note,
        )
        for outcome in Outcome
    ]


def _share(logs: Sequence[Sequence[Case]], outcome: Outcome) -> float:
    cases = [case for log in logs for case in log]
    return sum(case.score.outcome is outcome for case in cases) / len(cases) if cases else 0.0
