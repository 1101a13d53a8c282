"""What model calls cost: a dated table that a user can replace, and exact arithmetic on it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError

from schemas.base import Frozen
from schemas.budget import Caps, Usage
from sentree.errors import ConfigurationError

_MILLION = Decimal(1_000_000)
_DATED = re.compile(r"(?:-\d{8}|-latest|@\d{8})$")

Rate = Annotated[Decimal, Field(ge=0, lt=1_000_000, allow_inf_nan=False)]


class Rates(Frozen):
    """Dollars per million tokens of each kind."""

    input: Rate
    output: Rate
    cache_write: Rate
    cache_read: Rate


class LongPromptRates(Rates):
    """Rates of every token of a request whose prompt is longer than `above` tokens."""

    above: int = Field(ge=0)


class Price(Rates):
    """One model's rates."""

    long_prompt: LongPromptRates | None = None

    def at(self, prompt_tokens: int) -> Rates:
        """Give the rates of a request with a prompt of that length, cached tokens included."""
        long = self.long_prompt
        return long if long is not None and prompt_tokens > long.above else self


class PriceBook(Frozen):
    """The prices known on a date; a model that is not in it has no price, never a guessed one."""

    about: str = ""
    as_of: date
    batch_factor: Annotated[Decimal, Field(gt=0, le=1)] = Decimal("0.5")
    models: Mapping[str, Price]

    def find(self, model: str) -> Price | None:
        """Give a model's price; a dated name (`-20251001`, `-latest`) has its family's."""
        return self.models.get(model) or self.models.get(_DATED.sub("", model))

    def cost(self, model: str, usage: Usage, *, batch: bool = False) -> Decimal | None:
        """Give the exact price of what one call used; None if the model has no price."""
        price = self.find(model)
        if price is None:
            return None
        prompt = usage.input_tokens + usage.cache_write_tokens + usage.cache_read_tokens
        rates = price.at(prompt)
        total = (
            usage.input_tokens * rates.input
            + usage.output_tokens * rates.output
            + usage.cache_write_tokens * rates.cache_write
            + usage.cache_read_tokens * rates.cache_read
        ) / _MILLION
        return total * self.batch_factor if batch else total

    def require(self, models: Iterable[str], caps: Caps) -> None:
        """Refuse a cap in dollars that can't be kept because a model has no price.

        Raises:
            ConfigurationError: names the model and what to do.
        """
        if caps.usd is None:
            return
        for model in models:
            if self.find(model) is None:
                raise ConfigurationError(
                    f"no price is known for model {model!r}, so --max-usd can't be kept:"
                    " add it to a price file (--prices FILE), or cap with --max-tokens"
                )


def load_prices(path: Path | None = None) -> PriceBook:
    """Read a price file; without a path, the one that comes with Sentree.

    Raises:
        ConfigurationError: it can't be read; says where and why.
    """
    name = "prices.json" if path is None else str(path)
    try:
        source = files("models.data").joinpath("prices.json") if path is None else path
        data = json.loads(source.read_text(encoding="utf-8"), parse_float=Decimal)
        return PriceBook.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise ConfigurationError(f"price file {name}: {where}: {first['msg']}") from None
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigurationError(f"price file {name} can't be read: {error}") from None
