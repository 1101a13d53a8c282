"""What a builder hands to the writer: one record, where it goes and whose it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Emission(NamedTuple):
    """One raw record at one instant (microseconds since 1970, as precise as the record says).

    `stream` is the file it belongs to; `host` is the Windows host that wrote it, if one did.
    `recorded` is the instant the record itself states, if a wrong clock wrote it.
    """

    time: int
    stream: str
    record: Mapping[str, object] | str
    host: str | None = None
    recorded: int | None = None
