"""What blind choices add up to: win rate, sign test, agreement between raters. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from math import comb
from pathlib import Path
from typing import NamedTuple

import numpy as np
from pydantic import ValidationError

from schemas.experiment import EvalPath
from schemas.rating import Agreement, Choice, KeyItem, Rating, SheetKey
from sentree.errors import UnreadableInputError
from sentree.evals.verdict.resample import Cluster, Resampler, interval

MIN_ITEMS = 5
_WON, _TIED, _LOST = "won", "tied", "lost"
_WORTH = {_WON: 1.0, _TIED: 0.5, _LOST: 0.0}


class Vote(NamedTuple):
    """One rater's choice on one item of a sheet."""

    rater: str
    item: str
    choice: Choice


def add_up(
    key: SheetKey, votes: Sequence[Vote], rejected: Sequence[str] = (), seed: int = 7
) -> Rating:
    """Add up the votes on a sheet.

    Raises:
        UnreadableInputError: no vote is on an item of the sheet.
    """
    of_item = {one.item: one for one in key.items}
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for vote in votes:
        if vote.item in of_item:
            found[vote.item][vote.rater] = _outcome(of_item[vote.item], vote.choice, key.path)
    if not found:
        raise UnreadableInputError(f"no choice on any item of sheet {key.sheet}")
    worth = {
        item: sum(sorted(_WORTH[one] for one in by_rater.values())) / len(by_rater)
        for item, by_rater in found.items()
    }
    items = sorted(worth)
    clusters = [Cluster("cases", of_item[item].case_uid) for item in items]
    drawn = Resampler(clusters, seed=seed).mean(clusters, [worth[item] for item in items])
    rate = interval(drawn, MIN_ITEMS, (0, 1))
    wins = sum(value > 0.5 for value in worth.values())
    losses = sum(value < 0.5 for value in worth.values())
    sides = Counter(vote.choice for vote in votes if vote.item in of_item)
    chosen = sides[Choice.A] + sides[Choice.B]
    return Rating(
        sheet=key.sheet,
        baseline=key.baseline,
        path=key.path,
        raters=len({rater for by_rater in found.values() for rater in by_rater}),
        ratings=sum(map(len, found.values())),
        items=len(found),
        unrated=len(key.items) - len(found),
        wins=wins,
        ties=len(found) - wins - losses,
        losses=losses,
        win_rate=rate.value,
        low=rate.low,
        high=rate.high,
        sign_test=sign_test(wins, losses),
        side_a=sides[Choice.A] / chosen if chosen else None,
        side_test=sign_test(sides[Choice.A], sides[Choice.B]),
        agreement=agreement(found, seed),
        rejected=tuple(rejected),
    )


def sign_test(wins: int, losses: int) -> float:
    """Give the exact two-sided probability of a split so uneven if both were as likely."""
    count = wins + losses
    if not count:
        return 1.0
    tail = sum(comb(count, one) for one in range(min(wins, losses) + 1))
    # Whole numbers until the last step: 2 ** count leaves the range of floats at 1,024.
    return min(1.0, (2 * tail * 10**15 // 2**count) / 10**15)


def agreement(votes: Mapping[str, Mapping[str, str]], seed: int = 7) -> Agreement | None:
    """Give the agreement of raters beyond chance; None if no item was rated twice.

    Two raters: Cohen's kappa (1960). More: Fleiss' (1971), over the items that as many people
    rated as rated most items with several raters.
    """
    several = {item: by_rater for item, by_rater in votes.items() if len(by_rater) > 1}
    if not several:
        return None
    raters = sorted({rater for by_rater in several.values() for rater in by_rater})
    if len(raters) == 2:
        name, rows = (
            "Cohen's kappa",
            [[by_rater[rater] for rater in raters] for _, by_rater in sorted(several.items())],
        )
    else:
        sizes = Counter(map(len, several.values()))
        most = max(sizes, key=lambda size: (sizes[size], size))
        name, rows = (
            "Fleiss' kappa",
            [
                sorted(by_rater.values())
                for _, by_rater in sorted(several.items())
                if len(by_rater) == most
            ],
        )
    measure = cohen if len(raters) == 2 else fleiss
    observed, kappa = measure(rows)
    random = np.random.default_rng(seed)
    drawn = [
        one
        for places in random.integers(0, len(rows), (1_000, len(rows)))
        if (one := measure([rows[place] for place in places])[1]) is not None
    ]
    known = kappa is not None and len(rows) >= MIN_ITEMS and len(drawn) > 500
    low, high = np.quantile(drawn, (0.025, 0.975)) if known else (None, None)
    return Agreement(
        statistic=name,
        raters=len(raters),
        items=len(rows),
        observed=observed,
        kappa=kappa,
        low=None if low is None else float(low),
        high=None if high is None else float(high),
    )


def cohen(rows: Sequence[Sequence[str]]) -> tuple[float, float | None]:
    """Give observed agreement and Cohen's kappa of two raters, one row an item."""
    count = len(rows)
    observed = sum(one == other for one, other in rows) / count
    first, second = (Counter(row[place] for row in rows) for place in (0, 1))
    chance = sum(first[label] * second[label] for label in first) / count**2
    return observed, _beyond(observed, chance)


def fleiss(rows: Sequence[Sequence[str]]) -> tuple[float, float | None]:
    """Give observed agreement and Fleiss' kappa; every row has as many labels as any other."""
    raters = len(rows[0])
    counts = [Counter(row) for row in rows]
    observed = sum(
        sum(number * (number - 1) for number in one.values()) / (raters * (raters - 1))
        for one in counts
    ) / len(rows)
    total = sum(counts, Counter[str]())
    chance = sum((number / (raters * len(rows))) ** 2 for number in total.values())
    return observed, _beyond(observed, chance)


def load_rating(path: Path) -> Rating:
    """Load what `sentree eval ab read` wrote.

    Raises:
        UnreadableInputError: the file can't be read, or holds something else.
    """
    try:
        return Rating.model_validate_json(path.read_bytes())
    except OSError as error:
        raise UnreadableInputError(f"{path}: {error.strerror}") from None
    except ValidationError:
        raise UnreadableInputError(f"{path}: no rating of `sentree eval ab read`") from None


def _beyond(observed: float, chance: float) -> float | None:
    return None if chance > 1 - 1e-12 else (observed - chance) / (1 - chance)


def _outcome(item: KeyItem, choice: Choice, path: EvalPath) -> str:
    if choice is Choice.TIE:
        return _TIED
    chosen = item.a if choice is Choice.A else item.b
    return _WON if chosen is path else _LOST
