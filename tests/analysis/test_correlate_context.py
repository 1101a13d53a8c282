"""What attacked tenants share by chance is no indicator; what only one has is, if it is tied."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tenants import DIGEST, attack, event, load, quiet

from schemas.correlate import CorrelateReport, CorrelateRequest
from sentree.analysis.correlate import plan, run_all
from sentree.lake.db import Lake
from sentree.settings import Settings

VICTIMS, OTHERS = ("ta", "tb", "tc"), ("td", "tf", "tg")
SCANNER, LETTER = "203.0.113.250", "digest@letters.example"
KEY, KEY_ADDRESS = "AKIAEXAMPLE0RARE0001", "203.0.113.99"


@pytest.fixture(scope="module")
def listed(tmp_path_factory: pytest.TempPathFactory) -> set[tuple[str, str]]:
    """Pairs of tenant and indicator; three of six tenants are attacked, each at another hour."""
    folder = tmp_path_factory.mktemp("context")
    events = [each for name in (*VICTIMS, *OTHERS) for each in quiet(name)]
    for number, name in enumerate(VICTIMS):
        start = 600.0 + 90 * number
        steps = attack(name, start)
        if name == "tb":
            steps = [_renamed(each) for each in steps]
            steps += [_mail(name, start - 20, "office@ledger-desk.example"), _reaches(name, start)]
        events += [*steps, *_noise(name, 200.0 + 31 * number)]
        if name != "tc":
            events.append(_cloud(name, start + 200))
    settings = Settings(home=folder / "home")
    load(settings, events, folder)
    report = CorrelateReport.model_validate(run_all(settings, CorrelateRequest()).result.data)
    [campaign] = report.campaigns
    assert {each.tenant for each in campaign.members} == set(VICTIMS)
    return {(one.tenant, one.value) for one in campaign.indicators}


def test_scanners_and_mail_lists_that_only_attacked_tenants_met_are_no_indicators(
    listed: set[tuple[str, str]],
) -> None:
    values = {value for _, value in listed}
    assert not values & {SCANNER, LETTER, "letters.example"}


def test_a_file_of_another_name_is_found_by_the_hash_that_tenants_share(
    listed: set[tuple[str, str]],
) -> None:
    assert ("tb", "renamed.exe") in listed
    assert ("tb", DIGEST) in listed


def test_the_message_before_the_first_trace_on_a_machine_belongs_to_the_attack(
    listed: set[tuple[str, str]],
) -> None:
    assert ("tb", "office@ledger-desk.example") in listed


def test_a_server_that_is_reached_moments_after_the_program_starts_belongs_to_it(
    listed: set[tuple[str, str]],
) -> None:
    assert ("tb", "relay-of-tb.top") in listed


def test_rare_values_that_come_in_one_event_in_several_attacked_tenants_are_tied_to_each_other(
    listed: set[tuple[str, str]],
) -> None:
    assert {(name, value) for name in ("ta", "tb") for value in (KEY, KEY_ADDRESS)} <= listed


def test_rules_that_found_nothing_run_again_only_when_events_were_added(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    load(settings, [each for name in OTHERS[:2] for each in quiet(name)], tmp_path / "one")
    with Lake.open(settings) as lake:
        first = plan(lake, CorrelateRequest()).snapshot
        assert plan(lake, CorrelateRequest()).snapshot == first
        assert _runs(lake) == 1
    load(settings, quiet("td", day=2), tmp_path / "two")
    with Lake.open(settings) as lake:
        assert plan(lake, CorrelateRequest()).snapshot > first + 1
        assert _runs(lake) == 2


def _runs(lake: Lake) -> int:
    return int(lake.query("SELECT count(*) AS n FROM lake.rule_runs")[0]["n"])


def _renamed(one: dict[str, Any]) -> dict[str, Any]:
    return json.loads(json.dumps(one).replace("updater.exe", "renamed.exe"))


def _mail(tenant: str, minute: float, sender: str) -> dict[str, Any]:
    to = f"canary{tenant}user@canary{tenant}mail.example"
    return event(tenant, minute, 4009, 1, email={"from": sender, "to": [to], "subject": "Hello"})


def _reaches(tenant: str, start: float) -> dict[str, Any]:
    return event(tenant, start + 3.5, 4003, 2, query={"hostname": f"relay-of-{tenant}.top"})


def _cloud(tenant: str, minute: float) -> dict[str, Any]:
    made = event(tenant, minute, 6003, 1, src_endpoint={"ip": KEY_ADDRESS})
    made["actor"] = {"user": {"name": f"bot{tenant}", "credential_uid": KEY}}
    return {**{key: one for key, one in made.items() if key != "device"}, "api": {"operation": "X"}}


def _noise(tenant: str, minute: float) -> list[dict[str, Any]]:
    knock = event(tenant, minute, 4001, 5, src_endpoint={"ip": SCANNER}, status_id=2)
    return [knock, _mail(tenant, minute + 5, LETTER)]
