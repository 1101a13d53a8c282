"""The common base of every contract: immutable, strict about unknown fields, JSON both ways."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict


class Frozen(BaseModel):
    """An immutable contract; an unknown field is an error, so a typo can't pass as data."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_timedelta="float")


def as_utc(value: datetime) -> datetime:
    """Give the instant in UTC; a naive value is taken to be UTC already."""
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


UtcTime = Annotated[datetime, AfterValidator(as_utc)]
"""An instant in UTC with microsecond resolution."""
