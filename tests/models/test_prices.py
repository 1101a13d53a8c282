"""Prices: exact, dated, replaceable, and refused when they can't be right."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.prices import PriceBook, load_prices
from schemas.budget import Caps, Usage
from sentree.errors import ConfigurationError

RATES = {"input": 3, "output": 15, "cache_write": 3.75, "cache_read": 0.3}
TOKENS = st.integers(0, 10**7)


def book(**models: Any) -> dict[str, Any]:
    return {"as_of": "2026-01-01", "models": models or {"m": RATES}}


def test_the_table_that_comes_along_is_dated_and_says_what_to_do(prices: PriceBook) -> None:
    assert prices.as_of.year >= 2026 and "check and replace" in prices.about
    assert prices.as_of.isoformat() in prices.about
    for name, price in prices.models.items():
        assert name.startswith("claude-")
        assert 0 < price.cache_read < price.input < price.cache_write < price.output


def test_a_call_costs_the_sum_of_its_tokens(prices: PriceBook) -> None:
    usage = Usage(
        input_tokens=1_000_000,
        output_tokens=100_000,
        cache_write_tokens=10_000,
        cache_read_tokens=1_000,
    )
    assert prices.cost("claude-opus-4-5", usage) == Decimal("5") + Decimal("2.5") + Decimal(
        "0.0625"
    ) + Decimal("0.0005")
    assert prices.cost("claude-opus-4-5", usage, batch=True) == Decimal("3.7815")


def test_a_dated_name_has_its_familys_price_and_a_stranger_has_none(prices: PriceBook) -> None:
    assert prices.find("claude-haiku-4-5-20251001") == prices.find("claude-haiku-4-5")
    assert prices.find("claude-haiku-4-5-turbo") is None
    assert prices.cost("llama", Usage(input_tokens=1)) is None


def test_a_long_prompt_pays_its_own_rate_on_every_token(prices: PriceBook) -> None:
    short = Usage(input_tokens=60_000, cache_read_tokens=40_000, output_tokens=1000)
    long = short.model_copy(update={"cache_read_tokens": 40_001})
    a, b = (prices.cost("claude-haiku-5-5", usage) for usage in (short, long))
    assert a == Decimal("0.0069") and b is not None and b > 5 * a * Decimal("0.99")


@given(TOKENS, TOKENS, TOKENS, TOKENS)
def test_prices_add_up_whatever_the_split(a: int, b: int, c: int, d: int) -> None:
    prices = PriceBook.model_validate(book())
    first, second = Usage(input_tokens=a, output_tokens=b), Usage(input_tokens=c, output_tokens=d)
    costs = [prices.cost("m", usage) for usage in (first, second, first + second)]
    assert costs[0] is not None and costs[1] is not None and costs[0] + costs[1] == costs[2]


def test_a_file_of_the_users_own_replaces_the_table(tmp_path: Path) -> None:
    path = tmp_path / "prices.json"
    path.write_text(json.dumps(book(local=RATES)))
    prices = load_prices(path)
    assert prices.cost("local", Usage(input_tokens=1000)) == Decimal("0.003")
    assert prices.find("claude-opus-5") is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "can't be read"),
        ("[]", "the file"),
        ("[" * 100_000, "can't be read"),
        (json.dumps(book(m={**RATES, "input": -1})), r"models\.m\.input"),
        (json.dumps(book(m={**RATES, "input": "cheap"})), r"models\.m\.input"),
        (json.dumps(book(m={**RATES, "inptu": 1})), r"models\.m\.inptu"),
        (json.dumps(book(m={"input": 1})), r"models\.m\.output"),
        ('{"as_of": "2026-01-01", "models": {"m": {"input": NaN}}}', r"models\.m"),
        ('{"models": {}}', "as_of"),
    ],
)
def test_a_wrong_file_is_refused_by_the_place_of_the_fault(
    tmp_path: Path, text: str, says: str
) -> None:
    path = tmp_path / "prices.json"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=says) as caught:
        load_prices(path)
    assert "\n" not in str(caught.value) and "prices.json" in str(caught.value)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"absent\.json"):
        load_prices(tmp_path / "absent.json")


def test_a_cap_in_dollars_needs_a_price_for_every_model(prices: PriceBook) -> None:
    prices.require(["claude-opus-5-5"], Caps(usd=1))
    prices.require(["llama"], Caps(tokens=1))
    with pytest.raises(ConfigurationError, match=r"'llama'.*--prices"):
        prices.require(["claude-opus-5-5", "llama"], Caps(usd=1))
