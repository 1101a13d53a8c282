"""Fixtures of the model tests."""

from __future__ import annotations

import pytest

from models.prices import PriceBook, load_prices


@pytest.fixture(scope="session")
def prices() -> PriceBook:
    """The prices that come with Sentree."""
    return load_prices()
