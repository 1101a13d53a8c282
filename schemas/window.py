"""A time window of the lake, half-open, in UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Self

from pydantic import model_validator

from schemas.base import Frozen, UtcTime, as_utc


class Window(Frozen):
    """The instants `start <= t < end`."""

    start: UtcTime
    end: UtcTime

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.end <= self.start:
            raise ValueError(f"window ends ({self.end}) before it starts ({self.start})")
        return self

    @property
    def duration(self) -> timedelta:
        """The window's length."""
        return self.end - self.start

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `A..B`, each an ISO 8601 date or date-time; a bare end date includes that day.

        Raises:
            ValueError: the text has no `..`, or a side is no ISO 8601 instant.
        """
        left, dots, right = text.partition("..")
        if not dots:
            raise ValueError(
                f"'{text}' is no window: write START..END, e.g. 2026-01-01..2026-01-07"
            )
        end = _instant(right)
        if len(right.strip()) <= len("2026-01-01"):
            end += timedelta(days=1)
        return cls(start=_instant(left), end=end)

    def __str__(self) -> str:
        return f"{iso(self.start)}..{iso(self.end)}"


def iso(value: datetime) -> str:
    """Write an instant as ISO 8601 in UTC with microseconds and a `Z`."""
    return as_utc(value).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _instant(text: str) -> datetime:
    return as_utc(datetime.fromisoformat(text.strip())).astimezone(UTC)
