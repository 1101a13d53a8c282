"""The head that proposes evidence: what it learns, what it refuses, what it never holds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models.evidence_cues import (
    CheckText,
    ControlText,
    SharedTopics,
    beyond_scans,
    control_cue_names,
    control_cues,
)
from models.evidence_features import Encoder, word_overlap
from models.evidence_head import Head, HeadError, Mapped, Policy, calibrate, train
from models.evidence_kinds import train_scannable

CUES = control_cue_names()
WORDS_ONLY = Encoder(None)
CONTROLS = [
    ControlText("Event Logging", "Generate audit records of events.", "", "Audit"),
    ControlText("Information at Rest", "Encrypt stored information at rest.", "", "Data Security"),
    ControlText("System Backup", "Conduct backups of information.", "", "Contingency"),
]
CHECKS = [
    CheckText("store_access_logging_enabled", "Store access logging is enabled"),
    CheckText("disk_encryption_at_rest_enabled", "Disks are encrypted at rest"),
    CheckText("store_backup_enabled", "Store has automated backups"),
]


def test_each_control_gets_the_check_that_is_about_it_first() -> None:
    head = Head.load()
    scores = head.scores(CONTROLS, CHECKS, WORDS_ONLY)
    assert [chosen[0] for chosen in head.choose(CONTROLS, scores)] == [0, 1, 2]
    assert SharedTopics(CONTROLS, CHECKS).names(2, 2)[0] == "backup"


def test_a_control_that_no_scan_can_show_gets_no_proposal_whatever_the_scores() -> None:
    unseen = [
        ControlText("Visitor Records", "Keep records of visitors."),
        ControlText("Risk", "The board of directors states its risk tolerance."),
    ]
    assert beyond_scans(unseen).all()
    assert not beyond_scans(CONTROLS).any()
    assert Head.load().choose(unseen, np.ones((2, 3))) == [[], []]


def test_controls_on_people_and_papers_get_no_proposal_though_a_check_shares_their_words() -> None:
    asked = [
        ControlText(
            "Awareness Training", "Personnel complete training on logging in.", "", "People"
        ),
        ControlText("Policy", "A logging policy is approved by management.", "", "Governance"),
        ControlText("Suppliers", "Contracts with suppliers are reviewed by legal staff."),
        ControlText("Event Logging", "Generate audit records of events.", "", "Audit"),
    ]
    head = Head.load()
    scores = head.scores(asked, CHECKS, WORDS_ONLY)
    assert head.beyond(asked, scores).tolist() == [True, True, True, False]
    assert [bool(chosen) for chosen in head.choose(asked, scores)] == [False, False, False, True]


def test_what_kind_of_control_has_evidence_is_learned_from_those_that_have_none() -> None:
    people = [
        ControlText("Training", f"Role {at} completes awareness training.") for at in range(5)
    ]
    system = [ControlText("Logging", f"Log events of part {at}.") for at in range(5)]
    controls = [*people, *system]
    scores = np.full((10, 3), 0.3)
    has = np.array([False] * 5 + [True] * 5)
    made = train_scannable([(controls, scores, has)])
    assert made is not None
    chances = made.chances(controls, scores)
    assert chances[:5].max() < 0.3 < 0.6 < chances[5:].min()
    assert train_scannable([(system, scores[:5], has[5:])]) is None


def test_what_a_control_begins_with_is_its_subject() -> None:
    log, use = control_cues(
        [
            ControlText("Use", "Log the execution of privileged functions."),
            ControlText(
                "Use",
                "Restrict the execution of privileged functions to those in need, and log it.",
            ),
        ]
    )
    audit, privilege = (CUES.index(name) for name in ("audit", "privilege"))
    assert log[audit] > use[audit] == log[privilege] == use[privilege]
    last = ControlText("", "For passwords: (c) Transmit passwords over protected channels.")
    assert last.lead.startswith("Transmit")


def test_a_word_in_common_says_little_where_all_other_words_differ() -> None:
    rows = ["access for people who work at night", "gate opening hours"]
    [[few], _] = word_overlap(rows, ["access analyzer enabled in every region of the account"])
    assert 0 < few < 0.2


def test_scores_do_not_depend_on_the_order_of_controls() -> None:
    head = Head.load()
    straight = head.scores(CONTROLS, CHECKS, WORDS_ONLY)
    turned = head.scores(CONTROLS[::-1], CHECKS, WORDS_ONLY)
    assert np.allclose(straight, turned[::-1])


def test_nothing_is_proposed_where_there_is_nothing_to_choose_from() -> None:
    head = Head.load()
    assert head.scores(CONTROLS, [], WORDS_ONLY).shape == (3, 0)
    assert head.choose(CONTROLS, np.zeros((3, 0))) == [[], [], []]


def test_a_policy_proposes_more_only_down_to_its_floor() -> None:
    head = Head.load().model_copy(
        update={"policy": Policy(share_of_best=0.9, least=3, most=5, floor=0.2, none_below=0.3)}
    )
    line = np.array([[0.9, 0.5, 0.3, 0.1], [0.29, 0.2, 0.2, 0.2]])
    assert head.choose(CONTROLS[:2], line) == [[0, 1, 2], []]


def test_a_mapped_framework_lends_its_checks_to_controls_like_its_own() -> None:
    pairs = np.zeros((3, 3), dtype=np.bool_)
    pairs[0, 2] = True
    other = Mapped(CONTROLS, CHECKS, pairs)
    head = Head.load()
    plain = head.scores(CONTROLS, CHECKS, WORDS_ONLY)
    lent = head.scores(CONTROLS, CHECKS, WORDS_ONLY, [other])
    assert lent[0, 2] > plain[0, 2]
    assert lent[0, 0] == pytest.approx(plain[0, 0])


def test_training_gives_the_same_numbers_twice_and_prefers_what_it_saw() -> None:
    mapped = Mapped(CONTROLS, CHECKS, np.eye(3, dtype=np.bool_))
    first, second = (train([mapped], WORDS_ONLY, 50.0) for _ in range(2))
    assert first[1] == second[1]
    assert (first[0] == second[0]).all()
    assert first[1].weights[0] > 0


def test_a_head_that_is_too_sure_is_calibrated_down() -> None:
    random = np.random.default_rng(1)
    scores = random.uniform(0.05, 0.95, size=(40, 50))
    truth = random.uniform(size=(40, 50)) < scores / 4
    slope, offset = calibrate([(scores, truth)])
    head = Head.load().model_copy(update={"calibration": (slope, offset)})
    told = head.calibrated(scores)
    assert told.mean() == pytest.approx(truth.mean(), abs=0.01)


def test_a_damaged_or_missing_head_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(HeadError, match="cannot read"):
        Head.load(tmp_path / "none.json")
    (tmp_path / "bad.json").write_text('{"layout": 1}')
    with pytest.raises(HeadError, match="is damaged"):
        Head.load(tmp_path / "bad.json")


def test_the_shipped_head_is_weights_alone() -> None:
    text = (Path(__file__).resolve().parents[2] / "models/data/evidence-head.json").read_text()
    assert len(text) < 4_000
    assert "_enabled" not in text
