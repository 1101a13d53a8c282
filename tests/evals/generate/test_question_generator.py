"""Generated questions: any size, equal for a seed, and true of the very records written."""

from __future__ import annotations

import hashlib
import json
import tracemalloc
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from schemas.question_truth import AnswerKind, GeneratedQuestion, LogFormat, QuestionSpec
from sentree.errors import UsageError
from sentree.evals.generate.questions import generate_questions, read_truth
from sentree.evals.generate.questions.tickets import LABELS


@pytest.fixture(scope="module", params=list(LogFormat))
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("made") / "logs"
    spec = QuestionSpec(seed=5, tokens=40_000, format=request.param)
    return folder, generate_questions(folder, spec)


def lines(folder: Path) -> dict[str, list[str]]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {str(p.relative_to(folder)): p.read_text("utf-8").splitlines() for p in found}


def starting(truth: Any, text: str) -> GeneratedQuestion:
    return next(one for one in truth.questions if one.text.startswith(text))


def test_equal_seeds_give_equal_bytes_and_other_seeds_other_logs(tmp_path: Path) -> None:
    one = generate_questions(tmp_path / "a", QuestionSpec(seed=1))
    again = generate_questions(tmp_path / "b", QuestionSpec(seed=1))
    other = generate_questions(tmp_path / "c", QuestionSpec(seed=2))
    assert lines(tmp_path / "a") == lines(tmp_path / "b")
    assert one == again and one.questions != other.questions
    assert read_truth(tmp_path / "a") == one


def test_a_folder_in_use_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("")
    with pytest.raises(UsageError, match="not empty"):
        generate_questions(tmp_path, QuestionSpec())


@pytest.mark.parametrize("tokens", [8_000, 100_000])
def test_the_logs_have_the_size_that_was_asked_for(tmp_path: Path, tokens: int) -> None:
    truth = generate_questions(tmp_path / "logs", QuestionSpec(tokens=tokens))
    size = sum(len(line) + 1 for text in lines(tmp_path / "logs").values() for line in text)
    assert size == truth.characters
    assert tokens <= size / 4 < tokens * 1.02 + 500


def test_memory_does_not_grow_with_the_logs(tmp_path: Path) -> None:
    peaks: list[int] = []
    for tokens in (30_000, 240_000):
        tracemalloc.start()
        generate_questions(tmp_path / str(tokens), QuestionSpec(tokens=tokens))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] * 3, "eight times the logs"


def test_every_citation_points_at_the_line_it_names(made: Any) -> None:
    folder, truth = made
    text = lines(folder)
    cited = [key for one in truth.questions for key in one.evidence]
    assert len(cited) > 50
    for key in cited:
        line = text[key.file][key.line - 1]
        assert hashlib.sha256(line.encode()).hexdigest() == key.sha256


def test_times_never_run_backwards_within_a_file(made: Any) -> None:
    folder, truth = made
    if truth.spec.format is LogFormat.OCSF:
        [events] = lines(folder).values()
        times = [json.loads(line)["time"] for line in events]
        assert times == sorted(times)


def test_the_truth_is_what_counting_the_lines_gives() -> None:
    """Count again, from the text alone, without the generator's own book-keeping."""
    import tempfile

    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "logs"
        truth = generate_questions(folder, QuestionSpec(seed=9, tokens=60_000))
        [text] = lines(folder).values()
    events = [json.loads(line) for line in text]
    failed = [e for e in events if e["class_uid"] == 3002 and e["status_id"] == 2]
    question = starting(truth, "how many failed logons were there for")
    user = question.text.split()[-1]
    assert question.answer == (str(sum(e["user"]["name"] == user for e in failed)),)
    assert question.evidence_total == int(question.answer[0])

    good = [e for e in events if e["class_uid"] == 3002 and e["status_id"] == 1]
    pairs = {
        " & ".join(sorted((one["user"]["name"], other["user"]["name"])))
        for one, other in combinations(good, 2)
        if one["src_endpoint"] == other["src_endpoint"]
        and one["user"]["name"] != other["user"]["name"]
        and abs(one["time"] - other["time"]) <= 3_600_000
    }
    assert set(starting(truth, "List all pairs of users").answer) == pairs


def test_labels_stand_in_no_ticket_so_only_meaning_tells_them() -> None:
    for label, texts in LABELS.items():
        assert len(set(texts)) >= 6
        assert not any(label in text.lower() for text in texts)


def test_questions_of_every_family_are_asked_and_language_is_marked(made: Any) -> None:
    _, truth = made
    families = {one.family for one in truth.questions}
    assert families == {"needle", "counting", "pairing", "ordering", "multi-hop"}
    for one in truth.questions:
        assert one.needs_language == any(label in one.text for label in LABELS)
        assert one.kind is not AnswerKind.NUMBER or one.answer[0].isdigit()
    assert len({one.uid for one in truth.questions}) == len(truth.questions)
