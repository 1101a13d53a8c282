"""The sample result that all renderers are tested on."""

from __future__ import annotations

import pytest
from sample_report import HOSTILE, build_result

from schemas.result import Result


@pytest.fixture(scope="session")
def sample() -> Result:
    """A made-up incident with hostile text in it."""
    return build_result()


@pytest.fixture(scope="session")
def hostile() -> str:
    """One text with all five attacks."""
    return HOSTILE
