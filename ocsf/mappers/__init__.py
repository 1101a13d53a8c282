"""The registry of mappers: source format to the data that maps it."""

from __future__ import annotations

from ocsf.mappers import windows
from ocsf.mapping import Mapper

MAPPERS: dict[str, Mapper] = {each.MAPPER.name: each.MAPPER for each in (windows,)}
