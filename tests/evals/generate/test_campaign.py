"""Generated tenants are the same for a seed, and what is planted stands in their logs."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from schemas.campaign_truth import CampaignSpec, CampaignTruth
from schemas.correlate import CorrelateReport
from sentree.errors import UsageError
from sentree.evals.correlate import leaks, score_correlation
from sentree.evals.generate.campaign import generate_campaign

SMALL = CampaignSpec(seed=11, tenants=5, attacked=3, events=60)


def read_all(folder: Path) -> str:
    texts: list[bytes] = []
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        raw = path.read_bytes()
        texts.append(gzip.decompress(raw) if path.suffix == ".gz" else raw)
    return b"\n".join(texts).decode("utf-8", "replace")


def test_a_specification_determines_every_byte(tmp_path: Path) -> None:
    one, other = (generate_campaign(tmp_path / name, SMALL) for name in "ab")
    assert one == other
    assert read_all(tmp_path / "a") == read_all(tmp_path / "b")
    assert (tmp_path / "a.truth.json").is_file()


@pytest.mark.parametrize(
    ("style", "story"), [("ocsf", "phishing"), ("ocsf", "edge"), ("logs", "phishing")]
)
def test_planted_values_stand_in_the_logs_of_their_tenant(
    tmp_path: Path, style: str, story: str
) -> None:
    change = {"style": style, "story": story, "tenants": 3, "attacked": 2}
    spec = SMALL.model_copy(update=change)
    truth = generate_campaign(tmp_path / "logs", spec)
    assert len(truth.members) == 2
    for one in truth.indicators:
        if style == "logs":
            text = read_all(tmp_path / "logs" / one.tenant).lower()
        else:
            lines = read_all(tmp_path / "logs").splitlines()
            owned = (line for line in lines if f'"tenant_uid": "{one.tenant}"' in line)
            text = "\n".join(owned).lower()
        assert json.dumps(one.value)[1:-1].lower() in text, one
    assert any(one.shared for one in truth.indicators)


def test_tenants_of_raw_logs_have_no_name_in_common(tmp_path: Path) -> None:
    spec = CampaignSpec(seed=3, tenants=2, attacked=1, events=200, style="logs")
    truth = generate_campaign(tmp_path / "logs", spec)
    for name in truth.tenants:
        text = read_all(tmp_path / "logs" / name)
        assert (
            leaks([text], ["harborlane", *(each for each in truth.tenants if each != name)]) == []
        )


def test_more_victims_than_tenants_and_a_full_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="can't be attacked"):
        generate_campaign(tmp_path / "a", CampaignSpec(tenants=2, attacked=3))
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "x").touch()
    with pytest.raises(UsageError, match="not empty"):
        generate_campaign(tmp_path / "b", SMALL)


def test_the_second_story_is_told_in_ocsf_only(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="OCSF only"):
        generate_campaign(tmp_path / "a", CampaignSpec(style="logs", story="edge"))


def test_a_report_that_names_nobody_scores_nothing(tmp_path: Path) -> None:
    truth: CampaignTruth = generate_campaign(tmp_path / "logs", SMALL)
    scores = score_correlation(CorrelateReport(), truth)
    assert scores["indicators"].recall == 0.0
    assert scores["members"].missed == 3
    assert scores["indicators"].precision == 1.0
