"""The simulated model: its stated curve holds, and it knows nothing that it was not shown."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from random import Random
from typing import Any

import pytest

from models.simulated import PROFILES, SimulatedModel, profile_of
from schemas.model import Message, ModelRequest, TextBlock
from schemas.simulated import LeafItem, SimulatedProfile
from sentree.errors import ConfigurationError

SCHEMA = {"type": "object", "properties": {"items": {"type": "array"}}}
LEAF = {"type": "object", "properties": {"answer": {}, "evidence": {}, "data": SCHEMA}}
DIRECT = {"type": "object", "properties": {"answer": {}, "claims": {}}}


class Counted:
    """A case whose every record that says `yes` counts."""

    leaf_question = "Which say yes?"
    leaf_schema = SCHEMA
    part_characters = 1_000
    fold_cell = ""

    def knows(self, sha256: str) -> bool:
        return True

    def items(self, sha256: str) -> Sequence[LeafItem]:
        known = {digest(f"record {n} yes") for n in range(200)}
        fields = {"event_uid": "@", "value": sha256}
        return [LeafItem(of="items", fields=fields)] if sha256 in known else []

    def say(self, items: Sequence[Mapping[str, Any]]) -> str:
        return f"Answer: {len(items)}"

    def mistake(self, items: Sequence[Mapping[str, Any]], rng: Random) -> str:
        return f"Answer: {len(items) + 1}"


def digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def prompt(records: Sequence[str], schema: dict[str, Any], **more: Any) -> ModelRequest:
    lines = "\n".join(f"[{n}] {text}" for n, text in enumerate(records, 1))
    body = f"<<data-1 begin all>>\n{lines}\n<<data-1 end>>\n\nQuestion: how many say yes?"
    return ModelRequest(
        model="m",
        messages=(Message(role="user", content=(TextBlock(text=body),)),),
        output_schema=schema,
        **{"max_tokens": 8_000, **more},
    )


def asked(model: SimulatedModel, records: Sequence[str], schema: dict[str, Any]) -> Any:
    return json.loads(model.call(prompt(records, schema)).text)


def model(profile: SimulatedProfile, seed: str = "s", *, decomposed: bool = False) -> Any:
    return SimulatedModel(profile, Counted(), seed=seed, decomposed=decomposed)


SURE = SimulatedProfile(top=1, floor=1, decomposing=1)


@pytest.mark.parametrize("half", [150, 1_500])
def test_the_share_of_right_answers_is_the_one_that_the_curve_states(half: int) -> None:
    profile = SimulatedProfile(top=0.9, floor=0.1, half_tokens=half, slope=2)
    records = [f"record {n} yes" + "." * 30 for n in range(30)]
    records[7] = "record 7 yes"
    request = prompt(records, DIRECT)
    tokens = model(profile).estimate(request).input_tokens
    answers = [
        json.loads(model(profile, f"seed {n}").call(request).text)["answer"] for n in range(250)
    ]
    share = sum(answer == "Answer: 1" for answer in answers) / len(answers)
    # Four standard errors.
    assert abs(share - profile.accuracy(tokens)) < 4 * (0.25 / len(answers)) ** 0.5
    assert profile.accuracy(half) == pytest.approx(0.5)


def test_it_says_what_is_true_of_the_records_shown_under_their_numbers() -> None:
    found = asked(model(SURE), ["record 1 no", "record 2 yes", "record 3 yes"], LEAF)
    assert [item["event_uid"] for item in found["data"]["items"]] == ["2", "3"]
    assert asked(model(SURE), ["record 3 yes"], DIRECT)["answer"] == "Answer: 1"
    assert asked(model(SURE), ["record 1 no"], LEAF)["data"] == {"items": []}


def test_a_part_read_wrongly_loses_findings_and_invents_none() -> None:
    never = SimulatedProfile(top=0, floor=0)
    records = [f"record {n} yes" for n in range(10)]
    for seed in range(20):
        found = asked(model(never, str(seed)), records, LEAF)["data"]["items"]
        assert len(found) < 10
        assert asked(model(never, str(seed)), records, DIRECT)["answer"] != "Answer: 10"


def test_a_trial_in_parts_goes_wrong_as_a_whole_or_not_at_all() -> None:
    profile = SimulatedProfile(top=1, floor=1, decomposing=0.5)
    whole: list[bool] = []
    for seed in range(200):
        one = model(profile, str(seed), decomposed=True)
        right = {
            len(asked(one, [f"record {n} yes" for n in part], LEAF)["data"]["items"]) == 5
            for part in (range(5), range(5, 10), range(10, 15))
        }
        assert len(right) == 1
        whole.append(right.pop())
    assert 70 < sum(whole) < 130


def test_equal_seeds_and_records_give_equal_answers_whatever_the_marker() -> None:
    half = SimulatedProfile(top=0.5, floor=0.5)
    request = prompt([f"record {n} yes" for n in range(9)], LEAF)
    other = request.model_validate_json(request.model_dump_json().replace("data-1", "data-9"))
    for seed in range(10):
        assert model(half, str(seed)).call(request).text == model(half, str(seed)).call(other).text


def test_an_answer_that_is_too_long_is_cut_and_costs_what_was_written() -> None:
    profile = SURE.model_copy(update={"usd_input": 1, "usd_output": 10})
    reply = model(profile).call(
        prompt([f"record {n} yes" for n in range(99)], LEAF, max_tokens=256)
    )
    assert (reply.stop_reason, reply.usage.output_tokens) == ("max_tokens", 256)
    expected = (reply.usage.input_tokens + 10 * 256) / 1_000_000
    assert reply.usage.usd == pytest.approx(expected)


def test_profiles_are_named_or_spelled_out_and_nothing_else() -> None:
    assert profile_of("simulated:crossover") == PROFILES["crossover"]
    assert profile_of("simulated:top=0.5,half_tokens=1000").half_tokens == 1_000
    for wrong in ("simulated:best", "simulated:top=2", "simulated:tops=1", "simulated:"):
        with pytest.raises(ConfigurationError, match="no simulated model"):
            profile_of(wrong)
