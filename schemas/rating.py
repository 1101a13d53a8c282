"""Blind ratings: people choose between two answers without knowing which path wrote them."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import Field

from schemas.base import Frozen
from schemas.experiment import EvalPath

Side = Literal["A", "B"]


class Choice(StrEnum):
    """What a rater wrote down."""

    A = "A"
    B = "B"
    TIE = "tie"


class SynthesisAnswer(Frozen):
    """A text that a path wrote for a case, to be judged by people."""

    case_uid: str
    path: EvalPath
    text: str
    model: str = ""
    task: str = ""
    question: str = ""


class SheetItem(Frozen):
    """One pair of answers as a rater sees it: nothing in it tells the paths."""

    item: str
    question: str
    answer_a: str
    answer_b: str


class KeyItem(Frozen):
    """Which path stands on side A of an item; never shown to a rater."""

    item: str
    case_uid: str
    task: str
    model: str
    a: EvalPath
    b: EvalPath


class SheetKey(Frozen):
    """The secret half of a sheet. `sheet` ties it to the rows that raters fill in."""

    sheet: str
    baseline: EvalPath
    path: EvalPath
    seed: int
    items: tuple[KeyItem, ...]


class Agreement(Frozen):
    """How far raters agree beyond chance; Cohen's kappa for two raters, Fleiss' for more."""

    statistic: str
    raters: int
    items: int
    observed: float
    kappa: float | None = Field(description="None where everybody always chose the same.")
    low: float | None = None
    high: float | None = None


class Rating(Frozen):
    """What the raters' choices add up to, for the path against the baseline."""

    sheet: str
    baseline: EvalPath
    path: EvalPath
    raters: int
    ratings: int
    items: int
    unrated: int
    wins: int = Field(description="Items whose raters mostly preferred the path.")
    ties: int
    losses: int
    win_rate: float = Field(description="Mean over items; a tie counts half.")
    low: float | None
    high: float | None
    sign_test: float = Field(ge=0, le=1, description="Two-sided, exact, ties left out.")
    side_a: float | None = Field(description="Share of A among the choices that are no tie.")
    side_test: float = Field(ge=0, le=1, description="Two-sided test that sides don't matter.")
    agreement: Agreement | None
    rejected: tuple[str, ...] = ()
